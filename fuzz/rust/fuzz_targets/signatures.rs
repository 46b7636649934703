//! Verification and aggregation of foreign bytes.
//!
//! A key has one signature over a message, so no other bytes verify.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::bls::{aggregated, verified};
use py3signer_fuzz::some_key;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    secrets: [[u8; 32]; 2],
    message: [u8; 32],
    public_keys: Vec<Foreign<48>>,
    signatures: Vec<Foreign<96>>,
}

/// Bytes that are, or are not, a point: chance alone would never hit one.
#[derive(arbitrary::Arbitrary, Debug)]
enum Foreign<const SIZE: usize> {
    First,
    Second,
    FirstWithBit(u16),
    Infinity,
    Bytes([u8; SIZE]),
    OfAnySize(Vec<u8>),
}

impl<const SIZE: usize> Foreign<SIZE> {
    fn bytes(&self, first: &[u8], second: &[u8]) -> Vec<u8> {
        match self {
            Self::First => first.to_vec(),
            Self::Second => second.to_vec(),
            Self::FirstWithBit(bit) => {
                let bit = usize::from(*bit) % (SIZE * 8);
                let mut bytes = first.to_vec();
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            }
            Self::Infinity => {
                let mut bytes = vec![0; SIZE];
                bytes[0] = 0xc0;
                bytes
            }
            Self::Bytes(bytes) => bytes.to_vec(),
            Self::OfAnySize(bytes) => bytes.clone(),
        }
    }
}

fuzz_target!(|input: Input| {
    let message = &input.message;
    let keys = input.secrets.map(some_key);
    let public_keys: Vec<&[u8]> = keys.iter().map(|key| &key.compressed_public_key()[..]).collect();
    let signatures = [keys[0].sign_root(message), keys[1].sign_root(message)];

    let both = aggregated(&[&signatures[0], &signatures[1]]).expect("valid signatures");
    assert!(verified(&public_keys, message, &both));
    assert!(!verified(&public_keys[..1], message, &both));
    assert!(!verified(&[], message, &both));

    let foreign: Vec<Vec<u8>> = input
        .signatures
        .iter()
        .take(4)
        .map(|one| one.bytes(&signatures[0], &signatures[1]))
        .collect();
    let foreign: Vec<&[u8]> = foreign.iter().map(Vec::as_slice).collect();
    for signature in &foreign {
        let is_right = **signature == signatures[0];
        assert_eq!(is_right, verified(&public_keys[..1], message, signature));
    }
    let are_points = !foreign.is_empty() && foreign.iter().all(|one| aggregated(&[one]).is_ok());
    assert_eq!(are_points, aggregated(&foreign).is_ok());

    let foreign_keys: Vec<Vec<u8>> = input
        .public_keys
        .iter()
        .take(4)
        .map(|one| one.bytes(public_keys[0], public_keys[1]))
        .collect();
    let foreign_keys: Vec<&[u8]> = foreign_keys.iter().map(Vec::as_slice).collect();
    let is_right = foreign_keys == public_keys[..1];
    assert_eq!(is_right, verified(&foreign_keys, message, &signatures[0]));
});
