import assert from "node:assert/strict";
import type { LocalState } from "../../../lib/client/disk/local_state.ts";
import { KEPT_REASON } from "../../../lib/client/disk/final_file.ts";
import { decide, decideFetch } from "../../../lib/client/engine/decide.ts";

const NOTHING: LocalState = {
  hasJournal: false,
  present: "nothing",
  existing: null,
  resumableBytes: 0,
  discardReason: null,
  kept: [],
  obstacle: null,
};
const FETCH = { type: "fetch", resume: false, discardReason: null };

/** The decisions with a digest to compare, and without one. */
function decisions(local: Partial<LocalState>) {
  return [true, false].map((digestWanted) => decide({ ...NOTHING, ...local }, digestWanted, true));
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
  assert.equal(decide(local, true, true).type, "compare");
  assert.equal(decide(local, false, true).type, "accept");
  // The comparison may show that it is another file.
  assert.deepEqual(decideFetch(local, true), { ...FETCH, resume: true });
});

Deno.test("decide tries bytes of another version, if the server can be asked about them", () => {
  const kept = [{ source: "partial", length: 9 }, { source: "final", length: 7 }] as const;
  const local = { ...NOTHING, present: "other", discardReason: "outdated", kept } as const;
  const restart = { ...FETCH, discardReason: "outdated" };
  for (const digestWanted of [true, false]) {
    assert.deepEqual(decide(local, digestWanted, true), { type: "try", kept: kept[0] });
    assert.deepEqual(decide(local, digestWanted, false), restart);
  }
  // What is left once the first are not the server's.
  const [, final] = kept;
  assert.deepEqual(decideFetch({ ...local, kept: [final] }, true), { type: "try", kept: final });
  assert.deepEqual(decideFetch({ ...local, kept: [] }, true), restart);
});

Deno.test("decide prefers a partial file of this version, and a comparison, to bytes of another", () => {
  const kept = [{ source: "final", length: 7 }] as const;
  const resumed = { ...NOTHING, hasJournal: true, present: "other", kept } as const;
  assert.deepEqual(decide(resumed, true, true), { ...FETCH, resume: true });
  const touched = { ...NOTHING, present: "same size", kept } as const;
  assert.equal(decide(touched, true, true).type, "compare");
  assert.equal(decide(touched, false, true).type, "try");
});

Deno.test("decide blocks a file whose name another one keeps, unless its digest may be right", () => {
  const blocked = { type: "blocked", reason: KEPT_REASON };
  const kept = [{ source: "final", length: 7 }] as const;
  assert.deepEqual(decide({ ...NOTHING, present: "other", kept }, true, true, true), blocked);
  assert.deepEqual(decide({ ...NOTHING, present: "same size" }, false, true, true), blocked);
  assert.equal(decide({ ...NOTHING, present: "same size" }, true, true, true).type, "compare");
});
