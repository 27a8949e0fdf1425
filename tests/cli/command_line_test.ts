import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type GivenOptions,
  integerOption,
  parseCommandLine,
  refuseTogether,
  wordOption,
} from "../../lib/cli/command_line.ts";
import { UserError } from "../../lib/errors.ts";

const TABLE = {
  values: ["server", "port", "output", "retry-for"],
  flags: ["once", "list", "help", "version"],
};

Deno.test("parseCommandLine reads both spellings of a value", () => {
  for (const args of [["--port", "80"], ["--port=80"]]) {
    assert.equal(parse(...args).value("port"), "80");
  }
});

Deno.test("parseCommandLine returns no value and no flag for an empty command line", () => {
  const given = parse();
  for (const name of TABLE.values) assert.equal(given.value(name), undefined);
  for (const name of TABLE.flags) assert.equal(given.flag(name), false);
});

Deno.test("parseCommandLine returns the last of several values", () => {
  assert.equal(parse("--port", "1", "--port=2", "--port", "3").value("port"), "3");
});

Deno.test("parseCommandLine returns values unchanged", () => {
  const values = [
    ...["007", "1e3", "true", "false", "a=b", "=", " ", "a b", "ä", "C:\\x", "\n", "no-x", "a.b"],
    ...["[::1]:80", "./-x"],
  ];
  for (const value of values) {
    assert.equal(parse("--output", value).value("output"), value);
    assert.equal(parse(`--output=${value}`).value("output"), value);
  }
  for (const value of ["-x", "--once", "--", "-"]) {
    assert.equal(parse(`--output=${value}`).value("output"), value);
  }
});

Deno.test("parseCommandLine reads flags anywhere, and -h for --help", () => {
  const given = parse("--once", "--port", "1", "--list");
  assert.ok(given.flag("once") && given.flag("list") && !given.flag("help"));
  assert.equal(given.value("port"), "1");
  assert.ok(parse("--port", "1", "-h").flag("help"));
  assert.ok(parse("--once=true").flag("once"));
  assert.ok(!parse("--once=false").flag("once"));
});

Deno.test("parseCommandLine says which option lacks its value", () => {
  for (
    const args of [
      ["--port"],
      ["--port="],
      ["--port", ""],
      ["--port", "--once"],
      ["--port", "--server", "x"],
      ["--port", "-1"],
      ["--port", "--"],
      ["--once", "--port"],
    ]
  ) {
    assertRefused(args, "Option --port needs a value");
  }
});

Deno.test("parseCommandLine says which flag takes no value", () => {
  for (const value of ["", "yes", "0", "maybe=true!"]) {
    assertRefused([`--once=${value}`], "Option --once takes no value");
  }
});

for (
  const [given, nearest] of [
    ["--prot", "port"],
    ["--ports", "port"],
    ["--retry-fro", "retry-for"],
    ["--retryfor", "retry-for"],
    ["--retry_for", "retry-for"],
    ["--sever", "server"],
    ["--outptu", "output"],
    ["--once1", "once"],
    ["--lists", "list"],
    ["--hlep", "help"],
    ["--versoin", "version"],
    ["--PORT", "port"],
    ["-port", "port"],
    ["-once", "once"],
  ] as const
) {
  Deno.test(`parseCommandLine suggests --${nearest} for ${given}`, () => {
    const message = `Unknown option "${given}"; did you mean --${nearest}?`;
    assertRefused([given], message);
    assertRefused([given, "5"], message);
    assertRefused([`${given}=5`], message);
    assertRefused(["--list", given, "--once"], message);
  });
}

Deno.test("parseCommandLine points to --help for an option unlike any other", () => {
  for (
    const given of ["--xyz", "--color", "--o", "-o", "-p80", "-h5", "-hv", "--__proto__", "---"]
  ) {
    assertRefused([given], `Unknown option "${given}"; see --help`);
  }
  assertRefused(["--port.x=1"], 'Unknown option "--port.x"; did you mean --port?');
  assertRefused(["--constructor=1"], 'Unknown option "--constructor"; see --help');
});

Deno.test("parseCommandLine refuses arguments that are no options", () => {
  for (
    const [args, named] of [
      [["a.txt"], "a.txt"],
      [["--once", "a.txt"], "a.txt"],
      [["--port", "1", "2"], "2"],
      [["-h", "a.txt"], "a.txt"],
      [["a.txt", "--once"], "a.txt"],
      [["5"], "5"],
      [[""], ""],
      [["-"], "-"],
      [["--", "a.txt"], "--"],
      [["--once", "--"], "--"],
      // A dash that a word processor has lengthened.
      [["—once"], "—once"],
    ] as const
  ) {
    assertRefused(args, `Unexpected argument "${named}"; see --help`);
  }
});

