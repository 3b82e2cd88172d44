package confsync_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestConsumerKeepsItsVersions has a program that requires releases of about a
// year ago add a file source: this module raises none of them, nor its Go.
func TestConsumerKeepsItsVersions(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const kept = `go 1.25

require (
	github.com/hashicorp/consul/api v1.32.0
	github.com/redis/go-redis/v9 v9.14.0
	google.golang.org/grpc v1.75.0
)
`
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/consumer\n\n"+kept+"\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+here+"\n")
	write("main.go", `package main

import (
	"fmt"

	"github.com/hashicorp/consul/api"
	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"

	"`+module+`"
	"`+module+`/source/file"
)

func main() {
	var opts confsync.Options[struct{}]
	opts.Sources = append(opts.Sources, file.New("app.yaml", nil))
	fmt.Println(grpc.Version, redis.Version(), api.Config{}.Address, len(opts.Sources))
}
`)
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil && os.Getenv("CI") == "" && os.Getenv("CONFSYNC_REQUIRE_SERVERS") == "" {
			t.Skipf("go %s, which may need the module proxy: %v\n%s", strings.Join(args, " "), err, out)
		}
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	run("mod", "tidy")
	run("build", "-o", os.DevNull, ".")
	after, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(kept) {
		want := strings.TrimSpace(line)
		if strings.Contains(want, " v") && !strings.Contains(string(after), want+"\n") {
			t.Errorf("%s was raised", want)
		}
	}
	if goLine := strings.Split(string(after), "\n")[2]; goLine != "go 1.25" && goLine != "go 1.25.0" {
		t.Errorf("it says %q now", goLine)
	}
	if t.Failed() {
		t.Logf("go.mod:\n%s", after)
	}
}
