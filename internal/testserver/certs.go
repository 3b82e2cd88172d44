package testserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certs are the files of a throw-away authority and of the two certificates that it has signed: a
// server's, for 127.0.0.1 and localhost, and a client's. All of them are PEM, valid for a day.
type Certs struct {
	CA                    string
	ServerCert, ServerKey string
	ServerBoth            string // key and certificate in one file
	ClientCert, ClientKey string
	ClientBoth            string
	pool                  *x509.CertPool
	clientPair            tls.Certificate
}

// NewCerts makes an authority, and certificates that no other one's clients or servers accept.
func NewCerts(t testing.TB) *Certs {
	t.Helper()
	dir := t.TempDir()
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "confsync test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caKey := newKey(t)
	caDER := sign(t, ca, ca, caKey, caKey)
	c := &Certs{CA: filepath.Join(dir, "ca.pem"), pool: x509.NewCertPool()}
	writePEM(t, c.CA, "CERTIFICATE", caDER)
	parsed, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	c.pool.AddCert(parsed)

	leaf := func(name string, serial int64, use x509.ExtKeyUsage) (certFile, keyFile, both string) {
		key := newKey(t)
		der := sign(t, &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{use},
			DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		}, ca, key, caKey)
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		certFile, keyFile = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+"-key.pem")
		both = filepath.Join(dir, name+"-both.pem")
		writePEM(t, certFile, "CERTIFICATE", der)
		writePEM(t, keyFile, "PRIVATE KEY", keyDER)
		writePEM(t, both, "PRIVATE KEY", keyDER)
		writePEM(t, both, "CERTIFICATE", der)
		return certFile, keyFile, both
	}
	c.ServerCert, c.ServerKey, c.ServerBoth = leaf("server", 2, x509.ExtKeyUsageServerAuth)
	c.ClientCert, c.ClientKey, c.ClientBoth = leaf("client", 3, x509.ExtKeyUsageClientAuth)
	if c.clientPair, err = tls.LoadX509KeyPair(c.ClientCert, c.ClientKey); err != nil {
		t.Fatal(err)
	}
	return c
}

// Client returns the TLS configuration of a client that shows its certificate, a new one at each call.
func (c *Certs) Client() *tls.Config {
	cfg := c.Anonymous()
	cfg.Certificates = []tls.Certificate{c.clientPair}
	return cfg
}

// Anonymous returns the TLS configuration of a client that trusts the authority but shows no certificate.
func (c *Certs) Anonymous() *tls.Config {
	return &tls.Config{RootCAs: c.pool, MinVersion: tls.VersionTLS12}
}

// client is Client, and nil where c is: no TLS.
func (c *Certs) client() *tls.Config {
	if c == nil {
		return nil
	}
	return c.Client()
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign returns the certificate of key, signed by the authority's key.
func sign(t testing.TB, cert, authority *x509.Certificate, key, authorityKey *ecdsa.PrivateKey) []byte {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, cert, authority, &key.PublicKey, authorityKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// writePEM appends a block to a file that only its owner reads.
func writePEM(t testing.TB, path, kind string, der []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := pem.Encode(f, &pem.Block{Type: kind, Bytes: der}); err != nil {
		t.Fatal(err)
	}
}
