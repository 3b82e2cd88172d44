package consul

import (
	"context"
	"time"

	"golang.org/x/time/rate"

	"github.com/confsync/confsync/source"
)

const burst = 10 // seconds' worth

// newLimiter makes the bound on how often the store is asked: rate times a second,
// and up to ten times as many after a rest. A negative rate is no bound.
func newLimiter(perSecond int) *rate.Limiter {
	if perSecond < 0 {
		return rate.NewLimiter(rate.Inf, 0)
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst*perSecond)
}

// throttle returns once an answer is paid for, or with ctx's error; one that brought
// nothing costs a second's worth. It reports whether that took any time. A
// change that comes after a rest is never held up.
func (w *watch) throttle(ctx context.Context, idle bool) (paused bool, err error) {
	cost := 1
	if idle {
		cost = max(1, w.opts.Rate)
	}
	d := w.limit.ReserveN(time.Now(), cost).Delay()
	if d <= 0 {
		return false, ctx.Err()
	}
	timer := time.NewTimer(source.Jitter(d, d+d/4))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true, ctx.Err()
	case <-timer.C:
		return true, nil
	}
}
