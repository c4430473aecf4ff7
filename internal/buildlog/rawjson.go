package buildlog

import (
	"bytes"
	"encoding/json"
)

// progress is one line of BuildKit's rawjson output: some of what happened to some vertexes.
type progress struct {
	Vertexes []struct {
		Digest    string  `json:"digest"`
		Name      string  `json:"name"`
		Completed *string `json:"completed"`
		Cached    bool    `json:"cached"`
		Error     string  `json:"error"`
	} `json:"vertexes"`
	Statuses []json.RawMessage `json:"statuses"`
	Logs     []struct {
		Vertex string `json:"vertex"`
		Data   []byte `json:"data"`
	} `json:"logs"`
	Warnings []json.RawMessage `json:"warnings"`
}

// rawJSON reads a line of BuildKit's rawjson output.
func (r *Reader) rawJSON(raw []byte, number int64) bool {
	if !looksLikeProgress(raw) || r.current != nil {
		return false
	}
	var p progress
	if json.Unmarshal(raw, &p) != nil || len(p.Vertexes)+len(p.Statuses)+len(p.Logs)+len(p.Warnings) == 0 {
		return false
	}
	r.builder = builderBuildKit
	for _, l := range p.Logs {
		r.log(l.Vertex, l.Data, number)
	}
	for _, v := range p.Vertexes {
		s := r.step(v.Digest)
		if s == r.whole {
			continue
		}
		s.call(clean([]byte(v.Name)))
		switch {
		case v.Error != "":
			r.fail(s, line{clean([]byte(v.Error)), number})
		case v.Completed != nil && s.failure == "":
			s.finish()
		}
	}
	return true
}

func looksLikeProgress(raw []byte) bool {
	for _, begin := range []string{`{"vertexes":`, `{"statuses":`, `{"logs":`, `{"warnings":`} {
		if bytes.HasPrefix(raw, []byte(begin)) {
			return true
		}
	}
	return false
}

// log takes a piece of a vertex's output, which may end within a line.
func (r *Reader) log(digest string, data []byte, number int64) {
	s := r.step(digest)
	if s.done && s.failure == "" {
		s.done = false // a vertex runs again, or its output comes late
	}
	lines := r.json[digest]
	if lines == nil {
		if len(r.json) >= maxSteps {
			return
		}
		lines = &splitter{limit: maxPiece}
		r.json[digest] = lines
	}
	lines.write(data, func(raw []byte, _ int64) { s.add(line{clean(raw), number}) })
}
