package compare

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"github.com/go-kratos/kratos/v2/config"
	"github.com/go-kratos/kratos/v2/encoding"
	"github.com/go-kratos/kratos/v2/log"
	"github.com/pelletier/go-toml/v2"
)

// kratosLib loads as its documentation does: a source, Load, then Scan. Scan goes
// through JSON, which has no durations, so the struct has one that reads itself.
//
// A change is a source's watcher that hands over the layer it is of, as the file
// source does, and the observer of the key that changes scans the struct. JSON
// is the fastest of its formats, so the layer is JSON.
type kratosLib struct{}

func (kratosLib) Name() string   { return "kratos" }
func (kratosLib) Module() string { return "github.com/go-kratos/kratos/v2" }

type jsonDuration time.Duration

func (d *jsonDuration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = jsonDuration(v)
	return err
}

type kratosFleet = FleetOf[jsonDuration]

// tomlCodec is registered because kratos comes without one.
type tomlCodec struct{}

func (tomlCodec) Marshal(v any) ([]byte, error)      { return toml.Marshal(v) }
func (tomlCodec) Unmarshal(data []byte, v any) error { return toml.Unmarshal(data, v) }
func (tomlCodec) Name() string                       { return string(TOML) }

// kratosGlobals sets what kratos has one of for the whole program.
var kratosGlobals = sync.OnceFunc(func() {
	encoding.RegisterCodec(tomlCodec{})
	log.SetLogger(log.NewStdLogger(io.Discard))
})

func newKratos(sources []config.Source) (config.Config, error) {
	kratosGlobals()
	c := config.New(config.WithSource(sources...))
	return c, c.Load()
}

func (kratosLib) Load(format Format, data []byte) (Loaded, error) {
	c, err := newKratos([]config.Source{newKratosSource("document", format, data)})
	if err != nil {
		return Loaded{}, err
	}
	f := new(kratosFleet)
	if err := c.Scan(f); err != nil {
		return Loaded{}, err
	}
	return Loaded{Fleet: f.plain, Held: []any{c, f}, Close: func() { c.Close() }}, nil
}

func (kratosLib) Open(s Setup) (Live, error) {
	switch {
	case len(s.Changes.Delete) > 0:
		return nil, errCannot("a key that goes stays in the merged result")
	case len(s.Changes.Set) > 0 && s.Changes.Layer < len(s.Layers)-1:
		return nil, errCannot("a layer that changes is merged over those above it")
	}
	return openKratos(s)
}

func openKratos(s Setup) (*kratosLive, error) {
	l := &kratosLive{rebuilt: make(chan error, 1), whole: len(s.Subscribed) == 0}
	var sources []config.Source
	for i, layer := range s.Layers {
		data, err := json.Marshal(layer)
		if err != nil {
			return nil, err
		}
		src := newKratosSource(layerName(i), JSON, data)
		l.layers, sources = append(l.layers, src), append(sources, src)
	}
	var err error
	if l.c, err = newKratos(sources); err != nil {
		return nil, err
	}
	observe := s.Subscribed
	if l.whole && (len(s.Changes.Set) > 0 || len(s.Changes.Delete) > 0) {
		observe = []string{s.Changes.path()}
	}
	for _, path := range observe {
		err := l.c.Watch(path, func(_ string, v config.Value) {
			if l.whole {
				l.rebuilt <- l.rebuild()
				return
			}
			if value, err := v.Int(); err == nil {
				s.Told(path, int(value))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return l, l.rebuild()
}

// kratosSource is a layer in memory, and its own watcher.
type kratosSource struct {
	name    string
	format  Format
	first   []byte
	next    chan []byte // no buffer; sent by Apply, never closed
	ctx     context.Context
	stopped func()
}

func newKratosSource(name string, format Format, data []byte) *kratosSource {
	ctx, stop := context.WithCancel(context.Background())
	return &kratosSource{name: name, format: format, first: data, next: make(chan []byte), ctx: ctx, stopped: stop}
}

func (k *kratosSource) keyValues(data []byte) []*config.KeyValue {
	return []*config.KeyValue{{Key: k.name, Value: data, Format: string(k.format)}}
}

func (k *kratosSource) Load() ([]*config.KeyValue, error) { return k.keyValues(k.first), nil }
func (k *kratosSource) Watch() (config.Watcher, error)    { return k, nil }

func (k *kratosSource) Next() ([]*config.KeyValue, error) {
	select {
	case data := <-k.next:
		return k.keyValues(data), nil
	case <-k.ctx.Done():
		return nil, k.ctx.Err()
	}
}

func (k *kratosSource) Stop() error {
	k.stopped()
	return nil
}

type kratosLive struct {
	c       config.Config
	layers  []*kratosSource
	whole   bool
	staged  func()
	fleet   *kratosFleet
	rebuilt chan error // one slot; sent by the observer, received by Apply, never closed
}

func (l *kratosLive) Stage(e Edit, contents func() values) error {
	data, err := json.Marshal(contents())
	l.staged = func() { l.layers[e.Layer].next <- data }
	return err
}

func (l *kratosLive) Apply() error {
	l.staged()
	if l.whole {
		return <-l.rebuilt
	}
	return nil
}

func (l *kratosLive) rebuild() error {
	l.fleet = new(kratosFleet)
	return l.c.Scan(l.fleet)
}

func (l *kratosLive) Fleet() *Fleet { return l.fleet.plain() }

func (l *kratosLive) Int(path string) (int, error) {
	value, err := l.c.Value(path).Int()
	return int(value), err
}

func (l *kratosLive) Read(times int) (sum int) {
	c := l.c
	for range times {
		value, _ := c.Value(limitPath).Int()
		sum += int(value)
	}
	return sum
}

func (l *kratosLive) Close() { l.c.Close() }
