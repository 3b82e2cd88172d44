package leaks

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/dump"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
	"github.com/confsync/confsync/web"
)

// sourceOf returns a source that gives one snapshot.
func sourceOf(name string, snap source.Snapshot) source.Source { return fixed{name, snap} }

type fixed struct {
	name string
	snap source.Snapshot
}

func (f fixed) Name() string { return f.name }
func (f fixed) Watch(ctx context.Context, emit func(source.Snapshot)) error {
	emit(f.snap)
	<-ctx.Done()
	return ctx.Err()
}

// heard is all that the library has said, by where.
type heard struct {
	mu    sync.Mutex
	texts map[string]string
}

func (h *heard) add(where, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts[where] += text + "\n"
}

// values adds a value in every way that it can be printed.
func (h *heard) values(where string, values ...any) {
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			h.add(where+" "+verb, fmt.Sprintf(verb, v))
		}
		if data, err := json.Marshal(v); err == nil {
			h.add(where+" JSON", string(data))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("value", "value", v)
		h.add(where+" slog", log.String())
	}
}

// Write takes what is logged.
func (h *heard) Write(p []byte) (int, error) {
	h.add("log", string(p))
	return len(p), nil
}

// scan returns where a secret was heard, in the clear, in base64 or in hex.
func (h *heard) scan(s *seeds) (found []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for where, text := range h.texts {
		for _, seed := range s.made {
			for _, form := range []string{seed, base64.StdEncoding.EncodeToString([]byte(seed)), fmt.Sprintf("%x", seed)} {
				if i := strings.Index(text, form); i >= 0 {
					found = append(found, fmt.Sprintf("%s: %q", where, text[max(0, i-100):min(len(text), i+len(form)+60)]))
				}
			}
		}
	}
	return found
}

// listen opens a configuration of sources over one good layer, and takes down
// everything that there is to hear of it.
func (h *heard) listen(t *testing.T, src source.Source, edit func(*confsync.Options[zoo])) {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "cache")
	opts := confsync.Options[zoo]{
		Sources: []confsync.Source{
			source.Static("below", map[string]any{"plain": control, "number": 1}),
			source.Named("above", source.Cached(cache, src)),
		},
		Logger: slog.New(slog.NewJSONHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if edit != nil {
		edit(&opts)
	}
	cfg, err := confsync.Open(t.Context(), opts)
	h.values("error of Open", err)
	var problems *confsync.Error
	if errors.As(err, &problems) {
		for _, p := range problems.Problems {
			h.values("problem", p, p.Origin, p.Err)
		}
	}
	if err == nil {
		h.config(t, cfg)
		cfg.Close()
	}
	if kept, err := os.ReadFile(cache); err == nil {
		h.add("cache", string(kept))
	}
}

func (h *heard) config(t *testing.T, cfg *confsync.Config[zoo]) {
	t.Helper()
	h.values("refresh", cfg.Refresh(t.Context()))
	h.values("status", cfg.Status())
	h.values("config", cfg)
	h.values("history", cfg.History())
	for x := range cfg.All() {
		h.values("all", x)
	}
	for _, path := range paths(reflect.TypeFor[zoo](), nil) {
		x, err := cfg.Explain(path.String())
		h.values("explain", x, err)
	}
	for _, opts := range []*dump.Options{nil, {Format: dump.JSON}, {Origins: true}} {
		var b bytes.Buffer
		err := dump.Write(&b, cfg, opts)
		h.values("dump", err)
		h.add("dump", b.String())
	}
	h.page(t, cfg)
}

// page fetches the live page, its JSON, and the first of its events.
func (h *heard) page(t *testing.T, cfg *confsync.Config[zoo]) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, query := range []string{"", "json", "events"} {
		answer := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/?"+query, nil)
		if query == "events" {
			web.Handler(cfg).ServeHTTP(&firstWrite{answer, cancel}, request)
		} else {
			web.Handler(cfg).ServeHTTP(answer, request)
		}
		h.add("page "+query, answer.Body.String())
	}
}

// firstWrite ends a request once something was written to it.
type firstWrite struct {
	*httptest.ResponseRecorder
	then func()
}

func (w *firstWrite) Write(p []byte) (int, error) {
	defer w.then()
	return w.ResponseRecorder.Write(p)
}

