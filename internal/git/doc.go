// Package git reads and prepares git repositories by running the git command.
//
// In goes a directory; out come commits, differences, files and line origins in
// the words of the root package. The package knows nothing of anomalies or
// verdicts. Everything that a repository contains (names, messages, file
// content, configuration) is treated as hostile: no hook, external diff, text
// conversion or file-system monitor of the repository is ever run, nothing
// prompts, revisions cannot be mistaken for options, and every output is bounded.
//
// Paths are slash-separated byte strings relative to the root of the tree and
// need not be valid UTF-8.
package git
