// A validator client in Go: signs every message that Prysm and SSV know, with their requests and
// their way of reading the answer. Prints a line of JSON for each, as
// tests/test_foreign_clients.py wants it.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/attestantio/go-eth2-client/spec/phase0"
)

// client is how a validator client asks for a signature, and how it finds one in the answer.
type client struct {
	name      string
	http      *http.Client
	accept    string // the header; empty for a client that sends none
	messages  []message
	body      func(m message, root phase0.Root) string
	signature func(contentType string, body []byte) (phase0.BLSSignature, error)
}

type signed struct {
	Type        string              `json:"type"`
	SigningRoot phase0.Root         `json:"signing_root"`
	Signature   phase0.BLSSignature `json:"signature"`
	Verified    bool                `json:"verified"`
}

func main() {
	p12 := flag.String("p12", "", "the client's key and certificate, for https")
	password := flag.String("password", "", "of the PKCS#12")
	server := flag.String("server", "", "the server's certificate, for https")
	flag.Parse()
	if flag.NArg() != 2 {
		fail(fmt.Errorf("expected the signer's URL and a public key, found %d arguments", flag.NArg()))
	}
	if *p12 != "" {
		if err := useTLS(*p12, *password, *server); err != nil {
			fail(err)
		}
	}
	var pubkey phase0.BLSPubKey
	if err := pubkey.UnmarshalJSON([]byte(`"` + flag.Arg(1) + `"`)); err != nil {
		fail(fmt.Errorf("expected a public key, found %s: %w", flag.Arg(1), err))
	}
	url := strings.TrimRight(flag.Arg(0), "/") + "/api/v1/eth2/sign/" + pubkey.String()

	lines := json.NewEncoder(os.Stdout)
	for _, c := range []client{prysm(pubkey), ssv(pubkey)} {
		for _, m := range c.messages {
			name := c.name + "/" + m.name
			root := m.signingRoot()
			signature, err := c.sign(url, m, root)
			if err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
			line := signed{name, root, signature, verify(pubkey, root, signature)}
			if err := lines.Encode(line); err != nil {
				fail(err)
			}
		}
	}
}

func (c client) sign(url string, m message, root phase0.Root) (phase0.BLSSignature, error) {
	body := c.body(m, root)
	request := must(http.NewRequest(http.MethodPost, url, strings.NewReader(body)))
	request.Header.Set("Content-Type", "application/json")
	if c.accept != "" {
		request.Header.Set("Accept", c.accept)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return phase0.BLSSignature{}, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return phase0.BLSSignature{}, err
	}
	if response.StatusCode != http.StatusOK {
		err = fmt.Errorf("expected 200, found %s: %s, to %s", response.Status, answer, body)
		return phase0.BLSSignature{}, err
	}
	return c.signature(response.Header.Get("Content-Type"), answer)
}

func signatureOfJSON(body []byte) (phase0.BLSSignature, error) {
	var answer struct {
		Signature phase0.BLSSignature `json:"signature"`
	}
	err := json.Unmarshal(body, &answer)
	return answer.Signature, err
}

func asJSON(value any) string {
	return string(must(json.Marshal(value)))
}

// must is for what fails only if this program is wrong.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
