// Package start measures how long programs take from the start of their process
// until they have their configuration, and how large they are.
package start

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/confsync/confsync/bench/start/app"
	"github.com/confsync/confsync/bench/stats"
)

// Bare is the program that reads the file with the YAML library alone, Ours the
// one that opens it, and Static the same one, built so that it needs no C library.
const (
	Bare   = "bare"
	Ours   = "confsync"
	Static = "confsync, CGO_ENABLED=0"
)

// Programs returns the names of all programs: Static, and those of the directories
// in start/programs.
func Programs() []string { return []string{Bare, Ours, Static, "konf", "kratos", "koanf", "viper"} }

// Plan is how much is measured.
type Plan struct {
	Rounds int
	Starts int // of each program in a round, in turns
	Keys   int // of the document
}

// Result is one program.
type Result struct {
	Program string
	Size    int64       // of the file that "go build" makes, in bytes
	Rounds  [][]float64 // of each round the starts, in nanoseconds
}

// All returns what all starts took, sorted.
func (r Result) All() []float64 { return slices.Sorted(slices.Values(slices.Concat(r.Rounds...))) }

// Times returns how many times the median of another this one's is, round by
// round.
func (r Result) Times(other Result) stats.Summary {
	var ratios []float64
	for i := range r.Rounds {
		ratios = append(ratios, stats.Of(r.Rounds[i]).Median/stats.Of(other.Rounds[i]).Median)
	}
	return stats.Of(ratios)
}

// Measure builds all programs and starts them in turns. It also returns what the
// initialisation of our program's packages takes.
func Measure(ctx context.Context, p Plan) (results []Result, inits []Init, err error) {
	dir, err := build(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	for _, name := range Programs() {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, nil, err
		}
		if err := writeDocument(dir, name, p.Keys); err != nil {
			return nil, nil, err
		}
		results = append(results, Result{Program: name, Size: info.Size(), Rounds: make([][]float64, p.Rounds)})
	}
	if err := measure(ctx, dir, p, results); err != nil {
		return nil, nil, err
	}
	inits, err = traceInits(ctx, dir, p.Rounds)
	return results, inits, err
}

func measure(ctx context.Context, dir string, p Plan, results []Result) error {
	for round := range p.Rounds {
		for turn := range p.Starts * len(results) {
			r := &results[(turn+round)%len(results)]
			took, err := run(ctx, dir, r.Program, p.Keys)
			if err != nil {
				return fmt.Errorf("%s: %w", r.Program, err)
			}
			r.Rounds[round] = append(r.Rounds[round], float64(took))
		}
	}
	return nil
}

// build builds all programs, as "go build" does by itself, into a directory
// that the caller removes.
func build(ctx context.Context) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "start"); err != nil {
		return "", err
	}
	const programs = "github.com/confsync/confsync/bench/start/programs/"
	static := exec.CommandContext(ctx, "go", "build", "-o", filepath.Join(dir, Static), programs+Ours)
	static.Env = append(os.Environ(), "CGO_ENABLED=0")
	for _, cmd := range []*exec.Cmd{static, exec.CommandContext(ctx, "go", "build", "-o", dir+string(filepath.Separator), programs+"...")} {
		if out, err := cmd.CombinedOutput(); err != nil {
			os.RemoveAll(dir)
			return "", fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	return dir, nil
}

const (
	keysPerService = 8
	fromFile       = 500 // limits.requests in the file
	fromVariable   = 7   // and in the environment
)

// writeDocument writes the document of a program into a directory of its own.
func writeDocument(dir, program string, keys int) error {
	requests := fmt.Sprint(fromFile)
	if program == "kratos" { // in which the document names the variables
		requests = fmt.Sprintf("${LIMITS_REQUESTS:%d}", fromFile)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "limits:\n  requests: %s\n  burst: 10\nservices:\n", requests)
	for i := range keys / keysPerService {
		fmt.Fprintf(&b, "  svc-%05d:\n    host: host%d.example.com\n    port: %d\n    tls: true\n    timeout: 5s\n    retries: 3\n"+
			"    weight: 0.5\n    name: service %d\n    zone: eu-west-1\n", i, i, 8000+i, i)
	}
	in := filepath.Join(dir, program+".d")
	if err := os.Mkdir(in, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(in, app.File), []byte(b.String()), 0o600)
}

// run starts a program once and returns how long it took until it was ready. What
// it has read has to be right.
func run(ctx context.Context, dir, program string, keys int) (time.Duration, error) {
	cmd := command(ctx, dir, program)
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	var ready int64
	var requests, services int
	var timeouts time.Duration
	if _, err := fmt.Fscan(bytes.NewReader(out), &ready, &requests, &services, &timeouts); err != nil {
		return 0, fmt.Errorf("answer %q: %w", out, err)
	}
	if want := keys / keysPerService; requests != fromVariable || services != want || timeouts != time.Duration(want)*5*time.Second {
		return 0, fmt.Errorf("answer %q: wrong", out)
	}
	return time.Duration(ready - began.UnixNano()), nil
}

func command(ctx context.Context, dir, program string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, program))
	cmd.Dir = filepath.Join(dir, program+".d")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s_LIMITS_REQUESTS=%d", app.Prefix, fromVariable))
	return cmd
}
