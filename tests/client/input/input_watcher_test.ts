import assert from "node:assert/strict";
import { join } from "@std/path";
import { UserError } from "../../../lib/errors.ts";
import { type InputState, readInput, watchInput } from "../../../lib/client/input/input_watcher.ts";

/** How long the watcher waits for an unfinished or empty text to go on, in milliseconds. */
const LONG_STILL_MS = 500;
/** What takes this long here, in milliseconds, may have stood still for the watcher. */
const TOO_SLOW_MS = 0.8 * LONG_STILL_MS;
/** How long the watcher waits for a file that keeps changing, in milliseconds. */
const MAX_DELAY_MS = 700;
/** A test that hangs fails instead. */
const DEADLINE_MS = 20_000;
const OLD = "old.txt\n";

/** What happens to a file, and what is to be told of it; all at once, since all of it waits. */
const BEHAVIOURS: Readonly<Record<string, (watched: Watched) => Promise<void>>> = {
  "tells the first text at once": (watched) => watched.isTold(OLD),

  "tells an edit in place": async (watched) => {
    Deno.writeTextFileSync(watched.path, "new.txt\n");
    await watched.isTold(OLD, "new.txt\n");
    Deno.writeTextFileSync(watched.path, "new.txt\nand.txt\n", { append: true });
    await watched.isTold(OLD, "new.txt\n", "new.txt\nnew.txt\nand.txt\n");
  },

  "tells a file that replaces the one before, several times": async (watched) => {
    const texts = [1, 2, 3].map((i) => `new ${i}.txt\n`);
    for (const [i, text] of texts.entries()) {
      Deno.writeTextFileSync(`${watched.path}.tmp`, text);
      Deno.renameSync(`${watched.path}.tmp`, watched.path);
      await watched.isTold(OLD, ...texts.slice(0, i + 1));
    }
  },

  "tells a text that is really empty": async (watched) => {
    Deno.writeTextFileSync(watched.path, "");
    await watched.isTold(OLD, "");
  },

  "tells nothing of other files, and of a text written once more": async (watched) => {
    Deno.writeTextFileSync(`${watched.path}.bak`, "other.txt\n");
    Deno.writeTextFileSync(join(watched.path, "..", "other.txt"), "other.txt\n");
    Deno.writeTextFileSync(watched.path, OLD);
    await pass(2 * LONG_STILL_MS);
    assert.deepEqual(watched.states, [OLD]);
  },

  "tells no empty text of a file that is emptied and then written": async (watched) => {
    await unlessTooSlow(async (text) => {
      Deno.writeTextFileSync(watched.path, "");
      const waited = await pass(200);
      Deno.writeTextFileSync(watched.path, text);
      return waited;
    }, watched);
  },

  "tells neither an end nor an empty text of a file that is deleted for a moment": async (
    watched,
  ) => {
    await pass(MAX_DELAY_MS);
    await unlessTooSlow(async (text) => {
      Deno.removeSync(watched.path);
      const waited = await pass(150);
      Deno.writeTextFileSync(watched.path, "");
      const waitedOnceMore = await pass(150);
      Deno.writeTextFileSync(watched.path, text);
      return waited + waitedOnceMore;
    }, watched);
  },

  "tells no half of a file that is deleted and written piece by piece": async (watched) => {
    await pass(MAX_DELAY_MS);
    await unlessTooSlow(async (text) => {
      Deno.removeSync(watched.path);
      const waited = await pass(150);
      Deno.writeTextFileSync(watched.path, text.slice(0, -5));
      const waitedOnceMore = await pass(150);
      Deno.writeTextFileSync(watched.path, text.slice(-5), { append: true });
      return waited + waitedOnceMore;
    }, watched);
  },

  "tells no half of a line that is saved piece by piece": async (watched) => {
    await unlessTooSlow(async (text) => {
      Deno.writeTextFileSync(watched.path, text.slice(0, -7));
      const waited = await pass(200);
      Deno.writeTextFileSync(watched.path, text.slice(-7), { append: true });
      return waited;
    }, watched);
  },

  "tells a last line without an end once it stands still": async (watched) => {
    const start = performance.now();
    Deno.writeTextFileSync(watched.path, "no end.txt");
    await watched.isTold(OLD, "no end.txt");
    assert.ok(performance.now() - start >= LONG_STILL_MS);
  },

  "tells whole lines of a file that never stands still": async (watched) => {
    const lines = Array.from({ length: 1000 }, (_, i) => `file ${i}.txt\n`);
    const whole = lines.join("");
    Deno.writeTextFileSync(watched.path, "");
    // Three bytes short of a line's end each time.
    for (let end = 3; watched.states.length < 3 && end < whole.length; end += 40) {
      const text = whole.slice(0, whole.indexOf("\n", end) - 3);
      Deno.writeTextFileSync(watched.path, text);
      if (await pass(30) > TOO_SLOW_MS) return;
    }
    for (const state of watched.states.slice(1)) {
      assert.ok(
        typeof state === "string" && state.endsWith("\n") && whole.startsWith(state),
        state,
      );
    }
    assert.ok(watched.states.length >= 3);
  },

  "tells no empty text of a file that is written again and again": async (watched) => {
    const end = performance.now() + 3 * LONG_STILL_MS;
    for (let i = 0; performance.now() < end; i++) {
      Deno.writeTextFileSync(watched.path, "");
      if (await pass(45) > TOO_SLOW_MS) return;
      Deno.writeTextFileSync(watched.path, `new ${i}.txt\n`);
      await pass(15);
    }
    assert.ok(!watched.states.includes(""), watched.states.join());
  },

  "tells once that a file is gone for good, and its text when it is back": async (watched) => {
    Deno.removeSync(watched.path);
    await watched.isTold(OLD, /^unreadable: it does not exist; /);
    await pass(LONG_STILL_MS);
    await watched.isTold(OLD, /^unreadable: /);
    Deno.writeTextFileSync(watched.path, "back.txt\n");
    await watched.isTold(OLD, /^unreadable: /, "back.txt\n");
    Deno.removeSync(watched.path);
    await watched.isTold(OLD, /^unreadable: /, "back.txt\n", /^unreadable: /);
  },

  "tells that a folder stands where the file was": async (watched) => {
    Deno.removeSync(watched.path);
    Deno.mkdirSync(watched.path);
    await watched.isTold(OLD, /^unreadable: it is a folder; /);
    Deno.removeSync(watched.path);
    Deno.writeTextFileSync(watched.path, "back.txt\n");
    await watched.isTold(OLD, /^unreadable: /, "back.txt\n");
  },

  "tells of a file whose folder is replaced": async (watched) => {
    const folder = join(watched.path, "..");
    Deno.renameSync(folder, `${folder}.old`);
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(watched.path, "new.txt\n");
    await watched.isTold(OLD, "new.txt\n");
  },
};

