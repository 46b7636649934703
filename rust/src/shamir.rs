//! Shamir's secret sharing of a key, and recovery from public keys and signatures of shares.
//!
//! A polynomial f over the scalar field has degree t - 1, and f(0) is the secret key. The share of
//! a participant is f(id); the id is the number itself. Any t shares recover, by Lagrange's
//! coefficients at 0 (remote-signing-api, pull request 29).
//!
//! blst computes with scalars in constant time, and zeroizes each of them when it is dropped.

use std::fs::File;
use std::io::Read;

use blst::min_pk::{self, AggregatePublicKey, AggregateSignature, PublicKey, Signature};
use blst::{MultiPoint, blst_p1_affine, blst_p2_affine, blst_scalar};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use zeroize::Zeroizing;

use crate::bls::SecretKey;
use crate::error::Error;

/// The bits of the curve's order.
const SCALAR_BITS: usize = 255;
/// Bytes; twice the size of a scalar, so that the reduction modulo the order leaves no bias.
const RANDOM_SIZE: usize = 64;
/// The system's random numbers; Linux and macOS have this file.
const RANDOM_FILE: &str = "/dev/urandom";

/// An operation of blst on two scalars. It tells whether the result differs from 0.
type Operation =
    unsafe extern "C" fn(*mut blst_scalar, *const blst_scalar, *const blst_scalar) -> bool;

/// Combines two scalars modulo the order of the curve.
#[allow(unsafe_code, reason = "blst has no safe interface to scalars")]
fn combine(operation: Operation, left: &blst_scalar, right: &blst_scalar) -> blst_scalar {
    let mut result = blst_scalar::default();
    // SAFETY: the pointers come from references to values of their types
    unsafe { operation(&raw mut result, left, right) };
    result
}

fn add(left: &blst_scalar, right: &blst_scalar) -> blst_scalar {
    combine(blst::blst_sk_add_n_check, left, right)
}

fn subtract(left: &blst_scalar, right: &blst_scalar) -> blst_scalar {
    combine(blst::blst_sk_sub_n_check, left, right)
}

fn multiply(left: &blst_scalar, right: &blst_scalar) -> blst_scalar {
    combine(blst::blst_sk_mul_n_check, left, right)
}

/// Inverts a scalar other than 0.
#[allow(unsafe_code, reason = "blst has no safe interface to scalars")]
fn invert(value: &blst_scalar) -> blst_scalar {
    let mut result = blst_scalar::default();
    // SAFETY: the pointers come from references to values of their types
    unsafe { blst::blst_sk_inverse(&raw mut result, value) };
    result
}

/// Returns the scalar of a small number.
fn scalar(number: u64) -> blst_scalar {
    let mut result = blst_scalar::default(); // little-endian
    result.b[..8].copy_from_slice(&number.to_le_bytes());
    result
}

/// Draws a scalar, each with the same probability.
#[allow(unsafe_code, reason = "blst has no safe interface to scalars")]
fn random_scalar(source: &mut File) -> Result<blst_scalar, Error> {
    let mut bytes = Zeroizing::new([0; RANDOM_SIZE]);
    source.read_exact(&mut *bytes).map_err(|error| no_random(&error))?;
    let mut result = blst_scalar::default();
    // SAFETY: the pointer comes with the length of the array that it points into
    unsafe { blst::blst_scalar_from_le_bytes(&raw mut result, bytes.as_ptr(), bytes.len()) };
    Ok(result)
}

fn no_random(error: &std::io::Error) -> Error {
    Error::Argument(format!("cannot read random numbers from {RANDOM_FILE}: {error}"))
}

/// Checks that ids are there, are not 0 and differ: two equal ones have no coefficients.
fn check_ids(ids: &[u64]) -> Result<(), Error> {
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if ids.is_empty() || sorted.len() < ids.len() || sorted[0] == 0 {
        return Err(Error::Argument(format!("expected distinct ids above 0, found {ids:?}")));
    }
    Ok(())
}

/// Splits a key into the shares f(id) of a new polynomial of degree `threshold` - 1.
pub fn split(
    secret: &min_pk::SecretKey,
    threshold: usize,
    ids: &[u64],
) -> Result<Vec<SecretKey>, Error> {
    check_ids(ids)?;
    if !(1..=ids.len()).contains(&threshold) {
        let count = ids.len();
        return Err(Error::Argument(format!(
            "expected a threshold between 1 and the number of ids, {count}, found {threshold}"
        )));
    }
    let mut source = File::open(RANDOM_FILE).map_err(|error| no_random(&error))?;
    let secret: &blst_scalar = secret.into();
    // A vector that grows would leave copies of secrets behind, so it gets its size at once.
    let mut coefficients = Vec::with_capacity(threshold);
    coefficients.push(secret.clone());
    for _ in 1..threshold {
        coefficients.push(random_scalar(&mut source)?);
    }
    let mut shares = Vec::with_capacity(ids.len());
    for id in ids {
        shares.push(evaluate(&coefficients, *id)?);
    }
    Ok(shares)
}

