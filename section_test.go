package confsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

// plugin is a section's type.
type plugin struct {
	MaxConns int `default:"5"`
	Name     string
	Token    confsync.Secret
	List     []int
}

func (p *plugin) Validate() error {
	if p.MaxConns < 0 {
		return confsync.Invalid(errors.New("negative"), "max_conns")
	}
	return nil
}

func openSite(t *testing.T, opts confsync.Options[site]) *confsync.Config[site] {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = (&logged{}).logger()
	}
	c, err := confsync.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestSection(t *testing.T) {
	low := sourcetest.NewMemory("low", map[string]any{"host": "a", "plugins": map[string]any{"ai": map[string]any{"maxConns": 1, "token": "hunter2"}}})
	high := sourcetest.NewMemory("high", map[string]any{"plugins": map[string]any{"ai": map[string]any{"MAX-CONNS": "2", "nmae": "x"}, "other": 1}})
	c := openSite(t, confsync.Options[site]{Sources: []source.Source{low, high}})
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Get(); got.MaxConns != 2 || got.Token.Reveal() != "hunter2" {
		t.Errorf("section %+v", got)
	}
	again, err := confsync.Section[plugin](c, "Plugins.ai")
	if err != nil || again.Get() != v.Get() || again != v {
		t.Errorf("asked again: another view, %v", err)
	}
	if _, err := confsync.Section[struct{ Name int }](c, "plugins.ai"); err == nil {
		t.Error("a second type at one path")
	}
	if _, err := confsync.Section[plugin](c, "nowhere.ai"); !errors.Is(err, confsync.ErrUnknownPath) {
		t.Errorf("of a path that isn't there: %v", err)
	}

	var shown strings.Builder
	for _, path := range []string{"", "plugins", "plugins.ai", "plugins.ai.token", "plugins.ai.max_conns"} {
		x, err := c.Explain(path)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprintf(&shown, "%v %v\n", x, x.Node)
	}
	if text := shown.String(); strings.Contains(text, "hunter2") || !strings.Contains(text, "hides  1 from memory \"plugins.ai.maxConns\"") {
		t.Errorf("explained as\n%s", text)
	}
	if u := c.Status().Unknown; len(u) != 1 || !strings.Contains(u[0].Error(), `plugins.ai.nmae: unknown key; did you mean "plugins.ai.name"?`) {
		t.Errorf("unknown: %v", u)
	}

	seen := make(chan string, 9)
	confsync.Watch(v, func(p *plugin) int { return p.MaxConns }, func(ch confsync.Change[int]) { seen <- fmt.Sprint(ch.Old, ch.New) })
	whole := c.Get()
	high.Set("plugins.ai.MAX-CONNS", "x")
	refreshed(t, c) // two sources have no order
	low.Set("host", "b")
	refreshed(t, c)
	if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "plugins.ai.max_conns: cannot use string \"x\" as int") || c.Get() != whole {
		t.Errorf("status %v", r)
	}
	high.Set("plugins.ai.MAX-CONNS", "-1")
	refreshed(t, c)
	if r := c.Status().Rejected; r == nil || !strings.Contains(r.Error(), "plugins.ai.max_conns: negative\n    from   memory \"plugins.ai.MAX-CONNS\"") {
		t.Errorf("status %v", r)
	}
	high.Delete("plugins.ai.MAX-CONNS")
	refreshed(t, c)
	if c.Get().Host != "b" || v.Get().MaxConns != 1 {
		t.Errorf("healed: %+v, %+v", c.Get(), v.Get())
	}
	low.Delete("plugins.ai")
	refreshed(t, c)
	if a := <-seen; a != "2 1" {
		if a != "2 5" {
			t.Errorf("seen %q", a)
		}
	} else if b := <-seen; b != "1 5" {
		t.Errorf("seen %q and %q", a, b)
	}
	if v.Get().MaxConns != 5 {
		t.Errorf("uncovered: %+v", v.Get())
	}
}

func TestSectionThatCannotBeFilled(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"plugins": map[string]any{"ai": map[string]any{"maxconns": "x"}}})
	c := openSite(t, confsync.Options[site]{Sources: []source.Source{m}})
	before := c.Get()
	_, err := confsync.Section[plugin](c, "plugins.ai")
	var failure *confsync.Error
	if !errors.As(err, &failure) || !strings.Contains(err.Error(), "plugins.ai.max_conns") {
		t.Errorf("got %v", err)
	}
	if c.Get() != before || c.Generation() != 1 || c.Status().Rejected != nil {
		t.Errorf("it left a mark: %v", c.Status())
	}
	refreshed(t, c)
	m.Set("host", "b")
	refreshed(t, c)
	if c.Get().Host != "b" || c.Generation() != 2 {
		t.Errorf("afterwards: %v", c.Status())
	}
}

