// Package eval scores triage on labelled cases: real repositories at real
// revisions with real errors, of which the culprit is known.
//
// In go a folder of cases and the git repositories they are about; out come
// counts: how often the right commit is first or among the first three, how
// often the blamed line is right, how many blames are right, and how often an
// error is blamed on a change that has nothing to do with it (placebo pairs: the
// error of one case with the change of another case of the same repository).
//
// A case is a folder with window.log (what was printed after the deploy),
// baseline.log (before it, may be empty) and case.json:
//
//	{
//	  "id": "...", "repo": "owner/name",
//	  "deploy_from": "full commit id", "deploy_to": "full commit id",
//	  "signature_regex": "marks the error that is asked about",
//	  "label": {
//	    "verdict": "caused" or "not_caused",
//	    "culprit": "full commit id, or null",
//	    "spots": [{"file": "...", "side": "new" or "old", "start": 1, "end": 1, "loose": false}]
//	  }
//	}
//
// The label is only ever read to score: what is judged gets a [Question], which
// does not hold it.
package eval
