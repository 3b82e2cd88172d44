// Package merge makes one tree of the layers of a configuration, lowest
// precedence first. It is the library's stage between the sources' trees and the
// placeholders and values made of them; it is exported for tools that need the
// same rules. [Merge] is a pure function of the layers' present
// contents: neither the order in which they arrived nor what they held before
// has a part in the result.
//
// What a layer does to the merge of those below it, path by path:
//
//	nothing       leaves what is below
//	map           over a map: joins it key by key. Over anything else: replaces it
//	indexed map   over a list: patches the elements it names, which are merged in
//	              their turn; indexes one past the end append
//	list, scalar  replaces what is below
//	null          hides what is below, and stays in the result as a null
//
// An indexed map is one whose keys are all indexes ([tree.Node.IsIndexed]), as
// "servers/0/host" in a store makes one. Where its indexes leave a gap, the
// result is not a list but the map of all elements by index, so that the binder
// can say which one is missing. The value that a map has beside its children is
// that of the highest map with one.
//
// The merge of several layers is this step repeated from the lowest up. The
// grouping matters: a scalar between two maps cuts the lower one off, which
// it can't do once the two upper layers have become one map.
//
// Merge, Result, Layers, Contribution and Role are settled: their names won't
// change.
package merge
