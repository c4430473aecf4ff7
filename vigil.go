package selfheal

import "time"

// WatchStarted is the payload of [EventWatchStarted].
type WatchStarted struct {
	Deploy Deploy `json:"deploy"`
	// Names and PreviousNames are other spellings under which records state the revisions.
	Names         []string `json:"names,omitempty"`
	PreviousNames []string `json:"previous_names,omitempty"`
	Window        Duration `json:"window"` // from the deploy on
	// BaselineEnd is where the baseline ends, when that is before the deploy: deploys in
	// between were not watched long enough to be called usual. Zero: at the deploy.
	BaselineEnd time.Time `json:"baseline_end,omitzero"`
	// UntilClean ends the watch as soon as the deploy can be called clean.
	UntilClean bool   `json:"until_clean,omitempty"`
	Repository string `json:"repository,omitempty"` // where the service's code is
	From       string `json:"from"`                 // what announced the deploy
}

// WatchEnded is the payload of [EventWatchEnded].
type WatchEnded struct {
	Status Status `json:"status"`
	Reason string `json:"reason"` // one sentence
}

// SourceRead is the payload of [EventSourceRead]: all that the service logged in an
// interval was counted by a writer.
type SourceRead struct {
	Writer   string   `json:"writer"`
	Interval Interval `json:"interval"`
}

// Watch is how a deploy is watched: a fold over the deploy's stream.
type Watch struct {
	Key     string // of the deploy
	Version int    // of its stream
	Started WatchStarted
	Ended   *WatchEnded // nil while it goes on
}

// FoldWatch gives the last watch of a deploy's stream; nil when there was none.
func FoldWatch(key string, events []Event) (*Watch, error) {
	var w *Watch
	for _, e := range events {
		switch e.Type {
		case EventWatchStarted:
			started, err := Decode[WatchStarted](e)
			if err != nil {
				return nil, err
			}
			w = &Watch{Key: key, Started: started}
		case EventWatchEnded:
			ended, err := Decode[WatchEnded](e)
			if err != nil {
				return nil, err
			}
			if w != nil {
				w.Ended = &ended
			}
		}
	}
	if w != nil {
		w.Version = len(events)
	}
	return w, nil
}
