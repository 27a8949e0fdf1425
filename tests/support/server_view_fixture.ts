/**
 * A {@linkcode ServerView} on a terminal whose screen can be read, and clients to show.
 *
 * @module
 */
import { ServerView, VIEW_PERIOD } from "../../lib/display/server/server_view.ts";
import { SETTLING_TIME } from "../../lib/display/terminal/terminal_painter.ts";
import type { ClientInfo } from "../../lib/server/client_info.ts";
import type { ServerTotals } from "../../lib/server/server.ts";
import { FakeClock, FakeTerminal } from "./fake_terminal.ts";

/** A client whose figures a test sets. */
export interface FakeClient extends ClientInfo {
  bytesSent: number;
  activeFiles: number;
}

/** A client that has just connected. */
export function client(address: string, since: number, bytesSent = 0, activeFiles = 0): FakeClient {
  return { address, since, bytesSent, activeFiles };
}

/** A view on a terminal, and the server that it shows. */
export class ServerViewFixture implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly terminal: FakeTerminal;
  readonly view: ServerView;
  readonly clients = new Set<FakeClient>();
  /** The totals of the clients that have disconnected. */
  readonly disconnected = { clients: 0, files: 0, bytes: 0 };

  constructor(columns = 80, rows = 24) {
    this.terminal = new FakeTerminal(columns, rows);
    this.view = new ServerView({
      output: this.terminal,
      size: this.terminal.size,
      clock: this.clock,
      color: false,
      unicode: true,
    });
  }

  /** The server's totals. */
  get totals(): ServerTotals {
    const bytes = [...this.clients].reduce((sum, client) => sum + client.bytesSent, 0);
    const { clients, files } = this.disconnected;
    return { clients: clients + this.clients.size, files, bytes: this.disconnected.bytes + bytes };
  }

  /** Starts to draw. */
  watch(): void {
    this.view.watch(this);
  }

  /** Connects a client. */
  connect(address: string): FakeClient {
    const fresh = client(address, this.clock.now());
    this.clients.add(fresh);
    return fresh;
  }

  /** Disconnects a client. */
  disconnect(client: FakeClient): void {
    this.clients.delete(client);
    this.disconnected.clients++;
    this.disconnected.bytes += client.bytesSent;
  }

  /** Lets one frame be drawn. */
  async frame(): Promise<void> {
    this.clock.pass(VIEW_PERIOD);
    await written();
  }

  /** Lets the first frame after a change of the terminal's size be drawn. */
  async settle(): Promise<void> {
    for (let passed = 0; passed <= SETTLING_TIME; passed += VIEW_PERIOD) await this.frame();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.terminal.isStopped = false;
    await this.view.close();
    this.terminal[Symbol.dispose]();
  }
}

/** Resolves when the writes in the background are done. */
export async function written(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
}
