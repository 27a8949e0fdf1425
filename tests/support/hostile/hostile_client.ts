/**
 * A misbehaving client: a connection over which any bytes can be sent.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { ByteReader } from "../../../lib/protocol/byte_reader.ts";
import {
  decodeHeader,
  encodeMessage,
  FOOTER_SIZE,
  HEADER_SIZE,
  MAX_CHUNK_PAYLOAD,
  MessageType,
} from "../../../lib/protocol/message.ts";
import { Socket } from "../../../lib/protocol/socket.ts";

const NOWHERE = { ip: new Uint8Array(16), port: 0 };

/** A message as bytes; `payload` is raw, JSON text, or a value to encode as JSON. */
export function message(type: MessageType, requestId: number, payload: unknown): Uint8Array {
  const bytes = payload instanceof Uint8Array
    ? payload
    : new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
  const header = { type, requestId, more: false, offset: 0, server: NOWHERE, client: NOWHERE };
  return encodeMessage(header, bytes);
}

/** A GET as bytes. */
export function get(requestId: number, path: string, version: string, length = 10): Uint8Array {
  return message(MessageType.GET, requestId, { path, version, offset: 0, length });
}

/** Sets bytes of a header, and corrects its checksum. */
export function withHeader(bytes: Uint8Array, at: number, ...values: readonly number[]) {
  bytes.set(values, at);
  new DataView(bytes.buffer).setUint32(60, crc32(bytes.subarray(0, 60)));
  return bytes;
}

/** The parts of a server's message that tests use. */
export interface Reply {
  readonly type: number;
  readonly requestId: number;
  /** The payload's text. */
  readonly text: string;
}

/** A connection to a server; it is closed without a GOODBYE. */
export class HostileClient implements Disposable {
  readonly #socket: Socket;
  readonly #reader: ByteReader;

  private constructor(conn: Deno.TcpConn) {
    this.#socket = new Socket(conn);
    this.#reader = new ByteReader(this.#socket.readable, 8 * 1024);
  }

  static async connect(port: number): Promise<HostileClient> {
    return new HostileClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** Sends bytes; resolves also if the connection is closed. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) await this.#socket.write(part).catch(() => {});
  }

  /** The next message, or null when the server has ended the connection. */
  async receive(): Promise<Reply | null> {
    try {
      const head = await this.#reader.read(HEADER_SIZE);
      if (!head) return null;
      const { type, requestId, length } = decodeHeader(head, "server", MAX_CHUNK_PAYLOAD);
      const body = await this.#reader.read(length + FOOTER_SIZE);
      return { type, requestId, text: new TextDecoder().decode(body!.subarray(0, length)) };
    } catch {
      return null;
    }
  }

  /** Receives the WELCOME and the LIST; returns a function from path to version. */
  async handshake(): Promise<(path: string) => string> {
    await this.receive();
    const list = await this.receive();
    const files: { path: string; version: string }[] = JSON.parse(list!.text).files;
    return (path) => files.find((file) => file.path === path)!.version;
  }

  /** Receives until the server ends the connection; returns the codes of all errors. */
  async errorsToEnd(): Promise<string[]> {
    const codes: string[] = [];
    for (let reply = await this.receive(); reply; reply = await this.receive()) {
      if (reply.type === MessageType.ERROR) codes.push(JSON.parse(reply.text).code);
    }
    return codes;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}
