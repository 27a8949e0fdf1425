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

/** How many files are asked for their metadata at once. */
const MAX_CONCURRENT_STATS = 64;

/**
 * All files that may be shared at or under some paths of the folder. Shared are regular files,
 * and links to regular files whose real path is inside the folder; a linked folder is not
 * entered. What this user may not read, or vanishes meanwhile, is left out, and so is any other
 * file that cannot be looked at.
 *
 * @param folder The folder.
 * @param paths Paths inside it, none under another; the empty one is all of it.
 * @throws {Error} If a folder cannot be read otherwise, or for want of descriptors: nothing is known
 * then.
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

/** Whether no folder on the way is a link: a watcher may tell of what was there before. */
async function isReachedWithoutLinks({ root }: SharedFolder, path: string): Promise<boolean> {
  const parent = dirname(diskPath(root, path));
  try {
    return await Deno.realPath(parent) === parent;
  } catch (error) {
    if (isNothingThere(error)) return false;
    throw error;
  }
}

/** The file at a path, or the path itself if it is a folder, or null if nothing is to be shared. */
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

async function* entriesOf(folder: string): AsyncGenerator<Deno.DirEntry> {
  try {
    yield* Deno.readDir(folder);
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