Deno.test("watchInput", async (test) => {
  const steps = Object.entries(BEHAVIOURS).map(([name, fn]) =>
    test.step({
      name: `watchInput ${name}`,
      // Side by side they cannot be told apart; the test around them is checked.
      sanitizeOps: false,
      sanitizeResources: false,
      sanitizeExit: false,
      fn: async () => {
        await using watched = await watch();
        await fn(watched);
      },
    })
  );
  await Promise.all(steps);
});

Deno.test("watchInput ends when it is aborted, and tells nothing more", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "input.txt");
  Deno.writeTextFileSync(path, OLD);
  const ending = new AbortController();
  const states = watchInput(path, ending.signal);
  assert.equal((await states.next()).done, false);
  const next = states.next();
  await pass(20);
  Deno.writeTextFileSync(path, "new.txt\n");
  ending.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});

Deno.test("watchInput that is aborted already tells nothing and ends", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "input.txt");
  Deno.writeTextFileSync(path, OLD);
  const states: InputState[] = [];
  for await (const state of watchInput(path, AbortSignal.abort())) states.push(state);
  assert.deepEqual(states.map(printed), []);
});

Deno.test("watchInput ends its watching when nobody listens any more", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "input.txt");
  Deno.writeTextFileSync(path, OLD);
  for await (const _ of watchInput(path, new AbortController().signal)) {
    Deno.writeTextFileSync(path, "new.txt\n");
    break;
  }
});

