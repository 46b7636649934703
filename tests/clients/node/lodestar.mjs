// Has every message signed at a signer's URL, as Lodestar's validator does, and verifies the
// signatures. Usage: lodestar.mjs URL PUBKEY; prints a line of JSON for each message.
import { PublicKey, Signature, verify } from "@chainsafe/blst";
import { toHexString } from "@chainsafe/ssz";
import { ssz } from "@lodestar/types";
import { messages } from "./messages.mjs";

const JSON_TYPE = "application/json";
const [url, pubkey] = process.argv.slice(2);
const publicKey = PublicKey.fromHex(pubkey, true);

async function signatureOf(name, body) {
  const response = await fetch(`${url}/api/v1/eth2/sign/${pubkey}`, {
    method: "POST",
    headers: { Accept: JSON_TYPE, "Content-Type": JSON_TYPE },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  const mediaType = response.headers.get("content-type")?.split(";", 1)[0];
  if (response.ok && mediaType === JSON_TYPE) return JSON.parse(answer).signature;
  const found = `${response.status} ${mediaType}: ${answer}`;
  console.error(`${name}: expected a signature as ${JSON_TYPE}, found ${found}`);
  process.exit(1);
}

for (const { name, type, object, domain, body } of messages()) {
  const data = { objectRoot: type.hashTreeRoot(object), domain };
  const root = ssz.phase0.SigningData.hashTreeRoot(data);
  const signingRoot = toHexString(root);
  const signature = await signatureOf(name, { ...body, type: name.split("/", 1)[0], signingRoot });
  const verified = verify(root, publicKey, Signature.fromHex(signature, true));
  console.log(JSON.stringify({ type: name, signing_root: signingRoot, signature, verified }));
}
