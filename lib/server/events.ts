/**
 * What happens in a server, as the log tells it. The README's table says the same in words; a name
 * or a member that scripts may read does not change its meaning.
 *
 * Sizes are in bytes.
 *
 * @module
 */
import type { ErrorCode } from "../errors.ts";

/** One event. Clients are named by address and port; what a peer says is not made printable. */
export type ServerEvent =
  /** Clients are accepted from now on. */
  | {
    readonly event: "sharing";
    readonly dir: string;
    readonly files: number;
    /** Who can reach the server, and how to change that. */
    readonly reach: string;
  }
  | { readonly event: "client_connected"; readonly client: string }
  /** A client was sent away: there are too many, or too many of its address. */
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
  /** A request was answered with an error; of one client only the first ones are told. */
  | {
    readonly event: "request_refused";
    readonly client: string;
    /** Missing if the request could not be understood. */
    readonly path?: string;
    readonly code: ErrorCode;
    readonly reason: string;
  }
  | {
    readonly event: "client_disconnected";
    readonly client: string;
    /** Files that were sent to their end. */
    readonly files: number;
    readonly bytes: number;
    /** Requests that were answered with an error. */
    readonly refused: number;
    readonly seconds: number;
    readonly reason: string;
  }
  /** So many files are new or different, so many have vanished. */
  | { readonly event: "folder_changed"; readonly changed: number; readonly removed: number }
  /** The system tells of changes no more: the folder is looked at again and again. */
  | { readonly event: "watch_lost"; readonly reason: string }
  /** The list stays as it is until the folder can be looked at again. */
  | { readonly event: "scan_failed"; readonly reason: string }
  /** A connection could not be taken; the server goes on. */
  | { readonly event: "accept_failed"; readonly reason: string }
  /** The server failed at a client; it goes on with the others. */
  | { readonly event: "session_failed"; readonly reason: string }
  | {
    readonly event: "server_stopped";
    /** Clients that came. */
    readonly clients: number;
    readonly files: number;
    readonly bytes: number;
  };
