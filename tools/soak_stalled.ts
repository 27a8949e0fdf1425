/**
 * Measures the cost of clients that never read: the time of one that reads, and the server's memory.
 *
 *     deno run --allow-net --allow-read --allow-write --allow-run tools/soak_stalled.ts --stalled 1000
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { join } from "@std/path";
import { ServerConnection } from "../lib/client/remote/server_connection.ts";
import { writeLine } from "../lib/cli/main.ts";
import { Connection } from "../lib/protocol/connection.ts";
import { MessageType } from "../lib/protocol/message.ts";
import { encodePayload, type ListedFile } from "../lib/protocol/payloads.ts";
import { startServer } from "../tests/support/harness.ts";
import { programArgs } from "./programs.ts";

const MIB = 1024 * 1024;
const FILE = "large.bin";
/** The number of requests of 1 MiB from each client that never reads. */
const REQUESTS = 40;
const ROUNDS = 5;
const NO_TIMEOUTS = { pingAfterMs: 1e9, deadAfterMs: 1e9, writeStallMs: 1e9, messageMs: 1e9 };

async function main(stalled: number): Promise<void> {
  const temp = await Deno.makeTempDir({ prefix: "sluice-stalled-" });
  try {
    await Deno.mkdir(join(temp, "share"));
    using file = await Deno.create(join(temp, "share", FILE));
    await file.truncate(1024 * MIB);
    await Deno.writeTextFile(join(temp, "input.txt"), `${FILE}\n`);
    const maxClients = String(stalled + 10);
    await using server = await startServer({
      dir: join(temp, "share"),
      args: ["--max-clients", maxClients, "--max-clients-per-address", maxClients],
    });
    const { port, pid } = server;
    const alone = await medianTime(temp, port);
    using _stalled = await stall(port, stalled);
    const beside = await medianTime(temp, port);
    const figures = {
      stalled,
      share: alone / beside,
      serverMegabytes: await residentMegabytes(pid),
    };
    writeLine(Deno.stdout, JSON.stringify(figures));
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
}

/** The median time of the real client for the file, in milliseconds. */
async function medianTime(temp: string, port: number): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const output = join(temp, "Output");
    await Deno.remove(output, { recursive: true }).catch(() => {});
    const options = { server: `127.0.0.1:${port}`, input: join(temp, "input.txt"), output };
    const args = Object.entries({ ...options, verify: "none", progress: "none" })
      .flatMap(([name, value]) => [`--${name}`, value]);
    const start = performance.now();
    const client = new Deno.Command(Deno.execPath(), {
      args: programArgs("client", ["--once", ...args]),
    });
    const { success } = await client.output();
    if (!success) throw new Error("The client did not get its file");
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
}

/** The resident memory of a process, in megabytes. */
async function residentMegabytes(pid: number): Promise<number> {
  const ps = new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] });
  return Math.round(Number(new TextDecoder().decode((await ps.output()).stdout)) * 1024 / 1e6);
}

/** Connects clients that send many requests and read nothing. */
async function stall(port: number, count: number): Promise<Disposable> {
  const address = { hostname: "127.0.0.1", port };
  const remote = await ServerConnection.connect(address, new AbortController().signal);
  const file = remote.files.get(FILE)!;
  await remote.leave("only the list was needed");
  const connections: Connection[] = [];
  for (let i = 0; i < count; i++) {
    const connection = new Connection(await Deno.connect(address), "client", NO_TIMEOUTS);
    connections.push(connection);
    for (let k = 0; k < REQUESTS; k++) await connection.send(request(file, k));
  }
  return { [Symbol.dispose]: () => connections.forEach((connection) => connection.close()) };
}

function request({ path, version }: ListedFile, index: number) {
  const payload = encodePayload({ path, version, offset: index * MIB, length: MIB });
  return { type: MessageType.GET, requestId: index + 1, payload };
}

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["stalled"] });
  await main(Number(given.stalled ?? 1000));
  Deno.exit(0);
}
