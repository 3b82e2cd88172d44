package consul

import (
	"context"
	"math/rand/v2"
	"time"
)

const burst = 10 // seconds' worth

// pace is a bucket of tokens that bounds how often the store is asked. It fills
// at rate tokens a second, up to ten times rate; every answer takes one, and one
// that brought nothing takes a second's worth. A change that comes after a rest
// is therefore never held up. A negative rate is no bound.
type pace struct {
	rate   float64
	tokens float64 // below zero: owed
	at     time.Time
}

func newPace(rate int) *pace {
	return &pace{rate: float64(rate), tokens: burst * float64(rate), at: time.Now()}
}

// wait takes the tokens of an answer and returns once they are paid for, or
// with ctx's error. It reports whether that took any time.
func (p *pace) wait(ctx context.Context, idle bool) (paused bool, err error) {
	if p.rate < 0 {
		return false, ctx.Err()
	}
	now := time.Now()
	p.tokens = min(burst*p.rate, p.tokens+p.rate*now.Sub(p.at).Seconds())
	p.at = now
	if idle {
		p.tokens -= p.rate
	} else {
		p.tokens--
	}
	if p.tokens >= 0 {
		return false, ctx.Err()
	}
	owed := -p.tokens / p.rate * float64(time.Second)
	timer := time.NewTimer(time.Duration(owed * (1 + rand.Float64()/4))) // spread
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return true, ctx.Err()
	case <-timer.C:
		return true, nil
	}
}
