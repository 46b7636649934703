//! The core of py3signer: everything that touches a secret or computes for long.
//!
//! Python sees only the names below. Their documentation is Python's: what `help` shows is letter for
//! letter what `python/signer/_core.pyi` says to editors, and a test compares the two.
//!
//! Long computations release the GIL: signing, verification, key derivation and decryption.
//! `merkleize` keeps it for few chunks, because releasing it costs more than a few hashes.
//! The signing threads take it once, for their set-up.

mod bls;
mod derive;
mod engine;
mod error;
mod json;
mod keystore;
mod merkle;
mod prysm;
mod queue;
mod shamir;

/// The interface of the Rust core: bytes go in, bytes come out, secrets never come out.
///
/// A byte string of another length than stated raises BLSError; `verify` and `fast_aggregate_verify`
/// return False instead. "Without the GIL" means that other Python threads run meanwhile.
#[pyo3::pymodule(gil_used = false)] // all mutable state is behind locks; the classes are frozen
mod _core {
    #[pymodule_export]
    use crate::bls::{SecretKey, aggregate, fast_aggregate_verify, points_remembered, verify};
    #[pymodule_export]
    use crate::derive::{derive_child_sk, derive_master_sk};
    #[pymodule_export]
    use crate::engine::SigningThreads;
    #[pymodule_export]
    use crate::json::split_json;
    #[pymodule_export]
    use crate::keystore::{Encrypted, Kdf};
    #[pymodule_export]
    use crate::merkle::merkleize;
    #[pymodule_export]
    use crate::shamir::{recover_public_key, recover_signature, split_secret_key};

    /// The version of the package; only `rust/Cargo.toml` states it.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "the name that Python expects")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
