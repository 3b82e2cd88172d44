package pflag_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	flags "github.com/spf13/pflag"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/pflag"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/tree"
)

type app struct {
	Name   string        `default:"checkout" usage:"what it calls itself"`
	Port   int           `default:"8080"`
	Debug  bool          `usage:"say more"`
	Wait   time.Duration `default:"30s"`
	Tags   []string      `default:"a,b"`
	Limits map[string]int
	IP     net.IP
	Token  confsync.Secret `default:"hunter2"`
	DB     struct {
		MaxConns int
		Ports    []int
	}
	Servers []struct{ Host string }
	Verbose int
	Key     []byte
	Salt    []byte
	Level   level
}

type level struct{ n string }

func (l *level) UnmarshalText(text []byte) error { l.n = string(text); return nil }

// custom is a value of the program's own.
type custom struct{ text string }

func (c *custom) Set(text string) error { c.text = strings.ToUpper(text); return nil }
func (c *custom) String() string        { return c.text }
func (c *custom) Type() string          { return "level" }

// defined returns a set with a flag of every kind.
func defined() *flags.FlagSet {
	set := flags.NewFlagSet("test", flags.ContinueOnError)
	set.String("name", "the default", "")
	set.IntP("port", "p", 1, "")
	set.Bool("debug", false, "")
	set.Duration("wait", time.Second, "")
	set.StringSlice("tags", nil, "")
	set.StringToInt("limits", nil, "")
	set.IP("ip", nil, "")
	set.Int("db-max-conns", 0, "")
	set.IntSlice("db.ports", nil, "")
	set.CountP("verbose", "v", "")
	set.BytesHex("key", nil, "")
	set.BytesBase64("salt", nil, "")
	set.Var(&custom{}, "level", "")
	set.String("config", "", "the program's own")
	set.String("internal-name", "", "")
	return set
}

func open(t *testing.T, set *flags.FlagSet, opts *pflag.Options) (*confsync.Config[app], error) {
	t.Helper()
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{pflag.New(set, opts)}})
	if err == nil {
		t.Cleanup(func() { cfg.Close() })
	}
	return cfg, err
}

