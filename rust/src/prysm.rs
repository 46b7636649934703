//! The text inside of Prysm's keystore of all accounts: JSON with two lists, the secret keys and
//! their public keys, in base64 (Prysm, `accountStore`). Only keys leave this file.

use zeroize::Zeroizing;

use crate::bls::SecretKey;
use crate::error::Error;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The keys of `private_keys`: base64 has nothing that JSON escapes, and no bracket.
pub fn parse(text: &[u8]) -> Result<Vec<SecretKey>, Error> {
    let refused = || Error::Keystore("expected Prysm's private_keys, found other text".into());
    let list = str::from_utf8(text)
        .ok()
        .and_then(|text| text.split_once("\"private_keys\"")?.1.split(['[', ']']).nth(1))
        .ok_or_else(refused)?;
    let key = |item: &str| {
        let key = SecretKey::new(&decode(item.trim().trim_matches('"')).ok_or_else(refused)?)?;
        key.compressed_public_key(); // paid without the GIL
        Ok(key)
    };
    list.split(',').map(key).collect()
}

/// The text with these keys.
pub fn json(keys: &[&SecretKey]) -> Zeroizing<Vec<u8>> {
    // enough at once, 114 bytes a key: what a growing vector leaves behind is not zeroized
    let mut text = Zeroizing::new(Vec::with_capacity(64 + 114 * keys.len()));
    let secrets = keys.iter().map(|key| Zeroizing::new(key.inner().to_bytes()));
    write(&mut text, "{\"private_keys\":[", secrets);
    write(&mut text, "],\"public_keys\":[", keys.iter().map(|key| key.compressed_public_key()));
    text.extend_from_slice(b"]}");
    text
}

fn decode(base64: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (mut bytes, mut bits) = (Zeroizing::new(Vec::with_capacity(base64.len())), 0u32);
    for (index, digit) in base64.trim_end_matches('=').bytes().enumerate() {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        if index % 4 > 0 {
            bytes.push((bits >> (6 - index % 4 * 2)).to_be_bytes()[3]); // of four digits, three
        }
    }
    Some(bytes)
}

fn write(text: &mut Vec<u8>, start: &str, values: impl Iterator<Item = impl AsRef<[u8]>>) {
    for (index, value) in values.enumerate() {
        let value = value.as_ref();
        text.extend_from_slice(if index == 0 { start } else { "," }.as_bytes());
        text.push(b'"');
        for bit in (0..value.len() * 8).step_by(6) {
            let second = value.get(bit / 8 + 1).copied().unwrap_or_default();
            let bits = u16::from_be_bytes([value[bit / 8], second]) >> (10 - bit % 8);
            text.push(DIGITS[usize::from(bits & 63)]);
        }
        text.extend_from_slice(if value.len() == 32 { b"=\"" } else { b"\"" });
    }
}
