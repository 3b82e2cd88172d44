package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/consul/api"

	"github.com/confsync/confsync/internal/await"
	"github.com/confsync/confsync/internal/testserver"
)

const prefix = "apps/service"

// TestEverySettingChangesUnderLoad changes every setting of the service, in a real
// Consul, while clients make requests without a pause. Each change is seen to take
// effect, and no request fails.
func TestEverySettingChangesUnderLoad(t *testing.T) {
	store := newStore(t)
	first, second := backend(t, "first"), backend(t, "second")
	store.certificate("one")
	store.set("backend/url", first)
	store.set("limit/per_second", "100000")
	store.set("limit/burst", "1000")

	cfg, err := open(t.Context(), "settings.yaml", store.addr, prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	var logs safeBuffer
	s, err := newService(cfg, &logs)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	public := &http.Server{Handler: s, TLSConfig: s.tls()}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go public.ServeTLS(listener, "", "")
	defer public.Close()

	load := startLoad(t, "https://"+listener.Addr().String())
	defer load.stop()
	load.until(t, "requests are answered", func(a answer) bool { return a.body == "first" && a.certificate == "one" })

	store.set("backend/url", second)
	load.until(t, "the second backend answers", func(a answer) bool { return a.body == "second" })
	store.set("flags/greeting", "true")
	load.until(t, "the flag is on", func(a answer) bool { return a.body == "Welcome. second" })
	store.certificate("two")
	load.until(t, "new connections have the new certificate", func(a answer) bool { return a.certificate == "two" })

	client := s.backend.Get()
	store.set("backend/max_conns", "3")
	await.Until(t, "a new client is built", func() bool { return s.backend.Get() != client })
	store.set("http/timeout", "5s")
	await.Until(t, "the timeout is known", func() bool { return cfg.Get().HTTP.Timeout == 5*time.Second })
	store.set("limit/per_second", "50000")
	await.Until(t, "the limiter has the new rate", func() bool { return s.limiter.Limit() == 50000 })
	store.set("limit/burst", "2000")
	await.Until(t, "the limiter has the new burst", func() bool { return s.limiter.Burst() == 2000 })
	store.set("log/level", "DEBUG")
	await.Until(t, "debug records are written", func() bool { return logs.contains("level=DEBUG msg=served") })
	load.more(t, 200)

	// What can't be used is refused, and the service goes on.
	was := cfg.Generation()
	store.set("http/tls/cert", "no certificate")
	await.Until(t, "a certificate without its key is refused", func() bool { return cfg.Status().Rejected != nil })
	load.more(t, 200)
	if cfg.Generation() != was || s.level.Level() != slog.LevelDebug {
		t.Error("a refused certificate changed something")
	}
	store.certificate("three")
	load.until(t, "the next pair is served", func(a answer) bool { return a.certificate == "three" })

	load.stop()
	if load.failures.Load() > 0 {
		t.Errorf("%d of %d requests failed, the first with: %v", load.failures.Load(), load.requests.Load(), load.first)
	}
	t.Logf("%d requests, %d failures, %d generations", load.requests.Load(), load.failures.Load(), cfg.Generation())
}

// TestAdmin asserts that the page, the metrics and the health are mounted.
func TestAdmin(t *testing.T) {
	store := newStore(t)
	store.certificate("one")
	cfg, err := open(t.Context(), "settings.yaml", store.addr, prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer cfg.Close()
	admin := httptest.NewServer(adminHandler(cfg))
	defer admin.Close()
	for path, want := range map[string]string{"/config/": "<html", "/metrics": "confsync_generation 1", "/healthz": ""} {
		answer, err := http.Get(admin.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %.200s", path, answer.Status, body)
		}
	}
}

type store struct {
	t    *testing.T
	addr string
	kv   *api.KV
}

func newStore(t *testing.T) store {
	server := testserver.Consul(t, testserver.ConsulConfig{})
	config := api.DefaultConfig()
	config.Address = server.Addr()
	client, err := api.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return store{t, server.Addr(), client.KV()}
}

func (s store) set(key, value string) {
	s.t.Helper()
	if _, err := s.kv.Put(&api.KVPair{Key: prefix + "/" + key, Value: []byte(value)}, nil); err != nil {
		s.t.Fatal(err)
	}
}

// certificate writes a new pair, both halves in one transaction.
func (s store) certificate(name string) {
	s.t.Helper()
	cert, key := pair(s.t, name)
	put := func(key, value string) *api.TxnOp {
		return &api.TxnOp{KV: &api.KVTxnOp{Verb: api.KVSet, Key: prefix + "/" + key, Value: []byte(value)}}
	}
	config := api.DefaultConfig()
	config.Address = s.addr
	client, err := api.NewClient(config)
	if err != nil {
		s.t.Fatal(err)
	}
	if ok, _, _, err := client.Txn().Txn(api.TxnOps{put("http/tls/cert", cert), put("http/tls/key", key)}, nil); !ok || err != nil {
		s.t.Fatal(ok, err)
	}
}

// pair returns a self-signed certificate for a common name.
func pair(t *testing.T, name string) (cert, key string) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"},
	}
	template.Subject.CommonName = name
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, data []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	return encode("CERTIFICATE", der), encode("EC PRIVATE KEY", secret)
}

func backend(t *testing.T, text string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
	t.Cleanup(s.Close)
	return s.URL
}

// answer is what one request was told.
type answer struct{ body, certificate string }

// load is a few clients that make one request after another.
type load struct {
	requests, failures atomic.Int64
	last               atomic.Value // answer
	once               sync.Once
	first              error // why the first failure was one
	cancel             context.CancelFunc
	running            sync.WaitGroup
}

func startLoad(t *testing.T, url string) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel}
	for i := range 4 {
		// Half of the clients open a connection for each request.
		client := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: i%2 == 0,
		}}
		l.running.Go(func() {
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				l.request(ctx, client, url)
			}
		})
	}
	return l
}

func (l *load) request(ctx context.Context, client *http.Client, url string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		l.fail(err)
		return
	}
	got, err := client.Do(r)
	if err != nil {
		if ctx.Err() == nil {
			l.fail(err)
		}
		return
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	if ctx.Err() != nil {
		return
	}
	l.requests.Add(1)
	if err != nil || got.StatusCode != http.StatusOK {
		l.fail(fmt.Errorf("%s: %s, %v", got.Status, body, err))
		return
	}
	l.last.Store(answer{string(body), got.TLS.PeerCertificates[0].Subject.CommonName})
}

func (l *load) fail(err error) {
	l.failures.Add(1)
	l.once.Do(func() { l.first = err })
}

func (l *load) until(t *testing.T, what string, ok func(answer) bool) {
	t.Helper()
	await.Until(t, what, func() bool { a, _ := l.last.Load().(answer); return ok(a) })
}

// more waits until so many more requests have been made.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	from := l.requests.Load()
	await.Until(t, fmt.Sprintf("%d more requests", n), func() bool { return l.requests.Load() >= from+n })
}

func (l *load) stop() {
	l.cancel()
	l.running.Wait()
}

// safeBuffer is a buffer that may be read while it is written to.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) contains(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Contains(b.buf.String(), text)
}
