//! The outline of JSON documents, found without the GIL.
//!
//! A JSON decoder holds the GIL for a whole document. These functions let Python refuse documents
//! that take it long, and decode long lists in pieces. They trust no document, and validate none:
//! whatever they return is decoded.

use std::mem::take;
use std::ops::Range;

use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Escapes of a text that take a decoder as long as one value.
const ESCAPES_PER_VALUE: usize = 6;

/// Bytes of white space between tokens that a decoder skips in a millisecond.
const MAX_WHITE_SPACE: usize = 1 << 20;

/// A list or a text that is a member of the document's object, and long enough to be cut.
struct Long {
    name: Range<usize>,
    /// Whole elements with the commas between them, or parts of the text.
    pieces: Vec<Range<usize>>,
    /// What encloses a piece: brackets or quotation marks.
    marks: [u8; 2],
}

/// What one pass over a document finds.
#[derive(Default)]
struct Outline {
    values: usize,
    white_space: usize,
    long: Vec<Long>,
}

/// Returns the index behind the string that starts at `start`, and its number of escapes.
fn string_end(document: &[u8], start: usize) -> (usize, usize) {
    let mut index = start + 1;
    let mut escapes = 0;
    while let Some(&byte) = document.get(index) {
        match byte {
            b'"' => return (index + 1, escapes),
            b'\\' => {
                // An escaped code point takes as long as a value.
                let is_code_point = document.get(index + 1) == Some(&b'u');
                escapes += if is_code_point { ESCAPES_PER_VALUE } else { 1 };
                index += 2;
            }
            _ => index += 1,
        }
    }
    (document.len(), escapes)
}

/// Tells whether there is no element: the brackets of a piece would turn this into an empty list.
fn is_blank(piece: &[u8]) -> bool {
    piece.iter().all(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'))
}

/// Tells whether a text starts with the second escape of a pair, such as `\ude00`.
fn is_low_surrogate(text: &[u8]) -> bool {
    matches!(text, [b'\\', b'u', b'd' | b'D', b'c'..=b'f' | b'C'..=b'F', ..])
}

/// Cuts a text, without its quotation marks, where neither an escape nor a character is cut.
fn text_pieces(document: &[u8], text: Range<usize>, size: usize) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = text.start;
    let mut index = text.start;
    while index < text.end {
        let is_inside = document[index] & 0xC0 == 0x80 || is_low_surrogate(&document[index..]);
        if index - start >= size && !is_inside {
            pieces.push(start..index);
            start = index;
        }
        index += match document[index..] {
            [b'\\', b'u', ..] => 6,
            [b'\\', ..] => 2,
            _ => 1,
        };
    }
    pieces.push(start..text.end);
    pieces
}

