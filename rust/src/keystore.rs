//! EIP-2335 on bytes: key derivation, checksum and cipher. The JSON document and the password's
//! normalisation are `signer/keystores.py`'s business.
//!
//! A keystore is foreign input: its parameters decide how much memory and time opening it takes.
//! They are bounded here, before a byte is spent.

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

/// EIP-2335 fixes dklen at 32: 16 bytes for the cipher, 16 for the checksum.
const DKLEN: u64 = 32;
/// scrypt's memory is 128 n r bytes. EIP-2335's own parameters (n = 2^18, r = 8) take 256 MiB;
/// more than that per core is refused.
const MAX_SCRYPT_MEMORY: u64 = 1 << 28;
/// scrypt's time grows with n r p: four times the EIP's own, about 4 seconds.
const MAX_SCRYPT_WORK: u64 = 1 << 23;
/// RFC 7914, section 2: r p < 2^30.
const MAX_SCRYPT_R_P: u64 = (1 << 30) - 1;
/// 64 times the EIP's own c = 2^18, about 2 seconds.
const MAX_PBKDF2_C: u64 = 1 << 24;

enum Function {
    Scrypt(scrypt::Params),
    Pbkdf2(u32),
}

/// A key derivation function with its parameters inside the bounds, and its salt.
///
/// Weak parameters (n = 2, c = 1) are welcome: devnet tools write them.
#[pyclass(frozen, module = "signer._core")]
pub struct Kdf {
    function: Function,
    salt: Vec<u8>,
}

/// The product, or `None` above `limit`: foreign numbers may overflow.
fn product(factors: &[u64], limit: u64) -> Option<u64> {
    let value = factors.iter().try_fold(1u64, |product, factor| product.checked_mul(*factor))?;
    (value <= limit).then_some(value)
}

fn check_dklen(dklen: u64) -> Result<(), Error> {
    if dklen == DKLEN {
        return Ok(());
    }
    Err(Error::Keystore(format!("expected a dklen of {DKLEN} (EIP-2335), found {dklen}")))
}

#[pymethods]
impl Kdf {
    #[staticmethod]
    fn scrypt(n: u64, r: u64, p: u64, dklen: u64, salt: Vec<u8>) -> PyResult<Self> {
        check_dklen(dklen)?;
        if !n.is_power_of_two() || n < 2 {
            return Err(Error::Keystore(format!(
                "expected scrypt's n to be a power of two above 1 (RFC 7914), found {n}"
            ))
            .into());
        }
        let bounded = r > 0
            && p > 0
            && product(&[r, p], MAX_SCRYPT_R_P).is_some()
            && product(&[128, n, r], MAX_SCRYPT_MEMORY).is_some()
            && product(&[n, r, p], MAX_SCRYPT_WORK).is_some();
        let params = u32::try_from(r).ok().zip(u32::try_from(p).ok()).and_then(|(r, p)| {
            let log_n = u8::try_from(n.ilog2()).ok()?;
            scrypt::Params::new(log_n, r, p).ok()
        });
        match params {
            Some(params) if bounded => Ok(Self { function: Function::Scrypt(params), salt }),
            _ => Err(Error::Keystore(format!(
                "expected scrypt parameters that take at most 256 MiB (128 n r) and four times \
                 the work of EIP-2335's own (n r p <= 2^23), found n={n} r={r} p={p}"
            ))
            .into()),
        }
    }

    #[staticmethod]
    fn pbkdf2(c: u64, dklen: u64, salt: Vec<u8>) -> PyResult<Self> {
        check_dklen(dklen)?;
        match u32::try_from(c) {
            Ok(rounds) if (1..=MAX_PBKDF2_C).contains(&c) => {
                Ok(Self { function: Function::Pbkdf2(rounds), salt })
            }
            _ => Err(Error::Keystore(format!("expected pbkdf2's c between 1 and 2^24, found {c}"))
                .into()),
        }
    }
}

impl Kdf {
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

/// EIP-2335, "Password verification": SHA-256 over the second half of the key and the ciphertext.
fn checksum(key: &[u8; 32], ciphertext: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(&key[16..]).chain_update(ciphertext).finalize().into()
}

/// Compares every byte whatever the first ones say, so that time tells nothing.
fn equal_in_constant_time(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let difference = left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b));
    std::hint::black_box(difference) == 0
}

