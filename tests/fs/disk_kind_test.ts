import assert from "node:assert/strict";
import { isLocalType, isOnLocalDisk, isOnLocalDiskAsync } from "../../lib/fs/disk_kind.ts";

Deno.test("isLocalType knows the file systems of this machine's disks and memory", () => {
  const local = {
    ...{ ext4: 0xef53, xfs: 0x58465342, btrfs: 0x9123683e, tmpfs: 0x01021994 },
    ...{ zfs: 0x2fc12fc1, overlay: 0x794c7630, f2fs: 0xf2f52010 },
  };
  for (const [name, type] of Object.entries(local)) assert.equal(isLocalType(type), true, name);
  // The signed form that some systems return.
  assert.equal(isLocalType(0x9123683e | 0), true);
});

Deno.test("isLocalType takes an unknown type for the disk of another machine", () => {
  const others = { nfs: 0x6969, smb2: 0xfe534d42, cifs: 0xff534d42, fuse: 0x65735546, none: 0 };
  for (const [name, type] of Object.entries(others)) assert.equal(isLocalType(type), false, name);
});

Deno.test("isOnLocalDisk and isOnLocalDiskAsync agree, and are false for a missing path", async () => {
  const here = Deno.cwd();
  assert.equal(await isOnLocalDiskAsync(here), isOnLocalDisk(here));
  if (Deno.build.os !== "linux") return;
  assert.equal(isOnLocalDisk(`${here}/missing`), false);
  assert.equal(await isOnLocalDiskAsync(`${here}/missing`), false);
});

Deno.test("isOnLocalDisk is false for every disk without the permission", {
  ignore: Deno.build.os !== "linux",
  permissions: { read: true, sys: false },
}, async () => {
  assert.equal(isOnLocalDisk("."), false);
  assert.equal(await isOnLocalDiskAsync("."), false);
});
