/**
 * The events of a client, as one stream. The engine, the client
 * and the live plan emit them and depend on no display;
 * displays and scripts read nothing else.
 *
 * Sizes and positions are in bytes, times in milliseconds.
 *
 * @module
 */
import type { Priority } from "./priority.ts";

/** How one entry of `input.txt` differs from the version before. */
export type EntryChange = "added" | "changed" | "removed";

/**
 * The subject of a warning: the input list, a line of it, a refused name, a name to correct, or the
 * output folder.
 */
export type WarningKind = "input" | "line" | "name" | "hint" | "output";

/** One event. */
export type ClientEvent =
  /** The client is about to try to connect. */
  | { readonly type: "connecting"; readonly server: string }
  /** The handshake is over and the server's list is known. */
  | {
    readonly type: "connected";
    readonly server: string;
    /** Name and version of the server's program. */
    readonly program: string;
    /** The files of the server, and those of them that the input list names. */
    readonly listed: FileSum;
    readonly wanted: FileSum;
  }
  /** The connection was lost, or failed; the next attempt follows in `retryIn`, if there is one. */
  | { readonly type: "disconnected"; readonly reason: string; readonly retryIn: number | null }
  /** The server's list was received after connecting, or has changed. */
  | {
    readonly type: "list";
    /** The number of files now, and their total bytes. */
    readonly files: number;
    readonly size: number;
    /** The number of files that are new or different, and of those that are gone. */
    readonly changed: number;
    readonly removed: number;
  }
  /** The disk has less room, in bytes, than the files still need. */
  | { readonly type: "lackOfSpace"; readonly free: number; readonly needed: number }
  /** A problem that the user can solve: a bad line of `input.txt`, a refused name. */
  | { readonly type: "warning"; readonly kind: WarningKind; readonly message: string }
  /** An entry of `input.txt` is new, has another priority or digest, or is gone. */
  | {
    readonly type: "entry";
    readonly change: EntryChange;
    /** The line's number, from 1; for an entry that is gone, its last number. */
    readonly line: number;
    /** A path or a glob. */
    readonly name: string;
    readonly priority: Priority;
    readonly sha256: string | null;
  }
  /** `input.txt` was read; the events of all its changes precede this one. */
  | { readonly type: "input"; readonly entries: number }
  /** An entry matches a file of the server: the file counts towards the total. */
  | {
    readonly type: "queued";
    readonly path: string;
    readonly priority: Priority;
    /** The number of the entry's line, from 1. */
    readonly line: number;
    readonly size: number;
  }
  /** A file's priority has changed. */
  | { readonly type: "reprioritized"; readonly path: string; readonly priority: Priority }
  /** A file is no longer wanted, or no longer on the server: it leaves the total. */
  | { readonly type: "dropped"; readonly path: string; readonly reason: string }
  /** The first chunk of a file is requested; `resumedBytes` are left from an earlier run. */
  | { readonly type: "started"; readonly path: string; readonly resumedBytes: number }
  /** Positions of the files that changed since the last such event; at most ten times a second. */
  | { readonly type: "progress"; readonly files: readonly FileProgress[] }
  /** All bytes of a file are on disk; its digest is awaited. */
  | { readonly type: "verifying"; readonly path: string }
  /** The file's digest equals that of the server, or of its entry. */
  | {
    readonly type: "verified";
    readonly path: string;
    readonly sha256: string;
    readonly by: "server" | "input";
  }
  /** All or part of a file is fetched again: it changed on the server, or is damaged on disk. */
  | { readonly type: "refetching"; readonly path: string; readonly reason: string }
  /** Another file, of `size` bytes, that this run did not put there has yielded to the file. */
  | { readonly type: "replaced"; readonly path: string; readonly size: number }
  /** The file is complete under its final name. */
  | {
    readonly type: "finished";
    readonly path: string;
    readonly size: number;
    /** Time from its first request to its commit; 0 if it was there already. */
    readonly took: number;
    /** Null with `--verify none`. */
    readonly sha256: string | null;
    readonly alreadyThere: boolean;
  }
  /** The download of a file has failed. */
  | {
    readonly type: "failed";
    readonly path: string;
    readonly reason: string;
    /** Advice to the user, as a clause without a period. */
    readonly advice: string;
    /** Whether the verification failed. */
    readonly verification: boolean;
  }
  /** Names of `input.txt` that match no file of the server, each time their set changes. */
  | { readonly type: "waiting"; readonly names: readonly string[] }
  /** The shares of competing priorities over the last seconds. */
  | ({ readonly type: "shares" } & Shares)
  /** Partial files that no entry names, and the command that removes them. */
  | {
    readonly type: "leftovers";
    readonly files: number;
    readonly size: number;
    readonly command: string;
  }
  /** There is nothing to download for now. */
  | { readonly type: "idle" }
  /** The user has interrupted the client. */
  | { readonly type: "interrupted" }
  /** The last event. */
  | ({ readonly type: "summary" } & Summary);

/** A number of files, and their bytes in all. */
export interface FileSum {
  readonly files: number;
  readonly size: number;
}

/** The position of one download. */
export interface FileProgress {
  readonly path: string;
  /** Bytes on disk now. */
  readonly received: number;
}

/** How priorities shared the bandwidth while more than one had chunks to request. */
export interface Shares {
  /** How long they competed. */
  readonly took: number;
  /** Bytes of the chunks that were requested in that time and received. */
  readonly bytes: number;
  /** The priorities that took part, most urgent first. */
  readonly priorities: readonly PriorityShare[];
}

/** The share of one priority. */
export interface PriorityShare {
  readonly priority: Priority;
  readonly bytes: number;
  /** The part of the bytes that its weight entitles it to, 0 to 1. */
  readonly expectedShare: number;
  /** The part that it received, 0 to 1. */
  readonly actualShare: number;
}

/** The result of a run. */
export interface Summary {
  /** Files that are complete. */
  readonly done: number;
  /** Files of `done` that were complete before the run. */
  readonly alreadyThere: number;
  readonly failed: readonly FailedFile[];
  readonly unfinished: readonly UnfinishedFile[];
  /** Names of `input.txt` that match no file of the server. */
  readonly waiting: readonly string[];
  /** Files whose names cannot be used on this disk. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** Lines of `input.txt` that were not understood. */
  readonly misread: number;
  /** Entries of `input.txt`. */
  readonly entries: number;
  /** Bytes of chunks received. */
  readonly bytes: number;
  /** Bytes of `bytes` that had been received before. */
  readonly repeated: number;
  /** Time from the start of the run to its end. */
  readonly took: number;
  /** The part of `took` in which there was something to download. */
  readonly activeTime: number;
  /** Null if priorities never competed. */
  readonly shares: Shares | null;
  /** The command that resumes the run; null if nothing is left to do. */
  readonly resume: string | null;
  readonly interrupted: boolean;
  /** Why the run as a whole failed; null if it did not. */
  readonly error: string | null;
  readonly exitCode: number;
}

/** A file whose download failed. */
export interface FailedFile {
  readonly path: string;
  readonly reason: string;
  readonly advice: string;
}

/** A file that was neither complete nor failed when the run ended. */
export interface UnfinishedFile {
  readonly path: string;
  readonly priority: Priority;
  readonly size: number;
  /** Bytes on disk that need not be fetched again. */
  readonly resumableBytes: number;
}
