package report

import (
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/confsync/confsync/bench/compare"
	"github.com/confsync/confsync/bench/stats"
)

// Colours that differ in lightness as well as in hue, on white.
var colours = []color.RGBA{
	{R: 0x00, G: 0x48, B: 0xba, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, {R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, {R: 0xb0, G: 0x8d, B: 0x00, A: 0xff}, {R: 0x77, G: 0x77, B: 0x77, A: 0xff},
}

// Growth draws how the time of a work grows with the number of keys, both on
// logarithmic scales, into an SVG file. It draws nothing of fewer than two sizes.
func Growth(results []compare.Result, key, file string) error {
	var of []compare.Result
	for _, r := range results {
		if r.Key == key {
			of = append(of, r)
		}
	}
	if len(of) < 2 {
		return nil
	}
	p := NewPlot(of[0].Title, "keys", "time")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = Decades(stats.Count), Decades(Duration)
	for i, name := range of[0].Names() {
		var points plotter.XYs
		for _, r := range of {
			if s := r.Figure(name); s.N > 0 {
				points = append(points, plotter.XY{X: float64(r.N), Y: s.Median})
			}
		}
		if len(points) == 0 {
			continue
		}
		line := Line{Name: name, Points: points, Colour: i, Bold: name == compare.Ours, Dots: true}
		if err := line.Add(p); err != nil {
			return err
		}
	}
	return Save(p, file)
}

// NewPlot returns a plot in the style of all of them, with the legend to the
// left.
func NewPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding, p.X.Label.Padding = vg.Points(8), vg.Points(4)
	for _, style := range []*text.Style{
		&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle,
	} {
		style.Font.Variant = "Sans"
	}
	p.BackgroundColor = color.White
	p.Legend.Top, p.Legend.Left, p.Legend.Padding = true, true, vg.Points(2)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe4}, color.Gray{Y: 0xe4}
	p.Add(grid)
	return p
}

// Line is one of those in a plot.
type Line struct {
	Name   string
	Points plotter.XYs
	Colour int  // its number
	Bold   bool // stands out
	Dots   bool // a dot at each point
	Loose  bool // dots alone
}

// Add adds the line to a plot.
func (l Line) Add(p *plot.Plot) error {
	line, dots, err := plotter.NewLinePoints(l.Points)
	if err != nil {
		return err
	}
	line.Color, line.Width = colours[l.Colour%len(colours)], vg.Points(1.2)
	if l.Bold {
		line.Width = vg.Points(2.4)
	}
	dots.Color, dots.Shape, dots.Radius = line.Color, draw.CircleGlyph{}, vg.Points(2.5)
	var shown []plot.Thumbnailer
	if !l.Loose {
		p.Add(line)
		shown = append(shown, line)
	}
	if l.Dots || l.Loose {
		p.Add(dots)
		shown = append(shown, dots)
	}
	p.Legend.Add(l.Name, shown...)
	return nil
}

// Save draws a plot into an SVG file.
func Save(p *plot.Plot, file string) error {
	canvas := vgsvg.New(7.5*vg.Inch, 4.5*vg.Inch)
	p.Draw(draw.New(canvas))
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}
