/**
 * Why a file failed, and what the user can do about it. Pure.
 *
 * @module
 */
import { codeOf, messageOf, WireError } from "../errors.ts";
import type { FailedFile } from "./events.ts";
import { OutputError } from "../errors.ts";
import type { PlannedFile } from "./input/plan.ts";

const AGAIN = "then run the client again";

/** Thrown if a digest is not the expected one. */
export class VerificationError extends Error {
  override name = "VerificationError";

  /** The line of `input.txt` with the expected digest; null if it is the server's. */
  readonly line: number | null;

  /** @param message The two digests, in words. */
  constructor(message: string, { sha256, line }: PlannedFile) {
    super(message);
    this.line = sha256 === null ? null : line;
  }
}

/** Thrown if a file has changed too often before it was complete. */
export class UnstableFileError extends Error {
  override name = "UnstableFileError";

  constructor() {
    super("it keeps changing on the server");
  }
}

/** Describes an error to the user, and whether it was in the verification. */
export function fileFailure(error: unknown): Omit<FailedFile, "path"> & { verification: boolean } {
  const reason = error instanceof WireError
    ? `the server says: ${error.message}`
    : messageOf(error);
  const verification = error instanceof VerificationError;
  return { reason, advice: adviceOn(error), verification };
}

function adviceOn(error: unknown): string {
  if (error instanceof VerificationError) {
    return error.line === null
      ? "run the client again; if it fails again, check the server's file and both disks"
      : `correct or remove the digest in line ${error.line}, if that file is the right one`;
  }
  if (error instanceof UnstableFileError) {
    return "run the client without --once, or again when nothing writes to the file any more: " +
      "the partial file is kept";
  }
  if (error instanceof WireError) {
    if (error.code === "busy") return "run the client again later";
    return error.code === "read-failed"
      ? `ask the operator of the server to check the file, ${AGAIN}`
      : "report it: one of the two programs has a defect";
  }
  if (error instanceof OutputError && error.advice !== undefined) return error.advice;
  return adviceOnSystem(error) ??
    (error instanceof OutputError
      ? `make way for it in the output folder, ${AGAIN}`
      : "run the client again");
}

/** The advice on a system's error, by its kind. */
function adviceOnSystem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error) ?? "";
  if (DISK_FULL.has(code)) return `free some space, ${AGAIN}: the partial file is kept`;
  const isDenied = error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
  if (isDenied || code === "EACCES" || code === "EPERM") {
    return "let this user write there, or name another folder with --output";
  }
  if (code === "EROFS") return "make its disk writable, or name another folder with --output";
  if (code === "EIO") return `check the disk, ${AGAIN}`;
  return adviceOnSystem(error.cause);
}

const DISK_FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
