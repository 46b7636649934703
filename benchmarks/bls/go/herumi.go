package main

// herumi's bls-eth-go-binary: C++ with a compiler of its own for the field, prebuilt.

import (
	"sync"

	"github.com/herumi/bls-eth-go-binary/bls"
)

// setUp makes it check that each key and signature that it reads is in the group.
var setUp = sync.OnceValue(func() error {
	if err := bls.Init(bls.BLS12_381); err != nil {
		return err
	}
	bls.VerifyPublicKeyOrder(true)
	bls.VerifySignatureOrder(true)
	return bls.SetETHmode(bls.EthModeLatest)
})

func prepareHerumi(request *Request) (Operation, error) {
	if err := setUp(); err != nil {
		return nil, err
	}
	switch request.Do {
	case "sign":
		var secret bls.SecretKey
		err := secret.Deserialize(request.Secret)
		return func() (any, error) { return secret.SignByte(request.Message).Serialize(), nil }, err
	case "verify":
		return func() (any, error) { return herumiVerify(request) }, nil
	case "aggregate":
		return func() (any, error) { return herumiAggregate(request.Signatures) }, nil
	case "fast_aggregate_verify":
		return func() (any, error) { return herumiFastAggregateVerify(request) }, nil
	case "hash_to_curve":
		return func() (any, error) { return bls.HashAndMapToSignature(request.Message).Serialize(), nil }, nil
	case "read_pubkey":
		return func() (any, error) {
			var key bls.PublicKey
			return true, key.Deserialize(request.Pubkey)
		}, nil
	case "read_signature":
		return func() (any, error) {
			var signature bls.Sign
			return true, signature.Deserialize(request.Signature)
		}, nil
	}
	return nil, nil
}

func herumiVerify(request *Request) (any, error) {
	var key bls.PublicKey
	if err := key.Deserialize(request.Pubkey); err != nil {
		return nil, err
	}
	var signature bls.Sign
	if err := signature.Deserialize(request.Signature); err != nil {
		return nil, err
	}
	return signature.VerifyByte(&key, request.Message), nil
}

func herumiAggregate(all []Bytes) (any, error) {
	signatures := make([]bls.Sign, len(all))
	for i, bytes := range all {
		if err := signatures[i].Deserialize(bytes); err != nil {
			return nil, err
		}
	}
	var sum bls.Sign
	sum.Aggregate(signatures)
	return sum.Serialize(), nil
}

func herumiFastAggregateVerify(request *Request) (any, error) {
	keys := make([]bls.PublicKey, len(request.Pubkeys))
	for i, bytes := range request.Pubkeys {
		if err := keys[i].Deserialize(bytes); err != nil {
			return nil, err
		}
	}
	var signature bls.Sign
	if err := signature.Deserialize(request.Signature); err != nil {
		return nil, err
	}
	return signature.FastAggregateVerify(keys, request.Message), nil
}
