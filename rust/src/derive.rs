//! Deterministic keys: EIP-2333 derivation from a seed, and the interop keys of devnets.

use blst::min_pk;
use pyo3::prelude::*;
use sha2::{Digest, Sha256};

use crate::bls::SecretKey;
use crate::error::Error;

/// r, the order of the groups of BLS12-381, big-endian (draft-irtf-cfrg-pairing-friendly-curves, 4.2.1).
const ORDER: [u8; 32] = [
    0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09, 0xa1, 0xd8, 0x05,
    0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01,
];

/// See `_core.pyi`.
#[pyfunction]
pub fn derive_master_sk(py: Python<'_>, seed: &[u8]) -> PyResult<SecretKey> {
    // EIP-2333, derive_master_SK: the seed has at least 256 bits; blst checks nothing else
    let key = py.detach(|| min_pk::SecretKey::derive_master_eip2333(seed)).map_err(|_| {
        Error::Argument(format!("expected a seed of at least 32 bytes, found {}", seed.len()))
    })?;
    Ok(SecretKey::wrap(key))
}

/// See `_core.pyi`.
#[pyfunction]
pub fn derive_child_sk(py: Python<'_>, parent: &Bound<'_, SecretKey>, index: u32) -> SecretKey {
    let parent = parent.get().inner();
    SecretKey::wrap(py.detach(|| parent.derive_child_eip2333(index)))
}

/// See `_core.pyi`.
#[pyfunction]
pub fn interop_sk(index: u64) -> PyResult<SecretKey> {
    let mut preimage = [0; 32];
    preimage[..8].copy_from_slice(&index.to_le_bytes());
    let mut scalar: [u8; 32] = Sha256::digest(preimage).into();
    scalar.reverse();
    // big-endian arrays compare like the numbers; 2^256 is below 3 r, so this runs at most twice
    while scalar >= ORDER {
        subtract_order(&mut scalar);
    }
    Ok(SecretKey::new(&scalar)?)
}

fn subtract_order(scalar: &mut [u8; 32]) {
    let mut borrow = false;
    for (digit, order) in scalar.iter_mut().zip(ORDER).rev() {
        let (first, under) = digit.overflowing_sub(order);
        let (second, under_again) = first.overflowing_sub(u8::from(borrow));
        *digit = second;
        borrow = under || under_again;
    }
}
