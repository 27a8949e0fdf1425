/**
 * The peers' servers: each on a free port of this machine, sharing one folder, without a log.
 *
 * @module
 */
import { join } from "@std/path";
import { REPOSITORY } from "../programs.ts";
import { freePort, type RunningProgram, startProgram } from "./processes.ts";

/** A running server. */
export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
}

/** A kind of server. */
export interface ServerKind {
  readonly name: string;
  /** The server's program. */
  readonly program: string;
  /**
   * Starts a server.
   *
   * @param dir The folder that it shares.
   * @param scratch An empty folder for the files that it writes.
   */
  start(dir: string, scratch: string, signal: AbortSignal): Promise<RunningServer>;
}

/** The script with server and client of the classic thread-per-client design. */
export const PYTHON_SCRIPT = join(REPOSITORY, "tools", "bench", "thread_per_client.py");

/** Nginx with sendfile, keep-alive and one worker for each core. */
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

/** One thread for each client, requests of 64 KiB. */
export const PYTHON_SERVER: ServerKind = {
  name: "thread-per-client Python",
  program: "python3",
  async start(dir, _scratch, signal) {
    const command = { program: "python3", args: [PYTHON_SCRIPT, "serve", dir] };
    const server = await startProgram(command, /^listening on (\d+)\n/, signal);
    return onPort(Number(server.match![1]), server);
  },
};

/** Sends bytes that are not read from any file: the capacity of the loopback interface. */
export const IPERF3_SERVER: ServerKind = {
  name: "iperf3",
  program: "iperf3",
  async start(_dir, _scratch, signal) {
    const port = freePort();
    const args = ["--server", "--bind", "127.0.0.1", "--port", String(port), "--forceflush"];
    // A trial connection would count as the client that it serves.
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
