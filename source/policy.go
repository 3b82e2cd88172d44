package source

import (
	"cmp"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/confsync/confsync/tree"
)

// Policy has the times that a [Supervisor] goes by. The zero Policy is the one
// to use unless a source has a reason to differ.
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

// WithPolicy returns src with a Policy of its own: those of its fields that are
// not zero take precedence over what the [Supervisor], or the Config, is given
// for all sources.
func WithPolicy(p Policy, src Source) Source { return withPolicy{src, p} }

type withPolicy struct {
	Source
	policy Policy
}

func (r withPolicy) Unwrap() Source { return r.Source }

func (r withPolicy) WithShape(shape *tree.Shape) (Source, error) {
	return reshape(r.Source, shape, func(src Source) Source { return withPolicy{src, r.policy} })
}

// policyOf returns p with what [WithPolicy] has said of a source, the outermost
// first.
func policyOf(src Source, p Policy) Policy {
	var own Policy
	for r := range find[withPolicy](src) {
		own = own.or(r.policy)
	}
	return own.or(p)
}

// or returns p with what is zero taken from another.
func (p Policy) or(other Policy) Policy {
	return Policy{
		StaleAfter: cmp.Or(p.StaleAfter, other.StaleAfter),
		Resync:     cmp.Or(p.Resync, other.Resync),
		MinBackoff: cmp.Or(p.MinBackoff, other.MinBackoff),
		MaxBackoff: cmp.Or(p.MaxBackoff, other.MaxBackoff),
		Healthy:    cmp.Or(p.Healthy, other.Healthy),
	}
}

func (p Policy) withDefaults() Policy {
	p = p.or(Policy{
		StaleAfter: 30 * time.Second,
		Resync:     15 * time.Minute,
		MinBackoff: 200 * time.Millisecond,
		MaxBackoff: 30 * time.Second,
		Healthy:    10 * time.Second,
	})
	p.MaxBackoff = max(p.MinBackoff, p.MaxBackoff)
	return p
}

// backoff returns the waits between attempts. It never gives up.
func (p Policy) backoff() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(p.MinBackoff),
		backoff.WithMaxInterval(p.MaxBackoff),
		backoff.WithRandomizationFactor(0.5),
		backoff.WithMaxElapsedTime(0),
	)
}

// untilResync returns how long one Watch is to go on.
func (p Policy) untilResync() time.Duration { return Jitter(p.Resync/2, p.Resync/2+p.Resync) }
