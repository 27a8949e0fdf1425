/**
 * The files of a shared folder: their description, their paths, and which may be shared.
 *
 * @module
 */
import { join, SEPARATOR } from "@std/path";
import type { FileIdentity } from "../fs/file_identity.ts";
import { isWirePath, type ListedFile } from "../protocol/payloads.ts";

/** A shared file: its entry in the list, and its identity on disk. */
export interface SharedFile extends ListedFile, FileIdentity {
  /** The wire path of the link's target if it is a link, else null. */
  readonly linkTo: string | null;
}

/** A path on the wire, and the identity of the file behind it. */
export type IdentifiedFile = Pick<SharedFile, "path" | keyof FileIdentity>;

/** A shared file as it is found on disk. */
export interface RealFile {
  /** Its path without links. */
  readonly path: string;
  readonly identity: FileIdentity;
}

/** A folder that is shared. */
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
