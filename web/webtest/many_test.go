package webtest

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/browser"
	"github.com/confsync/confsync/source"
	"github.com/confsync/confsync/source/sourcetest"
	"github.com/confsync/confsync/web"
)

// TestManyValues asserts that ten thousand values can be searched and paged.
func TestManyValues(t *testing.T) {
	many := map[string]any{}
	for i := range 10_000 {
		many[fmt.Sprintf("key%04d", i)] = i
	}
	m := sourcetest.NewMemory("many", map[string]any{"many": many})
	c, err := confsync.Open(t.Context(), confsync.Options[struct{ Many map[string]int }]{Sources: []source.Source{m}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	server := httptest.NewServer(web.Handler(c))
	defer server.Close()
	defer server.CloseClientConnections()

	b := browser.Open(t)
	b.Run(chromedp.Navigate(server.URL))
	b.Until(`document.querySelectorAll(".row[data-path]").length === 500 && $("count").textContent === "10000"`)
	b.Run(chromedp.Click("#more"))
	b.Until(`document.querySelectorAll(".row[data-path]").length === 1000`)
	b.Run(chromedp.SendKeys("#search", "key9999"))
	b.Until(`document.querySelectorAll(".row[data-path]").length === 1`)
	m.Set("many.key9999", 5)
	b.Until(`document.querySelector('.row[data-path="many.key9999"] .value').textContent === "5"`)
	b.Run(chromedp.Click(".history .link-button")) // leads to a value that isn't among the first
	b.Until(`document.activeElement.dataset.path === "many.key9999" && document.querySelector(".panel") !== null`)
}
