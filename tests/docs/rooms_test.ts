/**
 * The order of the rooms of `lib/`, and what belongs where in `tests/`. {@linkcode ROOMS} is the
 * one table of that order: a new room, or a new way from room to room, is a change to the table.
 *
 * @module
 */
import assert from "node:assert/strict";
import { dirname, join, normalize, relative } from "node:path/posix";

/**
 * The rooms of `lib/` and the two entry files, from the top to the ground. A room is a folder, or a
 * file that lies directly in `lib/`, `lib/client/` or `lib/server/`. Beside each stand the rooms
 * that it imports; all of them stand further down. Every room may import the {@linkcode COMMON}
 * rooms further down as well.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  "client.ts": ["cli"],
  "server.ts": ["cli"],
  "cli": [
    "display/report",
    "display/client",
    "display/server",
    "display/terminal",
    "client/explain",
    "client/client.ts",
    "client/remote",
    "client/disk",
    "client/input",
    "client/events.ts",
    "client/exit_code.ts",
    "client/priority.ts",
    "server/server.ts",
    "server/log.ts",
  ],

  "display/report": [
    "display/client",
    "display/state",
    "display/terminal",
    "client/events.ts",
    "client/priority.ts",
  ],
  "display/client": [
    "display/state",
    "display/terminal",
    "client/explain",
    "client/events.ts",
    "client/priority.ts",
  ],
  "display/server": [
    "display/state",
    "display/terminal",
    "server/server.ts",
    "server/client_info.ts",
  ],
  "display/state": ["client/events.ts", "client/priority.ts", "client/schedule"],
  "display/terminal": [],

  "client/explain": ["client/engine", "client/disk", "client/input", "client/priority.ts"],
  "client/client.ts": [
    "client/driver.ts",
    "client/announcer.ts",
    "client/live_plan.ts",
    "client/engine",
    "client/remote",
    "client/disk",
    "client/input",
    "client/events.ts",
    "client/exit_code.ts",
  ],
  "client/driver.ts": ["client/engine", "client/remote", "client/disk", "client/events.ts"],
  "client/announcer.ts": ["client/disk", "client/input", "client/events.ts"],
  "client/live_plan.ts": ["client/input", "client/events.ts"],
  "client/engine": [
    "client/file_failure.ts",
    "client/schedule",
    "client/disk",
    "client/input",
    "client/events.ts",
    "client/priority.ts",
  ],
  "client/file_failure.ts": ["client/input", "client/events.ts"],
  "client/remote": ["client/exit_code.ts"],
  "client/disk": ["client/events.ts"],
  "client/schedule": ["client/events.ts", "client/priority.ts"],
  "client/input": ["client/events.ts", "client/priority.ts"],
  "client/events.ts": ["client/priority.ts"],
  "client/exit_code.ts": [],
  "client/priority.ts": [],

  "server/server.ts": [
    "server/places.ts",
    "server/session.ts",
    "server/listeners.ts",
    "server/folder",
    "server/read",
    "server/log.ts",
    "server/client_info.ts",
  ],
  "server/session.ts": [
    "server/list_sender.ts",
    "server/respond",
    "server/folder",
    "server/read",
    "server/log.ts",
    "server/client_info.ts",
  ],
  "server/places.ts": [],
  "server/list_sender.ts": ["server/folder"],
  "server/respond": ["server/folder", "server/read", "server/shared_file.ts"],
  "server/folder": ["server/read", "server/shared_file.ts", "server/events.ts"],
  "server/read": ["server/shared_file.ts"],
  "server/shared_file.ts": [],
  "server/listeners.ts": [],
  "server/log.ts": ["server/events.ts"],
  "server/events.ts": [],
  "server/client_info.ts": [],

  "digest": [],
  "fs": [],
  "protocol": [],
  "text": ["async"],
  "async": [],
  "errors.ts": [],
  "version.ts": [],
  "platform.ts": [],
};

/** The rooms that every room above them may import. */
const COMMON = [
  "digest",
  "fs",
  "protocol",
  "text",
  "async",
  "errors.ts",
  "version.ts",
  "platform.ts",
];

/** The file of each room that says what the room is for, its parts, and its importers. */
const MAIN_FILES = [
  "cli/main.ts",
  "display/report/report_page.ts",
  "display/client/displays.ts",
  "display/server/server_view.ts",
  "display/state/progress.ts",
  "display/terminal/terminal.ts",
  "client/explain/explain.ts",
  "client/client.ts",
  "client/engine/engine.ts",
  "client/remote/server_connection.ts",
  "client/disk/output_folder.ts",
  "client/schedule/scheduler.ts",
  "client/input/plan.ts",
  "server/server.ts",
  "server/respond/responder.ts",
  "server/folder/catalog.ts",
  "server/read/file_reader.ts",
  "digest/file_hasher.ts",
  "fs/safe_path.ts",
  "protocol/connection.ts",
  "text/sanitize.ts",
  "async/queue.ts",
];

