package edits

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"strconv"

	"github.com/fsnotify/fsnotify"
	kratos "github.com/go-kratos/kratos/v2/config"
	kratosfile "github.com/go-kratos/kratos/v2/config/file"
	kratoslog "github.com/go-kratos/kratos/v2/log"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	koanffile "github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/nil-go/konf"
	konffile "github.com/nil-go/konf/provider/file"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/file"
)

// Watchers returns the floor, ourselves, and the others.
func Watchers() []Watcher {
	return []Watcher{
		{"fsnotify alone", watchBare}, {"confsync", watchConfsync}, {"konf", watchKonf},
		{"kratos", watchKratos}, {"koanf", watchKoanf}, {"viper", watchViper},
	}
}

// watchBare reads the file at every event, and no more of it than the number.
func watchBare(path string, tell func(int)) (func(), error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	if err := w.Add(path[:bytes.LastIndexByte([]byte(path), '/')]); err != nil {
		return nil, err
	}
	go func() {
		for e := range w.Events {
			if e.Name != path {
				continue
			}
			data, _ := os.ReadFile(path)
			_, rest, ok := bytes.Cut(data, []byte("\nnumber: "))
			line, _, whole := bytes.Cut(rest, []byte{'\n'})
			if n, err := strconv.Atoi(string(line)); ok && whole && err == nil {
				tell(n)
			}
		}
	}()
	return func() { w.Close() }, nil
}

func watchConfsync(path string, tell func(int)) (func(), error) {
	type app struct{ Number int }
	c, err := confsync.Open(context.Background(), confsync.Options[app]{
		Sources: []source.Source{file.New(path, nil)}, Logger: slog.New(slog.DiscardHandler), Unknown: confsync.IgnoreUnknown,
	})
	if err != nil {
		return nil, err
	}
	confsync.Watch(c, func(a *app) int { return a.Number }, func(n confsync.Change[int]) { tell(n.New) })
	return func() { c.Close() }, nil
}

func watchKonf(path string, tell func(int)) (func(), error) {
	c := konf.New(konf.WithLogHandler(slog.DiscardHandler))
	if err := c.Load(konffile.New(path, konffile.WithUnmarshal(yaml.Unmarshal))); err != nil {
		return nil, err
	}
	c.OnChange(func(c *konf.Config) {
		var n int
		if c.Unmarshal("number", &n) == nil {
			tell(n)
		}
	}, "number")
	ctx, stop := context.WithCancel(context.Background())
	go func() { _ = c.Watch(ctx) }()
	return stop, nil
}

func watchKratos(path string, tell func(int)) (func(), error) {
	kratoslog.SetLogger(kratoslog.NewStdLogger(io.Discard))
	c := kratos.New(kratos.WithSource(kratosfile.NewSource(path)))
	if err := c.Load(); err != nil {
		return nil, err
	}
	err := c.Watch("number", func(_ string, v kratos.Value) {
		if n, err := v.Int(); err == nil {
			tell(int(n))
		}
	})
	return func() { c.Close() }, err
}

func watchKoanf(path string, tell func(int)) (func(), error) {
	k, f := koanf.New("."), koanffile.Provider(path)
	if err := k.Load(f, koanfyaml.Parser()); err != nil {
		return nil, err
	}
	err := f.Watch(func(_ any, err error) {
		if err != nil {
			return
		}
		next := koanf.New(".")
		if next.Load(f, koanfyaml.Parser()) == nil {
			tell(next.Int("number"))
		}
	})
	return func() { _ = f.Unwatch() }, err
}

// watchViper never stops: viper has no way to.
func watchViper(path string, tell func(int)) (func(), error) {
	v := viper.NewWithOptions(viper.WithLogger(slog.New(slog.DiscardHandler)))
	v.SetConfigFile(path)
	if err := v.ReadInConfig(); err != nil {
		return nil, err
	}
	v.OnConfigChange(func(fsnotify.Event) { tell(v.GetInt("number")) })
	v.WatchConfig()
	return func() {}, nil
}
