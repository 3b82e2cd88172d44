// Package sourcetest checks a [source.Source] against the rules that it must
// keep, and has one that a test can drive.
//
// A source's own tests describe its store to [Run] by a [Harness]. Each case is
// a subtest whose name quotes the rule that it checks:
//
//	func TestConformance(t *testing.T) {
//		sourcetest.Run(t, sourcetest.Harness{
//			Strict: true,
//			New: func(t *testing.T, values map[string]string) sourcetest.Store {
//				s := startStore(t, values)
//				return sourcetest.Store{
//					Source: New(s.Client, "app"),
//					Set:    func(t *testing.T, key tree.Path, value string) { s.put(t, key, value) },
//					Delete: func(t *testing.T, key tree.Path) { s.delete(t, key) },
//					Break:  func(t *testing.T) { s.stop(t) },
//					Heal:   func(t *testing.T) { s.start(t) },
//					Flood:  func(t *testing.T) int { s.put(t, big, strings.Repeat("x", 40<<20)); return 4 << 20 },
//					Slow:   func(t *testing.T) time.Duration { s.throttle(t); return time.Minute },
//				}
//			},
//			Impossible: map[string]string{
//				"Commit": "the store has no transactions",
//				"Spoil":  "any bytes are a value",
//			},
//		})
//	}
//
// [Memory] is a source for tests of what stands behind one: it holds what the test
// writes, and fails, is absent, degraded or slow, and hangs when it is told to.
package sourcetest
