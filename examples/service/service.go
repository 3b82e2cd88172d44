package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"

	"golang.org/x/time/rate"

	"github.com/confsync/confsync"
)

// service answers requests with what its backend says. Every part of it follows
// its own part of the settings.
type service struct {
	settings    confsync.View[Settings]
	level       slog.LevelVar
	log         *slog.Logger
	limiter     *rate.Limiter
	certificate *confsync.Derived[*tls.Certificate]
	backend     *confsync.Derived[*http.Client]
	cancels     []func()
}

// newService makes the parts. It returns an error when one of them can't be
// made of the present settings.
func newService(settings confsync.View[Settings], logs io.Writer) (*service, error) {
	s := &service{settings: settings, limiter: rate.NewLimiter(0, 0)}
	s.log = slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: &s.level}))

	// What is set in place: now, and at each change.
	s.cancels = append(s.cancels,
		confsync.Follow(settings, func(s *Settings) slog.Level { return s.Log.Level }, s.level.Set),
		confsync.Follow(settings, func(s *Settings) Limit { return s.Limit }, func(l Limit) {
			s.limiter.SetLimit(rate.Limit(l.PerSecond))
			s.limiter.SetBurst(l.Burst)
		}),
	)

	// What is built anew. A certificate that doesn't fit its key vetoes the generation; the
	// old client finishes its requests before its idle connections are closed.
	var err error
	s.certificate, err = confsync.Derive(
		confsync.Select(settings, func(s *Settings) *Certificate { return &s.HTTP.TLS }),
		(*Certificate).pair, nil, confsync.Veto())
	if err != nil {
		s.Close()
		return nil, err
	}
	s.backend, err = confsync.Derive(
		confsync.Select(settings, func(s *Settings) *Backend { return &s.Backend }),
		func(b *Backend) (*http.Client, error) {
			return &http.Client{Transport: &http.Transport{MaxConnsPerHost: b.MaxConns, IdleConnTimeout: b.IdleTime}}, nil
		},
		(*http.Client).CloseIdleConnections)
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close ends what follows the settings.
func (s *service) Close() {
	for _, cancel := range s.cancels {
		cancel()
	}
	if s.certificate != nil {
		s.certificate.Close()
	}
	if s.backend != nil {
		s.backend.Close()
	}
}

// tls serves every handshake with the newest certificate.
func (s *service) tls() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS13,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.Get(), nil },
	}
}

// ServeHTTP answers one request. It takes the settings once, so that they are of
// one generation throughout.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	settings := s.settings.Get()
	ctx, cancel := context.WithTimeout(r.Context(), settings.HTTP.Timeout)
	defer cancel()
	if err := s.limiter.Wait(ctx); err != nil {
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, settings.Backend.URL, nil)
	if err != nil {
		http.Error(w, "the backend's URL", http.StatusInternalServerError)
		return
	}
	answer, err := s.backend.Get().Do(request)
	if err != nil {
		s.log.Error("backend", "error", err)
		http.Error(w, "the backend doesn't answer", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	if settings.Flags["greeting"] {
		io.WriteString(w, "Welcome. ")
	}
	s.log.Debug("served", "path", r.URL.Path)
	io.Copy(w, answer.Body)
}
