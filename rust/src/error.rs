//! The errors of the core, and the only mapping of them to the classes of `signer/errors.py`.
//!
//! A message names the expected and the actual value, and never holds a secret.

use pyo3::PyErr;
use pyo3::import_exception;

import_exception!(signer.errors, BLSError);
import_exception!(signer.errors, KeystoreError);
import_exception!(signer.errors, WrongPasswordError);

/// The error of every fallible function in the core.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// A byte string of the wrong length: its name, the expected length, the actual length.
    Length(&'static str, usize, usize),
    /// A number that is not a secret key: 0, or the order of the curve and above.
    SecretKey,
    /// Bytes that are not a compressed point of the right group; the name of the bytes.
    Point(&'static str),
    /// An argument outside its bounds; the message.
    Argument(String),
    /// A keystore with parameters outside the bounds of `keystore.rs`, or with an unexpected
    /// plaintext; the message.
    Keystore(String),
    /// The password's checksum differs from the keystore's.
    WrongPassword,
    /// The signing threads were closed before the job was submitted.
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
            Error::WrongPassword => {
                WrongPasswordError::new_err("wrong password: the checksum of the keystore differs")
            }
            Error::Closed => BLSError::new_err("the signing engine is closed: it takes no more"),
        }
    }
}

/// Copies `bytes` into an array of N bytes; `name` names them in the error.
///
/// # Errors
/// [`Error::Length`] for more or fewer than N bytes.
pub fn array<const N: usize>(name: &'static str, bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::Length(name, N, bytes.len()))
}
