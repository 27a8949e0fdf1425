/**
 * The servers that the peers download from: each on a free port of this machine, sharing one
 * folder, with nothing logged.
 *
 * @module
 */
import { join } from "@std/path";
import { REPOSITORY } from "../programs.ts";
import { freePort, type RunningProgram, startProgram } from "./processes.ts";

/** A server that runs. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** A kind of server. */
export interface ServerKind {
  readonly name: string;
  /** The program that it needs. */
  readonly program: string;
  /**
   * Starts one.
   *
   * @param dir What it shares.
   * @param scratch An empty folder for what it has to write.
   */
  start(dir: string, scratch: string, signal: AbortSignal): Promise<RunningServer>;
}

/** The script with both sides of the classic way to write this. */
export const PYTHON_SCRIPT = join(REPOSITORY, "tools", "bench", "thread_per_client.py");

/** As a knowledgeable administrator sets it up: sendfile, kept connections, a worker a core. */
export const NGINX: ServerKind = {
  name: "nginx",
  program: "nginx",
  async start(dir, scratch, signal) {
    const port = freePort();
    const config = join(scratch, "nginx.conf");
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path "${join(scratch, name)}";`);
    await Deno.writeTextFile(
      config,
      `
${Deno.uid() === 0 ? "user root;" : ""}
daemon off;
worker_processes auto;
pid "${join(scratch, "nginx.pid")}";
error_log /dev/null crit;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  ${paths.join("\n  ")}
  server { listen 127.0.0.1:${port}; root "${dir}"; autoindex on; }
}
`,
    );
    const args = ["-p", scratch, "-c", config, "-e", "/dev/null"];
    return onPort(port, await startProgram({ program: "nginx", args }, port, signal));
  },
};

/** Rsync as a daemon, with the folder as the module `share`. */
export const RSYNC_DAEMON: ServerKind = {
  name: "rsync daemon",
  program: "rsync",
  async start(dir, scratch, signal) {
    const port = freePort();
    const config = join(scratch, "rsyncd.conf");
    const user = Deno.uid() === 0 ? "uid = 0\ngid = 0\n" : "";
    await Deno.writeTextFile(
      config,
      `\
address = 127.0.0.1
port = ${port}
use chroot = no
log file = /dev/null
${user}[share]
path = ${dir}
read only = yes
`,
    );
    const args = ["--daemon", "--no-detach", "--config", config];
    return onPort(port, await startProgram({ program: "rsync", args }, port, signal));
  },
};

/** One thread a client, requests of 64 KiB. */
export const PYTHON_SERVER: ServerKind = {
  name: "thread-per-client Python",
  program: "python3",
  async start(dir, _scratch, signal) {
    const command = { program: "python3", args: [PYTHON_SCRIPT, "serve", dir] };
    const server = await startProgram(command, /^listening on (\d+)\n/, signal);
    return onPort(Number(server.match![1]), server);
  },
};

/** Sends what is not even read from anywhere: what the loopback itself can carry. */
export const IPERF3_SERVER: ServerKind = {
  name: "iperf3",
  program: "iperf3",
  async start(_dir, _scratch, signal) {
    const port = freePort();
    const args = ["--server", "--bind", "127.0.0.1", "--port", String(port), "--forceflush"];
    // A connection to try it out would be a client that it waits for.
    const server = await startProgram({ program: "iperf3", args }, /Server listening/, signal);
    return onPort(port, server);
  },
};

function onPort(port: number, program: RunningProgram): RunningServer {
  return {
    port,
    pid: program.pid,
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}
