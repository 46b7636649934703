//! The plaintext of Prysm's wallet, which is one keystore for all accounts.
//!
//! It is JSON with two lists in base64: the secret keys, and their public keys (Prysm,
//! `accountStore`). The base64 is `base64ct`'s, whose time does not depend on the secrets.

use base64ct::{Base64, Base64Unpadded, Encoding};
use zeroize::Zeroizing;

use crate::bls::SecretKey;
use crate::error::Error;

/// Reads the keys of the list `private_keys`, and computes their public keys.
///
/// Base64 has no bracket, no comma and nothing that JSON escapes, so no JSON parser is needed. Go
/// writes `null` for the list of an empty wallet.
///
/// # Errors
/// [`Error::Keystore`] for any other text, and the errors of [`SecretKey::new`].
pub fn parse(text: &[u8]) -> Result<Vec<SecretKey>, Error> {
    let value = str::from_utf8(text)
        .ok()
        .and_then(|text| text.split_once("\"private_keys\"")?.1.trim_start().strip_prefix(':'))
        .map(str::trim_start)
        .ok_or_else(other_text)?;
    if value.starts_with("null") {
        return Ok(Vec::new());
    }
    let list = value.strip_prefix('[').and_then(|value| value.split_once(']'));
    let items = list.ok_or_else(other_text)?.0.trim();
    if items.is_empty() {
        return Ok(Vec::new());
    }
    items.split(',').map(|item| secret_key(item.trim().trim_matches('"'))).collect()
}

fn secret_key(base64: &str) -> Result<SecretKey, Error> {
    let digits = base64.trim_end_matches('='); // other tools may write no padding
    // at its full size from the start: a vector that grows leaves a copy that is not zeroized
    let mut buffer = Zeroizing::new(vec![0; digits.len()]);
    let secret = Base64Unpadded::decode(digits, &mut buffer).map_err(|_| other_text())?;
    let secret_key = SecretKey::new(secret)?;
    secret_key.compressed_public_key(); // every caller needs it: compute it without the GIL
    Ok(secret_key)
}

fn other_text() -> Error {
    Error::Keystore("expected Prysm's private_keys, found other text".into())
}

/// Writes the text with these keys.
///
/// # Errors
/// [`Error::Keystore`] for a buffer that is too short, which does not happen.
pub fn json(keys: &[&SecretKey]) -> Result<Zeroizing<Vec<u8>>, Error> {
    // bytes; a key takes 44 + 64 of base64 and 6 of punctuation. A vector that grows leaves a copy
    // that is not zeroized.
    let mut text = Zeroizing::new(Vec::with_capacity(64 + 114 * keys.len()));
    text.extend_from_slice(b"{\"private_keys\":[");
    for (index, key) in keys.iter().enumerate() {
        let secret = Zeroizing::new(key.inner().to_bytes());
        write_item(&mut text, index, &*secret)?;
    }
    text.extend_from_slice(b"],\"public_keys\":[");
    for (index, key) in keys.iter().enumerate() {
        write_item(&mut text, index, key.compressed_public_key())?;
    }
    text.extend_from_slice(b"]}");
    Ok(text)
}

fn write_item(text: &mut Vec<u8>, index: usize, value: &[u8]) -> Result<(), Error> {
    text.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
    let start = text.len();
    text.resize(start + Base64::encoded_len(value), 0);
    Base64::encode(value, &mut text[start..])
        .map_err(|_| Error::Keystore("cannot encode base64: the buffer is too short".into()))?;
    text.push(b'"');
    Ok(())
}
