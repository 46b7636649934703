import assert from "node:assert/strict";
import { test } from "node:test";

import { Signer } from "./signer.ts";

const BLOCK_ROOT = `0x${"11".repeat(32)}`;
const ATTESTATION = {
  type: "ATTESTATION",
  fork_info: {
    fork: { previous_version: "0x05000000", current_version: "0x06000000", epoch: "0" },
    genesis_validators_root: `0x${"33".repeat(32)}`,
  },
  attestation: {
    slot: "32",
    index: "0",
    beacon_block_root: BLOCK_ROOT,
    source: { epoch: "0", root: `0x${"22".repeat(32)}` },
    target: { epoch: "1", root: BLOCK_ROOT },
  },
};

/** Stands for your client: asks once more if the signer is unavailable, returns the status. */
async function attest(url: string, key: string): Promise<number> {
  const status = await post(url, key);
  return status === 503 ? post(url, key) : status;
}

async function post(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/eth2/sign/${key}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(ATTESTATION),
  });
  await response.text();
  return response.status;
}

test("a client attests", async (t) => {
  const signer = await Signer.start("--interop", "2");
  t.after(() => signer.stop());
  const key = signer.keys[1]!;

  assert.equal(await attest(signer.url, key), 200);

  const [record, ...others] = await signer.records({ type: "ATTESTATION" });
  assert.equal(record?.pubkey, key);
  assert.match(record?.signature ?? "", /^0x[0-9a-f]{192}$/);
  assert.deepEqual(others, []);
});

test("a client does not retry a refusal", async (t) => {
  const signer = await Signer.start("--interop", "2");
  t.after(() => signer.stop());
  const fault = await signer.fault({ type: "ATTESTATION", status: 412, times: 1 });

  assert.equal(await attest(signer.url, signer.keys[0]!), 412);

  const records = await signer.records({ type: "ATTESTATION" });
  assert.deepEqual(records.map((record) => record.fault), [fault]);
});

test("a client retries an unavailable signer", async (t) => {
  const signer = await Signer.start("--interop", "2");
  t.after(() => signer.stop());
  await signer.fault({ type: "ATTESTATION", status: 503, times: 1 });

  assert.equal(await attest(signer.url, signer.keys[0]!), 200);

  const records = await signer.records({ type: "ATTESTATION" });
  assert.deepEqual(records.map((record) => record.status), [503, 200]);
});
