package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"selfheal"
	"selfheal/internal/detect"
	"selfheal/internal/embed"
	"selfheal/internal/group/cluster"
)

// Clusters gathers messages that mean the same though they read differently.
type Clusters struct {
	Embedder   selfheal.Embedder
	Space      string  // names provider and model: clusters of another space mean nothing here
	Similarity float64 // cosine from which signatures belong together; 0: the default
	Labeler    Labeler // may be nil: clusters have the title of a member
}

// Labeler gives clusters a caption.
type Labeler interface {
	Label(ctx context.Context, clusters []embed.Unlabelled) ([]string, error)
}

// foundClusters is the payload of [selfheal.EventClustersFound].
type foundClusters struct {
	Space    string            `json:"space"`
	Clusters []cluster.Cluster `json:"clusters"`
}

// gathered is which errors belong together.
type gathered struct {
	clusters []cluster.Cluster
	of       map[selfheal.SignatureID]cluster.ID
}

// judgeClusters adds clusters that appear or grow though none of their members
// does by itself. What a provider cannot be asked for is noted, and changes nothing else.
func (p *Pipeline) judgeClusters(ctx context.Context, a *selfheal.Assessment, in detect.Input) error {
	if p.Clusters == nil {
		return nil
	}
	defer timed("clusters")()
	together, err := p.gather(ctx, a.Deploy.Service, in.Signatures)
	if selfheal.CodeOf(err) == selfheal.CodeUnavailable {
		a.Window.Observability.Notes = append(a.Window.Observability.Notes, selfheal.Problem{
			Code: selfheal.ProblemUnclustered, Detail: "messages that mean the same were not gathered: " + err.Error(), Hint: selfheal.HintOf(err),
		})
		return nil
	}
	if err != nil {
		return err
	}
	a.SetAside, a.Anomalies = withShifts(a.SetAside, a.Anomalies, detect.Shifts(in, together.several(), p.Detect))
	a.Signatures = named(in.Signatures, a.Anomalies, a.SetAside, a.Asked)
	described := cluster.Signatures(together.clusters, together.of, in.Signatures)
	in.Baseline, in.Watched = cluster.Fold(in.Baseline, together.of), cluster.Fold(in.Watched, together.of)
	if in.Concurrent != nil {
		control := cluster.Fold(*in.Concurrent, together.of)
		in.Concurrent = &control
	}
	in.Signatures = maps.Clone(in.Signatures)
	maps.Copy(in.Signatures, described)
	own := cluster.Own(detect.Judge(in, p.Detect).Anomalies, a.Anomalies, together.of)
	p.label(ctx, own, described, together, in.Signatures)
	a.Anomalies = append(a.Anomalies, own...)
	a.Signatures = append(a.Signatures, named(described, own)...)
	a.Related = withMembers(a.Related, own, together, in.Signatures)
	return nil
}

// gather finds the cluster of every error, and journals what is new. It fails with
// CodeUnavailable when one of them has no place: a cluster of which a part is
// missing would look new.
func (p *Pipeline) gather(ctx context.Context, service string, signatures map[selfheal.SignatureID]*selfheal.Signature) (gathered, error) {
	var together gathered
	err := p.retry(ctx, func() error {
		known, version, err := p.knownClusters(ctx, service)
		if err != nil {
			return err
		}
		items, err := p.place(ctx, known, signatures)
		if err != nil {
			return err
		}
		together.clusters, together.of = cluster.Assign(known, items, p.Clusters.Similarity)
		if changed := grown(known, together.clusters); len(changed) > 0 {
			return p.append(ctx, clusterStream(service), version, selfheal.EventClustersFound, foundClusters{p.Clusters.Space, changed})
		}
		return nil
	})
	return together, err
}

// place asks for the vectors of the errors that are in no cluster yet.
func (p *Pipeline) place(ctx context.Context, known []cluster.Cluster, signatures map[selfheal.SignatureID]*selfheal.Signature) ([]cluster.Item, error) {
	var ids []selfheal.SignatureID
	for _, id := range slices.Sorted(maps.Keys(signatures)) {
		if signatures[id].IsError() {
			ids = append(ids, id)
		}
	}
	missing := cluster.Unassigned(known, ids)
	texts := make([]string, len(missing))
	for i, id := range missing {
		texts[i] = signatures[id].Template
	}
	vectors, err := p.Clusters.Embedder.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	placed := make(map[selfheal.SignatureID][]float32, len(missing))
	for i, id := range missing {
		placed[id] = vectors[i]
	}
	items := make([]cluster.Item, len(ids))
	for i, id := range ids {
		items[i] = cluster.Item{Signature: id, First: signatures[id].First, Vector: placed[id]}
	}
	return items, nil
}

func clusterStream(service string) string {
	return selfheal.StreamName(selfheal.StreamClusters, service)
}

// knownClusters folds what was journalled in this space.
func (p *Pipeline) knownClusters(ctx context.Context, service string) (known []cluster.Cluster, version int, err error) {
	events, err := p.Store.Events(ctx, clusterStream(service))
	if err != nil {
		return nil, 0, err
	}
	newest := map[cluster.ID]cluster.Cluster{}
	for _, e := range events {
		payload, err := selfheal.Decode[foundClusters](e)
		if err != nil {
			return nil, 0, fmt.Errorf("clusters: %w", err)
		}
		if payload.Space != p.Clusters.Space {
			continue
		}
		for _, c := range payload.Clusters {
			newest[c.ID] = c
		}
	}
	for _, id := range slices.Sorted(maps.Keys(newest)) {
		known = append(known, newest[id])
	}
	return known, len(events), nil
}

