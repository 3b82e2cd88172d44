package confsync

import (
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// panicError says where the program's code panicked. What it panicked with is
// kept apart, because it may be a secret.
type panicError struct {
	what  string // "Validate"
	kind  string // the type of the value
	text  string // the value, if it can be one for people
	place string // in the code
}

// panicked makes an error of what recover has returned. It is called by the
// deferred function.
func panicked(what string, v any) error {
	p := &panicError{what: what, kind: fmt.Sprintf("%T", v), place: panicPlace()}
	switch v := v.(type) {
	case error:
		p.text, _ = errorText(v)
	case string:
		p.text = v
	}
	return p
}

func (p *panicError) Error() string { return p.with(p.kind) }

// GoString returns what Error does: the text must not be shown as it is.
func (p *panicError) GoString() string { return p.Error() }

// shown returns the error with what it panicked with, unless that may be a
// secret.
func (p *panicError) shown(secrets []string) string {
	if p.text == "" || betrays(p.text, secrets) {
		return p.Error()
	}
	return p.with(p.kind + ": " + clip(p.text))
}

func (p *panicError) with(what string) string {
	return fmt.Sprintf("%s panicked: %s (%s)", p.what, what, p.place)
}

// panicPlace returns the place in the code at which a panic began.
func panicPlace() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	inPanic := false
	for {
		f, more := frames.Next()
		inRuntime := strings.HasPrefix(f.Function, "runtime.")
		if inPanic && !inRuntime {
			return fmt.Sprintf("%s at %s:%d", f.Function, path.Base(f.File), f.Line)
		}
		inPanic = inPanic || f.Function == "runtime.gopanic"
		if !more {
			return "at an unknown place"
		}
	}
}

// errorText returns an error's text, and whether its method gave it. That may
// panic, as the method of a typed nil does.
func errorText(err error) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("%T, whose method Error panics", err)
		}
	}()
	return err.Error(), true
}

const longText = 500 // bytes that are shown of one text of the program's

// clip returns a text that is not too long to be shown.
func clip(text string) string {
	if len(text) <= longText {
		return text
	}
	return fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:longText], ""), len(text))
}

// shownError is an error with a text that can be shown.
type shownError struct {
	error
	text string
}

func (e *shownError) Error() string { return e.text }
func (e *shownError) Unwrap() error { return e.error }

// tellable returns err with a text that is not too long and holds no secret. Of an
// error whose method panics only a text is left.
func tellable(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	text, ok := errorText(err)
	if !ok {
		return errors.New(text)
	}
	shown := clip(conceal(text, secrets))
	if p, ok := err.(*panicError); ok {
		shown = p.shown(secrets)
	}
	if shown == text {
		return err
	}
	return &shownError{err, shown}
}
