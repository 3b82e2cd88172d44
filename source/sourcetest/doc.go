// Package sourcetest checks a [source.Source] against the rules that it must
// keep, and has one that a test can drive.
//
// A source's own tests describe its store to [Run] by a [Harness]. Each case is
// a subtest whose name quotes the rule that it checks:
//
//	func TestConformance(t *testing.T) {
//		sourcetest.Run(t, sourcetest.Harness{
//			New: func(t *testing.T, values map[string]string) sourcetest.Store {
//				s := startStore(t, values)
//				return sourcetest.Store{
//					Source: New(s.Client, "app"),
//					Set:    func(t *testing.T, key tree.Path, value string) { s.put(t, key, value) },
//					Delete: func(t *testing.T, key tree.Path) { s.delete(t, key) },
//					Break:  func(t *testing.T) { s.stop(t) },
//					Heal:   func(t *testing.T) { s.start(t) },
//				}
//			},
//			Impossible: map[string]string{
//				"Commit": "the store has no transactions",
//				"Spoil":  "any bytes are a value",
//			},
//		})
//	}
//
// [Memory] is a source for tests of what stands behind one.
package sourcetest
