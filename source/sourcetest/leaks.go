package sourcetest

import "go.uber.org/goleak"

// leaks returns a function whose error names the goroutines that are there when it
// is called, after a while, and weren't before.
func (tr *trial) leaks() (left func() error) {
	options := []goleak.Option{goleak.IgnoreCurrent()}
	for _, name := range tr.h.Ignore {
		options = append(options, goleak.IgnoreAnyFunction(name))
	}
	return func() error { return goleak.Find(options...) }
}
