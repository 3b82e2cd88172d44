package report

import (
	"fmt"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"github.com/confsync/confsync/bench/fleet"
	"github.com/confsync/confsync/bench/stats"
)

// Fleet returns what a fleet asks of a store: in an outage, and at one change.
func Fleet(outages []fleet.Outage, c fleet.Change, keys int) string {
	var t Table
	t.Head(" instances", "at the onset", "late in the outage", "at the return", "half are back after", "nine tenths after", "all after")
	for _, o := range outages {
		t.Row(label(o), rate(o.Onset()), rate(o.Late()), rate(o.Return()), seconds(o.BackAfter(0.5)), seconds(o.BackAfter(0.9)), seconds(o.BackAfter(1)))
	}
	perInstance := float64(c.Down) / float64(c.Instances)
	var u Table
	u.Head(" instances", "requests", "bytes from the store")
	u.Row(fmt.Sprintf("%s, measured", stats.Count(float64(c.Instances))), stats.Count(float64(c.Asked)), stats.Size(float64(c.Down)))
	for _, n := range []int{1_000, 10_000} {
		asked := float64(c.Asked) / float64(c.Instances) * float64(n)
		u.Row(fmt.Sprintf("%s, calculated", stats.Count(float64(n))), stats.Count(asked), stats.Size(perInstance*float64(n)))
	}
	return Wrap(fmt.Sprintf(`### An outage

The store is away for %v, refusing connections, and back. The figures are requests in the busiest second of each part. %s instances
are real, each a supervisor and a Consul source with a connection of its own, on this machine; the others are calculated
from the same policy, and that the two agree is tested. %s.

%s
![Requests of a fleet in an outage](fleet-outage.svg)

All lose the store at the same moment, and each tries again after some 200 ms, half as long again after each failure, up
to 30 s; each wait is spread by half of itself up and down. So a fleet asks a few times each in the first seconds, then
ever less, and when the store is back each instance returns within its own last wait. Without the spread they would
ask, and return, all in the same instants.

**What to set.** After a long outage a fleet of N returns at about N divided by MaxBackoff in a second, and each that
returns reads all there is and then asks to wait. If the store can't give that many lists in a second, raise Policy.MaxBackoff; the last
instance is back after at most one and a half times that. Policy.Resync costs N divided by Resync in a second, all the
time: 11 lists in a second for 10,000 instances and the default of 15 minutes.

### One change

%s real instances wait for a change of one key of %s. Half of them had the new tree %s after
the write, nine tenths after %s, the last after %s: the time that one server, on the machine of them all, takes to
write all the answers. At most %s requests fell into a tenth of a second.

%s
Consul answers every waiting query at once and with the whole prefix, and each instance then asks to wait again: nothing
can be spread there without holding up the change. So with Consul a fleet's traffic is its size times the prefix's.
Keep prefixes small, or one for each service; let the instances of a machine ask that machine's agent. etcd sends the
key that changed; Redis its name, and each instance reads that key; ZooKeeper tells each instance, which reads that node.
`, outages[0].Away.Round(time.Second), stats.Count(float64(c.Instances)), Machine(), t.String(),
		stats.Count(float64(c.Instances)), stats.Count(float64(keys)), millis(c.SeenAfter(0.5)), millis(c.SeenAfter(0.9)), millis(c.SeenAfter(1)),
		stats.Count(float64(c.Peak)), u.String()))
}

func label(o fleet.Outage) string {
	how := "calculated"
	if o.Real {
		how = "measured"
	}
	return fmt.Sprintf("%s, %s", stats.Count(float64(o.Instances)), how)
}

func rate(n int) string              { return stats.Count(float64(n)) + "/s" }
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
func millis(d time.Duration) string  { return stats.Time(float64(d.Nanoseconds())) }

// FleetPicture draws the requests of outages in each second, and those of one
// without jitter.
func FleetPicture(outages []fleet.Outage, unspread fleet.Outage, file string) error {
	title := fmt.Sprintf("A store is away for %.0f seconds", outages[0].Away.Seconds())
	p := NewPlot(title, "seconds", "requests per second")
	p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, Decades(stats.Count)
	for i, o := range outages {
		line := Line{Name: label(o), Points: rates(o), Colour: i, Bold: o.Real}
		if err := line.Add(p); err != nil {
			return err
		}
	}
	name := stats.Count(float64(unspread.Instances)) + ", were there no jitter"
	if err := (Line{Name: name, Points: rates(unspread), Colour: len(outages), Loose: true}).Add(p); err != nil {
		return err
	}
	p.Legend.Left = false
	p.Y.Min, p.Y.Max = 1, 30*p.Y.Max // room for the legend
	return Save(p, file)
}

// rates returns the requests in each second that has any: there is no logarithm
// of nothing.
func rates(o fleet.Outage) plotter.XYs {
	var points plotter.XYs
	for second, n := range o.Rates() {
		if n > 0 {
			points = append(points, plotter.XY{X: float64(second), Y: float64(n)})
		}
	}
	return points
}
