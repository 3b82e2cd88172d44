package binder_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// fuzzed has what everything lacks.
type fuzzed struct {
	All       everything
	Ring      ring
	Keeper    keeper
	Default   defaulted
	Numbers   map[int]*service
	Floats    map[float64]int
	Panicking map[panicking]panicking
	Point     point
	Points    []*point
	Animal    animal
}

// FuzzBind reads lines of a path, "=" and a value, which is JSON or a text, and
// binds the layer that the lines make after each of them. Nothing may panic,
// and what is made step by step must be what is made from nothing.
func FuzzBind(f *testing.F) {
	f.Add("all.name=x\nall.services.a.host=h\nall.services.a={\"port\":\"70000\"}\nall.services=null\n")
	f.Add("Ring.next.Next.by.k.NAME=x\nring.kids.0.kids.3.name=y\nnumbers.01={}\nnumbers.1={\"host\":\"h\"}\nnumbers.01=null\n")
	f.Add("floats.NaN=1\nfloats.NaN=2\nfloats.0=1\nfloats.-0=2\ntouchy.panic=panic\ntouchy.a=panic\n")
	f.Add("point=panic\npoint=fail\npoint={\"x\":1}\npoints=a,b\npoints.1.x=5\nanimal=rex\nanimal.name=rex\n")
	f.Add("keeper.login={\"PIN\":1,\"pin\":2}\nkeeper.tokens=[\"a\"]\ndefault.pools.x=1\ndefault.limit=x\nall.list.0=a\nall.list.2=b\nall.list=a\n")
	f.Add("all.node=1\nall.node.x=2\nall.anything.a=1\nall.anything.a.b=2\nall.pair=1,2\nall.pair={\"0\":1}\nall.counts.1=1\nall.COUNTS.1=2\n")
	typ := typeOf[fuzzed]()
	f.Fuzz(func(t *testing.T, script string) {
		inc, scratch := newBinder(t, typ, toPoint, toAnimal), newBinder(t, typ, toPoint, toAnimal)
		var canon binder.Canonical
		var merged merge.Result
		var bound binder.Bound
		var layer tree.Tree
		lines := 0
		for line := range strings.Lines(script) {
			if lines++; lines > 12 {
				return
			}
			layer = change(layer, strings.TrimSuffix(line, "\n"))

			canon = inc.Canonical(canon, layer.Root())
			merged = merge.Merge(merged, []*tree.Node{inc.Defaults().Root(), canon.Root()})
			next, problems := inc.Bind(bound, merged.Root())

			fresh := scratch.Canonical(binder.Canonical{}, layer.Root())
			root := merge.Merge(merge.Result{}, []*tree.Node{scratch.Defaults().Root(), fresh.Root()}).Root()
			want, wantProblems := scratch.Bind(binder.Bound{}, root)

			if got, want := strings.Join(texts(problems.Problems), "\n"), strings.Join(texts(wantProblems.Problems), "\n"); got != want {
				t.Fatalf("problems step by step:\n%s\nfrom nothing:\n%s\nof %s", got, want, root)
			}
			if problems.Len() > 0 {
				continue
			}
			if bound = next; !binder.Equal(bound.Value.Elem(), want.Value.Elem()) && !strings.Contains(strings.ToLower(script), "nan") {
				t.Fatalf("step by step %+v\nfrom nothing %+v\nof %s", bound.Value.Elem(), want.Value.Elem(), root)
			}
			for p := range root.Leaves {
				inc.Describe(p)
				inc.Raw(layer.Root(), p)
				inc.Suggest(p)
			}
		}
	})
}

// change makes the edit that a line says, if it says one.
func change(layer tree.Tree, line string) tree.Tree {
	key, value, _ := strings.Cut(line, "=")
	path, err := tree.ParsePath(key)
	if err != nil || len(path) > 20 {
		return layer
	}
	e := layer.Edit()
	var v any
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	if d.Decode(&v) != nil {
		e.Set(path, value, tree.Place{})
		return e.Tree()
	}
	made, err := tree.FromGo(v)
	if err != nil {
		return layer
	}
	e.Graft(path, made)
	return e.Tree()
}
