package confsync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

// PoolConfig is all that a pool knows of the configuration.
type PoolConfig struct{ Size int }

// describePool is a component that takes a View.
func describePool(v confsync.View[PoolConfig]) string { return fmt.Sprint("a pool of ", v.Get().Size) }

func ExampleSelect() {
	type App struct {
		Name string
		Pool PoolConfig
	}
	store := sourcetest.NewMemory("store", map[string]any{"pool": map[string]any{"size": 4}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	pool := confsync.Select(cfg, func(a *App) *PoolConfig { return &a.Pool })
	fmt.Println(describePool(pool))

	done := make(chan struct{})
	defer pool.OnChange(func(c confsync.Change[*PoolConfig]) {
		fmt.Println("from", c.Old.Size, "to", c.New.Size)
		close(done)
	})()
	store.Set("name", "b") // another part
	store.Set("pool.size", 8)
	<-done
	fmt.Println(describePool(pool))
	// Output:
	// a pool of 4
	// from 4 to 8
	// a pool of 8
}

func ExampleFixed() {
	fmt.Println(describePool(confsync.Fixed(&PoolConfig{Size: 2})))
	// Output: a pool of 2
}

func ExampleConfig_Explain() {
	type App struct {
		Server struct {
			Port uint16 `default:"8080"`
		}
		Password confsync.Secret
	}
	base := sourcetest.NewMemory("base", map[string]any{"server": map[string]any{"port": 80}, "password": "hunter2"})
	override := sourcetest.NewMemory("override", map[string]any{"server": map[string]any{"port": 443}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{base, override}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	for _, path := range []string{"server.port", "password", "server.prot"} {
		x, err := cfg.Explain(path)
		if err != nil {
			fmt.Println(err, errors.Is(err, confsync.ErrUnknownPath))
			continue
		}
		fmt.Println(x)
	}
	// Output:
	// server.port = 443
	//     from   memory "server.port" (revision 1)
	//     hides  80 from memory "server.port" (revision 1)
	//     hides  "8080" from default App.Server.Port
	//     into   App.Server.Port (uint16)
	// password = <redacted>
	//     from   memory "password" (revision 1)
	//     into   App.Password (Secret)
	// confsync: unknown path: "server.prot"; did you mean "server.port"? true
}

func ExampleConfig_Status() {
	type App struct {
		Server struct{ Port uint16 }
	}
	store := sourcetest.NewMemory("store", map[string]any{"server": map[string]any{"port": 80, "prot": 81}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	st := cfg.Status()
	fmt.Println("generation", st.Generation, "of", st.Sources[0].Name, st.Sources[0].State, "at revision", st.Sources[0].Revision)
	for _, p := range st.Unknown {
		fmt.Println(p)
	}
	// Output:
	// generation 1 of store live at revision 1
	// server.prot: unknown key; did you mean "server.port"?
	//     from   memory "server.prot" (revision 1)
}

func ExampleError() {
	type App struct {
		Server struct {
			Port uint16 `default:"8080"`
		}
	}
	store := sourcetest.NewMemory("store", map[string]any{"server": map[string]any{"port": 9090}})
	ctx := context.Background()
	cfg, err := confsync.Open(ctx, confsync.Options[App]{Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	store.Set("server.port", "80a")
	var rejected *confsync.Error
	if errors.As(cfg.Refresh(ctx), &rejected) {
		head, _, _ := strings.Cut(rejected.Error(), " (since")
		fmt.Println(head)
		for _, p := range rejected.Problems {
			fmt.Printf("%v: %v\n", p.Kind, p)
		}
	}
	fmt.Println("still", cfg.Get().Server.Port)

	store.Set("server.port", 9091)
	fmt.Println(cfg.Refresh(ctx), cfg.Get().Server.Port, cfg.Status().Rejected == nil)
	// Output:
	// confsync: update rejected, 1 problem; still serving generation 1
	// mistyped: server.port: cannot use string "80a" as uint16
	//     from   memory "server.port" (revision 2)
	//     into   App.Server.Port
	//     hides  "8080" from default App.Server.Port
	// still 9090
	// <nil> 9091 true
}

// Checkout has a method that confsync asks before it serves a value.
type Checkout struct {
	Pool struct{ Min, Max int }
}

func (c *Checkout) Validate() error {
	if c.Pool.Max < c.Pool.Min {
		return confsync.Invalid(fmt.Errorf("%d is less than pool.min (%d)", c.Pool.Max, c.Pool.Min), "pool.max", "pool.min")
	}
	return nil
}

func ExampleInvalid() {
	base := sourcetest.NewMemory("base", map[string]any{"pool": map[string]any{"min": 10, "max": 20}})
	override := sourcetest.NewMemory("override", map[string]any{"pool": map[string]any{"max": 5}})
	_, err := confsync.Open(context.Background(), confsync.Options[Checkout]{Sources: []source.Source{base, override}})
	fmt.Println(err)
	// Output:
	// confsync: cannot start, 1 problem
	//
	// pool.max: 5 is less than pool.min (10)
	//     from   memory "pool.max" (revision 1); pool.min from memory "pool.min" (revision 1)
	//     into   Checkout.Pool.Max
	//     hides  20 from memory "pool.max" (revision 1)
}

func ExampleSecret() {
	var login struct {
		User     string
		Password confsync.Secret
	}
	login.User, login.Password = "ada", "hunter2"
	text, _ := json.Marshal(login)
	fmt.Println(string(text))
	fmt.Printf("%v %+v %q\n", login, login, login.Password)
	fmt.Println(login.Password.Reveal())
	// Output:
	// {"User":"ada","Password":"\u003credacted\u003e"}
	// {ada <redacted>} {User:ada Password:<redacted>} <redacted>
	// hunter2
}

func ExampleSize() {
	type App struct{ Body, Cache confsync.Size }
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("app", map[string]any{"body": "10MB", "cache": "1.5GiB"})},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(uint64(cfg.Get().Body), uint64(cfg.Get().Cache), cfg.Get().Cache)
	// Output: 10000000 1610612736 1.5 GiB
}

func ExampleFollow() {
	type App struct {
		Log struct{ Level slog.Level }
	}
	store := sourcetest.NewMemory("store", map[string]any{"log": map[string]any{"level": "info"}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	var level slog.LevelVar
	set := make(chan slog.Level, 2)
	cancel := confsync.Follow(cfg, func(a *App) slog.Level { return a.Log.Level }, func(l slog.Level) {
		level.Set(l)
		set <- l
	})
	defer cancel()
	fmt.Println(<-set)
	store.Set("log.level", "debug")
	fmt.Println(<-set, level.Level())
	// Output:
	// INFO
	// DEBUG DEBUG
}

func ExampleVar() {
	pool := confsync.NewVar(&PoolConfig{Size: 4})
	cancel := confsync.Watch(pool, func(p *PoolConfig) int { return p.Size }, func(c confsync.Change[int]) {
		fmt.Println("from", c.Old, "to", c.New)
	})
	pool.Set(&PoolConfig{Size: 8}) // returns when the callback has
	cancel()
	fmt.Println(describePool(pool))
	// Output:
	// from 4 to 8
	// a pool of 8
}

// AIConfig is what a plugin knows of the configuration; the program knows nothing
// of it.
type AIConfig struct {
	Model   string `default:"small"`
	Workers int
}

func ExampleSection() {
	type App struct {
		Name    string
		Plugins map[string]any
	}
	store := sourcetest.NewMemory("store", map[string]any{"plugins": map[string]any{"ai": map[string]any{"workers": "4"}}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{store}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	ai, err := confsync.Section[AIConfig](cfg, "plugins.ai")
	if err != nil {
		panic(err)
	}
	fmt.Println(*ai.Get())
	store.Set("name", "b")
	store.Set("plugins.ai.workers", "many") // refuses the whole update
	err = cfg.Refresh(context.Background())
	_, problem, _ := strings.Cut(err.Error(), "\n\n")
	fmt.Println(problem)
	fmt.Println(*ai.Get())
	// Output:
	// {small 4}
	// plugins.ai.workers: cannot use string "many" as int
	//     from   memory "plugins.ai.workers" (revision 3)
	//     into   AIConfig.Workers
	// {small 4}
}

func ExampleEach() {
	type Member struct{ Addr string }
	type App struct{ Members map[string]Member }
	store := sourcetest.NewMemory("store", map[string]any{"members": map[string]any{
		"b": map[string]any{"addr": "10.0.0.2"}, "a": map[string]any{"addr": "10.0.0.1"},
	}})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{store}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()

	told := make(chan struct{}, 9)
	cancel := confsync.Each(cfg, func(a *App) map[string]Member { return a.Members }, func(e confsync.Entry[string, Member]) {
		switch {
		case e.Old == nil:
			fmt.Println(e.Key, "came with", e.New.Addr)
		case e.New == nil:
			fmt.Println(e.Key, "went")
		default:
			fmt.Println(e.Key, "moved to", e.New.Addr)
		}
		told <- struct{}{}
	})
	defer cancel()
	store.Set("members.a.addr", "10.0.0.3")
	<-told
	<-told
	<-told
	store.Delete("members.b")
	<-told
	// Output:
	// a came with 10.0.0.1
	// b came with 10.0.0.2
	// a moved to 10.0.0.3
	// b went
}

func ExampleConfig_All() {
	type App struct {
		Port  uint16 `default:"8080"`
		Host  string
		Token confsync.Secret
	}
	base := source.Static("base", map[string]any{"port": 80, "token": "hunter2"})
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{Sources: []source.Source{base}})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	for x := range cfg.All() {
		fmt.Println(x)
	}
	// Output:
	// host = nothing
	//     looked base
	//     into   App.Host (string)
	// port = 80
	//     from   base
	//     hides  "8080" from default App.Port
	//     into   App.Port (uint16)
	// token = <redacted>
	//     from   base
	//     into   App.Token (Secret)
}
