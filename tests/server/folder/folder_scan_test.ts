import assert from "node:assert/strict";
import fc from "fast-check";
import { dirname, join } from "@std/path";
import { identityOfInfo } from "../../../lib/fs/file_identity.ts";
import { scanFolder, ScanNotes } from "../../../lib/server/folder/folder_scan.ts";
import { diskPath, wirePathOf } from "../../../lib/server/shared_file.ts";

Deno.test("scanFolder finds the files of a folder and of the folders in it", () => {
  using folder = tempFolder();
  folder.make("a.txt", "b/c.txt", "b/d/e/f.txt", "empty.txt");
  Deno.mkdirSync(join(folder.path, "empty", "folder"), { recursive: true });
  assert.deepEqual(scan(folder), ["a.txt", "b/c.txt", "b/d/e/f.txt", "empty.txt"]);
});

Deno.test("scanFolder returns the size, time and identity of a file", () => {
  using folder = tempFolder();
  folder.make("b/c.txt");
  const path = join(folder.path, "b", "c.txt");
  Deno.writeTextFileSync(path, "12345");
  Deno.utimeSync(path, new Date(1_600_000_000_123), new Date(1_600_000_000_123));
  const files = [...scanFolder({ root: folder.path, hidden: false }, [""])];
  assert.deepEqual(files, [{
    path: "b/c.txt",
    size: 5,
    modified: 1_600_000_000_123,
    linkTo: null,
    ...identityOfInfo(Deno.statSync(path)),
  }]);
});

Deno.test("scanFolder finds the files at or under a path, and no others", () => {
  using folder = tempFolder();
  folder.make("a.txt", "b/c.txt", "b/d/e.txt", "bb/f.txt");
  assert.deepEqual(scan(folder, { under: "a.txt" }), ["a.txt"]);
  assert.deepEqual(scan(folder, { under: "b" }), ["b/c.txt", "b/d/e.txt"]);
  assert.deepEqual(scan(folder, { under: "b/d" }), ["b/d/e.txt"]);
  assert.deepEqual(scan(folder, { under: ["b/d", "nothing", "a.txt"] }), [
    "a.txt",
    "b/d/e.txt",
  ]);
  assert.deepEqual(scan(folder, { under: [] }), []);
  assert.deepEqual(scan(folder, { under: "nothing" }), []);
  assert.deepEqual(scan(folder, { under: "a.txt/x" }), []);
  assert.deepEqual(scan(folder, { under: "../" + folder.path.split("/").at(-1) }), []);
  assert.deepEqual(scan(folder, { under: ".." }), []);
});

Deno.test("scanFolder leaves out hidden files and folders unless they are shared", () => {
  using folder = tempFolder();
  const hidden = [".a", ".b/c.txt", "d/.e", "d/.f/g.txt", "d/.f/.h"];
  folder.make("shown.txt", "d/shown.txt", ...hidden);
  assert.deepEqual(scan(folder), ["d/shown.txt", "shown.txt"]);
  assert.deepEqual(
    scan(folder, { hidden: true }),
    [...hidden, "d/shown.txt", "shown.txt"].sort(),
  );
  for (const under of hidden) assert.deepEqual(scan(folder, { under }), [], under);
  assert.deepEqual(scan(folder, { under: "d/.f" }), []);
});

Deno.test("scanFolder follows links to files inside the folder, and to no others", () => {
  using folder = tempFolder();
  using outside = tempFolder();
  folder.make("real/a.txt", ".hidden/b.txt", "c.txt");
  outside.make("secret.txt");
  const links = {
    "in.txt": join(folder.path, "real", "a.txt"),
    "relative.txt": "real/a.txt",
    "twice.txt": "in.txt",
    "out.txt": join(outside.path, "secret.txt"),
    "climbing.txt": `../${outside.path.split("/").at(-1)}/secret.txt`,
    "out-and-in.txt": `../${folder.path.split("/").at(-1)}/c.txt`,
    "to-hidden.txt": ".hidden/b.txt",
    "dangling.txt": "nothing",
    "loop.txt": "loop.txt",
    "folder": "real",
    "outer-folder": outside.path,
    "self": ".",
    "parent": "..",
    "device": "/dev/zero",
  };
  for (const [name, target] of Object.entries(links)) {
    Deno.symlinkSync(target, join(folder.path, name));
  }
  const expected = ["c.txt", "in.txt", "out-and-in.txt", "real/a.txt", "relative.txt", "twice.txt"];
  assert.deepEqual(scan(folder), expected);
  assert.deepEqual(
    scan(folder, { hidden: true }),
    [...expected, ".hidden/b.txt", "to-hidden.txt"].sort(),
  );
  for (const name of Object.keys(links)) {
    const wanted = expected.includes(name) ? [name] : [];
    assert.deepEqual(scan(folder, { under: name }), wanted, name);
  }
});

