//! EIP-2335's crypto module on bytes: key derivation, checksum and cipher.
//!
//! `signer/keys/keystore.py` reads the JSON document and normalises the password.
//!
//! A keystore is foreign input: its parameters decide how much memory and time decryption takes.
//! [`Kdf`] checks their bounds first, so a hostile keystore costs nothing.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use pbkdf2::pbkdf2_hmac;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::bls::SecretKey;
use crate::error::{Error, array};
use crate::prysm;

/// Bytes; EIP-2335 uses 16 for the cipher and 16 for the checksum.
const DKLEN: u64 = 32;
/// Bytes, 128 n r; EIP-2335's own parameters (n = 2^18, r = 8) take 256 MiB, and every core may
/// run scrypt at the same time.
const MAX_SCRYPT_MEMORY: u64 = 1 << 28;
/// n r p, which scrypt's time is proportional to; four times EIP-2335's own, about 4 seconds.
const MAX_SCRYPT_WORK: u64 = 1 << 23;
/// r p; RFC 7914, section 2, requires less than 2^30.
const MAX_SCRYPT_R_P: u64 = (1 << 30) - 1;
/// Iterations; 64 times EIP-2335's own c = 2^18, about 2 seconds.
const MAX_PBKDF2_C: u64 = 1 << 24;

#[derive(Clone)]
enum Function {
    Scrypt(scrypt::Params),
    /// HMAC-SHA-256, with this many iterations.
    Pbkdf2(u32),
}

/// A key derivation function of EIP-2335 with its salt; its parameters are inside our bounds.
///
/// Weak parameters are accepted, because tests want cheap keystores. Other parameters raise
/// KeystoreError; numbers below 0 or above 2^64 - 1 raise OverflowError.
#[pyclass(frozen, module = "signer._core")]
#[derive(Clone)]
pub struct Kdf {
    function: Function,
    salt: Vec<u8>,
}

/// Multiplies foreign numbers, which may overflow; `None` when the product is above `limit`.
fn product(factors: &[u64], limit: u64) -> Option<u64> {
    let value = factors.iter().try_fold(1u64, |product, factor| product.checked_mul(*factor))?;
    (value <= limit).then_some(value)
}

/// Returns scrypt's parameters if they are inside our bounds; `n` is a power of two.
fn bounded_scrypt(n: u64, r: u64, p: u64) -> Option<scrypt::Params> {
    if r == 0 || p == 0 {
        return None;
    }
    product(&[r, p], MAX_SCRYPT_R_P)?;
    product(&[128, n, r], MAX_SCRYPT_MEMORY)?;
    product(&[n, r, p], MAX_SCRYPT_WORK)?;
    // after the bounds, because its own checks overflow
    scrypt::Params::new(n.ilog2().try_into().ok()?, r.try_into().ok()?, p.try_into().ok()?).ok()
}

fn check_dklen(dklen: u64) -> Result<(), Error> {
    if dklen == DKLEN {
        return Ok(());
    }
    Err(Error::Keystore(format!("expected a dklen of {DKLEN} (EIP-2335), found {dklen}")))
}

#[pymethods]
impl Kdf {
    /// Makes a scrypt function (RFC 7914); computes nothing yet.
    ///
    /// `n` is a power of two above 1, and `dklen` is 32. 128 n r is at most 256 MiB of memory, and
    /// n r p is at most 2^23, about 4 seconds.
    #[staticmethod]
    pub fn scrypt(n: u64, r: u64, p: u64, dklen: u64, salt: Vec<u8>) -> Result<Self, Error> {
        check_dklen(dklen)?;
        if !n.is_power_of_two() || n < 2 {
            return Err(Error::Keystore(format!(
                "expected scrypt's n to be a power of two above 1 (RFC 7914), found {n}"
            )));
        }
        let params = bounded_scrypt(n, r, p).ok_or_else(|| {
            Error::Keystore(format!(
                "expected scrypt parameters that take at most 256 MiB (128 n r) and four times \
                 the work of EIP-2335's own (n r p <= 2^23), found n={n} r={r} p={p}"
            ))
        })?;
        Ok(Self { function: Function::Scrypt(params), salt })
    }

