/**
 * The messages between the main thread and the Worker of the disk.
 *
 * @module
 */
import { messageOf, OutputError } from "../../errors.ts";
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
}

/** Converts an error for another thread. */
export function describeError(error: unknown): PlainError {
  return { name: error instanceof Error ? error.name : "Error", message: messageOf(error) };
}

/** Restores an error, with those classes that callers distinguish. */
export function restoreError({ name, message }: PlainError): Error {
  switch (name) {
    case "OutputError":
      return new OutputError(message);
    case "PermissionDenied":
      return new Deno.errors.PermissionDenied(message);
    case "NotCapable":
      return new Deno.errors.NotCapable(message);
    default:
      return new Error(message);
  }
}
