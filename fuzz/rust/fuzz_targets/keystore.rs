//! EIP-2335's crypto module with foreign parameters.
//!
//! Parameters are accepted exactly within their bounds. What is too slow to try 50 times a second is
//! not decrypted.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use pbkdf2::pbkdf2_hmac;
use py3signer_fuzz::error::Error;
use py3signer_fuzz::keystore::{Encrypted, Kdf};
use py3signer_fuzz::{is_secret_key, prysm};
use sha2::{Digest, Sha256};

/// n r p, and iterations; a fuzzed keystore takes some milliseconds.
const MAX_COST: u128 = 1 << 10;

#[derive(arbitrary::Arbitrary, Debug)]
enum Function {
    Scrypt {
        n: u64,
        r: u64,
        p: u64,
    },
    /// n as its logarithm: most numbers are no powers of two
    CheapScrypt {
        log_n: u8,
        r: u8,
        p: u8,
    },
    Pbkdf2 {
        c: u64,
    },
    CheapPbkdf2 {
        c: u8,
    },
}

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    function: Function,
    /// 32 without one
    dklen: Option<u64>,
    /// bytes that are left out of the iv and of the checksum
    missing: Option<(u8, u8)>,
    iv: [u8; 16],
    checksum: [u8; 32],
    salt: Vec<u8>,
    password: Vec<u8>,
    other_password: Vec<u8>,
    text: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let dklen = input.dklen.unwrap_or(32);
    let Some(kdf) = kdf(&input, dklen) else { return };
    let Input { password, text, .. } = &input;
    let (missing_iv, missing_checksum) = input.missing.unwrap_or_default();
    let iv = &input.iv[usize::from(missing_iv % 16)..];
    let checksum = &input.checksum[usize::from(missing_checksum % 32)..];

    let foreign = Encrypted::checked(kdf.clone(), iv, text, checksum);
    assert_eq!(iv.len() == 16 && checksum.len() == 32, foreign.is_ok());
    if let Ok(foreign) = foreign {
        let _ = foreign.secret_key(password);
    }
    if let Function::CheapPbkdf2 { c } = input.function {
        decrypt_with_right_checksum(kdf.clone(), c, &input);
    }

    let encrypted = Encrypted::from_text(&kdf, password, iv, &mut text.to_vec());
    assert_eq!(iv.len() == 16, encrypted.is_ok());
    let Ok(encrypted) = encrypted else { return };
    assert_eq!(**text, **encrypted.plaintext(password).expect("the password is right"));
    assert_eq!(is_secret_key(text), encrypted.secret_key(password).is_ok());
    // HMAC pads a key with zero bytes to 64, and hashes a longer one
    if hmac_key(password) != hmac_key(&input.other_password) {
        let wrong = encrypted.plaintext(&input.other_password);
        assert_eq!(Some(Error::WrongPassword), wrong.err());
    }
});

/// Makes the function if its parameters are allowed and cheap; checks that the core agrees.
fn kdf(input: &Input<'_>, dklen: u64) -> Option<Kdf> {
    let salt = input.salt.clone();
    let (kdf, is_allowed, cost) = match input.function {
        Function::Scrypt { n, r, p } => scrypt(n, r, p, dklen, salt),
        Function::CheapScrypt { log_n, r, p } => {
            scrypt(1 << (log_n % 12), r.into(), p.into(), dklen, salt)
        }
        Function::Pbkdf2 { c } => pbkdf2(c, dklen, salt),
        Function::CheapPbkdf2 { c } => pbkdf2(c.into(), dklen, salt),
    };
    assert_eq!(is_allowed && dklen == 32, kdf.is_ok());
    kdf.ok().filter(|_| cost <= MAX_COST)
}

type Made = (Result<Kdf, Error>, bool, u128);

/// Makes a function, and tells whether its documentation allows it, and its cost.
fn scrypt(n: u64, r: u64, p: u64, dklen: u64, salt: Vec<u8>) -> Made {
    // what is cut off here is above every bound already
    let [wide_n, wide_r, wide_p] = [n, r, p].map(|number| u128::from(number).min(1 << 40));
    let is_allowed = n.is_power_of_two()
        && n > 1
        && r > 0
        && p > 0
        && 128 * wide_n * wide_r <= 256 << 20
        && wide_n * wide_r * wide_p <= 1 << 23
        && wide_r * wide_p < 1 << 30
        && wide_n < 1 << 40;
    (Kdf::scrypt(n, r, p, dklen, salt), is_allowed, wide_n * wide_r * wide_p)
}

/// The same for PBKDF2.
fn pbkdf2(c: u64, dklen: u64, salt: Vec<u8>) -> Made {
    (Kdf::pbkdf2(c, dklen, salt), (1..=1 << 24).contains(&c), c.into())
}

/// Decrypts foreign bytes behind a checksum that is right, and refuses them behind a wrong one.
fn decrypt_with_right_checksum(kdf: Kdf, c: u8, input: &Input<'_>) {
    let mut key = [0; 32];
    pbkdf2_hmac::<Sha256>(&input.password, &input.salt, c.into(), &mut key);
    let mut checksum: [u8; 32] =
        Sha256::new().chain_update(&key[16..]).chain_update(input.text).finalize().into();
    let Ok(foreign) = Encrypted::checked(kdf.clone(), &input.iv, input.text, &checksum) else {
        return;
    };
    let plaintext = foreign.plaintext(&input.password).expect("the checksum is right");
    assert_eq!(input.text.len(), plaintext.len());
    let _ = prysm::parse(&plaintext);
    checksum[usize::from(c) % 32] ^= 1;
    let changed = Encrypted::checked(kdf, &input.iv, input.text, &checksum);
    let changed = changed.expect("the lengths are right");
    assert_eq!(Some(Error::WrongPassword), changed.plaintext(&input.password).err());
}

/// The key of HMAC-SHA-256, 64 bytes (RFC 2104): passwords with the same one are the same.
fn hmac_key(password: &[u8]) -> Vec<u8> {
    let mut key = password.to_vec();
    if key.len() > 64 {
        key = Sha256::digest(password).to_vec();
    }
    key.resize(64, 0);
    key
}
