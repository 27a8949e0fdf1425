import assert from "node:assert/strict";
import { isForeign } from "../../../lib/client/disk/final_file.ts";

const LISTED = { size: 5, modified: 100_000 };
const PLACED = { size: 4, modified: 90_000 };

Deno.test("isForeign knows the file that is listed, and the one that this run placed", () => {
  const rows = [
    [null, false],
    [LISTED, false],
    [PLACED, false],
    // Some file systems store times to two seconds.
    [{ ...PLACED, modified: 91_999 }, false],
    [{ ...PLACED, modified: 95_000 }, true],
    [{ ...PLACED, size: 6 }, true],
  ] as const;
  for (const [existing, foreign] of rows) {
    const keeping = { placed: PLACED, keepExisting: false };
    assert.equal(isForeign(existing, LISTED, keeping), foreign, JSON.stringify(existing));
  }
  assert.equal(isForeign(PLACED, LISTED, { placed: null, keepExisting: false }), true);
});
