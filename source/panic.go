package source

import (
	"fmt"
	"runtime"
	"strings"
)

// panicError returns where a source panicked and with what type of value. The
// value itself may hold a secret, so only the runtime's own is shown.
func panicError(v any) error {
	what := fmt.Sprintf("%T", v)
	if e, ok := v.(runtime.Error); ok && sound(e) == v {
		what = e.Error()
	}
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicked := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if panicked && !inRuntime {
			return fmt.Errorf("watch panicked: %s at %s:%d", what, f.Function, f.Line)
		}
		panicked = panicked || f.Function == "runtime.gopanic"
		if !more {
			return fmt.Errorf("watch panicked: %s", what)
		}
	}
}
