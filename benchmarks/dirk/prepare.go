package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"time"

	e2types "github.com/wealdtech/go-eth2-types/v2"
	keystorev4 "github.com/wealdtech/go-eth2-wallet-encryptor-keystorev4"
	nd "github.com/wealdtech/go-eth2-wallet-nd/v2"
	filesystem "github.com/wealdtech/go-eth2-wallet-store-filesystem"
	e2wtypes "github.com/wealdtech/go-eth2-wallet-types/v2"
)

const (
	walletName = "bench"
	passphrase = "bench"
	serverName = "localhost"
	clientName = "bench-client"
	lifetime   = 24 * time.Hour // of certificates
)

const configuration = `log-level: Warn
server:
  id: 1
  name: %[1]s
  listen-address: 127.0.0.1:%[2]s
certificates:
  server-cert: file://%[3]s/server.crt
  server-key: file://%[3]s/server.key
  ca-cert: file://%[3]s/ca.crt
storage-path: %[3]s/protection
stores:
- name: Local
  type: filesystem
  location: %[3]s/wallets
peers:
  1: %[1]s:%[2]s
unlocker:
  account-passphrases:
  - file://%[3]s/passphrase
process:
  generation-passphrase: file://%[3]s/passphrase
permissions:
  %[4]s:
    %[5]s: All
`

// prepare writes certificates, a wallet with these secret keys, and Dirk's configuration.
func prepare(folder, port string, keys io.Reader) error {
	if err := e2types.InitBLS(); err != nil {
		return err
	}
	text := fmt.Sprintf(configuration, serverName, port, folder, clientName, walletName)
	files := map[string]string{"dirk.yml": text, "passphrase": passphrase}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	if err := makeCertificates(folder); err != nil {
		return err
	}
	return makeWallet(filepath.Join(folder, "wallets"), keys)
}

// makeWallet imports keys as the accounts 0, 1 and so on.
func makeWallet(folder string, keys io.Reader) error {
	store := filesystem.New(filesystem.WithLocation(folder))
	ctx := context.Background()
	wallet, err := nd.CreateWallet(ctx, walletName, store, keystorev4.New())
	if err != nil {
		return err
	}
	if err := wallet.(e2wtypes.WalletLocker).Unlock(ctx, nil); err != nil {
		return err
	}
	lines := bufio.NewScanner(keys)
	for number := 0; lines.Scan(); number++ {
		secret, err := hex.DecodeString(lines.Text())
		if err != nil {
			return fmt.Errorf("expected hex on line %d", number+1)
		}
		importer := wallet.(e2wtypes.WalletAccountImporter)
		name := fmt.Sprint(number)
		if _, err := importer.ImportAccount(ctx, name, secret, []byte(passphrase)); err != nil {
			return err
		}
	}
	return lines.Err()
}

// makeCertificates writes an authority's certificate, and those of Dirk and of its client.
func makeCertificates(folder string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	authority := template(1, "bench authority")
	authority.IsCA = true
	authority.BasicConstraintsValid = true
	authority.KeyUsage = x509.KeyUsageCertSign
	if err := writeCertificate(folder, "ca", authority, authority, key, key); err != nil {
		return err
	}
	for number, name := range map[int64]string{2: serverName, 3: clientName} {
		own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		leaf := template(number, name)
		leaf.DNSNames = []string{name}
		file := map[int64]string{2: "server", 3: "client"}[number]
		if err := writeCertificate(folder, file, leaf, authority, own, key); err != nil {
			return err
		}
	}
	return nil
}

func template(number int64, name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(number),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func writeCertificate(
	folder, name string, leaf, issuer *x509.Certificate, own, signing *ecdsa.PrivateKey,
) error {
	certificate, err := x509.CreateCertificate(rand.Reader, leaf, issuer, &own.PublicKey, signing)
	if err != nil {
		return err
	}
	key, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		return err
	}
	blocks := map[string]*pem.Block{
		name + ".crt": {Type: "CERTIFICATE", Bytes: certificate},
		name + ".key": {Type: "PRIVATE KEY", Bytes: key},
	}
	for file, block := range blocks {
		content := pem.EncodeToMemory(block)
		if err := os.WriteFile(filepath.Join(folder, file), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
