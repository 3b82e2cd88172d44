package compare

import (
	"fmt"

	"github.com/knadh/koanf/parsers/json"
	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/v2"
)

// koanfLib loads as its README does: a provider with a parser, then Unmarshal.
//
// A change that only sets keys of the highest layer is loaded over what is
// there, which koanf documents as merging and which is the least it can do. Any
// other change follows the README's "throw away the old config and load a fresh
// copy". The layers are kept parsed for that, and given by its confmap provider,
// so that no document is read again.
type koanfLib struct{}

func (koanfLib) Name() string   { return "koanf" }
func (koanfLib) Module() string { return "github.com/knadh/koanf/v2" }

func (koanfLib) Load(format Format, data []byte) (Loaded, error) {
	parser := map[Format]koanf.Parser{YAML: yaml.Parser(), JSON: json.Parser(), TOML: toml.Parser()}[format]
	k := koanf.New(".")
	if err := k.Load(rawbytes.Provider(data), parser); err != nil {
		return Loaded{}, err
	}
	f := new(Fleet)
	if err := k.Unmarshal("", f); err != nil {
		return Loaded{}, err
	}
	return Loaded{Fleet: func() *Fleet { return f }, Held: []any{k, f}, Close: func() {}}, nil
}

func (koanfLib) Open(s Setup) (Live, error) {
	if len(s.Subscribed) > 0 {
		return nil, noSubscriptions
	}
	l := &koanfLive{layers: s.Layers}
	return l, l.reload()
}

type koanfLive struct {
	layers []values // as they are now, lowest first
	edit   Edit
	k      *koanf.Koanf
	fleet  *Fleet
}

func (l *koanfLive) Stage(e Edit, contents func() values) error {
	l.edit, l.layers[e.Layer] = e, contents()
	return nil
}

func (l *koanfLive) Apply() error {
	if len(l.edit.Delete) > 0 || l.edit.Layer < len(l.layers)-1 {
		return l.reload()
	}
	if err := l.k.Load(confmap.Provider(l.layers[l.edit.Layer], ""), nil); err != nil {
		return err
	}
	return l.rebuild()
}

func (l *koanfLive) reload() error {
	l.k = koanf.New(".")
	for _, layer := range l.layers {
		if err := l.k.Load(confmap.Provider(layer, ""), nil); err != nil {
			return err
		}
	}
	return l.rebuild()
}

func (l *koanfLive) rebuild() error {
	l.fleet = new(Fleet)
	return l.k.Unmarshal("", l.fleet)
}

func (l *koanfLive) Fleet() *Fleet { return l.fleet }

func (l *koanfLive) Int(path string) (int, error) {
	if !l.k.Exists(path) {
		return 0, fmt.Errorf("no %s", path)
	}
	return l.k.Int(path), nil
}

func (l *koanfLive) Read(times int) (sum int) {
	k := l.k
	for range times {
		sum += k.Int(limitPath)
	}
	return sum
}

func (l *koanfLive) Close() {}
