package main

// Whole blocks, which Prysm sends for PHASE0 and ALTAIR, with one of each operation.

import (
	"github.com/OffchainLabs/go-bitfield"
	"github.com/attestantio/go-eth2-client/spec/altair"
	"github.com/attestantio/go-eth2-client/spec/phase0"
)

func (now moment) phase0Block() *phase0.BeaconBlock {
	header := now.header()
	return &phase0.BeaconBlock{
		Slot: header.Slot, ProposerIndex: header.ProposerIndex,
		ParentRoot: header.ParentRoot, StateRoot: header.StateRoot, Body: now.phase0Body(),
	}
}

func (now moment) altairBlock() *altair.BeaconBlock {
	header, body := now.header(), now.phase0Body()
	participants := bitfield.NewBitvector512()
	participants.SetBitAt(511, true)
	return &altair.BeaconBlock{
		Slot: header.Slot, ProposerIndex: header.ProposerIndex,
		ParentRoot: header.ParentRoot, StateRoot: header.StateRoot,
		Body: &altair.BeaconBlockBody{
			RANDAOReveal:      body.RANDAOReveal,
			ETH1Data:          body.ETH1Data,
			Graffiti:          body.Graffiti,
			ProposerSlashings: body.ProposerSlashings,
			AttesterSlashings: body.AttesterSlashings,
			Attestations:      body.Attestations,
			Deposits:          body.Deposits,
			VoluntaryExits:    body.VoluntaryExits,
			SyncAggregate: &altair.SyncAggregate{
				SyncCommitteeBits: participants, SyncCommitteeSignature: signature(0x40),
			},
		},
	}
}

func (now moment) phase0Body() *phase0.BeaconBlockBody {
	proof := make([][]byte, 33) // DEPOSIT_CONTRACT_TREE_DEPTH + 1
	for i := range proof {
		proof[i] = counting(byte(i), 32)
	}
	return &phase0.BeaconBlockBody{
		RANDAOReveal: signature(0x44),
		ETH1Data: &phase0.ETH1Data{
			DepositRoot: root(0x45), DepositCount: 46, BlockHash: counting(0x42, 32),
		},
		Graffiti: root(0x41),
		ProposerSlashings: []*phase0.ProposerSlashing{{
			SignedHeader1: &phase0.SignedBeaconBlockHeader{Message: now.header(), Signature: signature(0x47)},
			SignedHeader2: &phase0.SignedBeaconBlockHeader{Message: now.header(), Signature: signature(0x48)},
		}},
		AttesterSlashings: []*phase0.AttesterSlashing{{
			Attestation1: &phase0.IndexedAttestation{
				AttestingIndices: []uint64{1, 2, 3, 4, 5}, Data: now.attestationData(), Signature: signature(0x49),
			},
			Attestation2: &phase0.IndexedAttestation{
				AttestingIndices: []uint64{5}, Data: now.attestationData(), Signature: signature(0x4a),
			},
		}},
		Attestations: []*phase0.Attestation{now.attestation(), now.attestation()},
		Deposits: []*phase0.Deposit{{
			Proof: proof,
			Data: &phase0.DepositData{
				PublicKey:             phase0.BLSPubKey(counting(0x4b, 48)),
				WithdrawalCredentials: counting(0x43, 32),
				Amount:                32_000_000_000,
				Signature:             signature(0x4c),
			},
		}},
		VoluntaryExits: []*phase0.SignedVoluntaryExit{{
			Message:   &phase0.VoluntaryExit{Epoch: now.epoch, ValidatorIndex: 77},
			Signature: signature(0x4e),
		}},
	}
}
