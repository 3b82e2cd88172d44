package ports

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/confsync/confsync"
	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/source/sourcetest"
)

// endpoint is a configuration of the kind that completes and validates itself, and
// that programs load once.
type endpoint struct {
	Host string `yaml:"host"`
	Port int    `yaml:"port"`
	URL  string `yaml:"url"`
	Log  struct {
		Level  string `yaml:"level"`
		Format string `yaml:"format"`
	} `yaml:"log"`
}

// WithDefaults returns the configuration with what it lacks.
func (e endpoint) WithDefaults() endpoint {
	if e.Port == 0 {
		e.Port = 443
	}
	if e.URL == "" {
		e.URL = fmt.Sprintf("https://%s:%d", e.Host, e.Port)
	}
	if e.Log.Level == "" {
		e.Log.Level = "info"
	}
	return e
}

// Validate reports what can't work.
func (e endpoint) Validate() error {
	if !strings.HasPrefix(e.URL, "https://") {
		return confsync.Invalid(errors.New("must be https"), "url", "host")
	}
	return nil
}

func TestWithDefaultsAndValidate(t *testing.T) {
	store := sourcetest.NewMemory("store", map[string]any{"host": "a"})
	cfg, err := confsync.Open(t.Context(), confsync.Options[endpoint]{
		Sources:  []confsync.Source{store},
		Complete: func(e *endpoint) error { *e = e.WithDefaults(); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	if got := cfg.Get(); got.URL != "https://a:443" || got.Log.Level != "info" {
		t.Errorf("%+v", got)
	}
	urls := make(chan string, 9)
	confsync.Watch(cfg, func(e *endpoint) string { return e.URL }, func(c confsync.Change[string]) { urls <- c.New })
	store.Set("host", "b") // what follows from it follows
	if got := await.Receive(t, "the URL changes", urls); got != "https://b:443" {
		t.Errorf("URL %q", got)
	}
	x, err := cfg.Explain("url")
	if err != nil || len(x.Layers) == 0 || x.Layers[0].Origin.Kind != "completed" {
		t.Errorf("%v, %v", x, err)
	}
	store.Set("url", "http://plain")
	await.Until(t, "it is refused", func() bool { return cfg.Status().Rejected != nil })
	if text := cfg.Status().Rejected.Error(); !strings.Contains(text, "url: must be https") || !strings.Contains(text, `memory "url"`) && !strings.Contains(text, "store") {
		t.Error(text)
	}
	if got := cfg.Get().URL; got != "https://b:443" {
		t.Errorf("URL %q", got)
	}
}
