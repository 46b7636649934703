//! Merkleization of SSZ chunks, the only loop of hashing that Python would be too slow for.
//!
//! `signer/ssz/` turns typed values into chunks; this file knows no types.

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sha2::{Digest, Sha256};

use crate::error::Error;

/// Levels below the root of the deepest tree; the limit of a list is a uint64.
const MAX_DEPTH: usize = 64;

/// Chunks that are hashed without the GIL; fewer take less time than releasing it.
const MANY_CHUNKS: usize = 256;

pub type Chunk = [u8; 32];

fn hash_pair(left: &Chunk, right: &Chunk) -> Chunk {
    Sha256::new().chain_update(left).chain_update(right).finalize().into()
}

/// Returns the roots of all-zero trees of depth 0 to 64, computed once.
fn zero_hashes() -> &'static [Chunk; MAX_DEPTH + 1] {
    static ZERO_HASHES: OnceLock<[Chunk; MAX_DEPTH + 1]> = OnceLock::new();
    ZERO_HASHES.get_or_init(|| {
        let mut hashes = [[0; 32]; MAX_DEPTH + 1];
        for depth in 0..MAX_DEPTH {
            hashes[depth + 1] = hash_pair(&hashes[depth], &hashes[depth]);
        }
        hashes
    })
}

/// Computes the root of a tree of 2^depth leaves: `layer`, then zero chunks.
fn root(mut layer: Vec<Chunk>, depth: usize) -> Chunk {
    for zero in &zero_hashes()[..depth] {
        if layer.len() % 2 == 1 {
            layer.push(*zero);
        }
        for index in 0..layer.len() / 2 {
            layer[index] = hash_pair(&layer[2 * index], &layer[2 * index + 1]);
        }
        layer.truncate(layer.len() / 2);
    }
    layer.first().copied().unwrap_or(zero_hashes()[depth])
}

/// Computes the root of a progressive tree (EIP-7916), whose first subtree has 2^depth leaves.
///
/// Each subtree has four times as many leaves as the one before. They hang off a spine that ends
/// in a zero chunk.
fn progressive_root(layer: &[Chunk], depth: usize) -> Chunk {
    if layer.is_empty() {
        return zero_hashes()[0];
    }
    let (here, rest) = layer.split_at(layer.len().min(1 << depth));
    hash_pair(&root(here.to_vec(), depth), &progressive_root(rest, depth + 2))
}

/// Cuts bytes into the chunks of a tree.
///
/// # Errors
/// [`Error::Argument`] for more than 2^depth chunks, a part of a chunk, or a depth above 64.
pub fn leaves(chunks: &[u8], depth: Option<usize>) -> Result<&[Chunk], Error> {
    let (layer, rest) = chunks.as_chunks::<32>();
    let bound = depth.unwrap_or(MAX_DEPTH);
    let fits = bound <= MAX_DEPTH && (bound >= 63 || layer.len() <= 1 << bound);
    if rest.is_empty() && fits {
        return Ok(layer);
    }
    Err(Error::Argument(format!(
        "expected at most 2^{bound} chunks of 32 bytes and a depth of at most 64, found {} bytes",
        chunks.len()
    )))
}

/// Computes the root of leaves: of a tree of this depth, or of a progressive one.
pub fn merkle_root(layer: &[Chunk], depth: Option<usize>) -> Chunk {
    match depth {
        Some(depth) => root(layer.to_vec(), depth),
        None => progressive_root(layer, 0),
    }
}

/// Computes the SSZ root, 32 bytes, of chunks of 32 bytes; from 256 chunks on without the GIL.
///
/// Zero chunks fill the tree up to 2^depth leaves. Without a depth the tree is a progressive one,
/// which grows with the chunks (EIP-7916). Raises BLSError for more than 2^depth chunks, a part of
/// a chunk, or a depth above 64. Source: consensus-specs, ssz/simple-serialize.md, Merkleization.
#[pyfunction]
pub fn merkleize<'py>(
    py: Python<'py>,
    chunks: &[u8],
    depth: Option<usize>,
) -> PyResult<Bound<'py, PyBytes>> {
    let layer = leaves(chunks, depth)?;
    let merkleized = || merkle_root(layer, depth);
    let merkleized = if layer.len() >= MANY_CHUNKS { py.detach(merkleized) } else { merkleized() };
    Ok(PyBytes::new(py, &merkleized))
}
