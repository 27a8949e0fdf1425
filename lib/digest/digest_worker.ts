/**
 * The Worker that computes SHA-256 digests of files, including files that are still growing.
 *
 * Jobs take turns, one slice each, so that a large file does not delay a small one. Reads are
 * synchronous, which blocks only this thread.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import { codeOf, messageOf } from "../errors.ts";
import { identityKey, identityOf } from "../fs/file_identity.ts";
import { isOutOfDescriptors } from "../fs/out_of_descriptors.ts";
import type { DigestCommand, DigestReply, DigestStep } from "./file_hasher.ts";

class ChangedError extends Error {}

interface Job {
  readonly path: string;
  readonly identity: string | null;
  /** Created with the first slice, because many jobs may be waiting. */
  hash: Hash | undefined;
  /** The position of the next byte to hash. */
  done: number;
  /** The end of the bytes that may be hashed. */
  upTo: number;
  /** The end of the bytes to hash once they are complete, else undefined. */
  end: number | undefined;
}

/** How much of one file is hashed before the next job gets a slice, in bytes. */
const SLICE_SIZE = 4 * 1024 * 1024;
/** How long to hash before new commands are handled, in milliseconds. */
const MAX_BLOCKED_MS = 10;
/** A growing file is read again once this many new bytes are there. */
const MIN_READ = 1024 * 1024;
/** The pause of a job that lacks a descriptor, in milliseconds. */
const DESCRIPTOR_PAUSE_MS = 100;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<DigestCommand>) => void;
  postMessage(reply: DigestReply | DigestStep): void;
};
const jobs = new Map<number, Job>();
const ready = new Set<number>();
const buffer = new Uint8Array(1024 * 1024);
let isRunning = false;

scope.onmessage = ({ data: command }) => {
  const { id } = command;
  if (command.type === "start") {
    const { path, identity, offset } = command;
    jobs.set(id, { path, identity, hash: undefined, done: offset, upTo: 0, end: undefined });
    return;
  }
  const job = jobs.get(id);
  if (!job) return; // It has failed, which has been reported.
  if (command.type === "cancel") {
    forget(id);
    return;
  }
  job.upTo = command.upTo;
  if (command.type === "finish") job.end = command.upTo;
  if (job.end !== undefined || job.upTo - job.done >= MIN_READ) {
    ready.add(id);
    run();
  }
};

async function run(): Promise<void> {
  if (isRunning) return;
  isRunning = true;
  let startedAt = performance.now();
  for (const id of ready) {
    ready.delete(id);
    const job = jobs.get(id);
    if (!job) continue;
    scope.postMessage({ step: id });
    advance(id, job);
    if (performance.now() - startedAt > MAX_BLOCKED_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      startedAt = performance.now();
    }
  }
  isRunning = false;
  scope.postMessage({ step: null });
}

/** Hashes one slice. The file is closed after it, as there may be more jobs than descriptors. */
function advance(id: number, job: Job): void {
  let file: number | undefined;
  try {
    // Opening a named pipe without O_NONBLOCK would block forever, and Deno 2.4 has the flags of
    // macOS on every system, so check the type first.
    if (!statSync(job.path).isFile()) throw new Error("It is not a regular file");
    file = openSync(job.path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    assertUntouched(job, file);
    hashSlice(job, file);
    if (job.done < job.upTo) {
      ready.add(id);
    } else if (job.end !== undefined) {
      assertUntouched(job, file);
      scope.postMessage({ id, digest: hashOf(job).digest("hex") });
      forget(id);
    }
  } catch (error) {
    if (isOutOfDescriptors(error)) {
      setTimeout(() => tryAgain(id), DESCRIPTOR_PAUSE_MS);
      return;
    }
    const code = codeOf(error);
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

function tryAgain(id: number): void {
  if (!jobs.has(id)) return;
  ready.add(id);
  run();
}

function hashOf(job: Job): Hash {
  job.hash ??= createHash("sha256");
  return job.hash;
}

function hashSlice(job: Job, file: number): void {
  const hash = hashOf(job);
  const end = Math.min(job.upTo, job.done + SLICE_SIZE);
  while (job.done < end) {
    const read = readSync(file, buffer, 0, Math.min(buffer.length, end - job.done), job.done);
    if (read === 0) throw new Error("The file is shorter than expected");
    hash.update(buffer.subarray(0, read));
    job.done += read;
  }
}

function assertUntouched({ identity }: Job, file: number): void {
  if (identity !== null && identityKey(identityOf(fstatSync(file))) !== identity) {
    throw new ChangedError("The file has changed");
  }
}

function forget(id: number): void {
  jobs.delete(id);
  ready.delete(id);
}
