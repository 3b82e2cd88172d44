package sourcetest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// breaks is a source that has a Memory's watch and breaks a rule.
type breaks struct {
	*sourcetest.Memory
	watch func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error
}

func (b breaks) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return b.watch(ctx, b.Memory, emit)
}

// emitting is a source that breaks a rule by what it makes of each emit. The
// first emit of a Watch has prev nil.
func emitting(f func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot))) func(context.Context, *sourcetest.Memory, func(source.Snapshot)) error {
	return func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		var prev *source.Snapshot
		return m.Watch(ctx, func(snap source.Snapshot) {
			f(prev, snap, emit)
			prev = &snap
		})
	}
}

// edited returns a snapshot with its tree edited.
func edited(snap source.Snapshot, edit func(*tree.Editor)) source.Snapshot {
	e := snap.Tree.Edit()
	edit(e)
	snap.Tree = e.Tree()
	return snap
}

var forever = make(chan struct{}) // never closed, nothing sent

var broken = []struct {
	name, rule string
	watch      func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error
}{
	{"returns nil", "1: Watch blocks until ctx ends", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		m.Watch(ctx, emit)
		return nil
	}},
	{"doesn't block", "1: Watch blocks until ctx ends", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		m.Watch(ctx, func(snap source.Snapshot) { emit(snap); cancel() })
		return ctx.Err()
	}},
	{"retries by itself", "1: Watch blocks until the stream breaks", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		for ctx.Err() == nil {
			m.Watch(ctx, emit)
			time.Sleep(time.Millisecond)
		}
		return ctx.Err()
	}},
	{"leaves a goroutine", "1: It starts no goroutine", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		go func() { <-forever }()
		return m.Watch(ctx, emit)
	}},
	{"emits when it is over", "1: It never calls emit after", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		defer time.AfterFunc(time.Millisecond, func() { emit(source.Snapshot{}) })
		return m.Watch(ctx, emit)
	}},
	{"emits in parts", "2: The first emit is the whole", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if prev == nil {
			emit(edited(snap, func(e *tree.Editor) { e.Graft(tree.Path{"beta"}, tree.Tree{}) }))
		}
		emit(snap)
	})},
	{"reads before it watches", "2: It is read at or after", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		n := 0
		return m.Watch(ctx, func(snap source.Snapshot) {
			if n++; n == 1 || n > 20 { // what comes between is missed
				emit(snap)
			}
		})
	}},
	{"emits deltas", "3: Every emit is a whole tree", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if prev != nil && prev.Tree.Root().Child("beta") == snap.Tree.Root().Child("beta") {
			emit(edited(snap, func(e *tree.Editor) { e.Graft(tree.Path{"beta"}, tree.Tree{}) }))
		}
		emit(snap)
	})},
	{"tears commits", "3: Every emit is at one revision", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if prev != nil {
			emit(edited(*prev, func(e *tree.Editor) { e.Set(tree.Path{"alpha"}, snap.Tree.Root().Child("alpha").Text(), tree.Place{}) }))
		}
		emit(snap)
	})},
	{"goes back", "3: Every emit is as new", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		emit(snap)
		if prev != nil {
			emit(*prev)
			emit(snap)
		}
	})},
	{"keeps what is deleted", "3: A key that is absent", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if snap.Tree.Lookup(tree.Path{"beta", "one"}) == nil {
			snap = edited(snap, func(e *tree.Editor) { e.Set(tree.Path{"beta", "one"}, "b1", tree.Place{}) })
		}
		emit(snap)
	})},
	{"shows an error as emptiness", "4: An error is returned", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		err := m.Watch(ctx, emit)
		if ctx.Err() == nil {
			emit(source.Snapshot{})
		}
		return err
	}},
	{"names itself", "4: An error does not name", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		if err := m.Watch(ctx, emit); ctx.Err() == nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
		return ctx.Err()
	}},
	{"ends for bad content", "4: Content that can't be used", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		ctx, cancel := context.WithCancelCause(ctx)
		m.Watch(ctx, func(snap source.Snapshot) {
			if snap.Err != nil {
				cancel(snap.Err)
				return
			}
			emit(snap)
		})
		return context.Cause(ctx)
	}},
	{"drops the newest when it is late", "5: A source may call emit", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if alpha := snap.Tree.Root().Child("alpha").Text(); alpha != "n99" {
			emit(snap)
		}
	})},
	{"passes through emptiness", "5: An emit of an unchanged tree", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if prev != nil {
			emit(source.Snapshot{})
		}
		emit(snap)
	})},
	{"works once", "6: Watch may be called again after it has returned", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		if m.Watches() > 0 {
			return errors.New("used already")
		}
		return m.Watch(ctx, emit)
	}},
	{"works until it fails", "6: Watch may be called again after the stream", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		err := m.Watch(ctx, emit)
		if ctx.Err() == nil {
			m.Reject(err) // and never mentions it
			<-ctx.Done()
		}
		return err
	}},
	{"is watched twice", "6: A second Watch", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		return sourcetest.NewMemory("another", nil).Watch(ctx, emit)
	}},
	{"holds too much", "7: Memory stays", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		much := make([]byte, 32<<20)
		defer runtime.KeepAlive(much)
		return m.Watch(ctx, emit)
	}},
	{"takes silence for what it isn't", "7: A timeout", func(ctx context.Context, m *sourcetest.Memory, emit func(source.Snapshot)) error {
		watching, cancel := context.WithCancelCause(ctx)
		timer := time.AfterFunc(50*time.Millisecond, func() { cancel(errors.New("timeout")) })
		err := m.Watch(watching, func(snap source.Snapshot) { timer.Stop(); emit(snap) })
		if ctx.Err() == nil {
			return context.Cause(watching)
		}
		return err
	}},
	{"emits what never was", "all: whatever happens", emitting(func(prev *source.Snapshot, snap source.Snapshot, emit func(source.Snapshot)) {
		if prev != nil {
			emit(source.Snapshot{})
		}
		emit(snap)
	})},
}

