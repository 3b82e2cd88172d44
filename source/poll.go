package source

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Poll is a source that calls load for its state when a Watch starts and then
// at an interval, spread by ±10% so that a fleet does not ask in step. An error
// of load ends the Watch, as [Source] says; load reports content that was read
// and can't be used by [Snapshot].Err. An interval that is not positive and a
// nil load are a panic.
func Poll(name string, every time.Duration, load func(context.Context) (Snapshot, error)) Source {
	if every <= 0 || load == nil {
		panic(fmt.Sprintf("source.Poll %q: needs a positive interval and a function", name))
	}
	return poll{name, every, load}
}

type poll struct {
	name  string
	every time.Duration
	load  func(context.Context) (Snapshot, error)
}

func (p poll) Name() string { return p.name }

func (p poll) Watch(ctx context.Context, emit func(Snapshot)) error {
	for {
		snap, err := p.load(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		emit(snap)
		wait, cancel := context.WithTimeout(ctx, p.every-p.every/10+rand.N(p.every/5+1))
		<-wait.Done()
		cancel()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
