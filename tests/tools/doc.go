// Package tools pins the command-line programs that the tests call: go.mod and go.sum fix their versions
// and hashes, and `go build` makes them from the checked modules.
package tools
