/**
 * The loop around the engine: passes on all inputs that arrived together, then performs the actions
 * that follow together.
 *
 * @module
 */
import type { Storage } from "./disk/storage.ts";
import type { DiskResult } from "./engine/actions.ts";
import type { FileRecord } from "./engine/file_record.ts";
import type { Engine } from "./engine/engine.ts";
import type { ServerRequest } from "./engine/request_planner.ts";
import type { ClientEvent } from "./events.ts";
import { INLINE_DIGEST, RANGE_DIGEST } from "../protocol/payloads.ts";
import type { Answer, ServerConnection } from "./remote/server_connection.ts";

/** Takes events of a connection that the engine does not need. */
export interface ConnectionListener {
  /** Takes a change of the server's list. */
  onList(changed: number, removed: number): void;
}

/** Drives an engine. */
export class Driver {
  readonly #engine: Engine;
  readonly #storage: Storage<FileRecord>;
  readonly #emit: (event: ClientEvent) => void;
  readonly #onTurn: () => void;
  readonly #connections = new Map<number, ServerConnection<ServerRequest>>();
  #lastId = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wakeAt = Infinity;

  /**
   * @param emit Takes the events, in order.
   * @param onTurn Called after each turn.
   */
  constructor(
    engine: Engine,
    storage: Storage<FileRecord>,
    emit: (event: ClientEvent) => void,
    onTurn: () => void,
  ) {
    this.#engine = engine;
    this.#storage = storage;
    this.#emit = emit;
    this.#onTurn = onTurn;
    storage.onResults = (results) => {
      this.#takeResults(results);
      this.turn();
    };
    storage.onFreed = (buffer) => {
      for (const connection of this.#connections.values()) return connection.recycle(buffer);
    };
  }

  /** Uses a connection until it ends. */
  async run(
    connection: ServerConnection<ServerRequest>,
    listener: ConnectionListener,
  ): Promise<void> {
    const id = ++this.#lastId;
    const { maxChunk, maxRequests, features = [] } = connection.welcome;
    const inlineDigest = features.includes(INLINE_DIGEST);
    const rangeDigest = features.includes(RANGE_DIGEST);
    this.#connections.set(id, connection);
    this.#engine.connected(id, { maxChunk, maxRequests, inlineDigest, rangeDigest });
    this.turn();
    try {
      await connection.run((answers) => {
        for (const answer of answers) this.#take(id, answer, listener);
        this.turn();
        return this.#storage.drained;
      });
    } finally {
      this.#connections.delete(id);
      this.#engine.disconnected(id, performance.now());
      this.turn();
    }
  }

  /** Performs a turn: all actions that follow from the inputs so far. */
  turn(): void {
    for (;;) {
      const { disk, requests } = this.#engine.takeActions(performance.now());
      this.#send(requests);
      if (disk.length > 0) this.#takeResults(this.#storage.perform(disk));
      else if (requests.length === 0) break;
    }
    this.emitEvents();
    this.#setTimer();
    this.#onTurn();
  }

  /** Emits the engine's events so far. */
  emitEvents(): void {
    for (const event of this.#engine.takeEvents()) this.#emit(event);
  }

  /** Stops the engine, and waits until nothing uses the disk any more. */
  async stop(): Promise<void> {
    this.#engine.stop();
    this.turn();
    await this.#storage[Symbol.asyncDispose]();
    this.turn();
    clearTimeout(this.#timer);
  }

  #take(id: number, answer: Answer<ServerRequest>, listener: ConnectionListener): void {
    const now = performance.now();
    switch (answer.type) {
      case "chunk":
        return this.#engine.onChunk(answer.request, answer.bytes, answer.checksum, now);
      case "digest":
        return this.#engine.onDigest(answer.request, answer.digest, now);
      case "refused":
        return this.#engine.onRefused(answer.request, answer.error, now);
      case "list":
        return listener.onList(answer.changed, answer.removed);
      case "closing":
        return this.#engine.closing(id);
    }
  }

  #takeResults(results: readonly DiskResult[]): void {
    const now = performance.now();
    for (const result of results) this.#engine.onDisk(result, now);
  }

  #send(requests: readonly ServerRequest[]): void {
    for (const [id, connection] of this.#connections) {
      const own = this.#connections.size === 1
        ? requests
        : requests.filter((request) => request.connection === id);
      connection.send(own);
    }
  }

  #setTimer(): void {
    const { wakeAt } = this.#engine;
    if (wakeAt === this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    clearTimeout(this.#timer);
    if (wakeAt === Infinity) return;
    this.#timer = setTimeout(() => {
      this.#wakeAt = Infinity;
      this.turn();
    }, Math.max(0, wakeAt - performance.now()));
  }
}