func TestEveryKindOfFlag(t *testing.T) {
	set := defined()
	args := "-p 80 --debug --wait 1m30s --tags x,y --tags z --limits a=1,b=2 --ip ::1 --db-max-conns=5 --db.ports 1,2 -vvv --key 00ff --salt AP8= --level high --config x.yaml"
	if err := set.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	cfg, err := open(t, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := cfg.Get()
	if got.Name != "checkout" || got.Port != 80 || !got.Debug || got.Wait != 90*time.Second || strings.Join(got.Tags, " ") != "x y z" ||
		got.Limits["a"] != 1 || got.Limits["b"] != 2 || got.IP.String() != "::1" || got.DB.MaxConns != 5 || len(got.DB.Ports) != 2 ||
		string(got.Key) != "\x00\xff" || string(got.Salt) != "\x00\xff" || got.Verbose != 3 || got.Level.n != "HIGH" {
		t.Errorf("got %+v", got)
	}
	for path, want := range map[string]string{"port": "flag --port", "tags.2": "flag --tags", "limits.a": "flag --limits", "db.max_conns": "flag --db-max-conns"} {
		x, err := cfg.Explain(path)
		if err != nil || len(x.Layers) == 0 || x.Layers[0].Origin.String() != want {
			t.Errorf("%s is from %+v (%v), want %s", path, x.Layers, err, want)
		}
	}
}

func TestParsedLater(t *testing.T) {
	set := defined()
	src := pflag.New(set, nil)
	if err := set.Parse([]string{"--port", "81"}); err != nil {
		t.Fatal(err)
	}
	cfg, err := confsync.Open(t.Context(), confsync.Options[app]{Sources: []source.Source{src}})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	if cfg.Get().Port != 81 {
		t.Errorf("port %d, want 81", cfg.Get().Port)
	}
}

func TestNames(t *testing.T) {
	set := defined()
	if err := set.Parse([]string{"--internal-name", "x", "--port", "5"}); err != nil {
		t.Fatal(err)
	}
	cfg, err := open(t, set, &pflag.Options{Names: map[string]string{"internal-name": "name", "port": ""}})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Get().Name != "x" || cfg.Get().Port != 8080 {
		t.Errorf("got %+v", cfg.Get())
	}
	if _, err := open(t, defined(), &pflag.Options{Names: map[string]string{"port": "no.such"}}); err == nil || !strings.Contains(err.Error(), "flag --port: no field is at no.such") {
		t.Errorf("a path that is no field's: %v", err)
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"two flags of one field", []string{"--name", "hunter1", "--internal-name", "hunter2"}, "--internal-name and --name are one field, set one of them"},
		{"a value that doesn't fit", []string{"--level", "x", "--db-max-conns", "5"}, ""},
		{"not parsed", nil, "the flags have not been parsed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := defined()
			if c.args != nil {
				if err := set.Parse(c.args); err != nil {
					t.Fatal(err)
				}
			}
			_, err := open(t, set, &pflag.Options{Names: map[string]string{"internal-name": "name"}})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hunter")) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestDefine(t *testing.T) {
	shape, err := confsync.ShapeOf[app]()
	if err != nil {
		t.Fatal(err)
	}
	set := flags.NewFlagSet("test", flags.ContinueOnError)
	set.StringP("name", "n", "its own", "its own")
	pflag.Define(set, shape)
	usage := set.FlagUsages()
	for _, want := range []string{"-n, --name string", "--port int", "(default 8080)", "--debug", "say more", "--wait duration", "--tags strings", "--limits key=value", "--db.max-conns int", "--db.ports strings", "--token string"} {
		if !strings.Contains(usage, want) {
			t.Errorf("the usage lacks %q:\n%s", want, usage)
		}
	}
	if strings.Contains(usage, "hunter") || strings.Contains(usage, "servers") || strings.Count(usage, "--name") != 1 {
		t.Errorf("usage:\n%s", usage)
	}
	args := "--port 80 --debug --tags x,y --tags z --limits a=1 --limits b=2 --db.ports 1,2 --wait 5s"
	if err := set.Parse(strings.Fields(args)); err != nil {
		t.Fatal(err)
	}
	cfg, err := open(t, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := cfg.Get()
	if got.Name != "checkout" || got.Port != 80 || !got.Debug || strings.Join(got.Tags, " ") != "x y z" || len(got.Limits) != 2 || got.DB.Ports[1] != 2 || got.Wait != 5*time.Second {
		t.Errorf("got %+v", got)
	}
	bad := flags.NewFlagSet("test", flags.ContinueOnError)
	pflag.Define(bad, shape)
	if err := bad.Parse([]string{"--limits", "hunter2"}); err == nil || !strings.Contains(err.Error(), "not key=value") {
		t.Errorf("a map without a key: %v", err)
	}
}

func TestClash(t *testing.T) {
	text := &tree.Shape{}
	bad := &tree.Shape{Fields: []tree.Field{{Key: "maxConns", Shape: text}, {Key: "max_conns", Shape: text}}}
	if _, err := pflag.New(defined(), nil).(source.Shaped).WithShape(bad); err == nil {
		t.Error("two fields with one name were taken")
	}
}

func TestTwoWatches(t *testing.T) {
	set := defined()
	if err := set.Parse(nil); err != nil {
		t.Fatal(err)
	}
	src := pflag.New(set, nil)
	ctx, cancel := context.WithCancel(t.Context())
	running := make(chan bool, 1)
	done := make(chan error)
	go func() { done <- src.Watch(ctx, func(source.Snapshot) { running <- true }) }()
	<-running
	if err := src.Watch(ctx, func(source.Snapshot) {}); !errors.Is(err, source.ErrWatched) {
		t.Errorf("got %v, want ErrWatched", err)
	}
	cancel()
	<-done
}

func TestSource(t *testing.T) {
	const never = "a command line is parsed once"
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t *testing.T, values map[string]string) sourcetest.Store {
			set := flags.NewFlagSet("test", flags.ContinueOnError)
			var args []string
			for path, value := range values {
				set.String(path, "", "")
				args = append(args, "--"+path+"="+value)
			}
			if err := set.Parse(args); err != nil {
				t.Fatal(err)
			}
			return sourcetest.Store{Source: pflag.New(set, nil)}
		},
		Impossible: map[string]string{"Set": never, "Delete": never, "Commit": never, "Spoil": never, "Break": never},
	})
}
