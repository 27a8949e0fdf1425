/**
 * The server: accepts clients, and shuts down in an orderly way.
 *
 * The parts of `lib/server`, each importing only those before it: `shared_file.ts` (a shared file
 * and its paths), `read/` (the files' bytes and digests), `folder/` (the list), `respond/` (requests
 * to answers), `events.ts` and `log.ts` (the log), `client_info.ts` (a client as the display sees
 * it), `list_sender.ts` (the list and its changes to one client), `session.ts` (one client),
 * `listeners.ts` (the addresses to listen on), `places.ts` (how many clients), `server.ts` (this).
 * `cli` may import all of it, `display` only `client_info.ts` and types; the
 * client imports none of it.
 *
 * @module
 */
import { describeDenial, messageOf, UserError, WireError } from "../errors.ts";
import { Connection } from "../protocol/connection.ts";
import { settledWithin } from "../async/timeout.ts";
import { NoSuchHostError } from "../protocol/host_lookup.ts";
import { formatAddress } from "../protocol/ip_address.ts";
import { BufferPool } from "./read/buffer_pool.ts";
import { FileReader } from "./read/file_reader.ts";
import { Catalog } from "./folder/catalog.ts";
import type { ClientInfo } from "./client_info.ts";
import { DigestCache } from "./read/digest_cache.ts";
import { listenOnAll } from "./listeners.ts";
import { boundedLog, type Log } from "./log.ts";
import { Places } from "./places.ts";
import { unwatchedEvent } from "./folder/unwatched.ts";
import { Session } from "./session.ts";
import { ListCache } from "./folder/list_cache.ts";

/** The options of a server. */
export interface ServerOptions {
  /** The folder to share. */
  readonly dir: string;
  /** Address to listen on. */
  readonly host: string;
  /** Port to listen on; 0 picks a free one. */
  readonly port: number;
  /** Whether names that begin with a dot are shared. */
  readonly hidden: boolean;
  /** How many clients may be connected at once, in all and from one address. */
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  /** How much memory the buffers of all clients together may take, in bytes. */
  readonly memory: number;
  readonly log: Log;
  /** Gives up a start that is under way. */
  readonly signal?: AbortSignal;
  /** Is called ten times a second during the first scan, with the number of files found. */
  readonly onScanProgress?: (files: number) => void;
}

/** A running server. */
export interface ServerHandle extends AsyncDisposable {
  /** The addresses on which it listens: at least one, all with the same port. */
  readonly addrs: readonly Deno.NetAddr[];
  /** The number of files shared now. */
  readonly fileCount: number;
  /** The connected clients, in the order of their connections. */
  readonly clients: ReadonlySet<ClientInfo>;
  /** The totals so far. */
  readonly totals: ServerTotals;
  /** Resolves when the server has ended, after `shutdown`. */
  readonly finished: Promise<void>;
  /**
   * Stops accepting, sends a GOODBYE to each client, lets chunks in flight finish for a few
   * seconds, and ends. Further calls have no effect.
   */
  shutdown(): Promise<void>;
}

/** The totals of a server. */
export interface ServerTotals {
  /** Clients that have connected, without probes. */
  readonly clients: number;
  /** Files sent to their end. */
  readonly files: number;
  /** Bytes of files sent. */
  readonly bytes: number;
}

/** How much memory changes of the list may take while they wait, as a part of that of buffers. */
const CHANGES_PART = 1 / 8;
/** How long chunks in flight may take during a shutdown, in milliseconds. */
const DRAIN_MS = 5_000;
/** How long aborted sessions may take to end, in milliseconds. */
const ABORT_MS = 1_000;
/**
 * How long to wait after a failed accept, in milliseconds, at first and at most: the cause is
 * usually a lack of descriptors.
 */
const ACCEPT_RETRY_MS = { first: 50, last: 1_000 };

/**
 * Starts a server. It accepts clients once the returned promise resolves.
 *
 * @throws {UserError} If the folder cannot be read, or listening on the address fails.
 * @throws The signal's reason, once it aborts.
 */
