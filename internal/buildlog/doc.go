// Package buildlog is the room that understands the output of a build.
//
// In go the bytes that a builder printed, as they come ([Reader]); out comes one
// [selfheal.BuildFailure]: the step that failed, where it stands, the errors of
// the compiler or package manager inside it, and of what kind the failure is.
//
// The way from one to the other:
//
//   - bytes become lines: escape sequences, progress bars, NUL and what is no
//     UTF-8 are taken out, long lines are cut (lines);
//   - lines are given to the step that printed them. Which builder it is, is seen
//     from the lines themselves: BuildKit plain and rawjson, the classic builder
//     of docker, buildah and podman; what none of them claims is one step (Reader);
//   - of the step that failed, lines are read by one small parser per tool
//     (errors), each of which knows how its tool writes an error;
//   - the errors and what the builder itself said of the step give the class.
//
// Memory is bounded whatever is printed: a step keeps its last lines, and the
// first errors that were found in it. What nobody recognises degrades to the last
// lines of the output, never to nothing.
//
// The text is hostile: it is matched and quoted, and it can name no more than a
// class and places. What to make of those is decided elsewhere.
package buildlog
