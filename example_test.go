package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/sourcetest"
)

// Three layers: a file of defaults, a store, and the environment on top. The
// store is one that a test drives; a program has consul.New, etcd.New, redis.New
// or zookeeper.New in its place.
func Example() {
	type App struct {
		HTTP struct {
			Addr    string        `default:":8080"`
			Timeout time.Duration `default:"5s"`
		}
		Pool struct{ Size int }
	}
	dir, err := os.MkdirTemp("", "confsync")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(path, []byte("http: {timeout: 2s}\npool: {size: 4}\n"), 0o600); err != nil {
		panic(err)
	}
	store := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": "8"}})
	environ := func() []string { return []string{"CHECKOUT_HTTP_ADDR=:9090"} } // a program has os.Environ

	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{
		Sources: []source.Source{ // lowest precedence first
			file.New(path, nil),
			store,
			env.New("CHECKOUT", &env.Options{Environ: environ}),
		},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().HTTP.Addr, cfg.Get().HTTP.Timeout, cfg.Get().Pool.Size)

	resized := make(chan int)
	confsync.Watch(cfg, func(a *App) int { return a.Pool.Size }, func(c confsync.Change[int]) {
		fmt.Printf("pool.size was %d, is %d\n", c.Old, c.New)
		resized <- c.New
	})
	store.Set("pool.size", "16")
	<-resized
	store.Delete("pool.size") // what the file says is uncovered
	<-resized
	// Output:
	// :9090 2s 8
	// pool.size was 8, is 16
	// pool.size was 16, is 4
}

func ExampleOpen() {
	type App struct {
		Port uint16 `config:"port,required"`
		Host string `default:"localhost"`
	}
	_, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("defaults", map[string]any{"host": []any{"a", "b"}})},
	})
	fmt.Println(err)
	// Output:
	// confsync: cannot start, 2 problems
	//
	// port: required, and set nowhere
	//     into   App.Port
	//     looked defaults
	// host: cannot use a list as string
	//     from   defaults
	//     into   App.Host
	//     hides  "localhost" from default App.Host
}

func ExampleConfig_Get() {
	type App struct{ Name string }
	store := sourcetest.NewMemory("store", map[string]any{"name": "one"})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	before := cfg.Get()
	store.Set("name", "two")
	if err := cfg.Refresh(context.Background()); err != nil {
		panic(err)
	}
	fmt.Println(before.Name, cfg.Get().Name, cfg.Generation())
	// Output: one two 2
}

func ExampleConfig_Refresh() {
	type App struct{ Size int }
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	store.Set("size", 2)
	fmt.Println(cfg.Refresh(ctx), cfg.Get().Size)
	store.Fail(errors.New("connection refused"))
	fmt.Println(cfg.Refresh(ctx), cfg.Get().Size)
	// Output:
	// <nil> 2
	// store: connection refused 2
}

func ExampleConfig_OnChange() {
	type App struct{ Name, Zone string }
	store := sourcetest.NewMemory("store", map[string]any{"name": "one", "zone": "a"})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	done := make(chan struct{})
	cancel := cfg.OnChange(func(c confsync.Change[*App]) {
		fmt.Println("generation", c.Generation, "changed", c.Paths, "from", *c.Old, "to", *c.New)
		close(done)
	})
	store.Replace(map[string]any{"name": "two", "zone": "b"})
	<-done
	cancel()
	// Output: generation 2 changed [name zone] from {one a} to {two b}
}

func ExampleConfig_Changes() {
	type App struct{ Step int }
	store := sourcetest.NewMemory("store", map[string]any{"step": 1})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	go func() {
		for cfg.Get().Step < 10 { // until the loop below has seen one of them
			store.Set("step", 10)
		}
	}()
	for change := range cfg.Changes(context.Background()) {
		fmt.Println(change.Old.Step, "became", change.New.Step)
		break
	}
	// Output: 1 became 10
}

func ExampleConfig_Close() {
	type App struct{ Name string }
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("app", map[string]any{"name": "one"})},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Close(), cfg.Close(), cfg.Get().Name)
	fmt.Println(cfg.Refresh(context.Background()))
	// Output:
	// <nil> <nil> one
	// confsync: closed
}

func ExampleWatch() {
	type App struct {
		Name string
		Pool struct{ Size int }
	}
	store := sourcetest.NewMemory("store", map[string]any{"name": "a", "pool": map[string]any{"size": 4}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	done := make(chan struct{})
	cancel := confsync.Watch(cfg, func(a *App) int { return a.Pool.Size }, func(c confsync.Change[int]) {
		fmt.Println("resize from", c.Old, "to", c.New)
		close(done)
	})
	store.Set("name", "b")       // no business of this subscriber's
	store.Set("pool.size", "04") // the same number
	store.Set("pool.size", 8)
	<-done
	cancel()
	// Output: resize from 4 to 8
}

func ExampleConfig_History() {
	type App struct{ Size int }
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	store.Set("size", 2)
	if err := cfg.Refresh(ctx); err != nil {
		panic(err)
	}
	for _, g := range cfg.History() {
		fmt.Println("generation", g.Number)
		for _, c := range g.Changes {
			fmt.Println("   ", c.Path, "from", c.Old, "to", c.New, "by", c.Origin)
		}
	}
	// Output:
	// generation 1
	// generation 2
	//     size from 1 to 2 by memory "size" (revision 2)
}

func ExampleConfig_Pin() {
	type App struct{ Size int }
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	store.Set("size", 1000) // valid, and a mistake
	if err := cfg.Refresh(ctx); err != nil {
		panic(err)
	}

	release, err := cfg.Pin(1)
	fmt.Println(cfg.Get().Size, "of generation", cfg.Generation(), err)
	store.Set("size", 10)
	if err := cfg.Refresh(ctx); err != nil {
		panic(err)
	}
	fmt.Println("still", cfg.Get().Size)
	release()
	fmt.Println(cfg.Get().Size, "of generation", cfg.Generation())
	// Output:
	// 1 of generation 3 <nil>
	// still 1
	// 10 of generation 4
}

func ExampleConfig_Healthy() {
	type App struct{ Size int }
	store := sourcetest.NewMemory("store", nil)
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	fmt.Println(cfg.Healthy(time.Minute))
	cfg.Close()
	fmt.Println(cfg.Healthy(time.Minute))
	// Output:
	// <nil>
	// confsync: store is closed for 0s
}

func ExampleConfig_OnStatus() {
	type App struct{ Size int }
	store := sourcetest.NewMemory("store", map[string]any{"size": 1})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	told := make(chan confsync.Status)
	cancel := cfg.OnStatus(func(st confsync.Status) { told <- st })
	store.Set("size", "many")
	st := <-told
	cancel()
	fmt.Println("generation", st.Generation, "rejected:", st.Rejected.Problems[0].Err)
	// Output: generation 1 rejected: cannot use string "many" as int
}

func ExampleConfig_Generation() {
	type App struct{ Size int }
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Generation())
	// Output: 1
}
