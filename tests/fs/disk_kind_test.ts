import assert from "node:assert/strict";
import { isLocalType, isOnLocalDisk } from "../../lib/fs/disk_kind.ts";

for (
  const [name, type, expected] of [
    ["ext4", 0xef53, true],
    ["tmpfs", 0x01021994, true],
    ["Btrfs as a signed number", 0x9123683e | 0, true],
    ["NFS", 0x6969, false],
    ["SMB", 0xfe534d42, false],
    ["FUSE", 0x65735546, false],
    ["9p", 0x01021997, false],
  ] as const
) {
  Deno.test(`isLocalType takes ${name} for ${expected ? "a local" : "no local"} disk`, () => {
    assert.equal(isLocalType(type), expected);
  });
}

Deno.test("isOnLocalDisk trusts no path that it cannot ask about", () => {
  assert.equal(isOnLocalDisk("/there/is/no/such/folder"), Deno.build.os !== "linux");
});
