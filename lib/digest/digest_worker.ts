/**
 * The Worker that computes SHA-256 digests of files, also of files that are still growing.
 *
 * Many jobs go on side by side: each gets a slice in turn, so that a large file does not make a
 * small one wait. Reads are synchronous, which blocks nobody but this thread.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { identityOf } from "../fs/file_identity.ts";
import type { DigestCommand, DigestReply } from "./file_hasher.ts";

class ChangedError extends Error {}

interface Job {
  readonly path: string;
  readonly version: string | null;
  /** Made with the first slice: there may be many jobs that have not begun. */
  hash: Hash | undefined;
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
    jobs.set(id, { path, version, hash: undefined, done: 0, upTo: 0, size: undefined });
    return;
  }
  const job = jobs.get(id);
  if (!job) return; // It has failed, which has been said.
  if (command.type === "drop") {
    forget(id);
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

/** Hashes a slice. The file is open for no longer: there may be more jobs than descriptors. */
function advance(id: number, job: Job): void {
  let file: number | undefined;
  try {
    // A named pipe would keep a plain open waiting for ever, and Deno 2.4 has only the flags of
    // macOS: it is looked at first.
    if (!statSync(job.path).isFile()) throw new Error("It is no file");
    file = openSync(job.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    assertVersion(job, file);
    hashSlice(job, file);
    if (job.done < job.upTo) {
      ready.add(id);
    } else if (job.size !== undefined) {
      assertVersion(job, file);
      scope.postMessage({ id, digest: hashOf(job).digest("hex") });
      forget(id);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const kind = error instanceof ChangedError
      ? "changed"
      : code === "ENOENT"
      ? "not-found"
      : "read-failed";
    scope.postMessage({ id, error: messageOf(error), code: kind });
    forget(id);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function hashOf(job: Job): Hash {
  job.hash ??= createHash("sha256");
  return job.hash;
}

function hashSlice(job: Job, file: number): void {
  const hash = hashOf(job);
  const end = Math.min(job.upTo, job.done + SLICE);
  while (job.done < end) {
    const read = readSync(file, buffer, 0, Math.min(buffer.length, end - job.done), job.done);
    if (read === 0) throw new Error("The file is shorter than expected");
    hash.update(buffer.subarray(0, read));
    job.done += read;
  }
}

function assertVersion({ version }: Job, file: number): void {
  if (version !== null && identityOf(fstatSync(file)).version !== version) {
    throw new ChangedError("The file has changed");
  }
}

function forget(id: number): void {
  jobs.delete(id);
  ready.delete(id);
}