Deno.test("parseCommandLine reads letters, together and with a value", () => {
  const table = {
    ...TABLE,
    letters: new Map([["s", "server"], ["o", "output"], ["1", "once"], ["l", "list"]]),
  };
  for (
    const args of [
      ["-1", "-l", "-s", "host:80", "-o", "dir"],
      ["-1l", "-shost:80", "-odir"],
      ["-1ls", "host:80", "--output", "dir"],
      ["-1lshost:80", "-o", "dir"],
    ]
  ) {
    const given = parseCommandLine(args, table);
    assert.deepEqual(
      [given.flag("once"), given.flag("list"), given.value("server"), given.value("output")],
      [true, true, "host:80", "dir"],
      args.join(" "),
    );
  }
  assert.equal(parseCommandLine(["--output", "-"], table).value("output"), "-");
  for (const args of [["-x"], ["-1x"], ["-s"], ["-1s"], ["-s", "-1"]]) {
    assert.throws(() => parseCommandLine(args, table), UserError, args.join(" "));
  }
});

Deno.test("parseCommandLine gives names where a program has them", () => {
  const table = { ...TABLE, hasNames: true };
  const given = parseCommandLine(
    ["a", "--port", "1", "b c", "--once", "--", "-d", "--list"],
    table,
  );
  assert.deepEqual(given.names, ["a", "b c", "-d", "--list"]);
  assert.deepEqual([given.value("port"), given.flag("once"), given.flag("list")], [
    "1",
    true,
    false,
  ]);
});

Deno.test("parseCommandLine refuses a ~ that the shell has left", () => {
  assertRefused(
    ["--output=~/x"],
    'A shell does not replace the "~" of --output=~/x: write --output ~/x, with a space',
  );
  assert.equal(parse("--output=./~/x").value("output"), "./~/x");
});

Deno.test("refuseTogether names both options", () => {
  const given = parse("--once", "--port", "1");
  refuseTogether(given, [["once", "list"], ["output", "port"]]);
  assert.throws(
    () => refuseTogether(given, [["once", "port"]]),
    /^UserError: Options --once and --port contradict each other: leave one out$/,
  );
});

Deno.test("parseCommandLine ignores no argument", () => {
  const arg = fc.oneof(
    fc.constantFrom(...TABLE.flags.map((name) => `--${name}`), "-h", "true", "false", "-", "--"),
    fc.constantFrom(...TABLE.values).map((name) => `--${name}`),
    fc.tuple(fc.constantFrom(...TABLE.values), fc.string()).map(([name, text]) =>
      `--${name}=${text}`
    ),
    fc.string(),
    fc.string().map((text) => `-${text}`),
    fc.string().map((text) => `--${text}`),
  );
  fc.assert(
    fc.property(fc.array(arg, { maxLength: 5 }), (args) => {
      let given: GivenOptions;
      try {
        given = parse(...args);
      } catch (error) {
        assert.ok(error instanceof UserError && error.exitCode === 2, `${error}`);
        return;
      }
      // Every accepted argument is an option, or the value of the option before it.
      for (const [i, arg] of args.entries()) {
        const isValue = TABLE.values.some((name) => args[i - 1] === `--${name}`) ||
          /^(true|false)$/.test(arg);
        const [option] = arg.split("=");
        assert.ok(
          isValue || /^-h+$/.test(arg) || option === "--h" ||
            [...TABLE.values, ...TABLE.flags].some((name) => option === `--${name}`),
          JSON.stringify(args),
        );
      }
      for (const name of TABLE.values) assert.notEqual(given.value(name), "");
    }),
    { numRuns: 2000 },
  );
});

Deno.test("integerOption reads whole numbers within its limits", () => {
  for (const [text, value] of [["0", 0], ["7", 7], ["007", 7], ["65535", 65535]] as const) {
    assert.equal(integerOption(text, "port", 0, 65535), value);
  }
  for (
    const text of ["", "-1", "+1", "1.5", "1e3", "0x10", "٣", "1 ", " 1", "1_000", "65536", "ten"]
  ) {
    assertUserError(
      () => integerOption(text, "port", 0, 65535),
      `Option --port needs a whole number from 0 to 65535, not "${text}"`,
    );
  }
  assertUserError(
    () => integerOption("9".repeat(400), "port", 0, 65535),
    `Option --port needs a whole number from 0 to 65535, not "${"9".repeat(400)}"`,
  );
});

Deno.test("wordOption accepts its words, in their exact spelling", () => {
  const words = ["auto", "bars", "none"] as const;
  for (const word of words) assert.equal(wordOption(word, "progress", words), word);
  for (const text of ["", "bar", "BARS", "bars ", "auto,bars"]) {
    assertUserError(
      () => wordOption(text, "progress", words),
      `Option --progress needs auto, bars or none, not "${text}"`,
    );
  }
});

function parse(...args: string[]): GivenOptions {
  return parseCommandLine(args, TABLE);
}

function assertRefused(args: readonly string[], message: string): void {
  assertUserError(() => parse(...args), message);
}

function assertUserError(call: () => unknown, message: string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, message);
    assert.equal(error.exitCode, 2);
    return true;
  });
}
