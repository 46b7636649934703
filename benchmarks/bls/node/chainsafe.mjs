// @chainsafe/blst: blst behind N-API, the library of Lodestar.

import {
  aggregateSerializedSignatures,
  fastAggregateVerify,
  PublicKey,
  SecretKey,
  Signature,
  verify,
} from "@chainsafe/blst";

import { answer } from "./answering.mjs";

const CHECKED = true; // that a key is not infinity, and in the group; that a signature is

await answer({
  sign: ({ secret, message }) => {
    const key = SecretKey.fromBytes(secret);
    return () => key.sign(message).toBytes();
  },
  verify: ({ pubkey, message, signature }) => () =>
    verify(message, PublicKey.fromBytes(pubkey), Signature.fromBytes(signature), CHECKED, CHECKED),
  aggregate: ({ signatures }) => () =>
    aggregateSerializedSignatures(signatures, CHECKED).toBytes(),
  fast_aggregate_verify: ({ pubkeys, message, signature }) => () =>
    fastAggregateVerify(
      message,
      pubkeys.map((pubkey) => PublicKey.fromBytes(pubkey, CHECKED)),
      Signature.fromBytes(signature),
      CHECKED,
    ),
  read_pubkey: ({ pubkey }) => () => Boolean(PublicKey.fromBytes(pubkey, CHECKED)),
  read_signature: ({ signature }) => () => Boolean(Signature.fromBytes(signature, CHECKED, false)),
});
