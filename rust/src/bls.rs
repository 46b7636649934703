//! BLS signatures as Ethereum uses them: 48-byte public keys in G1, 96-byte signatures in G2
//! (consensus-specs, phase0/beacon-chain.md, "BLS signatures"). No keystores, no threads.

use std::collections::HashMap;
use std::ptr::null_mut;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use blst::min_pk::{self, AggregateSignature, Signature};
use blst::{BLST_ERROR, blst_p2, blst_p2_affine, blst_scalar};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{Error, array};

/// The ciphersuite of draft-irtf-cfrg-bls-signature-04 that consensus-specs name.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Points of roots that are remembered; a slot's committees sign fewer different ones.
const REMEMBERED: usize = 256;

/// Roots hashed to the curve: half of a signature, and the validators of a slot sign the same.
#[derive(Default)]
struct Points {
    /// With the turn in which it was asked for last.
    by_root: HashMap<[u8; 32], (u64, Arc<OnceLock<blst_p2>>)>,
    asked: u64,
    found: u64,
}

static POINTS: LazyLock<Mutex<Points>> = LazyLock::new(Mutex::default);

impl Points {
    /// The place of a root's point, which whoever comes first computes; the oldest one goes.
    fn place(&mut self, root: &[u8; 32]) -> Arc<OnceLock<blst_p2>> {
        self.asked += 1;
        if let Some((turn, point)) = self.by_root.get_mut(root) {
            *turn = self.asked;
            self.found += 1;
            return Arc::clone(point);
        }
        if self.by_root.len() >= REMEMBERED {
            let oldest = self.by_root.iter().min_by_key(|(_, (turn, _))| *turn);
            if let Some(oldest) = oldest.map(|(root, _)| *root) {
                self.by_root.remove(&oldest);
            }
        }
        Arc::clone(&self.by_root.entry(*root).or_insert((self.asked, Arc::default())).1)
    }
}

/// The point that a root is hashed to; two threads that ask for a new one compute it once.
#[allow(unsafe_code, reason = "blst's safe interface hashes for every signature")]
fn hash_to_curve(root: &[u8; 32]) -> blst_p2 {
    let place = POINTS.lock().unwrap_or_else(PoisonError::into_inner).place(root);
    *place.get_or_init(|| {
        let mut point = blst_p2::default();
        // SAFETY: each pointer comes with the length of the slice it points into; an empty
        // augmentation may be null
        unsafe {
            let dst = (DST.as_ptr(), DST.len());
            blst::blst_hash_to_g2(&raw mut point, root.as_ptr(), 32, dst.0, dst.1, null_mut(), 0);
        }
        point
    })
}

/// How many roots were hashed to the curve, and how many of them were remembered.
#[pyfunction]
pub fn points_remembered() -> (u64, u64) {
    let points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
    (points.asked, points.found)
}

/// A secret key that never shows its bytes: no getter, no pickle, zeroized when dropped.
#[pyclass(frozen, module = "signer._core")]
pub struct SecretKey {
    inner: min_pk::SecretKey,
    /// Computed once, when first asked for: it costs a quarter of a signature.
    public_key: OnceLock<[u8; 48]>,
}

impl SecretKey {
    /// The key of 32 bytes, big-endian.
    ///
    /// # Errors
    /// [`Error::Length`], or [`Error::SecretKey`] for 0 and for r and above: nothing is reduced.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: zeroize::Zeroizing<[u8; 32]> = array("a secret key", bytes)?.into();
        let inner = min_pk::SecretKey::from_bytes(&*bytes).map_err(|_| Error::SecretKey)?;
        Ok(Self::wrap(inner))
    }

    /// Wraps a key of blst.
    pub fn wrap(inner: min_pk::SecretKey) -> Self {
        Self { inner, public_key: OnceLock::new() }
    }

    /// The key inside, for `derive.rs` and `keystore.rs`.
    pub fn inner(&self) -> &min_pk::SecretKey {
        &self.inner
    }

    /// Sets the public key, which is known from elsewhere and is not computed then.
    pub fn set_public_key(&self, public_key: [u8; 48]) {
        self.public_key.get_or_init(|| public_key);
    }

    /// The compressed public key.
    pub fn compressed_public_key(&self) -> &[u8; 48] {
        self.public_key.get_or_init(|| self.inner.sk_to_pk().compress())
    }

    /// The compressed signature over a signing root.
    #[allow(unsafe_code, reason = "as `hash_to_curve`")]
    pub fn sign_root(&self, signing_root: &[u8; 32]) -> [u8; 96] {
        let (point, mut signature) = (hash_to_curve(signing_root), blst_p2_affine::default());
        let secret: &blst_scalar = (&self.inner).into();
        // SAFETY: all point to whole values of their types; the serialization may be null
        unsafe {
            blst::blst_sign_pk2_in_g1(null_mut(), &raw mut signature, &raw const point, secret);
        }
        Signature::from(signature).compress()
    }
}

#[pymethods]
impl SecretKey {
    #[staticmethod]
    fn from_bytes(py: Python<'_>, secret: &[u8]) -> PyResult<Self> {
        let key = Self::new(secret)?;
        py.detach(|| key.compressed_public_key());
        Ok(key)
    }

    fn public_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, py.detach(|| self.compressed_public_key()))
    }

    fn sign<'py>(&self, py: Python<'py>, signing_root: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let root = array("signing_root", signing_root)?;
        let signature = py.detach(|| self.sign_root(&root));
        Ok(PyBytes::new(py, &signature))
    }

    fn __repr__(&self) -> String {
        use std::fmt::Write;
        let hex = self.compressed_public_key().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        format!("<SecretKey of 0x{hex}>")
    }
}

/// Whether every public key is valid and signed `message`, as one aggregated signature.
fn verified(pubkeys: &[&[u8]], message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = Signature::sig_validate(signature, false) else { return false };
    let keys: Result<Vec<_>, _> =
        pubkeys.iter().map(|key| min_pk::PublicKey::key_validate(key)).collect();
    let Ok(keys) = keys else { return false };
    let keys: Vec<_> = keys.iter().collect();
    // blst answers an error for an empty list, as the specification wants
    signature.fast_aggregate_verify(false, message, DST, &keys) == BLST_ERROR::BLST_SUCCESS
}

/// See `_core.pyi`.
#[pyfunction]
pub fn verify(py: Python<'_>, pubkey: &[u8], message: &[u8], signature: &[u8]) -> bool {
    py.detach(|| verified(&[pubkey], message, signature))
}

/// See `_core.pyi`.
#[pyfunction]
pub fn fast_aggregate_verify(
    py: Python<'_>,
    pubkeys: Vec<Vec<u8>>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let pubkeys: Vec<&[u8]> = pubkeys.iter().map(Vec::as_slice).collect();
    py.detach(|| verified(&pubkeys, message, signature))
}

/// See `_core.pyi`.
#[pyfunction]
pub fn aggregate(py: Python<'_>, signatures: Vec<Vec<u8>>) -> PyResult<Bound<'_, PyBytes>> {
    let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    if slices.is_empty() {
        let message = "expected at least one signature to aggregate, found none";
        return Err(Error::Argument(message.into()).into());
    }
    let sum = py
        .detach(|| AggregateSignature::aggregate_serialized(&slices, true))
        .map_err(|_| Error::Point("every signature"))?;
    Ok(PyBytes::new(py, &sum.to_signature().compress()))
}
