/**
 * The state of the connection to the server, event by event.
 *
 * @module
 */
import type { ClientEvent } from "../../client/events.ts";

/** The connection to the server. */
export interface ConnectionState {
  readonly phase: "none" | "connecting" | "connected";
  /** As the user named it; empty before the first attempt. */
  readonly server: string;
  /** Why there is no connection; null if there is one, or at the first attempt. */
  readonly reason: string | null;
  /** The time of the next attempt, in milliseconds; null if there is none or one is running. */
  readonly retryAt: number | null;
  /** Whether there was a connection before. */
  readonly everConnected: boolean;
}

/** An event of the connection. */
export type ConnectionEvent = Extract<
  ClientEvent,
  { readonly type: "connecting" | "connected" | "disconnected" }
>;

/** The state before the first attempt. */
export const NO_CONNECTION: ConnectionState = {
  phase: "none",
  server: "",
  reason: null,
  retryAt: null,
  everConnected: false,
};

/** Returns the state after an event, which happened at `now`. */
export function connectionAfter(
  state: ConnectionState,
  event: ConnectionEvent,
  now: number,
): ConnectionState {
  switch (event.type) {
    case "connecting":
      return { ...state, phase: "connecting", server: event.server, retryAt: null };
    case "connected":
      return {
        phase: "connected",
        server: event.server,
        reason: null,
        retryAt: null,
        everConnected: true,
      };
    case "disconnected": {
      const { reason, retryIn } = event;
      return { ...state, phase: "none", reason, retryAt: retryIn === null ? null : now + retryIn };
    }
  }
}
