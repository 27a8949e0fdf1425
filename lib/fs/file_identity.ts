/**
 * Which content a file on disk has, as far as its metadata tells.
 *
 * @module
 */

/** A file's content as its metadata names it. */
export interface FileIdentity {
  /** The file system that it is on. */
  readonly device: number;
  /** What the wire calls a version. */
  readonly version: string;
}

/** Whether two identities are of one content. */
export function isSameIdentity(a: FileIdentity, b: FileIdentity): boolean {
  return a.version === b.version && a.device === b.device;
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
 * The version is made of size, times and inode number: it survives a restart of the server, and
 * differs after a write, a replacement, even one that sets the old modification time again.
 * Times count whole milliseconds, and systems set them some times a second to a few hundred times,
 * so two writes of the same size within moments are not told apart; the whole-file digest is there
 * for that.
 */
export function identityOf({ size, mtimeMs, ctimeMs, ino, dev }: Metadata): FileIdentity {
  const [modified, changed] = [Math.floor(mtimeMs) || 0, Math.floor(ctimeMs) || 0];
  return {
    device: dev,
    version: `${digits(size)}-${digits(modified)}-${digits(changed)}-${digits(ino)}`,
  };
}

function digits(number: number): string {
  return number.toString(36);
}

/** The identity of a file from `Deno.stat`, equal to that from `node:fs`. */
export function identityOfInfo(info: Deno.FileInfo): FileIdentity {
  return identityOf({
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? 0,
    ctimeMs: info.ctime?.getTime() ?? 0,
    ino: info.ino ?? 0,
    dev: info.dev,
  });
}
