/**
 * The kind of a path's disk: calls on a local one return soon, on any other they may not.
 *
 * @module
 */
import { statfs, statfsSync } from "node:fs";
import { promisify } from "node:util";

/** Linux's numbers of the file system types on a disk of this machine or in its memory. */
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
  // Some systems return a signed number.
  return LOCAL_TYPES.has(type >>> 0);
}

/**
 * Whether a path is on a disk of this machine or in its memory, not on a network file system or one
 * that a program provides. On Linux false if that is not known, as without the permission for
 * `statfs`; on other systems true for all paths but those of other machines (`\\server\share`).
 */
export function isOnLocalDisk(path: string): boolean {
  if (Deno.build.os !== "linux") return !path.startsWith("\\\\");
  try {
    return mayAskDisk() && isLocalType(statfsSync(path).type);
  } catch {
    return false;
  }
}

/** Returns the same without blocking, for callers that must not wait for the disk. */
export async function isOnLocalDiskAsync(path: string): Promise<boolean> {
  if (Deno.build.os !== "linux") return !path.startsWith("\\\\");
  try {
    return mayAskDisk() && isLocalType((await promisify(statfs)(path)).type);
  } catch {
    return false;
  }
}

/** Whether the permission for `statfs` is granted, so that the call does not prompt the user. */
export function mayAskDisk(): boolean {
  // Deno's types do not know this kind yet.
  const statfs = { name: "sys", kind: "statfs" } as unknown as Deno.SysPermissionDescriptor;
  return Deno.permissions.querySync(statfs).state === "granted";
}
