/**
 * The Worker that computes SHA-256 digests of files, also of files that are still growing.
 *
 * Many jobs go on side by side: each gets a slice in turn, so that a large file does not make a
 * small one wait. Reads are synchronous, which blocks nobody but this thread.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { identityOf } from "../file_identity.ts";
import type { DigestCommand, DigestReply } from "./file_hasher.ts";

class ChangedError extends Error {}

interface Job {
  readonly path: string;
  readonly version: string | null;
  readonly hash: Hash;
  /** A descriptor. */
  file: number | undefined;
  /** Bytes hashed. */
  done: number;
  /** Bytes that may be hashed. */
  upTo: number;
  /** The file's size once it is known to be complete, else undefined. */
  size: number | undefined;
}

/** How much of one file is hashed before the next job's turn, in bytes. */
const SLICE = 4 * 1024 * 1024;
/** How long to work before new commands are looked at, in milliseconds. */
const TURN_MS = 10;
/** A growing file is read again once this much is there, in bytes. */
const WORTH_READING = 1024 * 1024;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<DigestCommand>) => void;
  postMessage(reply: DigestReply): void;
};
const jobs = new Map<number, Job>();
const ready = new Set<number>();
const buffer = new Uint8Array(1024 * 1024);
let working = false;

scope.onmessage = ({ data: command }) => {
  const { id } = command;
  if (command.type === "start") {
    const { path, version } = command;
    const hash = createHash("sha256");
    jobs.set(id, { path, version, hash, file: undefined, done: 0, upTo: 0, size: undefined });
    return;
  }
  const job = jobs.get(id);
  if (!job) return;
  if (command.type === "drop") {
    forget(id, job);
    return;
  }
  job.upTo = command.upTo;
  if (command.type === "finish") job.size = command.upTo;
  if (job.size !== undefined || job.upTo - job.done >= WORTH_READING) {
    ready.add(id);
    work();
  }
};

async function work(): Promise<void> {
  if (working) return;
  working = true;
  let turnStart = performance.now();
  for (const id of ready) {
    ready.delete(id);
    const job = jobs.get(id);
    if (job) advance(id, job);
    if (performance.now() - turnStart > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      turnStart = performance.now();
    }
  }
  working = false;
}

function advance(id: number, job: Job): void {
  try {
    // A named pipe would keep a plain open waiting for ever.
    job.file ??= openSync(job.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    assertVersion(job);
    hashSlice(job);
    if (job.done < job.upTo) {
      ready.add(id);
    } else if (job.size !== undefined) {
      assertVersion(job);
      scope.postMessage({ id, digest: job.hash.digest("hex") });
      forget(id, job);
    }
  } catch (error) {
    scope.postMessage({ id, error: messageOf(error), changed: error instanceof ChangedError });
    forget(id, job);
  }
}

function hashSlice(job: Job): void {
  const end = Math.min(job.upTo, job.done + SLICE);
  while (job.done < end) {
    const read = readSync(job.file!, buffer, 0, Math.min(buffer.length, end - job.done), null);
    if (read === 0) throw new Error("The file is shorter than expected");
    job.hash.update(buffer.subarray(0, read));
    job.done += read;
  }
}

function assertVersion({ version, file }: Job): void {
  if (version !== null && identityOf(fstatSync(file!)).version !== version) {
    throw new ChangedError("The file has changed");
  }
}

function forget(id: number, job: Job): void {
  if (job.file !== undefined) closeSync(job.file);
  jobs.delete(id);
  ready.delete(id);
}
