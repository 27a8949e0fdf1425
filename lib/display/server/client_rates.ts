/**
 * How fast a server's clients get what they asked for, from what is sampled now and then.
 *
 * @module
 */
import type { ClientInfo } from "../../server/client_info.ts";
import { RateMeter } from "../state/rate_meter.ts";

/** A client, and bytes a second. */
export interface ClientRate {
  readonly client: ClientInfo;
  readonly rate: number;
}

interface Measured {
  readonly meter: RateMeter;
  counted: number;
}

/** Remembers the clients of one server. Times are in milliseconds. */
export class ClientRates {
  #measured = new Map<ClientInfo, Measured>();

  /** Takes in how far all clients have come that are connected. */
  sample(clients: Iterable<ClientInfo>, now: number): void {
    const before = this.#measured;
    this.#measured = new Map();
    for (const client of clients) {
      const measured = before.get(client) ?? { meter: new RateMeter(), counted: 0 };
      measured.meter.add(client.bytesSent - measured.counted, now);
      measured.counted = client.bytesSent;
      this.#measured.set(client, measured);
    }
  }

  /** All clients: first those that get something, each group in the order of their coming. */
  ordered(now: number): ClientRate[] {
    const rates = this.#measured.entries()
      .map(([client, { meter }]) => ({ client, rate: meter.rate(now) })).toArray();
    return [...rates.filter(isMoving), ...rates.filter((rate) => !isMoving(rate))];
  }
}

/** Whether a client gets something at present. */
export function isMoving({ rate }: ClientRate): boolean {
  return rate > 0;
}
