package selfheal

import (
	"cmp"
	"fmt"
	"slices"
)

// Pattern is a message template in which evidence showed that some places hold
// values: "user <*> not found". All messages that read like it are one signature.
type Pattern struct {
	Template  string      `json:"template"`  // as Signature.Template, "<*>" in the places for values
	Signature SignatureID `json:"signature"` // the oldest signature that reads like it; it stands for all
}

// Alias says that one signature is the same error as an older one, and why:
// the function moved to another file, or a wrapper was put around it.
type Alias struct {
	From SignatureID `json:"from"`
	To   SignatureID `json:"to"`
	Why  string      `json:"why"`
}

// Learned is the payload of [EventIdentitiesLearned]: what the logs of a service
// taught about which of its signatures are one error.
type Learned struct {
	Patterns []Pattern `json:"patterns,omitempty"`
	Aliases  []Alias   `json:"aliases,omitempty"`
}

// IsEmpty tells whether nothing was learned.
func (l Learned) IsEmpty() bool { return len(l.Patterns) == 0 && len(l.Aliases) == 0 }

// OverrideAction is what a person says about a signature.
type OverrideAction string

// The actions. A later one about the same signature replaces an earlier one of
// its kind; reset takes all of them back.
const (
	OverrideMerge  OverrideAction = "merge"  // is the same error as another signature
	OverrideSplit  OverrideAction = "split"  // is an error of its own: nothing learned merges it with another
	OverrideIgnore OverrideAction = "ignore" // never counts against a deploy
	OverrideRename OverrideAction = "rename" // has this title
	OverrideReset  OverrideAction = "reset"  // is what it was without any word of a person
)

// Override is the payload of [EventSignatureOverridden]. It carries whole
// signatures with their samples, so that a program whose algorithm gives other
// ids can find again what was meant.
type Override struct {
	Action    OverrideAction `json:"action"`
	Signature Signature      `json:"signature"`
	Into      *Signature     `json:"into,omitempty"`   // of a merge
	Title     string         `json:"title,omitempty"`  // of a rename
	Reason    string         `json:"reason,omitempty"` // in the person's words
}

// Identities says which signatures of a service are one error: what was learned
// from its logs, and over it what people said. It is a fold over the events of
// the service's stream of [StreamIdentity]. The zero value knows nothing.
type Identities struct {
	Version  int       // of its stream
	Patterns []Pattern // in the order they were learned

	parents   map[SignatureID]SignatureID // learned, towards the oldest
	merged    map[SignatureID]SignatureID // said by people
	split     map[SignatureID]bool
	reasons   map[SignatureID]string // of the entries of parents
	overrides []Override             // in force, in the order they were said
}

// FoldIdentities rebuilds what is known from all events of a stream. resign gives
// the id that today's algorithm has for the signature of an override.
func FoldIdentities(events []Event, resign func(Signature) SignatureID) (*Identities, error) {
	i := &Identities{}
	for _, e := range events {
		if err := i.apply(e, resign); err != nil {
			return nil, fmt.Errorf("identities: %w", err)
		}
		i.Version++
	}
	return i, nil
}

func (i *Identities) apply(e Event, resign func(Signature) SignatureID) error {
	switch e.Type {
	case EventIdentitiesLearned:
		learned, err := Decode[Learned](e)
		if err != nil {
			return err
		}
		i.Learn(learned)
	case EventSignatureOverridden:
		override, err := Decode[Override](e)
		if err != nil {
			return err
		}
		i.override(override.resigned(resign))
	}
	return nil
}

// resigned is the override under today's ids.
func (o Override) resigned(resign func(Signature) SignatureID) Override {
	o.Signature.ID = resign(o.Signature)
	if o.Into != nil {
		into := *o.Into
		into.ID = resign(into)
		o.Into = &into
	}
	return o
}

// Learn adds what logs taught. What is known already changes nothing.
func (i *Identities) Learn(l Learned) {
	for _, p := range l.Patterns {
		if !slices.Contains(i.Patterns, p) {
			i.Patterns = append(i.Patterns, p)
		}
	}
	for _, a := range l.Aliases {
		i.alias(a)
	}
}

