// Package binder fills a Go type from a key tree. It is the library's stage
// between the merged tree and the value that is served, and the root package is
// what programs use; it is exported for tools that need the same rules.
//
// [New] compiles the type into a plan. [Binder.Canonical] rewrites the keys of
// one layer to those of the type's fields, and [Binder.Bind] fills a value from
// the merged tree. Both take what they returned last time and do again only
// what concerns nodes that are no longer the same pointer; a value that was
// returned before is never written to. Filling a type from scratch gives an
// equal value.
//
// Scalars are decoded here, strictly: "80a" is not a number, and 1 is not a
// bool. What the caller's hooks make of one is bound like what a source holds.
//
// New, Binder.Canonical, Binder.Bind, Binder.Shape, Equal, Redacted and their
// types are settled. The other names may still change.
package binder
