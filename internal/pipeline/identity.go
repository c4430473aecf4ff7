package pipeline

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"selfheal"
	"selfheal/internal/group"
)

// identities is what is known of a service's signatures while one deploy is judged.
type identities struct {
	*selfheal.Identities
	patterns map[selfheal.SignatureID]selfheal.SignatureID // signature to that of the pattern it reads like
}

// standsFor gives the signature under which another one is counted.
func (i identities) standsFor(id selfheal.SignatureID) selfheal.SignatureID {
	return i.Of(id, i.patterns[id])
}

// identify finds out which signatures from before and after a deploy are one
// error, journals what the logs taught, and counts what is one under one
// signature on both sides: a merge never makes an old error look new.
func (p *Pipeline) identify(ctx context.Context, service string, before, after *collected) (identities, error) {
	defer timed("identify")()
	all := slices.Collect(maps.Values(union(*before, *after)))
	var known identities
	err := p.retry(ctx, func() error {
		folded, err := p.Identities(ctx, service)
		if err != nil {
			return err
		}
		found := group.Generalise(values(all), folded.Patterns)
		known = identities{folded, found.Of}
		learned := found.Learned
		learned.Aliases = append(learned.Aliases, known.moved(before, after)...)
		if learned.IsEmpty() {
			return nil
		}
		if err := p.append(ctx, identityStream(service), folded.Version, selfheal.EventIdentitiesLearned, learned); err != nil {
			return err
		}
		folded.Learn(learned)
		return nil
	})
	if err != nil {
		return identities{}, err
	}
	before.identify(known)
	after.identify(known)
	return known, nil
}

// Identities reads what is known of a service's signatures.
func (p *Pipeline) Identities(ctx context.Context, service string) (*selfheal.Identities, error) {
	events, err := p.Store.Events(ctx, identityStream(service))
	if err != nil {
		return nil, err
	}
	return selfheal.FoldIdentities(events, func(s selfheal.Signature) selfheal.SignatureID { return group.Resign(p.Group, s).ID })
}

// Override journals what a person says about a signature of a service.
func (p *Pipeline) Override(ctx context.Context, service string, o selfheal.Override) error {
	return p.retry(ctx, func() error {
		known, err := p.Identities(ctx, service)
		if err != nil {
			return err
		}
		return p.append(ctx, identityStream(service), known.Version, selfheal.EventSignatureOverridden, o)
	})
}

// identityStream names the journal's stream about a service's signatures. It is
// one for all environments: they run the same code.
func identityStream(service string) string {
	return selfheal.StreamName(selfheal.StreamIdentity, service)
}

// moved finds exceptions that only look new because code was moved, as far as
// nobody knew that.
func (i identities) moved(before, after *collected) []selfheal.Alias {
	found := group.Moved(sorted(before.signatures), sorted(after.signatures))
	return slices.DeleteFunc(found, func(a selfheal.Alias) bool { return i.standsFor(a.From) == i.standsFor(a.To) })
}

func sorted(signatures map[selfheal.SignatureID]*selfheal.Signature) []selfheal.Signature {
	return values(slices.Collect(maps.Values(signatures)))
}

// values gives the signatures themselves, ordered by id.
func values(pointers []*selfheal.Signature) []selfheal.Signature {
	all := make([]selfheal.Signature, len(pointers))
	for i, s := range pointers {
		all[i] = *s
	}
	slices.SortFunc(all, func(a, b selfheal.Signature) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// identify counts each signature under the one that stands for it, whose title stays.
func (c *collected) identify(known identities) {
	read := newCollected()
	read.coverage = c.coverage
	read.counts.Records, read.counts.All = c.counts.Records, c.counts.All
	read.control.Records, read.control.All = c.control.Records, c.control.All
	ids := slices.SortedFunc(maps.Keys(c.signatures), func(a, b selfheal.SignatureID) int {
		return cmp.Or(compareBool(known.standsFor(a) != a, known.standsFor(b) != b), cmp.Compare(a, b))
	})
	templates, titles := known.templates(), known.Titles()
	for _, id := range ids {
		signature := *c.signatures[id]
		signature.ID = known.standsFor(id)
		if template, ok := templates[signature.ID]; ok && signature.Kind == selfheal.KindMessage {
			signature.Template, signature.Title = template, group.Title(template)
		}
		if title := titles[signature.ID]; title != "" {
			signature.Title = title
		}
		read.add(&signature, c.counts.Series[id], c.control.Series[id])
	}
	*c = read
}

// templates gives what the signatures read like that stand for a pattern.
func (i identities) templates() map[selfheal.SignatureID]string {
	all := map[selfheal.SignatureID]string{}
	for _, pattern := range i.Patterns {
		all[i.standsFor(pattern.Signature)] = pattern.Template
	}
	return all
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// recalled is a side of which only the signatures are known.
func recalled(signatures []selfheal.Signature) *collected {
	c := newCollected()
	for i := range signatures {
		signature := signatures[i]
		c.add(&signature, &selfheal.Series{}, nil)
	}
	return &c
}
