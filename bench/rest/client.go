package rest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/bench/child"
	"github.com/confsync/confsync/bench/stage"
	"github.com/confsync/confsync/internal/stores"
	"github.com/confsync/confsync/source"
)

// WorkerFlag, before the arguments of ServeArgs, makes this program a client.
const WorkerFlag = "-at-rest"

// ServeArgs is a client: it connects, does what its kind does, and tells what
// that uses up.
func ServeArgs(args []string) error {
	if len(args) != 3 {
		return errors.New("a client needs a store, a kind and an address")
	}
	var greeting answer
	stop, err := do(args[0], Kind(args[1]), args[2])
	if err != nil {
		greeting.Error = err.Error()
	} else {
		defer stop()
	}
	var before Usage
	return child.Serve(os.Stdin, os.Stdout, greeting, func(r request) answer {
		if r.Begin {
			runtime.GC()
			before = used()
			return answer{}
		}
		now := used()
		return answer{Used: Usage{
			CPU: now.CPU - before.CPU, Allocations: now.Allocations - before.Allocations, Goroutines: now.Goroutines,
		}}
	})
}

// used returns what this process has used up so far.
func used() Usage {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // it can't fail with these arguments
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), Allocations: m.Mallocs, Goroutines: runtime.NumGoroutine()}
}

// do has a client do what its kind does, and returns once it does it.
func do(store string, kind Kind, addr string) (stop func(), err error) {
	s, err := stores.Of(store)
	if err != nil {
		return nil, err
	}
	c, err := s.Open(addr, nil)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch kind {
	case Idle:
		err = c.Put(ctx, stage.ValueKey(prefix), "0") // a client connects when it is used
		stop = c.Close
	case Bare:
		stop, err = watch(ctx, c)
	default:
		stop, err = open(ctx, c)
	}
	return stop, err
}

func watch(ctx context.Context, c stores.Client) (stop func(), err error) {
	following, cancel := context.WithCancel(context.Background())
	began, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		failed <- c.Follow(following, prefix, stage.ValueKey(prefix), func() { close(began) }, func(string) {})
	}()
	select {
	case <-began:
		return func() { cancel(); c.Close() }, nil
	case err = <-failed:
	case <-ctx.Done():
		err = ctx.Err()
	}
	cancel()
	return nil, err
}

func open(ctx context.Context, c stores.Client) (stop func(), err error) {
	cfg, err := confsync.Open(ctx, confsync.Options[stage.Tree]{
		Sources: []source.Source{stage.Source(c, prefix)}, Unknown: confsync.IgnoreUnknown, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, err
	}
	if cfg.Get().Value != "0" || len(cfg.Get().Keys) == 0 {
		cfg.Close()
		return nil, errors.New("confsync holds another value")
	}
	return func() { cfg.Close(); c.Close() }, nil
}
