//! blstrs: blst behind the traits of zkcrypto's curves. The scheme is written here.

use blstrs::{Bls12, G1Affine, G1Projective, G2Affine, G2Prepared, G2Projective, Gt, Scalar};
use group::prime::PrimeCurveAffine;
use group::{Curve, Group};
use pairing::{MillerLoopResult, MultiMillerLoop};

use crate::request::{DST, Operation, Request, array, hexadecimal};

/// Prepares an operation.
pub fn prepare(request: &Request) -> Option<Result<Operation, String>> {
    let message = request.message.clone();
    let pubkey = request.pubkey.clone();
    let signature = request.signature.clone();
    let operation: Operation = match request.name.as_str() {
        "sign" => {
            return Some(read_secret(&request.secret).map(|secret| {
                let sign: Operation = Box::new(move || {
                    let point = G2Projective::hash_to_curve(&message, DST, &[]) * secret;
                    hexadecimal(&point.to_affine().to_compressed())
                });
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
                hexadecimal(&sum.to_affine().to_compressed())
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
                Ok(verified(sum.to_affine(), &message, signature).into())
            })
        }
        "hash_to_curve" => Box::new(move || {
            let point = G2Projective::hash_to_curve(&message, DST, &[]);
            hexadecimal(&point.to_affine().to_compressed())
        }),
        "read_pubkey" => Box::new(move || read_pubkey(&pubkey).map(|_| true.into())),
        "read_signature" => Box::new(move || read_signature(&signature).map(|_| true.into())),
        _ => return None,
    };
    Some(Ok(operation))
}

fn verified(key: G1Affine, message: &[u8], signature: G2Affine) -> bool {
    let point = G2Projective::hash_to_curve(message, DST, &[]).to_affine();
    let product = Bls12::multi_miller_loop(&[
        (&key, &G2Prepared::from(point)),
        (&-G1Affine::generator(), &G2Prepared::from(signature)),
    ]);
    product.final_exponentiation() == Gt::identity()
}

fn read_secret(secret: &[u8]) -> Result<Scalar, String> {
    Option::from(Scalar::from_bytes_be(&array(secret)?)).ok_or("no scalar".into())
}

fn read_pubkey(pubkey: &[u8]) -> Result<G1Affine, String> {
    Option::from(G1Affine::from_compressed(&array(pubkey)?)).ok_or("no point of G1".into())
}

fn read_signature(signature: &[u8]) -> Result<G2Affine, String> {
    Option::from(G2Affine::from_compressed(&array(signature)?)).ok_or("no point of G2".into())
}
