/**
 * The rates of a server's clients, measured from periodic samples.
 *
 * @module
 */
import type { ClientInfo } from "../../server/client_info.ts";
import { RateMeter } from "../state/rate_meter.ts";

/** A client and its rate in bytes a second. */
export interface ClientRate {
  readonly client: ClientInfo;
  readonly rate: number;
}

interface Measured {
  readonly meter: RateMeter;
  counted: number;
}

/** Measures the clients of one server. Times are in milliseconds. */
export class ClientRates {
  #measured = new Map<ClientInfo, Measured>();

  /** Samples all connected clients. */
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

  /** All clients: first those that receive data, each group in the order of connecting. */
  ordered(now: number): ClientRate[] {
    const rates = this.#measured.entries()
      .map(([client, { meter }]) => ({ client, rate: meter.rate(now) })).toArray();
    return [...rates.filter(isReceiving), ...rates.filter((rate) => !isReceiving(rate))];
  }
}

/** Whether a client receives data at present. */
export function isReceiving({ rate }: ClientRate): boolean {
  return rate > 0;
}
