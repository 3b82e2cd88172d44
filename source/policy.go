package source

import (
	"cmp"
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Policy says how patient a [Supervisor] is. The zero Policy is the one to use
// unless a source has a reason to differ.
type Policy struct {
	// StaleAfter is how long a source may be cut off before its state is said
	// to be [Stale]. Zero: 30s. Negative: never.
	StaleAfter time.Duration

	// Resync is the mean of the randomised interval after which a healthy Watch
	// is started anew, so that a change that a store lost is still found. The
	// interval is uniform within ±50%. It also bounds how long a Watch may take
	// to its first emit. Zero: 15m. Negative: never.
	Resync time.Duration

	// MinBackoff and MaxBackoff bound the wait between attempts, which grows by
	// half each time and is then spread by ±50%. Zero: 200ms and 30s.
	MinBackoff, MaxBackoff time.Duration

	// Healthy is how long a source must have been [Live] for the wait to start
	// over from MinBackoff when it breaks. Zero: 10s.
	Healthy time.Duration
}

func (p Policy) withDefaults() Policy {
	p.StaleAfter = cmp.Or(p.StaleAfter, 30*time.Second)
	p.Resync = cmp.Or(p.Resync, 15*time.Minute)
	p.MinBackoff = cmp.Or(p.MinBackoff, 200*time.Millisecond)
	p.MaxBackoff = max(p.MinBackoff, cmp.Or(p.MaxBackoff, 30*time.Second))
	p.Healthy = cmp.Or(p.Healthy, 10*time.Second)
	return p
}

// backoff is the wait between attempts. It never gives up.
func (p Policy) backoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(p.MinBackoff),
		backoff.WithMaxInterval(p.MaxBackoff),
		backoff.WithRandomizationFactor(0.5),
		backoff.WithMaxElapsedTime(0),
	)
}

// untilResync is ctx with the deadline of one Watch.
func (p Policy) untilResync(ctx context.Context) (context.Context, context.CancelFunc) {
	if p.Resync < 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, Jitter(p.Resync/2, p.Resync/2+p.Resync))
}
