package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// Pool stands for something that is opened and closed.
type Pool struct{ size int }

func OpenPool(size int) (*Pool, error) {
	if size < 1 {
		return nil, errors.New("a pool needs a size")
	}
	fmt.Println("open a pool of", size)
	return &Pool{size}, nil
}

func (p *Pool) Close() { fmt.Println("close the pool of", p.size) }

func ExampleDerive() {
	type App struct{ Pool PoolConfig }
	store := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": 4}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	tried := make(chan struct{}, 1)
	pool, err := confsync.Derive(cfg, func(a *App) (*Pool, error) {
		defer func() { tried <- struct{}{} }()
		return OpenPool(a.Pool.Size)
	}, func(p *Pool) {
		p.Close()
		tried <- struct{}{}
	})
	if err != nil {
		panic(err)
	}
	<-tried

	store.Set("pool.size", 8)
	<-tried // built
	<-tried // and the one before released
	fmt.Println("using the pool of", pool.Get().size)

	store.Set("pool.size", 0)
	<-tried
	store.Set("pool.size", -1)
	<-tried // so that the failure before is on record
	fmt.Println("still using the pool of", pool.Get().size, "because:", pool.Err())

	fmt.Println(pool.Close())
	// Output:
	// open a pool of 4
	// open a pool of 8
	// close the pool of 4
	// using the pool of 8
	// still using the pool of 8 because: a pool needs a size
	// close the pool of 8
	// <nil>
}

func ExampleVeto() {
	type App struct{ Pool PoolConfig }
	store := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": 4}})
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	closed := make(chan struct{}, 1)
	pool, err := confsync.Derive(cfg, func(a *App) (*Pool, error) { return OpenPool(a.Pool.Size) }, func(p *Pool) {
		p.Close()
		closed <- struct{}{}
	}, confsync.Veto())
	if err != nil {
		panic(err)
	}
	store.Set("pool.size", 0) // no pool can be opened with it, so it is not served
	_, problem, _ := strings.Cut(cfg.Refresh(ctx).Error(), "\n\n")
	fmt.Println("refused:", problem)
	fmt.Println("serving", cfg.Get().Pool.Size, "and a pool of", pool.Get().size)

	store.Set("pool.size", 8)
	<-closed
	p, generation := pool.Current()
	fmt.Println("a pool of", p.size, "in generation", generation)
	// Output:
	// open a pool of 4
	// refused: a pool needs a size
	// serving 4 and a pool of 4
	// open a pool of 8
	// close the pool of 4
	// a pool of 8 in generation 2
}

func ExampleDerived_Current() {
	type App struct{ Pool PoolConfig }
	src := source.Static("app", map[string]any{"pool": map[string]any{"size": 4}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{src}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	d, err := confsync.Derive(cfg, func(a *App) (string, error) { return fmt.Sprint("pool of ", a.Pool.Size), nil }, nil)
	if err != nil {
		panic(err)
	}
	defer d.Close()
	fmt.Println(d.Current())
	// Output: pool of 4 1
}
