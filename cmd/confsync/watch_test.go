//go:build unix

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/confsync/confsync/internal/await"
)

func rewrite(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
}

func TestWatchWrongUsage(t *testing.T) {
	file := write(t, "app.yaml", shop)
	for want, args := range map[string][]string{
		"--signal is for the command": {"--signal", "HUP"},
		"unknown signal":              {"--signal", "LOUD", "--exec", "true"},
		"--env-prefix":                {"--env-prefix", "a b", "--exec", "true"},
		"want a name that ends in":    {"--render", "x.txt"},
	} {
		invoke(t, append([]string{"-s", file, "watch"}, args...)...).want(t, exitTrouble, want)
	}
}

func TestWatch(t *testing.T) {
	file := write(t, "app.yaml", "a: 1\nb: 2\n")
	ready := filepath.Join(t.TempDir(), "ready.json")
	out, stop := watching(t, "-s", file, "watch", "--json", "--render", ready)
	await.Until(t, "the watch begins", func() bool { _, err := os.Stat(ready); return err == nil })
	rewrite(t, file, "a: 7\nc: 3\n")
	await.Until(t, "three changes are printed", func() bool { return strings.Count(out.String(), "\n") == 3 })
	if code := stop(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	got := map[string]change{}
	for line := range strings.Lines(out.String()) {
		var c change
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got[c.Path] = c
	}
	if c := got["a"]; c.Old != "1" || c.New != "7" || c.Generation != 2 || !contains(c.Origin, "app.yaml:1:4") {
		t.Errorf("%+v", c)
	}
	if !got["b"].Gone || !got["c"].Came {
		t.Errorf("%+v", got)
	}
	info, err := os.Stat(ready)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestExec asserts that a command has the values in its environment, is started
// again on a change, and ended with the watch.
func TestExec(t *testing.T) {
	file := write(t, "app.yaml", "server: {port: 1}\n")
	out, stop := watching(t, "-s", file, "watch", "--env-prefix", "APP", "--exec",
		"trap 'echo ended $APP_SERVER_PORT; exit' TERM; echo began $APP_SERVER_PORT; while :; do sleep 0.05; done")
	await.Until(t, "it begins", func() bool { return contains(out.String(), "began 1\n") })
	rewrite(t, file, "server: {port: 2}\n")
	await.Until(t, "it begins again", func() bool { return contains(out.String(), "began 2\n") })
	stop()
	if got := out.String(); !contains(got, "ended 1\n") || !contains(got, "ended 2\n") {
		t.Error(got)
	}
}

func TestExecSignal(t *testing.T) {
	file := write(t, "app.yaml", "a: 1\n")
	rendered := filepath.Join(t.TempDir(), "app.env")
	out, stop := watching(t, "-s", file, "watch", "--render", rendered, "--signal", "usr1", "--exec",
		"trap 'cat "+rendered+"' USR1; echo began; while :; do sleep 0.05; done")
	await.Until(t, "it begins", func() bool { return contains(out.String(), "began\n") })
	rewrite(t, file, "a: 2\n")
	await.Until(t, "it has read the file anew", func() bool { return contains(out.String(), "A=\"2\"\n") })
	stop()
	if got := out.String(); strings.Count(got, "began") != 1 {
		t.Error(got)
	}
}

// TestExecEnds asserts that the watch ends with the command, and with its exit
// code.
func TestExecEnds(t *testing.T) {
	file := write(t, "app.yaml", "a: 1\n")
	if r := invoke(t, "-s", file, "watch", "--exec", "exit 7"); r.code != 7 {
		t.Errorf("exit code %d: %s", r.code, r.err)
	}
	invoke(t, "-s", file, "watch", "--signal", "nonesuch").want(t, exitTrouble, "unknown signal")
}
