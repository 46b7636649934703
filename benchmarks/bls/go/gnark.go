package main

// gnark-crypto: curves in Go and assembly. The scheme is written here.

import (
	"fmt"
	"math/big"

	curve "github.com/consensys/gnark-crypto/ecc/bls12-381"
	"github.com/consensys/gnark-crypto/ecc/bls12-381/fr"
)

func prepareGnark(request *Request) (Operation, error) {
	switch request.Do {
	case "sign":
		return gnarkSign(request)
	case "verify":
		return func() (any, error) {
			key, err := gnarkKey(request.Pubkey)
			if err != nil {
				return nil, err
			}
			return gnarkVerify(key, request)
		}, nil
	case "aggregate":
		return func() (any, error) { return gnarkAggregate(request.Signatures) }, nil
	case "fast_aggregate_verify":
		return func() (any, error) {
			var sum curve.G1Jac
			for _, pubkey := range request.Pubkeys {
				key, err := gnarkKey(pubkey)
				if err != nil {
					return nil, err
				}
				sum.AddMixed(&key)
			}
			var key curve.G1Affine
			key.FromJacobian(&sum)
			return gnarkVerify(key, request)
		}, nil
	case "hash_to_curve":
		return func() (any, error) {
			point, err := curve.HashToG2(request.Message, []byte(dst))
			return gnarkCompress(point), err
		}, nil
	case "read_pubkey":
		return func() (any, error) {
			_, err := gnarkKey(request.Pubkey)
			return err == nil, err
		}, nil
	case "read_signature":
		return func() (any, error) {
			_, err := gnarkSignature(request.Signature)
			return err == nil, err
		}, nil
	}
	return nil, nil
}

func gnarkSign(request *Request) (Operation, error) {
	var element fr.Element
	if err := element.SetBytesCanonical(request.Secret); err != nil {
		return nil, err
	}
	var secret big.Int
	element.BigInt(&secret)
	return func() (any, error) {
		point, err := curve.HashToG2(request.Message, []byte(dst))
		if err != nil {
			return nil, err
		}
		point.ScalarMultiplication(&point, &secret)
		return gnarkCompress(point), nil
	}, nil
}

func gnarkVerify(key curve.G1Affine, request *Request) (any, error) {
	signature, err := gnarkSignature(request.Signature)
	if err != nil {
		return nil, err
	}
	point, err := curve.HashToG2(request.Message, []byte(dst))
	if err != nil {
		return nil, err
	}
	_, _, generator, _ := curve.Generators()
	generator.Neg(&generator)
	return curve.PairingCheck([]curve.G1Affine{key, generator}, []curve.G2Affine{point, signature})
}

func gnarkAggregate(signatures []Bytes) (any, error) {
	var sum curve.G2Jac
	for _, bytes := range signatures {
		signature, err := gnarkSignature(bytes)
		if err != nil {
			return nil, err
		}
		sum.AddMixed(&signature)
	}
	var point curve.G2Affine
	point.FromJacobian(&sum)
	return gnarkCompress(point), nil
}

// gnarkKey reads 48 bytes; SetBytes also reads 96, and ignores what follows.
func gnarkKey(bytes Bytes) (key curve.G1Affine, err error) {
	read, err := key.SetBytes(bytes)
	if err == nil && read != len(bytes) {
		err = fmt.Errorf("expected %d bytes, found %d", read, len(bytes))
	}
	return key, err
}

func gnarkSignature(bytes Bytes) (signature curve.G2Affine, err error) {
	read, err := signature.SetBytes(bytes)
	if err == nil && read != len(bytes) {
		err = fmt.Errorf("expected %d bytes, found %d", read, len(bytes))
	}
	return signature, err
}

func gnarkCompress(point curve.G2Affine) []byte {
	bytes := point.Bytes()
	return bytes[:]
}
