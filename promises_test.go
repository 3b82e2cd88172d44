package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestPromise1NeverWorse(t *testing.T) {
	base := map[string]any{"server.port": "9090"}
	panicky := func(_, next *app) error {
		switch next.Server.Port {
		case 1:
			return errors.New("too low")
		case 2:
			panic("on purpose")
		}
		return nil
	}
	for name, breakIt := range map[string]func(*sourcetest.Memory){
		"wrong type":       func(m *sourcetest.Memory) { m.Set("server.port", "80a") },
		"out of range":     func(m *sourcetest.Memory) { m.Set("server.port", "70000") },
		"validator":        func(m *sourcetest.Memory) { m.Set("server.port", "1") },
		"validator panics": func(m *sourcetest.Memory) { m.Set("server.port", "2") },
		"unusable content": func(m *sourcetest.Memory) { m.Reject(errors.New("does not parse")) },
	} {
		t.Run(name, func(t *testing.T) {
			m := sourcetest.NewMemory("m", nil)
			for k, v := range base {
				m.Set(k, v)
			}
			c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Validate: panicky})
			before := c.Get()
			breakIt(m)
			eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
			if c.Get() != before || c.Generation() != 1 {
				t.Errorf("a rejected update was served: %+v", c.Get())
			}
			if r := c.Status().Rejected; r.Generation != 1 || len(r.Problems) != 1 {
				t.Errorf("status: %v", r)
			}
			m.Set("server.port", "9091")
			eventually(t, "healed", func() bool { return c.Get().Server.Port == 9091 && c.Status().Rejected == nil })
		})
	}
}

// panicking is a type that panics at one text.
type panicking string

func (t *panicking) UnmarshalText(text []byte) error {
	if string(text) == "bad" {
		panic(errors.New("on purpose"))
	}
	*t = panicking(text)
	return nil
}

func TestPromise1PanickingTypeIsContained(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"list": []any{"a", "b"}})
	c, err := confsync.Open(t.Context(), confsync.Options[struct{ List []panicking }]{
		Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before := c.Get()
	m.Set("list", []any{"a", "bad"})
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
	if c.Get() != before || !strings.Contains(c.Status().Rejected.Error(), "panicked") {
		t.Errorf("status: %v", c.Status())
	}
	m.Set("list", []any{"a", "c"})
	eventually(t, "healed", func() bool { return c.Get().List[1] == "c" })
}

func TestPromise1RejectionHealsWithoutAGeneration(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"server": map[string]any{"port": "9090"}})
	c := openApp(t, sources(m))
	before := c.Get()
	m.Set("server.port", "80a")
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
	m.Set("server.port", "9090")
	eventually(t, "healed", func() bool { return c.Status().Rejected == nil })
	if c.Get() != before || c.Generation() != 1 {
		t.Error("the value before the rejection is not the one served")
	}
}

// TestPromise1DeletingAllHealsARejection goes back to a state of no keys at all,
// of a type without defaults.
func TestPromise1DeletingAllHealsARejection(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	c, err := confsync.Open(t.Context(), confsync.Options[struct{ Port, Other int }]{
		Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m.Set("other", 1)
	eventually(t, "a value", func() bool { return c.Get().Other == 1 })
	m.Set("port", "80a")
	eventually(t, "rejected", func() bool { return c.Status().Rejected != nil })
	m.Replace(nil)
	m.Delete("port")
	eventually(t, "healed", func() bool { return c.Status().Rejected == nil && c.Get().Other == 0 })
}

func TestPromise2LowLayerThatChangesLastDoesNotWin(t *testing.T) {
	low := sourcetest.NewMemory("low", map[string]any{"server": map[string]any{"port": 1}})
	high := sourcetest.NewMemory("high", map[string]any{"server": map[string]any{"port": 2}})
	c := openApp(t, sources(low, high))
	low.Set("server.port", 3)
	refreshed(t, c)
	if got := c.Get().Server.Port; got != 2 {
		t.Errorf("port = %d, want the high layer's 2", got)
	}
	high.Delete("server.port")
	eventually(t, "uncovered", func() bool { return c.Get().Server.Port == 3 })
	low.Delete("server.port")
	eventually(t, "default uncovered", func() bool { return c.Get().Server.Port == 8080 })
}

// TestPromise2AnyOrder makes random edits to three layers and compares what is
// served with what a new Config of the same contents serves.
func TestPromise2AnyOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 2))
	edits := [][2]string{
		{"server.port", "1"}, {"server.port", "2"}, {"server.port", "x"}, {"server.host", "h"}, {"db.max_conns", "3"},
		{"db.max_conns", "4"}, {"services.a.host", "a"}, {"services.b.timeout", "3s"}, {"services.b", "{}"}, {"pair.a", "5"},
	}
	var layers []source.Source
	var copies []source.Source
	var memories []*sourcetest.Memory
	for i := range 3 {
		m := sourcetest.NewMemory(fmt.Sprint("m", i), nil)
		recorded := &recorder{Source: m}
		memories, layers, copies = append(memories, m), append(layers, recorded), append(copies, recorded.copy())
	}
	c := openApp(t, sources(layers...))
	good := 0
	for range 600 {
		m := memories[rnd.IntN(len(memories))]
		if e := edits[rnd.IntN(len(edits))]; rnd.IntN(2) > 0 {
			m.Set(e[0], e[1])
		} else {
			m.Delete(e[0])
		}
		if rnd.IntN(4) > 0 {
			continue // let some edits arrive as one
		}
		refreshed(t, c)
		want, err := confsync.Open(t.Context(), sources(copies...))
		if rejected := c.Status().Rejected; (err != nil) != (rejected != nil) {
			t.Fatalf("rejected %v, but from scratch %v", rejected, err)
		}
		if err != nil {
			continue
		}
		good++
		if !reflect.DeepEqual(c.Get(), want.Get()) {
			t.Fatalf("served %+v, from scratch %+v", c.Get(), want.Get())
		}
		want.Close()
	}
	if good < 20 {
		t.Errorf("only %d good states", good)
	}
}

