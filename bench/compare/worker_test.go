package compare

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain makes this test binary a worker where Run asks for one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == WorkerFlag {
		if err := ServeArgs(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestServe(t *testing.T) {
	cases := []struct {
		name, key, contender, requests string
		n                              int
		want                           []string // in each of the answers
	}{
		{"two samples and a count", "change/struct", Ours, "{}{}{\"Count\":true}", 100,
			[]string{`"Error":""`, `"Figure":`, `"Figure":`, `"Count":`}},
		{"nothing is asked", "change/struct", Ours, "", 100, []string{`"Error":""`}},
		{"it can't", "change/subscribers", "viper", "", 8_000, []string{`"Cannot":"it has no subscriptions to a key"`}},
		{"no such work", "change/nothing", Ours, "", 100, []string{`"Error":"no work`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := Serve(strings.NewReader(c.requests), &out, c.key, c.contender, c.n, time.Millisecond); err != nil {
				t.Fatal(err)
			}
			answers := strings.Split(strings.TrimSpace(out.String()), "\n")
			if len(answers) != len(c.want) {
				t.Fatalf("got %d answers: %s", len(answers), out.String())
			}
			for i, want := range c.want {
				if !strings.Contains(answers[i], want) {
					t.Errorf("answer %d: got %s, want %s", i, answers[i], want)
				}
			}
		})
	}
}

func TestRun(t *testing.T) {
	var log bytes.Buffer
	results, err := Run(Plan{Rounds: 3, Sample: time.Millisecond, Largest: 100, Only: "change/struct", Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 1 || results[0].N != 100 {
		t.Fatalf("got %d results", len(results))
	}
	r := results[0]
	for _, name := range r.Names() {
		if got := r.Figure(name); got.N != 3 || got.Min <= 0 {
			t.Errorf("%s: got %+v", name, got)
		}
		if r.Series[name].Allocations <= 0 {
			t.Errorf("%s allocates nothing", name)
		}
	}
	if peer := r.FastestPeer(); r.Times(peer).N != 3 || peer == Ours {
		t.Errorf("the fastest peer is %q", peer)
	}
	if !strings.Contains(log.String(), "koanf") {
		t.Errorf("the log is %q", log.String())
	}
	if _, err := Run(Plan{Rounds: 1, Only: "change/struct", Largest: 99, Log: &log}); err != nil {
		t.Error(err)
	}
}
