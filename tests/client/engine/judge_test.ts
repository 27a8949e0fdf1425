import assert from "node:assert/strict";
import { type FileRecord, newRecord } from "../../../lib/client/engine/file_record.ts";
import { judge } from "../../../lib/client/engine/judge.ts";

/** A complete file with these digests. */
function complete(sha256: string | null, digests: Partial<FileRecord>): FileRecord {
  const file = { path: "a", size: 1, modified: 0, version: "v" };
  return { ...newRecord({ file, priority: "NORMAL", sha256, line: 7 }), ...digests };
}

Deno.test("judge accepts every file if no digest is compared", () => {
  assert.equal(judge(complete(null, {}), false).type, "right");
  assert.equal(judge(complete(null, { localDigest: "x", serverDigest: "y" }), false).type, "right");
});

Deno.test("judge prefers the input list's digest to the server's", () => {
  for (const verify of [true, false]) {
    const record = complete("listed", { localDigest: "listed", serverDigest: "another" });
    assert.equal(judge(record, verify).type, "right");
  }
  const record = complete(null, { localDigest: "served", serverDigest: "served" });
  assert.equal(judge(record, true).type, "right");
});

Deno.test("judge waits for the digests that decide", () => {
  for (const digests of [{}, { localDigest: "x" }, { serverDigest: "x" }]) {
    assert.equal(judge(complete(null, digests), true).type, "unknown");
  }
  assert.equal(judge(complete("listed", {}), true).type, "unknown");
  // Which content does the server have, the received or the listed one?
  assert.equal(judge(complete("listed", { localDigest: "x" }), true).type, "unknown");
});

Deno.test("judge returns the wrong digests, and whether fetching again is in vain", () => {
  const served = complete(null, { localDigest: "x", serverDigest: "served" });
  assert.deepEqual(judge(served, true), {
    type: "wrong",
    reason: "its SHA-256 is x, the server says served",
    inVain: false,
  });
  const reason = "its SHA-256 is x, line 7 says listed";
  for (const [serverDigest, inVain] of [["x", true], ["listed", false]] as const) {
    const record = complete("listed", { localDigest: "x", serverDigest });
    assert.deepEqual(judge(record, true), { type: "wrong", reason, inVain });
  }
  const unknowable = complete("listed", { localDigest: "x", digestState: "unavailable" });
  assert.deepEqual(judge(unknowable, true), { type: "wrong", reason, inVain: false });
});
