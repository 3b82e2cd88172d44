package ports

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	flag "github.com/spf13/pflag"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/file"
	"github.com/confsync/confsync/source/pflag"
	"github.com/confsync/confsync/tree"
)

// What was, with cobra and viper:
//
//	viper.SetDefault("http.port", 8080)
//	viper.SetEnvPrefix("shop")
//	viper.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
//	viper.AutomaticEnv()
//	viper.BindPFlag("http.port", cmd.Flags().Lookup("port"))
//	viper.SetConfigFile(path)
//	if err := viper.ReadInConfig(); err != nil { … }
//	viper.WatchConfig()
//	viper.OnConfigChange(func(fsnotify.Event) { level.Set(parse(viper.GetString("log_level"))) })
//	var db database
//	if err := viper.UnmarshalKey("database", &db); err != nil { … }
//	addr := fmt.Sprintf(":%d", viper.GetInt("http.port"))

// shop is the type that viper's keys were spread over.
type shop struct {
	HTTP     struct{ Port int }
	LogLevel string `mapstructure:"log_level"`
	Database *tree.Node
}

type databaseConfig struct {
	DSN     string        `mapstructure:"dsn"`
	MaxOpen int           `mapstructure:"max_open_conns"`
	Timeout time.Duration `mapstructure:"timeout"`
}

func openShop(t *testing.T, path string, flags *flag.FlagSet) (*confsync.Config[shop], error) {
	return confsync.Open(t.Context(), confsync.Options[shop]{
		Sources: []confsync.Source{
			confsync.Defaults(shop{HTTP: struct{ Port int }{8080}, LogLevel: "info"}),
			file.New(path, nil),
			env.New("SHOP", &env.Options{IgnoreEmpty: true}),
			pflag.New(flags, &pflag.Options{Names: map[string]string{"port": "http.port"}}),
		},
	})
}

func TestViperService(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.yaml")
	put := func(text string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	put("Log_Level: warn\ndatabase: {dsn: a, max_open_conns: 5, timeout: 3s}\n")
	t.Setenv("SHOP_LOG_LEVEL", "")
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.Int("port", 0, "where to listen")
	if err := flags.Parse(nil); err != nil {
		t.Fatal(err)
	}
	cfg, err := openShop(t, path, flags)
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	if got := cfg.Get(); got.HTTP.Port != 8080 || got.LogLevel != "warn" {
		t.Errorf("%+v", got)
	}
	database, err := confsync.Section[databaseConfig](cfg, "database")
	if err != nil {
		t.Fatal(err)
	}
	if db := database.Get(); db.DSN != "a" || db.MaxOpen != 5 || db.Timeout != 3*time.Second {
		t.Errorf("%+v", db)
	}

	levels := make(chan string, 9)
	confsync.Watch(cfg, func(s *shop) string { return s.LogLevel }, func(c confsync.Change[string]) { levels <- c.New })
	put("log_level: debug\ndatabase: {dsn: b}\n")
	if got := await.Receive(t, "the level changes", levels); got != "debug" {
		t.Errorf("level %q", got)
	}
	if db := database.Get(); db.DSN != "b" || db.MaxOpen != 0 {
		t.Errorf("what has gone from the file stays: %+v", db)
	}
	put("log_level: [\n") // no callback, and the old stays
	await.Until(t, "the edit is rejected", func() bool { return cfg.Status().Rejected != nil })
	if got := cfg.Get().LogLevel; got != "debug" {
		t.Errorf("level %q", got)
	}
}

func TestViperFlagsAndEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(path, []byte("http: {port: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := flag.NewFlagSet("shop", flag.ContinueOnError)
	flags.Int("port", 0, "where to listen")
	for _, step := range []struct {
		env  string
		args []string
		want int
	}{{"", nil, 1}, {"2", nil, 2}, {"2", []string{"--port=3"}, 3}} {
		if step.env != "" {
			t.Setenv("SHOP_HTTP_PORT", step.env)
		}
		if err := flags.Parse(step.args); err != nil {
			t.Fatal(err)
		}
		cfg, err := openShop(t, path, flags)
		if err != nil {
			t.Fatal(err)
		}
		if got := cfg.Get().HTTP.Port; got != step.want {
			t.Errorf("%+v: port %d", step, got)
		}
		cfg.Close()
	}
}