func (i *Identities) alias(a Alias) {
	from, to := root(i.parents, a.From), root(i.parents, a.To)
	if from == to {
		return
	}
	if i.parents == nil {
		i.parents, i.reasons = map[SignatureID]SignatureID{}, map[SignatureID]string{}
	}
	i.parents[from], i.reasons[from] = to, a.Why
}

// root follows parents to the end. Chains are short: each merge links two roots.
func root(parents map[SignatureID]SignatureID, id SignatureID) SignatureID {
	for {
		parent, ok := parents[id]
		if !ok {
			return id
		}
		id = parent
	}
}

func (i *Identities) override(o Override) {
	id := o.Signature.ID
	i.overrides = slices.DeleteFunc(i.overrides, func(earlier Override) bool {
		return earlier.Signature.ID == id && (o.Action == OverrideReset || earlier.replacedBy(o))
	})
	if o.Action != OverrideReset {
		i.overrides = append(i.overrides, o)
	}
	i.settle()
}

// replacedBy tells whether a later override takes the place of this one: a
// signature cannot be both apart from all others and merged with one.
func (o Override) replacedBy(later Override) bool {
	belongs := func(a OverrideAction) bool { return a == OverrideMerge || a == OverrideSplit }
	return o.Action == later.Action || belongs(o.Action) && belongs(later.Action)
}

// settle works out what the overrides in force say together.
func (i *Identities) settle() {
	i.merged, i.split = map[SignatureID]SignatureID{}, map[SignatureID]bool{}
	for _, o := range i.overrides {
		switch id := o.Signature.ID; o.Action {
		case OverrideMerge:
			if into := root(i.merged, o.Into.ID); into != id {
				i.merged[id] = into
			}
		case OverrideSplit:
			i.split[id] = true
		}
	}
}

// Of gives the signature that stands for one. pattern is the signature of the
// [Pattern] that its template reads like, "" when it reads like none.
func (i *Identities) Of(id, pattern SignatureID) SignatureID {
	learned := id
	if pattern != "" && !i.split[id] && !i.split[pattern] {
		learned = pattern
	}
	for !i.split[learned] {
		parent, ok := i.parents[learned]
		if !ok || i.split[parent] {
			break
		}
		learned = parent
	}
	if _, said := i.merged[id]; said { // about this one, whatever it was learned to be
		return root(i.merged, id)
	}
	return root(i.merged, learned)
}

// Ignored lists the signatures of which a person said that they never count, by
// what stands for them now.
func (i *Identities) Ignored() map[SignatureID]bool {
	all := map[SignatureID]bool{}
	for _, o := range i.overrides {
		if o.Action == OverrideIgnore {
			all[i.Of(o.Signature.ID, "")] = true
		}
	}
	return all
}

// Titles lists the titles that people gave, by the signature that stands for what they named.
func (i *Identities) Titles() map[SignatureID]string {
	all := map[SignatureID]string{}
	for _, o := range i.overrides {
		if o.Action == OverrideRename {
			all[i.Of(o.Signature.ID, "")] = o.Title
		}
	}
	return all
}

// Aliases lists what was learned and said, except by patterns: each signature
// that another one stands for, ordered by id.
func (i *Identities) Aliases() []Alias {
	all := make([]Alias, 0, len(i.parents)+len(i.merged))
	for id := range i.parents {
		all = append(all, Alias{From: id, To: i.Of(id, ""), Why: i.reasons[id]})
	}
	for _, o := range i.overrides {
		if o.Action == OverrideMerge {
			all = append(all, Alias{From: o.Signature.ID, To: i.Of(o.Signature.ID, ""), Why: "somebody said so"})
		}
	}
	slices.SortFunc(all, func(a, b Alias) int { return cmp.Compare(a.From, b.From) })
	return slices.DeleteFunc(all, func(a Alias) bool { return a.From == a.To })
}

// Overrides lists what people said and is in force, oldest first.
func (i *Identities) Overrides() []Override { return slices.Clone(i.overrides) }