// paths returns the paths of a type's fields, and of an element of each map and
// list.
func paths(t reflect.Type, at tree.Path) (all []tree.Path) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	all = append(all, at)
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			all = append(all, paths(t.Field(i).Type, at.Child(strings.ToLower(t.Field(i).Name)))...)
		}
	case reflect.Map, reflect.Slice:
		for _, key := range []string{"0", "1", "a", "t", "x"} {
			all = append(all, paths(t.Elem(), at.Child(key))...)
		}
	}
	return all
}

// check scans what was heard.
func (h *heard) check(t *testing.T, s *seeds) {
	t.Helper()
	for i, where := range h.scan(s) {
		if i == 5 {
			t.Error("…")
			return
		}
		t.Error(where)
	}
}

func newHeard() *heard { return &heard{texts: map[string]string{}} }

// TestGoodValues plants secrets in every place, and reads everything.
func TestGoodValues(t *testing.T) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			h, s := newHeard(), &seeds{}
			h.listen(t, p.open(t, planted(s)), nil)
			h.check(t, s)
			for where, text := range map[string]string{"all %v": control, "dump": control, "page json": control, "page events": "generation"} {
				if !strings.Contains(h.texts[where], text) {
					t.Errorf("%s doesn't tell what is no secret", where)
				}
			}
		})
	}
}

// TestWrongValues spoils the values in every way, in every place.
func TestWrongValues(t *testing.T) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for _, w := range wrongs() {
				t.Run(w.name, func(t *testing.T) {
					h, s := newHeard(), &seeds{}
					values := planted(s)
					w.spoil(values, s)
					h.listen(t, p.open(t, values), nil)
					h.check(t, s)
				})
			}
		})
	}
}

// TestBrokenDocuments has a mistake right where a secret stands.
func TestBrokenDocuments(t *testing.T) {
	s := &seeds{}
	for name, text := range brokenDocuments(s) {
		t.Run(name, func(t *testing.T) {
			h := newHeard()
			src := inFile(name, func(any) ([]byte, error) { return []byte(text), nil })(t, nil)
			h.listen(t, src, nil)
			h.check(t, s)
		})
	}
}

// TestCodeOfTheProgram has hooks and validators that say what they were given.
func TestCodeOfTheProgram(t *testing.T) {
	refuse := func(_, next *zoo) error { return fmt.Errorf("no: %s %d %v", next.Tagged, next.Number, next.Section) }
	for name, edit := range map[string]func(*confsync.Options[zoo]){
		"a hook's error": func(o *confsync.Options[zoo]) {
			o.DecodeHooks = append(o.DecodeHooks, func(_, to reflect.Type, data any) (any, error) {
				if to.Kind() == reflect.Struct || to == reflect.TypeFor[confsync.Secret]() {
					return nil, fmt.Errorf("can't use %v", data)
				}
				return data, nil
			})
		},
		"a hook's panic": func(o *confsync.Options[zoo]) {
			o.DecodeHooks = append(o.DecodeHooks, func(_, to reflect.Type, data any) (any, error) { panic(fmt.Sprint("can't use ", data)) })
		},
		"a validator's error":  func(o *confsync.Options[zoo]) { o.Validate = refuse },
		"a validator's panic":  func(o *confsync.Options[zoo]) { o.Validate = func(a, b *zoo) error { panic(refuse(a, b)) } },
		"a validator's string": func(o *confsync.Options[zoo]) { o.Validate = func(a, b *zoo) error { panic(refuse(a, b).Error()) } },
		"a named value": func(o *confsync.Options[zoo]) {
			o.Validate = func(a, b *zoo) error { return confsync.Invalid(refuse(a, b), "tagged", "section.key") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, p := range places() {
				h, s := newHeard(), &seeds{}
				h.listen(t, p.open(t, planted(s)), edit)
				h.check(t, s)
			}
		})
	}
}

// TestScanFinds asserts that the scan finds a secret in each form.
func TestScanFinds(t *testing.T) {
	s := &seeds{}
	seed := s.text("x")
	for _, text := range []string{"a " + seed + " b", base64.StdEncoding.EncodeToString([]byte(seed)), fmt.Sprintf("%x", seed)} {
		h := newHeard()
		h.values("somewhere", text)
		if len(h.scan(s)) == 0 {
			t.Errorf("%q is not found", text)
		}
	}
}
