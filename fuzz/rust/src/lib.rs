//! The Rust core of py3signer as a library: the modules of the extension, without the extension.
//!
//! Targets call what takes and returns bytes. No Python runs here, and none is linked.

#![allow(missing_docs)] // the modules belong to a crate where nothing but `_core` is public

#[path = "../../../rust/src/bls.rs"]
pub mod bls;
#[path = "../../../rust/src/derive.rs"]
pub mod derive;
#[path = "../../../rust/src/error.rs"]
pub mod error;
#[path = "../../../rust/src/json.rs"]
pub mod json;
#[path = "../../../rust/src/keystore.rs"]
pub mod keystore;
#[path = "../../../rust/src/merkle.rs"]
pub mod merkle;
#[path = "../../../rust/src/prysm.rs"]
pub mod prysm;
#[path = "../../../rust/src/shamir.rs"]
pub mod shamir;

/// The order of the curve, r, big-endian (EIP-2333 and BLS12-381).
pub const ORDER: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
    0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
];

/// Tells whether bytes are a secret key: 32 of them, big-endian, between 0 and the order.
#[must_use]
pub fn is_secret_key(bytes: &[u8]) -> bool {
    // arrays compare from the first byte on, as big-endian numbers do
    bytes.len() == 32 && bytes > &[0; 32][..] && bytes < &ORDER[..]
}

/// Makes a key of any bytes, so that most inputs get one.
///
/// # Panics
/// Never: the highest bit that the order has is cleared, and 0 becomes 1.
#[must_use]
pub fn some_key(mut bytes: [u8; 32]) -> bls::SecretKey {
    bytes[0] &= 0x3f;
    bytes[31] |= 1;
    bls::SecretKey::new(&bytes).expect("the bytes are a key")
}
