import assert from "node:assert/strict";
import fc from "fast-check";
import { dirname, join } from "@std/path";
import { OutputFolder } from "../../../lib/client/disk/output_folder.ts";
import { OutputError } from "../../../lib/errors.ts";
import { UserError } from "../../../lib/errors.ts";
import { OWN_FOLDER } from "../../../lib/fs/safe_path.ts";

/** The built-in unit of this kind takes a second to construct. */
const ANY_LETTER = fc.nat(0xd7ff).map((code) => String.fromCodePoint(code));

Deno.test("OutputFolder.open creates the folder, and its work folder in it", async () => {
  using temp = tempFolder();
  const dir = join(temp.path, "a", "b");
  await OutputFolder.open(dir);
  assert.deepEqual(namesIn(dir), [OWN_FOLDER]);
  assert.deepEqual(namesIn(join(dir, OWN_FOLDER)), []);
});

Deno.test("OutputFolder.open accepts a folder with files in it", async () => {
  using temp = tempFolder();
  Deno.mkdirSync(join(temp.path, OWN_FOLDER));
  Deno.writeTextFileSync(join(temp.path, OWN_FOLDER, "x.data"), "kept");
  Deno.writeTextFileSync(join(temp.path, "other.txt"), "kept");
  await OutputFolder.open(temp.path);
  assert.deepEqual(namesIn(temp.path), [OWN_FOLDER, "other.txt"]);
  assert.deepEqual(namesIn(join(temp.path, OWN_FOLDER)), ["x.data"]);
});

Deno.test("OutputFolder.open follows a link that the user names", async () => {
  using temp = tempFolder();
  const real = join(temp.path, "real");
  Deno.mkdirSync(real);
  Deno.symlinkSync(real, join(temp.path, "link"));
  const output = await OutputFolder.open(join(temp.path, "link"));
  assert.equal(output.finalPath("a"), join(Deno.realPathSync(real), "a"));
});

for (
  const [what, make] of [
    ["a file", (dir: string) => Deno.writeTextFileSync(dir, "")],
    ["a link to nothing", (dir: string) => Deno.symlinkSync(`${dir}/nothing`, dir)],
    ["a folder in a file", (dir: string) => Deno.writeTextFileSync(dirname(dir), "")],
    [`a file named ${OWN_FOLDER} in it`, (dir: string) => {
      Deno.mkdirSync(dir);
      Deno.writeTextFileSync(join(dir, OWN_FOLDER), "");
    }],
    [`a link named ${OWN_FOLDER} in it`, (dir: string) => {
      Deno.mkdirSync(dir);
      Deno.mkdirSync(`${dir}.elsewhere`);
      Deno.symlinkSync(`${dir}.elsewhere`, join(dir, OWN_FOLDER));
    }],
    [`a dangling link named ${OWN_FOLDER} in it`, (dir: string) => {
      Deno.mkdirSync(dir);
      Deno.symlinkSync(`${dir}.elsewhere`, join(dir, OWN_FOLDER));
    }],
    ["a folder that may not be written to", (dir: string) => {
      Deno.mkdirSync(dir, { mode: 0o500 });
    }],
  ] as const
) {
  Deno.test(`OutputFolder.open refuses ${what}, and names the option`, async () => {
    using temp = tempFolder();
    const isInFile = what === "a folder in a file";
    const dir = join(temp.path, isInFile ? "file/out" : "out");
    make(dir);
    // Some users may write everywhere.
    if (what.includes("may not") && isWritable(dir)) return;
    await assert.rejects(OutputFolder.open(dir), (error) => {
      assert.ok(error instanceof UserError, `${error}`);
      assert.equal(error.exitCode, 2);
      assert.ok(
        error.message.startsWith(`Cannot write to the output folder "${dir}": `),
        error.message,
      );
      assert.ok(error.message.endsWith("; name another with --output"), error.message);
      return true;
    });
    if (what.includes("link named")) {
      assert.ok(!exists(`${dir}.elsewhere`) || namesIn(`${dir}.elsewhere`).length === 0);
    }
    if (what.includes("may not")) Deno.chmodSync(dir, 0o700);
  });
}

Deno.test("OutputFolder.workPath returns a short path of its own for each name", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  const work = join(Deno.realPathSync(temp.path), OWN_FOLDER);
  const name = fc.string({ unit: ANY_LETTER, minLength: 1, maxLength: 400 });
  fc.assert(fc.property(name, name, (a, b) => {
    const path = output.workPath(a).data;
    assert.match(path.slice(work.length), /^[/\\][0-9a-f]{32}\.data$/);
    assert.ok(path.startsWith(work));
    assert.equal(path, output.workPath(a).data);
    assert.equal(a === b, path === output.workPath(b).data);
    assert.notEqual(path, output.workPath(a).journal);
  }));
});

Deno.test("OutputFolder.finalPath returns the final path, and creates nothing", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  assert.equal(
    output.finalPath("a/b/c.txt"),
    join(Deno.realPathSync(temp.path), "a", "b", "c.txt"),
  );
  assert.deepEqual(namesIn(temp.path), [OWN_FOLDER]);
});

