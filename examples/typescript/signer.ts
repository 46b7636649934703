// Starts py3signer for a test. Copy this file into your project.
import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

/** One request and its response; absent values are left out. */
export interface SignerRecord {
  seq: number;
  method: string;
  path: string;
  type?: string;
  pubkey?: string;
  status?: number;
  signature?: string;
  fault?: number; // the id of the fault that was applied
  message?: string;
  body?: unknown;
}

/** A running signer. It stops by `stop()`, or when the process of the test ends. */
export class Signer {
  url = ""; // of Web3Signer's API, such as http://127.0.0.1:41234
  keys: string[] = []; // public keys, as hex
  private log = "";
  private readonly process: ChildProcessWithoutNullStreams;
  private readonly closed: Promise<unknown[]>;

  /** Starts a signer with flags of `signer serve`, such as "--interop", "4".
   * SIGNER_COMMAND replaces the command `signer`; it is split at spaces. */
  static async start(...flags: string[]): Promise<Signer> {
    const command = (process.env.SIGNER_COMMAND || "signer").split(" ");
    command.push("serve", "--control", "--port", "0", "--ready-json", "--exit-with-parent", "--no-metrics");
    const signer = new Signer([...command, ...flags]);
    await signer.ready().catch((error) => {
      signer.process.kill();
      throw error;
    });
    return signer;
  }

  private constructor([program, ...flags]: string[]) {
    // standard input is a pipe: the signer stops when it closes
    this.process = spawn(program!, flags, { stdio: "pipe" });
    this.closed = once(this.process, "close");
    this.process.stderr.on("data", (text) => (this.log += text));
  }

  private async ready(): Promise<void> {
    const lines = createInterface(this.process.stdout);
    const line = once(lines, "line").then(([text]) => text as string);
    const ended = this.closed.then(
      ([code]) => Promise.reject(new Error(`the signer ended with ${code}: ${this.log}`)),
      (error) => Promise.reject(new Error(`${error}: install py3signer, or set SIGNER_COMMAND`)),
    );
    ended.catch(() => undefined); // it also ends when it is stopped
    this.url = JSON.parse(await Promise.race([line, ended])).url;
    this.keys = (await this.control("GET", "/keys")) as string[];
    // a forgotten signer ends with the tests, rather than to keep them from ending
    for (const each of [this.process, ...this.process.stdio]) (each as Socket | null)?.unref();
  }

  /** Stops the signer, and waits for its end. */
  async stop(): Promise<void> {
    for (const each of [this.process, ...this.process.stdio]) (each as Socket | null)?.ref();
    this.process.stdin.end();
    const [code] = await this.closed;
    if (code !== 0) throw new Error(`the signer ended with ${code}: ${this.log}`);
  }

  /** Sets a fault, such as { type: "ATTESTATION", status: 412 }, and returns its id. */
  async fault(fault: object): Promise<number> {
    const answer = (await this.control("POST", "/faults", fault)) as { id: number };
    return answer.id;
  }

  /** Returns the requests that a query selects: { type: "ATTESTATION", status: "412" }.
   * With { n: "1", wait: "5" } it waits up to 5 seconds for one. */
  async records(query: Record<string, string> = {}): Promise<SignerRecord[]> {
    const records = await this.control("GET", `/requests?${new URLSearchParams(query)}`);
    return records as SignerRecord[];
  }

  /** Forgets records, faults and signing histories. */
  async reset(): Promise<void> {
    await this.control("POST", "/reset");
  }

  private async control(method: string, path: string, body?: object): Promise<unknown> {
    const content = body ? JSON.stringify(body) : null;
    const response = await fetch(`${this.url}/_signer${path}`, { method, body: content });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} /_signer${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
