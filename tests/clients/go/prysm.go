package main

// Prysm, as its validator/keymanager/remote-web3signer asks and reads: the root is `signingRoot`,
// no Accept is sent, and either JSON or hex is read.

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/attestantio/go-eth2-client/spec"
	"github.com/attestantio/go-eth2-client/spec/altair"
	"github.com/attestantio/go-eth2-client/spec/phase0"
)

func prysm(pubkey phase0.BLSPubKey) client {
	return client{
		name:      "prysm",
		http:      &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()},
		messages:  prysmMessages(pubkey),
		body:      prysmBody,
		signature: prysmSignature,
	}
}

func prysmMessages(pubkey phase0.BLSPubKey) (messages []message) {
	for version := spec.DataVersionPhase0; version <= spec.DataVersionFulu; version++ {
		now := momentOf(version)
		aggregate := now.aggregateAndProof()
		messages = append(messages, now.duties()...)
		messages = append(messages, now.prysmBlock(),
			now.message("AGGREGATE_AND_PROOF_V2", aggregate, "aggregate_and_proof", struct {
				Version string `json:"version"`
				Data    any    `json:"data"`
			}{now.versionName(), aggregate}))
		if version >= spec.DataVersionAltair {
			messages = append(messages, now.selectionProof(prysmSelectionData))
		}
	}
	lowered := registration("VALIDATOR_REGISTRATION", pubkey, nil)
	// SSV's library writes addresses in mixed case, and Prysm does not
	lowered.payload = json.RawMessage(strings.ToLower(asJSON(lowered.payload)))
	return append(messages, lowered)
}

func (now moment) prysmBlock() message {
	switch now.version {
	case spec.DataVersionPhase0:
		block := now.phase0Block()
		return now.message("BLOCK", block, "block", block)
	case spec.DataVersionAltair:
		block := now.altairBlock()
		return now.message("BLOCK_V2", block, "beacon_block", struct {
			Version string `json:"version"`
			Block   any    `json:"block"`
		}{now.versionName(), block})
	default:
		return now.headerMessage()
	}
}

func prysmSelectionData(data *altair.SyncAggregatorSelectionData) any {
	return struct {
		Slot              phase0.Slot `json:"slot"`
		SubcommitteeIndex string      `json:"subcommittee_index"`
	}{data.Slot, strconv.FormatUint(data.SubcommitteeIndex, 10)}
}

func prysmBody(m message, root phase0.Root) string {
	forkInfo := ""
	if m.forkInfo != nil {
		forkInfo = `"fork_info":` + asJSON(m.forkInfo) + `,`
	}
	return fmt.Sprintf(`{"type":%q,%s"signingRoot":"%#x",%q:%s}`,
		m.signingType, forkInfo, root, m.key, asJSON(m.payload))
}

func prysmSignature(contentType string, body []byte) (signature phase0.BLSSignature, err error) {
	if strings.HasPrefix(contentType, "application/json") {
		return signatureOfJSON(body)
	}
	digits, prefixed := strings.CutPrefix(string(body), "0x")
	decoded, err := hex.DecodeString(digits)
	if err != nil || !prefixed || len(decoded) != len(signature) {
		return signature, fmt.Errorf("expected 0x and 192 hex digits, found %q", body)
	}
	return phase0.BLSSignature(decoded), nil
}
