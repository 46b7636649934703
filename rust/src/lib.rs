//! The core of py3signer: everything that touches a secret or hashes for long.
//!
//! Python sees the names below and nothing else; `python/signer/_core.pyi` says what they take,
//! what they raise and what they cost. The GIL: whatever takes longer than a hash (signing,
//! verifying, key derivation, opening a keystore) runs detached from it; the signing threads
//! take it only to be set up; `merkleize` keeps it, because letting go costs more than it does.

mod bls;
mod derive;
mod engine;
mod error;
mod keystore;
mod merkle;
mod prysm;

/// `signer._core`
#[pyo3::pymodule(gil_used = false)] // what changes is behind a lock, everything else is frozen
mod _core {
    #[pymodule_export]
    use crate::bls::{SecretKey, aggregate, fast_aggregate_verify, points_remembered, verify};
    #[pymodule_export]
    use crate::derive::{derive_child_sk, derive_master_sk};
    #[pymodule_export]
    use crate::engine::SigningThreads;
    #[pymodule_export]
    use crate::keystore::{Encrypted, Kdf};
    #[pymodule_export]
    use crate::merkle::merkleize;

    /// The one place that states the version is `rust/Cargo.toml`.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
