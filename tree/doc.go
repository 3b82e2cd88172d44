// Package tree holds configuration as an immutable tree of keys.
//
// A [Tree] is two things kept apart: what the values are, a [Node] and its
// children, and where they stand, a [Place] for each of them. Values are
// compared and shared between versions of a tree; places are only looked up,
// by [Tree.Origin], when somebody asks. So a comment added at the top of a
// file moves every place and changes no value.
//
// Every stage downstream of a source skips a Node that is the same pointer
// it saw last time. That is why an edit shares all it didn't touch
// ([Tree.Edit]), and why a tree that was read anew is given back the nodes
// of the one before ([Reuse]).
//
// Nothing in this package is changed after it was built: all of it may be
// read from any number of goroutines.
package tree
