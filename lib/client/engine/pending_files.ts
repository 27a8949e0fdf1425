/**
 * Files to download that have not begun; there may be very many.
 *
 * @module
 */
import { Queue } from "../../async/queue.ts";
import { perPriority, type Priority } from "../priority.ts";
import type { PlannedFile } from "../input/plan.ts";

/** Pending files, by path and by priority. */
export class PendingFiles {
  readonly #waiting = new Map<string, PlannedFile>();
  /** Paths in the order of their addition; some may be removed, or in another queue by now. */
  readonly #queues = perPriority(() => new Queue<string>());

  /** Paths of files that are not taken before they are woken. */
  readonly #resting = new Set<string>();

  /** The number of pending files. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The pending file of a path, if there is one. */
  get(path: string): PlannedFile | undefined {
    return this.#waiting.get(path);
  }

  /** The paths of all pending files. */
  paths(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** All pending files. */
  all(): Iterable<PlannedFile> {
    return this.#waiting.values();
  }

  /** Adds a file; a pending one keeps its place unless its priority has changed. */
  put(planned: PlannedFile): void {
    const { file: { path }, priority } = planned;
    const present = this.#waiting.get(path);
    this.#waiting.set(path, planned);
    if (this.#resting.has(path)) return;
    if (present?.priority !== priority) this.#queues[priority].push(path);
  }

  /** Adds a file that rests until it is woken. */
  rest(planned: PlannedFile): void {
    this.#resting.add(planned.file.path);
    this.put(planned);
  }

  /** Whether a file rests. */
  isResting(path: string): boolean {
    return this.#resting.has(path);
  }

  /** Ends the rest of a file, if it rests. */
  wake(path: string): void {
    const planned = this.#waiting.get(path);
    if (planned && this.#resting.delete(path)) this.#queues[planned.priority].push(path);
  }

  /** Removes a file, and returns whether it was pending. */
  remove(path: string): boolean {
    this.#resting.delete(path);
    return this.#waiting.delete(path);
  }

  /** Removes and returns the first file of a priority. */
  take(priority: Priority): PlannedFile | undefined {
    const queue = this.#queues[priority];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const planned = this.#waiting.get(path);
      if (planned?.priority !== priority || this.#resting.has(path)) continue;
      this.#waiting.delete(path);
      return planned;
    }
    return undefined;
  }
}
