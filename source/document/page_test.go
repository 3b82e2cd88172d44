package document

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/confsync/confsync/tree"
)

func TestPage(t *testing.T) {
	p := Page{Format: YAML}
	read := func(text, revision string) tree.Tree {
		t.Helper()
		got, err := p.Read(text, tree.Origin{Kind: "store", Key: "app.yaml", Revision: revision})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	first := read("a: 1\nb: {c: 2}\n", "1")
	if again := read("a: 1\nb: {c: 2}\n", "2"); !again.Identical(first) {
		t.Error("the same text was read again")
	}
	moved := read("# a comment\na: 1\nb: {c: 2}\n", "3")
	if o, _ := moved.Origin(tree.Path{"b", "c"}); !moved.Same(first) || o.String() != `store "app.yaml":3:8 (3)` {
		t.Errorf("after a comment: %v, same %v", o, moved.Same(first))
	}
	_, err := p.Read("a: [", tree.Origin{Kind: "store", Key: "app.yaml", Revision: "4"})
	if found := tree.Problems(err); len(found) != 1 || found[0].Origin.Key != "app.yaml" || found[0].Origin.Line == 0 {
		t.Errorf("broken: %v", err)
	}
	if next := read("a: 2\nb: {c: 2}\n", "5"); next.Lookup(tree.Path{"b"}) != first.Lookup(tree.Path{"b"}) {
		t.Error("what is equal is not shared past a broken text")
	}
}

func TestPageDecode(t *testing.T) {
	at := tree.Origin{Kind: "store", Key: "sealed"}
	p := Page{Decode: func(data []byte, limits Limits) (tree.Tree, error) {
		if limits != (Limits{}).OrDefault() {
			t.Errorf("the limits are %+v", limits)
		}
		plain, ok := strings.CutPrefix(string(data), "sealed ")
		if !ok {
			return tree.Tree{}, errors.New("it isn't sealed")
		}
		return Decode(JSON, []byte(plain), limits)
	}}
	if got, err := p.Read(`sealed {"a": 1}`, at); err != nil || got.Root().String() != "{a:1}" {
		t.Errorf("got %s, %v", got.Root(), err)
	}
	for text, want := range map[string]string{"x": `store "sealed"`, "sealed {": `store "sealed":1:2`} {
		_, err := p.Read(text, at)
		if found := tree.Problems(err); len(found) != 1 || found[0].Origin.String() != want {
			t.Errorf("%q: %v, want a problem at %s", text, err, want)
		}
	}
}

// nilError is an error whose method panics on a nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

// A decoder that panics has met content that can't be used.
func TestPageDecoderPanics(t *testing.T) {
	at := tree.Origin{Kind: "store", Key: "sealed"}
	for name, fail := range map[string]func() error{
		"panic":     func() error { panic("hunter2") },
		"runtime":   func() error { return []error{}[len(t.Name())] },
		"typed nil": func() error { return (*nilError)(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			p := Page{Decode: func(data []byte, limits Limits) (tree.Tree, error) {
				if string(data) == "bad" {
					return tree.Tree{}, fail()
				}
				return Decode(JSON, data, limits)
			}}
			_, err := p.Read("bad", at)
			found := tree.Problems(err)
			if len(found) != 1 || found[0].Origin != at || found[0].Kind != tree.Unusable ||
				!strings.Contains(err.Error(), "the decoder panicked: ") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
			if got, err := p.Read(`{"a": 1}`, at); err != nil || got.Root().String() != "{a:1}" {
				t.Errorf("the next: %s, %v", got.Root(), err)
			}
		})
	}
}

func TestPageContext(t *testing.T) {
	p := Page{Format: JSON}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := p.ReadContext(ctx, `{"a": 1}`, tree.Origin{}); got.Root() != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %s, %v, want context.Canceled", got.Root(), err)
	}
	if got, err := p.Read(`{"a": 1}`, tree.Origin{}); err != nil || got.Root() == nil {
		t.Errorf("read again: %s, %v", got.Root(), err)
	}
}

// What a page holds after any number of texts is what it takes to hold the last.
func TestPageHoldsNothingElse(t *testing.T) {
	text := func(turn int) string {
		var b strings.Builder
		for i := range 200 {
			fmt.Fprintf(&b, "m%03d:\n", i)
			for k := range 8 {
				last := turn - (turn-k+8)%8 // the last turn at which this key changed
				fmt.Fprintf(&b, "  k%d: value %d of %d, with some text behind it\n", k, i, max(0, last))
			}
		}
		return b.String()
	}
	held := func(turns ...int) (*Page, int64) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		p := &Page{Format: YAML}
		for _, turn := range turns {
			if _, err := p.Read(text(turn), tree.Origin{}); err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		return p, int64(after.HeapAlloc) - int64(before.HeapAlloc)
	}
	var all []int
	for turn := range 30 {
		all = append(all, turn)
	}
	fresh, want := held(29)
	old, got := held(all...)
	if got > 2*want {
		t.Errorf("holds %d bytes, a fresh page %d", got, want)
	}
	runtime.KeepAlive(fresh)
	runtime.KeepAlive(old)
}