    /// Makes a PBKDF2 function with HMAC-SHA-256; computes nothing yet.
    ///
    /// `c` is between 1 and 2^24, about 2 seconds, and `dklen` is 32.
    #[staticmethod]
    pub fn pbkdf2(c: u64, dklen: u64, salt: Vec<u8>) -> Result<Self, Error> {
        check_dklen(dklen)?;
        match u32::try_from(c) {
            Ok(rounds) if (1..=MAX_PBKDF2_C).contains(&c) => {
                Ok(Self { function: Function::Pbkdf2(rounds), salt })
            }
            _ => Err(Error::Keystore(format!("expected pbkdf2's c between 1 and 2^24, found {c}"))),
        }
    }
}

impl Kdf {
    /// Derives a key from a password (EIP-2335, "Decryption key").
    fn decryption_key(&self, password: &[u8]) -> Result<Zeroizing<[u8; 32]>, Error> {
        let mut key = Zeroizing::new([0; 32]);
        match &self.function {
            Function::Pbkdf2(rounds) => {
                pbkdf2_hmac::<Sha256>(password, &self.salt, *rounds, &mut *key);
            }
            Function::Scrypt(params) => scrypt::scrypt(password, &self.salt, params, &mut *key)
                .map_err(|_| Error::Keystore("scrypt refused its parameters".into()))?,
        }
        Ok(key)
    }
}

/// Hashes the second half of the key and the ciphertext (EIP-2335, "Password verification").
fn checksum(key: &[u8; 32], ciphertext: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(&key[16..]).chain_update(ciphertext).finalize().into()
}

/// Compares all bytes, so that the time it takes does not depend on the first difference.
fn equal_in_constant_time(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(difference) == 0
}

/// Encrypts or decrypts `text` in place: AES-128-CTR, which is its own inverse.
///
/// The cipher's key is the first half of `key` (EIP-2335, "Secret decryption").
fn apply_cipher(key: &[u8; 32], iv: &[u8; 16], text: &mut [u8]) -> Result<(), Error> {
    Ctr128BE::<Aes128>::new_from_slices(&key[..16], iv)
        .map_err(|_| Error::Keystore("expected 16 bytes of key and of iv".into()))?
        .apply_keystream(text);
    Ok(())
}

/// EIP-2335's crypto module: a ciphertext, and everything but the password that decrypts it.
///
/// Its methods derive a key from the password, without the GIL. That takes up to seconds and
/// 256 MiB, depending on the Kdf. Passwords are normalised already (EIP-2335, "Password
/// requirements"), and `iv` has 16 bytes.
#[pyclass(frozen, module = "signer._core")]
pub struct Encrypted {
    kdf: Kdf, // like all members no secret
    iv: [u8; 16],
    ciphertext: Vec<u8>,
    checksum: [u8; 32],
}

impl Encrypted {
    /// Checks the lengths of `iv` and `checksum`.
    ///
    /// # Errors
    /// [`Error::Length`] for others than 16 and 32 bytes.
    pub fn checked(kdf: Kdf, iv: &[u8], ciphertext: &[u8], checksum: &[u8]) -> Result<Self, Error> {
        let iv = array("the cipher's iv", iv)?;
        let checksum = array("the checksum", checksum)?;
        Ok(Self { kdf, iv, ciphertext: ciphertext.to_vec(), checksum })
    }

    /// Encrypts `text` in place, which is one key or a wallet of Prysm's.
    ///
    /// # Errors
    /// [`Error::Length`] for an iv of other than 16 bytes.
    pub fn from_text(
        kdf: &Kdf,
        password: &[u8],
        iv: &[u8],
        text: &mut [u8],
    ) -> Result<Self, Error> {
        let iv = array("the cipher's iv", iv)?;
        let key = kdf.decryption_key(password)?;
        apply_cipher(&key, &iv, text)?;
        let checksum = checksum(&key, text);
        Ok(Self { kdf: kdf.clone(), iv, ciphertext: text.to_vec(), checksum })
    }

