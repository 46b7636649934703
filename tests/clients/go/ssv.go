package main

// SSV, as its ssvsigner/web3signer asks and reads: the root is `signing_root`, `fork_info` is
// always there, and JSON is all that is read.

import (
	"fmt"
	"net/http"
	"time"

	"github.com/attestantio/go-eth2-client/spec"
	"github.com/attestantio/go-eth2-client/spec/altair"
	"github.com/attestantio/go-eth2-client/spec/phase0"
)

func ssv(pubkey phase0.BLSPubKey) client {
	return client{
		name:     "ssv",
		http:     &http.Client{Transport: http.DefaultTransport, Timeout: 10 * time.Second},
		accept:   "application/json",
		messages: ssvMessages(pubkey),
		body:     ssvBody,
		signature: func(_ string, body []byte) (phase0.BLSSignature, error) {
			return signatureOfJSON(body)
		},
	}
}

// ssvMessages begin with CAPELLA, whose blocks are the oldest that SSV makes a header of.
func ssvMessages(pubkey phase0.BLSPubKey) (messages []message) {
	for version := spec.DataVersionCapella; version <= spec.DataVersionFulu; version++ {
		now := momentOf(version)
		aggregate := now.aggregateAndProof()
		messages = append(messages, now.duties()...)
		messages = append(messages, now.headerMessage(), now.selectionProof(ssvSelectionData),
			now.message("AGGREGATE_AND_PROOF", aggregate, "aggregate_and_proof", aggregate))
	}
	current := &forkInfo{schedule[spec.DataVersionFulu], genesisValidatorsRoot}
	messages = append(messages, registration("VALIDATOR_REGISTRATION/FULU", pubkey, current))

	// what newer versions of SSV send: the fork of the domain
	exit := momentOf(spec.DataVersionFulu).voluntaryExit()
	exit.name += "/newer"
	exit.forkInfo = &forkInfo{schedule[spec.DataVersionCapella], genesisValidatorsRoot}
	genesis := &forkInfo{Fork: schedule[spec.DataVersionPhase0]} // and a root of zeros
	return append(messages, exit, registration("VALIDATOR_REGISTRATION/FULU/newer", pubkey, genesis))
}

// ssvSelectionData has the index as a JSON number: phase0.CommitteeIndex is not written as text,
// though a comment in SSV says so.
func ssvSelectionData(data *altair.SyncAggregatorSelectionData) any {
	return struct {
		Slot              phase0.Slot           `json:"slot"`
		SubcommitteeIndex phase0.CommitteeIndex `json:"subcommittee_index"`
	}{data.Slot, phase0.CommitteeIndex(data.SubcommitteeIndex)}
}

func ssvBody(m message, root phase0.Root) string {
	return fmt.Sprintf(`{"fork_info":%s,"signing_root":"%#x","type":%q,%q:%s}`,
		asJSON(m.forkInfo), root, m.signingType, m.key, asJSON(m.payload))
}
