/**
 * Lists the files of a folder that may be shared.
 *
 * @module
 */
import { identityOfInfo } from "../../fs/file_identity.ts";
import { lookUpSync } from "../../fs/lookups.ts";
import {
  FolderSwappedError,
  type Inode,
  nameOf,
  parentOf,
  RealFolders,
} from "../../fs/real_folders.ts";
import {
  diskPath,
  isInside,
  isShareable,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "../shared_file.ts";

/** How often a folder is scanned while folders on the way are being swapped. */
const MAX_TRIES = 3;

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
  const realFolders = new RealFolders(folder.root);
  const foundIn = function* (parent: string, names?: readonly string[]): Generator<SharedFile> {
    for (const found of provenEntries(folder, realFolders, parent, names)) {
      if (typeof found === "string") folders.push(found);
      else yield found;
    }
  };
  for (const path of paths) {
    if (path === "") folders.push(path);
    else yield* foundIn(parentOf(path), [nameOf(path)]);
  }
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) yield* foundIn(path);
}

/**
 * The files with some names in a folder, proven to be inside the shared one, and the paths of the
 * folders in it. Empty if the folders on the way are being swapped: the next scan may find more.
 *
 * @param names The names. @default {all that are in the folder}
 */
function provenEntries(
  folder: SharedFolder,
  realFolders: RealFolders,
  parent: string,
  names?: readonly string[],
): (SharedFile | string)[] {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    try {
      const way = lookUpSync(realFolders.enter(parent));
      if (!way) return [];
      const entries: (SharedFile | string)[] = [];
      const files = new Map<string, FoundFile>();
      for (const name of names ?? namesIn(diskPath(folder.root, parent))) {
        const found = visit(folder, realFolders, parent === "" ? name : `${parent}/${name}`);
        if (!found) continue;
        if (typeof found === "object" && "inode" in found) files.set(name, found);
        else entries.push(found);
      }
      const inodes = new Map(files.entries().map(([name, { inode }]) => [name, inode]));
      const proven = lookUpSync(realFolders.prove(way, inodes));
      for (const [name, { file }] of files) if (proven.has(name)) entries.push(file);
      return entries;
    } catch (error) {
      if (isAbsent(error)) return [];
      if (!(error instanceof FolderSwappedError)) throw error;
    }
  }
  return [];
}

/** A file that has to be proven yet. */
interface FoundFile {
  readonly file: SharedFile;
  readonly inode: Inode;
}

/**
 * The file at a path, or the proven file to which a link there leads, or the path itself if it is a
 * folder; null if it is not shared.
 */
function visit(
  folder: SharedFolder,
  realFolders: RealFolders,
  path: string,
): FoundFile | SharedFile | string | null {
  if (!isShareable(folder, path)) return null;
  const onDisk = diskPath(folder.root, path);
  try {
    const info = Deno.lstatSync(onDisk);
    if (info.isDirectory) return path;
    if (info.isFile) {
      const file = describe(path, info, null);
      return file && { file, inode: info };
    }
    if (!info.isSymlink) return null;
    const real = Deno.realPathSync(onDisk);
    if (!isInside(folder, real)) return null;
    const target = wirePathOf(folder.root, real)!;
    const targetInfo = lookUpSync(realFolders.find(target));
    return targetInfo?.isFile ? describe(path, targetInfo, target) : null;
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
