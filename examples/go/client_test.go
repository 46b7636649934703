package example

import (
	"net/http"
	"strings"
	"testing"

	"example/signertest"
)

const attestation = `{
	"type": "ATTESTATION",
	"fork_info": {
		"fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "0"},
		"genesis_validators_root": "0x3333333333333333333333333333333333333333333333333333333333333333"
	},
	"attestation": {
		"slot": "32",
		"index": "0",
		"beacon_block_root": "0x1111111111111111111111111111111111111111111111111111111111111111",
		"source": {"epoch": "0", "root": "0x2222222222222222222222222222222222222222222222222222222222222222"},
		"target": {"epoch": "1", "root": "0x1111111111111111111111111111111111111111111111111111111111111111"}
	}
}`

// attest stands for your client: it asks once more if the signer is unavailable.
func attest(t *testing.T, url, key string) int {
	t.Helper()
	status := post(t, url, key)
	if status == http.StatusServiceUnavailable {
		status = post(t, url, key)
	}
	return status
}

func post(t *testing.T, url, key string) int {
	t.Helper()
	response, err := http.Post(url+"/api/v1/eth2/sign/"+key, "application/json", strings.NewReader(attestation))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestAClientAttests(t *testing.T) {
	signer := signertest.Start(t, "--interop", "2")

	status := attest(t, signer.URL, signer.Keys[1])

	if status != http.StatusOK {
		t.Errorf("expected 200, found %d", status)
	}
	records := signer.Records("type=ATTESTATION")
	if len(records) != 1 || records[0].Pubkey != signer.Keys[1] || records[0].Signature == "" {
		t.Errorf("expected one signed attestation, found %+v", records)
	}
}

func TestAClientDoesNotRetryARefusal(t *testing.T) {
	signer := signertest.Start(t, "--interop", "2")
	fault := signer.Fault(`{"type": "ATTESTATION", "status": 412, "times": 1}`)

	status := attest(t, signer.URL, signer.Keys[0])

	if status != http.StatusPreconditionFailed {
		t.Errorf("expected 412, found %d", status)
	}
	if records := signer.Records("type=ATTESTATION"); len(records) != 1 || records[0].Fault != fault {
		t.Errorf("expected one request, which was refused, found %+v", records)
	}
}

func TestAClientRetriesAnUnavailableSigner(t *testing.T) {
	signer := signertest.Start(t, "--interop", "2")
	signer.Fault(`{"type": "ATTESTATION", "status": 503, "times": 1}`)

	status := attest(t, signer.URL, signer.Keys[0])

	if status != http.StatusOK {
		t.Errorf("expected 200, found %d", status)
	}
	records := signer.Records("type=ATTESTATION")
	if len(records) != 2 || records[0].Status != 503 || records[1].Status != 200 {
		t.Errorf("expected a refused and a signed request, found %+v", records)
	}
}
