//! Roots of chunks against a model that follows the specification's words and hashes level by level.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::merkle::{leaves, merkle_root};
use sha2::{Digest, Sha256};

const MAX_DEPTH: u32 = 64;

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    /// `None` for a progressive tree.
    depth: Option<u8>,
    bytes: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let depth = input.depth.map(usize::from);
    let layer = leaves(input.bytes, depth);
    assert_eq!(is_layer(&input), layer.is_ok());
    let Ok(layer) = layer else { return };
    let model = match input.depth {
        Some(depth) => merkleize(layer, depth.into()),
        None => merkleize_progressive(layer, 0),
    };
    assert_eq!(model, merkle_root(layer, depth));
});

/// Tells whether bytes are whole chunks, and fit into the tree.
fn is_layer(input: &Input<'_>) -> bool {
    let capacity = input.depth.map_or(Some(u128::MAX), |depth| 1u128.checked_shl(depth.into()));
    let depth_fits = input.depth.is_none_or(|depth| u32::from(depth) <= MAX_DEPTH);
    let count = (input.bytes.len() / 32) as u128;
    depth_fits && input.bytes.len() % 32 == 0 && capacity.is_some_and(|capacity| count <= capacity)
}

fn hash(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    Sha256::digest([left, right].concat()).into()
}

/// merkleize(chunks, limit = 2^depth): halves, down to a single chunk.
fn merkleize(chunks: &[[u8; 32]], depth: u32) -> [u8; 32] {
    if chunks.is_empty() {
        return (0..depth).fold([0; 32], |zero, _| hash(zero, zero));
    }
    if depth == 0 {
        return chunks[0];
    }
    let half = 1u128 << (depth - 1);
    let middle = chunks.len().min(usize::try_from(half).unwrap_or(usize::MAX));
    let (left, right) = chunks.split_at(middle);
    hash(merkleize(left, depth - 1), merkleize(right, depth - 1))
}

/// merkleize_progressive(chunks, num_leaves = 2^depth) (EIP-7916).
fn merkleize_progressive(chunks: &[[u8; 32]], depth: u32) -> [u8; 32] {
    if chunks.is_empty() {
        return [0; 32];
    }
    let (here, beyond) = chunks.split_at(chunks.len().min(1 << depth));
    hash(merkleize(here, depth), merkleize_progressive(beyond, depth + 2))
}