const brokenVar, strictVar = "CONFSYNC_SOURCETEST_BROKEN", "CONFSYNC_SOURCETEST_STRICT"

// TestOneBroken is what TestBrokenSourcesFail runs in another process.
func TestOneBroken(t *testing.T) {
	name, ok := os.LookupEnv(brokenVar)
	if !ok {
		t.Skip("runs only within TestBrokenSourcesFail")
	}
	var impossible map[string]string
	if name == "can't be written" {
		impossible = map[string]string{"Set": "it can't be written to"}
	}
	sourcetest.Run(t, sourcetest.Harness{
		Impossible: impossible,
		Strict:     os.Getenv(strictVar) != "",

		Within: 200 * time.Millisecond,
		New: func(_ *testing.T, values map[string]string) sourcetest.Store {
			m, store := memoryStore(values)
			for _, b := range broken {
				if b.name == name {
					store.Source = breaks{m, b.watch}
				}
			}
			if name == "can't be written" || name == "has no functions" {
				store = sourcetest.Store{Source: m}
			}
			return store
		},
	})
}

// runBroken returns the suite's verdict on a source, for the cases of a rule.
func runBroken(t *testing.T, source, rule string, env ...string) (out string, err error) {
	t.Helper()
	pattern := "^TestOneBroken$/^" + regexp.QuoteMeta(strings.ReplaceAll(rule, " ", "_"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run="+pattern, "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), append([]string{brokenVar + "=" + source}, env...)...)
	text, err := cmd.CombinedOutput()
	if !strings.Contains(string(text), "=== RUN   TestOneBroken/") {
		t.Fatalf("no case was run: %v\n%s", err, text)
	}
	return string(text), err
}

func TestBrokenSourcesFail(t *testing.T) {
	for _, b := range broken {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			out, err := runBroken(t, b.name, b.rule)
			if err == nil || !strings.Contains(out, "--- FAIL: TestOneBroken/"+strings.ReplaceAll(b.rule, " ", "_")) {
				t.Errorf("the suite let it pass: %v\n%s", err, out)
			}
		})
	}
}

func TestSkippedCases(t *testing.T) {
	tests := []struct {
		name, source, strict string
		skips                bool
		reason               string
	}{
		{"no function", "has no functions", "", true, "there is no Set here"},
		{"no function, strictly", "has no functions", "1", false, "there is no Set, and the harness doesn't say that it is impossible"},
		{"impossible, strictly", "can't be written", "1", true, "Set is impossible: it can't be written to"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := runBroken(t, tt.source, "5: A source may", strictVar+"="+tt.strict)
			if (err == nil) != tt.skips || !strings.Contains(out, tt.reason) {
				t.Errorf("ended with %v, want %q in\n%s", err, tt.reason, out)
			}
		})
	}
}
