package source

import (
	"math/rand/v2"
	"time"
)

// Jitter returns a random duration from low to high, both included, so that the
// processes of a fleet don't act in step. It returns low if high is not above it.
func Jitter(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + rand.N(high-low+1)
}
