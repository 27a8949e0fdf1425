/**
 * A packet for the network: whole responses, or a slice of one.
 *
 * @module
 */
import type { OutgoingPacket } from "../../protocol/message_writer.ts";
import type { FilePiece } from "../read/requested_piece.ts";

/** The content of a packet, which is disposed of with it. */
export interface PacketContent extends Disposable {
  readonly parts: readonly Uint8Array[];
  readonly startsMessage: boolean;
  readonly endsMessage: boolean;
  /** The requests whose responses end with it. */
  readonly requestIds: readonly number[];
  /** The parts of files that are in it. */
  readonly pieces: readonly FilePiece[];
}

/** Responses on their way, in memory that the packet releases. */
export class ResponsePacket implements OutgoingPacket {
  readonly parts: readonly Uint8Array[];
  readonly startsMessage: boolean;
  readonly endsMessage: boolean;
  readonly requestIds: readonly number[];
  readonly pieces: readonly FilePiece[];
  readonly #sent: (packet: ResponsePacket) => void;
  #giveBack: (() => void) | undefined;

  /**
   * @param sent Called once the bytes are written.
   * @param gone Called once, when the bytes are not used any more.
   */
  constructor(
    content: PacketContent,
    sent: (packet: ResponsePacket) => void,
    gone: (packet: ResponsePacket) => void,
  ) {
    this.parts = content.parts;
    this.startsMessage = content.startsMessage;
    this.endsMessage = content.endsMessage;
    this.requestIds = content.requestIds;
    this.pieces = content.pieces;
    this.#sent = sent;
    this.#giveBack = () => {
      content[Symbol.dispose]();
      gone(this);
    };
  }

  sent(): void {
    this.#sent(this);
  }

  [Symbol.dispose](): void {
    this.#giveBack?.();
    this.#giveBack = undefined;
  }
}
