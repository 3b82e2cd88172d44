package source

import (
	"context"
	"fmt"
	"time"

	"github.com/confsync/confsync/tree"
)

// Poll returns a source that calls load for its state when a Watch starts and then
// at an interval, spread by ±10% so that a fleet does not ask in step. An error
// of load ends the Watch, as [Source] says; load reports content that was read
// and can't be used by [Snapshot].Err. An interval that is not positive and a
// nil load are a panic.
func Poll(name string, every time.Duration, load func(context.Context) (Snapshot, error)) Source {
	if every <= 0 || load == nil {
		panic(fmt.Sprintf("source.Poll %q: needs a positive interval and a function", name))
	}
	return &poll{name: tree.Printable(name), every: every, load: load}
}

type poll struct {
	name   string
	every  time.Duration
	load   func(context.Context) (Snapshot, error)
	single Single
}

func (p *poll) Name() string { return p.name }

func (p *poll) Watch(ctx context.Context, emit func(Snapshot)) error {
	if err := p.single.Enter(); err != nil {
		return err
	}
	defer p.single.Leave()
	for {
		snap, err := p.load(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		emit(snap)
		wait := time.NewTimer(Jitter(p.every-p.every/10, p.every+p.every/10))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
}
