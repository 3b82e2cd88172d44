package binder_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/interpolate"
	"github.com/confsync/confsync/merge"
	"github.com/confsync/confsync/tree"
)

// everything has a field of each sort that the binder treats in its own way.
type everything struct {
	Embedded
	*Optional
	Name     string
	MaxConns int `default:"7"`
	Ratio    float64
	On       bool
	Wait     time.Duration `default:"1s"`
	Nested   struct {
		A    uint16
		Deep struct{ B, C string }
	}
	Services map[string]service
	Backends map[string]*service
	Counts   map[int]int
	List     []string
	Servers  []service
	Pair     [2]int
	Pointer  *service
	Anything any
	Dynamic  map[string]any
	Node     *tree.Node
	Renamed  int `config:",alias=other,deprecated=old_name"`
	Setter   setter
	Setters  map[string]*setter
	Setting  []setter
	Spelled  spelled
	Patterns []pattern
	Rest     map[string]string `config:",remain"`
}

// setter has defaults of its own, some of them in what it holds.
type setter struct {
	Host   string
	Port   int `default:"7"`
	Labels map[string]string
	Tags   []string
	Inner  struct{ Depth, Width int }
	Limits *limits
	Other  *limits
}

func (s *setter) SetDefaults() {
	s.Host, s.Labels, s.Tags = "localhost", map[string]string{"a": "b"}, []string{"t"}
	s.Inner.Width, s.Limits = 3, &limits{Most: 9}
}

type limits struct{ Least, Most int }

func (l *limits) SetDefaults() { l.Least = 1 }

// spelled reads JSON and no text.
type spelled struct{ text string }

func (s *spelled) UnmarshalJSON(data []byte) error {
	if string(data) == `"2"` {
		return errors.New("it is two")
	}
	s.text = string(data)
	return nil
}

// pattern keeps something to itself.
type pattern struct{ text string }

func (p *pattern) UnmarshalText(text []byte) error {
	p.text = string(text)
	return nil
}

type Embedded struct{ Zone, Region string }

type Optional struct{ Extra string }

type service struct {
	Host    string
	Port    uint16        `default:"80"`
	Timeout time.Duration `default:"5s"`
	Tags    []string
}

var (
	oraclePaths = strings.Fields(`name max_conns ratio on wait nested nested.a nested.deep nested.deep.b nested.deep.c zone region extra
		services services.x services.x.host services.x.port services.y.timeout services.y.tags services.y.tags.0 services.y.tags.1
		backends.p.host backends.p backends.q.port counts.1 counts.2 list list.0 list.1 list.2 servers servers.0.host servers.1.port
		servers.1 servers.2.tags pair pair.0 pair.1 pointer pointer.host pointer.tags anything anything.a anything.b.c dynamic.a
		dynamic.b.c node node.x rest_a rest_b renamed other old_name setter setter.host setter.labels.a setter.labels.c setter.tags
		setter.inner setter.inner.depth setter.limits setter.limits.most setter.other.most setter.port setters.x setters.x.host
		setters.x.labels.a setters.y.other setting setting.0 setting.0.inner.width setting.1.port spelled spelled.a patterns
		patterns.0 patterns.1`)
	oracleTexts  = []string{"", "1", "2", "3", "x", "true", "5s", "a,b", "0.5", `["p","q"]`, `{"host":"j"}`, "70000", "${name}", "${MaxConns}", "<${zone:-z}>", "${services.x}", "${list}", "$${x}", "${nested.deep.b:-${ratio:-1}}"}
	oracleValues = []any{nil, []any{"a", "b"}, []any{map[string]any{"host": "l"}, map[string]any{"port": 3}}, []any{1, 2},
		map[string]any{}, map[string]any{"host": "m"}, 5, true, "s"}
)

// edit makes one random change to a layer.
func edit(t *testing.T, rnd *rand.Rand, layer tree.Tree) tree.Tree {
	t.Helper()
	pick := func(n int) int { return rnd.IntN(n) }
	path, err := tree.ParsePath(oraclePaths[pick(len(oraclePaths))])
	if err != nil {
		t.Fatal(err)
	}
	if pick(4) == 0 {
		path[len(path)-1] = strings.ToUpper(path[len(path)-1]) // another spelling
	}
	e := layer.Edit()
	switch pick(5) {
	case 0, 1:
		e.Set(path, oracleTexts[pick(len(oracleTexts))], tree.Place{})
	case 2:
		value, err := tree.FromGo(oracleValues[pick(len(oracleValues))])
		if err != nil {
			t.Fatal(err)
		}
		e.Graft(path, value)
	default:
		e.Graft(path, tree.Tree{})
	}
	return e.Tree()
}

