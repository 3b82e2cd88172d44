package testserver

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"testing"
	"time"
)

// intruder is a client that a server with mutual TLS has to refuse.
type intruder struct {
	name string
	cfg  *tls.Config
}

func tlsIntruders(t *testing.T, certs *Certs) []intruder {
	t.Helper()
	forged := NewCerts(t).Client()
	forged.RootCAs = certs.pool
	return []intruder{
		{"no certificate", certs.Anonymous()},
		{"another authority's certificate", forged},
		{"another authority trusted", NewCerts(t).Client()},
	}
}

// handshake connects and waits for the server's verdict, which TLS 1.3 gives after the handshake: nil
// says that the server would listen.
func (i intruder) handshake(addr string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := (&tls.Dialer{Config: i.cfg}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		return err
	}
	if _, err = conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		return nil
	}
	return err
}
