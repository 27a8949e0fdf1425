/**
 * What happens in a client, as one stream of events. The downloader emits them and knows no
 * display; displays and scripts read nothing else.
 *
 * Sizes and positions are in bytes, times in milliseconds.
 *
 * @module
 */
import type { ListedFile } from "../protocol/payloads.ts";

/** The priorities, most urgent first. */
export const PRIORITIES = ["CRITICAL", "HIGH", "NORMAL"] as const;

/** How urgent a file is. */
export type Priority = typeof PRIORITIES[number];

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
  /** The server's folder has changed. */
  | { readonly type: "list-changed"; readonly changed: number; readonly removed: number }
  /** Something the user should know: a bad line of `input.txt`, a refused name. */
  | { readonly type: "warning"; readonly message: string }
  /** `input.txt` has been read (again). */
  | { readonly type: "input"; readonly wishes: number }
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
  | { readonly type: "started"; readonly path: string; readonly resumed: number }
  /** Positions of the files that moved since the last such event; a few times a second at most. */
  | { readonly type: "progress"; readonly files: readonly FileProgress[] }
  /** All bytes are there; their digest is awaited. */
  | { readonly type: "verifying"; readonly path: string }
  /** A file begins anew: it has changed on the server, or what is here is damaged. */
  | { readonly type: "restarted"; readonly path: string; readonly reason: string }
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
    /** Whether it failed its verification. */
    readonly verification: boolean;
  }
  /** Lines of `input.txt` that match no file of the server, each time their set changes. */
  | { readonly type: "waiting"; readonly names: readonly string[] }
  /** What is kept of files that are not wanted any more, and how to be rid of it. */
  | {
    readonly type: "leftovers";
    readonly files: number;
    readonly size: number;
    readonly command: string;
  }
  /** Nothing is left to fetch for now. */
  | { readonly type: "idle" };

/** How far a file has come. */
export interface FileProgress {
  readonly path: string;
  /** Bytes of the file that are here. */
  readonly received: number;
}
