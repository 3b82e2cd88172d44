package confsync_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/env"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestExplainShowsWhatIsRejectedBesideWhatIsLive(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"server": map[string]any{"port": 1, "host": "a"}, "db": map[string]any{"password": "hunter1"}})
	c := openApp(t, sources(m))
	m.Replace(map[string]any{"server": map[string]any{"port": "80a"}, "pair": map[string]any{"a": 5}, "db": map[string]any{"password": "hunter2"}})
	refreshed(t, c)
	for path, want := range map[string]string{
		"server.port": "server.port = 1\n    from   memory \"server.port\" (revision 1)\n    hides  \"8080\" from default app.Server.Port\n" +
			"    rejected \"80a\" from memory \"server.port\" (revision 2): cannot use string \"80a\" as uint16\n    into   app.Server.Port (uint16)",
		"server.host": "    rejected nothing from memory \"server.host\": held up by server.port: cannot use",
		"pair.a":      "pair.a = nothing\n    rejected 5 from memory \"pair.a\" (revision 2): held up by server.port: cannot use string",
		"db.password": "    rejected <redacted> from memory",
	} {
		x, err := c.Explain(path)
		if err != nil || !strings.Contains(x.String(), want) || strings.Contains(x.String(), "hunter") {
			t.Errorf("%s is explained as\n%v, %v; want\n%s", path, x, err, want)
		}
	}
	m.Replace(map[string]any{"server": map[string]any{"port": 2}})
	refreshed(t, c)
	if x, err := c.Explain("server.port"); err != nil || x.Rejected != nil {
		t.Errorf("healed, yet %v, %v", x, err)
	}
}

func TestExplainTellsWhereItLooked(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"db": map[string]any{"max_conns": 1}})
	environ := func() []string { return nil }
	c := openApp(t, sources(m, env.New("APP", &env.Options{Environ: environ})))
	x, err := c.Explain("pair.a")
	if err != nil || fmt.Sprint(x.Searched) != `[env APP_PAIR_A memory "pair.a"]` || !strings.Contains(x.String(), "\n    looked env APP_PAIR_A\n           memory \"pair.a\"\n") {
		t.Errorf("%v, %q, %v", x, x.Searched, err)
	}
	x, err = c.Explain("db.max_conns")
	if err != nil || fmt.Sprint(x.Searched) != "[env APP_DB_MAX_CONNS]" {
		t.Errorf("%v, %q, %v", x, x.Searched, err)
	}
	text, err := json.Marshal(x)
	if err != nil || !strings.Contains(string(text), `"searched":["env APP_DB_MAX_CONNS"]`) {
		t.Errorf("%s, %v", text, err)
	}
}

func TestExplainTellsSinceWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		low := sourcetest.NewMemory("low", map[string]any{"pair": map[string]any{"a": 1}})
		high := sourcetest.NewMemory("high", nil)
		c := openApp(t, sources(low, high))
		time.Sleep(time.Hour)
		high.Set("pair.a", 2)
		synctest.Wait()
		time.Sleep(time.Hour)
		low.Set("pair.b", 1)
		synctest.Wait()
		x, err := c.Explain("pair.a")
		if err != nil || len(x.Layers) != 2 || !x.Layers[0].Since.Equal(began.Add(time.Hour)) || !x.Layers[1].Since.Equal(began) {
			t.Errorf("since %v, %v", x.Layers, err)
		}
	})
}

func TestAllTellsEveryPath(t *testing.T) {
	low := source.Static("low", map[string]any{"services": map[string]any{"a": map[string]any{"host": "h"}}, "misspelled": 1, "pair": map[string]any{"a": 1}})
	high := source.Static("high", map[string]any{"pair": map[string]any{"a": nil}})
	c := openApp(t, sources(low, high))
	var got []string
	for x := range c.All() {
		got = append(got, x.Path.String())
		if y, err := c.Explain(x.Path.String()); err != nil || y.String() != x.String() {
			t.Errorf("All has %v, Explain %v, %v", x, y, err)
		}
		if set := len(x.Layers) > 0; set == (strings.HasPrefix(x.Path.String(), "db.") || x.Path.String() == "pair.b") {
			t.Errorf("%s has %d layers", x.Path, len(x.Layers))
		}
	}
	want := "[db.max_conns db.password db.pool.max db.pool.min misspelled pair.a pair.b server.host server.port services.a.host]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %v\nwant %s", got, want)
	}
	for range c.All() {
		break
	}
	var _ confsync.Holding
}