// TestIncrementalEqualsScratch makes random edits to random layers and compares,
// at every step, the reconciled result with the one from nothing.
func TestIncrementalEqualsScratch(t *testing.T) {
	t.Run("plain", func(t *testing.T) { incrementalEqualsScratch(t, false) })
	t.Run("placeholders", func(t *testing.T) { incrementalEqualsScratch(t, true) })
}

func incrementalEqualsScratch(t *testing.T, placeholders bool) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	inc := newPipeline(t)
	inc.placeholders = placeholders
	layers := make([]tree.Tree, 4)
	layers[0] = inc.binder.Defaults()
	good, bad, kept := 0, 0, 0
	for step := range 6000 {
		i := 1 + rnd.IntN(len(layers)-1)
		before := layers
		layers = slices.Clone(layers)
		layers[i] = edit(t, rnd, layers[i])
		was := inc.bound.Value
		got, gotProblems := inc.run(layers)
		scratch := newPipeline(t)
		scratch.placeholders = placeholders
		want, wantProblems := scratch.run(layers)

		if g, w := texts(gotProblems), texts(wantProblems); !slices.Equal(g, w) {
			t.Fatalf("step %d: problems\n got %q\nwant %q\nof %v", step, g, w, layers)
		}
		if len(gotProblems) > 0 {
			bad++
			layers = before // so that good ones stay common
			continue
		}
		good++
		if got.Value == was {
			kept++
		}
		if diff := differences(got, want); diff != "" {
			t.Fatalf("step %d: %s\nof %v", step, diff, inc.merged.Root())
		}
		if !got.Unknown.Equal(want.Unknown) {
			t.Fatalf("step %d: unknown got %v, want %v", step, got.Unknown, want.Unknown)
		}
	}
	t.Logf("%d good, %d of them without a change; %d bad", good, kept, bad)
	if good < 1000 || bad < 100 || kept < 100 {
		t.Error("the edits don't exercise the binder any more")
	}
}

// pipeline is canonical form, merge and bind, each given what it made last.
type pipeline struct {
	binder *binder.Binder
	canon  []binder.Canonical
	merged merge.Result
	bound  binder.Bound

	placeholders bool // fill them between merge and bind
	filled       interpolate.Result
}

func newPipeline(t testing.TB) *pipeline {
	b, err := binder.New(reflect.TypeFor[everything]())
	if err != nil {
		t.Fatal(err)
	}
	return &pipeline{binder: b}
}

func (p *pipeline) run(layers []tree.Tree) (binder.Bound, []tree.Problem) {
	if p.canon == nil {
		p.canon = make([]binder.Canonical, len(layers))
	}
	roots := make([]*tree.Node, len(layers))
	var problems []tree.Problem
	for i, l := range layers {
		p.canon[i] = p.binder.Canonical(p.canon[i], l.Root())
		problems = append(problems, p.canon[i].Problems.Problems...)
		roots[i] = p.canon[i].Root()
	}
	p.merged = merge.Merge(p.merged, roots)
	root := p.merged.Root()
	if p.placeholders {
		p.filled = interpolate.Expand(p.filled, root, interpolate.Options{
			Path: func(path tree.Path) tree.Path { return p.binder.Describe(path).Path }, Secret: p.binder.Hides,
		})
		root = p.filled.Root()
		problems = append(problems, p.filled.Problems.Problems...)
	}
	bound, wrong := p.binder.Bind(p.bound, root)
	if problems = append(problems, wrong.Problems...); len(problems) > 0 {
		return p.bound, problems
	}
	p.bound = bound
	return bound, nil
}

// differences returns the fields in which two bound values differ, nodes by
// what they hold.
func differences(a, b binder.Bound) string {
	x, y := *a.Value.Interface().(*everything), *b.Value.Interface().(*everything)
	var all []string
	if !x.Node.Equal(y.Node) {
		all = append(all, "Node")
	}
	x.Node, y.Node = nil, nil
	v, w := reflect.ValueOf(x), reflect.ValueOf(y)
	for i := range v.NumField() {
		if f, g := v.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(f, g) {
			one, _ := json.Marshal(f)
			other, _ := json.Marshal(g)
			all = append(all, fmt.Sprintf("%s: %s, from nothing %s", v.Type().Field(i).Name, one, other))
		}
	}
	return strings.Join(all, "\n")
}

func texts(problems []tree.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.Error())
	}
	slices.Sort(out)
	return slices.Compact(out)
}
