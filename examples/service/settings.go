package main

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/confsync/confsync"
)

// Settings are all that can be changed while the service runs.
type Settings struct {
	Log struct {
		Level slog.Level `default:"INFO"`
	}
	HTTP struct {
		Timeout time.Duration `default:"2s"` // of one request
		TLS     Certificate
	}
	Limit   Limit
	Backend Backend
	Flags   map[string]bool
}

// Limit bounds the requests that are taken.
type Limit struct {
	PerSecond float64 `default:"1000"`
	Burst     int     `default:"100"`
}

// Backend is what the service asks in its turn.
type Backend struct {
	URL      string        `config:",required"`
	MaxConns int           `default:"16"`
	IdleTime time.Duration `default:"30s"`
}

// Certificate is a certificate with its key, both in PEM.
type Certificate struct {
	Cert string
	Key  confsync.Secret
}

// Validate keeps a configuration that can't work from being served.
func (s *Settings) Validate() error {
	var errs []error
	if s.HTTP.Timeout <= 0 {
		errs = append(errs, confsync.Invalid(errors.New("must be more than 0"), "http.timeout"))
	}
	if s.Limit.PerSecond <= 0 {
		errs = append(errs, confsync.Invalid(errors.New("must be more than 0"), "limit.per_second"))
	}
	if s.Backend.MaxConns < 1 {
		errs = append(errs, confsync.Invalid(errors.New("must be at least 1"), "backend.max_conns"))
	}
	return errors.Join(errs...)
}

// pair reads a certificate and its key. The error holds nothing of them.
func (c *Certificate) pair() (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(c.Cert), []byte(c.Key.Reveal()))
	if err != nil {
		return nil, confsync.Invalid(errors.New("certificate and key are not a pair in PEM"), "http.tls")
	}
	return &pair, nil
}
