/**
 * One Worker that computes digests, and a watch over the disk that it waits for.
 *
 * @module
 */
import type { DigestCommand, DigestReply, DigestStep } from "./file_hasher.ts";

/** How long a disk may take, in milliseconds. */
export interface DiskPatience {
  /** Before the other jobs go on elsewhere. */
  readonly stuckMs: number;
  /** Before the job fails. */
  readonly lostMs: number;
}

/** The default patience. */
export const PATIENCE: DiskPatience = { stuckMs: 2_000, lostMs: 30_000 };

/** The part of a `Worker` that is used. */
export type WorkerPort = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror">;

/** The owner's view of the Worker. */
export interface HashWorkerEvents {
  readonly onReply: (worker: HashWorker, reply: DigestReply) => void;
  /** Is called when a job has waited for the disk for too long; the Worker hears nothing. */
  readonly onStuck: (worker: HashWorker, id: number) => void;
  /** Is called when it has waited so long that it is given up. */
  readonly onLost: (worker: HashWorker, id: number) => void;
  readonly onFailed: (worker: HashWorker, message: string) => void;
}

/** Starts the Worker's thread. */
export function startDigestWorker(): WorkerPort {
  return new Worker(new URL("./digest_worker.ts", import.meta.url), { type: "module" });
}

/** A Worker with some jobs. */
export class HashWorker implements Disposable {
  readonly #worker: WorkerPort;
  readonly #events: HashWorkerEvents;
  readonly #patience: DiskPatience;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(worker: WorkerPort, events: HashWorkerEvents, patience: DiskPatience) {
    this.#worker = worker;
    this.#events = events;
    this.#patience = patience;
    worker.onmessage = ({ data }: MessageEvent<DigestReply | DigestStep>) => {
      if ("step" in data) this.#begin(data.step);
      else events.onReply(this, data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this[Symbol.dispose]();
      events.onFailed(this, event.message);
    };
  }

  /** Sends a command. */
  post(command: DigestCommand): void {
    this.#worker.postMessage(command);
  }

  /** Stops it, whatever it waits for. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#worker.onmessage = () => {};
    this.#worker.terminate();
  }

  #begin(step: number | null): void {
    clearTimeout(this.#timer);
    if (step === null) return;
    const { stuckMs, lostMs } = this.#patience;
    this.#timer = setTimeout(() => {
      this.#timer = setTimeout(() => this.#events.onLost(this, step), lostMs - stuckMs);
      this.#events.onStuck(this, step);
    }, stuckMs);
  }
}
