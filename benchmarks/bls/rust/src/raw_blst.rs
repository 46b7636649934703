//! blst through its own crate: what all others are compared with.

use blst::BLST_ERROR;
use blst::min_pk::{AggregateSignature, PublicKey, SecretKey, Signature};
use blst::{blst_hash_to_g2, blst_p2, blst_p2_compress};

use crate::request::{DST, Operation, Request, hexadecimal};

/// Prepares an operation.
pub fn prepare(request: &Request) -> Option<Result<Operation, String>> {
    let message = request.message.clone();
    let pubkey = request.pubkey.clone();
    let signature = request.signature.clone();
    let operation: Operation = match request.name.as_str() {
        "sign" => {
            return Some(
                SecretKey::from_bytes(&request.secret)
                    .map_err(said)
                    .map(|secret| {
                        let sign: Operation = Box::new(move || {
                            hexadecimal(&secret.sign(&message, DST, &[]).compress())
                        });
                        sign
                    }),
            );
        }
        "verify" => Box::new(move || {
            let key = PublicKey::key_validate(&pubkey).map_err(said)?;
            let signature = Signature::sig_validate(&signature, false).map_err(said)?;
            let verified = signature.verify(false, &message, DST, &[], &key, false);
            Ok((verified == BLST_ERROR::BLST_SUCCESS).into())
        }),
        "aggregate" => {
            let signatures = request.signatures.clone();
            Box::new(move || {
                let slices: Vec<&[u8]> = signatures.iter().map(Vec::as_slice).collect();
                let sum = AggregateSignature::aggregate_serialized(&slices, true).map_err(said)?;
                hexadecimal(&sum.to_signature().compress())
            })
        }
        "fast_aggregate_verify" => {
            let pubkeys = request.pubkeys.clone();
            Box::new(move || {
                let signature = Signature::sig_validate(&signature, false).map_err(said)?;
                let keys: Result<Vec<PublicKey>, BLST_ERROR> = pubkeys
                    .iter()
                    .map(|key| PublicKey::key_validate(key))
                    .collect();
                let keys = keys.map_err(said)?;
                let references: Vec<&PublicKey> = keys.iter().collect();
                let verified = signature.fast_aggregate_verify(false, &message, DST, &references);
                Ok((verified == BLST_ERROR::BLST_SUCCESS).into())
            })
        }
        "hash_to_curve" => Box::new(move || hexadecimal(&hash_to_curve(&message))),
        "read_pubkey" => {
            // not key_validate: that refuses infinity too
            Box::new(move || {
                let key = PublicKey::uncompress(&pubkey).map_err(said)?;
                match key.validate() {
                    Ok(()) | Err(BLST_ERROR::BLST_PK_IS_INFINITY) => Ok(true.into()),
                    Err(error) => Err(said(error)),
                }
            })
        }
        "read_signature" => Box::new(move || {
            Signature::sig_validate(&signature, false)
                .map(|_| true.into())
                .map_err(said)
        }),
        _ => return None,
    };
    Some(Ok(operation))
}

fn said(error: BLST_ERROR) -> String {
    format!("{error:?}")
}

fn hash_to_curve(message: &[u8]) -> [u8; 96] {
    let mut point = blst_p2::default();
    let mut compressed = [0; 96];
    // SAFETY: each pointer comes with the length of the slice it points into; an empty
    // augmentation may be null
    unsafe {
        blst_hash_to_g2(
            &raw mut point,
            message.as_ptr(),
            message.len(),
            DST.as_ptr(),
            DST.len(),
            std::ptr::null(),
            0,
        );
        blst_p2_compress(compressed.as_mut_ptr(), &raw const point);
    }
    compressed
}
