/**
 * Flushes folders to the disk, so that a new name survives a power cut.
 *
 * @module
 */

/** How long names wait for the flush of their folder, in milliseconds: one serves for many. */
const DELAY_MS = 500;

/**
 * Resolves when the names in a folder are on the disk. Does nothing where the system cannot flush a
 * folder, as on Windows.
 */
export async function flushFolder(folder: string): Promise<void> {
  try {
    using open = await Deno.open(folder);
    await open.sync();
  } catch {
    // The file is there; only a power cut within the next seconds could take its name.
  }
}

/** Flushes the folders of many small files, in the background and once for all of them. */
export class FolderFlusher {
  readonly #folders = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing = Promise.resolve();

  /** Notes that a name is new in a folder. */
  add(folder: string): void {
    this.#folders.add(folder);
    this.#timer ??= setTimeout(() => this.flush(), DELAY_MS);
  }

  /** Resolves when all names that were added are on the disk. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const folders = [...this.#folders];
    this.#folders.clear();
    this.#flushing = this.#flushing.then(async () => {
      for (const folder of folders) await flushFolder(folder);
    });
    return this.#flushing;
  }
}