// TestAllSwitchedOnAnyOrder is the law of promise 2 with Complete, a section,
// history and interpolation: random edits, and what is served is what a new
// Config of the same contents serves.
func TestAllSwitchedOnAnyOrder(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 3))
	edits := [][2]string{
		{"host", "h1"}, {"host", "h1"}, {"host", "h3"}, {"host", "bad"}, {"HOST", "h2"}, {"port", "1"}, {"port", "x"}, {"url", "u"}, {"tags.x", "1"}, {"tags.y", "2"}, {"tags", "{}"},
		{"plugins.ai.maxConns", "7"}, {"plugins.ai.max_conns", "-1"}, {"plugins.ai.name", "n"}, {"plugins.ai.list.0", "1"}, {"plugins.ai.list", "1,2"},
		{"plugins.other", "1"}, {"plugins", "{}"}, {"host", "${tags.x:-h}.example"}, {"tags.z", "${host}:${port}"},
		{"plugins.ai.name", "${HOST:-none}"}, {"tags.x", "${tags.y:-z}"}, {"tags.y", "${tags.x}"}, {"plugins.ai.maxConns", "${port}"},
	}
	var layers, copies []source.Source
	var memories []*sourcetest.Memory
	for i := range 3 {
		m := sourcetest.NewMemory(fmt.Sprint("m", i), nil)
		recorded := &recorder{Source: m}
		memories, layers, copies = append(memories, m), append(layers, recorded), append(copies, recorded.copy())
	}
	with := func(s []source.Source) confsync.Options[site] {
		return confsync.Options[site]{Sources: s, Complete: completeSite, History: 3, Interpolate: true, Logger: (&logged{}).logger()}
	}
	c := openSite(t, with(layers))
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		t.Fatal(err)
	}
	good := 0
	for range 1500 {
		m := memories[rnd.IntN(len(memories))]
		if e := edits[rnd.IntN(len(edits))]; rnd.IntN(2) > 0 {
			m.Set(e[0], e[1])
		} else {
			m.Delete(e[0])
		}
		if rnd.IntN(4) > 0 {
			continue
		}
		refreshed(t, c)
		want, part, err := scratchSite(t.Context(), with(copies))
		if rejected := c.Status().Rejected; (err != nil) != (rejected != nil) {
			t.Fatalf("rejected %v, but from scratch %v", rejected, err)
		}
		if err != nil {
			if rnd.IntN(3) == 0 { // begin again
				for _, m := range memories {
					m.Replace(nil)
				}
			}
			continue
		}
		good++
		got := *c.Get()
		if !got.Plugins.Equal(want.Plugins) {
			t.Fatalf("plugins %v, from scratch %v", got.Plugins, want.Plugins)
		}
		got.Plugins, want.Plugins = nil, nil
		if !reflect.DeepEqual(&got, want) || !reflect.DeepEqual(v.Get(), part) {
			t.Fatalf("served %+v and %+v, from scratch %+v and %+v", got, v.Get(), want, part)
		}
	}
	if good < 20 {
		t.Errorf("only %d good states", good)
	}
}

func scratchSite(ctx context.Context, opts confsync.Options[site]) (*site, *plugin, error) {
	c, err := confsync.Open(ctx, opts)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	v, err := confsync.Section[plugin](c, "plugins.ai")
	if err != nil {
		return nil, nil, err
	}
	whole := *c.Get()
	return &whole, v.Get(), nil
}