for (
  const [name, make, expected] of [
    ["that does not exist", () => {}, /it does not exist; .* --input$/],
    ["in a folder that does not exist", (path: string) => path, /it does not exist; /],
    ["that is a folder", (path: string) => Deno.mkdirSync(path), /it is a folder; .* --input$/],
  ] as const
) {
  Deno.test(`watchInput and readInput refuse a file ${name}`, async () => {
    using folder = tempFolder();
    const inFolder = name.startsWith("in a folder") ? "no folder" : "";
    const path = join(folder.path, inFolder, "input.txt");
    make(path);
    const isExpected = (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 2);
      assert.ok(error.message.startsWith(`Cannot read the input list "${path}": `), error.message);
      assert.match(error.message, expected);
      assert.ok(!error.message.includes("\n"));
      return true;
    };
    await assert.rejects(readInput(path), isExpected);
    const signal = new AbortController().signal;
    await assert.rejects(watchInput(path, signal).next(), isExpected);
  });
}

/** A file that is watched, and what has been told of it. */
interface Watched extends AsyncDisposable {
  readonly path: string;
  /** Texts, or `unreadable: ` and the reason. */
  readonly states: readonly string[];
  /** Waits until so many states have been told, which must be these. */
  isTold(...expected: (string | RegExp)[]): Promise<void>;
}

async function watch(): Promise<Watched> {
  const folder = tempFolder();
  const path = join(folder.path, "in", "input.txt");
  Deno.mkdirSync(join(path, ".."));
  Deno.writeTextFileSync(path, OLD);
  const ending = new AbortController();
  const states: string[] = [];
  const listening = (async () => {
    for await (const state of watchInput(path, ending.signal)) states.push(printed(state));
  })();
  const watched: Watched = {
    path,
    states,
    async isTold(...expected) {
      const deadline = performance.now() + DEADLINE_MS;
      while (states.length < expected.length && performance.now() < deadline) await pass(10);
      for (const [i, wanted] of expected.entries()) {
        if (typeof wanted === "string") assert.equal(states[i], wanted);
        else assert.match(states[i] ?? "", wanted);
      }
      assert.equal(states.length, expected.length, states.join());
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await listening;
      folder[Symbol.dispose]();
    },
  };
  await watched.isTold(OLD);
  return watched;
}

/**
 * Lets something happen to the file that must not be told but as a whole.
 *
 * @param happen Writes a text that ends with a line, and returns how long that took. If this
 * machine was too slow, it says nothing, and happens once more.
 */
async function unlessTooSlow(
  happen: (text: string) => Promise<number>,
  watched: Watched,
): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const text = `new ${i}.txt\nsecond.txt HIGH\nthird.txt CRITICAL\n`;
    const told = [...watched.states];
    const took = await happen(text);
    if (took < TOO_SLOW_MS) {
      await watched.isTold(...told, text);
      return;
    }
    // Let it settle, whatever has been told.
    while (watched.states.at(-1) !== text) await pass(10);
  }
}

function printed(state: InputState): string {
  return state.type === "text"
    ? new TextDecoder().decode(state.bytes)
    : `unreadable: ${state.reason}`;
}

/** Lets milliseconds pass; how many it were. */
async function pass(milliseconds: number): Promise<number> {
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return performance.now() - start;
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
