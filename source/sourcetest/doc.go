// Package sourcetest checks a [source.Source] against the rules that it must
// keep, and has one that a test can drive.
//
// A source's own tests describe its store to [Run] by a [Harness]. Each case is
// a subtest whose name quotes the rule that it checks. [Memory] is a source for
// tests of what stands behind one.
package sourcetest