Deno.test("scanFolder does not follow a link to a folder, even if a path does", () => {
  using folder = tempFolder();
  using outside = tempFolder();
  folder.make("real/a.txt", "real/b/c.txt");
  outside.make("secret.txt", "d/secret.txt");
  Deno.symlinkSync(outside.path, join(folder.path, "outer"));
  Deno.symlinkSync("real", join(folder.path, "inner"));
  for (
    const under of [
      ...["outer", "outer/secret.txt", "outer/d", "outer/d/secret.txt"],
      ...["inner", "inner/a.txt", "inner/b", "inner/b/c.txt"],
    ]
  ) {
    assert.deepEqual(scan(folder, { under }), [], under);
  }
});

Deno.test("scanFolder lists a link with the identity of its target", () => {
  using folder = tempFolder();
  folder.make("a.txt");
  Deno.symlinkSync("a.txt", join(folder.path, "link.txt"));
  const [file, link] = [...scanFolder({ root: folder.path, hidden: false }, [""])]
    .sort((a, b) => a.path < b.path ? -1 : 1);
  assert.deepEqual({ ...link, path: "a.txt", linkTo: null }, file);
  assert.equal(link?.linkTo, "a.txt");
});

Deno.test("scanFolder leaves out everything but regular files", {
  ignore: Deno.build.os === "windows",
}, () => {
  using folder = tempFolder();
  folder.make("a.txt");
  using _listener = Deno.listen({ transport: "unix", path: join(folder.path, "socket") });
  const { success } = new Deno.Command("mkfifo", { args: [join(folder.path, "pipe")] })
    .outputSync();
  assert.ok(success);
  assert.deepEqual(scan(folder), ["a.txt"]);
  assert.deepEqual(scan(folder, { under: "pipe" }), []);
});

Deno.test("scanFolder leaves out a link with an impossible target", () => {
  using folder = tempFolder();
  folder.make("a.txt");
  Deno.symlinkSync("x".repeat(300), join(folder.path, "link.txt"));
  assert.deepEqual(scan(folder), ["a.txt"]);
  assert.deepEqual(scan(folder, { under: "link.txt" }), []);
});

Deno.test("scanFolder leaves out folders that this user may not read", () => {
  using folder = tempFolder();
  folder.make("a.txt", "closed/b.txt", "open/c.txt");
  const closed = join(folder.path, "closed");
  Deno.chmodSync(closed, 0o000);
  try {
    const found = scan(folder);
    // Some users may read everything.
    const mayRead = canRead(closed);
    assert.deepEqual(found, ["a.txt", ...(mayRead ? ["closed/b.txt"] : []), "open/c.txt"]);
  } finally {
    Deno.chmodSync(closed, 0o700);
  }
});

Deno.test("scanFolder notes the folders that it reads, and the places that it leaves out", {
  ignore: Deno.build.os !== "linux",
}, () => {
  using folder = tempFolder();
  using outside = tempFolder();
  folder.make("a.txt", "b/c/d.txt", ".hidden/e.txt", ".f");
  const links = {
    "out": outside.path,
    "in": "b",
    "broken": "nothing",
    "loop": "loop",
    "hidden": ".f",
    "fine": "a.txt",
    ".out": outside.path,
  };
  for (const [name, target] of Object.entries(links)) {
    Deno.symlinkSync(target, join(folder.path, name));
  }
  const notes = new ScanNotes();
  const found = [...scanFolder({ root: folder.path, hidden: false }, [""], notes)];
  assert.deepEqual(found.map(({ path }) => path).sort(), ["a.txt", "b/c/d.txt", "fine"]);
  assert.deepEqual(notes.folders.sort(), ["", "b", "b/c"]);
  assert.deepEqual(notes.leftOut.map(({ path, kind }) => `${path}: ${kind}`).sort(), [
    "broken: broken link",
    "hidden: link that leads out",
    "in: link to a folder",
    "loop: broken link",
    "out: link that leads out",
  ]);
});

Deno.test("scanFolder notes names that are not UTF-8, where Deno lists them", {
  ignore: Deno.build.os !== "linux",
}, () => {
  using folder = tempFolder();
  folder.make("a.txt");
  const { success } = new Deno.Command("sh", {
    args: ["-c", "printf x > \"$(printf 'n\\351')\"; printf x > \"$(printf 'n\\350')\""],
    cwd: folder.path,
  }).outputSync();
  assert.ok(success);
  const notes = new ScanNotes();
  const found = [...scanFolder({ root: folder.path, hidden: false }, [""], notes)];
  assert.deepEqual(found.map(({ path }) => path), ["a.txt"]);
  // Deno 2.4 does not.
  const listed = [...Deno.readDirSync(folder.path)].length - 1;
  assert.equal(notes.leftOut.filter(({ kind }) => kind === "unusable name").length, listed);
});

