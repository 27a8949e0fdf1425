import assert from "node:assert/strict";
import { refusalOf } from "../../lib/fs/safe_path.ts";
import { runClient, sha256, startServer } from "../support/harness.ts";
import { Workspace } from "../support/workspace.ts";

const SIZES = [0, 1, 65535, 65536, 1048575, 1048576, 1048577, 40_000_000];

/** The line of the input list, by the name of the file. */
const NAMES: Readonly<Record<string, string>> = {
  "Grüße – 漢字 🙂.txt": "Grüße – 漢字 🙂.txt",
  "two  blanks and a . dot": "two  blanks and a . dot",
  "list [1].txt": "list [1].txt",
  'say "hello".txt': 'say "hello".txt',
  '"quoted"': '"\\"quoted\\""',
  "#hash.txt": '"#hash.txt"',
  "issue #1": "issue #1",
  "a sub/folder (2)/it's deep.txt": "a sub/folder (2)/it's deep.txt",
  "tower HIGH": '"tower HIGH"',
  "back\\slash": "back\\slash",
};

Deno.test("client fetches files of all sizes with --once, and leaves nothing else", async () => {
  const names = SIZES.map((size) => `${size} bytes.bin`);
  await using workspace = await Workspace.create(
    Object.fromEntries(names.map((name, i) => [name, SIZES[i]!])),
  );
  await workspace.setInput(
    names.map((name, i) => `${name} ${["CRITICAL", "HIGH", ""][i % 3]}\n`).join(""),
  );
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived(...names);
  await workspace.assertNoLeftovers();
});

Deno.test("client fetches files of all kinds of names, and keeps their times", async () => {
  const names = Object.keys(NAMES).filter((name) => refusalOf(name, Deno.build.os) === null);
  await using workspace = await Workspace.create(
    Object.fromEntries(names.map((name, i) => [name, 1000 + i])),
  );
  const times = names.map((_, i) => new Date(Date.UTC(2001 + i, 1, 3, 4, 5, 6, 789)));
  for (const [i, name] of names.entries()) {
    await Deno.utime(workspace.shared(name), times[i]!, times[i]!);
  }
  await workspace.setInput(names.map((name) => `${NAMES[name]}\n`).join(""));
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived(...names);
  await workspace.assertNoLeftovers();
  for (const [i, name] of names.entries()) {
    const { mtime } = await Deno.stat(workspace.downloaded(name));
    assert.equal(mtime?.toISOString(), times[i]!.toISOString(), name);
  }
});

Deno.test("server serves five clients at once", async () => {
  const files = { "a.bin": 12_000_000, "b.bin": 3_000_001, "c/d.bin": 65_536, "e.txt": 5 };
  await using workspace = await Workspace.create(files);
  await workspace.setInput("a.bin\nb.bin CRITICAL\n**\n");
  await using server = await startServer(workspace);
  const outputs = [1, 2, 3, 4, 5].map((n) => `${workspace.output} ${n}`);
  const results = await Promise.all(
    outputs.map((output) => runClient({ input: workspace.input, output, port: server.port })),
  );
  assert.deepEqual(results.map(({ code }) => code), [0, 0, 0, 0, 0]);
  for (const output of outputs) {
    for (const path of Object.keys(files)) {
      assert.equal(await sha256(`${output}/${path}`), await sha256(workspace.shared(path)), path);
    }
  }
  await server.waitForDisconnects(5);
  assert.deepEqual(server.bytesByClient, Array(5).fill(15_065_542));
});

Deno.test("client fetches no file that is already there", async () => {
  await using workspace = await Workspace.create({
    "a.bin": 3_000_000,
    "empty": 0,
    "sub/b.bin": 70_000,
  });
  await workspace.setInput("**\n");
  await using server = await startServer(workspace);
  for (const args of [[], [], ["--verify", "none"]]) {
    const { code, stderr } = await runClient({
      ...workspace,
      port: server.port,
      args: ["--once", ...args],
    });
    assert.equal(code, 0, stderr);
    await workspace.assertArrived("a.bin", "empty", "sub/b.bin");
  }
  await server.waitForDisconnects(3);
  assert.deepEqual(server.bytesByClient, [3_070_000, 0, 0]);
  assert.deepEqual(server.sent.toSorted(), ["a.bin", "sub/b.bin"]);
  await workspace.assertNoLeftovers();
});

