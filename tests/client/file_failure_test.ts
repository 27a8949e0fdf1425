import assert from "node:assert/strict";
import { WireError } from "../../lib/errors.ts";
import { fileFailure, VerificationError } from "../../lib/client/file_failure.ts";
import { OutputError } from "../../lib/errors.ts";
import type { PlannedFile } from "../../lib/client/input/plan.ts";

const PLANNED: PlannedFile = {
  file: { path: "a", size: 1, modified: 0, version: "v" },
  priority: "NORMAL",
  sha256: null,
  line: 7,
};

/** A file that cannot be moved to its name for a reason of the system. */
function moveFailure(code: string): OutputError {
  return new OutputError("no", { cause: Object.assign(new Error("why"), { code }) });
}

for (
  const [name, error, advice] of [
    ["a wrong digest of the server", new VerificationError("no", PLANNED), /both disks/],
    [
      "a wrong digest of a line",
      new VerificationError("no", { ...PLANNED, sha256: "0".repeat(64) }),
      /digest in line 7/,
    ],
    ["an obstacle in the way", new OutputError("no"), /make way .* output folder/],
    ["an impossible name", new OutputError("no", { advice: "rename it" }), /^rename it$/],
    ["a full disk below its name", moveFailure("ENOSPC"), /free some space/],
    ["a read-only disk below its name", moveFailure("EROFS"), /writable/],
    ["a folder for others below its name", moveFailure("EACCES"), /let this user write/],
    ["a damaged disk", Object.assign(new Error("no"), { code: "EIO" }), /check the disk/],
    [
      "a file that the server cannot read",
      new WireError("read-failed", "no"),
      /operator of the server/,
    ],
    ["a server without descriptors", new WireError("busy", "no"), /run the client again later/],
    ["a defect", new WireError("bad-request", "no"), /report it/],
    ["a full disk", Object.assign(new Error("no"), { code: "ENOSPC" }), /free some space/],
    ["a spent quota", Object.assign(new Error("no"), { code: "EDQUOT" }), /free some space/],
    ["a text about space", new Error("No space left on device"), /^run the client again$/],
    ["a folder that may not be written", new Deno.errors.PermissionDenied("no"), /--output/],
    ["anything else", new Error("no"), /run the client again/],
  ] as const
) {
  Deno.test(`fileFailure advises what to do about ${name}`, () => {
    const failure = fileFailure(error);
    assert.match(failure.advice, advice);
    assert.doesNotMatch(failure.advice, /\.$|^[A-Z]/);
    assert.equal(failure.verification, error instanceof VerificationError);
    assert.ok(failure.reason.endsWith(error.message));
  });
}
