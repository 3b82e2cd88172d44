package compare

import (
	"fmt"
	"io"
	"time"
)

// Plan says what to measure and how thoroughly.
type Plan struct {
	Rounds  int           // samples of each task
	Sample  time.Duration // about how long a sample takes, where the work is shorter
	Largest int           // documents of more keys are left out; 0: none are
	Only    string        // the key of the one work to do; "": all
	Log     io.Writer     // is told of each figure
}

// Result is one work at one size, by all who do it.
type Result struct {
	Work
	N      int
	Series map[string]*Series
}

// Series is what one of them did. Figures of the same index are of one round.
type Series struct {
	Cannot      string // why it was not timed
	Figures     []float64
	Allocations float64
	Bytes       float64
}

// Run does all works of a plan. In each round every contender has one turn, and
// another one begins.
func Run(p Plan) ([]Result, error) {
	var results []Result
	for _, w := range Works() {
		if p.Only != "" && p.Only != w.Key {
			continue
		}
		for _, n := range w.Sizes {
			if p.Largest > 0 && n > p.Largest {
				continue
			}
			r, err := runWork(p, w, n)
			if err != nil {
				return results, fmt.Errorf("%s, %d keys: %w", w.Key, n, err)
			}
			results = append(results, r)
		}
	}
	return results, nil
}

func runWork(p Plan, w Work, n int) (Result, error) {
	r := Result{Work: w, N: n, Series: map[string]*Series{}}
	var able []*worker
	defer func() {
		for _, w := range able {
			w.Stop()
		}
	}()
	for _, name := range w.Names() {
		started, err := startWorker(w.Key, name, n, p.Sample)
		if err != nil {
			return r, err
		}
		able = append(able, started)
		r.Series[name] = &Series{Cannot: started.cannot}
	}
	for round := range p.Rounds {
		for i := range able {
			turn := able[(i+round)%len(able)]
			if turn.cannot != "" {
				continue
			}
			a, err := turn.ask(request{})
			if err != nil {
				return r, err
			}
			s := r.Series[turn.name]
			s.Figures = append(s.Figures, a.Figure/float64(w.Per))
		}
	}
	for _, each := range able {
		if each.cannot != "" {
			continue
		}
		a, err := each.ask(request{Count: true})
		if err != nil {
			return r, err
		}
		s := r.Series[each.name]
		s.Allocations, s.Bytes = a.Count/float64(w.Per), a.Bytes/float64(w.Per)
	}
	r.log(p.Log)
	return r, nil
}
