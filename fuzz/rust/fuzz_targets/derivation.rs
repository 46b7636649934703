//! EIP-2333: every seed of 32 bytes and more gives keys below the order, the same ones each time.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::derive::{child_key, master_key};
use py3signer_fuzz::is_secret_key;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    path: Vec<u32>,
    seed: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let master = master_key(input.seed);
    assert_eq!(input.seed.len() >= 32, master.is_ok());
    let Ok(master) = master else { return };
    let again = master_key(input.seed).expect("it was a seed before");
    assert_eq!(master.inner().to_bytes(), again.inner().to_bytes());

    let mut key = master;
    for index in input.path.iter().take(4) {
        assert!(is_secret_key(&key.inner().to_bytes()));
        let child = child_key(&key, *index);
        assert_eq!(child.inner().to_bytes(), child_key(&key, *index).inner().to_bytes());
        assert_ne!(child.inner().to_bytes(), child_key(&key, !*index).inner().to_bytes());
        key = child;
    }
    assert!(is_secret_key(&key.inner().to_bytes()));
});
