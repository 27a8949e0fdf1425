/**
 * Lists the files of a folder that may be shared.
 *
 * @module
 */
import { dirname } from "@std/path";
import { identityOfInfo } from "../../fs/file_identity.ts";
import type { LeftOut, LeftOutKind } from "./left_out.ts";
import { ReadProbe } from "./read_probe.ts";
import {
  diskPath,
  isInside,
  isShareable,
  type SharedFile,
  type SharedFolder,
  wirePathOf,
} from "../shared_file.ts";

/** Takes the results of a scan other than files. */
export class ScanNotes {
  /** The folders that were read, the shared one as the empty path. */
  readonly folders: string[] = [];
  readonly leftOut: LeftOut[] = [];

  /** @param probe Tells files that this user may not read. */
  constructor(readonly probe: ReadProbe = new ReadProbe()) {}

  /** Notes a place that is left out, and why. */
  leaveOut(path: string, kind: LeftOutKind, error?: unknown): void {
    const { code = "" } = (error ?? {}) as NodeJS.ErrnoException;
    this.leftOut.push({ path, kind, code });
  }
}

/**
 * Returns all files that may be shared at or under some paths of the folder: regular files, and
 * links to regular files whose real path is inside the folder; a linked folder is not entered.
 * Files and folders that vanish during the scan, or that cannot be read, are left out; a file found
 * in a folder is tried only as far as `ReadProbe` does.
 *
 * Synchronous, which takes a seventh of the time of handing each call to another thread: for a
 * Worker.
 *
 * @param folder The folder.
 * @param paths Paths inside it, none under another; the empty one is the whole folder.
 * @param notes Takes the folders, and the places that are left out.
 * @throws {Error} If the folder itself cannot be read, or for lack of descriptors or memory; the
 * scan is incomplete then.
 */
export function* scanFolder(
  folder: SharedFolder,
  paths: Iterable<string>,
  notes: ScanNotes = new ScanNotes(),
): Generator<SharedFile> {
  const folders: string[] = [];
  const found = (path: string, entry: Deno.DirEntry | null): SharedFile | null => {
    const file = path === "" ? path : visit(folder, path, entry, notes);
    if (typeof file !== "string") return file;
    folders.push(file);
    return null;
  };
  for (const path of paths) {
    if (path !== "" && !isReachedWithoutLinks(folder, path)) continue;
    const file = found(path, null);
    if (file) yield file;
  }
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) {
    for (const entry of entriesIn(folder, path, notes)) {
      const file = found(path === "" ? entry.name : `${path}/${entry.name}`, entry);
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
    if (isOutOfResources(error)) throw error;
    return false;
  }
}

/**
 * The file at a path, or the path itself if it is a folder, or null if it is not shared.
 *
 * @param entry Its entry in its folder; null if the scan is for this path.
 */
function visit(
  folder: SharedFolder,
  path: string,
  entry: Deno.DirEntry | null,
  notes: ScanNotes,
): SharedFile | string | null {
  const mayBeShared = isShareable(folder, path);
  if (!mayBeShared && isHidden(folder, path)) return null;
  const onDisk = diskPath(folder.root, path);
  let info: Deno.FileInfo;
  try {
    info = Deno.lstatSync(onDisk);
  } catch (error) {
    if (!mayBeShared && !isAbsent(error)) return leaveOut(path, "unusable name", null, notes);
    const kind = entry?.isDirectory ? "unreadable folder" : "unreadable file";
    return leaveOut(path, isAbsent(error) ? absence(path) : kind, error, notes);
  }
  if (!mayBeShared) return leaveOut(path, "unusable name", null, notes);
  if (info.isDirectory) return path;
  try {
    if (info.isFile) {
      notes.probe.assertReadable(onDisk, info, entry === null);
      return describe(path, info, null);
    }
    return info.isSymlink ? visitLink(folder, path, entry, notes) : null;
  } catch (error) {
    // One file that cannot be read must not prevent the others from being shared.
    return leaveOut(path, isAbsent(error) ? null : "unreadable file", error, notes);
  }
}

function visitLink(
  folder: SharedFolder,
  path: string,
  entry: Deno.DirEntry | null,
  notes: ScanNotes,
): SharedFile | null {
  const onDisk = diskPath(folder.root, path);
  let real: string;
  try {
    real = Deno.realPathSync(onDisk);
  } catch (error) {
    return leaveOut(path, isDenied(error) ? "unreadable file" : "broken link", error, notes);
  }
  if (!isInside(folder, real)) return leaveOut(path, "link that leads out", null, notes);
  const info = Deno.statSync(real);
  if (info.isDirectory) return leaveOut(path, "link to a folder", null, notes);
  if (!info.isFile) return null;
  notes.probe.assertReadable(real, info, entry === null);
  return describe(path, info, wirePathOf(folder.root, real));
}

/**
 * Notes that a path is left out, unless there is nothing to say about it.
 *
 * @throws The error if it is a lack of descriptors or memory.
 */
function leaveOut(path: string, kind: LeftOutKind | null, error: unknown, notes: ScanNotes): null {
  if (isOutOfResources(error)) throw error;
  if (kind !== null) notes.leaveOut(path, kind, error);
  return null;
}

/** Why nothing is at a path; null for no reason. */
function absence(path: string): LeftOutKind | null {
  // Deno replaces bytes that are not UTF-8, and the result names no file.
  return path.includes("\uFFFD") ? "unusable name" : null;
}

/** Whether a name of the path hides it. */
function isHidden({ hidden }: SharedFolder, path: string): boolean {
  return !hidden && path.split("/").some((name) => name.startsWith("."));
}

function describe(path: string, info: Deno.FileInfo, linkTo: string | null): SharedFile | null {
  const { size } = info;
  // No client could request bytes beyond this.
  if (!Number.isSafeInteger(size)) return null;
  // A file's time may be out of the range of `Date`.
  const modified = info.mtime?.getTime() || 0;
  return { path, size, modified, linkTo, ...identityOfInfo(info) };
}

/** What is in a folder; nothing, with a note, if it cannot be read. */
function* entriesIn({ root }: SharedFolder, path: string, notes: ScanNotes) {
  try {
    const entries = Deno.readDirSync(diskPath(root, path));
    notes.folders.push(path);
    yield* entries;
  } catch (error) {
    if (path === "") throw error;
    leaveOut(path, isAbsent(error) ? null : "unreadable folder", error, notes);
  }
}

/** Whether a call failed for a lack of descriptors or memory. */
function isOutOfResources(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(code ?? "");
}

/** Whether an error means that there is nothing at a path. */
function isAbsent(error: unknown): boolean {
  const { code = "" } = (error ?? {}) as NodeJS.ErrnoException;
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    ["ENOENT", "ENOTDIR"].includes(code);
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}
