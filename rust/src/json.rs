//! The outline of JSON documents, found without the GIL.
//!
//! A JSON decoder holds the GIL for a whole document. These functions let Python refuse documents
//! that take it long, and decode long lists in pieces. They trust no document, and validate none:
//! whatever they return is decoded.

use std::mem::take;
use std::ops::Range;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// A list that is a member of the document's object, and long enough to be cut.
struct LongList {
    name: Range<usize>,
    /// Whole elements, with the commas between them.
    pieces: Vec<Range<usize>>,
}

/// What one pass over a document finds.
#[derive(Default)]
struct Outline {
    values: usize,
    lists: Vec<LongList>,
}

/// Returns the index behind the string that starts at `start`, and its number of `\u` escapes.
fn string_end(document: &[u8], start: usize) -> (usize, usize) {
    let mut index = start + 1;
    let mut escapes = 0;
    while let Some(&byte) = document.get(index) {
        match byte {
            b'"' => return (index + 1, escapes),
            b'\\' => {
                escapes += usize::from(document.get(index + 1) == Some(&b'u'));
                index += 2;
            }
            _ => index += 1,
        }
    }
    (document.len(), escapes)
}

/// Finds the outline of a document; lists are cut into pieces of at least `size` bytes.
fn outline(document: &[u8], size: usize) -> Outline {
    let mut found = Outline::default();
    let mut depth = 0usize;
    let mut name = 0..0;
    let mut is_value = false; // whether the next string of the outermost object is a value
    let mut is_plain = true; // whether no name of the outermost object has an escape
    let mut list: Option<LongList> = None;
    let mut piece = 0; // where the current piece of the list starts
    let mut index = 0;
    while let Some(&byte) = document.get(index) {
        match byte {
            b'"' => {
                let (end, escapes) = string_end(document, index);
                found.values += escapes;
                if depth == 1 && !is_value {
                    name = index + 1..end.saturating_sub(1).max(index + 1);
                }
                index = end;
                continue;
            }
            b':' if depth == 1 => {
                is_value = true;
                // Of two members with one name, decoders take the last. A name with an escape may be
                // any name, so lists stay whole then.
                is_plain &= !document[name.clone()].contains(&b'\\');
                found.lists.retain(|other| document[other.name.clone()] != document[name.clone()]);
            }
            b',' => {
                found.values += 1;
                is_value &= depth != 1;
                if let Some(list) = list.as_mut().filter(|_| depth == 2 && index - piece >= size) {
                    list.pieces.push(piece..index);
                    piece = index + 1;
                }
            }
            b'[' | b'{' => {
                found.values += 1;
                depth += 1;
                if byte == b'[' && depth == 2 {
                    list = Some(LongList { name: name.clone(), pieces: Vec::new() });
                    piece = index + 1;
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if let Some(mut list) = take(&mut list).filter(|_| depth == 1) {
                    list.pieces.push(piece..index);
                    found.lists.push(list);
                }
            }
            _ => {}
        }
        index += 1;
    }
    found.lists.retain(|list| is_plain && list.pieces.len() > 1);
    found
}

/// Further elements of lists: a member's name, and a JSON array.
type Rest<T> = Vec<(String, T)>;

/// Returns the document with the first piece of each list, and the other pieces.
fn cut(document: &[u8], lists: Vec<LongList>) -> (Vec<u8>, Rest<Vec<u8>>) {
    let mut first = Vec::new();
    let mut rest = Vec::new();
    let mut copied = 0;
    for list in lists {
        first.extend_from_slice(&document[copied..list.pieces[0].end]);
        copied = list.pieces[list.pieces.len() - 1].end;
        let name = String::from_utf8_lossy(&document[list.name]);
        for piece in &list.pieces[1..] {
            rest.push((name.to_string(), [b"[", &document[piece.clone()], b"]"].concat()));
        }
    }
    first.extend_from_slice(&document[copied..]);
    (first, rest)
}

/// See `_core.pyi`.
#[pyfunction]
pub fn split_json<'py>(
    py: Python<'py>,
    document: &Bound<'py, PyBytes>,
    size: usize,
) -> (usize, Bound<'py, PyBytes>, Rest<Bound<'py, PyBytes>>) {
    let bytes = document.as_bytes();
    let (values, parts) = py.detach(|| {
        let Outline { values, lists } = outline(bytes, size);
        (values, if lists.is_empty() { None } else { Some(cut(bytes, lists)) })
    });
    let Some((first, rest)) = parts else {
        return (values, document.clone(), Vec::new());
    };
    let rest = rest.into_iter().map(|(name, array)| (name, PyBytes::new(py, &array)));
    (values, PyBytes::new(py, &first), rest.collect())
}
