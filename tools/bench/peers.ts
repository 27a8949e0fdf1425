/**
 * The alternatives to Sluice, in one table.
 *
 * @module
 */
import { join } from "@std/path";
import type { FileSet } from "./data.ts";
import type { ProgramCommand } from "./processes.ts";
import type { Role } from "./report.ts";
import {
  NGINX,
  PYTHON_SCRIPT,
  PYTHON_SERVER,
  RSYNC_DAEMON,
  type RunningServer,
  type ServerKind,
} from "./servers.ts";

/** The number of files that a peer downloads at the same time, if it can. */
const MAX_CONCURRENT = 16;

/** Files to download, and the folder for them. */
export interface Job {
  /** The server's port on this machine; 0 where there is none. */
  readonly port: number;
  readonly files: FileSet;
  readonly output: string;
  /** A folder for lists of names and other temporary files. */
  readonly scratch: string;
}

/** A way to transfer files from one folder into another. */
export interface Peer {
  readonly name: string;
  readonly role: Role;
  /** The programs that it needs, apart from its server. */
  readonly programs: readonly string[];
  readonly server: ServerKind | null;
  /** Whether it is pointless for many files. */
  readonly isForOneFile?: boolean;
  /** Returns the commands to run in turn. Files that this writes first are not part of the time. */
  commands(job: Job): Promise<readonly ProgramCommand[]>;
}

/** All peers, with the options that an experienced user would choose. */
export const PEERS: readonly Peer[] = [
  {
    name: "nginx + curl",
    role: "peer",
    programs: ["curl"],
    server: NGINX,
    commands: async (job) => [await curl(job)],
  },
  {
    name: "nginx + curl, then sha256sum",
    role: "peer",
    programs: ["curl", "sha256sum"],
    server: NGINX,
    isForOneFile: true,
    commands: async (job) => [
      await curl(job),
      { program: "sha256sum", args: job.files.names, cwd: job.output },
    ],
  },
  {
    name: "nginx + aria2",
    role: "peer",
    programs: ["aria2c"],
    server: NGINX,
    commands: async (job) => [await aria2(job, 1)],
  },
  {
    name: "nginx + aria2, 4 connections",
    role: "peer",
    programs: ["aria2c"],
    server: NGINX,
    isForOneFile: true,
    commands: async (job) => [await aria2(job, 4)],
  },
  {
    name: "nginx + wget",
    role: "peer",
    programs: ["wget"],
    server: NGINX,
    async commands(job) {
      const list = await writeList(job, "wget", urls(job));
      return [{
        program: "wget",
        args: ["--no-config", "--quiet", "--directory-prefix", job.output, "--input-file", list],
      }];
    },
  },
  {
    name: "nginx + lftp",
    role: "peer",
    programs: ["lftp"],
    server: NGINX,
    commands: (job) => Promise.resolve([{ program: "lftp", args: ["-c", lftpScript(job)] }]),
  },
  {
    name: "rsync daemon",
    role: "peer",
    programs: ["rsync"],
    server: RSYNC_DAEMON,
    commands: ({ port, output }) =>
      Promise.resolve([{
        program: "rsync",
        args: ["--recursive", `rsync://127.0.0.1:${port}/share/`, `${output}/`],
      }]),
  },
  {
    name: "thread-per-client Python",
    role: "peer",
    programs: ["python3"],
    server: PYTHON_SERVER,
    async commands(job) {
      const list = await writeList(job, "python", job.files.names);
      return [{
        program: "python3",
        args: [PYTHON_SCRIPT, "fetch", String(job.port), job.output, list],
      }];
    },
  },
  {
    name: "cp",
    role: "limit",
    programs: ["cp"],
    server: null,
    commands: ({ files, output }) =>
      Promise.resolve([{ program: "cp", args: ["-r", `${files.dir}/.`, output] }]),
  },
];

/** The peers' servers, each started once at its first use. */
export class PeerServers implements AsyncDisposable {
  readonly #dir: string;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #running = new Map<ServerKind, RunningServer>();

  /**
   * @param dir The folder that they share.
   * @param scratch A folder for the files that they write.
   */
  constructor(dir: string, scratch: string, signal: AbortSignal) {
    this.#dir = dir;
    this.#scratch = scratch;
    this.#signal = signal;
  }

  /** Returns the server of this kind, and starts it if necessary. */
  async of(kind: ServerKind): Promise<RunningServer> {
    const running = this.#running.get(kind);
    if (running) return running;
    const scratch = await Deno.makeTempDir({ dir: this.#scratch, prefix: "server-" });
    const started = await kind.start(this.#dir, scratch, this.#signal);
    this.#running.set(kind, started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server[Symbol.asyncDispose]()));
  }
}

/** A curl command that downloads several files at a time in one process. */
async function curl(job: Job): Promise<ProgramCommand> {
  const options = ["--disable", "--silent", "--fail"];
  const [name] = job.files.names;
  if (job.files.names.length === 1) {
    const target = join(job.output, name!);
    return { program: "curl", args: [...options, "--output", target, ...urls(job)] };
  }
  const lines = job.files.names.map((name) =>
    `url = "${urlOf(job, name)}"\noutput = "${join(job.output, name)}"`
  );
  const list = await writeList(job, "curl", lines);
  const parallel = ["--parallel", "--parallel-max", String(MAX_CONCURRENT)];
  return { program: "curl", args: [...options, ...parallel, "--config", list] };
}

/** @param connections The number of connections for each file. */
async function aria2(job: Job, connections: number): Promise<ProgramCommand> {
  const list = await writeList(job, "aria2", urls(job));
  const options = {
    "dir": job.output,
    "input-file": list,
    "max-concurrent-downloads": MAX_CONCURRENT,
    "max-connection-per-server": connections,
    "split": connections,
    "min-split-size": "1M",
    "file-allocation": "none",
    "summary-interval": 0,
  };
  return {
    program: "aria2c",
    args: [
      "--no-conf",
      "--quiet",
      ...Object.entries(options).map(([name, value]) => `--${name}=${value}`),
    ],
  };
}

function lftpScript(job: Job): string {
  const { files: { names }, output, port } = job;
  const open = `set cmd:fail-exit true; set net:max-retries 1; open http://127.0.0.1:${port}`;
  return names.length === 1
    ? `${open}; get ${names[0]} -o ${output}/`
    : `${open}; mirror --parallel=${MAX_CONCURRENT} / ${output}`;
}

function urls(job: Job): string[] {
  return job.files.names.map((name) => urlOf(job, name));
}

function urlOf({ port }: Job, name: string): string {
  return `http://127.0.0.1:${port}/${name}`;
}

async function writeList(job: Job, peer: string, lines: readonly string[]): Promise<string> {
  const path = join(job.scratch, `${peer}.list`);
  await Deno.writeTextFile(path, lines.map((line) => `${line}\n`).join(""));
  return path;
}
