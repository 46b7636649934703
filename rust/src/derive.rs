//! EIP-2333: derives secret keys from a seed.

use blst::min_pk;
use pyo3::prelude::*;

use crate::bls::SecretKey;
use crate::error::Error;

/// See `_core.pyi`.
#[pyfunction]
pub fn derive_master_sk(py: Python<'_>, seed: &[u8]) -> PyResult<SecretKey> {
    // EIP-2333, derive_master_SK, requires 256 bits or more; blst has no other error
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
