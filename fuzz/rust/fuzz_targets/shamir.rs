//! Splitting and recovering: enough shares give what the key gives, and foreign bytes an error.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::shamir::{recovered_public_key, recovered_signature, split};
use py3signer_fuzz::some_key;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input {
    secret: [u8; 32],
    root: [u8; 32],
    threshold: u8,
    ids: Vec<u64>,
    points: Vec<Point>,
}

/// What comes for a share: chance alone would never hit a point of the curve.
#[derive(arbitrary::Arbitrary, Debug)]
enum Point {
    OfKey(u8),
    Infinity,
    Bytes(Vec<u8>),
}

impl Point {
    /// The bytes as a public key and as a signature over a root.
    fn bytes(&self, root: &[u8; 32]) -> (Vec<u8>, Vec<u8>) {
        match self {
            Self::OfKey(number) => {
                let key = some_key([*number; 32]);
                (key.compressed_public_key().to_vec(), key.sign_root(root).to_vec())
            }
            Self::Infinity => {
                let mut bytes = [0; 96];
                bytes[0] = 0xc0;
                (bytes[..48].to_vec(), bytes.to_vec())
            }
            Self::Bytes(bytes) => (bytes.clone(), bytes.clone()),
        }
    }
}

fuzz_target!(|input: Input| {
    let ids = &input.ids[..input.ids.len().min(6)];
    let points = input.points.iter().take(6).map(|point| point.bytes(&input.root));
    let (public_keys, signatures): (Vec<_>, Vec<_>) = points.unzip();
    let _ = recovered_signature(ids, &signatures);
    let _ = recovered_public_key(ids, &public_keys);

    let key = some_key(input.secret);
    let threshold = usize::from(input.threshold % 8);
    let shares = split(key.inner(), threshold, ids);
    assert_eq!(are_ids(ids) && (1..=ids.len()).contains(&threshold), shares.is_ok());
    let Ok(shares) = shares else { return };

    // the last ones, so that not only the order of the split is tried
    let first = ids.len() - threshold;
    let ids = &ids[first..];
    let shares = &shares[first..];
    let signatures: Vec<_> =
        shares.iter().map(|share| share.sign_root(&input.root).to_vec()).collect();
    let public_keys: Vec<_> =
        shares.iter().map(|share| share.compressed_public_key().to_vec()).collect();
    assert_eq!(Ok(key.sign_root(&input.root)), recovered_signature(ids, &signatures));
    assert_eq!(Ok(*key.compressed_public_key()), recovered_public_key(ids, &public_keys));
    if threshold > 1 {
        let too_few = recovered_signature(&ids[1..], &signatures[1..]);
        assert_ne!(Ok(key.sign_root(&input.root)), too_few);
    }
});

/// Tells whether ids are there, differ, and are not 0.
fn are_ids(ids: &[u64]) -> bool {
    let differ = ids.iter().enumerate().all(|(index, id)| !ids[..index].contains(id));
    !ids.is_empty() && differ && !ids.contains(&0)
}
