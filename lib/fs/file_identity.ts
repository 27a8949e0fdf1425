/**
 * The identity of a file's content, derived from the file's metadata.
 *
 * @module
 */

/** Identifies the content of a file on disk. */
export interface FileIdentity {
  /** The number of its file system. */
  readonly device: number;
  /** Size and modification time: the version that is sent over the wire. */
  readonly version: string;
  /**
   * Change time and inode number. They change with everything that touches the file, even if that
   * restores the modification time; so they find a write during a read, and stay on this machine.
   */
  readonly stamp: string;
}

/** Whether nothing has touched a file between two identities. */
export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return a.version === b.version && a.stamp === b.stamp && a.device === b.device;
}

/** An identity as one text. */
export function identityKey({ device, version, stamp }: FileIdentity): string {
  return `${version}/${stamp}/${device}`;
}

/** The metadata that `Deno.stat` and `node:fs` have in common. */
interface Metadata {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
  readonly dev: number;
}

/**
 * The identity of a file from `node:fs` metadata.
 *
 * The version is the same for a copy with the same time, on any machine and file system: nothing
 * that touches only metadata changes it. Times are in whole milliseconds, and systems update them
 * between a few and a few hundred times a second: two writes of the same size within one update are
 * not distinguished; only the digest of the whole file shows such a change. Deno gives the change
 * time in whole seconds.
 */
export function identityOf({ size, mtimeMs, ctimeMs, ino, dev }: Metadata): FileIdentity {
  const [modified, changed] = [Math.floor(mtimeMs) || 0, Math.floor(ctimeMs) || 0];
  return {
    device: dev,
    version: `${digits(size)}-${digits(modified)}`,
    stamp: `${digits(changed)}-${digits(ino)}`,
  };
}

function digits(number: number): string {
  return number.toString(36);
}

/** The identity of a file from `Deno.stat` metadata; equal to the one from `node:fs`. */
export function identityOfInfo(info: Deno.FileInfo): FileIdentity {
  return identityOf({
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? 0,
    ctimeMs: info.ctime?.getTime() ?? 0,
    ino: info.ino ?? 0,
    dev: info.dev,
  });
}

/** The number of a file or folder in its file system, and that of the file system. */
export interface Inode {
  readonly dev: number;
  readonly ino: number | null;
}

/** Whether two files or folders are one; null stands for none. True where nothing has a number. */
export function isSameInode(info: Inode | null, { dev, ino }: Inode): boolean {
  return info?.dev === dev && info.ino === ino;
}
