//! EIP-2333: derives secret keys from a seed.

use blst::min_pk;
use pyo3::prelude::*;

use crate::bls::SecretKey;
use crate::error::Error;

/// Derives the master key of a seed.
///
/// # Errors
/// [`Error::Argument`] for a seed below 32 bytes.
pub fn master_key(seed: &[u8]) -> Result<SecretKey, Error> {
    // EIP-2333, derive_master_SK, requires 256 bits or more; blst has no other error
    let key = min_pk::SecretKey::derive_master_eip2333(seed).map_err(|_| {
        Error::Argument(format!("expected a seed of at least 32 bytes, found {}", seed.len()))
    })?;
    Ok(SecretKey::wrap(key))
}

/// Derives the child key of a key.
pub fn child_key(parent: &SecretKey, index: u32) -> SecretKey {
    SecretKey::wrap(parent.inner().derive_child_eip2333(index))
}

/// Derives the master key of a seed of 32 bytes or more, without the GIL.
///
/// Raises BLSError for a shorter seed. Source: EIP-2333, derive_master_SK.
#[pyfunction]
pub fn derive_master_sk(py: Python<'_>, seed: &[u8]) -> PyResult<SecretKey> {
    Ok(py.detach(|| master_key(seed))?)
}

/// Derives the child key of a key, in about 0.1 ms without the GIL.
///
/// `index` is below 2^32; OverflowError otherwise. Source: EIP-2333, derive_child_SK.
#[pyfunction]
pub fn derive_child_sk(py: Python<'_>, parent: &Bound<'_, SecretKey>, index: u32) -> SecretKey {
    let parent = parent.get();
    py.detach(|| child_key(parent, index))
}
