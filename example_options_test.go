package confsync_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
)

func ExampleOptions() {
	type App struct {
		Pool struct{ Min, Max int }
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("app", map[string]any{"pool": map[string]any{"min": 1, "max": 5}})},
		Validate: func(_, next *App) error {
			if next.Pool.Max < next.Pool.Min {
				return confsync.Invalid(errors.New("less than pool.min"), "pool.max", "pool.min")
			}
			return nil
		},
		Logger:       slog.Default(),
		Unknown:      confsync.RejectUnknown,
		Quiet:        confsync.Quiet{Min: 50 * time.Millisecond, Max: time.Second},
		StartTimeout: 10 * time.Second,
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	fmt.Println(cfg.Get().Pool)
	// Output: {1 5}
}

func ExampleOptions_complete() {
	type App struct {
		Host string
		Port uint16 `default:"8080"`
		URL  string
	}
	cfg, err := confsync.Open(context.Background(), confsync.Options[App]{
		Sources: []source.Source{source.Static("app", map[string]any{"host": "example.com"})},
		Complete: func(a *App) error {
			if a.URL == "" {
				a.URL = fmt.Sprintf("http://%s:%d", a.Host, a.Port)
			}
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	defer cfg.Close()
	x, err := cfg.Explain("url")
	fmt.Println(x, err)
	// Output:
	// url = "http://example.com:8080"
	//     from   completed
	//     into   App.URL (string) <nil>
}

func ExampleOptions_ignore() {
	type App struct{ Port uint16 }
	environ := func() []string { return []string{"APP_PORT=80", "APP_ENV=production"} } // a program has os.Environ
	app, err := confsync.Load(context.Background(), confsync.Options[App]{
		Sources: []source.Source{env.New("APP", &env.Options{Environ: environ})},
		Unknown: confsync.RejectUnknown,
		Ignore:  []string{"APP_ENV"},
	})
	fmt.Println(app.Port, err)
	// Output: 80 <nil>
}

func ExampleDefaults() {
	type App struct {
		Host string
		Port uint16
	}
	override := source.Static("override", map[string]any{"port": 9090})
	app, err := confsync.Load(context.Background(), confsync.Options[App]{
		Sources: []source.Source{confsync.Defaults(App{Host: "localhost", Port: 8080}), override},
	})
	fmt.Println(*app, err)
	// Output: {localhost 9090} <nil>
}

func ExampleOptions_interpolate() {
	type App struct {
		DB struct {
			Host string
			Port uint16 `default:"5432"`
		}
		DSN string
	}
	base := source.Static("base", map[string]any{"db": map[string]any{"host": "localhost"}, "dsn": "postgres://${db.host}:${db.port}/app"})
	override := source.Static("override", map[string]any{"db": map[string]any{"host": "db.internal"}})
	app, err := confsync.Load(context.Background(), confsync.Options[App]{
		Sources:     []confsync.Source{base, override},
		Interpolate: true,
	})
	fmt.Println(app.DSN, err)
	// Output: postgres://db.internal:5432/app <nil>
}
