package compare

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing/fstest"

	"github.com/nil-go/konf"
	"github.com/nil-go/konf/provider/fs"
	"github.com/pelletier/go-toml/v2"
	"go.yaml.in/yaml/v3"
)

// konfLib loads as its README does: a file of an fs.FS, parsed by the function
// that WithUnmarshal is given (its examples give yaml.Unmarshal), then Unmarshal.
//
// A change comes from a loader with a Watch, and its OnChange callback, of the
// whole for the struct and of a path for a subscriber, unmarshals what it wants.
type konfLib struct{}

func (konfLib) Name() string   { return "konf" }
func (konfLib) Module() string { return "github.com/nil-go/konf" }

func newKonf() *konf.Config { return konf.New(konf.WithLogHandler(slog.DiscardHandler)) }

func (konfLib) Load(format Format, data []byte) (Loaded, error) {
	files := fstest.MapFS{"document": &fstest.MapFile{Data: data}}
	parse := map[Format]func([]byte, any) error{YAML: yaml.Unmarshal, JSON: json.Unmarshal, TOML: toml.Unmarshal}[format]
	c := newKonf()
	if err := c.Load(fs.New(files, "document", fs.WithUnmarshal(parse))); err != nil {
		return Loaded{}, err
	}
	f := new(Fleet)
	if err := c.Unmarshal("", f); err != nil {
		return Loaded{}, err
	}
	return Loaded{Fleet: func() *Fleet { return f }, Held: []any{c, f}, Close: func() {}}, nil
}

func (konfLib) Open(s Setup) (Live, error) {
	ctx, stop := context.WithCancel(context.Background())
	l := &konfLive{c: newKonf(), stop: stop, ended: make(chan struct{}), rebuilt: make(chan error, 1), whole: len(s.Subscribed) == 0}
	for i, layer := range s.Layers {
		loader := &konfLoader{name: layerName(i), first: layer, next: make(chan values)}
		l.layers = append(l.layers, loader)
		if err := l.c.Load(loader); err != nil {
			return nil, err
		}
	}
	if l.whole {
		l.c.OnChange(func(c *konf.Config) { l.rebuilt <- l.rebuild() })
	}
	for _, path := range s.Subscribed {
		l.c.OnChange(func(c *konf.Config) {
			var value int
			if c.Unmarshal(path, &value) == nil {
				s.Told(path, value)
			}
		}, path)
	}
	go func() {
		defer close(l.ended)
		_ = l.c.Watch(ctx) // it ends with ctx
	}()
	konf.SetDefault(l.c)
	return l, l.rebuild()
}

// konfLoader is a layer in memory.
type konfLoader struct {
	name  string
	first values
	next  chan values // no buffer; sent by Apply, never closed
}

func (k *konfLoader) String() string { return k.name }

func (k *konfLoader) Load() (map[string]any, error) { return k.first, nil }

func (k *konfLoader) Watch(ctx context.Context, onChange func(map[string]any)) error {
	for {
		select {
		case v := <-k.next:
			onChange(v)
		case <-ctx.Done():
			return nil
		}
	}
}

type konfLive struct {
	c       *konf.Config
	layers  []*konfLoader
	whole   bool
	staged  func()
	fleet   *Fleet
	rebuilt chan error // one slot; sent by the callback, received by Apply, never closed
	stop    func()
	ended   chan struct{} // closed when the watch has
}

func (l *konfLive) Stage(e Edit, contents func() values) error {
	now := contents()
	l.staged = func() { l.layers[e.Layer].next <- now }
	return nil
}

func (l *konfLive) Apply() error {
	l.staged()
	if l.whole {
		return <-l.rebuilt
	}
	return nil
}

func (l *konfLive) rebuild() error {
	l.fleet = new(Fleet)
	return l.c.Unmarshal("", l.fleet)
}

func (l *konfLive) Fleet() *Fleet { return l.fleet }

func (l *konfLive) Int(path string) (value int, err error) {
	return value, l.c.Unmarshal(path, &value)
}

// Read reads as the README does, through the default Config.
func (l *konfLive) Read(times int) (sum int) {
	for range times {
		sum += konf.Get[int](limitPath)
	}
	return sum
}

func (l *konfLive) Close() {
	l.stop()
	<-l.ended
}
