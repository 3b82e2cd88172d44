package fleet

import (
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Policy is the part of source.Policy that matters here.
type Policy struct {
	MinBackoff, MaxBackoff time.Duration
	Spread                 float64 // of each wait, up and down
}

// Default returns what a supervisor does unless it is told otherwise.
func Default() Policy {
	return Policy{MinBackoff: 200 * time.Millisecond, MaxBackoff: 30 * time.Second, Spread: 0.5}
}

// Unspread is Default were there no jitter.
func Unspread() Policy {
	p := Default()
	p.Spread = 0
	return p
}

// Calculate is the outage of a store that refuses at once while it is away, and
// answers at once when it is back. An instance that is back asks twice: for what
// there is, and for what comes.
func Calculate(instances int, away time.Duration, p Policy) Outage {
	o := Outage{Instances: instances, Away: away}
	for range instances {
		b := backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(p.MinBackoff),
			backoff.WithMaxInterval(p.MaxBackoff),
			backoff.WithRandomizationFactor(p.Spread),
			backoff.WithMaxElapsedTime(0),
		)
		t := b.NextBackOff()
		for ; t < away; t += b.NextBackOff() {
			o.Asked = append(o.Asked, t)
		}
		o.Asked, o.Back = append(o.Asked, t, t), append(o.Back, t)
	}
	slices.Sort(o.Asked)
	slices.Sort(o.Back)
	return o
}
