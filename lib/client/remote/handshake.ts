/**
 * The handshake: from an address to a connection whose list is known.
 *
 * @module
 */
import { ConnectionLostError, messageOf, ProtocolError, WireError } from "../../errors.ts";
import { Connection } from "../../protocol/connection.ts";
import type { Message } from "../../protocol/message_reader.ts";
import { handshakeDeadline } from "../../protocol/handshake_deadline.ts";
import { MAX_CHUNK_PAYLOAD, MessageType, PROTOCOL_VERSION } from "../../protocol/message.ts";
import type { Timeouts } from "../../protocol/timeouts.ts";
import { parseListPage, parseWelcome, type Welcome } from "../../protocol/payloads.ts";
import { dial } from "./dial.ts";
import type { ServerAddress } from "./server_address.ts";
import { ServerList } from "./server_list.ts";

/** The largest first list on the wire, in bytes. */
const MAX_LIST_BYTES = 2 ** 30;

/** A connection after its handshake. */
export interface Handshake {
  readonly connection: Connection;
  readonly welcome: Welcome;
  readonly list: ServerList;
}

/**
 * Connects, and reads the welcome and the whole list.
 *
 * @param signal Aborts the attempt.
 * @throws {Error} As `ServerConnection.connect` does.
 */
export async function performHandshake(
  address: ServerAddress,
  signal: AbortSignal,
  timeouts: Timeouts,
): Promise<Handshake> {
  const since = performance.now();
  const connection = new Connection(await dial(address, signal), "client", timeouts);
  using _deadline = handshakeDeadline(connection, since);
  const abort = () => connection.fail(new ConnectionLostError("Interrupted"));
  signal.addEventListener("abort", abort);
  const reader = connection.readable.getReader();
  try {
    const welcome = await readWelcome(reader);
    connection.maxChunk = Math.min(welcome.maxChunk, MAX_CHUNK_PAYLOAD);
    const list = await readList(reader);
    reader.releaseLock();
    return { connection, welcome, list };
  } catch (error) {
    const failure = connection.failure ?? error;
    if (error instanceof ProtocolError) {
      await connection.refuse(new WireError("protocol", error.message), error);
    }
    connection.close();
    throw failure;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

async function readList(
  reader: ReadableStreamDefaultReader<Message[]>,
): Promise<ServerList> {
  const list = new ServerList();
  let bytes = 0;
  for (let more = true; more;) {
    const { header, payload } = await nextMessage(reader);
    if (header.type !== MessageType.LIST) throw unexpectedMessage(header.type);
    bytes += payload.length;
    if (bytes > MAX_LIST_BYTES) throw new ProtocolError("The server's list is too large");
    list.begin(parsePayload(parseListPage, payload));
    more = header.more;
  }
  return list;
}

async function readWelcome(
  reader: ReadableStreamDefaultReader<Message[]>,
): Promise<Welcome> {
  const { header, payload } = await nextMessage(reader);
  if (header.type !== MessageType.WELCOME) throw unexpectedMessage(header.type);
  const welcome = parsePayload(parseWelcome, payload);
  if (welcome.protocol !== PROTOCOL_VERSION) {
    throw new ProtocolError(`The server speaks version ${welcome.protocol} of the protocol`);
  }
  if (welcome.authentication) {
    throw new WireError(
      "unauthorized",
      "The server requires a token, which this client does not support",
    );
  }
  return welcome;
}

/** The next message of the handshake. */
async function nextMessage(reader: ReadableStreamDefaultReader<Message[]>): Promise<Message> {
  const { value, done } = await reader.read();
  if (done) throw new ConnectionLostError("The server ended the connection");
  // Messages come together only with answers, and nothing was asked yet.
  const [message, answer] = value;
  if (answer) throw unexpectedMessage(answer.header.type);
  return message!;
}

/**
 * Parses a payload of the server.
 *
 * @throws {ProtocolError} If it is malformed.
 */
export function parsePayload<T>(parse: (payload: Uint8Array) => T, payload: Uint8Array): T {
  try {
    return parse(payload);
  } catch (error) {
    throw new ProtocolError(`The server sent a malformed message: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The error for a message of a type that is not expected. */
export function unexpectedMessage(type: number): ProtocolError {
  return new ProtocolError(`The server sent a message of unexpected type ${type}`);
}
