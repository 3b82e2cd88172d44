// Package interpolate fills placeholders in the texts of a configuration, between
// the merge of its layers and the binding of the result.
//
//	${db.host}         the value at a path, whatever layer it is from
//	${env:NAME}        a variable of the environment
//	${db.host:-local}  the same, or what stands behind ":-" where that is absent, null or empty
//	$$                 a dollar sign
//
// A default may hold placeholders of its own. A dollar sign before anything else
// stands for itself. A text that is nothing but a placeholder for a path becomes
// the value there, of any kind: a list, a map. Keys are never looked at, nor are
// values that a document doesn't have as texts, as numbers; nor is the value that
// a key of a store has beside keys below it.
//
// [Expand] is a pure function of the merged tree and the environment. It takes
// what it returned last time, and what it makes shares with that every node that
// no change has reached.
//
// Expand, Options, Result and their methods are what the root package uses. Their
// names may still change.
package interpolate
