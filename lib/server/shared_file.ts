/**
 * The files of a shared folder: what is known of one, which may be shared, and where they are.
 *
 * @module
 */
import { join, SEPARATOR } from "@std/path";
import type { FileIdentity } from "../fs/file_identity.ts";
import { isWirePath, type ListedFile } from "../protocol/payloads.ts";

/** A shared file: what the list says of it, and what identifies it on disk. */
export interface SharedFile extends ListedFile, FileIdentity {
  /** The path that it leads to if it is a link, else null. */
  readonly linkTo: string | null;
}

/** What to scan. */
export interface SharedFolder {
  /** The folder's real path. */
  readonly root: string;
  /** Whether names that begin with a dot are shared. */
  readonly hidden: boolean;
}

/** Where a path of the wire is on disk. */
export function diskPath(root: string, path: string): string {
  return join(root, ...path.split("/"));
}

/** The path on the wire of a path on disk inside the folder, or null if it is not inside. */
export function wirePathOf(root: string, path: string): string | null {
  if (path === root) return "";
  const prefix = root.endsWith(SEPARATOR) ? root : root + SEPARATOR;
  return path.startsWith(prefix) ? path.slice(prefix.length).replaceAll(SEPARATOR, "/") : null;
}

/** Whether a path is one that may be shared, as far as its names go. */
export function isShareable({ hidden }: SharedFolder, path: string): boolean {
  return isWirePath(path) && (hidden || path.split("/").every((name) => !name.startsWith(".")));
}

/** Whether a real path on disk is inside the folder, and may be shared as far as its names go. */
export function isInside(folder: SharedFolder, real: string): boolean {
  const path = wirePathOf(folder.root, real);
  return path !== null && isShareable(folder, path);
}
