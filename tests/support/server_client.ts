/**
 * A client of one server whose answers are awaited one by one.
 *
 * @module
 */
import {
  type Answer,
  ServerConnection,
  type WireRequest,
} from "../../lib/client/remote/server_connection.ts";
import { ConnectionLostError } from "../../lib/errors.ts";
import type { Timeouts } from "../../lib/protocol/timeouts.ts";

type PendingRequest = WireRequest & {
  readonly resolve: (answer: Answer<WireRequest>) => void;
  readonly reject: (error: Error) => void;
};

/** Sends requests over a connection, and awaits their answers. */
export class ServerClient implements Disposable {
  readonly connection: ServerConnection<PendingRequest>;
  /** Settles when the connection has ended, as `ServerConnection.run` does. */
  readonly ended: Promise<void>;
  readonly #pending = new Set<PendingRequest>();

  private constructor(connection: ServerConnection<PendingRequest>) {
    this.connection = connection;
    this.ended = connection.run((answers) => {
      for (const answer of answers) {
        if (answer.type === "list" || answer.type === "closing") continue;
        this.#pending.delete(answer.request);
        if (answer.type === "refused") answer.request.reject(answer.error);
        else answer.request.resolve(answer);
      }
    }).finally(() => {
      for (const { reject } of this.#pending) reject(new ConnectionLostError("It has ended"));
    });
    this.ended.catch(() => {});
  }

  /** Connects to a server on this machine. */
  static async connect(port: number, timeouts?: Timeouts): Promise<ServerClient> {
    const { signal } = new AbortController();
    const address = { hostname: "127.0.0.1", port };
    return new ServerClient(await ServerConnection.connect(address, signal, timeouts));
  }

  /** How many more requests the server takes now. */
  get room(): number {
    return this.connection.welcome.maxRequests - this.#pending.size;
  }

  /** Sends requests together; each resolves with its answer, or is rejected. */
  ask(...requests: readonly WireRequest[]): Promise<Answer<WireRequest>>[] {
    const answers: Promise<Answer<WireRequest>>[] = [];
    const pending = requests.map((request): PendingRequest => {
      const { promise, resolve, reject } = Promise.withResolvers<Answer<WireRequest>>();
      answers.push(promise);
      return { ...request, resolve, reject };
    });
    for (const request of pending) this.#pending.add(request);
    this.connection.send(pending);
    return answers;
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]();
  }
}
