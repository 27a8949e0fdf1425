import assert from "node:assert/strict";
import { relative } from "@std/path";
import {
  bundleArgs,
  causeIn,
  compileArgs,
  ELF_HEADER_SIZE,
  elfEnd,
  executableName,
  lacksRuntime,
  PROGRAMS,
  sumsText,
  type Target,
  TARGETS,
  WORKERS,
} from "../../tools/compile_plan.ts";
import { REPOSITORY } from "../../tools/programs.ts";
import { filesUnder } from "../support/files.ts";

Deno.test("executableName contains the target where it is not this machine's", () => {
  const rows = [
    ["server", null, "linux", "sluice-server"],
    ["client", null, "darwin", "sluice-client"],
    ["client", null, "windows", "sluice-client.exe"],
    ["server", "aarch64-apple-darwin", "linux", "sluice-server-aarch64-apple-darwin"],
    ["server", "x86_64-unknown-linux-gnu", "windows", "sluice-server-x86_64-unknown-linux-gnu"],
    ["client", "x86_64-pc-windows-msvc", "linux", "sluice-client-x86_64-pc-windows-msvc.exe"],
  ] as const;
  for (const [program, target, platform, name] of rows) {
    assert.equal(executableName(program, target, platform), name);
  }
});

Deno.test("executableName has a name of its own for each program and target", () => {
  const names = PROGRAMS.flatMap((program) =>
    [null, ...TARGETS].map((target) => executableName(program, target, "linux"))
  );
  assert.equal(new Set(names).size, 12);
});

Deno.test("compileArgs gives each program its task's permissions and no others", () => {
  const options = { bundle: "b.js", workers: [], output: "o", target: null };
  const permissionsOf = (program: "server" | "client") =>
    compileArgs({ program, ...options })
      .filter((arg) => /^--(allow|deny|no-prompt|permission)|^-[^-]/.test(arg));
  assert.deepEqual(permissionsOf("server"), [
    ...["--no-prompt", "--allow-net", "--allow-read", "--allow-sys=statfs", "--deny-import"],
  ]);
  assert.deepEqual(permissionsOf("client"), [
    ...["--no-prompt", "--allow-net", "--allow-read", "--allow-write", "--allow-sys=statfs"],
    "--deny-import",
  ]);
});

Deno.test("compileArgs embeds the bundle and the Workers, and names the target", () => {
  const target: Target = "aarch64-apple-darwin";
  const workers = ["x/one.ts", "x/two.ts"];
  const args = compileArgs({ program: "server", bundle: "x/b.js", workers, output: "o", target });
  const tail = ["--include", "x/one.ts", "--include", "x/two.ts", "--target", target];
  assert.deepEqual(args.slice(-tail.length - 3), [...tail, "--output", "o", "x/b.js"]);
  const own = compileArgs({ program: "server", bundle: "b", workers, output: "o", target: null });
  assert.ok(!own.includes("--target"));
});

Deno.test("bundleArgs takes packages from the configuration, and the entry file last", () => {
  const args = bundleArgs("server.ts", "out/server.js", "deno.json");
  assert.equal(args[args.indexOf("--config") + 1], "deno.json");
  assert.equal(args[args.indexOf("--output") + 1], "out/server.js");
  assert.equal(args.at(-1), "server.ts");
});

Deno.test("WORKERS lists every Worker that the programs start, each with its own file name", async () => {
  const started: string[] = [];
  for (const path of await filesUnder(`${REPOSITORY}lib`)) {
    const text = await Deno.readTextFile(`${REPOSITORY}lib/${path}`);
    for (const [, url] of text.matchAll(/new Worker\(\s*new URL\("(.+?)"/g)) {
      const worker = new URL(url!, new URL(`file://${REPOSITORY}lib/${path}`));
      started.push(relative(REPOSITORY, worker.pathname));
    }
  }
  assert.ok(started.length > 0);
  assert.deepEqual([...new Set(started)].sort(), [...WORKERS].sort());
  assert.equal(new Set(WORKERS.map((path) => path.split("/").at(-1))).size, WORKERS.length);
});

/** Deno's error output where its download site is out of reach. */
const UNREACHABLE = `\
error: Writing deno compile executable to temporary file '/a/x.tmp-63cd52738278fa0c'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://dl.deno.land/release/v2.9.6/denort.zip)
    2: client error (Connect)

Stack backtrace:
   0: <unknown>
`;
const NO_SUCH_FILE = `\
error: Writing deno compile executable to temporary file '/a/x.tmp-556736fa16d9b0d8'

Caused by:
    0: Could not find denort at '/nowhere'
    1: No such file or directory (os error 2)
`;
const SYNTAX = "error: SyntaxError: Unexpected token `=`.\n  |\n1 | let x: = 3\n";
const NPM = `\
npm warn Unknown user config "a".
npm error code ECONNREFUSED
npm error syscall connect
npm error errno ECONNREFUSED
npm error FetchError: request to http://127.0.0.1:9/deno failed
npm error     at ClientRequest.<anonymous> (index.js:130:14)
`;

Deno.test("causeIn finds the cause in the error output of Deno and npm", () => {
  const request = "error sending request for url (https://dl.deno.land/release/v2.9.6/denort.zip)";
  assert.equal(causeIn(UNREACHABLE), request);
  assert.equal(causeIn(NO_SUCH_FILE), "Could not find denort at '/nowhere'");
  assert.equal(causeIn(SYNTAX), "SyntaxError: Unexpected token `=`.");
  assert.equal(causeIn(NPM), "FetchError: request to http://127.0.0.1:9/deno failed");
  assert.equal(causeIn("\n"), "it printed no reason");
});

Deno.test("lacksRuntime distinguishes a missing runtime part from other errors", () => {
  assert.deepEqual([UNREACHABLE, NO_SUCH_FILE, SYNTAX, NPM].map(lacksRuntime), [
    ...[true, true, false, false],
  ]);
});

/** An ELF header with a section table of `entries` entries of `size` bytes. */
function elfHeader(tableAt: bigint, size: number, entries: number): Uint8Array {
  const header = new Uint8Array(ELF_HEADER_SIZE);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  const view = new DataView(header.buffer);
  view.setBigUint64(0x28, tableAt, true);
  view.setUint16(0x3a, size, true);
  view.setUint16(0x3c, entries, true);
  return header;
}

Deno.test("elfEnd is the end of the section table", () => {
  assert.equal(elfEnd(elfHeader(85_184_000n, 64, 37)), 85_186_368);
  assert.equal(elfEnd(elfHeader(2n ** 33n, 64, 1)), 2 ** 33 + 64);
  const within = new Uint8Array(100);
  within.set(elfHeader(1000n, 64, 2), 7);
  assert.equal(elfEnd(within.subarray(7)), 1128);
});

Deno.test("elfEnd refuses a file that is no 64-bit little-endian ELF file", () => {
  const header = elfHeader(1000n, 64, 2);
  for (const at of [0, 1, 2, 3, 4, 5]) {
    const other = header.slice();
    other[at]! ^= 3;
    assert.throws(() => elfEnd(other), SyntaxError, `byte ${at}`);
  }
  for (const length of [0, 5, ELF_HEADER_SIZE - 1]) {
    assert.throws(() => elfEnd(header.subarray(0, length)), SyntaxError);
  }
});

Deno.test("sumsText writes lines for sha256sum -c, in the order of the names", () => {
  const digests = new Map([["b.exe", "2".repeat(64)], ["a", "1".repeat(64)]]);
  assert.equal(sumsText(digests), `${"1".repeat(64)}  a\n${"2".repeat(64)}  b.exe\n`);
});
