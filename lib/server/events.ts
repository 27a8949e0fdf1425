/**
 * The events of a server, as they are logged. The table in `docs/events.md` describes them; a name
 * or member that scripts may read does not change its meaning.
 *
 * Sizes are in bytes.
 *
 * @module
 */
import type { ErrorCode } from "../errors.ts";

/** One event. Clients are named by address and port; texts from a peer are not sanitized. */
export type ServerEvent =
  /** Clients are accepted from now on. */
  | {
    readonly event: "sharing";
    readonly dir: string;
    readonly files: number;
    /** From where the server can be reached, and how to change that. */
    readonly reach: string;
  }
  | { readonly event: "client_connected"; readonly client: string }
  /** A connection ended before it asked anything, and not because the peer closed it. */
  | { readonly event: "connection_failed"; readonly client: string; readonly reason: string }
  /** A client was refused: there are too many, or too many from its address. */
  | {
    readonly event: "client_refused";
    readonly client: string;
    readonly clients: number;
    readonly sameAddress: number;
  }
  /** The last byte of a file was sent. */
  | {
    readonly event: "file_sent";
    readonly client: string;
    readonly path: string;
    readonly size: number;
  }
  /** A request was answered with an ERROR; only the first ones of a client are logged. */
  | {
    readonly event: "request_refused";
    readonly client: string;
    /** Missing if the request was malformed. */
    readonly path?: string;
    readonly code: ErrorCode;
    readonly reason: string;
  }
  | {
    readonly event: "client_disconnected";
    readonly client: string;
    /** Files sent to their end. */
    readonly files: number;
    readonly bytes: number;
    /** Requests answered with an ERROR. */
    readonly refused: number;
    readonly seconds: number;
    readonly reason: string;
  }
  /** The numbers of files that are new or different, and that do not exist any more. */
  | { readonly event: "folder_changed"; readonly changed: number; readonly removed: number }
  /** The system does not report changes: the folder is scanned at intervals until it does. */
  | { readonly event: "watch_lost"; readonly reason: string }
  /** The folder cannot be scanned; the list stays as it is until it can. */
  | { readonly event: "scan_failed"; readonly reason: string }
  /** The folder can be scanned again. */
  | { readonly event: "scan_recovered" }
  /** The numbers of places that are not shared although their names do not hide them, by kind. */
  | {
    readonly event: "left_out";
    readonly unreadableFolders: number;
    readonly unreadableFiles: number;
    /** Not UTF-8, or too long. */
    readonly unusableNames: number;
    readonly linksOut: number;
    readonly brokenLinks: number;
    readonly linkedFolders: number;
    /** The first places, each with its reason. */
    readonly examples: string;
  }
  /** A further place is left out, with so many files that were listed until now. */
  | {
    readonly event: "place_left_out";
    readonly path: string;
    readonly reason: string;
    readonly files: number;
  }
  /** A place that was left out is shared. */
  | { readonly event: "place_recovered"; readonly path: string }
  /** The system does not watch some folders; they are scanned at intervals. */
  | {
    readonly event: "unwatched";
    readonly folders: number;
    /** How many listed files are in them. */
    readonly files: number;
    readonly reason: string;
    readonly advice: string;
    readonly examples: string;
  }
  /** A connection could not be accepted; the server goes on. */
  | { readonly event: "accept_failed"; readonly reason: string }
  /** A client's session failed; the server goes on with the others. */
  | { readonly event: "session_failed"; readonly reason: string }
  /** Lines are missing here. */
  | { readonly event: "lines_dropped"; readonly lines: number; readonly reason: string }
  | {
    readonly event: "server_stopped";
    /** Clients that have connected, without probes. */
    readonly clients: number;
    readonly files: number;
    readonly bytes: number;
    /** Connections that ended before they asked anything; missing if there were none. */
    readonly probes?: number;
  };