/// Finds the outline of a document; lists and texts are cut into pieces of at least `size` bytes.
fn outline(document: &[u8], size: usize) -> Outline {
    let mut found = Outline::default();
    let mut depth = 0usize;
    let mut escapes = 0;
    let mut name = 0..0;
    let mut is_value = false; // whether the next string of the outermost object is a value
    let mut is_plain = true; // whether no name of the outermost object has an escape
    let mut list: Option<Long> = None;
    let mut piece = 0; // where the current piece of the list starts
    let mut index = 0;
    while let Some(&byte) = document.get(index) {
        match byte {
            b'"' => {
                let (end, found_escapes) = string_end(document, index);
                let text = index + 1..end.saturating_sub(1).max(index + 1);
                index = end;
                if depth == 1 && is_value && text.len() > size {
                    let pieces = text_pieces(document, text, size);
                    found.long.push(Long { name: name.clone(), pieces, marks: *b"\"\"" });
                    continue;
                }
                escapes += found_escapes;
                if depth == 1 && !is_value {
                    name = text;
                }
                continue;
            }
            b':' if depth == 1 => {
                is_value = true;
                // Of two members with one name, decoders take the last. A name with an escape may be
                // any name, so values stay whole then.
                is_plain &= !document[name.clone()].contains(&b'\\');
                found.long.retain(|other| document[other.name.clone()] != document[name.clone()]);
            }
            b',' => {
                found.values += 1;
                is_value &= depth != 1;
                let is_long = depth == 2 && index - piece >= size;
                if let Some(list) = list.as_mut().filter(|_| is_long)
                    && !is_blank(&document[piece..index])
                {
                    list.pieces.push(piece..index);
                    piece = index + 1;
                }
            }
            b'[' | b'{' => {
                found.values += 1;
                depth += 1;
                if byte == b'[' && depth == 2 {
                    list = Some(Long { name: name.clone(), pieces: Vec::new(), marks: *b"[]" });
                    piece = index + 1;
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if let Some(mut list) = take(&mut list).filter(|_| depth == 1) {
                    if is_blank(&document[piece..index])
                        && let Some(last) = list.pieces.pop()
                    {
                        piece = last.start; // with the comma that no element follows
                    }
                    list.pieces.push(piece..index);
                    // Each name is compared with those of all lists, so short ones stay out.
                    if list.pieces.len() > 1 {
                        found.long.push(list);
                    }
                }
            }
            b' ' | b'\n' | b'\r' | b'\t' => found.white_space += 1,
            _ => {}
        }
        index += 1;
    }
    found.values += escapes / ESCAPES_PER_VALUE;
    if !is_plain {
        found.long.clear();
    }
    found
}

/// Returns the document with one space for each run of white space between tokens.
fn without_white_space(document: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(document.len());
    let mut index = 0;
    while let Some(&byte) = document.get(index) {
        match byte {
            b'"' => {
                let (end, _) = string_end(document, index);
                kept.extend_from_slice(&document[index..end]);
                index = end;
                continue;
            }
            b' ' | b'\n' | b'\r' | b'\t' => {
                if kept.last() != Some(&b' ') {
                    kept.push(b' ');
                }
            }
            _ => kept.push(byte),
        }
        index += 1;
    }
    kept
}

/// The rest of lists and texts: a member's name, and a JSON array or string.
pub type Rest<T> = Vec<(String, T)>;

/// The start of a document, and the rest of its lists and texts.
type Parts = (Vec<u8>, Rest<Vec<u8>>);

/// Returns the document with the first piece of each long value, and the other pieces.
fn cut(document: &[u8], long: Vec<Long>) -> Parts {
    let mut first = Vec::new();
    let mut rest = Vec::new();
    let mut copied = 0;
    for Long { name, pieces, marks: [open, close] } in long {
        first.extend_from_slice(&document[copied..pieces[0].end]);
        copied = pieces[pieces.len() - 1].end;
        let name = String::from_utf8_lossy(&document[name]);
        for piece in &pieces[1..] {
            rest.push((name.to_string(), [&[open], &document[piece.clone()], &[close]].concat()));
        }
    }
    first.extend_from_slice(&document[copied..]);
    (first, rest)
}

/// Counts the values of a document, and cuts it; `None` if nothing is to cut.
pub fn split(document: &[u8], size: usize) -> (usize, Option<Parts>) {
    let Outline { values, white_space, long } = outline(document, size);
    if white_space > MAX_WHITE_SPACE {
        let dense = without_white_space(document);
        return (values, Some(cut(&dense, outline(&dense, size).long)));
    }
    (values, if long.is_empty() { None } else { Some(cut(document, long)) })
}

/// Counts the values of a JSON document, and cuts the long members of its object.
///
/// Returns the number of values, in which escapes count for a sixth; the document with the start of
/// each long list and text; and the rest as pairs of a member's name and a JSON array or string, in
/// order. Pieces have at least `size` bytes. No element, character or escape is cut. Where white
/// space between tokens is long, one space replaces each run of it. Does not validate the document.
/// Takes up to 3 ms for each MiB, without the GIL.
#[pyfunction]
pub fn split_json<'py>(
    py: Python<'py>,
    document: &Bound<'py, PyBytes>,
    size: usize,
) -> (usize, Bound<'py, PyBytes>, Rest<Bound<'py, PyBytes>>) {
    let bytes = document.as_bytes();
    let (values, parts) = py.detach(|| split(bytes, size));
    let Some((first, rest)) = parts else {
        return (values, document.clone(), Vec::new());
    };
    let rest = rest.into_iter().map(|(name, array)| (name, PyBytes::new(py, &array)));
    (values, PyBytes::new(py, &first), rest.collect())
}
