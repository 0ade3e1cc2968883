// Runs one job on a host that is not ours: the component as jco has transpiled it, with jco's own
// implementation of WASI. What the contract asks of a host is the few lines below.
//
//   node --import ./connect.mjs job.mjs TRANSPILED.js < {"export": …, "arguments": …}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { WASIShim } from "@bytecodealliance/preview2-shim/instantiation";

const [transpiled] = process.argv.slice(2);
const { instantiate } = await import(pathToFileURL(transpiled));

const items = [];
const host = {
  log: (level, message) => console.error(`${level}: ${message}`),
  progress() {},
  cancelled: () => false,
  assertion() {
    throw "there is no federated token here";
  },
  submitInventory: (batch) => void items.push(...batch),
  // Nothing is known of an earlier inventory, so that every certificate is submitted.
  lastInventory: () => [],
  submitKnown() {
    throw "nothing was known";
  },
  submitDiscovery() {},
};

const module = async (name) =>
  WebAssembly.compile(await readFile(path.join(path.dirname(transpiled), name)));
const component = await instantiate(module, {
  ...new WASIShim().getImportObject({ asVersion: "0.2.12" }),
  ...new WASIShim().getImportObject(),
  "certstore:extension/host": host,
});

const request = JSON.parse(await text(process.stdin), (key, value) =>
  key === "contents" ? new Uint8Array(Buffer.from(value, "base64")) : value,
);
const job = { ...request.job, timeLimit: BigInt(request.job.timeLimit) };
const outcome = component[request.export].run(job, ...request.arguments);
const base64 = (certificate) => Buffer.from(certificate).toString("base64");
const shown = items.map((item) => ({ ...item, certificates: item.certificates.map(base64) }));
// The worker of jco's WASI keeps the process alive.
process.stdout.write(JSON.stringify({ outcome, items: shown }), () => process.exit(0));
