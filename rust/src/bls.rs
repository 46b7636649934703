//! BLS signatures as Ethereum uses them: 48-byte public keys in G1, 96-byte signatures in G2
//! (consensus-specs, phase0/beacon-chain.md, "BLS signatures").

use std::collections::HashMap;
use std::ptr::null_mut;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use blst::min_pk::{self, AggregateSignature, Signature};
use blst::{BLST_ERROR, blst_p2, blst_p2_affine, blst_scalar};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::{Error, array};

/// The ciphersuite of draft-irtf-cfrg-bls-signature-04 that consensus-specs prescribe.
const DST: &[u8] = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

/// Points; the committees of a slot sign fewer different roots.
const POINTS_KEPT: usize = 256;

/// A cache of roots hashed to the curve, which is half of the work of a signature.
///
/// The validators of a slot sign the same roots.
#[derive(Default)]
struct Points {
    /// Each point with the number of its last lookup.
    by_root: HashMap<[u8; 32], (u64, Arc<OnceLock<blst_p2>>)>,
    lookups: u64,
    hits: u64,
}

/// The lock is held for a lookup only, never while a point is computed.
static POINTS: LazyLock<Mutex<Points>> = LazyLock::new(Mutex::default);

impl Points {
    /// Returns the slot for a root's point, which the first thread to use it fills.
    ///
    /// A new slot takes the place of the one that was looked up longest ago.
    fn slot(&mut self, root: &[u8; 32]) -> Arc<OnceLock<blst_p2>> {
        self.lookups += 1;
        if let Some((last_lookup, slot)) = self.by_root.get_mut(root) {
            *last_lookup = self.lookups;
            self.hits += 1;
            return Arc::clone(slot);
        }
        if self.by_root.len() >= POINTS_KEPT {
            let oldest = self.by_root.iter().min_by_key(|(_, (last_lookup, _))| *last_lookup);
            if let Some(oldest) = oldest.map(|(root, _)| *root) {
                self.by_root.remove(&oldest);
            }
        }
        Arc::clone(&self.by_root.entry(*root).or_insert((self.lookups, Arc::default())).1)
    }
}

/// Hashes a root to the curve, or returns its cached point.
///
/// Threads that need the same new point wait for the first of them. Callers do not hold the GIL.
#[allow(unsafe_code, reason = "blst's safe interface hashes again for every signature")]
fn hash_to_curve(root: &[u8; 32]) -> blst_p2 {
    let slot = POINTS.lock().unwrap_or_else(PoisonError::into_inner).slot(root);
    *slot.get_or_init(|| {
        let mut point = blst_p2::default();
        // SAFETY: each pointer comes with the length of the slice it points into; an empty
        // augmentation may be null
        unsafe {
            blst::blst_hash_to_g2(
                &raw mut point,
                root.as_ptr(),
                root.len(),
                DST.as_ptr(),
                DST.len(),
                null_mut(),
                0,
            );
        }
        point
    })
}

/// Counts the hashes to the curve of this process: all, and those found in the cache.
///
/// Each signature hashes its root to a point of the curve, which is half of the work. The cache
/// keeps the last 256 points.
#[pyfunction]
pub fn points_remembered() -> (u64, u64) {
    let points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
    (points.lookups, points.hits)
}

/// A BLS12-381 secret key that never shows its bytes.
///
/// It cannot be pickled or copied. Its memory is zeroized with the last reference. Its repr shows
/// the public key.
// blst zeroizes it when it is dropped.
#[pyclass(frozen, module = "signer._core")]
pub struct SecretKey {
    inner: min_pk::SecretKey,
    /// Computed once, at the first use, because it costs a quarter of a signature.
    public_key: OnceLock<[u8; 48]>,
}

impl SecretKey {
    /// Reads a key from 32 bytes, big-endian; nothing is reduced modulo r.
    ///
    /// # Errors
    /// [`Error::Length`], or [`Error::SecretKey`] for 0 and for r and above.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: zeroize::Zeroizing<[u8; 32]> = array("a secret key", bytes)?.into();
        let inner = min_pk::SecretKey::from_bytes(&*bytes).map_err(|_| Error::SecretKey)?;
        Ok(Self::wrap(inner))
    }

    /// Wraps a blst key, whose public key is not computed yet.
    pub fn wrap(inner: min_pk::SecretKey) -> Self {
        Self { inner, public_key: OnceLock::new() }
    }

    /// Returns the blst key, for derivation and encryption in this crate.
    pub fn inner(&self) -> &min_pk::SecretKey {
        &self.inner
    }

    /// Sets a public key that the caller trusts, so that it is never computed.
    ///
    /// Changes nothing if the public key is already there.
    pub fn set_public_key(&self, public_key: [u8; 48]) {
        self.public_key.get_or_init(|| public_key);
    }

    /// Returns the compressed public key; the first call computes it.
    pub fn compressed_public_key(&self) -> &[u8; 48] {
        self.public_key.get_or_init(|| self.inner.sk_to_pk().compress())
    }

    /// Signs a signing root, and returns the compressed signature.
    #[allow(unsafe_code, reason = "blst's safe interface cannot sign a cached point")]
    pub fn sign_root(&self, signing_root: &[u8; 32]) -> [u8; 96] {
        let point = hash_to_curve(signing_root);
        let mut signature = blst_p2_affine::default();
        let secret: &blst_scalar = (&self.inner).into();
        // SAFETY: the pointers come from references to values of their types; the pointer for a
        // second, serialized result may be null
        unsafe {
            blst::blst_sign_pk2_in_g1(null_mut(), &raw mut signature, &raw const point, secret);
        }
        Signature::from(signature).compress()
    }
}

