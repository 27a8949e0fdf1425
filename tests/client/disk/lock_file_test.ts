import assert from "node:assert/strict";
import { describeOwner, ownerText, parseOwner } from "../../../lib/client/disk/lock_file.ts";

const HERE = { pid: 1, host: "here", id: "a" };

Deno.test("parseOwner reads what ownerText writes", () => {
  for (const owner of [HERE, { pid: 4711, host: "", id: "b" }]) {
    assert.deepEqual(parseOwner(ownerText(owner)), owner);
  }
});

Deno.test("parseOwner takes nothing for a name that could control a terminal", () => {
  assert.equal(parseOwner(""), null);
  assert.equal(parseOwner("\x1b[2J\n"), null);
  assert.deepEqual(parseOwner("12\n\x1b[2J\nx\n"), { pid: 12, host: "", id: "x" });
  assert.deepEqual(parseOwner("12\n"), { pid: 12, host: "", id: "" });
});

Deno.test("describeOwner names the machine if it is another one", () => {
  assert.equal(describeOwner(null, HERE), "");
  assert.equal(describeOwner({ pid: 5, host: "here", id: "b" }, HERE), " (process 5)");
  assert.equal(describeOwner({ pid: 5, host: "", id: "b" }, HERE), " (process 5)");
  assert.equal(describeOwner({ pid: 5, host: "nas", id: "b" }, HERE), " (process 5 on nas)");
});
