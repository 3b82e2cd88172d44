package soak

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/heapprofiler"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/browser"
	"github.com/confsync/confsync/internal/testserver"
	"github.com/confsync/confsync/web"
)

// page is the live page, open in a browser behind a proxy that breaks the
// connection.
type page struct {
	window *browser.Window
	proxy  *testserver.Proxy
}

func openPage(t *testing.T, window *browser.Window, cfg *confsync.Config[app]) *page {
	t.Helper()
	server := httptest.NewServer(web.Handler(cfg))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	p := &page{window, testserver.NewProxy(t, server.Listener.Addr().String())}
	window.Run(chromedp.Navigate("http://" + p.proxy.Addr()))
	browser.Eval[bool](window, `window.redrawn = 0, new MutationObserver(() => redrawn++).observe($("values"), {childList: true}), true`)
	return p
}

// shows waits until the page has what every place holds, and asserts that its
// script has had no error.
func (p *page) shows(t *testing.T, all []*place) {
	t.Helper()
	conditions := []string{`$("link").textContent === "live"`}
	for _, each := range all {
		conditions = append(conditions, fmt.Sprintf(`(document.querySelector('.row[data-path="%s.a"] .value') || {}).textContent === "%d"`, each.name, each.written.A))
	}
	p.window.Until(strings.Join(conditions, " && "))
	if wrong := p.window.Errors(); len(wrong) > 0 {
		t.Fatalf("the page's script: %q", wrong)
	}
}

// held returns how many bytes the page's script holds.
func (p *page) held(t *testing.T) uint64 {
	t.Helper()
	if _, err := chromedp.Call(p.window.Tab, heapprofiler.CollectGarbage, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	usage, err := chromedp.Call(p.window.Tab, runtime.GetHeapUsage, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	return uint64(usage.UsedSize)
}

// redrawn returns how often the page has drawn its values.
func (p *page) redrawn() int { return browser.Eval[int](p.window, `redrawn`) }
