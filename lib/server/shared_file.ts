/**
 * The files of a shared folder: their description, their paths, and which may be shared.
 *
 * @module
 */
import { constants } from "node:fs";
import { join, SEPARATOR } from "@std/path";
import type { FileIdentity } from "../fs/file_identity.ts";
import { isWirePath, type ListedFile } from "../protocol/payloads.ts";

/** A shared file: its entry in the list, and its identity on disk. */
export interface SharedFile extends ListedFile, FileIdentity {
  /** The wire path of the link's target if it is a link, else null. */
  readonly linkTo: string | null;
}

/** A folder that is shared. */
export interface SharedFolder {
  /** The folder's real path. */
  readonly root: string;
  /** Whether names that begin with a dot are shared. */
  readonly hidden: boolean;
}

/**
 * The flags for opening shared files. `O_NONBLOCK`: a named pipe in a file's place would block the
 * open forever. `O_NOFOLLOW`: a real path names no link. Windows has neither flag.
 */
export const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) |
  (constants.O_NOFOLLOW ?? 0);

/** Whether the flags are this system's: Deno 2.4 has those of macOS everywhere. */
export const HAS_OPEN_FLAGS = Deno.build.os !== "linux" || constants.O_NONBLOCK === 0x800;

/** Where a path of the wire is on disk. */
export function diskPath(root: string, path: string): string {
  return join(root, ...path.split("/"));
}

/** The wire path of a path on disk, or null if it is not inside the folder. */
export function wirePathOf(root: string, path: string): string | null {
  if (path === root) return "";
  const prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
  return path.startsWith(prefix) ? path.slice(prefix.length).replaceAll(SEPARATOR, "/") : null;
}

/** Whether a path may be shared, judged by its names alone. */
export function isShareable({ hidden }: SharedFolder, path: string): boolean {
  return isWirePath(path) && (hidden || path.split("/").every((name) => !name.startsWith(".")));
}

/** Whether a real path on disk is inside the folder, and may be shared by its names. */
export function isInside(folder: SharedFolder, real: string): boolean {
  const path = wirePathOf(folder.root, real);
  return path !== null && isShareable(folder, path);
}
