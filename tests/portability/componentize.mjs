// Makes a component of the extension in JavaScript, with nothing of WASI in it.
//
//   node componentize.mjs WIT_FOLDER EXTENSION.js COMPONENT.wasm

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { componentize } from "@bytecodealliance/componentize-js";

const [contract, source, to] = process.argv.slice(2);

// The interfaces as they stand in the contract, in a world without the rest of it.
const wit = async (name) =>
  (await readFile(path.join(contract, `${name}.wit`), "utf8")).replace(/^package .*$/m, "");
const witWorld = [
  "package certstore:extension@0.1.0;",
  await wit("host"),
  await wit("inventory"),
  "world only-inventory { import host; export inventory; }",
].join("\n");

const { component } = await componentize(await readFile(source, "utf8"), {
  witWorld,
  worldName: "only-inventory",
  disableFeatures: ["random", "stdio", "clocks", "http", "fetch-event"],
});
await writeFile(to, component);
