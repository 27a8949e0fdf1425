/**
 * The interface of the client's displays.
 *
 * @module
 */
import type { ClientEvent } from "../../client/events.ts";

/** Shows a client's events. */
export interface Display {
  /** Shows one event. Never throws. */
  handle(event: ClientEvent): void;
  /**
   * Shows the summary and restores the terminal. A second call does nothing. If there is a promise,
   * it resolves when the texts are written, or their reader is given up.
   */
  close(): void | Promise<void>;
}
