/**
 * What happens in a client, as one stream of events. The downloader emits them and knows no
 * display; displays and scripts read nothing else.
 *
 * Sizes and positions are in bytes, times in milliseconds.
 *
 * @module
 */
import type { ListedFile } from "../protocol/payloads.ts";
import type { Priority } from "./priority.ts";

/** How `input.txt` differs from what it said before, in one of its lines. */
export type EntryChange = "added" | "changed" | "removed";

/** What a display or a script is told. */
export type ClientEvent =
  /** A connection is about to be tried. */
  | { readonly type: "connecting"; readonly server: string }
  /** A connection is there and the server's list is known. */
  | {
    readonly type: "connected";
    readonly server: string;
    /** Name and version of the server's program. */
    readonly program: string;
    readonly files: readonly ListedFile[];
  }
  /** No connection any more (or none yet); the next try comes in `retryIn`, if one comes. */
  | { readonly type: "disconnected"; readonly reason: string; readonly retryIn: number | null }
  /** The server's list is known (again), or its folder has changed. */
  | {
    readonly type: "list";
    /** How many files it has now, and their bytes together. */
    readonly files: number;
    readonly size: number;
    /** How many are new or different, and how many have vanished. */
    readonly changed: number;
    readonly removed: number;
  }
  /** Something the user should know: a bad line of `input.txt`, a refused name. */
  | { readonly type: "warning"; readonly message: string }
  /** A line of `input.txt` is new, has another priority or digest, or is gone. */
  | {
    readonly type: "entry";
    readonly change: EntryChange;
    /** The line's number, from 1; of one that is gone, the number that it had. */
    readonly line: number;
    /** A path or a glob. */
    readonly name: string;
    readonly priority: Priority;
    readonly sha256: string | null;
  }
  /** `input.txt` has been read (again), and all of its changes have been told. */
  | { readonly type: "input"; readonly entries: number }
  /** A file is wanted and the server has it: from now on it is part of the total. */
  | {
    readonly type: "queued";
    readonly path: string;
    readonly priority: Priority;
    readonly size: number;
  }
  /** A file's line has another priority now. */
  | { readonly type: "reprioritized"; readonly path: string; readonly priority: Priority }
  /** A file is not wanted any more (or the server has it no longer): it leaves the total. */
  | { readonly type: "dropped"; readonly path: string; readonly reason: string }
  /** The first chunk of a file is being asked for; `resumed` bytes of it are there already. */
  | { readonly type: "started"; readonly path: string; readonly resumedBytes: number }
  /** Positions of the files that moved since the last such event; a few times a second at most. */
  | { readonly type: "progress"; readonly files: readonly FileProgress[] }
  /** All bytes are there; their digest is awaited. */
  | { readonly type: "verifying"; readonly path: string }
  /** The file's digest is the one that the server, or its line of `input.txt`, says. */
  | {
    readonly type: "verified";
    readonly path: string;
    readonly sha256: string;
    readonly by: "server" | "input";
  }
  /** A file begins anew: it has changed on the server, or what is here is damaged. */
  | { readonly type: "refetching"; readonly path: string; readonly reason: string }
  /** The file is complete under its name. */
  | {
    readonly type: "finished";
    readonly path: string;
    readonly size: number;
    /** From its first request to its name, 0 if it was there already. */
    readonly took: number;
    /** Null with `--verify none`. */
    readonly sha256: string | null;
    readonly alreadyThere: boolean;
  }
  /** The file will not be complete. */
  | {
    readonly type: "failed";
    readonly path: string;
    readonly reason: string;
    /** What the user can do about it. */
    readonly advice: string;
    /** Whether it failed its verification. */
    readonly verification: boolean;
  }
  /** Lines of `input.txt` that match no file of the server, each time their set changes. */
  | { readonly type: "waiting"; readonly names: readonly string[] }
  /** What the priorities got while they competed, in a span of some seconds. */
  | ({ readonly type: "shares" } & Shares)
  /** What is kept of files that are not wanted any more, and how to be rid of it. */
  | {
    readonly type: "leftovers";
    readonly files: number;
    readonly size: number;
    readonly command: string;
  }
  /** Nothing is left to fetch for now. */
  | { readonly type: "idle" }
  /** The user has asked for the end. */
  | { readonly type: "interrupted" }
  /** The last event. */
  | ({ readonly type: "summary" } & Summary);

/** How far a file has come. */
export interface FileProgress {
  readonly path: string;
  /** Bytes of the file that are here. */
  readonly received: number;
}

/** How priorities shared what came while more than one of them had something to ask for. */
export interface Shares {
  /** For how long they competed. */
  readonly took: number;
  /** What came of the chunks that were asked for meanwhile. */
  readonly bytes: number;
  /** The priorities that took part, most urgent first. */
  readonly priorities: readonly PriorityShare[];
}

/** What one priority got. */
export interface PriorityShare {
  readonly priority: Priority;
  readonly bytes: number;
  /** The part of the bytes that is its due, 0 to 1. */
  readonly expectedShare: number;
  /** The part that it got. */
  readonly actualShare: number;
}

/** What a run has done, and what it has not. */
export interface Summary {
  readonly done: number;
  /** Those of the done that were complete before. */
  readonly alreadyThere: number;
  readonly failed: readonly FailedFile[];
  readonly unfinished: readonly UnfinishedFile[];
  /** Names of `input.txt` that the server has no file for. */
  readonly waiting: readonly string[];
  /** Files whose names cannot be written here. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** Bytes that came over the wire. */
  readonly bytes: number;
  /** Those of them that had to come twice. */
  readonly repeated: number;
  /** From the start of the run to its end. */
  readonly took: number;
  /** For how long of that there was something to download. */
  readonly activeTime: number;
  /** Null if no priorities ever competed. */
  readonly shares: Shares | null;
  /** What the user types to go on; null if nothing is left to do. */
  readonly resume: string | null;
  readonly interrupted: boolean;
  /** Why the run as a whole could not go on; null if it could. */
  readonly error: string | null;
  readonly exitCode: number;
}

/** A file that will not be complete. */
export interface FailedFile {
  readonly path: string;
  readonly reason: string;
  readonly advice: string;
}

/** A file that was on its way when the run ended. */
export interface UnfinishedFile {
  readonly path: string;
  readonly priority: Priority;
  readonly size: number;
  /** Bytes that need not come again. */
  readonly resumableBytes: number;
}
