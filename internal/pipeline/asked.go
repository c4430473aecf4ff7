package pipeline

import (
	"maps"
	"slices"
	"strings"

	"selfheal"
)

// named finds the signatures that were asked about, by the beginnings of their
// ids or of those that are counted under them.
func (i identities) named(asked []string, shown map[selfheal.SignatureID]*selfheal.Signature) ([]selfheal.SignatureID, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	known := slices.Concat(slices.Collect(maps.Keys(shown)), slices.Collect(maps.Keys(i.patterns)))
	for _, alias := range i.Aliases() {
		known = append(known, alias.From)
	}
	ids := make([]selfheal.SignatureID, len(asked))
	for n, want := range asked {
		var err error
		if ids[n], err = i.one(want, known); err != nil {
			return nil, err
		}
		if shown[ids[n]] == nil {
			return nil, unseen(want)
		}
	}
	return ids, nil
}

// one gives the signature that stands for what an id begins with.
func (i identities) one(want string, known []selfheal.SignatureID) (selfheal.SignatureID, error) {
	found := map[selfheal.SignatureID]bool{}
	for _, id := range known {
		if want != "" && strings.HasPrefix(string(id), want) {
			found[i.standsFor(id)] = true
		}
	}
	switch ids := slices.Sorted(maps.Keys(found)); len(ids) {
	case 0:
		return "", unseen(want)
	case 1:
		return ids[0], nil
	default:
		return "", selfheal.Usagef("give more of it", "%s and %s both begin with %q", ids[0], ids[1], want)
	}
}

func unseen(want string) error {
	return selfheal.Usagef("list what the logs show with: selfheal group FILE", "neither the baseline nor the window shows a signature %q", want)
}
