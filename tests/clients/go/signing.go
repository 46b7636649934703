package main

// Roots by go-eth2-client, signatures by blst: nothing here shares code with the signer.

import (
	"github.com/attestantio/go-eth2-client/spec"
	"github.com/attestantio/go-eth2-client/spec/phase0"
	ssz "github.com/pk910/dynamic-ssz"
	blst "github.com/supranational/blst/bindings/go"
)

// mainnet's, from consensus-specs configs/mainnet.yaml
var schedule = map[spec.DataVersion]*phase0.Fork{
	spec.DataVersionPhase0:    {PreviousVersion: phase0.Version{0}, CurrentVersion: phase0.Version{0}, Epoch: 0},
	spec.DataVersionAltair:    {PreviousVersion: phase0.Version{0}, CurrentVersion: phase0.Version{1}, Epoch: 74240},
	spec.DataVersionBellatrix: {PreviousVersion: phase0.Version{1}, CurrentVersion: phase0.Version{2}, Epoch: 144896},
	spec.DataVersionCapella:   {PreviousVersion: phase0.Version{2}, CurrentVersion: phase0.Version{3}, Epoch: 194048},
	spec.DataVersionDeneb:     {PreviousVersion: phase0.Version{3}, CurrentVersion: phase0.Version{4}, Epoch: 269568},
	spec.DataVersionElectra:   {PreviousVersion: phase0.Version{4}, CurrentVersion: phase0.Version{5}, Epoch: 364032},
	spec.DataVersionFulu:      {PreviousVersion: phase0.Version{5}, CurrentVersion: phase0.Version{6}, Epoch: 411392},
}

var genesisValidatorsRoot = phase0.Root{
	0x4b, 0x36, 0x3d, 0xb9, 0x4e, 0x28, 0x61, 0x20, 0xd7, 0x6e, 0xb9, 0x05, 0x34, 0x0f, 0xdd, 0x4e,
	0x54, 0xbf, 0xe9, 0xf0, 0x6b, 0xf3, 0x3f, 0xf6, 0xcf, 0x5a, 0xd2, 0x7f, 0x51, 0x1b, 0xfe, 0x95,
}

const slotsPerEpoch = 32

// by signing type, from consensus-specs and builder-specs
var domainTypes = map[string]phase0.DomainType{
	"BLOCK":                                 {0x00},
	"BLOCK_V2":                              {0x00},
	"ATTESTATION":                           {0x01},
	"RANDAO_REVEAL":                         {0x02},
	"VOLUNTARY_EXIT":                        {0x04},
	"AGGREGATION_SLOT":                      {0x05},
	"AGGREGATE_AND_PROOF":                   {0x06},
	"AGGREGATE_AND_PROOF_V2":                {0x06},
	"SYNC_COMMITTEE_MESSAGE":                {0x07},
	"SYNC_COMMITTEE_SELECTION_PROOF":        {0x08},
	"SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": {0x09},
	"VALIDATOR_REGISTRATION":                {0x00, 0x00, 0x00, 0x01},
}

// of BLS signatures in consensus-specs, phase0/beacon-chain.md
const domainSeparationTag = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

func hashTreeRoot(object any) phase0.Root {
	return must(ssz.GetGlobalDynSsz().HashTreeRoot(object))
}

func computeDomain(signingType string, data *phase0.ForkData) (domain phase0.Domain) {
	domainType := domainTypes[signingType]
	root := hashTreeRoot(data)
	copy(domain[:], domainType[:])
	copy(domain[len(domainType):], root[:])
	return domain
}

func verify(pubkey phase0.BLSPubKey, root phase0.Root, signature phase0.BLSSignature) bool {
	tag := []byte(domainSeparationTag)
	return new(blst.P2Affine).VerifyCompressed(signature[:], true, pubkey[:], true, root[:], tag)
}
