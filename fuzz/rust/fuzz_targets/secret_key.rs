//! Bytes as a secret key: read exactly when they are one, and then they sign what verifies.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::bls::{SecretKey, verified};
use py3signer_fuzz::is_secret_key;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    flipped_bit: u16,
    signing_root: [u8; 32],
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let key = SecretKey::new(input.bytes);
    assert_eq!(is_secret_key(input.bytes), key.is_ok());
    let Ok(key) = key else { return };
    assert_eq!(input.bytes, key.inner().to_bytes());

    let root = input.signing_root;
    let public_key = key.compressed_public_key();
    let mut signature = key.sign_root(&root);
    assert_eq!(signature, key.sign_root(&root)); // the second time from the cache of points
    assert!(verified(&[public_key], &root, &signature));
    let bit = usize::from(input.flipped_bit) % (96 * 8);
    signature[bit / 8] ^= 1 << (bit % 8);
    assert!(!verified(&[public_key], &root, &signature));
});
