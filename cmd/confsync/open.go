package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/cmd/confsync/place"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/tree"
)

// Config is a configuration of which no type is known.
type Config = confsync.Config[map[string]any]

// opened is a configuration with the places it comes from.
type opened struct {
	*Config
	shape  *tree.Shape // what the schema says; nil without one
	places []*place.Place
}

func (o *opened) Close() {
	if o.Config != nil {
		o.Config.Close()
	}
	place.CloseAll(o.places)
}

// open opens the sources of the command line.
func (a *app) open(ctx context.Context) (*opened, error) { return a.openAll(ctx, a.sources) }

func (a *app) openAll(ctx context.Context, addresses []string) (*opened, error) {
	if len(addresses) == 0 {
		return nil, errors.New("no source; name one with -s, or in CONFSYNC_SOURCES")
	}
	o := &opened{}
	var err error
	if a.schema != "" {
		if o.shape, err = shapeOfSchema(a.schema); err != nil {
			return nil, err
		}
	}
	if o.places, err = place.All(addresses); err != nil {
		return nil, err
	}
	sources, err := a.sourcesOf(ctx, o.places, o.shape)
	if err == nil {
		o.Config, err = confsync.Open(ctx, a.options(sources))
	}
	if err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// unusable returns err, with the exit code for "no" if the sources were asked and
// can't be used.
func unusable(err error) error {
	var rejected *confsync.Error
	if errors.As(err, &rejected) {
		return exit{exitNo, err}
	}
	return err
}

func (a *app) options(sources []source.Source) confsync.Options[map[string]any] {
	return confsync.Options[map[string]any]{
		Sources:      sources,
		StartTimeout: a.timeout,
		Logger:       slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// sourcesOf returns the sources of places. Those of flat names, such as the
// environment, are told the keys: those of the schema, or else those that the
// others hold.
func (a *app) sourcesOf(ctx context.Context, places []*place.Place, shape *tree.Shape) (all []source.Source, err error) {
	var others []source.Source
	for _, p := range places {
		if !p.Flat {
			others = append(others, p.Source)
		}
	}
	if shape == nil && 0 < len(others) && len(others) < len(places) {
		if shape, err = a.keysOf(ctx, others); err != nil {
			return nil, err
		}
	}
	for _, p := range places {
		src := p.Source
		if s, ok := src.(source.Shaped); ok && p.Flat && shape != nil {
			src = known{s, shape}
		}
		all = append(all, src)
	}
	return all, nil
}

// keysOf opens sources for a moment, to see which keys they hold.
func (a *app) keysOf(ctx context.Context, sources []source.Source) (*tree.Shape, error) {
	cfg, err := confsync.Open(ctx, a.options(sources))
	if err != nil {
		return nil, err
	}
	defer cfg.Close()
	root, err := nodeOf(cfg)
	return shapeOf(root), err
}

// known is a source that is given a shape of ours, rather than that of the type.
type known struct {
	source.Shaped
	shape *tree.Shape
}

func (k known) WithShape(*tree.Shape) (source.Source, error) { return k.Shaped.WithShape(k.shape) }
func (k known) Unwrap() source.Source                        { return k.Shaped }

// nodeOf returns the values of a configuration as a tree.
func nodeOf(cfg *Config) (*tree.Node, error) {
	t, err := tree.FromGo(*cfg.Get())
	return t.Root(), err
}
