package webtest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

func contains(text, part string) bool { return strings.Contains(text, part) }

// TestScreenshots draws the pictures in docs when CONFSYNC_SCREENSHOTS names a
// directory for them.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("CONFSYNC_SCREENSHOTS")
	if dir == "" {
		t.Skip("CONFSYNC_SCREENSHOTS is not set")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	program := os.Args[0]
	os.Args[0] = "checkout" // the page names the program
	defer func() { os.Args[0] = program }()
	s, b := newSite(t), openBrowser(t)
	b.run(chromedp.Navigate(s.url))
	b.until(loaded)
	s.put("features/search", "false")
	s.put("server/timeout", "20s")
	b.until(`document.querySelector('.row[data-path="server.timeout"]').innerText.includes("20s")`)
	s.put("limits/partner/rate", "2k")
	b.until(`!document.querySelector("#rejected").hidden`)
	b.run(chromedp.Click(`.row[data-path="limits.partner.rate"]`))
	b.run(chromedp.MouseClickXY(5, 5))
	eval[any](b, `$("host").textContent = "node-7", document.activeElement.blur(), scrollTo(0, 0), ""`)
	for name, dark := range map[string]bool{"light": false, "dark": true} {
		b.dark(dark)
		b.run(chromedp.EmulateViewport(1100, 1180))
		b.shot(dir + "/page-" + name + ".png")
	}
	b.dark(false)
	b.run(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	eval[any](b, `scrollTo(0, 0) || ""`)
	b.shot(dir + "/page-phone.png")
	if eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than a phone")
	}
}

func (b *browser) shot(file string) {
	b.Helper()
	data, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	drawn, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, fewColours(drawn)); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(file, small.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
}

// fewColours returns a picture in the colours that it has most of, which makes
// the file a third.
func fewColours(in image.Image) image.Image {
	count := map[color.Color]int{}
	box := in.Bounds()
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[in.At(x, y)]++
		}
	}
	colours := slices.Collect(maps.Keys(count))
	slices.SortFunc(colours, func(a, b color.Color) int { return count[b] - count[a] })
	out := image.NewPaletted(box, colours[:min(len(colours), 128)])
	draw.Draw(out, box, in, box.Min, draw.Src)
	return out
}