/// Evaluates a polynomial (Horner), whose lowest coefficient comes first, at an id.
fn evaluate(coefficients: &[blst_scalar], id: u64) -> Result<SecretKey, Error> {
    let id = scalar(id);
    let mut value = blst_scalar::default();
    for coefficient in coefficients.iter().rev() {
        value = add(&multiply(&value, &id), coefficient);
    }
    let share: &min_pk::SecretKey = (&value).try_into().map_err(|_| Error::SecretKey)?;
    Ok(SecretKey::wrap(share.clone()))
}

/// Computes Lagrange's coefficients at 0, one after another, each as 32 bytes, little-endian:
/// the product of j / (j - i) over all other ids j.
fn lagrange_coefficients(ids: &[u64]) -> Vec<u8> {
    let mut coefficients = Vec::new();
    for id in ids {
        let mut numerator = scalar(1);
        let mut denominator = scalar(1);
        for other in ids.iter().filter(|other| *other != id) {
            numerator = multiply(&numerator, &scalar(*other));
            let difference = subtract(&scalar(*other), &scalar(*id));
            denominator = multiply(&denominator, &difference);
        }
        coefficients.extend(multiply(&numerator, &invert(&denominator)).b);
    }
    coefficients
}

/// Checks that there are as many points as ids, and that the ids can recover.
fn check_points(ids: &[u64], points: usize) -> Result<(), Error> {
    check_ids(ids)?;
    if ids.len() == points {
        return Ok(());
    }
    let expected = ids.len();
    Err(Error::Argument(format!("expected a point for each of {expected} ids, found {points}")))
}

pub fn recovered_signature(ids: &[u64], signatures: &[Vec<u8>]) -> Result<[u8; 96], Error> {
    check_points(ids, signatures.len())?;
    let points: Result<Vec<blst_p2_affine>, _> = signatures
        .iter()
        .map(|bytes| Signature::sig_validate(bytes, true).map(Into::into))
        .collect();
    let points = points.map_err(|_| Error::Point("every partial signature"))?;
    let sum = points.mult(&lagrange_coefficients(ids), SCALAR_BITS);
    let signature = AggregateSignature::from(sum).to_signature();
    signature.validate(true).map_err(|_| Error::Point("the recovered signature"))?;
    Ok(signature.compress())
}

pub fn recovered_public_key(ids: &[u64], public_keys: &[Vec<u8>]) -> Result<[u8; 48], Error> {
    check_points(ids, public_keys.len())?;
    let points: Result<Vec<blst_p1_affine>, _> =
        public_keys.iter().map(|bytes| PublicKey::key_validate(bytes).map(Into::into)).collect();
    let points = points.map_err(|_| Error::Point("every public key"))?;
    let sum = points.mult(&lagrange_coefficients(ids), SCALAR_BITS);
    let public_key = AggregatePublicKey::from(sum).to_public_key();
    public_key.validate().map_err(|_| Error::Point("the recovered public key"))?;
    Ok(public_key.compress())
}

/// Splits a key into shares, one for each id, of which any `threshold` recover.
///
/// A share is f(id) for a random polynomial f of degree threshold - 1 with f(0) = the key
/// (Shamir). Raises BLSError for ids that are 0 or equal, and for a threshold above their number.
/// Takes microseconds for each share and threshold, without the GIL.
#[pyfunction]
pub fn split_secret_key(
    py: Python<'_>,
    secret_key: &Bound<'_, SecretKey>,
    threshold: usize,
    ids: Vec<u64>,
) -> PyResult<Vec<SecretKey>> {
    let secret = secret_key.get().inner();
    Ok(py.detach(|| split(secret, threshold, &ids))?)
}

/// Recovers the signature of a split key from those of shares, each with its id.
///
/// The result has 96 bytes. It is wrong when a share signed something else, or when there are
/// fewer shares than the threshold: verify it. Raises BLSError for bytes that are not a point of
/// the group, for the point at infinity, and as `split_secret_key` for ids. Takes about 0.2 ms for
/// each signature, without the GIL.
#[pyfunction]
pub fn recover_signature(
    py: Python<'_>,
    ids: Vec<u64>,
    signatures: Vec<Vec<u8>>,
) -> PyResult<Bound<'_, PyBytes>> {
    let signature = py.detach(|| recovered_signature(&ids, &signatures))?;
    Ok(PyBytes::new(py, &signature))
}

/// Recovers the public key of a split key, 48 bytes, from those of shares.
///
/// The rest is as for `recover_signature`.
#[pyfunction]
pub fn recover_public_key(
    py: Python<'_>,
    ids: Vec<u64>,
    public_keys: Vec<Vec<u8>>,
) -> PyResult<Bound<'_, PyBytes>> {
    let public_key = py.detach(|| recovered_public_key(&ids, &public_keys))?;
    Ok(PyBytes::new(py, &public_key))
}
