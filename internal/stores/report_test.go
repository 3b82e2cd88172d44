package stores

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// report is what came of a run of all stores.
type report struct {
	seed         uint64
	began, ended time.Time
	leaked       int // goroutines
	failed       bool
	tallies      []*tally
}

// tally is what came of one store.
type tally struct {
	store    string
	faults   map[string]*faultTally
	commits  int64
	emits    int
	mixed    int
	programs int
}

type faultTally struct {
	times, lasting  int
	noticed, healed time.Duration // the longest: to say stale, and to converge
	watches         int           // the most of one source during one fault
	dialled         int           // the most connections of all during one fault
}

func (r *report) tally(store string) *tally {
	t := &tally{store: store, faults: map[string]*faultTally{}}
	r.tallies = append(r.tallies, t)
	return t
}

func (t *tally) note(fault string, lasting bool, noticed, healed time.Duration, watches, dialled int) {
	f := t.faults[fault]
	if f == nil {
		f = &faultTally{}
		t.faults[fault] = f
	}
	f.times++
	if lasting {
		f.lasting++
	}
	f.noticed, f.healed = max(f.noticed, noticed), max(f.healed, healed)
	f.watches, f.dialled = max(f.watches, watches), max(f.dialled, dialled)
}

func (t *tally) add(emits, mixed int) {
	t.emits, t.mixed, t.programs = t.emits+emits, t.mixed+mixed, t.programs+1
}

func (r *report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Faults in four stores, side by side: %s from %s, seed %d\n\n",
		r.ended.Sub(r.began).Round(time.Second), r.began.UTC().Format(time.DateTime), r.seed)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "store\tfault\ttimes\toutlasting the stated time\tlongest to say stale\tlongest to converge\tmost watches of a source\tmost connections")
	total := 0
	for _, t := range r.tallies {
		for _, name := range slices.Sorted(maps.Keys(t.faults)) {
			f := t.faults[name]
			total += f.times
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\t%d\t%d\n", t.store, name, f.times, f.lasting,
				seconds(f.noticed), seconds(f.healed), f.watches, f.dialled)
		}
	}
	w.Flush()
	b.WriteByte('\n')
	w = tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "store\tfaults\tupdates made\tprograms\tsnapshots checked\tof these not at one revision\tlongest to converge")
	for _, t := range r.tallies {
		n, longest := 0, time.Duration(0)
		for _, f := range t.faults {
			n, longest = n+f.times, max(longest, f.healed)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%s\n", t.store, n, t.commits, t.programs, t.emits, t.mixed, seconds(longest))
	}
	w.Flush()
	outcome := "Nothing was lost: every snapshot but those not at one revision, whose keys each had their values, is a state that was committed;\nnone is older than the one before but where the store was; and in the end every program held what its store did."
	if r.failed {
		outcome = "THE RUN FAILED: see its log."
	}
	fmt.Fprintf(&b, "\n%d faults. %s\nGoroutines left: %d.\n", total, outcome, r.leaked)
	return b.String()
}

func seconds(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1fs", d.Seconds())
}
