//! The splitter of JSON against a parser of JSON: the pieces together are the document.
#![no_main]

use libfuzzer_sys::{arbitrary, fuzz_target};
use py3signer_fuzz::json::split;
use serde_json::{Value, from_slice};

#[derive(arbitrary::Arbitrary, Debug)]
struct Input<'a> {
    size: u8,
    document: &'a [u8],
}

fuzz_target!(|input: Input<'_>| {
    let size = usize::from(input.size).max(1);
    let whole = from_slice::<Value>(input.document);
    let (values, parts) = split(input.document, size);
    assert!(values <= input.document.len());
    let joined = match parts {
        Some((first, rest)) => join(&first, rest),
        None => from_slice(input.document).ok(),
    };
    assert_eq!(whole.ok(), joined);
});

/// Joins the parts as decoding.py does; `None` if one of them is no JSON, or of another type.
fn join(first: &[u8], rest: Vec<(String, Vec<u8>)>) -> Option<Value> {
    let mut document: Value = from_slice(first).ok()?;
    for (name, piece) in rest {
        match (document.get_mut(name)?, from_slice(&piece).ok()?) {
            (Value::Array(list), Value::Array(more)) => list.extend(more),
            (Value::String(text), Value::String(more)) => text.push_str(&more),
            _ => return None,
        }
    }
    Some(document)
}
