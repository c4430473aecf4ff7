package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"selfheal/internal/report"
)

const (
	eventsAtOnce = 500
	heartbeat    = 15 * time.Second
	writeWithin  = 10 * time.Second // a client that takes longer is gone
)

// events streams the journal: what is there after the client's position, then what
// comes. A client that comes back goes on where it was by Last-Event-ID.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	seq, err := position(r)
	if err != nil {
		http.Error(w, "after must be the number of an event", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	said := s.config.Clock()
	if !s.say(out, w, ": the journal\n\n") {
		return
	}
	for {
		events, err := s.config.Backend.Since(r.Context(), seq, eventsAtOnce)
		if err != nil {
			s.say(out, w, ": the journal cannot be read at present\n\n")
			return
		}
		for _, e := range events {
			text, err := json.Marshal(e)
			if err != nil || !s.say(out, w, fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.Seq, e.Type, report.EscapeInvisible(text))) {
				return
			}
			seq, said = e.Seq, s.config.Clock()
		}
		if len(events) == eventsAtOnce {
			continue
		}
		if s.config.Clock().Sub(said) >= heartbeat {
			if said = s.config.Clock(); !s.say(out, w, ": \n\n") {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(s.config.Poll):
		}
	}
}

// position is the last event that the client has seen.
func position(r *http.Request) (int64, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	return strconv.ParseInt(text, 10, 64)
}

func (s *Server) say(out *http.ResponseController, w http.ResponseWriter, text string) bool {
	if err := out.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return false
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return false
	}
	return out.Flush() == nil
}
