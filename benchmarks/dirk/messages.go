package main

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	pb "github.com/wealdtech/eth2-signer-api/pb/v1"
	"google.golang.org/grpc"
)

const slotsPerEpoch = 32

// messages makes the requests of an order: the same messages as the Python generator's.
type messages struct {
	order    *Order
	pubkeys  [][]byte
	attester []byte
	randao   []byte
}

func newMessages(order *Order) (*messages, error) {
	made := &messages{order: order}
	for _, pubkey := range order.Pubkeys {
		content, err := hex.DecodeString(strings.TrimPrefix(pubkey, "0x"))
		if err != nil {
			return nil, fmt.Errorf("expected a public key, found %q", pubkey)
		}
		made.pubkeys = append(made.pubkeys, content)
	}
	var err error
	if made.attester, err = hex.DecodeString(order.AttesterDomain); err != nil {
		return nil, err
	}
	made.randao, err = hex.DecodeString(order.RandaoDomain)
	return made, err
}

// sign has the message of a number signed; the answer is the signature, or JSON of a batch.
func (m *messages) sign(ctx context.Context, connection *grpc.ClientConn, number int) (string, error) {
	client := pb.NewSignerClient(connection)
	key := number % len(m.pubkeys)
	switch {
	case m.order.OneRoot:
		return signatureOf(client.Sign(ctx, m.reveal(key)))
	case m.order.Batch > 0:
		return m.signBatch(ctx, client, number)
	default:
		request := m.attestation(key, m.order.First+uint64(number))
		return signatureOf(client.SignBeaconAttestation(ctx, request))
	}
}

func (m *messages) signBatch(ctx context.Context, client pb.SignerClient, number int) (string, error) {
	batch := &pb.SignBeaconAttestationsRequest{}
	for key := range m.order.Batch {
		request := m.attestation(key, m.order.First+uint64(number))
		batch.Requests = append(batch.Requests, request)
	}
	response, err := client.SignBeaconAttestations(ctx, batch)
	if err != nil {
		return "", err
	}
	results := make([]signed, 0, m.order.Batch)
	for key, one := range response.GetResponses() {
		signature, err := signatureOf(one, nil)
		if err != nil {
			return "", err
		}
		results = append(results, signed{m.order.Pubkeys[key], signature})
	}
	return batchAnswer(results)
}

// reveal is a RANDAO reveal of the first epoch: its root is the number itself.
func (m *messages) reveal(key int) *pb.SignRequest {
	root := make([]byte, 32)
	binary.LittleEndian.PutUint64(root, m.order.First)
	return &pb.SignRequest{
		Id:     &pb.SignRequest_PublicKey{PublicKey: m.pubkeys[key]},
		Data:   root,
		Domain: m.randao,
	}
}

func (m *messages) attestation(key int, epoch uint64) *pb.SignBeaconAttestationRequest {
	root := make([]byte, 32)
	binary.BigEndian.PutUint64(root[24:], epoch)
	return &pb.SignBeaconAttestationRequest{
		Id:     &pb.SignBeaconAttestationRequest_PublicKey{PublicKey: m.pubkeys[key]},
		Domain: m.attester,
		Data: &pb.AttestationData{
			Slot:            epoch * slotsPerEpoch,
			BeaconBlockRoot: root,
			Source:          &pb.Checkpoint{Epoch: epoch - 1, Root: root},
			Target:          &pb.Checkpoint{Epoch: epoch, Root: root},
		},
	}
}

func signatureOf(response *pb.SignResponse, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if response.GetState() != pb.ResponseState_SUCCEEDED {
		return "", fmt.Errorf("expected a signature, found %s", response.GetState())
	}
	return hexOf(response.GetSignature()), nil
}
