/**
 * The real folder behind `--dir`, which may be a link that is switched, or be replaced.
 *
 * @module
 */
import { join } from "@std/path";

/** A name to look up, whether or not it is there: only a user who may enter the folder can. */
const ANY_NAME = ".sluice";

/** A folder at one time. */
export interface SharedRoot {
  /** Its real path. */
  readonly path: string;
  /** Its device and inode number: another folder under the same path has others. */
  readonly id: string;
}

/**
 * Finds the real folder.
 *
 * @throws {Error} If it is not there, or this user may not enter it.
 */
export function rootOf(dir: string): SharedRoot {
  const path = Deno.realPathSync(dir);
  try {
    Deno.lstatSync(join(path, ANY_NAME));
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`This user may not enter the folder "${path}"`, { cause: error });
    }
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return { path, id: idOf(Deno.statSync(path)) };
}

/** The real folder, or null if there is an error. Does not block. */
export async function tryRootOf(dir: string): Promise<SharedRoot | null> {
  try {
    const path = await Deno.realPath(dir);
    return { path, id: idOf(await Deno.stat(path)) };
  } catch {
    return null;
  }
}

/** Whether two are the same folder under the same path. */
export function isSameRoot(a: SharedRoot | null, b: SharedRoot | null): boolean {
  return a?.path === b?.path && a?.id === b?.id;
}

function idOf({ dev, ino }: Deno.FileInfo): string {
  return `${dev}:${ino}`;
}
