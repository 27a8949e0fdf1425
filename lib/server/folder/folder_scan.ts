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

/** How many calls for metadata run at once. */
const MAX_CONCURRENT_STATS = 64;

/**
 * Returns all files that may be shared at or under some paths of the folder: regular files, and
 * links to regular files whose real path is inside the folder; a linked folder is not entered.
 * Files and folders that this user may not read, or that vanish during the scan, are left out,
 * as is any other file whose metadata cannot be read.
 *
 * @param folder The folder.
 * @param paths Paths inside it, none under another; the empty one is the whole folder.
 * @throws {Error} If a folder cannot be read for another reason, or for lack of descriptors or
 * memory; the scan is incomplete then.
 */
export async function scanFolder(
  folder: SharedFolder,
  paths: Iterable<string>,
): Promise<SharedFile[]> {
  const files: SharedFile[] = [];
  const folders: string[] = [];
  let waiting: string[] = [];
  const visitAll = async () => {
    const visited = await Promise.all(waiting.map((path) => visit(folder, path)));
    waiting = [];
    for (const found of visited) {
      if (found === null) continue;
      if (typeof found === "string") folders.push(found);
      else files.push(found);
    }
  };
  const add = async (path: string) => {
    if (path === "") folders.push(path);
    else if (isShareable(folder, path) && waiting.push(path) === MAX_CONCURRENT_STATS) {
      await visitAll();
    }
  };
  for (const path of paths) {
    if (path === "" || await isReachedWithoutLinks(folder, path)) await add(path);
  }
  await visitAll();
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for await (const entry of entriesOf(diskPath(folder.root, path))) {
      await add(path === "" ? entry.name : `${path}/${entry.name}`);
    }
    await visitAll();
  }
  return files;
}

/** Whether no parent folder is a link: a watcher may report paths that existed before. */
async function isReachedWithoutLinks({ root }: SharedFolder, path: string): Promise<boolean> {
  const parent = dirname(diskPath(root, path));
  try {
    return await Deno.realPath(parent) === parent;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw error;
  }
}

/** The file at a path, or the path itself if it is a folder, or null if it is not shared. */
async function visit(folder: SharedFolder, path: string): Promise<SharedFile | string | null> {
  const onDisk = diskPath(folder.root, path);
  try {
    const info = await Deno.lstat(onDisk);
    if (info.isFile) return describe(path, info, null);
    if (info.isDirectory) return path;
    if (!info.isSymlink) return null;
    const real = await Deno.realPath(onDisk);
    if (!isInside(folder, real)) return null;
    const targetInfo = await Deno.stat(onDisk);
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

async function* entriesOf(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
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
