package start

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Init is how long the initialisation of a package takes.
type Init struct {
	Package string
	Took    time.Duration // the median of some starts
}

// traceInits returns how long the packages of our program take for their
// initialisation, slowest first. Those of the runtime are left out.
func traceInits(ctx context.Context, dir string, starts int) ([]Init, error) {
	all := map[string][]time.Duration{}
	for range starts {
		cmd := command(ctx, dir, Ours)
		cmd.Env = append(cmd.Env, "GODEBUG=inittrace=1")
		var trace bytes.Buffer
		cmd.Stderr = &trace
		if err := cmd.Run(); err != nil {
			return nil, err
		}
		for lines := bufio.NewScanner(&trace); lines.Scan(); {
			if name, took, ok := parseInit(lines.Text()); ok {
				all[name] = append(all[name], took)
			}
		}
	}
	var inits []Init
	for name, took := range all {
		slices.Sort(took)
		inits = append(inits, Init{Package: name, Took: took[len(took)/2]})
	}
	slices.SortFunc(inits, func(a, b Init) int { return int(b.Took - a.Took) })
	return inits, nil
}

// parseInit reads a line such as
//
//	init os @0.48 ms, 0.026 ms clock, 416 bytes, 11 allocs
func parseInit(line string) (name string, took time.Duration, ok bool) {
	var at, clock float64
	if _, err := fmt.Sscanf(strings.Map(dropComma, line), "init %s @%f ms %f ms clock", &name, &at, &clock); err != nil {
		return "", 0, false
	}
	return name, time.Duration(clock * float64(time.Millisecond)), name != "runtime" && name != "internal/godebug"
}

func dropComma(r rune) rune {
	if r == ',' {
		return -1
	}
	return r
}
