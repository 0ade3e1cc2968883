// The component on a host that is not ours does what it does on ours, and an extension that is
// not ours runs on ours. What is compared is what reaches the platform.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.join(here, "../..");
const built = (name) => path.join(repository, "target/release", name);
const work = mkdtempSync(path.join(tmpdir(), "portability-"));
const at = (name) => path.join(work, name);

const SUBSCRIPTION = "22222222-2222-4222-8222-222222222222";
const STORE = {
  tenant: "11111111-1111-4111-8111-111111111111",
  path: `${SUBSCRIPTION}:rg-one:kv-one`,
  properties: [],
};
const JOB = {
  attemptId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  timeLimit: 300_000,
  credential: {
    tag: "client-secret",
    val: { clientId: "33333333-3333-4333-8333-333333333333", secret: "sp-secret~1" },
  },
  options: [],
};

let emulator;
let address;

before(async () => {
  emulator = spawn(
    built("azure-emulator"),
    ["serve", "--write-ca", at("ca.pem"), "--write-policy", at("policy.toml"), "--request-log", at("requests.jsonl")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  // It prints one line when it is ready, or ends.
  const ready = await new Promise((resolve, reject) => {
    emulator.stdout.once("data", (line) => resolve(String(line)));
    emulator.once("exit", () => reject(new Error("the emulator did not start")));
  });
  [address] = /127\.0\.0\.1:[0-9]+/.exec(ready);
});

after(() => {
  emulator?.kill();
  rmSync(work, { recursive: true });
});

/** Runs an export of the component in Node. */
function inNode(name, ...given) {
  const ran = spawnSync(
    process.execPath,
    ["--import", path.join(here, "connect.mjs"), path.join(here, "job.mjs"), process.env.TRANSPILED],
    {
      input: JSON.stringify({ export: name, job: JOB, arguments: [STORE, ...given] }),
      encoding: "utf8",
      env: { PATH: process.env.PATH, CONNECT_TO: address, NODE_EXTRA_CA_CERTS: at("ca.pem") },
      maxBuffer: 1 << 26,
    },
  );
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

/** Runs an inventory job of the platform by akv. */
function byAkv(...more) {
  const job = path.join(repository, "tests/fixtures/jobs/inventory-service-principal.json");
  const ran = spawnSync(built("akv"), ["run", "--job", job, "--policy", at("policy.toml"), ...more], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, XDG_CACHE_HOME: path.join(repository, "target/test-cache") },
    maxBuffer: 1 << 26,
  });
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

/** A certificate comes when its answer does. */
const byAlias = (items) => items.sort((one, other) => (one.Alias < other.Alias ? -1 : 1));

/** Items of the contract as akv writes them for the platform. */
function asReported(items) {
  const value = ({ tag, val }) => (tag === "unset" ? null : val);
  return byAlias(
    items.map((item) => ({
      Alias: item.alias,
      Certificates: item.certificates,
      PrivateKeyEntry: item.privateKey,
      Parameters: Object.fromEntries(item.parameters.map(([name, given]) => [name, value(given)])),
    })),
  );
}

/** The same members of what akv reports. */
function reported(result) {
  assert.ok(Array.isArray(result.Inventory), JSON.stringify(result).slice(0, 500));
  return byAlias(
    result.Inventory.map(({ Alias, Certificates, PrivateKeyEntry, Parameters }) => ({
      Alias,
      Certificates,
      PrivateKeyEntry,
      Parameters: Parameters ?? {},
    })),
  );
}

test("an inventory gives the same certificates on another host", () => {
  const { outcome, items } = inNode("inventory");
  assert.equal(outcome.status.tag, "success", outcome.message);
  const found = asReported(items);
  assert.ok(found.length >= 60, `${found.length} certificates`);
  assert.deepEqual(found, reported(byAkv()));
});

test("what another host adds is there, and is gone when it removes it", () => {
  const names = () => reported(byAkv()).map(({ Alias }) => Alias);
  const job = JSON.parse(
    readFileSync(path.join(repository, "tests/fixtures/jobs/add-ec-p256.json"), "utf8"),
  );
  const certificate = {
    alias: "from-another-host",
    contents: job.JobCertificate.Contents,
    format: "pkcs12",
    password: job.JobCertificate.PrivateKeyPassword,
    overwrite: false,
    parameters: [],
  };
  const before = names();
  const added = inNode("add", certificate);
  assert.equal(added.outcome.status.tag, "success", added.outcome.message);
  assert.deepEqual(names(), [...before, "from-another-host"].sort());
  const removed = inNode("remove", "from-another-host");
  assert.equal(removed.outcome.status.tag, "success", removed.outcome.message);
  assert.deepEqual(names(), before);
});

test("an extension in JavaScript runs on our host", () => {
  const extension = process.env.JAVASCRIPT_EXTENSION;
  const inspected = spawnSync(built("akv"), ["component", "inspect", extension], {
    encoding: "utf8",
    env: { XDG_CACHE_HOME: path.join(repository, "target/test-cache") },
  });
  assert.equal(inspected.status, 0, inspected.stderr);
  const imports = /imports\n((?: {2}.*\n)*)/.exec(inspected.stdout)[1].trim();
  assert.equal(imports, "certstore:extension/host@0.1.0");
  const found = reported(byAkv("--component", extension));
  assert.deepEqual(
    found.map(({ Alias, PrivateKeyEntry }) => [Alias, PrivateKeyEntry]),
    [
      ["one", false],
      ["three", true],
      ["two", true],
    ],
  );
  assert.deepEqual(found[1].Certificates, ["MAMCAQI="]);
  assert.deepEqual(found[1].Parameters, { CertificateTags: '{"number":"2"}' });
});
