// Package signertest starts py3signer for a test. Copy this folder into your module.
package signertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Signer is a running signer. It stops when its test ends, or when the test process is killed.
type Signer struct {
	URL  string   // of Web3Signer's API, such as http://127.0.0.1:41234
	Keys []string // public keys, as hex
	t    testing.TB
}

// Record is one request and its response. Body is the request's JSON.
type Record struct {
	Type, Pubkey, Method, Path, Message, Signature string
	Status, Fault                                  int
	Body                                           json.RawMessage
}

// Start starts a signer with flags of `signer serve`, such as "--interop", "4".
// SIGNER_COMMAND replaces the command `signer`; it is split at spaces.
func Start(t testing.TB, flags ...string) *Signer {
	t.Helper()
	command := strings.Fields(os.Getenv("SIGNER_COMMAND"))
	if len(command) == 0 {
		command = []string{"signer"}
	}
	command = append(command, "serve", "--control", "--port", "0", "--ready-json", "--exit-with-parent", "--no-metrics")
	process := exec.Command(command[0], append(command[1:], flags...)...)
	stdin, _ := process.StdinPipe() // the signer stops when it closes
	stdout, _ := process.StdoutPipe()
	var log bytes.Buffer
	process.Stderr = &log
	if err := process.Start(); err != nil {
		t.Fatalf("cannot start the signer: %v; install py3signer, or set SIGNER_COMMAND", err)
	}
	signer := &Signer{t: t}
	line, _ := bufio.NewReader(stdout).ReadBytes('\n')
	if err := json.Unmarshal(line, signer); err != nil {
		stdin.Close()
		t.Fatalf("the signer ended before it was ready: %v\n%s", process.Wait(), log.String())
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := process.Wait(); err != nil {
			t.Errorf("the signer did not stop well: %v\n%s", err, log.String())
		}
	})
	signer.control("GET", "/keys", "", &signer.Keys)
	return signer
}

// Fault sets a fault, such as `{"type": "ATTESTATION", "status": 412}`, and returns its id.
func (s *Signer) Fault(fault string) int {
	s.t.Helper()
	var answer struct{ ID int }
	s.control("POST", "/faults", fault, &answer)
	return answer.ID
}

// Records returns the requests that a query selects: "type=ATTESTATION&status=412".
// With "&n=1&wait=5" it waits up to 5 seconds for one.
func (s *Signer) Records(query string) (records []Record) {
	s.t.Helper()
	s.control("GET", "/requests?"+query, "", &records)
	return records
}

// Reset forgets records, faults and signing histories.
func (s *Signer) Reset() {
	s.t.Helper()
	s.control("POST", "/reset", "", new(any))
}

func (s *Signer) control(method, path, body string, answer any) {
	s.t.Helper()
	request, err := http.NewRequest(method, s.URL+"/_signer"+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if err := json.Unmarshal(text, answer); err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%s /_signer%s: %s: %s", method, path, response.Status, text)
	}
}
