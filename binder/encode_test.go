package binder_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/confsync/confsync/binder"
	"github.com/confsync/confsync/tree"
)

type encoded struct {
	Name     string `config:"title"`
	Skipped  string `config:"-"`
	Limit    *int
	None     *int
	Wait     time.Duration
	At       time.Time
	Token    token
	Ref      ref
	Addr     netip.Addr
	MAC      net.HardwareAddr
	URL      *url.URL
	Big      *big.Int
	Raw      json.RawMessage
	Bytes    secretBytes
	Pair     [2]int
	Lists    [][]string
	Services map[string]service
	Pointers map[string]*service
	Counts   map[int]int
	Any      any
	Base     `config:",squash"`
	*Optional
	Rest map[string]string `config:",remain"`
}

// TestToTree asserts that what is made of a value fills an equal one.
func TestToTree(t *testing.T) {
	address, _ := url.Parse("https://u:p@example.org/x?y=z")
	v := encoded{
		Name: "n", Limit: ptr(0), Wait: 90 * time.Second, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Token: "hunter2", Ref: ref{"r"},
		Addr: netip.MustParseAddr("::1"), MAC: net.HardwareAddr{0, 0, 0x5e, 0, 0x53, 1}, URL: address, Big: big.NewInt(1 << 62),
		Raw: json.RawMessage(`{"a":[1,null]}`), Bytes: secretBytes("a,b"), Pair: [2]int{1, 2}, Lists: [][]string{{"a,b", "c"}, {}},
		Services: map[string]service{"A.b": {Host: "h", Port: 1, Tags: []string{"x"}}, "empty": {}}, Pointers: map[string]*service{"p": {Host: "p"}},
		Counts: map[int]int{3: 4}, Any: map[string]any{"x": []any{1, "y", nil}}, Base: Base{"z", "r"}, Optional: &Optional{"e"}, Rest: map[string]string{"other": "o"},
	}
	made, err := binder.ToTree(v)
	if err != nil {
		t.Fatal(err)
	}
	if root := made.Root(); root.Child("none") != nil || root.Child("skipped") != nil || root.Child("title").Text() != "n" || root.Child("token").Text() != "hunter2" ||
		root.Child("zone").Text() != "z" || root.Child("other").Text() != "o" {
		t.Errorf("the tree is %s", root)
	}
	b := newBinder(t, typeOf[encoded]())
	bound, problems := b.Bind(binder.Bound{}, made.Root())
	if problems.Len() > 0 {
		t.Fatal(problems.Problems)
	}
	if !reflect.DeepEqual(bound.Value.Elem().Interface(), v) {
		t.Errorf("got %+v\nwant %+v", bound.Value.Elem(), v)
	}
	if none, err := binder.ToTree(nil); err != nil || none.Root().Kind() != tree.Null {
		t.Errorf("nothing is %s, %v", none.Root(), err)
	}
	if _, err := binder.ToTree(struct{ C chan int }{make(chan int)}); err == nil {
		t.Error("a channel is a configuration")
	}
}

// TestToTreeOfWhatWasBound binds random layers, and what was bound again.
func TestToTreeOfWhatWasBound(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 6))
	p := newPipeline(t)
	layers := []tree.Tree{p.binder.Defaults(), {}, {}}
	for range 800 {
		i, before := 1+rnd.IntN(2), append([]tree.Tree(nil), layers...)
		layers[i] = edit(t, rnd, layers[i])
		bound, problems := p.run(layers)
		if len(problems) > 0 {
			layers = before
			continue
		}
		v := *bound.Value.Interface().(*everything)
		v.Node, v.Spelled, v.Patterns, v.Setter, v.Setters, v.Setting = nil, spelled{}, nil, setter{}, nil, nil // not written by the test's own types
		made, err := binder.ToTree(v)
		if err != nil {
			t.Fatal(err)
		}
		again, wrong := p.binder.Bind(binder.Bound{}, made.Root())
		if wrong.Len() > 0 {
			t.Fatalf("problems %v of %s", wrong.Problems, made.Root())
		}
		w := *again.Value.Interface().(*everything)
		w.Node, w.Spelled, w.Patterns, w.Setter, w.Setters, w.Setting = nil, spelled{}, nil, setter{}, nil, nil
		if !reflect.DeepEqual(v, w) {
			t.Fatalf("bound again it is another value\nwas %+v\nis  %+v", v, w)
		}
	}
}
