import assert from "node:assert/strict";
import { join } from "@std/path";
import { mayBeHeld, replaceFile } from "../../../lib/client/disk/replace_file.ts";

/** The error of Windows for a file that another program has open. */
const HELD = Object.assign(
  new Error("The process cannot access the file because it is being used (os error 32)"),
  { code: "EBUSY" },
);

Deno.test("mayBeHeld is true for the errors of Windows about open files, and for no other system", () => {
  const rows: readonly (readonly [unknown, boolean])[] = [
    [HELD, true],
    [Object.assign(new Error("Access is denied."), { code: "EPERM" }), true],
    [Object.assign(new Error("Access is denied."), { code: "EACCES" }), true],
    [new Error("Access is denied. (os error 5)"), true],
    [new Error("The file is locked (os error 33)"), true],
    [new Error("The system cannot find the path specified. (os error 3)"), false],
    [new Error("The disk is full (os error 112)"), false],
    [new Error("(os error 55)"), false],
    [Object.assign(new Error("Not there"), { code: "ENOENT" }), false],
    ["Access is denied. (os error 5)", false],
  ];
  for (const [error, held] of rows) {
    assert.equal(mayBeHeld(error, "windows"), held, String(error));
    assert.equal(mayBeHeld(error, "linux"), false);
    assert.equal(mayBeHeld(error, "darwin"), false);
  }
});

Deno.test("replaceFile tries again on Windows while another program has a file open", async () => {
  const tries: string[] = [];
  const rename = (from: string, to: string) => {
    tries.push(`${from} ${to}`);
    return tries.length < 4 ? Promise.reject(HELD) : Promise.resolve();
  };
  await replaceFile("a", "b", { platform: "windows", rename });
  assert.deepEqual(tries, ["a b", "a b", "a b", "a b"]);
});

Deno.test("replaceFile gives up on a file that stays open, with the system's error", async () => {
  let tries = 0;
  const rename = () => {
    tries++;
    return Promise.reject(HELD);
  };
  const replaced = replaceFile("a", "b", { platform: "windows", rename });
  await assert.rejects(replaced, (error) => error === HELD);
  assert.ok(tries > 3, `it tried ${tries} times`);
});

Deno.test("replaceFile tries once where a further try cannot help", async () => {
  const missing = Object.assign(new Error("Not there"), { code: "ENOENT" });
  for (const [platform, error] of [["windows", missing], ["linux", HELD]] as const) {
    let tries = 0;
    const rename = () => {
      tries++;
      return Promise.reject(error);
    };
    await assert.rejects(replaceFile("a", "b", { platform, rename }), (it) => it === error);
    assert.equal(tries, 1);
  }
});

Deno.test("replaceFile replaces a file that is open", async () => {
  const folder = await Deno.makeTempDir({ prefix: "sluice-test-" });
  try {
    const [from, to] = [join(folder, "new"), join(folder, "old")];
    await Deno.writeTextFile(from, "new");
    await Deno.writeTextFile(to, "old");
    using _open = await Deno.open(to);
    await replaceFile(from, to);
    assert.equal(await Deno.readTextFile(to), "new");
    await assert.rejects(Deno.stat(from), Deno.errors.NotFound);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