/** The files of the client whose code, not only types, the displays import. */
const CODE_FOR_DISPLAYS = [
  "lib/client/priority.ts",
  "lib/client/explain/explanation.ts",
  "lib/client/schedule/forecast.ts",
  "lib/client/schedule/scheduler.ts",
];

/** The folders of `tests/` that mirror no folder of `lib/`. */
const TEST_FOLDERS = ["docs", "e2e", "fuzz", "hostile", "tools"];

const MAX_LINES = 350;
const MIN_HEADER_LINES = 4;

const root = new URL("../../", import.meta.url);

function filesUnder(folder: string): string[] {
  return [...Deno.readDirSync(new URL(`${folder}/`, root))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory ? filesUnder(path) : [path];
  });
}

interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether only types are imported, so that nothing of the file runs. */
  readonly typeOnly: boolean;
}

/** The imports, re-exports, dynamic imports and workers of a source whose address is relative. */
function importsOf(from: string, source: string): Import[] {
  const found = (address: string, typeOnly: boolean) => ({
    from,
    to: normalize(join(dirname(from), address)),
    typeOnly,
  });
  const clauses = source.matchAll(
    /^(?:import|export)\s+(?:(type\s)?([^;"']*?)\sfrom\s*)?["'](\.[^"']+)["']/gm,
  );
  const calls = source.matchAll(/^(?!\s*(?:\*|\/\/)).*\b(?:import|URL)\(\s*["'](\.[^"']+)["']/gm);
  return [
    ...[...clauses].map(([, type, names = "", address]) => {
      const listed = names.match(/^\{(.*)\}$/s)?.[1]?.split(",").map((name) => name.trim());
      const onlyTypes = listed?.every((name) => name === "" || name.startsWith("type "));
      return found(address!, type !== undefined || onlyTypes === true);
    }),
    ...[...calls].map(([, address]) => found(address!, false)),
  ];
}

/** The room of a file, whether or not there is such a room. */
function roomOf(path: string): string {
  const file = relative("lib", path).replace(/^\.\.\//, "");
  const folder = dirname(file);
  return [".", "client", "server"].includes(folder) ? file : folder;
}

const sources = new Map(
  [...filesUnder("lib"), "client.ts", "server.ts"]
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .map((path) => [path, Deno.readTextFileSync(new URL(path, root))]),
);
const imports = [...sources]
  .flatMap(([path, source]) => importsOf(path, source))
  .filter(({ from, to }) => !(from === "lib/version.ts" && to === "deno.json"));
const betweenRooms = imports.filter(({ from, to }) => roomOf(from) !== roomOf(to));

/** Fails with all the faults at once, one a line. */
function assertNone(faults: readonly string[], rule: string): void {
  assert.ok(faults.length === 0, `${rule}:\n  ${faults.join("\n  ")}`);
}

const arrow = ({ from, to }: Import) => `${from} imports ${to}`;

Deno.test("importsOf finds imports of every form", () => {
  const source = `
import { a } from "./a.ts";
import type { B } from "../b.ts";
import {
  type C,
  type D,
} from "./c.ts";
import { type E, f } from "./e.ts";
import "./g.ts";
export * from "./h.ts";
 * import { i } from "./i.ts";
import assert from "node:assert/strict";
  const { j } = await import("./j.ts");
  const worker = new Worker(new URL("./k.ts", import.meta.url));
`;
  assert.deepEqual(
    importsOf("lib/x/y.ts", source).map(({ to, typeOnly }) => [to, typeOnly]),
    [
      ["lib/x/a.ts", false],
      ["lib/b.ts", true],
      ["lib/x/c.ts", true],
      ["lib/x/e.ts", false],
      ["lib/x/g.ts", false],
      ["lib/x/h.ts", false],
      ["lib/x/j.ts", false],
      ["lib/x/k.ts", false],
    ],
  );
});

Deno.test("every file of lib/ is in a room of the table", () => {
  const rooms = new Set([...sources.keys()].map(roomOf));
  assert.deepEqual([...rooms].sort(), Object.keys(ROOMS).sort());
});

Deno.test("the table lets rooms import only rooms further down", () => {
  const order = Object.keys(ROOMS);
  assertNone(
    Object.entries(ROOMS).flatMap(([room, below]) =>
      below
        .filter((other) => order.indexOf(other) <= order.indexOf(room))
        .map((other) => `${room} may not list ${other}`)
    ),
    "Rooms that stand further up, or nowhere, in the table",
  );
});

Deno.test("imports run only from a room to rooms that the table allows it", () => {
  const order = Object.keys(ROOMS);
  assertNone(
    betweenRooms.filter(({ from, to }) => {
      const [room, other] = [roomOf(from), roomOf(to)];
      const below = order.indexOf(other) > order.indexOf(room);
      return !below || !(ROOMS[room]!.includes(other) || COMMON.includes(other));
    }).map(arrow),
    "Imports against the order of the rooms",
  );
});

Deno.test("the table lists no room that is not imported", () => {
  const used = new Set(betweenRooms.map(({ from, to }) => `${roomOf(from)} > ${roomOf(to)}`));
  assertNone(
    Object.entries(ROOMS).flatMap(([room, below]) =>
      below.map((other) => `${room} > ${other}`).filter((way) => !used.has(way))
    ),
    "Ways from room to room that nothing uses",
  );
});

Deno.test("client and server never import each other", () => {
  assertNone(
    imports.filter(({ from, to }) =>
      [["lib/client/", "lib/server/"], ["lib/server/", "lib/client/"]].some(([one, other]) =>
        from.startsWith(one!) && to.startsWith(other!)
      )
    ).map(arrow),
    "Imports across the wire",
  );
});

Deno.test("lib/display/ imports code of the client only where it is listed, and none of the server", () => {
  assertNone(
    imports.filter(({ from, to, typeOnly }) =>
      from.startsWith("lib/display/") && /^lib\/(?:client|server)\//.test(to) &&
      !CODE_FOR_DISPLAYS.includes(to) && !typeOnly
    ).map(arrow),
    "Imports of code where only types are allowed",
  );
});

Deno.test("files of lib/ do not import each other's code in circles", () => {
  const code = imports.filter(({ typeOnly }) => !typeOnly);
  const below = Map.groupBy(code, ({ from }) => from);
  const finished = new Set<string>();
  const circles: string[] = [];
  function visit(path: string, trail: readonly string[]): void {
    if (trail.includes(path)) {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(" > "));
    } else if (!finished.has(path)) {
      for (const { to } of below.get(path) ?? []) visit(to, [...trail, path]);
      finished.add(path);
    }
  }
  for (const path of sources.keys()) visit(path, []);
  assertNone(circles, "Circles");
});

Deno.test("every room's main file opens with a header of at least 4 lines", () => {
  const headerLines = (file: string) =>
    sources.get(`lib/${file}`)?.match(/^\/\*\*\n((?: \*.*\n)*?) \*\//)?.[1]?.split("\n")
      .filter((line) => /^ \* [^@]/.test(line)).length ?? 0;
  assertNone(
    MAIN_FILES.map((file) => `lib/${file}: ${headerLines(file)} lines`)
      .filter((_, index) => headerLines(MAIN_FILES[index]!) < MIN_HEADER_LINES),
    "Main files without a header",
  );
});

Deno.test("every room that is a folder has a main file", () => {
  const folders = Object.keys(ROOMS).filter((room) => !room.endsWith(".ts"));
  const withMain = new Set(MAIN_FILES.map((file) => dirname(file)));
  assertNone(folders.filter((room) => !withMain.has(room)), "Rooms without a main file");
});

Deno.test("no file of lib/ is longer than 350 lines", () => {
  assertNone(
    [...sources].map(([path, source]) => ({ path, lines: source.trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > MAX_LINES)
      .map(({ path, lines }) => `${path}: ${lines} lines`),
    "Files that are too long",
  );
});

Deno.test("tests/ holds tests and golden files only, apart from tests/support/", () => {
  assertNone(
    filesUnder("tests").filter((path) =>
      !path.startsWith("tests/support/") && !path.endsWith("_test.ts") &&
      !/\/golden\/[^/]+\.txt$/.test(path)
    ),
    "Files that belong in tests/support/",
  );
});

Deno.test("tests/support/ holds no tests", () => {
  assertNone(filesUnder("tests/support").filter((path) => path.endsWith("_test.ts")), "Tests");
});

Deno.test("the folders of tests/ mirror those of lib/", () => {
  const folders = new Set([...sources.keys()].map((path) => relative("lib", dirname(path))));
  assertNone(
    filesUnder("tests").filter((path) => {
      const folder = relative("tests", dirname(path)).replace(/\/golden$/, "");
      return !/^support(?:\/|$)/.test(folder) && !TEST_FOLDERS.includes(folder.split("/")[0]!) &&
        !folders.has(folder);
    }),
    "Tests in folders that lib/ does not have",
  );
});
