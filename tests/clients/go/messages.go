package main

// The messages that both clients sign, and their parts. How a client wraps one is its own file's.

import (
	"strings"
	"time"

	"github.com/OffchainLabs/go-bitfield"
	api "github.com/attestantio/go-eth2-client/api/v1"
	"github.com/attestantio/go-eth2-client/spec"
	"github.com/attestantio/go-eth2-client/spec/altair"
	"github.com/attestantio/go-eth2-client/spec/bellatrix"
	"github.com/attestantio/go-eth2-client/spec/electra"
	"github.com/attestantio/go-eth2-client/spec/phase0"
)

type message struct {
	name        string // the signing type and what distinguishes it: ATTESTATION/FULU
	signingType string
	forkInfo    *forkInfo
	forkData    *phase0.ForkData // of the domain
	object      any              // its root is signed
	key         string           // of the payload
	payload     any
}

type forkInfo struct {
	Fork                  *phase0.Fork `json:"fork"`
	GenesisValidatorsRoot phase0.Root  `json:"genesis_validators_root"`
}

func (m message) signingRoot() phase0.Root {
	domain := computeDomain(m.signingType, m.forkData)
	return hashTreeRoot(&phase0.SigningData{ObjectRoot: hashTreeRoot(m.object), Domain: domain})
}

// moment is a slot of a fork.
type moment struct {
	version spec.DataVersion
	epoch   phase0.Epoch
	slot    phase0.Slot
}

func momentOf(version spec.DataVersion) moment {
	epoch := schedule[version].Epoch + 1
	return moment{version, epoch, phase0.Slot(epoch)*slotsPerEpoch + 5}
}

func (now moment) versionName() string {
	return strings.ToUpper(now.version.String())
}

func (now moment) message(signingType string, object any, key string, payload any) message {
	return message{
		name:        signingType + "/" + now.versionName(),
		signingType: signingType,
		forkInfo:    &forkInfo{schedule[now.version], genesisValidatorsRoot},
		forkData:    forkDataOf(now.version),
		object:      object,
		key:         key,
		payload:     payload,
	}
}

func forkDataOf(version spec.DataVersion) *phase0.ForkData {
	return &phase0.ForkData{
		CurrentVersion:        schedule[version].CurrentVersion,
		GenesisValidatorsRoot: genesisValidatorsRoot,
	}
}

// duties are the messages that both clients say in the same words.
func (now moment) duties() []message {
	attestation := now.attestationData()
	beaconBlockRoot := root(0x20)
	messages := []message{
		now.message("AGGREGATION_SLOT", now.slot, "aggregation_slot", struct {
			Slot phase0.Slot `json:"slot"`
		}{now.slot}),
		now.message("ATTESTATION", attestation, "attestation", attestation),
		now.message("RANDAO_REVEAL", now.epoch, "randao_reveal", struct {
			Epoch phase0.Epoch `json:"epoch"`
		}{now.epoch}),
		now.voluntaryExit(),
	}
	if now.version >= spec.DataVersionAltair {
		contribution := now.contributionAndProof()
		messages = append(messages,
			now.message("SYNC_COMMITTEE_MESSAGE", beaconBlockRoot, "sync_committee_message", struct {
				BeaconBlockRoot phase0.Root `json:"beacon_block_root"`
				Slot            phase0.Slot `json:"slot"`
			}{beaconBlockRoot, now.slot}),
			now.message("SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF", contribution,
				"contribution_and_proof", contribution),
		)
	}
	return messages
}

// voluntaryExit has the fork of its time, and from Deneb on Capella's domain (EIP-7044).
func (now moment) voluntaryExit() message {
	exit := &phase0.VoluntaryExit{Epoch: now.epoch, ValidatorIndex: 31}
	m := now.message("VOLUNTARY_EXIT", exit, "voluntary_exit", exit)
	if now.version >= spec.DataVersionDeneb {
		m.forkData = forkDataOf(spec.DataVersionCapella)
	}
	return m
}

// selectionProof has a payload of each client's own: they write the subcommittee differently.
func (now moment) selectionProof(payload func(*altair.SyncAggregatorSelectionData) any) message {
	data := &altair.SyncAggregatorSelectionData{Slot: now.slot, SubcommitteeIndex: 3}
	return now.message("SYNC_COMMITTEE_SELECTION_PROOF", data,
		"sync_aggregator_selection_data", payload(data))
}

