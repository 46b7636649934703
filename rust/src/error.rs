//! What can go wrong in the core, and the only place that maps it to the classes of
//! `signer/errors.py`. Messages say what was expected and what came, never a secret.

use pyo3::PyErr;
use pyo3::import_exception;

import_exception!(signer.errors, BLSError);
import_exception!(signer.errors, KeystoreError);
import_exception!(signer.errors, WrongPasswordError);

/// A failure of the core; every function that can fail returns it.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// A byte string of the wrong length: what it is, the bytes expected, the bytes found.
    Length(&'static str, usize, usize),
    /// Not a secret key: 0, or at least the order of the curve.
    SecretKey,
    /// Bytes that are no compressed point of the right group.
    Point(&'static str),
    /// An argument outside its bounds.
    Argument(String),
    /// A keystore whose parameters are outside the bounds of `keystore.rs`.
    Keystore(String),
    /// The checksum says that the password does not open the keystore.
    WrongPassword,
    /// The engine was closed before it took the signature.
    Closed,
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Length(name, expected, found) => {
                BLSError::new_err(format!("expected {expected} bytes for {name}, found {found}"))
            }
            Error::SecretKey => BLSError::new_err(
                "expected a secret key between 1 and the order of BLS12-381 minus 1, \
                 found a number outside: it is not a key",
            ),
            Error::Point(name) => BLSError::new_err(format!(
                "expected {name} to be a compressed point of its group, found other bytes"
            )),
            Error::Argument(message) => BLSError::new_err(message),
            Error::Keystore(message) => KeystoreError::new_err(message),
            Error::WrongPassword => WrongPasswordError::new_err(
                "the password does not open the keystore: the checksum differs",
            ),
            Error::Closed => BLSError::new_err("the signing engine is closed: it takes no more"),
        }
    }
}

/// `bytes` as an array of N bytes.
///
/// # Errors
/// [`Error::Length`] when there are more or fewer; `name` is what the message calls them.
pub fn array<const N: usize>(name: &'static str, bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Length(name, N, bytes.len()))
}
