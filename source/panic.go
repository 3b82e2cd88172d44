package source

import (
	"fmt"
	"runtime"
	"strings"
)

// Panicked returns the error for a value that recover has returned: what panicked,
// with what type of value, and where. The value itself may hold a secret, so only
// the runtime's own is shown. A source calls it, in the deferred function, for
// code that it was handed, such as a decoder.
func Panicked(what string, v any) error {
	kind := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok && sound(e) == v {
		kind = e.Error()
	}
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicked := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Errorf("%s panicked: %s at %s:%d", what, kind, f.Function, f.Line)
		}
		panicked = panicked || f.Function == "runtime.gopanic"
		if !more {
			return fmt.Errorf("%s panicked: %s", what, kind)
		}
	}
}
