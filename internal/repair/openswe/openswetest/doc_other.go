//go:build !unix

// Package openswetest has nothing to run where there is no Unix.
package openswetest
