/**
 * Lists the files of a folder that may be shared.
 *
 * @module
 */
import { dirname } from "@std/path";
import { identityOfInfo } from "../../fs/file_identity.ts";
import {
  diskPath,
  isInside,
  isShareable,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "../shared_file.ts";

/**
 * Returns all files that may be shared at or under some paths of the folder: regular files, and
 * links to regular files whose real path is inside the folder; a linked folder is not entered.
 * Files and folders that this user may not read, or that vanish during the scan, are left out,
 * as is any other file whose metadata cannot be read.
 *
 * Synchronous, which takes a seventh of the time of handing each call to another thread: for a
 * Worker.
 *
 * @param folder The folder.
 * @param paths Paths inside it, none under another; the empty one is the whole folder.
 * @throws {Error} If a folder cannot be read for another reason, or for lack of descriptors or
 * memory; the scan is incomplete then.
 */
export function* scanFolder(
  folder: SharedFolder,
  paths: Iterable<string>,
): Generator<SharedFile> {
  const folders: string[] = [];
  const found = (path: string): SharedFile | null => {
    const entry = path === "" ? path : visit(folder, path);
    if (typeof entry !== "string") return entry;
    folders.push(entry);
    return null;
  };
  for (const path of paths) {
    if (path !== "" && !isReachedWithoutLinks(folder, path)) continue;
    const file = found(path);
    if (file) yield file;
  }
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for (const name of namesIn(diskPath(folder.root, path))) {
      const file = found(path === "" ? name : `${path}/${name}`);
      if (file) yield file;
    }
  }
}

/** Whether no parent folder is a link: a watcher may report paths that existed before. */
function isReachedWithoutLinks({ root }: SharedFolder, path: string): boolean {
  const parent = dirname(diskPath(root, path));
  try {
    return Deno.realPathSync(parent) === parent;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** The file at a path, or the path itself if it is a folder, or null if it is not shared. */
function visit(folder: SharedFolder, path: string): SharedFile | string | null {
  if (!isShareable(folder, path)) return null;
  const onDisk = diskPath(folder.root, path);
  try {
    const info = Deno.lstatSync(onDisk);
    if (info.isFile) return describe(path, info, null);
    if (info.isDirectory) return path;
    if (!info.isSymlink) return null;
    const real = Deno.realPathSync(onDisk);
    if (!isInside(folder, real)) return null;
    const targetInfo = Deno.statSync(onDisk);
    const target = wirePathOf(folder.root, real);
    return targetInfo.isFile ? describe(path, targetInfo, target) : null;
  } catch (error) {
    if (isOutOfResources(error)) throw error;
    // One file that cannot be read, such as a link with an impossible target, must not prevent
    // the others from being shared.
    return null;
  }
}

function describe(path: string, info: Deno.FileInfo, linkTo: string | null): SharedFile | null {
  const { size } = info;
  // No client could request bytes beyond this.
  if (!Number.isSafeInteger(size)) return null;
  // A file's time may be out of the range of `Date`.
  const modified = info.mtime?.getTime() || 0;
  return { path, size, modified, linkTo, ...identityOfInfo(info) };
}

function* namesIn(folder: string): Generator<string> {
  try {
    for (const { name } of Deno.readDirSync(folder)) yield name;
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Whether a call failed for a lack of descriptors or memory. */
function isOutOfResources(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(code ?? "");
}

/** Whether an error means that there is nothing to share at a path. */
function isAbsent(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.FilesystemLoop;
}
