import assert from "node:assert/strict";
import { join } from "@std/path";
import { isReplaced, OutputLock } from "../../../lib/client/disk/output_lock.ts";

Deno.test("isReplaced compares the numbers of files, where the system has them", () => {
  const rows = [[1, 1, false], [1, 2, true], [null, 2, false], [1, null, false], [0, 2, false]];
  for (const [open, there, replaced] of rows) {
    const files = [{ ino: open as number | null }, { ino: there as number | null }] as const;
    assert.equal(isReplaced(...files), replaced, JSON.stringify(files));
  }
});

Deno.test("OutputLock.acquire acquires a lock whose owner ended without removing its file", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sluice-test-" });
  try {
    const path = join(folder, "lock");
    await Deno.writeTextFile(path, "1\n");
    {
      using _lock = await OutputLock.acquire(path, folder);
      assert.equal((await Deno.stat(path)).isFile, true);
    }
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
