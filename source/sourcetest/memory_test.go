package sourcetest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// watch runs a Memory's Watch in a bubble, and tells the emits and the end.
func watch(t *testing.T, m *sourcetest.Memory) (emits chan source.Snapshot, ended chan error) {
	emits, ended = make(chan source.Snapshot, 16), make(chan error, 1)
	go func() { ended <- m.Watch(t.Context(), func(snap source.Snapshot) { emits <- snap }) }()
	synctest.Wait()
	return emits, ended
}

func TestMemoryEdits(t *testing.T) {
	tests := []struct {
		name string
		do   func(*sourcetest.Memory)
		want string
	}{
		{"nothing", func(*sourcetest.Memory) {}, `{a:1 b:{c:"x" d:"y"}}`},
		{"set", func(m *sourcetest.Memory) { m.Set("b.c", true) }, `{a:1 b:{c:true d:"y"}}`},
		{"set in the place of a map", func(m *sourcetest.Memory) { m.Set("b", []int{1, 2}) }, `{a:1 b:[1 2]}`},
		{"set a null", func(m *sourcetest.Memory) { m.Set("a", nil) }, `{a:null b:{c:"x" d:"y"}}`},
		{"set a new map", func(m *sourcetest.Memory) { m.Set("e.f", map[string]any{"g": 1.5}) }, `{a:1 b:{c:"x" d:"y"} e:{f:{g:1.5}}}`},
		{"delete", func(m *sourcetest.Memory) { m.Delete("b.c") }, `{a:1 b:{d:"y"}}`},
		{"delete a map", func(m *sourcetest.Memory) { m.Delete("b") }, `{a:1}`},
		{"delete the last of a map", func(m *sourcetest.Memory) { m.Delete("b.c"); m.Delete("b.d") }, `{a:1}`},
		{"delete everything", func(m *sourcetest.Memory) { m.Delete("") }, `nothing`},
		{"replace", func(m *sourcetest.Memory) { m.Replace(map[string]any{"z": 0}) }, `{z:0}`},
		{"replace with nothing", func(m *sourcetest.Memory) { m.Replace(nil) }, `nothing`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"a": 1, "b": map[string]any{"c": "x", "d": "y"}})
				emits, _ := watch(t, m)
				tt.do(m)
				synctest.Wait()
				var last source.Snapshot
				for len(emits) > 0 {
					last = <-emits
				}
				if got := last.Tree.Root().String(); got != tt.want {
					t.Errorf("emitted %s, want %s", got, tt.want)
				}
			})
		})
	}
}

func TestMemorySharesAndLocates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": map[string]any{"x": 1}, "b": map[string]any{"x": 1}})
		emits, _ := watch(t, m)
		before := <-emits
		m.Set("a.x", 1)
		same := <-emits
		m.Set("a.x", 2)
		after := <-emits
		if !same.Tree.Same(before.Tree) || same.Revision != "2" {
			t.Errorf("a write of the same value gives %v at revision %s, and other nodes", same.Tree.Root(), same.Revision)
		}
		if after.Tree.Same(before.Tree) || after.Tree.Root().Child("b") != before.Tree.Root().Child("b") {
			t.Error("a write shares too much or too little")
		}
		for path, revision := range map[string]string{"a.x": "revision 3", "b.x": "revision 1"} {
			p, _ := tree.ParsePath(path)
			want := tree.Origin{Layer: "m", Kind: "memory", Key: path, Revision: revision}
			if got, _ := after.Tree.Origin(p); got != want {
				t.Errorf("origin is %+v, want %+v", got, want)
			}
		}
	})
}

func TestMemoryFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		emits, ended := watch(t, m)
		<-emits
		cut, bad := errors.New("cut"), errors.New("bad")

		m.Reject(bad)
		if snap := <-emits; snap.Err != bad {
			t.Errorf("emitted error %v, want %v", snap.Err, bad)
		}
		m.Set("a", 1)
		if snap := <-emits; snap.Err != nil {
			t.Errorf("a write left the error %v", snap.Err)
		}
		m.Fail(cut)
		for range 2 {
			if err := <-ended; err != cut {
				t.Errorf("Watch returned %v, want %v", err, cut)
			}
			_, ended = watch(t, m)
		}
		m.Fail(nil)
		<-ended
		if _, ended = watch(t, m); <-ended != nil {
			t.Error("Watch returned an error after Fail(nil)")
		}
		m.Set("a", 2)
		m.Heal()
		emits, _ = watch(t, m)
		if got := (<-emits).Tree.Root().String(); got != "{a:2}" {
			t.Errorf("emitted %s after Heal", got)
		}
		if _, ended = watch(t, m); <-ended == nil {
			t.Error("a second Watch at a time was let in")
		}
		if m.Watches() != 6 {
			t.Errorf("Watches is %d, want 6", m.Watches())
		}
	})
}

