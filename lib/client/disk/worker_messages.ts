/**
 * The messages between the main thread and the Worker of the disk.
 *
 * @module
 */
import { codeOf, messageOf, OutputError } from "../../errors.ts";
import type { ListedFile } from "../../protocol/payloads.ts";
import type { DiskAction, DiskResult } from "./disk_actions.ts";
import type { OutputFolderState } from "./output_folder.ts";

/** An action without the record, which stays in its thread. */
type SentAction = DiskAction extends infer A ? A extends { record: unknown } ? Omit<A, "record">
  : never
  : never;
type SentResult = DiskResult extends infer R ? R extends { record: unknown } ? Omit<R, "record">
  : never
  : never;

/** A command to the Worker. The bytes of a write are transferred to it, and back with `written`. */
export type WorkerCommand =
  | { readonly type: "begin"; readonly folder: OutputFolderState; readonly isLocal: boolean }
  | {
    readonly type: "perform";
    readonly key: number;
    readonly file: ListedFile;
    readonly action: SentAction;
  }
  | { readonly type: "end" };

/** A reply of the Worker. */
export type WorkerReply =
  | { readonly type: "result"; readonly key: number; readonly result: SentResult }
  | { readonly type: "failed"; readonly key: number; readonly error: PlainError }
  | { readonly type: "written"; readonly buffer: ArrayBuffer }
  | { readonly type: "ended" };

/** An error in the form in which it is sent to another thread, which would lose its class. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  /** The system's code of the error or its cause. */
  readonly code: string | undefined;
  readonly advice: string | undefined;
}

/** Converts an error for another thread. */
export function describeError(error: unknown): PlainError {
  const name = error instanceof Error ? error.name : "Error";
  const advice = error instanceof OutputError ? error.advice : undefined;
  return { name, message: messageOf(error), code: codeOf(error), advice };
}

/** Restores an error, with its code and those classes that callers distinguish. */
export function restoreError({ name, message, code, advice }: PlainError): Error {
  const error = errorOf(name, message, advice);
  return code === undefined ? error : Object.assign(error, { code });
}

function errorOf(name: string, message: string, advice: string | undefined): Error {
  switch (name) {
    case "OutputError":
      return new OutputError(message, { advice });
    case "PermissionDenied":
      return new Deno.errors.PermissionDenied(message);
    case "NotCapable":
      return new Deno.errors.NotCapable(message);
    default:
      return new Error(message);
  }
}
