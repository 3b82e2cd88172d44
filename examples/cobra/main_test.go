package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	config := filepath.Join(t.TempDir(), "checkout.yaml")
	if err := os.WriteFile(config, []byte("http: {addr: ':1', timeout: 5s}\ntags: [file]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CHECKOUT_HTTP_TIMEOUT", "6s")
	for args, want := range map[string]string{
		"":                          "listening on :1, timeout 6s, tags [file]\n",
		"--http.addr=:2 --tags a,b": "listening on :2, timeout 6s, tags [a b]\n",
		"--http.timeout 7s":         "listening on :1, timeout 7s, tags [file]\n",
	} {
		cmd := command()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetArgs(append([]string{"serve", "--config", config}, strings.Fields(args)...))
		ctx, cancel := context.WithCancel(t.Context())
		served := &served{Buffer: &out, done: cancel}
		cmd.SetOut(served)
		if err := cmd.ExecuteContext(ctx); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if out.String() != want {
			t.Errorf("%q: %q, want %q", args, out.String(), want)
		}
	}
}

// served ends the program once it has said that it listens.
type served struct {
	*bytes.Buffer
	done func()
}

func (s *served) Write(p []byte) (int, error) {
	defer s.done()
	return s.Buffer.Write(p)
}
