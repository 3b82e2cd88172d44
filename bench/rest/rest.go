// Package rest measures what a configuration costs while nothing changes.
//
// Each client runs in a process of its own behind a proxy of its own that
// counts bytes: one that is connected and does nothing, one that watches as the
// store's documentation says, and confsync's.
package rest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/confsync/confsync/bench/child"
	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/internal/testserver"
)

// Kind is what a client does.
type Kind string

// The kinds.
const (
	Idle Kind = "connected" // and nothing else
	Bare Kind = "its own watch"
	Ours Kind = "confsync"
)

// Kinds returns all of them.
func Kinds() []Kind { return []Kind{Idle, Bare, Ours} }

// Usage is what a process used up in some time, and the goroutines it has.
type Usage struct {
	CPU         time.Duration
	Allocations uint64
	Goroutines  int
}

// Result is what one kind of client cost with one store.
type Result struct {
	Store    string
	Kind     Kind
	For      time.Duration
	Used     Usage
	Up, Down int64 // bytes to the server and from it
}

// Plan says what to measure.
type Plan struct {
	Keys   int
	Settle time.Duration // before it begins
	For    time.Duration
}

// Measure measures stores, all kinds of all of them at the same time.
func Measure(ctx context.Context, all []stores.Store, p Plan) ([]Result, error) {
	var results []Result
	err := stage.With(ctx, func(t testing.TB) error {
		var clients []*client
		for _, s := range all {
			addr := s.Serve(t).Addr()
			if err := prepare(ctx, s, addr, p.Keys); err != nil {
				return fmt.Errorf("%s: %w", s.Title, err)
			}
			for _, kind := range Kinds() {
				c, err := start(t, s, kind, addr)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", s.Title, kind, err)
				}
				defer c.Stop()
				clients = append(clients, c)
			}
		}
		if err := pause(ctx, p.Settle); err != nil {
			return err
		}
		for _, c := range clients {
			if err := c.begin(); err != nil {
				return err
			}
		}
		if err := pause(ctx, p.For); err != nil {
			return err
		}
		for _, c := range clients {
			if err := c.end(); err != nil {
				return err
			}
			c.result.For = p.For
			results = append(results, c.result)
		}
		return nil
	})
	return results, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// prefix is where the keys are.
const prefix = "bench"

func prepare(ctx context.Context, s stores.Store, addr string, n int) error {
	c, err := s.Open(addr, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return stage.Prepare(ctx, s, c, prefix, n)
}

// client is a process and the proxy before it.
type client struct {
	*child.Child
	proxy  *testserver.Proxy
	result Result
}

// request asks a process to begin counting or to end, and answer is what it has
// counted.
type request struct{ Begin bool }

type answer struct {
	Error string
	Used  Usage
}

func start(t testing.TB, s stores.Store, kind Kind, addr string) (*client, error) {
	proxy := testserver.NewProxy(t, addr)
	process, err := child.Start(WorkerFlag, s.Name, string(kind), proxy.Addr())
	if err != nil {
		return nil, err
	}
	c := &client{Child: process, proxy: proxy, result: Result{Store: s.Title, Kind: kind}}
	var greeting answer
	err = process.Answer(&greeting)
	if err == nil && greeting.Error != "" {
		err = errors.New(greeting.Error)
	}
	if err != nil {
		process.Stop()
		return nil, err
	}
	return c, nil
}

func (c *client) begin() error {
	var a answer
	if err := c.Ask(request{Begin: true}, &a); err != nil {
		return err
	}
	up, down := c.proxy.Bytes()
	c.result.Up, c.result.Down = -up, -down
	return nil
}

func (c *client) end() error {
	up, down := c.proxy.Bytes()
	c.result.Up, c.result.Down = c.result.Up+up, c.result.Down+down
	var a answer
	err := c.Ask(request{}, &a)
	c.result.Used = a.Used
	return err
}
