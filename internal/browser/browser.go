// Package browser drives a real browser, for tests of the page of package web. It
// is a module of its own because a browser's driver is nothing that the library
// needs.
package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/confsync/confsync/internal/await"
)

// Window is one window of a browser.
type Window struct {
	testing.TB
	Tab context.Context // what chromedp's functions take

	mu     sync.Mutex
	errors []string
}

// Open starts Chromium and ends it with the test. Where there is none, the test is
// skipped, or fails if CONFSYNC_REQUIRE_SERVERS is set.
func Open(t testing.TB) *Window {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CONFSYNC_REQUIRE_SERVERS") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	opts := []chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir())}
	for _, name := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update",
		"disable-sync", "disable-dev-shm-usage", "hide-scrollbars",
	} {
		opts = append(opts, chromedp.Flag(name, true))
	}
	allocated, end := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(func() {
		chromedp.Cancel(ctx) // returns when the browser has gone, so that its directory can
		closeTab()
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1180, 900)); err != nil { // the browser lives as long as this context
		t.Fatal(err)
	}
	w := &Window{TB: t, Tab: ctx}
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		t.Fatal(err)
	}
	return w
}

// listen keeps what goes wrong in the page's script.
func (w *Window) listen(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			text = fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text)
		}
	}
	if text != "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.errors = append(w.errors, text)
	}
}

// Errors returns what went wrong in the page's script so far: what it threw and
// nothing caught, and what the browser refused it. A request that got no answer is
// not among it.
func (w *Window) Errors() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.errors)
}

// Run takes steps in the page.
func (w *Window) Run(steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Tab, await.Limit)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		w.Fatalf("%v\n%s", err, w.Text())
	}
}

// Text returns all that the page shows.
func (w *Window) Text() string {
	ctx, cancel := context.WithTimeout(w.Tab, 10*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil {
		return err.Error()
	}
	return text
}

// Eval returns what an expression is in the page.
func Eval[T any](w *Window, expression string) T {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Tab, await.Limit)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		w.Fatalf("%s: %v\n%s", expression, err, w.Text())
	}
	return v
}

// Until waits until an expression is true in the page.
func (w *Window) Until(expression string) {
	w.Helper()
	if !await.Holds(await.Limit, func() bool { return Eval[bool](w, expression) }) {
		w.Fatalf("not within %v: %s\n%s", await.Limit, expression, w.Text())
	}
}
