import assert from "node:assert/strict";
import { join } from "@std/path";
import { identityOfInfo, isSameIdentity } from "../../lib/fs/file_identity.ts";
import { tempFolder } from "../support/catalog_fixture.ts";

Deno.test("identityOfInfo gives a copy with the same time the same version, and another stamp", () => {
  using temp = tempFolder();
  const [path, copy] = [join(temp.path, "a"), join(temp.path, "copy")];
  Deno.writeTextFileSync(path, "content");
  Deno.writeTextFileSync(copy, "content");
  const time = new Date(1_764_000_000_123);
  Deno.utimeSync(path, time, time);
  Deno.utimeSync(copy, time, time);
  const [a, b] = [path, copy].map((path) => identityOfInfo(Deno.statSync(path)));
  assert.equal(a!.version, `7-${time.getTime().toString(36)}`);
  assert.equal(b!.version, a!.version);
  assert.notEqual(b!.stamp, a!.stamp);
  assert.equal(isSameIdentity(a!, b!), false);
  assert.equal(isSameIdentity(a!, identityOfInfo(Deno.statSync(path))), true);
});

Deno.test("identityOfInfo gives another version after a write, by size or time", () => {
  using temp = tempFolder();
  const path = join(temp.path, "a");
  Deno.writeTextFileSync(path, "content");
  const versionAt = (time: number) => {
    Deno.utimeSync(path, new Date(time), new Date(time));
    return identityOfInfo(Deno.statSync(path)).version;
  };
  const versions = [versionAt(1_000), versionAt(1_001), versionAt(2_000)];
  Deno.writeTextFileSync(path, "more content");
  versions.push(versionAt(1_000));
  assert.equal(new Set(versions).size, versions.length);
});