/// AES-128-CTR, which is its own inverse, with the first half of the key.
fn apply_cipher(key: &[u8; 32], iv: &[u8; 16], text: &mut [u8]) -> Result<(), Error> {
    Ctr128BE::<Aes128>::new_from_slices(&key[..16], iv)
        .map_err(|_| Error::Keystore("expected 16 bytes of key and of iv".into()))?
        .apply_keystream(text);
    Ok(())
}

/// Decrypts `text` where it stands, once its checksum says that the password is right.
fn open(
    kdf: &Kdf,
    password: &[u8],
    iv: &[u8; 16],
    text: &mut [u8],
    expected: &[u8; 32],
) -> Result<(), Error> {
    let key = kdf.decryption_key(password)?;
    if !equal_in_constant_time(&checksum(&key, text), expected) {
        return Err(Error::WrongPassword);
    }
    apply_cipher(&key, iv, text)
}

/// Encrypts `text` where it stands; the checksum.
fn seal(kdf: &Kdf, password: &[u8], iv: &[u8; 16], text: &mut [u8]) -> Result<[u8; 32], Error> {
    let key = kdf.decryption_key(password)?;
    apply_cipher(&key, iv, text)?;
    Ok(checksum(&key, text))
}

/// See `_core.pyi`.
#[pyfunction]
#[pyo3(signature = (kdf, password, iv, ciphertext, expected_checksum, public_key=None))]
pub fn decrypt(
    py: Python<'_>,
    kdf: &Bound<'_, Kdf>,
    password: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
    expected_checksum: &[u8],
    public_key: Option<&[u8]>,
) -> PyResult<SecretKey> {
    let (kdf, iv) = (kdf.get(), array("the cipher's iv", iv)?);
    let expected = array("the checksum", expected_checksum)?;
    let public_key = public_key.map(|bytes| array("the public key", bytes)).transpose()?;
    let mut secret = Zeroizing::new(array::<32>("the cipher's message", ciphertext)?);
    let secret_key = py.detach(|| {
        open(kdf, password, &iv, &mut *secret, &expected)?;
        let secret_key = SecretKey::new(&*secret)?;
        match public_key {
            Some(known) => secret_key.set_public_key(known),
            None => _ = secret_key.compressed_public_key(), // compared later: paid without the GIL
        }
        Ok::<_, Error>(secret_key)
    })?;
    Ok(secret_key)
}

/// See `_core.pyi`.
#[pyfunction]
pub fn encrypt<'py>(
    py: Python<'py>,
    kdf: &Bound<'py, Kdf>,
    password: &[u8],
    iv: &[u8],
    secret_key: &Bound<'py, SecretKey>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let (kdf, iv, secret_key) = (kdf.get(), array("the cipher's iv", iv)?, secret_key.get());
    let mut text = Zeroizing::new(secret_key.inner().to_bytes());
    let sum = py.detach(|| seal(kdf, password, &iv, &mut *text))?;
    Ok((PyBytes::new(py, &*text), PyBytes::new(py, &sum)))
}

/// See `_core.pyi`.
#[pyfunction]
pub fn decrypt_accounts(
    py: Python<'_>,
    kdf: &Bound<'_, Kdf>,
    password: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
    expected_checksum: &[u8],
) -> PyResult<Vec<SecretKey>> {
    let (kdf, iv) = (kdf.get(), array("the cipher's iv", iv)?);
    let expected = array("the checksum", expected_checksum)?;
    let mut text = Zeroizing::new(ciphertext.to_vec());
    Ok(py.detach(|| {
        open(kdf, password, &iv, &mut text, &expected)?;
        prysm::parse(&text)
    })?)
}

/// See `_core.pyi`.
#[pyfunction]
pub fn encrypt_accounts<'py>(
    py: Python<'py>,
    kdf: &Bound<'py, Kdf>,
    password: &[u8],
    iv: &[u8],
    secret_keys: Vec<Bound<'py, SecretKey>>,
) -> PyResult<(Bound<'py, PyBytes>, Bound<'py, PyBytes>)> {
    let (kdf, iv) = (kdf.get(), array("the cipher's iv", iv)?);
    let mut text = prysm::json(&secret_keys.iter().map(Bound::get).collect::<Vec<_>>());
    let sum = py.detach(|| seal(kdf, password, &iv, &mut text))?;
    Ok((PyBytes::new(py, &text), PyBytes::new(py, &sum)))
}
