// @noble/curves: the curve and the scheme in JavaScript alone.

import { bls12_381 } from "@noble/curves/bls12-381.js";

import { answer, DST } from "./answering.mjs";

const { Point: G1 } = bls12_381.G1;
const scheme = bls12_381.longSignatures;
const { Signature } = scheme;
const hash = (message) => scheme.hash(message, DST);

function read(point) {
  point.assertValidity(); // on the curve and in the group
  return true;
}

await answer({
  sign: ({ secret, message }) => () => Signature.toBytes(scheme.sign(hash(message), secret)),
  verify: ({ pubkey, message, signature }) => () =>
    scheme.verify(signature, hash(message), pubkey),
  aggregate: ({ signatures }) => () => Signature.toBytes(scheme.aggregateSignatures(signatures)),
  fast_aggregate_verify: ({ pubkeys, message, signature }) => () =>
    scheme.verify(signature, hash(message), scheme.aggregatePublicKeys(pubkeys)),
  hash_to_curve: ({ message }) => () => Signature.toBytes(hash(message)),
  read_pubkey: ({ pubkey }) => () => read(G1.fromBytes(pubkey)),
  read_signature: ({ signature }) => () => read(Signature.fromBytes(signature)),
});
