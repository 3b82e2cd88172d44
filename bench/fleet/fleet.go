// Package fleet tells what many instances ask of one store: when it goes away
// and comes back, and when one key changes.
//
// As many instances as a machine carries are real: a supervisor and a Consul
// source each, with a connection of their own. What more of them do is
// calculated, from the same policy; the two agree where both can be had.
package fleet

import (
	"slices"
	"time"

	"github.com/confsync/confsync/bench/stats"
)

// Outage is what a fleet asked of a store that was away for a time, and since.
type Outage struct {
	Instances int
	Real      bool            // measured, not calculated
	Away      time.Duration   // from 0
	Asked     []time.Duration // every attempt, in order
	Back      []time.Duration // the first attempt of each instance that succeeded, in order
}

// Rates returns the attempts in each second, from the beginning of the outage.
func (o Outage) Rates() []int { return per(o.Asked, time.Second) }

// per returns how many times fall into each step.
func per(times []time.Duration, step time.Duration) []int {
	var counts []int
	for _, t := range times {
		for len(counts) <= int(t/step) {
			counts = append(counts, 0)
		}
		counts[t/step]++
	}
	return counts
}

// Onset returns the most attempts in a second of the first ten, when all lose
// the store at once.
func (o Outage) Onset() int { return peak(o.Rates(), 0, 10) }

// Late returns the most attempts in a second of the last ten of the outage.
func (o Outage) Late() int {
	away := int(o.Away / time.Second)
	return peak(o.Rates(), away-10, away)
}

// Return returns the most attempts in a second after the outage: each reads all
// there is.
func (o Outage) Return() int {
	away := int(o.Away / time.Second)
	return peak(o.Rates(), away, len(o.Rates())+away)
}

func peak(rates []int, from, to int) int {
	from, to = max(0, min(from, len(rates))), max(0, min(to, len(rates)))
	if from >= to {
		return 0
	}
	return slices.Max(rates[from:to])
}

// BackAfter returns how long after the outage that part of the instances were
// back.
func (o Outage) BackAfter(part float64) time.Duration {
	seconds := make([]float64, len(o.Back))
	for i, t := range o.Back {
		seconds[i] = float64(t - o.Away)
	}
	return time.Duration(stats.Quantile(seconds, part))
}
