/**
 * The names in folders, as of a moment ago: one listing serves thousands of files, nearly all of
 * which do not exist yet.
 *
 * @module
 */
import { SEPARATOR } from "@std/path";

/** How long a listing is valid: at least, in milliseconds, and in multiples of its duration. */
const MIN_AGE_MS = 1_000;
const MAX_EFFORT = 50;

interface Listing {
  readonly names: Set<string>;
  readonly until: number;
}

/** Remembers listings. Not guarded against: names that other programs create meanwhile. */
export class FolderListing {
  readonly #folders = new Map<string, Listing>();

  /** Whether a path existed a moment ago; true if that is unknown. */
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

  /** Records that this program creates a path. */
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