export async function startServer(options: ServerOptions): Promise<ServerHandle> {
  const log = boundedLog(options.log);
  const digests = new DigestCache();
  const catalog = await openCatalog({ ...options, log }, digests);
  let listeners: Deno.TcpListener[];
  try {
    listeners = await listenOnAll(options.host, options.port);
  } catch (error) {
    await catalog[Symbol.asyncDispose]();
    digests[Symbol.dispose]();
    throw new UserError(listenFailure(error, options), 2, { cause: error });
  }
  const listCache = new ListCache(catalog);
  const pool = new BufferPool(options.memory);
  const reader = new FileReader(catalog.opener, pool, digests);
  const maxWaitingChanges = options.memory * CHANGES_PART;
  const shared = { catalog, listCache, maxWaitingChanges, digests, pool, reader, log };
  const sessions = new Set<Session>();
  const ended = { files: 0, bytes: 0 };
  let clients = 0;
  let probes = 0;
  const totals = (): ServerTotals => {
    let { files, bytes } = ended;
    for (const { filesSent, bytesSent } of sessions) {
      files += filesSent;
      bytes += bytesSent;
    }
    return { clients, files, bytes };
  };
  let closing = false;

  const places = new Places<Session>(options);
  const serve = async (conn: Deno.TcpConn) => {
    const connection = new Connection(conn, "server");
    const address = conn.remoteAddr.hostname;
    const admission = places.find(address, performance.now());
    if (admission.type === "refused") {
      const { clients, sameAddress } = admission;
      log({ event: "client_refused", client: address, clients, sameAddress });
      await connection.refuse(new WireError("busy", "The server has reached its limit of clients"));
      return;
    }
    admission.freed?.makeWay();
    const session = new Session(connection, shared);
    sessions.add(session);
    places.take(session, address);
    clients++;
    await session.finished;
    places.leave(session);
    if (session.isProbe) {
      clients--;
      probes++;
    }
    ended.files += session.filesSent;
    ended.bytes += session.bytesSent;
    sessions.delete(session);
  };
  const acceptAll = async (listener: Deno.TcpListener) => {
    let retry = ACCEPT_RETRY_MS.first;
    while (!closing) {
      try {
        const conn = await listener.accept();
        retry = ACCEPT_RETRY_MS.first;
        serve(conn).catch((error) => {
          log({ event: "session_failed", reason: messageOf(error) });
          try {
            conn.close();
          } catch {
            // The connection is closed already.
          }
        });
      } catch (error) {
        if (closing) return;
        // The client disconnected before it was accepted.
        if (error instanceof Deno.errors.NotConnected) continue;
        log({ event: "accept_failed", reason: messageOf(error) });
        await new Promise((resolve) => setTimeout(resolve, retry));
        retry = Math.min(retry * 2, ACCEPT_RETRY_MS.last);
      }
    }
  };
  const accepting = Promise.all(listeners.map(acceptAll));

  const end = async () => {
    closing = true;
    for (const listener of listeners) listener.close();
    await accepting;
    const drained = Promise.all(
      [...sessions].map((session) => session.shutDown("the server is shutting down")),
    );
    if (!await settledWithin(drained, DRAIN_MS)) {
      for (const session of sessions) session.abort();
    }
    digests[Symbol.dispose]();
    reader[Symbol.dispose]();
    // End the program even if the system does not finish these.
    await settledWithin(Promise.all([drained, catalog[Symbol.asyncDispose]()]), ABORT_MS);
    log({ event: "server_stopped", ...totals(), ...(probes > 0 ? { probes } : {}) });
    finished.resolve();
  };
  const finished = Promise.withResolvers<void>();
  const shutdown = () => {
    if (!closing) end().catch(finished.reject);
    return finished.promise;
  };

  return {
    addrs: listeners.map(({ addr }) => addr as Deno.NetAddr),
    get fileCount() {
      return catalog.size;
    },
    clients: sessions,
    get totals() {
      return totals();
    },
    finished: finished.promise,
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
}

async function openCatalog(options: ServerOptions, digests: DigestCache): Promise<Catalog> {
  const { dir, hidden, log, signal, onScanProgress: onProgress } = options;
  const settings = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  try {
    return await Catalog.open(dir, hidden, {
      onChanged: ({ files, removed }) => {
        for (const path of removed) digests.forget(path);
        log({ event: "folder_changed", changed: files.length, removed: removed.length });
      },
      onWatchLost: (reason) => log({ event: "watch_lost", reason }),
      onScanFailed: (reason) => log({ event: "scan_failed", reason }),
      onScanRecovered: () => log({ event: "scan_recovered" }),
      onLeftOut: log,
      onUnwatched: (failures, files) => log(unwatchedEvent(failures, files)),
    }, settings);
  } catch (error) {
    signal?.throwIfAborted();
    throw new UserError(`Cannot share the folder "${dir}": ${unreadableReason(error)}`, 2, {
      cause: error,
    });
  }
}

function unreadableReason(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return "it does not exist; create it, or name another with --dir";
  }
  if (error instanceof Deno.errors.NotADirectory) {
    return "it is not a folder; name one with --dir";
  }
  return `${describeDenial(error) ?? messageOf(error)}; name another with --dir`;
}

function listenFailure(error: unknown, { host, port }: ServerOptions): string {
  const where = `Cannot listen on ${formatAddress(host, port)}`;
  if (error instanceof Deno.errors.AddrInUse) {
    return `${where}: the port is in use; choose another with --port, or 0 for a free one`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `${where}: this user may not use the port; choose one over 1023 with --port`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `${where}: this machine does not have the address; choose another with --host`;
  }
  if (error instanceof NoSuchHostError) {
    return `${where}: there is no host "${host}"; choose another with --host`;
  }
  return `${where}: ${messageOf(error)}; choose another with --host`;
}
