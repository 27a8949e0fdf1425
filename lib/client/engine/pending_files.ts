/**
 * Files that are to be downloaded and have not begun: there may be very many.
 *
 * @module
 */
import { Queue } from "../../async/queue.ts";
import { perPriority, type Priority } from "../priority.ts";
import type { PlannedFile } from "../input/plan.ts";

/** Waiting files, by path and by priority. */
export class PendingFiles {
  readonly #waiting = new Map<string, PlannedFile>();
  /** Paths in the order of their coming; some of them may wait no longer, or elsewhere. */
  readonly #queues = perPriority(() => new Queue<string>());

  /** How many files wait. */
  get size(): number {
    return this.#waiting.size;
  }

  get(path: string): PlannedFile | undefined {
    return this.#waiting.get(path);
  }

  /** The paths of all that wait. */
  paths(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** All that wait. */
  all(): Iterable<PlannedFile> {
    return this.#waiting.values();
  }

  /** Puts a file in; one that waits already keeps its place unless its priority is another. */
  put(planned: PlannedFile): void {
    const { file: { path }, priority } = planned;
    const present = this.#waiting.get(path);
    this.#waiting.set(path, planned);
    if (present?.priority !== priority) this.#queues[priority].push(path);
  }

  /** Takes a file out, if it waits. */
  remove(path: string): boolean {
    return this.#waiting.delete(path);
  }

  /** Takes out the first file of a priority. */
  take(priority: Priority): PlannedFile | undefined {
    const queue = this.#queues[priority];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      const planned = this.#waiting.get(path);
      if (planned?.priority !== priority) continue;
      this.#waiting.delete(path);
      return planned;
    }
    return undefined;
  }
}
