module bls

go 1.26.8

require (
	github.com/consensys/gnark-crypto v0.22.0
	github.com/herumi/bls-eth-go-binary v1.36.4
)

require (
	github.com/bits-and-blooms/bitset v1.25.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)
