package main

// TLS as SSV's ssvsigner does it: the client's key and certificate from PKCS#12, and a server that is
// known by its certificate.

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"

	"golang.org/x/crypto/pkcs12"
)

// useTLS has all clients show the certificate in a PKCS#12, and trust one server.
func useTLS(p12File, password, serverFile string) error {
	p12, err := os.ReadFile(p12File)
	if err != nil {
		return err
	}
	key, certificate, err := pkcs12.Decode(p12, password)
	if err != nil {
		return fmt.Errorf("expected PKCS#12 in %s: %w", p12File, err)
	}
	text, err := os.ReadFile(serverFile)
	if err != nil {
		return err
	}
	server, rest := pem.Decode(text)
	if server == nil || server.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return fmt.Errorf("expected one certificate in %s, found something else", serverFile)
	}
	http.DefaultTransport.(*http.Transport).TLSClientConfig = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		Certificates:       []tls.Certificate{{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}},
		InsecureSkipVerify: true, // VerifyPeerCertificate compares the certificate itself
		VerifyPeerCertificate: func(shown [][]byte, _ [][]*x509.Certificate) error {
			if !bytes.Equal(shown[0], server.Bytes) {
				return fmt.Errorf("expected the server's certificate of %s, found another one", serverFile)
			}
			return nil
		},
	}
	return nil
}
