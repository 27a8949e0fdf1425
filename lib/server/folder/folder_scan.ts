/**
 * What a folder holds that may be shared.
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
 * All files that may be shared at or under some paths of the folder. Shared are regular files,
 * and links to regular files whose real path is inside the folder; a linked folder is not
 * entered. What this user may not read, or vanishes meanwhile, is left out, and so is any other
 * file that cannot be looked at.
 *
 * Synchronous, which takes a seventh of the time of handing each call to another thread: for a
 * Worker.
 *
 * @param folder The folder.
 * @param paths Paths inside it, none under another; the empty one is all of it.
 * @throws {Error} If a folder cannot be read otherwise, or for want of descriptors: nothing is known
 * then.
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

/** Whether no folder on the way is a link: a watcher may tell of what was there before. */
function isReachedWithoutLinks({ root }: SharedFolder, path: string): boolean {
  const parent = dirname(diskPath(root, path));
  try {
    return Deno.realPathSync(parent) === parent;
  } catch (error) {
    if (isNothingThere(error)) return false;
    throw error;
  }
}

/** The file at a path, or the path itself if it is a folder, or null if nothing is to be shared. */
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
    if (isShortage(error)) throw error;
    // One file that the system stumbles over, such as a link with an impossible target, is no
    // reason to share nothing.
    return null;
  }
}

function describe(path: string, info: Deno.FileInfo, linkTo: string | null): SharedFile | null {
  const { size } = info;
  // No client could ask for what is beyond.
  if (!Number.isSafeInteger(size)) return null;
  // A file may bear a time that no date can.
  const modified = info.mtime?.getTime() || 0;
  return { path, size, modified, linkTo, ...identityOfInfo(info) };
}

function* namesIn(folder: string): Generator<string> {
  try {
    for (const { name } of Deno.readDirSync(folder)) yield name;
  } catch (error) {
    if (!isNothingThere(error)) throw error;
  }
}

/** Whether a call failed for want of something that has nothing to do with the path. */
function isShortage(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(code ?? "");
}

/** Whether an error means that a path has nothing to share. */
function isNothingThere(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable ||
    error instanceof Deno.errors.FilesystemLoop;
}
