package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cloudwego/eino/schema"

	"selfheal"
)

// Record is one line of a transcript. Exactly one of its parts is there.
type Record struct {
	Time   time.Time     `json:"time"`
	Task   *TaskRecord   `json:"task,omitempty"`
	Turn   *TurnRecord   `json:"turn,omitempty"`
	Result *ResultRecord `json:"result,omitempty"`
	Note   *NoteRecord   `json:"note,omitempty"`
	End    *EndRecord    `json:"end,omitempty"`
}

// TaskRecord begins a transcript.
type TaskRecord struct {
	ID       string             `json:"id"`
	Role     string             `json:"role"`
	Nonce    string             `json:"nonce"`
	Prompt   string             `json:"prompt"`
	Evidence []selfheal.Section `json:"evidence"`
	Tools    []string           `json:"tools"`
	Budget   selfheal.Budget    `json:"budget"`
}

// TurnRecord is one answer of a model.
type TurnRecord struct {
	Number int            `json:"number"` // from 1
	Model  string         `json:"model"`
	Text   string         `json:"text,omitempty"`
	Calls  []CallRecord   `json:"calls,omitempty"`
	Finish string         `json:"finish,omitempty"`
	Last   string         `json:"last,omitempty"` // why it was told that this is its last turn
	Spent  selfheal.Usage `json:"spent"`          // by this turn, without attempts that failed
}

// CallRecord is one call of a tool.
type CallRecord struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Arguments string         `json:"arguments"`
	Extra     map[string]any `json:"extra,omitempty"`
}

// ResultRecord is what a tool gave.
type ResultRecord struct {
	Turn   int    `json:"turn"`
	Call   string `json:"call"`
	Name   string `json:"name"`
	Text   string `json:"text"`
	Failed bool   `json:"failed,omitempty"`
}

// NoteRecord is an attempt that failed, and what it cost all the same.
type NoteRecord struct {
	Model string         `json:"model"`
	Text  string         `json:"text"`
	Spent selfheal.Usage `json:"spent"`
}

// EndRecord says what came of it.
type EndRecord struct {
	Stopped selfheal.StopReason `json:"stopped"`
	Usage   selfheal.Usage      `json:"usage"`
}

func (t *TurnRecord) message() *schema.Message {
	var calls []schema.ToolCall
	for _, c := range t.Calls {
		calls = append(calls, schema.ToolCall{ID: c.ID, Type: "function", Function: schema.FunctionCall{Name: c.Name, Arguments: c.Arguments}, Extra: c.Extra})
	}
	return schema.AssistantMessage(t.Text, calls)
}

// transcript is a file to which records are appended, each flushed to the disk
// before anything goes on. What is written has been scrubbed.
type transcript struct {
	file *os.File
	now  selfheal.Clock
}

// recorded is what an earlier run left.
type recorded struct {
	task    *TaskRecord
	turns   []*TurnRecord
	results map[string]*ResultRecord
	failed  selfheal.Usage // what attempts that failed have cost
}

func resultKey(turn int, call string) string { return strconv.Itoa(turn) + "/" + call }

// openTranscript opens a transcript, or begins it. A line that a crash left half is dropped.
func openTranscript(path string, now selfheal.Clock) (*transcript, recorded, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, recorded{}, fmt.Errorf("transcript: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, recorded{}, fmt.Errorf("transcript: %w", err)
	}
	before, end, err := readTranscript(file)
	if err == nil {
		err = file.Truncate(end)
	}
	if err == nil {
		_, err = file.Seek(end, 0)
	}
	if err != nil {
		return nil, recorded{}, errors.Join(fmt.Errorf("transcript: %w", err), file.Close())
	}
	return &transcript{file, now}, before, nil
}

// readTranscript reads the complete lines, and tells where they end. Of two records
// of one turn or call the first counts: it is the one that was gone on with.
func readTranscript(file *os.File) (recorded, int64, error) {
	r := recorded{results: map[string]*ResultRecord{}}
	end := int64(0)
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return r, end, nil //nolint:nilerr // the end of the file, or a line that was not finished
		}
		var record Record
		if json.Unmarshal(bytes.TrimSpace(line), &record) != nil {
			return r, end, nil // what follows a broken line was never gone on with
		}
		end += int64(len(line))
		switch {
		case record.Task != nil && r.task == nil:
			r.task = record.Task
		case record.Turn != nil && record.Turn.Number == len(r.turns)+1:
			r.turns = append(r.turns, record.Turn)
		case record.Note != nil:
			r.failed = plus(r.failed, record.Note.Spent)
		case record.Result != nil:
			if key := resultKey(record.Result.Turn, record.Result.Call); r.results[key] == nil {
				r.results[key] = record.Result
			}
		}
	}
}

func (t *transcript) append(r Record) error {
	r.Time = t.now().UTC()
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	if _, err := t.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("transcript: %w", err)
	}
	return nil
}

const transcriptSuffix = ".jsonl"