// What a section says is a secret is shown by nothing any more, even where it was
// none before: in what was made of it, and in the generations before.
func TestSectionHidesWhatWasShown(t *testing.T) {
	type part struct {
		Token  confsync.Secret
		Public string
	}
	type open struct {
		URL  string
		Part *tree.Node
		N    int
	}
	const secret = "hunter2"
	m := sourcetest.NewMemory("m", map[string]any{"part": map[string]any{"token": secret + "a", "public": "p"}, "url": "x-${part.token}"})
	c, err := confsync.Open(t.Context(), confsync.Options[open]{Sources: []source.Source{m}, Interpolate: true, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m.Set("part.token", secret+"b")
	refreshed(t, c)
	m.Set("n", 1)
	refreshed(t, c)
	if _, err := confsync.Section[part](c, "part"); err != nil {
		t.Fatal(err)
	}
	shown := func(what string) {
		t.Helper()
		history, err := json.Marshal(c.History())
		text := string(history) + c.Status().String()
		for x := range c.All() {
			text += fmt.Sprintf("%+v %v", x, x.Node)
		}
		if err != nil || strings.Contains(text, secret) {
			t.Errorf("%s: %s, %v", what, text, err)
		}
	}
	shown("joined")
	if h := c.History(); len(h) != 1 || h[0].Number != c.Generation() {
		t.Errorf("history %+v", h)
	}
	m.Set("part.token", secret+"c")
	refreshed(t, c)
	shown("changed")
	if h := c.History(); len(h) != 2 || len(h[1].Changes) != 2 || c.Get().URL != "x-"+secret+"c" {
		t.Errorf("history %+v, %s", h, c.Get().URL)
	}
}

// A section that joins as a pin is released is there in whatever is served then.
func TestSectionJoinsAsAPinIsReleased(t *testing.T) {
	type open struct {
		N    int
		Part *tree.Node
	}
	for range 300 {
		m := sourcetest.NewMemory("m", map[string]any{"n": 1})
		c, err := confsync.Open(t.Context(), confsync.Options[open]{Sources: []source.Source{m}, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		m.Set("n", 2)
		refreshed(t, c)
		release, err := c.Pin(1)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(release)
		all.Go(func() {
			for {
				v, err := confsync.Section[plugin](c, "part")
				if err == nil {
					m.Set("n", "x")
					refreshed(t, c)
					if v.Get().MaxConns != 5 {
						t.Errorf("the section is %+v", v.Get())
					}
				}
				if !errors.Is(err, confsync.ErrPinned) {
					return
				}
			}
		})
		all.Wait()
		c.Close()
	}
}

// A section of a part that the configuration's own type knows too: a key that either
// knows is known, by the names and at the places that it has, and what either hides
// is hidden.
func TestSectionOfAPartThatTheTypeKnows(t *testing.T) {
	type shop struct {
		Part struct {
			Host  string `config:"host,alias=h"`
			Token confsync.Secret
			Own   int
		}
	}
	type part struct {
		Host  string
		Token string
		Added int
		Key   confsync.Secret
	}
	const secret = "hunter2"
	values := map[string]any{"h": "a", "token": secret, "own": 1, "added": 2, "key": secret}
	for _, unknown := range []confsync.UnknownKeys{confsync.WarnUnknown, confsync.RejectUnknown} {
		m := sourcetest.NewMemory("m", map[string]any{"part": map[string]any{"h": "a"}})
		c, err := confsync.Open(t.Context(), confsync.Options[shop]{Sources: []source.Source{m}, Unknown: unknown, Logger: (&logged{}).logger()})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		v, err := confsync.Section[part](c, "part")
		if err != nil {
			t.Fatal(err)
		}
		m.Replace(map[string]any{"part": values})
		refreshed(t, c)
		if p := v.Get(); p.Host != "a" || p.Token != secret || p.Added != 2 || c.Get().Part.Own != 1 || len(c.Status().Unknown) > 0 || c.Status().Rejected != nil {
			t.Errorf("%v: %+v, %+v, %v", unknown, p, c.Get(), c.Status())
		}
		x, err := c.Explain("")
		if want := `{part:{added:2 host:"a" key:"<redacted>" own:1 token:"<redacted>"}}`; err != nil || x.Node.String() != want {
			t.Errorf("shown is %v, want %s", x.Node, want)
		}
		for path, want := range map[string]string{"part.host": "part.h", "part.own": "part.own", "part.added": "part.added"} {
			x, err := c.Explain(path)
			if err != nil || !x.Known || len(x.Layers) != 1 || x.Layers[0].Origin.Key != want || x.Layers[0].Origin.Revision == "" {
				t.Errorf("%s is %+v, %v", path, x, err)
			}
		}
		text := c.Status().String()
		for x := range c.All() {
			text += fmt.Sprintf("%+v %v", x, x.Node)
		}
		if strings.Contains(text, secret) {
			t.Errorf("the secret shows: %s", text)
		}
		m.Set("part.nobodys", 1)
		m.Set("part.added", "x")
		refreshed(t, c)
		rejected := fmt.Sprint(c.Status().Rejected)
		if !strings.Contains(rejected, "part.added: ") || strings.Contains(rejected, "part.nobodys: unknown key") != (unknown == confsync.RejectUnknown) {
			t.Errorf("%v: %v", unknown, rejected)
		}
		m.Set("part.added", 3)
		refreshed(t, c)
		if all := c.Status().Unknown; unknown == confsync.WarnUnknown && (len(all) != 1 || all[0].Path.String() != "part.nobodys") {
			t.Errorf("unknown are %v", all)
		}
	}
}

// A section below what is a secret is one, whatever its own type says.
func TestSectionBelowASecret(t *testing.T) {
	type vault struct {
		Any  any `config:",secret"`
		Map  map[string]confsync.Secret
		Node *tree.Node `config:",secret"`
	}
	type plain struct {
		PW   string
		List []string
	}
	part := map[string]any{"pw": "hunter2"}
	m := sourcetest.NewMemory("m", map[string]any{"any": map[string]any{"pw": "hunter2", "list": []any{"hunter2"}}, "map": part, "node": part})
	c, err := confsync.Open(t.Context(), confsync.Options[vault]{Sources: []source.Source{m}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, path := range []string{"any", "map", "node"} {
		if v, err := confsync.Section[plain](c, path); err != nil || v.Get().PW != "hunter2" {
			t.Fatal(v, err)
		}
	}
	for x := range c.All() {
		if text := fmt.Sprintf("%+v %v", x, x.Node); strings.Contains(text, "hunter2") {
			t.Error(text)
		}
	}
	if x, err := c.Explain(""); err != nil || strings.Contains(x.Node.String(), "hunter2") {
		t.Errorf("%v, %v", x.Node, err)
	}
}