// recorder keeps what a source has emitted last.
type recorder struct {
	source.Source
	last atomic.Pointer[source.Snapshot]
}

func (s *recorder) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	return s.Source.Watch(ctx, func(snap source.Snapshot) {
		s.last.Store(&snap)
		emit(snap)
	})
}

// copy returns a source of its own with the same contents.
func (s *recorder) copy() source.Source {
	return source.Poll(s.Name(), time.Hour, func(context.Context) (source.Snapshot, error) { return *s.last.Load(), nil })
}

// TestPromise3NeverTorn has 64 readers beside a writer that keeps two fields
// equal in each state of the source.
func TestPromise3NeverTorn(t *testing.T) {
	state := func(i int) map[string]any { return map[string]any{"pair": map[string]any{"a": i, "b": i}} }
	m := sourcetest.NewMemory("m", state(0))
	c := openApp(t, sources(m))
	var readers sync.WaitGroup
	var done atomic.Bool
	var reads, torn, back atomic.Int64
	for range 64 {
		readers.Go(func() {
			for last := 0; !done.Load(); reads.Add(1) {
				p := c.Get().Pair
				if p.A != p.B {
					torn.Add(1)
				}
				if p.A < last {
					back.Add(1)
				}
				last = p.A
				runtime.Gosched() // leave the writer its share of the processors
			}
		})
	}
	const writes = 2000
	for i := range writes {
		m.Replace(state(i + 1))
	}
	eventually(t, "the last write", func() bool { return c.Get().Pair.A == writes })
	done.Store(true)
	readers.Wait()
	if torn.Load() > 0 || back.Load() > 0 {
		t.Errorf("of %d reads %d were torn and %d went back", reads.Load(), torn.Load(), back.Load())
	}
	if c.Generation() < 2 {
		t.Error("the writer was not seen at all")
	}
}

func TestPromise4StalenessIsNotSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"server": map[string]any{"port": 1}})
		c := openApp(t, sources(m))
		time.Sleep(time.Minute)
		cut := time.Now()
		m.Fail(errors.New("connection refused"))
		synctest.Wait()
		st := c.Status().Sources[0]
		if st.State != source.Retrying || !st.Since.Equal(cut) || st.Err == nil {
			t.Errorf("right after the cut: %+v", st)
		}
		time.Sleep(31 * time.Second)
		if st = c.Status().Sources[0]; st.State != source.Stale || !st.Since.Equal(cut) {
			t.Errorf("after 31s: %+v", st)
		}
		m.Set("server.port", 2)
		m.Heal()
		time.Sleep(46 * time.Second) // the longest backoff, with jitter
		synctest.Wait()
		if st = c.Status().Sources[0]; st.State != source.Live || c.Get().Server.Port != 2 {
			t.Errorf("after healing: %+v, port %d", st, c.Get().Server.Port)
		}
	})
}
