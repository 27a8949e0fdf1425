/**
 * Lookups of paths, written once for threads that may wait for a disk and for those that must not.
 *
 * @module
 */

/** Yields paths, and gets the metadata of what is there; null if nothing is. */
export type Lookups<T> = Generator<string, T, Deno.FileInfo | null>;

/**
 * Looks paths up, and waits for the disk.
 *
 * @throws {Error} If a path cannot be looked up.
 */
export function lookUpSync<T>(lookups: Lookups<T>): T {
  let step = lookups.next();
  while (!step.done) step = lookups.next(infoSync(step.value));
  return step.value;
}

/** The same without blocking. */
export async function lookUp<T>(lookups: Lookups<T>): Promise<T> {
  let step = lookups.next();
  while (!step.done) step = lookups.next(await info(step.value));
  return step.value;
}

function infoSync(path: string): Deno.FileInfo | null {
  try {
    return Deno.lstatSync(path);
  } catch (error) {
    return nullIfAbsent(error);
  }
}

async function info(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    return nullIfAbsent(error);
  }
}

function nullIfAbsent(error: unknown): null {
  const isAbsent = error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.FilesystemLoop;
  if (!isAbsent) throw error;
  return null;
}
