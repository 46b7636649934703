//! zkcrypto's bls12_381, without assembly or unsafe code. The scheme is written here.

use bls12_381::hash_to_curve::{ExpandMsgXmd, HashToCurve};
use bls12_381::{
    G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective, Gt, Scalar, multi_miller_loop,
};
use sha2::Sha256;

use crate::request::{DST, Operation, Request, array, hexadecimal};

/// Prepares an operation.
pub fn prepare(request: &Request) -> Option<Result<Operation, String>> {
    let message = request.message.clone();
    let pubkey = request.pubkey.clone();
    let signature = request.signature.clone();
    let operation: Operation = match request.name.as_str() {
        "sign" => {
            return Some(read_secret(&request.secret).map(|secret| {
                let sign: Operation = Box::new(move || compress(hash_to_curve(&message) * secret));
                sign
            }));
        }
        "verify" => Box::new(move || {
            let key = read_pubkey(&pubkey)?;
            let signature = read_signature(&signature)?;
            Ok(verified(key, &message, signature).into())
        }),
        "aggregate" => {
            let signatures = request.signatures.clone();
            Box::new(move || {
                let mut sum = G2Projective::identity();
                for signature in &signatures {
                    sum += read_signature(signature)?;
                }
                compress(sum)
            })
        }
        "fast_aggregate_verify" => {
            let pubkeys = request.pubkeys.clone();
            Box::new(move || {
                let mut sum = G1Projective::identity();
                for pubkey in &pubkeys {
                    sum += read_pubkey(pubkey)?;
                }
                let signature = read_signature(&signature)?;
                Ok(verified(G1Affine::from(sum), &message, signature).into())
            })
        }
        "hash_to_curve" => Box::new(move || compress(hash_to_curve(&message))),
        "read_pubkey" => Box::new(move || read_pubkey(&pubkey).map(|_| true.into())),
        "read_signature" => Box::new(move || read_signature(&signature).map(|_| true.into())),
        _ => return None,
    };
    Some(Ok(operation))
}

fn verified(key: G1Affine, message: &[u8], signature: G2Affine) -> bool {
    let point = G2Affine::from(hash_to_curve(message));
    let product = multi_miller_loop(&[
        (&key, &G2Prepared::from(point)),
        (&-G1Affine::generator(), &G2Prepared::from(signature)),
    ]);
    product.final_exponentiation() == Gt::identity()
}

fn hash_to_curve(message: &[u8]) -> G2Projective {
    <G2Projective as HashToCurve<ExpandMsgXmd<Sha256>>>::hash_to_curve([message], DST)
}

fn compress(point: G2Projective) -> Result<serde_json::Value, String> {
    hexadecimal(&G2Affine::from(point).to_compressed())
}

fn read_secret(secret: &[u8]) -> Result<Scalar, String> {
    let mut little_endian: [u8; 32] = array(secret)?;
    little_endian.reverse();
    Option::from(Scalar::from_bytes(&little_endian)).ok_or("no scalar".into())
}

fn read_pubkey(pubkey: &[u8]) -> Result<G1Affine, String> {
    Option::from(G1Affine::from_compressed(&array(pubkey)?)).ok_or("no point of G1".into())
}

fn read_signature(signature: &[u8]) -> Result<G2Affine, String> {
    Option::from(G2Affine::from_compressed(&array(signature)?)).ok_or("no point of G2".into())
}
