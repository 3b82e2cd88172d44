package place

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// tlsOptions are those of a store that is spoken to over TLS.
var tlsOptions = []string{"tls", "ca-file", "cert-file", "key-file"}

// tls returns the client's side of TLS, or nil where no option asks for it.
func (a *address) tls() *tls.Config {
	ca, cert, key := a.get("ca-file"), a.get("cert-file"), a.get("key-file")
	if !a.has("tls") && ca == "" && cert == "" {
		return nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		pem, err := os.ReadFile(ca)
		if err == nil {
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(pem) {
				err = errors.New("it holds no certificate")
			}
		}
		if err != nil {
			a.errs = append(a.errs, fmt.Errorf("option ca-file: %w", err))
		}
	}
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			a.errs = append(a.errs, fmt.Errorf("options cert-file and key-file: %w", err))
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}
