//! The plaintext of Prysm's wallet: no text panics, and keys that were read are written as read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use py3signer_fuzz::bls::SecretKey;
use py3signer_fuzz::prysm::{json, parse};

fuzz_target!(|text: &[u8]| {
    let Ok(keys) = parse(text) else { return };
    let references: Vec<&SecretKey> = keys.iter().collect();
    let written = json(&references).expect("keys can be written");
    assert_eq!(secrets(&keys), secrets(&parse(&written).expect("what was written can be read")));

    let document: serde_json::Value = serde_json::from_slice(&written).expect("it is JSON");
    for list in ["private_keys", "public_keys"] {
        assert_eq!(Some(keys.len()), document[list].as_array().map(Vec::len));
    }
});

fn secrets(keys: &[SecretKey]) -> Vec<[u8; 32]> {
    keys.iter().map(|key| key.inner().to_bytes()).collect()
}
