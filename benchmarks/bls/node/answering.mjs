// Answers operations of a BLS library from standard input, as ../sides.py asks for them.
//
// A line in and a line out is a JSON object each. An operation reads a secret key, and returns what
// is repeated.

import { createInterface } from "node:readline";

export const DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

export async function answer(operations) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: name, repeat = 1, ...digits } = JSON.parse(line);
    process.stdout.write(`${JSON.stringify(answerOne(operations[name], repeat, digits))}\n`);
  }
}

function answerOne(prepare, repeat, digits) {
  if (!prepare) {
    return { absent: true };
  }
  try {
    const operation = prepare(readAll(digits));
    for (let i = 1; i < repeat; i += 1) {
      operation();
    }
    const result = operation();
    return { ok: typeof result === "boolean" ? result : Buffer.from(result).toString("hex") };
  } catch (error) {
    return { error: String(error) };
  }
}

function readAll(digits) {
  const read = (value) => Uint8Array.from(Buffer.from(value, "hex"));
  const entries = Object.entries(digits).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(read) : read(value),
  ]);
  return Object.fromEntries(entries);
}