Deno.test("scanFolder notes folders and files that this user may not read", () => {
  using folder = tempFolder();
  folder.make("a.txt", "closed/b.txt", "open/c.txt", "open/secret.txt");
  const [closed, secret] = [join(folder.path, "closed"), join(folder.path, "open/secret.txt")];
  Deno.chmodSync(secret, 0o000);
  Deno.chmodSync(closed, 0o000);
  try {
    const expected = canRead(closed)
      ? []
      : ["closed: unreadable folder EACCES", "open/secret.txt: unreadable file EACCES"];
    const notes = new ScanNotes();
    const scanned = { root: folder.path, hidden: false };
    for (let round = 1; round <= 2; round++) {
      notes.leftOut.length = 0;
      [...scanFolder(scanned, [""], notes)];
      const lines = notes.leftOut.map(({ path, kind, code }) => `${path}: ${kind} ${code}`);
      assert.deepEqual(lines.sort(), expected);
    }
  } finally {
    Deno.chmodSync(closed, 0o700);
  }
});

Deno.test("scanFolder finds files with odd names", {
  ignore: Deno.build.os === "windows",
}, () => {
  using folder = tempFolder();
  const names = [
    ...["two words", " leading", "trailing ", "trailing.", "a\\b", "a:b", "con", "'\"`$;&|<>?*["],
    ...[
      "漢字",
      "é",
      "e\u0301",
      "😀",
      "tab\tnewline\n",
      "\x1b[2J",
      "\x7f",
      "-rf",
      "~",
      "#a",
      "a".repeat(255),
    ],
    ...["...", "..a", "\u202e"],
  ];
  const shown = names.filter((name) => !name.startsWith("."));
  folder.make(...names, ...names.map((name) => `folder/${name}/file`));
  const expected = [...shown, ...shown.map((name) => `folder/${name}/file`)].sort();
  assert.deepEqual(scan(folder), expected);
});

Deno.test("scanFolder leaves out names that are not wire paths", {
  ignore: Deno.build.os !== "linux",
}, () => {
  using folder = tempFolder();
  folder.make("a.txt");
  // Names whose bytes are not UTF-8.
  const { success } = new Deno.Command("sh", {
    args: ["-c", "printf x > \"$(printf 'bad\\377')\"; printf x > \"$(printf '\\303')\""],
    cwd: folder.path,
  }).outputSync();
  assert.ok(success);
  // Paths of more than 4,096 bytes, which take two steps to create.
  const name = "n".repeat(250);
  const chain = (length: number) => new Array(length).fill(name).join("/");
  folder.make(`${chain(8)}/file`, `other/${chain(9)}/file`);
  Deno.renameSync(join(folder.path, "other", name), join(folder.path, chain(8), name));
  assert.deepEqual(scan(folder), ["a.txt", `${chain(8)}/file`]);
});

Deno.test("scanFolder finds thousands of files, each once", () => {
  using folder = tempFolder();
  const names = Array.from({ length: 1500 }, (_, i) => `${i % 7}/${i % 3}/${i}.txt`);
  folder.make(...names);
  assert.deepEqual(scan(folder), names.sort());
});

Deno.test("scanFolder leaves out files that vanish during the scan", () => {
  using folder = tempFolder();
  const names = Array.from({ length: 300 }, (_, i) => `${i % 10}/${i}.txt`);
  folder.make("kept.txt", ...names);
  const found: string[] = [];
  let vanished = 0;
  for (const { path } of scanFolder({ root: folder.path, hidden: false }, [""])) {
    found.push(path);
    if (vanished < 10) Deno.removeSync(join(folder.path, `${vanished++}`), { recursive: true });
  }
  for (; vanished < 10; vanished++) {
    Deno.removeSync(join(folder.path, `${vanished}`), { recursive: true });
  }
  assert.ok(found.includes("kept.txt"));
  assert.deepEqual(scan(folder), ["kept.txt"]);
});

Deno.test("wirePathOf undoes diskPath, and is null outside of the folder", () => {
  const segment = fc.stringMatching(/^[a-z.]{1,8}$/).filter((name) => !/^\.\.?$/.test(name));
  const paths = fc.array(segment, { minLength: 1, maxLength: 5 }).map((names) => names.join("/"));
  for (const root of ["/srv/files", "/"]) {
    fc.assert(fc.property(paths, (path) => {
      assert.equal(wirePathOf(root, diskPath(root, path)), path);
    }));
    assert.equal(wirePathOf(root, root), "");
  }
  for (const path of ["/srv", "/srv/filesystem", "/srv/files2/a", "/", "srv/files/a", ""]) {
    assert.equal(wirePathOf("/srv/files", path), null, path);
  }
});

function canRead(folder: string): boolean {
  try {
    return [...Deno.readDirSync(folder)].length > 0;
  } catch {
    return false;
  }
}

function scan(
  folder: TempFolder,
  { under = "", hidden = false }: { under?: string | string[]; hidden?: boolean } = {},
): string[] {
  const files = [...scanFolder({ root: folder.path, hidden }, [under].flat())];
  return files.map(({ path }) => path).sort();
}

interface TempFolder extends Disposable {
  readonly path: string;
  /** Writes files, and the folders that they are in. */
  make(...paths: string[]): void;
}

function tempFolder(): TempFolder {
  const path = Deno.realPathSync(Deno.makeTempDirSync());
  return {
    path,
    make(...names) {
      for (const name of names) {
        Deno.mkdirSync(dirname(join(path, name)), { recursive: true });
        Deno.writeTextFileSync(join(path, name), name);
      }
    },
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
