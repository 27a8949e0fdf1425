import assert from "node:assert/strict";
import { expectedShares } from "../../lib/client/priority.ts";

for (
  const [files, shares] of [
    [[1, 1, 1], [10 / 15, 4 / 15, 1 / 15]],
    [[9, 0, 200], [10 / 11, 0, 1 / 11]],
    [[0, 3, 1], [0, 4 / 5, 1 / 5]],
    [[0, 0, 5], [0, 0, 1]],
    [[0, 0, 0], [0, 0, 0]],
  ] as const
) {
  Deno.test(`expectedShares shares between ${files.join(", ")} files by weight`, () => {
    const [CRITICAL, HIGH, NORMAL] = files;
    const expected = expectedShares({ CRITICAL, HIGH, NORMAL });
    assert.deepEqual([expected.CRITICAL, expected.HIGH, expected.NORMAL], shares);
  });
}
