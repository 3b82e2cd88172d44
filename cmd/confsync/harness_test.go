package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// result is what one run of the program printed and returned.
type result struct {
	code     int
	out, err string
}

// invoke runs the program.
func invoke(t *testing.T, args ...string) result {
	t.Helper()
	var out, errs lockedBuffer
	code := run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return result{code, out.String(), errs.String()}
}

// want fails the test unless the run ended with a code and printed texts, to
// either side.
func (r result) want(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", r.code, code, r.out, r.err)
	}
	for _, text := range texts {
		if !strings.Contains(r.out+r.err, text) {
			t.Fatalf("%q is not in\n%s%s", text, r.out, r.err)
		}
	}
}

// lockedBuffer is a buffer that a child process may write to as well.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// write makes a file and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
func contains(s, part string) bool { return strings.Contains(s, part) }

// watching runs the program until the test's end.
func watching(t *testing.T, args ...string) (out *lockedBuffer, stop func() int) {
	ctx, cancel := context.WithCancel(t.Context())
	out = &lockedBuffer{}
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, args, strings.NewReader(""), out, out) }()
	stop = func() int {
		cancel()
		return <-ended
	}
	return out, stop
}
