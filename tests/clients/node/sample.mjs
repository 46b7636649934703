// Values of any SSZ type, with every member filled; the same ones in each run.
import { createHash } from "node:crypto";
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

let leaves = 0; // makes each integer and each byte string another one

export function sample(type) {
  if (type.fields) {
    const fields = Object.entries(type.fields);
    return Object.fromEntries(fields.map(([name, field]) => [name, sample(field)]));
  }
  if (type.elementType) {
    const length = type instanceof VectorCompositeType ? type.length : Math.min(type.limit, 3);
    return Array.from({ length }, () => sample(type.elementType));
  }
  leaves += 1;
  if (type instanceof BooleanType) return leaves % 2 === 0;
  if (type instanceof UintNumberType) return 2 ** 40 + leaves; // Lodestar's numbers end at 2^53
  if (type instanceof UintBigintType) return 2n ** BigInt(8 * type.byteLength) - BigInt(leaves);
  // 300 bits or bytes are more than the first chunk of a progressive list
  if (type instanceof BitArrayType) {
    const length = type instanceof BitVectorType ? type.lengthBits : Math.min(type.limitBits, 300);
    return BitArray.fromBoolArray(Array.from({ length }, (_, bit) => (bit + leaves) % 3 === 0));
  }
  if (type instanceof ByteArrayType) {
    const isVector = type instanceof ByteVectorType;
    const length = isVector ? type.lengthBytes : Math.min(type.limitBytes, 300);
    const hash = createHash("shake256", { outputLength: length }).update(String(leaves));
    return new Uint8Array(hash.digest());
  }
  throw new Error(`expected an SSZ type that is known here, found ${type.typeName}`);
}
