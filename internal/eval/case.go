package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"

	"selfheal"
)

// Question is what may be known when a case is judged.
type Question struct {
	ID         string `json:"id"`
	Repository string `json:"repo"`
	Base       string `json:"deploy_from"`
	Head       string `json:"deploy_to"`
	Marker     string `json:"signature_regex"` // matches the text of the error that is asked about
	Dir        string `json:"-"`               // where the logs are
}

// Label is the answer key.
type Label struct {
	Verdict selfheal.Cause `json:"verdict"`
	Culprit string         `json:"culprit"`
	Spots   []Spot         `json:"spots"`
}

// Spot is an acceptable place for the culprit line.
type Spot struct {
	File  string `json:"file"`
	Side  string `json:"side"` // "new": numbers at the deployed revision; "old": of a deleted line, at the previous one
	Start int    `json:"start"`
	End   int    `json:"end"`
	Loose bool   `json:"loose"` // any line of the file that the culprit changed
}

// Case is a question with its answer.
type Case struct {
	Question Question
	Label    Label
	marker   *regexp.Regexp
}

// Load reads every case below dir, ordered by name. Folders without case.json are skipped.
func Load(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "case.json"))
	if err != nil {
		return nil, fmt.Errorf("load cases: %w", err)
	}
	sort.Strings(files)
	if len(files) == 0 {
		return nil, selfheal.Usagef("a case is a folder with case.json, window.log and baseline.log", "no cases in %s", dir)
	}
	var cases []Case
	for _, file := range files {
		c, err := loadCase(file)
		if err != nil {
			return nil, fmt.Errorf("load case %s: %w", filepath.Base(filepath.Dir(file)), err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func loadCase(file string) (Case, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Case{}, err
	}
	var c Case
	if err := json.Unmarshal(content, &c.Question); err != nil {
		return Case{}, err
	}
	var key struct {
		Label Label `json:"label"`
	}
	if err := json.Unmarshal(content, &key); err != nil {
		return Case{}, err
	}
	c.Label = key.Label
	c.Question.Dir = filepath.Dir(file)
	c.marker, err = regexp.Compile(c.Question.Marker)
	return c, err
}
