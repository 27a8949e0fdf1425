/**
 * A server, a client that downloads, and a slow line between them, for one test.
 *
 * @module
 */
import assert from "node:assert/strict";
import { type Relay, startRelay } from "../../tools/relay.ts";
import { GetRecorder } from "./get_recorder.ts";
import {
  CAN_INTERRUPT,
  eventually,
  type Program,
  type ServerProgram,
  startClient,
  startServer,
  waitForDone,
} from "./harness.ts";
import { Workspace } from "./workspace.ts";

/** A million bytes. */
export const MB = 1_000_000;

/** The files, the list and the line of a run. */
export interface ThrottledRunOptions {
  /** The shared files' sizes, by path. */
  readonly files: Readonly<Record<string, number>>;
  /** The sizes of files that hold nothing but zeros, by path. @default none */
  readonly sparse?: Readonly<Record<string, number>>;
  /** The text of the input list. */
  readonly input: string;
  /** The line's capacity, in bytes a second. @default 6 MB */
  readonly bytesPerSecond?: number;
  /** Further arguments of the client. */
  readonly args?: readonly string[];
}

/** A client that downloads over a slow line. */
export class ThrottledRun implements AsyncDisposable {
  readonly workspace: Workspace;
  readonly server: ServerProgram;
  readonly relay: Relay;
  readonly client: Program;
  /** The client's GETs. */
  readonly recorder: GetRecorder;

  readonly #disposables: AsyncDisposableStack;

  private constructor(
    parts: Pick<ThrottledRun, "workspace" | "server" | "relay" | "client" | "recorder">,
    disposables: AsyncDisposableStack,
  ) {
    this.workspace = parts.workspace;
    this.server = parts.server;
    this.relay = parts.relay;
    this.client = parts.client;
    this.recorder = parts.recorder;
    this.#disposables = disposables;
  }

  /** Starts the server, the line and the client. */
  static async start(
    { files, sparse = {}, input, bytesPerSecond = 6 * MB, args = [] }: ThrottledRunOptions,
  ): Promise<ThrottledRun> {
    await using disposables = new AsyncDisposableStack();
    const workspace = disposables.use(await Workspace.create(files));
    for (const [path, size] of Object.entries(sparse)) await workspace.shareZeros(path, size);
    await workspace.setInput(input);
    const server = disposables.use(await startServer(workspace));
    const recorder = new GetRecorder();
    const relay = disposables.use(
      startRelay({ port: server.port, bytesPerSecond, fromClient: recorder.take }),
    );
    const client = disposables.use(startClient({ ...workspace, port: relay.port, args }));
    return new ThrottledRun({ workspace, server, relay, client, recorder }, disposables.move());
  }

  /** Waits until that many bytes of a file, but not all, have been requested. */
  async underWay(path: string, bytes = 1): Promise<void> {
    await eventually(() => {
      assert.ok(this.recorder.bytesOf(path) >= bytes, `${path} is not under way:\n${this.stderr}`);
    });
    await this.workspace.assertAbsent(path);
  }

  /** Waits until the client reports that files are complete, and compares them. */
  async done(...paths: readonly string[]): Promise<void> {
    for (const path of paths) await waitForDone(this.client, path);
    await this.workspace.assertArrived(...paths);
  }

  /** Ends the client when all is done; asserts that nothing is left over. */
  async end(): Promise<void> {
    // Otherwise the client is killed when the run is disposed of.
    if (!CAN_INTERRUPT) return;
    this.client.interrupt();
    const { code, signal, stderr } = await this.client.ended();
    assert.deepEqual([code, signal], [0, null], stderr);
    await this.workspace.assertNoLeftovers();
  }

  /** The client's standard error so far. */
  get stderr(): string {
    return this.client.stderr;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#disposables.disposeAsync();
  }
}
