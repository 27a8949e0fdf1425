/**
 * Lists the files of a folder that may be shared.
 *
 * @module
 */
import { codeOf } from "../../errors.ts";
import { identityOfInfo, type Inode } from "../../fs/file_identity.ts";
import { lookUpSync } from "../../fs/lookups.ts";
import { FolderSwappedError, RealFolders } from "../../fs/real_folders.ts";
import { nameOf, parentOf } from "../../fs/wire_path.ts";
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

/** How often a folder is scanned while folders on the way are being swapped. */
const MAX_TRIES = 3;

/** Takes the results of a scan other than files. */
export class ScanNotes {
  /** The folders that were read, the shared one as the empty path. */
  readonly folders: string[] = [];
  readonly leftOut: LeftOut[] = [];

  /** @param probe Tells files that this user may not read. */
  constructor(readonly probe: ReadProbe = new ReadProbe()) {}

  /** Notes a place that is left out, and why. */
  leaveOut(path: string, kind: LeftOutKind, error?: unknown): void {
    const code = codeOf(error) ?? "";
    this.leftOut.push({ path, kind, code });
  }

  /** Takes the notes about one folder. */
  add({ folders, leftOut }: ScanNotes): void {
    this.folders.push(...folders);
    for (const place of leftOut) this.leftOut.push(place);
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
  const scan: Scan = { folder, realFolders: new RealFolders(folder.root), notes };
  const foundIn = function* (parent: string, name?: string): Generator<SharedFile> {
    for (const found of provenEntries(scan, parent, name)) {
      if (typeof found === "string") folders.push(found);
      else yield found;
    }
  };
  for (const path of paths) {
    if (path === "") folders.push(path);
    else yield* foundIn(parentOf(path), nameOf(path));
  }
  for (let path = folders.pop(); path !== undefined; path = folders.pop()) yield* foundIn(path);
}

/** What the parts of a scan share. */
interface Scan {
  readonly folder: SharedFolder;
  readonly realFolders: RealFolders;
  readonly notes: ScanNotes;
}

/**
 * The files in a folder, proven to be inside the shared one, and the paths of the folders in it. Empty
 * if the folders on the way are being swapped: the next scan may find more.
 *
 * @param name The only name to look at. @default {all that are in the folder}
 */
function provenEntries(scan: Scan, parent: string, name?: string): (SharedFile | string)[] {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // What a try in vain has noted does not count.
    const notes = new ScanNotes(scan.notes.probe);
    try {
      const entries = entriesOnce({ ...scan, notes }, parent, name);
      scan.notes.add(notes);
      return entries;
    } catch (error) {
      if (error instanceof FolderSwappedError) continue;
      if (parent === "") throw error;
      leaveOut(parent, isAbsent(error) ? null : "unreadable folder", error, scan.notes);
      return [];
    }
  }
  return [];
}

/** @throws {FolderSwappedError} If a folder on the way was replaced meanwhile. */
function entriesOnce(scan: Scan, parent: string, name?: string): (SharedFile | string)[] {
  const { folder, realFolders, notes } = scan;
  const way = lookUpSync(realFolders.enter(parent));
  if (!way) return [];
  const entries: (SharedFile | string)[] = [];
  const files = new Map<string, FoundFile>();
  const take = (name: string, entry: Deno.DirEntry | null) => {
    const found = visit(scan, parent === "" ? name : `${parent}/${name}`, entry);
    if (!found) return;
    if (typeof found === "object" && "inode" in found) files.set(name, found);
    else entries.push(found);
  };
  if (name !== undefined) take(name, null);
  else {
    const found = Deno.readDirSync(diskPath(folder.root, parent));
    notes.folders.push(parent);
    for (const entry of found) take(entry.name, entry);
  }
  const inodes = new Map(files.entries().map(([name, { inode }]) => [name, inode]));
  const proven = lookUpSync(realFolders.prove(way, inodes));
  for (const [name, { file }] of files) if (proven.has(name)) entries.push(file);
  return entries;
}

/** A file that has to be proven yet. */
interface FoundFile {
  readonly file: SharedFile;
  readonly inode: Inode;
}

/**
 * The file at a path, or the proven file to which a link there leads, or the path itself if it is a
 * folder; null if it is not shared.
 *
 * @param entry Its entry in its folder; null if the scan is for this path.
 */
function visit(
  scan: Scan,
  path: string,
  entry: Deno.DirEntry | null,
): FoundFile | SharedFile | string | null {
  const { folder, notes } = scan;
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
      const file = describe(path, info, null);
      return file && { file, inode: info };
    }
    return info.isSymlink ? visitLink(scan, path, entry) : null;
  } catch (error) {
    if (error instanceof FolderSwappedError) throw error;
    // One file that cannot be read must not prevent the others from being shared.
    return leaveOut(path, isAbsent(error) ? null : "unreadable file", error, notes);
  }
}

function visitLink(
  { folder, realFolders, notes }: Scan,
  path: string,
  entry: Deno.DirEntry | null,
): SharedFile | null {
  const onDisk = diskPath(folder.root, path);
  let real: string;
  try {
    real = Deno.realPathSync(onDisk);
  } catch (error) {
    return leaveOut(path, isDenied(error) ? "unreadable file" : "broken link", error, notes);
  }
  if (!isInside(folder, real)) return leaveOut(path, "link that leads out", null, notes);
  const target = wirePathOf(folder.root, real)!;
  const info = lookUpSync(realFolders.find(target));
  if (info?.isDirectory) return leaveOut(path, "link to a folder", null, notes);
  if (!info?.isFile) return null;
  notes.probe.assertReadable(real, info, entry === null);
  return describe(path, info, target);
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

/** Whether a call failed for a lack of descriptors or memory. */
function isOutOfResources(error: unknown): boolean {
  const code = codeOf(error);
  return ["EMFILE", "ENFILE", "ENOMEM"].includes(code ?? "");
}

/** Whether an error means that there is nothing at a path. */
function isAbsent(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory ||
    ["ENOENT", "ENOTDIR"].includes(code);
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable;
}
