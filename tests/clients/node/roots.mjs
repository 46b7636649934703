// Prints random messages with their signing roots, as Lodestar's packages compute them: a line of
// JSON for each, without end. LODESTAR_PRESET names the preset, SEED makes a run again.
import { once } from "node:events";
import { toHexString } from "@chainsafe/ssz";
import { ssz } from "@lodestar/types";
import { messages } from "./messages.mjs";

function signingRoot({ type, object, domain }) {
  const data = { objectRoot: type.hashTreeRoot(object), domain };
  return toHexString(ssz.phase0.SigningData.hashTreeRoot(data));
}

process.stdout.on("error", () => process.exit(0)); // the reader has seen enough
for (;;) {
  for (const message of messages()) {
    const { name, body } = message;
    const request = { ...body, type: name.split("/", 1)[0] };
    const line = JSON.stringify({ name, request, signing_root: signingRoot(message) });
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
  }
}
