package dump_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/dump"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/document"
	"github.com/confsync/confsync/tree"
)

type app struct {
	Name   string `default:"on"`
	Port   uint16
	Huge   uint64
	Ratio  float64
	Inf    float64
	NaN    float64
	On     bool
	Wait   time.Duration
	Since  time.Time
	Page   url.URL
	Level  slog.Level
	Limit  confsync.Size
	Raw    []byte
	Bytes  []byte
	JSON   json.RawMessage
	Reads  readsJSON
	Nil    *int `default:"5"`
	Tags   []string
	Ports  []int
	Pairs  [][2]int
	Labels map[string]string
	ByID   map[int]bool
	Any    any
	More   any
	Server struct {
		MaxConns int
		Idle     int `default:"2"`
	}
	Services map[string]*service
	Servers  []service
	Rest     map[string]any `config:",remain"`

	Password confsync.Secret
	Token    string         `config:"token,secret"`
	Pin      int            `config:"pin,secret"`
	Keys     []string       `config:"keys,secret"`
	Hidden   map[string]any `config:"hidden,secret"`
}

type readsJSON struct{ Text string }

func (r *readsJSON) UnmarshalJSON(data []byte) error {
	r.Text = string(data)
	return nil
}

type service struct {
	Host   string
	Port   int    `default:"80"`
	Secret string `config:"secret,secret"`
}

const high = `{"port": "8080", "huge": 18446744073709551615, "ratio": 1e3, "inf": "inf", "nan": "NaN", "on": "true", "wait": "1m30s",
	"since": "2024-01-31 05:06:07", "page": "https://example.com/a?b#c", "level": "WARN+1", "limit": "10MiB", "raw": "a\u0000b",
	"bytes": [1, 2, 255], "json": {"b": [1, "x", null], "a": 1.50}, "reads": {"x": [true]},
	"nil": null, "tags": ["a", "true", "5", "", "- x", "# y", "a: b", "<&>", "\u2028", "0x1F", "~", "'", "\"", "a\nb\n", " lead", "2024-01-31"],
	"ports": "1, 2,3", "pairs": {"1": [3, 4], "0": ["1", "2"]}, "labels": {"on": "off", "a.b": "c", "": "empty", "a/b c": "x", "null": "~", "1": "one", "é": "ü"},
	"byid": {"1": true, "22": false}, "any": [1, 1.5, "1", "1.5", true, "true", null, {"x": [], "y": {}}, 1e2], "more": {"0": "a", "1": "b"},
	"server": {"MAX_CONNS": "7"}, "services": {"a": {"host": "h", "secret": "hunter2"}, "b": {}}, "servers": [{"host": "h"}, {"port": 1}],
	"extra": {"deep": [1]}, "password": "hunter2", "token": "hunter2", "pin": 13371337, "keys": ["hunter2", "hunter2"],
	"hidden": {"a": "hunter2", "b": {"c": ["hunter2"]}}}`

type text struct {
	name   string
	format document.Format
	data   string
}

func (s text) Name() string { return s.name }

func (s text) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	made, err := document.Decode(s.format, []byte(s.data), document.Limits{})
	emit(source.Snapshot{Tree: made.Located(func(p tree.Path, at tree.Place) tree.Origin {
		return tree.Origin{Kind: "file", Key: s.name, Line: int(at.Line), Column: int(at.Column)}
	}), Err: err})
	<-ctx.Done()
	return ctx.Err()
}

func open[T any](t *testing.T, sources ...source.Source) *confsync.Config[T] {
	t.Helper()
	c, err := confsync.Open(t.Context(), confsync.Options[T]{Sources: sources, Logger: slog.New(slog.DiscardHandler), Unknown: confsync.RejectUnknown})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestLoadedAgain asserts that a dump, loaded with a layer of the secrets above
// it, gives the value that was dumped, in every format.
func TestLoadedAgain(t *testing.T) {
	c := open[app](t, text{"low.json", document.JSON, `{"server": {"idle": 9}, "labels": {"low": "x"}}`}, text{"high.json", document.JSON, high})
	for name, opts := range map[string]*dump.Options{"YAML": nil, "with origins": {Origins: true}, "JSON": {Format: dump.JSON}} {
		var b bytes.Buffer
		if err := dump.Write(&b, c, opts); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "hunter2") || strings.Contains(b.String(), "13371337") {
			t.Errorf("%s shows a secret:\n%s", name, b.String())
		}
		format := document.YAML
		if opts != nil {
			format = map[dump.Format]document.Format{dump.YAML: document.YAML, dump.JSON: document.JSON}[opts.Format]
		}
		again := open[app](t, text{"dump", format, b.String()}, text{"secrets", document.JSON, `{
			"services": {"a": {"secret": "hunter2"}}, "password": "hunter2", "token": "hunter2", "pin": 13371337, "keys": ["hunter2", "hunter2"],
			"hidden": {"a": "hunter2", "b": {"c": ["hunter2"]}}}`})
		got, want := *again.Get(), *c.Get()
		if got.NaN == got.NaN || want.NaN == want.NaN {
			t.Errorf("%s: %v is a number", name, got.NaN)
		}
		got.NaN, want.NaN = 0, 0
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v\nwant %+v\n%s", name, got, want, b.String())
		}
	}
}