Deno.test("OutputFolder.statFinal finds regular files, and throws for obstacles", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  Deno.mkdirSync(output.finalPath("a/b"), { recursive: true });
  Deno.writeTextFileSync(output.finalPath("a/b/c.txt"), "12345");
  Deno.symlinkSync(output.finalPath("a/b/c.txt"), output.finalPath("link.txt"));
  assert.equal((output.statFinal("a/b/c.txt"))?.size, 5);
  for (
    const path of [
      ...["a/b/d.txt", "nothing", "no/thing", "link.txt"],
    ]
  ) {
    assert.equal(output.statFinal(path), null, path);
  }
  for (const path of ["a", "a/b", "a/b/c.txt/d"]) {
    assert.throws(() => output.statFinal(path), OutputError, path);
  }
});

Deno.test("OutputFolder.publish moves a file to its final name, and creates its folders", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  for (const path of ["a.txt", "b/c.txt", "b/d/e/f.txt", "漢/é.txt"]) {
    await output.publish(make(output, path, `content of ${path}`), path);
    assert.equal(Deno.readTextFileSync(output.finalPath(path)), `content of ${path}`);
  }
  assert.deepEqual(namesIn(join(temp.path, OWN_FOLDER)), []);
});

Deno.test("OutputFolder.statFinal accepts what publish will accept, and creates nothing", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  await output.publish(make(output, "a/b.txt", "older"), "a/b.txt");
  Deno.symlinkSync("nothing", output.finalPath("a/link"));
  for (const path of ["c.txt", "c/d/e.txt", "a/c.txt", "a/b.txt", "a/link"]) {
    output.statFinal(path);
  }
  assert.deepEqual(namesIn(temp.path), [OWN_FOLDER, "a"]);
});

Deno.test("OutputFolder.publish replaces an older copy", async () => {
  using temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  for (const content of ["older and longer", "newer"]) {
    await output.publish(make(output, "a/b.txt", content), "a/b.txt");
  }
  assert.equal(Deno.readTextFileSync(output.finalPath("a/b.txt")), "newer");
});

Deno.test("OutputFolder.publish replaces a link under the file's name, and not its target", async () => {
  using temp = tempFolder();
  using outside = tempFolder();
  const output = await OutputFolder.open(temp.path);
  const victim = join(outside.path, "victim.txt");
  Deno.writeTextFileSync(victim, "untouched");
  for (const [name, target] of [["a", victim], ["b", join(outside.path, "new")]] as const) {
    Deno.symlinkSync(target, output.finalPath(name));
    await output.publish(make(output, name, "new"), name);
    assert.ok(Deno.lstatSync(output.finalPath(name)).isFile);
    assert.equal(Deno.readTextFileSync(output.finalPath(name)), "new");
  }
  assert.equal(Deno.readTextFileSync(victim), "untouched");
  assert.deepEqual(namesIn(outside.path), ["victim.txt"]);
});

for (
  const [what, prepare, path] of [
    ["a folder of the file's name", (at: (path: string) => string) => {
      Deno.mkdirSync(at("a/b.txt"), { recursive: true });
    }, "a/b.txt"],
    ["a file where a folder belongs", (at: (path: string) => string) => {
      Deno.writeTextFileSync(at("a"), "kept");
    }, "a/b.txt"],
    ["a link to another folder in the way", (at: (path: string) => string, outside: string) => {
      Deno.symlinkSync(outside, at("a"));
    }, "a/b.txt"],
    ["a link deeper in the way", (at: (path: string) => string, outside: string) => {
      Deno.mkdirSync(at("a"));
      Deno.symlinkSync(outside, at("a/b"));
    }, "a/b/c/d.txt"],
    ["a link to a folder of the output folder", (at: (path: string) => string) => {
      Deno.mkdirSync(at("real"));
      Deno.symlinkSync(at("real"), at("a"));
    }, "a/b.txt"],
    ["a dangling link in the way", (at: (path: string) => string, outside: string) => {
      Deno.symlinkSync(join(outside, "new"), at("a"));
    }, "a/b.txt"],
  ] as const
) {
  Deno.test(`OutputFolder.publish and statFinal refuse ${what}, and leave it as it is`, async () => {
    using temp = tempFolder();
    using outside = tempFolder();
    const output = await OutputFolder.open(temp.path);
    prepare((path) => output.finalPath(path), outside.path);
    const before = treeOf(temp.path);
    assert.throws(() => output.statFinal(path), OutputError);
    const from = make(output, path, "new");
    await assert.rejects(output.publish(from, path), OutputError);
    assert.equal(Deno.readTextFileSync(from), "new");
    Deno.removeSync(from);
    assert.deepEqual(treeOf(temp.path), before);
    assert.deepEqual(namesIn(outside.path), []);
  });
}

/** Writes a complete file in the work folder. */
function make(output: OutputFolder, path: string, content: string): string {
  const from = output.workPath(path).data;
  Deno.writeTextFileSync(from, content);
  return from;
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Everything in a folder; links with their targets. */
function treeOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory, isSymlink }) => {
    const path = join(folder, name);
    if (isSymlink) return [`${path} -> ${Deno.readLinkSync(path)}`];
    return isDirectory ? [path, ...treeOf(path)] : [`${path}: ${Deno.readTextFileSync(path)}`];
  }).sort();
}

function exists(path: string): boolean {
  return namesIn(dirname(path)).includes(path.slice(dirname(path).length + 1));
}

function isWritable(folder: string): boolean {
  try {
    Deno.removeSync(Deno.makeTempDirSync({ dir: folder }));
    return true;
  } catch {
    return false;
  }
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
