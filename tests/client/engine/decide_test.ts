import assert from "node:assert/strict";
import type { LocalState } from "../../../lib/client/disk/local_state.ts";
import { decide, decideFetch } from "../../../lib/client/engine/decide.ts";

const NOTHING: LocalState = {
  hasJournal: false,
  present: "nothing",
  resumableBytes: 0,
  discardReason: null,
  obstacle: null,
};
const FETCH = { type: "fetch", resume: false, discardReason: null };

/** The decisions with a digest to compare, and without one. */
function decisions(local: Partial<LocalState>) {
  return [true, false].map((digestWanted) => decide({ ...NOTHING, ...local }, digestWanted));
}

Deno.test("decide fetches a file if nothing, or another file, is under its name", () => {
  for (const present of ["nothing", "other"] as const) {
    assert.deepEqual(decisions({ present }), [FETCH, FETCH]);
  }
});

Deno.test("decide compares a file of the right size by its digest, if one is wanted", () => {
  assert.deepEqual(decisions({ present: "same" }), [
    { type: "compare", looksSame: true },
    { type: "accept" },
  ]);
  // Without a digest, only the modification time identifies the file.
  assert.deepEqual(decisions({ present: "same size" }), [
    { type: "compare", looksSame: false },
    FETCH,
  ]);
});

Deno.test("decide blocks a file whose path has an obstacle", () => {
  const blocked = { type: "blocked", reason: "a folder is in the way" };
  for (const present of ["nothing", "same", "same size", "other"] as const) {
    const local = { present, obstacle: "a folder is in the way", resumableBytes: 5 };
    assert.deepEqual(decisions(local), [blocked, blocked]);
  }
});

Deno.test("decide resumes a partial file, or returns why it is discarded", () => {
  assert.deepEqual(decisions({ hasJournal: true, resumableBytes: 7 })[0], {
    ...FETCH,
    resume: true,
  });
  for (const discardReason of ["outdated", "unreadable"] as const) {
    assert.deepEqual(decisions({ discardReason })[0], { ...FETCH, discardReason });
  }
});

Deno.test("decide prefers the file under the final name to a partial file", () => {
  const local = { ...NOTHING, present: "same", hasJournal: true, resumableBytes: 7 } as const;
  assert.equal(decide(local, true).type, "compare");
  assert.equal(decide(local, false).type, "accept");
  // The comparison may show that it is another file.
  assert.deepEqual(decideFetch(local), { ...FETCH, resume: true });
});
