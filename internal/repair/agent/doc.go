// Package agent is the built-in agent that writes a fix.
//
// In: a judged incident and a model. Out: a repair, as every strategy gives one. The
// model gets a narrow dossier and tools that look around, edit a working copy of its
// own, and run the project's own checks, confined, in a copy of that copy. Its one way
// to end is submit_fix: code then applies the guards and proves the branch, and sends
// back what does not hold, within the budget.
//
// What the tools refuse has a name each: a path outside of the working copy, behind a
// symbolic link or in .git ([GuardOutside]); an edit that would write the placeholder of
// a secret ([GuardPlaceholder]). Nothing is executed where the tools write, so that no
// program can lay a trap for them.
package agent
