// A test in Node: spawns a signer, has it refuse once, and prints what came of it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [pubkey, body, ...command] = process.argv.slice(2);
const signer = spawn(command[0], command.slice(1), { stdio: ["ignore", "pipe", "ignore"] });
const lines = createInterface({ input: signer.stdout })[Symbol.asyncIterator]();
const { url } = JSON.parse((await lines.next()).value);
const post = (path, body) => fetch(url + path, { method: "POST", body });

await post("/_signer/faults", JSON.stringify({ type: "ATTESTATION", status: 412, times: 1 }));
const sign = () => post(`/api/v1/eth2/sign/${pubkey}`, body);
const refused = await sign();
const signed = await sign();
const requests = await (await fetch(url + "/_signer/requests")).json();
console.log(JSON.stringify([refused.status, signed.status, await signed.text(), requests]));
signer.kill();