#[pymethods]
impl SecretKey {
    /// Reads a key from 32 bytes, big-endian, and computes its public key.
    ///
    /// Raises BLSError for 0 and for the order of the curve and above: nothing is reduced.
    /// Takes about 90 µs without the GIL.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, secret: &[u8]) -> PyResult<Self> {
        let key = Self::new(secret)?;
        py.detach(|| key.compressed_public_key());
        Ok(key)
    }

    /// The public key: 48 bytes, compressed G1.
    ///
    /// A derived key computes it in the first call, in about 70 µs without the GIL.
    fn public_key<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        // To give up the GIL costs more than to read it, and 100,000 keys are read in a row.
        let known = self.public_key.get();
        PyBytes::new(py, known.unwrap_or_else(|| py.detach(|| self.compressed_public_key())))
    }

    /// Signs a root of 32 bytes; the signature has 96 bytes, compressed G2.
    ///
    /// Takes 0.3 ms without the GIL, or half of that for a root in the cache (`points_remembered`).
    fn sign<'py>(&self, py: Python<'py>, signing_root: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let root = array("signing_root", signing_root)?;
        let signature = py.detach(|| self.sign_root(&root));
        Ok(PyBytes::new(py, &signature))
    }

    /// Signs any number of bytes; the signature has 96 bytes, compressed G2.
    ///
    /// Takes 0.3 ms without the GIL, because no point is cached.
    fn sign_message<'py>(&self, py: Python<'py>, message: &[u8]) -> Bound<'py, PyBytes> {
        let signature = py.detach(|| self.inner.sign(message, DST, &[]).compress());
        PyBytes::new(py, &signature)
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

/// Verifies an aggregated signature of all `pubkeys` over one message.
///
/// Returns false for bytes that are not a valid public key or signature.
pub fn verified(pubkeys: &[&[u8]], message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = Signature::sig_validate(signature, false) else { return false };
    let keys: Result<Vec<_>, _> =
        pubkeys.iter().map(|key| min_pk::PublicKey::key_validate(key)).collect();
    let Ok(keys) = keys else { return false };
    let keys: Vec<_> = keys.iter().collect();
    // blst returns an error for an empty list; the specification requires false for it
    signature.fast_aggregate_verify(false, message, DST, &keys) == BLST_ERROR::BLST_SUCCESS
}

/// Adds up compressed signatures.
///
/// # Errors
/// [`Error::Argument`] for an empty list, [`Error::Point`] for bytes that are not a point of G2.
pub fn aggregated(signatures: &[&[u8]]) -> Result<[u8; 96], Error> {
    if signatures.is_empty() {
        let message = "expected at least one signature to aggregate, found none";
        return Err(Error::Argument(message.into()));
    }
    let sum = AggregateSignature::aggregate_serialized(signatures, true)
        .map_err(|_| Error::Point("every signature"))?;
    Ok(sum.to_signature().compress())
}

/// Tells whether a signature over a message is by a public key.
///
/// `pubkey` has 48 bytes, `signature` 96, `message` any number. False also for bytes that are not
/// a valid key or signature. Takes 0.6 ms without the GIL.
#[pyfunction]
pub fn verify(py: Python<'_>, pubkey: &[u8], message: &[u8], signature: &[u8]) -> bool {
    py.detach(|| verified(&[pubkey], message, signature))
}

/// Tells whether an aggregated signature over one message is by all these public keys.
///
/// Lengths are as in `verify`. False also for an empty list and for bytes that are not a valid key
/// or signature. Runs without the GIL.
/// Source: draft-irtf-cfrg-bls-signature-04, FastAggregateVerify.
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

/// Adds up signatures of 96 bytes each; the sum has 96 bytes, compressed G2.
///
/// Raises BLSError for an empty list and for bytes that are not a point of G2. Runs without the
/// GIL.
#[pyfunction]
pub fn aggregate(py: Python<'_>, signatures: Vec<Vec<u8>>) -> PyResult<Bound<'_, PyBytes>> {
    let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
    let sum = py.detach(|| aggregated(&slices))?;
    Ok(PyBytes::new(py, &sum))
}