func BenchmarkMemorySet(b *testing.B) {
	values := make(map[string]any)
	for i := range 12_500 {
		service := make(map[string]any)
		for k := range 8 {
			service[fmt.Sprintf("key%d", k)] = "value"
		}
		values[fmt.Sprintf("service%d", i)] = service
	}
	m := sourcetest.NewMemory("m", values)
	for i := 0; b.Loop(); i++ {
		m.Set("service77.key3", i)
	}
}

func ExampleNewMemory() {
	m := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": 4}})
	ctx, cancel := context.WithCancel(context.Background())
	emits := 0
	m.Watch(ctx, func(snap source.Snapshot) {
		fmt.Println(snap.Revision, snap.Tree.Root())
		switch emits++; emits {
		case 1:
			m.Set("pool.size", 8)
		case 2:
			m.Delete("pool")
		default:
			cancel()
		}
	})
	// Output:
	// 1 {pool:{size:4}}
	// 2 {pool:{size:8}}
	// 3 nothing
}

// TestMemoryFaultsOfEveryKind begins each fault and heals it, under a supervisor.
func TestMemoryFaultsOfEveryKind(t *testing.T) {
	errBad := errors.New("bad")
	tests := []struct {
		name  string
		begin func(m *sourcetest.Memory)
		state source.State
		err   error
		root  string // while it lasts, after a write
	}{
		{"fail", func(m *sourcetest.Memory) { m.Fail(errBad) }, source.Retrying, errBad, "{a:1}"},
		{"reject", func(m *sourcetest.Memory) { m.Reject(errBad) }, source.Live, errBad, "{a:1}"},
		{"absent", func(m *sourcetest.Memory) { m.Absent() }, source.Live, source.ErrAbsent, "{a:1}"},
		{"degrade", func(m *sourcetest.Memory) { m.Degrade(errBad) }, source.Degraded, errBad, "{a:1}"},
		{"slow", func(m *sourcetest.Memory) { m.Slow(time.Hour) }, source.Live, nil, "{a:1}"},
		{"hang", func(m *sourcetest.Memory) { m.Hang() }, source.Live, nil, "{a:1}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := sourcetest.NewMemory("m", map[string]any{"a": 1})
				sup := source.NewSupervisor(m, source.Policy{Resync: -1}, nil)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- sup.Run(ctx) }()
				synctest.Wait()
				tt.begin(m)
				synctest.Wait()
				st := sup.Status()
				snap, _, _ := sup.Latest()
				if st.State != tt.state || !errors.Is(st.Err, tt.err) || (st.Err == nil) != (tt.err == nil) || snap.Tree.Root().String() != tt.root {
					t.Errorf("state is %v with %v, it holds %s", st.State, st.Err, snap.Tree.Root())
				}
				m.Heal()
				m.Set("a", 2)
				time.Sleep(time.Minute)
				synctest.Wait()
				st = sup.Status()
				if snap, _, _ := sup.Latest(); st.State != source.Live || st.Err != nil || snap.Tree.Root().String() != "{a:2}" {
					t.Errorf("once healed, state is %v with %v, it holds %s", st.State, st.Err, snap.Tree.Root())
				}
				cancel()
				<-done
			})
		})
	}
}

func TestMemoryThatHangsOutlivesItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", nil)
		m.Hang()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Watch(ctx, func(source.Snapshot) { t.Error("it emitted") }) }()
		cancel()
		time.Sleep(time.Hour)
		select {
		case err := <-done:
			t.Fatalf("Watch returned %v", err)
		default:
		}
		m.Heal()
		if err := <-done; err != context.Canceled {
			t.Errorf("Watch returned %v", err)
		}
	})
}

func TestMemorySlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sourcetest.NewMemory("m", map[string]any{"a": 1})
		m.Slow(time.Second)
		began, emits := time.Now(), make(chan string, 10)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- m.Watch(ctx, func(snap source.Snapshot) { emits <- snap.Tree.Root().String() }) }()
		if got := <-emits; got != "{a:1}" || time.Since(began) != time.Second {
			t.Errorf("%s came after %v", got, time.Since(began))
		}
		m.Set("a", 2)
		if got := <-emits; got != "{a:2}" || time.Since(began) != 2*time.Second {
			t.Errorf("%s came after %v", got, time.Since(began))
		}
		m.Set("a", 3)
		cancel()
		if err := <-done; err != context.Canceled || len(emits) > 0 {
			t.Errorf("Watch returned %v and emitted %d more", err, len(emits))
		}
	})
}
