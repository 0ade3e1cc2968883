// Leads every connection of this process, and of its worker threads, to one loopback port:
// names keep their own name in TLS, and no name is ever resolved. Loaded with `--import`.

import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import threads from "node:worker_threads";

const [, address, port] = /^(127\.0\.0\.1):([0-9]+)$/.exec(process.env.CONNECT_TO ?? "") ?? [];
if (!port) {
  throw new Error("CONNECT_TO must be 127.0.0.1 and a port");
}

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  // Node's own callers pass what they have normalised: an array with the options first.
  const [first] = args;
  const options = Array.isArray(first) ? first[0] : first;
  if (typeof options !== "object" || options === null || options.path) {
    throw new Error("a connection that is none of TCP by host and port");
  }
  Object.assign(options, { host: address, port: Number(port), lookup: undefined });
  return connect.apply(this, args);
};

// jco's WASI makes its requests in a worker, which it starts without the options of this process.
threads.Worker = class extends threads.Worker {
  constructor(file, options) {
    super(file, { ...options, execArgv: ["--import", import.meta.url] });
  }
};
syncBuiltinESMExports();
