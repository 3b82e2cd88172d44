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

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/confsync/confsync/internal/browser"
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
	s, b := newSite(t), browser.Open(t)
	b.Run(chromedp.Navigate(s.url))
	b.Until(loaded)
	s.put("features/search", "false")
	s.put("server/timeout", "20s")
	b.Until(`document.querySelector('.row[data-path="server.timeout"]').innerText.includes("20s")`)
	s.put("limits/partner/rate", "2k")
	b.Until(`!document.querySelector("#rejected").hidden`)
	b.Run(chromedp.Click(`.row[data-path="limits.partner.rate"]`))
	b.Run(chromedp.MouseClickXY(5, 5))
	browser.Eval[any](b, `$("host").textContent = "node-7", document.activeElement.blur(), scrollTo(0, 0), ""`)
	for name, isDark := range map[string]bool{"light": false, "dark": true} {
		dark(b, isDark)
		b.Run(chromedp.EmulateViewport(1100, 1180))
		shot(b, dir+"/page-"+name+".png")
	}
	dark(b, false)
	b.Run(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile, chromedp.EmulateTouch))
	browser.Eval[any](b, `scrollTo(0, 0) || ""`)
	shot(b, dir+"/page-phone.png")
	if browser.Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`) {
		t.Error("the page is wider than a phone")
	}
}

// dark makes the system prefer dark colours, or light ones.
func dark(b *browser.Window, yes bool) {
	b.Helper()
	scheme := "light"
	if yes {
		scheme = "dark"
	}
	_, err := chromedp.Call(b.Tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		b.Fatal(err)
	}
}

func shot(b *browser.Window, file string) {
	b.Helper()
	data, err := chromedp.Run(b.Tab, chromedp.CaptureScreenshot())
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
