/**
 * Kinds of file systems: whether a call on one can be trusted to come back in a moment.
 *
 * @module
 */
import { statfs, statfsSync } from "node:fs";
import { promisify } from "node:util";

/** The types of file systems on a disk of this machine or in its memory, as Linux numbers them. */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
  0x9123683e, // Btrfs
  0xf2f52010, // F2FS
  0x2fc12fc1, // ZFS
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
]);

/** Whether a Linux file system type is one of a disk of this machine, or of its memory. */
export function isLocalType(type: number): boolean {
  // Some systems give it as a signed number.
  return LOCAL_TYPES.has(type >>> 0);
}

/**
 * Whether a path is on a disk of this machine, or in its memory: no network file system, no program.
 * On Linux false where it is not known, as without the permission for `statfs`; on other systems only
 * paths of other machines (`\\server\share`) are known not to be.
 */
export function isOnLocalDisk(path: string): boolean {
  if (Deno.build.os !== "linux") return !path.startsWith("\\\\");
  try {
    return mayAsk() && isLocalType(statfsSync(path).type);
  } catch {
    return false;
  }
}

/** The same, for callers that must not wait for the disk. */
export async function isOnLocalDiskAsync(path: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return !path.startsWith("\\\\");
  try {
    return mayAsk() && isLocalType((await promisify(statfs)(path)).type);
  } catch {
    return false;
  }
}

/** Whether the system can be asked without a question to the user for the permission. */
function mayAsk(): boolean {
  // Deno's types do not know this kind yet.
  const statfs = { name: "sys", kind: "statfs" } as unknown as Deno.SysPermissionDescriptor;
  return Deno.permissions.querySync(statfs).state === "granted";
}