// texts has what a text can be.
type texts struct {
	S, T   string
	B      []byte
	List   []string
	Map    map[string]string
	Any    any
	Nested map[string]any
	JSON   json.RawMessage
	Kept   *tree.Node
	Rest   map[string]any `config:",remain"`
}

// TestTextsAreLoadedAgain asserts that whatever texts and keys there are, a dump
// gives the same value again, or says which one it can't hold.
func TestTextsAreLoadedAgain(t *testing.T) {
	pieces := []string{"\xff", "\x80", "\xc3", "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\ufeff", "\ufffd", "\ufffe", "\U0001F600", "é", "\r", "\n", "\t", " ", "",
		"a", "true", "null", "~", "0", "0x1F", "1e3", ".5", ".nan", "2024-01-31", "<<", "=", "-", "- ", "?", ": ", "#", " #", "!!binary", "&a", "*a", "|", ">", "%", "@", "`", "'", "\"", "\\", "{", "}", "[", "]", ",", "$", "${x}", "/", "."}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	some := func() string {
		var text string
		for range r.IntN(4) {
			text += pieces[r.IntN(len(pieces))]
		}
		return text
	}
	written := map[string]int{}
	for i := range 1000 {
		values := map[string]any{
			"s": some(), "t": some(), "b": some(), "list": []any{some(), some()}, "map": map[string]any{some(): some(), "k": some()},
			"any": some(), "nested": map[string]any{some(): []any{some(), map[string]any{some(): some()}}}, "kept": some(), "x" + some(): some(),
		}
		if js := some(); json.Valid([]byte(js)) {
			values["json"] = js
		}
		c := open[texts](t, source.Static("s", values))
		for name, opts := range map[string]*dump.Options{"YAML": nil, "JSON": {Format: dump.JSON}} {
			var b bytes.Buffer
			if err := dump.Write(&b, c, opts); err != nil {
				if !strings.Contains(err.Error(), "isn't UTF-8") || utf8.ValidString(fmt.Sprint(values)) {
					t.Errorf("seed %d, %d: %v", seed, i, err)
				}
				continue
			}
			written[name]++
			again := open[texts](t, text{"dump", map[string]document.Format{"YAML": document.YAML, "JSON": document.JSON}[name], b.String()})
			got, want := *again.Get(), *c.Get()
			if !got.Kept.Equal(want.Kept) {
				t.Errorf("seed %d, %d: %s: got %v, want %v", seed, i, name, got.Kept, want.Kept)
			}
			if got.Kept, want.Kept = nil, nil; !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d, %d: %s:\n got %q\nwant %q\n%s", seed, i, name, got, want, b.String())
			}
			again.Close()
		}
		c.Close()
	}
	if written["YAML"] < 100 || written["JSON"] < 100 {
		t.Errorf("seed %d: %v were written: they don't tell much", seed, written)
	}
}

// TestLoadedAlone asserts that what stands for secrets binds, whatever their types.
func TestLoadedAlone(t *testing.T) {
	c := open[app](t, text{"high.json", document.JSON, high})
	var b bytes.Buffer
	if err := dump.Write(&b, c, nil); err != nil {
		t.Fatal(err)
	}
	again := open[app](t, text{"dump", document.YAML, b.String()}).Get()
	if again.Token != "<redacted>" || again.Password.Reveal() != "<redacted>" || again.Pin != 0 || again.Port != 8080 {
		t.Errorf("%+v\n%s", again, b.String())
	}
}

// TestUnknownKeysAreLeftOut asserts that what no field takes isn't dumped: it
// would be refused, and may be a misspelled secret.
func TestUnknownKeysAreLeftOut(t *testing.T) {
	c, err := confsync.Open(t.Context(), confsync.Options[service]{
		Sources: []source.Source{source.Static("s", map[string]any{"pasword": "hunter2", "host": "h"})}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var b bytes.Buffer
	if err := dump.Write(&b, c, nil); err != nil || b.String() != "host: h\nport: 80\n" {
		t.Errorf("%v\n%s", err, b.String())
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestErrors asserts what Write refuses, and that a writer's error comes back.
func TestErrors(t *testing.T) {
	c := open[service](t)
	if err := dump.Write(broken{}, c, nil); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("%v", err)
	}
	for _, opts := range []dump.Options{{Format: dump.JSON, Origins: true}, {Format: 7}} {
		if err := dump.Write(&bytes.Buffer{}, c, &opts); err == nil {
			t.Errorf("%+v is taken", opts)
		}
	}
}
