// Package triage answers whether a change caused an anomaly, and which line of
// which commit did.
//
// In go the change between two revisions ([ReadChange]), the anomalies that were
// detected after it was deployed, and the signatures with their samples; out
// comes one Verdict ([Judge]) with exhibits for and against. No model is asked:
// the same input gives the same verdict.
//
// The way from one to the other:
//
//   - every changed file gets a class ([Classifier]); what cannot run cannot be blamed;
//   - the error is read into frames, phrases and names (symptom);
//   - the index of the deployed tree (package index) gives the statements whose
//     text the message has, who calls whom, what is still defined and used, and how
//     rare each name is (survey); lines are read of the changed files, those of the
//     frames and those of the statements only;
//   - rules turn coincidences between error and change into exhibits, each tied to
//     a commit, a path, a line and the exact text of that line;
//   - the ways on which the error comes about are followed back by names
//     (failingPath), and the way in which the best evidence for a commit reaches them
//     gives its tier, which bounds its probability (tier);
//   - per commit the strongest exhibit of each family counts, families add up, and
//     the sums become a probability distribution over the commits, the outside
//     world and "something else";
//   - commits of earlier deploys ([ReadEarlier]) are candidates too, each as likely as
//     the time of its deploy allows;
//   - where a command shows the error, package prove runs it at the candidates, and
//     what the runs say goes into the distribution.
//
// [Intended] answers another question: which signatures have a log statement that
// the change itself removed, reworded, re-levelled or added.
//
// Everything that is read (log text, commit messages, file names, file content)
// is only ever matched and quoted. A quote that cannot be read back from
// Path:Line of its revision is never given out.
package triage
