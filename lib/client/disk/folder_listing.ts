/**
 * Which names there are in folders, as of a moment ago: one listing answers for thousands of files,
 * of which nearly none is there.
 *
 * @module
 */
import { SEPARATOR } from "@std/path";

/** How long a listing counts, in milliseconds: at least, and in multiples of the time it takes. */
const MIN_AGE_MS = 1_000;
const MAX_EFFORT = 50;

interface Listing {
  readonly names: Set<string>;
  readonly until: number;
}

/** Remembers listings. Not guarded against: names that others create within the last second. */
export class FolderListing {
  readonly #folders = new Map<string, Listing>();

  /** Whether a path was there a moment ago; if it cannot be known, true. */
  has(path: string): boolean {
    const at = path.lastIndexOf(SEPARATOR);
    const folder = path.slice(0, at);
    const now = performance.now();
    let listing = this.#folders.get(folder);
    if (!listing || now > listing.until) {
      const names = namesIn(folder);
      if (!names) return true;
      const end = performance.now();
      const age = Math.max(MIN_AGE_MS, MAX_EFFORT * (end - now));
      // There may be very many folders.
      if (this.#folders.size >= 1_000) this.#folders.clear();
      this.#folders.set(folder, listing = { names, until: end + age });
    }
    return listing.names.has(path.slice(at + 1));
  }

  /** Notes that this program creates a path. */
  add(path: string): void {
    const at = path.lastIndexOf(SEPARATOR);
    this.#folders.get(path.slice(0, at))?.names.add(path.slice(at + 1));
  }
}

/** The names in a folder, none if there is no folder; null if they cannot be read. */
function namesIn(folder: string): Set<string> | null {
  try {
    return new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  } catch (error) {
    return error instanceof Deno.errors.NotFound ? new Set() : null;
  }
}