// grown gives the clusters that are new or have new members.
func grown(known, now []cluster.Cluster) []cluster.Cluster {
	members := make(map[cluster.ID]int, len(known))
	for _, c := range known {
		members[c.ID] = len(c.Members)
	}
	return slices.DeleteFunc(slices.Clone(now), func(c cluster.Cluster) bool { return members[c.ID] == len(c.Members) })
}

// label replaces titles by captions. A model that fails changes nothing.
func (p *Pipeline) label(ctx context.Context, own []selfheal.Anomaly, described map[selfheal.SignatureID]*selfheal.Signature, g gathered, all map[selfheal.SignatureID]*selfheal.Signature) {
	if p.Clusters.Labeler == nil || len(own) == 0 {
		return
	}
	unlabelled := make([]embed.Unlabelled, len(own))
	for i, a := range own {
		members := g.members(a.Signature)
		unlabelled[i].Title = all[members[0]].Title
		for _, id := range members {
			unlabelled[i].Templates = append(unlabelled[i].Templates, all[id].Template)
		}
	}
	labels, err := p.Clusters.Labeler.Label(ctx, unlabelled)
	if err != nil {
		slog.Warn("some clusters have no caption", "error", err)
	}
	for i, label := range labels {
		cluster.Relabel(described[own[i].Signature], label)
	}
}

// members gives the signatures of a cluster that the logs show, in the order they joined.
func (g gathered) members(id selfheal.SignatureID) []selfheal.SignatureID {
	for _, c := range g.clusters {
		if selfheal.SignatureID(c.ID) == id {
			return slices.DeleteFunc(slices.Clone(c.Members), func(m selfheal.SignatureID) bool { return g.of[m] != c.ID })
		}
	}
	return nil
}

// several gives the members of every cluster that has more than one in the logs.
func (g gathered) several() [][]selfheal.SignatureID {
	var all [][]selfheal.SignatureID
	for _, c := range g.clusters {
		if members := g.members(selfheal.SignatureID(c.ID)); len(members) > 1 {
			all = append(all, members)
		}
	}
	return all
}

// aboutRates are the silences that say no more than that an error comes as often as it may.
var aboutRates = []selfheal.Silence{selfheal.SilenceNotSignificant, selfheal.SilenceUsual, selfheal.SilenceNoPower, selfheal.SilenceNotNew}

// withShifts adds the shifts of errors that are not flagged already, unless more than their rate explains
// them. They are not set aside any longer.
func withShifts(setAside, flagged, shifts []selfheal.Anomaly) (rest, all []selfheal.Anomaly) {
	rest, all = setAside, flagged
	for _, shift := range shifts {
		of := func(a selfheal.Anomaly) bool { return a.Signature == shift.Signature }
		explained := func(a selfheal.Anomaly) bool { return of(a) && !slices.Contains(aboutRates, a.Silence) }
		if slices.ContainsFunc(rest, explained) || slices.ContainsFunc(all, of) {
			continue
		}
		all = append(all, shift)
		rest = slices.DeleteFunc(slices.Clone(rest), of)
	}
	return rest, all
}

// withMembers adds what a flagged cluster holds to what is related.
func withMembers(all map[selfheal.SignatureID][]selfheal.Relation, own []selfheal.Anomaly, g gathered, signatures map[selfheal.SignatureID]*selfheal.Signature) map[selfheal.SignatureID][]selfheal.Relation {
	for _, a := range own {
		if all == nil {
			all = map[selfheal.SignatureID][]selfheal.Relation{}
		}
		for _, id := range g.members(a.Signature) {
			all[a.Signature] = append(all[a.Signature], selfheal.Relation{Signature: id, Title: signatures[id].Title, Member: true})
		}
	}
	return all
}

// recount counts the flagged clusters of an incident since its fix: as many
// occurrences as the errors have that belong to them now. Where that cannot be
// found out, nothing is said of the fix.
func (p *Pipeline) recount(ctx context.Context, broken selfheal.Assessment, seen collected, fix *selfheal.FixDeployed) error {
	if !slices.ContainsFunc(broken.Signatures, func(s selfheal.Signature) bool { return s.Kind == selfheal.KindCluster }) {
		return nil
	}
	together, err := gathered{}, error(&selfheal.Error{Code: selfheal.CodeUnavailable, Message: "no provider is configured", Hint: "configure related.embeddings again"})
	if p.Clusters != nil {
		together, err = p.gather(ctx, broken.Deploy.Service, seen.signatures)
	}
	if selfheal.CodeOf(err) == selfheal.CodeUnavailable {
		fix.Window.Observability.Problems = append(fix.Window.Observability.Problems, selfheal.Problem{
			Code: selfheal.ProblemUnclustered, Detail: "messages that mean the same could not be gathered: " + err.Error(), Hint: selfheal.HintOf(err),
		})
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range broken.Signatures {
		if s.Kind != selfheal.KindCluster {
			continue
		}
		fix.Counts[s.ID] = 0
		for _, id := range together.members(s.ID) {
			fix.Counts[s.ID] += seen.counts.Of(id).Total()
		}
	}
	return nil
}
