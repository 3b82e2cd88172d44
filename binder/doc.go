// Package binder fills a Go type from a key tree.
//
// [New] compiles the type into a plan. [Binder.Canonical] rewrites the keys of
// one layer to those of the type's fields, and [Binder.Bind] fills a value from
// the merged tree. Both take what they returned last time and do again only
// what concerns nodes that are no longer the same pointer; a value that was
// returned before is never written to. Filling a type from scratch gives an
// equal value.
//
// Scalars are decoded here, strictly: "80a" is no number, 1 is no bool.
// What the caller's hooks make of one goes through mapstructure.
package binder
