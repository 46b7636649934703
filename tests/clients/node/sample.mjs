// Random values of any SSZ type, with every member filled. The environment's SEED makes a run again;
// it is printed on standard error.
import { createHash, randomInt } from "node:crypto";
import {
  BitArray,
  BitArrayType,
  BitVectorType,
  BooleanType,
  ByteArrayType,
  ByteVectorType,
  UintBigintType,
  UintNumberType,
  VectorCompositeType,
} from "@chainsafe/ssz";

// a progressive tree begins another subtree after 1, 5 and 21 chunks
const LIST_LENGTHS = [0, 1, 2, 5, 6, 21, 22];
const MAX_LENGTH = 700; // bits or bytes: of 1 to 22 chunks
const MAX_NUMBER = 2n ** 53n; // Lodestar's numbers end there

export const seed = process.env.SEED ?? String(randomInt(2 ** 40));
console.error(`SEED=${seed}`);
let leaves = 0; // makes each integer and each byte string another one

function randomBytes(outputLength) {
  leaves += 1;
  const hash = createHash("shake256", { outputLength }).update(`${seed} ${leaves}`);
  return new Uint8Array(hash.digest());
}

function randomBelow(limit) {
  const digits = Buffer.from(randomBytes(8)).toString("hex");
  return BigInt(`0x${digits}`) % BigInt(limit);
}

function lengthUpTo(limit) {
  const length = LIST_LENGTHS[Number(randomBelow(LIST_LENGTHS.length))];
  return Math.min(limit, length);
}

function sizeUpTo(limit) {
  return Math.min(limit, Number(randomBelow(MAX_LENGTH)));
}

export function sample(type) {
  if (type.fields) {
    const fields = Object.entries(type.fields);
    return Object.fromEntries(fields.map(([name, field]) => [name, sample(field)]));
  }
  if (type.elementType) {
    const isVector = type instanceof VectorCompositeType;
    const length = isVector ? type.length : lengthUpTo(type.limit);
    return Array.from({ length }, () => sample(type.elementType));
  }
  if (type instanceof BooleanType) return randomBelow(2) === 1n;
  if (type instanceof UintNumberType) return Number(randomBelow(MAX_NUMBER));
  if (type instanceof UintBigintType) {
    return BigInt(`0x${Buffer.from(randomBytes(type.byteLength)).toString("hex")}`);
  }
  if (type instanceof BitArrayType) {
    const isVector = type instanceof BitVectorType;
    const length = isVector ? type.lengthBits : sizeUpTo(type.limitBits);
    return BitArray.fromBoolArray(Array.from(randomBytes(length), (byte) => byte % 2 === 1));
  }
  if (type instanceof ByteArrayType) {
    const isVector = type instanceof ByteVectorType;
    return randomBytes(isVector ? type.lengthBytes : sizeUpTo(type.limitBytes));
  }
  throw new Error(`expected an SSZ type that is known here, found ${type.typeName}`);
}
