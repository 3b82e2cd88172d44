package confsync_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
)

func TestRefusalsCountOneByOne(t *testing.T) {
	low := confsync.Invalid(errors.New("too low"), "pair.a")
	less := confsync.Invalid(errors.New("less than pair.a"), "pair.b", "pair.a")
	for name, tc := range map[string]struct {
		err  error
		want []string // of each problem, the first line
	}{
		"one":               {low, []string{"pair.a: too low"}},
		"joined":            {errors.Join(low, less), []string{"pair.a: too low", "pair.b: less than pair.a"}},
		"joined twice":      {errors.Join(low, errors.Join(less, errors.New("and more"))), []string{"pair.a: too low", "pair.b: less than pair.a", "and more"}},
		"wrapped":           {fmt.Errorf("the pair: %w", low), []string{"pair.a: the pair: pair.a: too low"}},
		"wrapped and wraps": {fmt.Errorf("the pair: %w", errors.Join(low, less)), []string{"pair.a: too low", "pair.b: less than pair.a"}},
		"two wrapped":       {fmt.Errorf("%w and %w", low, less), []string{"pair.a: too low", "pair.b: less than pair.a"}},
		"no path":           {fmt.Errorf("outer: %w", errors.New("inner")), []string{"outer: inner"}},
		"of nil":            {confsync.Invalid(nil, "pair.a"), nil},
		"joined of nil":     {errors.Join(confsync.Invalid(nil, "pair.a"), low), []string{"pair.a: too low"}},
	} {
		t.Run(name, func(t *testing.T) {
			src := source.Static("s", map[string]any{"pair": map[string]any{"a": 1, "b": 2}})
			_, err := confsync.Load(t.Context(), confsync.Options[app]{Sources: []source.Source{src}, Validate: func(_, _ *app) error { return tc.err }})
			var got []string
			var failure *confsync.Error
			if errors.As(err, &failure) {
				for _, p := range failure.Problems {
					first, _, _ := strings.Cut(p.Error(), "\n")
					got = append(got, first)
					if len(p.Path) > 0 && p.Origin.Layer != "s" || p.Kind != confsync.Refused {
						t.Errorf("origin %v, kind %v", p.Origin, p.Kind)
					}
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if tc.want != nil && !errors.Is(err, errors.Unwrap(low)) && strings.Contains(fmt.Sprint(tc.want), "too low") {
				t.Error("the program's own error is lost")
			}
		})
	}
}

func TestValidatorsPanicIsShownUnlessItMayBeASecret(t *testing.T) {
	const secret = "correct-horse-battery"
	for name, tc := range map[string]struct {
		v     any
		shown bool
	}{
		"a string":               {"no such zone", true},
		"an error":               {errors.New("no such zone"), true},
		"the secret":             {secret, false},
		"a part of it":           {"bad word horse-bat in it", false},
		"an error with it":       {fmt.Errorf("dial: %s no such zone", secret), false},
		"something else":         {struct{ Zone string }{"no such zone"}, false},
		"a string of the secret": {"no such zone " + secret[:8], false},
	} {
		t.Run(name, func(t *testing.T) {
			src := source.Static("s", map[string]any{"db": map[string]any{"password": secret}})
			_, err := confsync.Load(t.Context(), confsync.Options[app]{Sources: []source.Source{src}, Validate: func(_, _ *app) error { panic(tc.v) }})
			text := fmt.Sprintf("%v %+v", err, err)
			if !strings.Contains(text, "Validate panicked: "+fmt.Sprintf("%T", tc.v)) || !strings.Contains(text, "refusal_test.go:") {
				t.Errorf("got %s", text)
			}
			if got := strings.Contains(text, "no such zone"); got != tc.shown || strings.Contains(text, "horse") {
				t.Errorf("shown: %v, want %v: %s", got, tc.shown, text)
			}
		})
	}
}

func TestValidatorsErrorHidesSecrets(t *testing.T) {
	src := source.Static("s", map[string]any{"db": map[string]any{"password": "hunter2"}})
	_, err := confsync.Load(t.Context(), confsync.Options[app]{Sources: []source.Source{src}, Validate: func(_, next *app) error {
		return fmt.Errorf("cannot log in with %s", next.DB.Password.Reveal())
	}})
	if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "cannot log in with <redacted>") {
		t.Errorf("got %v", err)
	}
}

// TestRejectionIsOneRecord reads the record back from JSON.
func TestRejectionIsOneRecord(t *testing.T) {
	var log logged
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: slog.New(slog.NewJSONHandler(&log, nil))})
	m.Replace(map[string]any{"server": map[string]any{"port": "80a"}, "pair": map[string]any{"a": "x"}})
	refreshed(t, c)
	lines := bytes.Split(bytes.TrimSpace([]byte(log.String())), []byte("\n"))
	if len(lines) != 1 {
		t.Fatalf("%d records:\n%s", len(lines), log.String())
	}
	var record struct {
		Msg        string
		Generation int
		Problems   int
		Problem    map[string]struct{ Path, Kind, From, Error string }
	}
	if err := json.Unmarshal(lines[0], &record); err != nil {
		t.Fatal(err)
	}
	if record.Generation != 1 || record.Problems != 2 || len(record.Problem) != 2 {
		t.Errorf("record %+v", record)
	}
	p := record.Problem["1"]
	if q := record.Problem["2"]; p.Path != "server.port" {
		p = q
	}
	if p.Path != "server.port" || p.Kind != "mistyped" || !strings.Contains(p.From, "server.port") || !strings.Contains(p.Error, "80a") {
		t.Errorf("problem %+v", p)
	}
}