Deno.test("client fetches a file again that was changed in the output folder", async () => {
  await using workspace = await Workspace.create({ "a.bin": 300_000, "b.bin": 70_000 });
  await workspace.setInput("a.bin\nb.bin\n");
  await using server = await startServer(workspace);
  await runClient({ ...workspace, port: server.port });
  const damaged = await Deno.readFile(workspace.downloaded("a.bin"));
  damaged[123_456]! ^= 1;
  await Deno.writeFile(workspace.downloaded("a.bin"), damaged);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived("a.bin", "b.bin");
  await server.waitForDisconnects(2);
  assert.deepEqual(server.sent.toSorted(), ["a.bin", "a.bin", "b.bin"]);
});

Deno.test("client fetches without the server's digests with --verify none", async () => {
  await using workspace = await Workspace.create({ "a.bin": 3_000_000, "empty": 0 });
  await workspace.setInput("a.bin\nempty\n");
  await using server = await startServer(workspace);
  const args = ["--once", "--verify=none"];
  const { code, stderr } = await runClient({ ...workspace, port: server.port, args });
  assert.equal(code, 0, stderr);
  await workspace.assertArrived("a.bin", "empty");
});

Deno.test("client accepts a file whose digest is the one in input.txt", async () => {
  await using workspace = await Workspace.create({ "a.bin": 2_000_000, "b.bin": 1_000 });
  const [a, b] = [await sha256(workspace.shared("a.bin")), await sha256(workspace.shared("b.bin"))];
  await workspace.setInput(`a.bin HIGH sha256:${a}\nb.bin sha256:${b.toUpperCase()}\n`);
  await using server = await startServer(workspace);
  for (const args of [["--once"], ["--once", "--verify", "none"]]) {
    const { code, stderr } = await runClient({ ...workspace, port: server.port, args });
    assert.equal(code, 0, stderr);
    await workspace.assertArrived("a.bin", "b.bin");
  }
});

for (const verify of ["sha256", "none"]) {
  Deno.test(`client refuses a file of another digest with --verify ${verify}`, async () => {
    await using workspace = await Workspace.create({ "good.bin": 1_000, "wrong.bin": 2_000_000 });
    await workspace.setInput(`wrong.bin HIGH sha256:${"0".repeat(64)}\ngood.bin\n`);
    await using server = await startServer(workspace);
    const args = ["--once", "--verify", verify];
    const { code, stderr } = await runClient({ ...workspace, port: server.port, args });
    assert.equal(code, 4, stderr);
    assert.match(stderr, /failed +wrong\.bin .*SHA-256.*line 1/);
    await workspace.assertAbsent("wrong.bin");
    await workspace.assertArrived("good.bin");
    await workspace.assertNoLeftovers();
  });
}

Deno.test("client fetches 2,000 small files by a glob", async () => {
  const paths = Array.from({ length: 2_000 }, (_, i) => `many/${i % 20}/${i}.txt`);
  await using workspace = await Workspace.create({ "other.bin": 10 });
  await Deno.mkdir(workspace.shared("many"));
  for (let i = 0; i < 20; i++) await Deno.mkdir(workspace.shared(`many/${i}`));
  for (const [i, path] of paths.entries()) {
    await Deno.writeTextFile(workspace.shared(path), `file ${i}\n`.repeat(i));
  }
  await workspace.setInput("many/**/*.txt\n");
  await using server = await startServer(workspace);
  const { code, stderr } = await runClient({ ...workspace, port: server.port });
  assert.equal(code, 0, stderr);
  for (const [i, path] of paths.entries()) {
    assert.equal(
      await Deno.readTextFile(workspace.downloaded(path)),
      `file ${i}\n`.repeat(i),
      path,
    );
  }
  await workspace.assertAbsent("other.bin");
  await workspace.assertNoLeftovers();
});