    /// Decrypts the ciphertext, once the checksum has proved the password right.
    pub fn plaintext(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let key = self.kdf.decryption_key(password)?;
        if !equal_in_constant_time(&checksum(&key, &self.ciphertext), &self.checksum) {
            return Err(Error::WrongPassword);
        }
        let mut text = Zeroizing::new(self.ciphertext.clone());
        apply_cipher(&key, &self.iv, &mut text)?;
        Ok(text)
    }

    /// Decrypts one secret key.
    ///
    /// # Errors
    /// [`Error::Length`], before the key derivation, unless the ciphertext has 32 bytes.
    pub fn secret_key(&self, password: &[u8]) -> Result<SecretKey, Error> {
        array::<32>("the cipher's message", &self.ciphertext)?;
        SecretKey::new(&self.plaintext(password)?)
    }
}

#[pymethods]
impl Encrypted {
    /// Takes a ciphertext of any length and a checksum of 32 bytes; decrypts nothing yet.
    #[new]
    fn new(
        kdf: &Bound<'_, Kdf>,
        iv: &[u8],
        ciphertext: &[u8],
        checksum: &[u8],
    ) -> Result<Self, Error> {
        Self::checked(kdf.get().clone(), iv, ciphertext, checksum)
    }

    /// Encrypts one key; the ciphertext has 32 bytes.
    #[staticmethod]
    fn encrypt(
        py: Python<'_>,
        kdf: &Bound<'_, Kdf>,
        password: &[u8],
        iv: &[u8],
        secret_key: &Bound<'_, SecretKey>,
    ) -> Result<Self, Error> {
        let kdf = kdf.get();
        let mut text = Zeroizing::new(secret_key.get().inner().to_bytes());
        py.detach(|| Self::from_text(kdf, password, iv, &mut *text))
    }

    /// Encrypts any number of keys as Prysm's wallet does (Prysm, accountStore).
    #[staticmethod]
    fn encrypt_prysm(
        py: Python<'_>,
        kdf: &Bound<'_, Kdf>,
        password: &[u8],
        iv: &[u8],
        secret_keys: Vec<Bound<'_, SecretKey>>,
    ) -> Result<Self, Error> {
        let kdf = kdf.get();
        let secret_keys: Vec<&SecretKey> = secret_keys.iter().map(Bound::get).collect();
        py.detach(|| Self::from_text(kdf, password, iv, &mut prysm::json(&secret_keys)?))
    }

    /// Decrypts one key and computes its public key.
    ///
    /// Raises BLSError for a ciphertext of another length than 32, before it derives a key. Raises
    /// WrongPasswordError when the checksum differs, BLSError when the plaintext is no secret key.
    fn decrypt(&self, py: Python<'_>, password: &[u8]) -> Result<SecretKey, Error> {
        py.detach(|| {
            let secret_key = self.secret_key(password)?;
            secret_key.compressed_public_key(); // every caller needs it: compute it without the GIL
            Ok(secret_key)
        })
    }

    /// Decrypts one key and takes `pubkey`, 48 bytes, for its public key.
    ///
    /// This saves 70 µs, but nothing notices a wrong public key. Raises as `decrypt` does, and
    /// BLSError for another length of `pubkey`.
    fn decrypt_trusting(
        &self,
        py: Python<'_>,
        password: &[u8],
        pubkey: &[u8],
    ) -> PyResult<SecretKey> {
        let pubkey = array("the public key", pubkey)?;
        let secret_key = py.detach(|| self.secret_key(password))?;
        secret_key.set_public_key(pubkey);
        Ok(secret_key)
    }

    /// Decrypts all keys of a Prysm wallet and computes their public keys.
    ///
    /// Raises WrongPasswordError when the checksum differs. Raises KeystoreError when the plaintext
    /// is not Prysm's JSON, BLSError when one of its private keys is no secret key.
    fn decrypt_prysm(&self, py: Python<'_>, password: &[u8]) -> PyResult<Vec<SecretKey>> {
        Ok(py.detach(|| prysm::parse(&self.plaintext(password)?))?)
    }

    /// The keystore's `crypto.cipher.message`.
    #[getter]
    fn ciphertext<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.ciphertext)
    }

    /// The keystore's `crypto.checksum.message`: 32 bytes.
    #[getter]
    fn checksum<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.checksum)
    }
}