func TestTextsAreBounded(t *testing.T) {
	type config struct {
		Number int
		List   []int
	}
	var log logged
	m := sourcetest.NewMemory("m", nil)
	c, err := confsync.Open(t.Context(), confsync.Options[config]{Sources: []source.Source{m}, Logger: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	bad := make([]any, 100_000)
	for i := range bad {
		bad[i] = "bad"
	}
	for name, content := range map[string]map[string]any{
		"a million digits":     {"number": strings.Repeat("7", 1_000_000)},
		"100,000 bad elements": {"list": bad},
	} {
		m.Replace(content)
		refreshed(t, c)
		r := c.Status().Rejected
		if r == nil {
			t.Fatalf("%s: not rejected", name)
		}
		if n := len(r.Error()); n > 50_000 {
			t.Errorf("%s: the error has %d bytes", name, n)
		}
		if name == "100,000 bad elements" && (len(r.Problems) != 100 || r.More != 99_900 || !strings.HasSuffix(r.Error(), "and 99900 more")) {
			t.Errorf("%s: %d problems and %d more", name, len(r.Problems), r.More)
		}
	}
	if n := len(log.String()); n > 20_000 {
		t.Errorf("the log has %d bytes", n)
	}
}

// TestDefaultLoggerIsAskedAtEachRecord sets the default logger after Open. It
// can't run beside others that log.
func TestDefaultLoggerIsAskedAtEachRecord(t *testing.T) {
	m := sourcetest.NewMemory("m", nil)
	c, err := confsync.Open(t.Context(), sources(m))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var log logged
	before := slog.Default()
	slog.SetDefault(log.logger())
	defer slog.SetDefault(before)
	m.Set("server.port", "80a")
	refreshed(t, c)
	if !strings.Contains(log.String(), "update rejected") {
		t.Errorf("log: %s", log.String())
	}
}

func TestPathsReachBackToOld(t *testing.T) {
	m := sourcetest.NewMemory("m", map[string]any{"pair": map[string]any{"a": 1}})
	c := openApp(t, sources(m))
	changes, more := make(chan confsync.Change[int]), make(chan struct{})
	confsync.Watch(c, func(a *app) int { return a.Pair.A }, func(ch confsync.Change[int]) {
		changes <- ch
		<-more
	})
	m.Set("pair.a", 2)
	<-changes // and it is slow from here on
	m.Set("server.port", 1)
	refreshed(t, c)
	m.Set("server.host", "h")
	refreshed(t, c)
	m.Set("pair.a", 3)
	refreshed(t, c)
	m.Set("pair.b", 1)
	refreshed(t, c)
	close(more)
	ch := <-changes
	if got := fmt.Sprint(ch.Paths); ch.Old != 2 || ch.New != 3 || got != "[pair.a server.host server.port]" {
		t.Errorf("from %d to %d: %s", ch.Old, ch.New, got)
	}
}

func TestElementOfATextHasItsOrigin(t *testing.T) {
	type config struct{ Ports []int }
	low := source.Static("low", map[string]any{"ports": []any{1}})
	high := source.Static("high", map[string]any{"ports": "80,http"})
	_, err := confsync.Load(t.Context(), confsync.Options[config]{Sources: []source.Source{low, high}})
	if err == nil || !strings.Contains(err.Error(), "\n    from   high") {
		t.Errorf("got %v", err)
	}
}

func TestUnknownKeysAreNotRememberedForEver(t *testing.T) {
	var log logged
	m := sourcetest.NewMemory("m", nil)
	c := openApp(t, confsync.Options[app]{Sources: []source.Source{m}, Logger: log.logger()})
	many := map[string]any{}
	for i := range 10_000 {
		many[fmt.Sprint("key", i)] = 1
	}
	for range 3 {
		m.Replace(many)
		refreshed(t, c)
		m.Replace(nil)
		refreshed(t, c)
	}
	if n := len(log.String()); n > 100_000 || !strings.Contains(log.String(), "count=9900") {
		t.Errorf("the log has %d bytes", n)
	}
	if u := c.Status().Unknown; len(u) != 0 {
		t.Errorf("still unknown: %v", u)
	}
}
