package binder_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

type fleet struct {
	Services map[string]service
	Backends map[string]*service
	Ports    map[int]service
	Servers  []service
	Limits   struct{ Requests int }
}

// TestFleetIncrementalEqualsScratch makes some hundred random edits to the upper
// of two layers of 2,000 services. It compares now and then with the result from
// nothing, and each time with the value before, which shares what wasn't touched.
func TestFleetIncrementalEqualsScratch(t *testing.T) {
	const size, steps, every = 2000, 320, 8 // compared from nothing at every 8th step
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 4))

	all := map[string]any{}
	for i := range size {
		all[fmt.Sprintf("svc-%04d", i)] = map[string]any{"Host": fmt.Sprint("h", i), "PORT": 8000 + i, "timeout": "2s", "tags": "a,b"}
	}
	ports, servers := map[string]any{}, make([]any, 50)
	for i := range 50 {
		ports[fmt.Sprint(i)], servers[i] = map[string]any{"host": "p"}, map[string]any{"host": fmt.Sprint("s", i)}
	}
	low, err := tree.FromGo(map[string]any{"services": all, "backends": all, "ports": ports, "SERVERS": servers})
	if err != nil {
		t.Fatal(err)
	}

	b := newBinder(t, typeOf[fleet]())
	run := func(prev []binder.Canonical, merged merge.Result, bound binder.Bound, layers []tree.Tree) ([]binder.Canonical, merge.Result, binder.Bound, []tree.Problem) {
		canon, roots := make([]binder.Canonical, len(layers)), make([]*tree.Node, len(layers))
		for i, l := range layers {
			canon[i] = b.Canonical(prev[i], l.Root())
			roots[i] = canon[i].Root()
		}
		merged = merge.Merge(merged, roots)
		next, problems := b.Bind(bound, merged.Root())
		return canon, merged, next, problems.Problems
	}
	layers := []tree.Tree{low, {}}
	canon, merged, bound, problems := run(make([]binder.Canonical, 2), merge.Result{}, binder.Bound{}, layers)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var want binder.Bound
	var wantProblems []tree.Problem
	changed, shared, rejected := 0, 0, 0
	for step := range steps {
		was, before := bound, layers[1]
		layers[1] = editFleet(t, rnd, before, size)
		canon, merged, bound, problems = run(canon, merged, bound, layers)
		if step%every == 0 {
			_, _, want, wantProblems = run(make([]binder.Canonical, 2), merge.Result{}, binder.Bound{}, layers)
		}
		if step%every == 0 && fmt.Sprint(texts(problems)) != fmt.Sprint(texts(wantProblems)) {
			t.Fatalf("step %d: problems %v, from nothing %v", step, problems, wantProblems)
		}
		if len(problems) > 0 {
			rejected++
			layers[1] = before
			continue
		}
		if step%every == 0 && !reflect.DeepEqual(bound.Value.Interface(), want.Value.Interface()) {
			t.Fatalf("step %d: what is made step by step differs, with the upper layer %s", step, layers[1].Root())
		}
		if bound.Value != was.Value {
			changed++
		}
		old, now := was.Value.Interface().(*fleet), bound.Value.Interface().(*fleet)
		for name, backend := range now.Backends {
			if backend == old.Backends[name] {
				shared++
			}
		}
	}
	shared /= steps - rejected
	t.Logf("%d changed, %d rejected, %d elements shared on average", changed, rejected, shared)
	if changed < steps/3 || rejected < 3 || shared < size-10 {
		t.Error("the edits don't exercise the binder, or it shares too little")
	}
}

// editFleet makes one random change to the upper layer.
func editFleet(t *testing.T, rnd *rand.Rand, layer tree.Tree, size int) tree.Tree {
	name := fmt.Sprintf("svc-%04d", rnd.IntN(size+20))
	parts := []string{"services." + name, "Backends." + name, fmt.Sprint("ports.", rnd.IntN(60)), fmt.Sprint("servers.", rnd.IntN(51)), "limits"}
	at := parts[rnd.IntN(len(parts))]
	e := layer.Edit()
	switch rnd.IntN(8) {
	case 0:
		e.Graft(pathOf(t, at), tree.Tree{})
	case 1:
		e.Graft(pathOf(t, at), tree.Of(tree.NewScalar(tree.Null, "")))
	case 2:
		e.Set(pathOf(t, at+".PORT"), "70000", tree.Place{})
	case 3:
		e.Set(pathOf(t, at+".nobody"), "1", tree.Place{})
	case 4:
		e.Set(pathOf(t, at+".tags"), fmt.Sprint("a,", rnd.IntN(3)), tree.Place{})
	default:
		e.Set(pathOf(t, at+".host"), fmt.Sprint("new", rnd.IntN(1000)), tree.Place{})
	}
	return e.Tree()
}
