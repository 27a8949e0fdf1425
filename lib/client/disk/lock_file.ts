/**
 * The lock's file: who holds the output folder, and when its holder last said so.
 *
 * @module
 */
import { dirname, join } from "@std/path";
import { lstatOrNull, nullIfNotFound, removeIfExists } from "../../fs/not_found.ts";
import { sleep } from "../../async/sleep.ts";
import { writeAllSync } from "../../fs/write_all.ts";

/** A client that holds an output folder. */
export interface LockOwner {
  readonly pid: number;
  /** The name of its machine; empty if it is not known. */
  readonly host: string;
  /** Tells apart the clients of all machines and times. */
  readonly id: string;
}

/** How long an owner may be silent, in milliseconds, and how often that is checked. */
export interface Silence {
  readonly maxMs: number;
  readonly pollMs: number;
}

/** This client, as the owner of a lock. */
export function thisOwner(): LockOwner {
  return { pid: Deno.pid, host: hostName(), id: crypto.randomUUID() };
}

/** The name of this machine; empty where it is in no file. The system's call needs a permission. */
function hostName(): string {
  try {
    return Deno.readTextFileSync("/etc/hostname").trim();
  } catch {
    return "";
  }
}

/** The text of a lock's file: the process id, the machine and the id, a line each. */
export function ownerText({ pid, host, id }: LockOwner): string {
  return `${pid}\n${host}\n${id}\n`;
}

/** The owner in a text that anyone may have written; null if it names none. */
export function parseOwner(text: string): LockOwner | null {
  const [pid, host = "", id = ""] = text.split("\n");
  if (!/^\d{1,10}$/.test(pid!)) return null;
  return { pid: Number(pid), host: /^[\w.-]{1,255}$/.test(host) ? host : "", id };
}

/** The owner as a clause for messages; empty if it is not known. */
export function describeOwner(owner: LockOwner | null, here: LockOwner): string {
  if (!owner) return "";
  const where = owner.host === "" || owner.host === here.host ? "" : ` on ${owner.host}`;
  return ` (process ${owner.pid}${where})`;
}

/** The owner that a lock's file names; null if it cannot be read. */
export function readOwner(path: string): LockOwner | null {
  try {
    return parseOwner(Deno.readTextFileSync(path));
  } catch {
    return null;
  }
}

/** Writes an owner into an open file, in place of any other. */
export function writeOwner(file: Deno.FsFile, owner: LockOwner): void {
  file.truncateSync();
  writeAllSync(file, new TextEncoder().encode(ownerText(owner)));
}

/** Writes the owner that is in a file again, which renews the file's modification time. */
export async function renewOwner(file: Deno.FsFile, owner: LockOwner): Promise<void> {
  await file.seek(0, Deno.SeekMode.Start);
  await file.write(new TextEncoder().encode(ownerText(owner)));
}

/**
 * Opens a lock's file, and creates it if it is missing. It must not be a link, nor have a second
 * name.
 *
 * @returns The file, and whether this call created it, which only one of several clients can.
 */
export function openLockFile(path: string): { file: Deno.FsFile; isNew: boolean } {
  const options = { read: true, write: true };
  try {
    return { file: Deno.openSync(path, { ...options, createNew: true }), isNew: true };
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  const { isFile, isSymlink, nlink } = Deno.lstatSync(path);
  if (!isFile && !isSymlink) throw new Error(`"${path}" is not a file; remove it`);
  if (isSymlink || (nlink ?? 1) > 1) throw new Error(`"${path}" is a link; remove it`);
  return { file: Deno.openSync(path, options), isNew: false };
}

/**
 * Watches a lock's file until its owner renews it, or has been silent for too long.
 *
 * @returns Whether the owner is gone. False also if the signal is aborted.
 */
export async function isAbandoned(
  path: string,
  { maxMs, pollMs }: Silence,
  signal: AbortSignal,
): Promise<boolean> {
  const since = performance.now();
  const first = await stampOf(path);
  if (first === null) return true;
  const silentBefore = Math.max(0, fileSystemTime(dirname(path)) - first.modified);
  while (silentBefore + performance.now() - since < maxMs) {
    await sleep(pollMs, signal);
    if (signal.aborted) return false;
    const next = await stampOf(path);
    if (next === null) return true;
    if (next.modified !== first.modified || next.id !== first.id) return false;
  }
  return true;
}

/** The last sign of life in a lock's file; null if the file is gone. */
async function stampOf(path: string): Promise<{ modified: number; id: string } | null> {
  const info = await nullIfNotFound(Deno.lstat(path));
  return info && { modified: info.mtime?.getTime() ?? 0, id: readOwner(path)?.id ?? "" };
}

/** The time of a folder's file system, whose clock may not be this machine's. */
function fileSystemTime(folder: string): number {
  const probe = join(folder, `probe-${crypto.randomUUID()}`);
  Deno.openSync(probe, { write: true, createNew: true }).close();
  const time = lstatOrNull(probe)?.mtime?.getTime() ?? Date.now();
  removeIfExists(probe);
  return time;
}