// headerMessage is how both clients have a block signed, but for Prysm's oldest.
func (now moment) headerMessage() message {
	header := now.header()
	return now.message("BLOCK_V2", header, "beacon_block", struct {
		Version     string                    `json:"version"`
		BlockHeader *phase0.BeaconBlockHeader `json:"block_header"`
	}{now.versionName(), header})
}

// registration has the domain of the builders, whatever its fork_info is.
func registration(name string, pubkey phase0.BLSPubKey, info *forkInfo) message {
	data := &api.ValidatorRegistration{
		FeeRecipient: bellatrix.ExecutionAddress(counting(0xa0, 20)),
		GasLimit:     60_000_000,
		Timestamp:    time.Unix(1_764_800_000, 0),
		Pubkey:       pubkey,
	}
	return message{
		name:        name,
		signingType: "VALIDATOR_REGISTRATION",
		forkInfo:    info,
		forkData:    &phase0.ForkData{CurrentVersion: schedule[spec.DataVersionPhase0].CurrentVersion},
		object:      data,
		key:         "validator_registration",
		payload:     data,
	}
}

func (now moment) header() *phase0.BeaconBlockHeader {
	return &phase0.BeaconBlockHeader{
		Slot: now.slot, ProposerIndex: 32,
		ParentRoot: root(0x21), StateRoot: root(0x22), BodyRoot: root(0x23),
	}
}

func (now moment) attestationData() *phase0.AttestationData {
	return &phase0.AttestationData{
		Slot: now.slot, BeaconBlockRoot: root(0x24),
		Source: &phase0.Checkpoint{Epoch: now.epoch - 1, Root: root(0x25)},
		Target: &phase0.Checkpoint{Epoch: now.epoch, Root: root(0x26)},
	}
}

func (now moment) attestation() *phase0.Attestation {
	return &phase0.Attestation{
		AggregationBits: bits(131), Data: now.attestationData(), Signature: signature(0x27),
	}
}

// aggregateAndProof is of the shape that the fork has.
func (now moment) aggregateAndProof() any {
	if now.version < spec.DataVersionElectra {
		return &phase0.AggregateAndProof{
			AggregatorIndex: 33, Aggregate: now.attestation(), SelectionProof: signature(0x28),
		}
	}
	committees := bitfield.NewBitvector64()
	committees.SetBitAt(2, true)
	committees.SetBitAt(63, true)
	return &electra.AggregateAndProof{
		AggregatorIndex: 33,
		Aggregate: &electra.Attestation{
			AggregationBits: bits(2049), // more than a Bitlist had before Electra
			Data:            now.attestationData(),
			Signature:       signature(0x27),
			CommitteeBits:   committees,
		},
		SelectionProof: signature(0x28),
	}
}

func (now moment) contributionAndProof() *altair.ContributionAndProof {
	participants := bitfield.NewBitvector128()
	participants.SetBitAt(1, true)
	participants.SetBitAt(127, true)
	return &altair.ContributionAndProof{
		AggregatorIndex: 34,
		Contribution: &altair.SyncCommitteeContribution{
			Slot: now.slot, BeaconBlockRoot: root(0x29), SubcommitteeIndex: 3,
			AggregationBits: participants, Signature: signature(0x2a),
		},
		SelectionProof: signature(0x2b),
	}
}

// bits are a Bitlist of that length with the first and the last bit set.
func bits(length uint64) bitfield.Bitlist {
	list := bitfield.NewBitlist(length)
	list.SetBitAt(0, true)
	list.SetBitAt(length-1, true)
	return list
}

func root(first byte) phase0.Root {
	return phase0.Root(counting(first, phase0.RootLength))
}

func signature(first byte) phase0.BLSSignature {
	return phase0.BLSSignature(counting(first, phase0.SignatureLength))
}

// counting counts up from `first`, so that a byte out of place is a different value.
func counting(first byte, length int) []byte {
	counted := make([]byte, length)
	for i := range counted {
		counted[i] = first + byte(i)
	}
	return counted
}
