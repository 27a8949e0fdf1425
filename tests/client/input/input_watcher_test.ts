import assert from "node:assert/strict";
import { join } from "@std/path";
import { UserError } from "../../../lib/errors.ts";
import { type InputState, readInput, watchInput } from "../../../lib/client/input/input_watcher.ts";

/** How long an incomplete or empty text must be stable, in milliseconds. */
const INCOMPLETE_STABLE_MS = 500;
/** A pause this long, in milliseconds, may look like a stable text to the watcher. */
const TOO_SLOW_MS = 0.8 * INCOMPLETE_STABLE_MS;
/** How long the watcher waits before it reads a file that keeps changing, in milliseconds. */
const MAX_DELAY_MS = 700;
/** A test that hangs fails instead. */
const DEADLINE_MS = 20_000;
const OLD = "old.txt\n";

/** Changes of a file and the expected states; run concurrently, since all of them mostly wait. */
const BEHAVIOURS: Readonly<Record<string, (watched: Watched) => Promise<void>>> = {
  "yields the first text at once": (watched) => watched.expectStates(OLD),

  "yields an edit in place": async (watched) => {
    Deno.writeTextFileSync(watched.path, "new.txt\n");
    await watched.expectStates(OLD, "new.txt\n");
    Deno.writeTextFileSync(watched.path, "new.txt\nand.txt\n", { append: true });
    await watched.expectStates(OLD, "new.txt\n", "new.txt\nnew.txt\nand.txt\n");
  },

  "yields a file that replaces the one before, several times": async (watched) => {
    const texts = [1, 2, 3].map((i) => `new ${i}.txt\n`);
    for (const [i, text] of texts.entries()) {
      Deno.writeTextFileSync(`${watched.path}.tmp`, text);
      Deno.renameSync(`${watched.path}.tmp`, watched.path);
      await watched.expectStates(OLD, ...texts.slice(0, i + 1));
    }
  },

  "yields a text that stays empty": async (watched) => {
    Deno.writeTextFileSync(watched.path, "");
    await watched.expectStates(OLD, "");
  },

  "yields nothing for other files, and for the same text written again": async (watched) => {
    Deno.writeTextFileSync(`${watched.path}.bak`, "other.txt\n");
    Deno.writeTextFileSync(join(watched.path, "..", "other.txt"), "other.txt\n");
    Deno.writeTextFileSync(watched.path, OLD);
    await pass(2 * INCOMPLETE_STABLE_MS);
    assert.deepEqual(watched.states, [OLD]);
  },

  "yields no empty text of a file that is emptied and then written": async (watched) => {
    await unlessTooSlow(async (text) => {
      Deno.writeTextFileSync(watched.path, "");
      const waited = await pass(200);
      Deno.writeTextFileSync(watched.path, text);
      return waited;
    }, watched);
  },

  "yields no error and no empty text of a file that is deleted for a moment": async (
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

  "yields no part of a file that is deleted and written in pieces": async (watched) => {
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

  "yields no part of a line that is saved in pieces": async (watched) => {
    await unlessTooSlow(async (text) => {
      Deno.writeTextFileSync(watched.path, text.slice(0, -7));
      const waited = await pass(200);
      Deno.writeTextFileSync(watched.path, text.slice(-7), { append: true });
      return waited;
    }, watched);
  },

  "yields a last line without an end once it is stable": async (watched) => {
    const start = performance.now();
    Deno.writeTextFileSync(watched.path, "no end.txt");
    await watched.expectStates(OLD, "no end.txt");
    assert.ok(performance.now() - start >= INCOMPLETE_STABLE_MS);
  },

  "yields whole lines of a file that never is stable": async (watched) => {
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

  "yields no empty text of a file that is written repeatedly": async (watched) => {
    const end = performance.now() + 3 * INCOMPLETE_STABLE_MS;
    for (let i = 0; performance.now() < end; i++) {
      Deno.writeTextFileSync(watched.path, "");
      if (await pass(45) > TOO_SLOW_MS) return;
      Deno.writeTextFileSync(watched.path, `new ${i}.txt\n`);
      await pass(15);
    }
    assert.ok(!watched.states.includes(""), watched.states.join());
  },

  "yields once that a file is missing, and its text when it is back": async (watched) => {
    Deno.removeSync(watched.path);
    await watched.expectStates(OLD, /^unreadable: it does not exist; /);
    await pass(INCOMPLETE_STABLE_MS);
    await watched.expectStates(OLD, /^unreadable: /);
    Deno.writeTextFileSync(watched.path, "back.txt\n");
    await watched.expectStates(OLD, /^unreadable: /, "back.txt\n");
    Deno.removeSync(watched.path);
    await watched.expectStates(OLD, /^unreadable: /, "back.txt\n", /^unreadable: /);
  },

  "yields that a folder is in the file's place": async (watched) => {
    Deno.removeSync(watched.path);
    Deno.mkdirSync(watched.path);
    await watched.expectStates(OLD, /^unreadable: it is a folder; /);
    Deno.removeSync(watched.path);
    Deno.writeTextFileSync(watched.path, "back.txt\n");
    await watched.expectStates(OLD, /^unreadable: /, "back.txt\n");
  },

  "yields the text of a file whose folder is replaced": async (watched) => {
    const folder = join(watched.path, "..");
    Deno.renameSync(folder, `${folder}.old`);
    Deno.mkdirSync(folder);
    Deno.writeTextFileSync(watched.path, "new.txt\n");
    await watched.expectStates(OLD, "new.txt\n");
  },
};

Deno.test("watchInput", async (test) => {
  const steps = Object.entries(BEHAVIOURS).map(([name, fn]) =>
    test.step({
      name: `watchInput ${name}`,
      // Concurrent steps cannot be checked singly; the test around them is.
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

Deno.test("watchInput ends when it is aborted, and yields nothing more", async () => {
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

Deno.test("watchInput yields nothing if it is already aborted", async () => {
  using folder = tempFolder();
  const path = join(folder.path, "input.txt");
  Deno.writeTextFileSync(path, OLD);
  const states: InputState[] = [];
  for await (const state of watchInput(path, AbortSignal.abort())) states.push(state);
  assert.deepEqual(states.map(textOf), []);
});

Deno.test("watchInput stops watching when its consumer returns", async () => {
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

/** A watched file, and the states that were yielded. */
interface Watched extends AsyncDisposable {
  readonly path: string;
  /** Texts, or `unreadable: ` and the reason. */
  readonly states: readonly string[];
  /** Waits until that many states were yielded, and compares them. */
  expectStates(...expected: (string | RegExp)[]): Promise<void>;
}

async function watch(): Promise<Watched> {
  const folder = tempFolder();
  const path = join(folder.path, "in", "input.txt");
  Deno.mkdirSync(join(path, ".."));
  Deno.writeTextFileSync(path, OLD);
  const ending = new AbortController();
  const states: string[] = [];
  const listening = (async () => {
    for await (const state of watchInput(path, ending.signal)) states.push(textOf(state));
  })();
  const watched: Watched = {
    path,
    states,
    async expectStates(...expected) {
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
  await watched.expectStates(OLD);
  return watched;
}

/**
 * Changes the file in steps that must be yielded only as a whole.
 *
 * @param change Writes a text of whole lines, and returns how long that took. If that was too long
 * on a slow machine, the try says nothing and is repeated.
 */
async function unlessTooSlow(
  change: (text: string) => Promise<number>,
  watched: Watched,
): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const text = `new ${i}.txt\nsecond.txt HIGH\nthird.txt CRITICAL\n`;
    const before = [...watched.states];
    const took = await change(text);
    if (took < TOO_SLOW_MS) {
      await watched.expectStates(...before, text);
      return;
    }
    // Wait for the last text, whatever was yielded before.
    while (watched.states.at(-1) !== text) await pass(10);
  }
}

function textOf(state: InputState): string {
  return state.type === "text"
    ? new TextDecoder().decode(state.bytes)
    : `unreadable: ${state.reason}`;
}

/** Waits, and returns the milliseconds that passed. */
async function pass(milliseconds: number): Promise<number> {
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return performance.now() - start;
}

function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
