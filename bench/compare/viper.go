package compare

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/spf13/viper"
)

// viperLib loads as its README does: ReadConfig, then Unmarshal.
//
// viper has fixed levels. Where there are two layers, the lower one is its
// defaults and the upper its config, which a change reads anew as WatchConfig
// does; that way a key that goes uncovers its default. Where there are more they
// are merged into the config by MergeConfigMap, and as viper forgets them in the
// merging, a change merges them all into a new viper. JSON is the fastest of its
// formats, so the config that is read anew is JSON.
type viperLib struct{}

func (viperLib) Name() string   { return "viper" }
func (viperLib) Module() string { return "github.com/spf13/viper" }

func (viperLib) Load(format Format, data []byte) (Loaded, error) {
	v := viper.New()
	v.SetConfigType(string(format))
	if err := v.ReadConfig(bytes.NewReader(data)); err != nil {
		return Loaded{}, err
	}
	f := new(Fleet)
	if err := v.Unmarshal(f); err != nil {
		return Loaded{}, err
	}
	return Loaded{Fleet: func() *Fleet { return f }, Held: []any{v, f}, Close: func() {}}, nil
}

func (viperLib) Open(s Setup) (Live, error) {
	if len(s.Subscribed) > 0 {
		return nil, noSubscriptions
	}
	l := &viperLive{layers: s.Layers}
	if len(s.Layers) == 2 {
		l.v = viper.New()
		l.v.SetConfigType("json")
		for key, value := range s.Layers[0] {
			l.v.SetDefault(key, value)
		}
	}
	top := len(s.Layers) - 1
	if err := l.Stage(Edit{Layer: top}, func() values { return s.Layers[top] }); err != nil {
		return nil, err
	}
	return l, l.Apply()
}

type viperLive struct {
	v      *viper.Viper
	layers []values // as they are now, lowest first
	staged func() error
	fleet  *Fleet
}

func (l *viperLive) Stage(e Edit, contents func() values) error {
	switch {
	case len(l.layers) != 2:
		l.layers[e.Layer] = contents()
		l.staged = l.merge
	case e.Layer == 0 && len(e.Delete) == 0:
		l.staged = func() error {
			for path, value := range e.Set {
				l.v.SetDefault(path, value)
			}
			return nil
		}
	case e.Layer == 0:
		return errCannot("a default can't be taken back")
	default:
		document, err := json.Marshal(contents())
		if err != nil {
			return err
		}
		l.staged = func() error { return l.v.ReadConfig(bytes.NewReader(document)) }
	}
	return nil
}

// merge makes a viper of all layers. MergeConfigMap may write to what it is
// given, so it has to be given copies.
func (l *viperLive) merge() error {
	l.v = viper.New()
	for _, layer := range l.layers {
		if err := l.v.MergeConfigMap(clone(layer)); err != nil {
			return err
		}
	}
	return nil
}

func (l *viperLive) Apply() error {
	if err := l.staged(); err != nil {
		return err
	}
	l.fleet = new(Fleet)
	return l.v.Unmarshal(l.fleet)
}

func (l *viperLive) Fleet() *Fleet { return l.fleet }

func (l *viperLive) Int(path string) (int, error) {
	if !l.v.IsSet(path) {
		return 0, fmt.Errorf("no %s", path)
	}
	return l.v.GetInt(path), nil
}

func (l *viperLive) Read(times int) (sum int) {
	v := l.v
	for range times {
		sum += v.GetInt(limitPath)
	}
	return sum
}

func (l *viperLive) Close() {}
