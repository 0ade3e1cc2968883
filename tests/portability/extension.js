// An extension in another language: an inventory of the contract, of a store that it makes up.
// It needs nothing but the contract's own host functions.

import { log, submitInventory } from "certstore:extension/host@0.1.0";

export const inventory = {
  run(job, store) {
    log("info", `an inventory of ${store.path} in JavaScript`);
    submitInventory(
      ["one", "two", "three"].map((alias, index) => ({
        alias,
        certificates: [new Uint8Array([0x30, 0x03, 0x02, 0x01, index])],
        privateKey: index > 0,
        parameters: [["CertificateTags", { tag: "text", val: `{"number":"${index}"}` }]],
        details: [],
      })),
    );
    return { status: { tag: "success" }, message: `attempt ${job.attemptId.length}` };
  },
};
