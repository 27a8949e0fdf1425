import assert from "node:assert/strict";
import { CLIENT_HELP, parseClientCommand } from "../../lib/cli/client_options.ts";
import { UserError } from "../../lib/errors.ts";
import { parseServerCommand, SERVER_HELP } from "../../lib/cli/server_options.ts";

interface Program {
  readonly help: string;
  readonly parse: (args: readonly string[]) => unknown;
  /** The command that an empty command line gives. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** For each option with a value: a value that is not the default, and its meaning. */
  readonly values: Readonly<Record<string, readonly [string, Readonly<Record<string, unknown>>]>>;
  readonly flags: readonly string[];
  /** Values that each option refuses. */
  readonly bad: Readonly<Record<string, readonly string[]>>;
  /** Misspelt options, and the suggestions for them. */
  readonly misspelt: Readonly<Record<string, string>>;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  parseServerCommand: {
    help: SERVER_HELP,
    parse: parseServerCommand,
    defaults: {
      dir: "files",
      host: "127.0.0.1",
      port: 9009,
      hidden: false,
      maxClients: 1024,
      maxClientsPerAddress: 64,
      memory: 256 * 1024 * 1024,
      logStyle: "text",
      color: true,
      ascii: false,
      completions: null,
      help: false,
      version: false,
    },
    values: {
      dir: ["/data", { dir: "/data" }],
      host: ["::", { host: "::" }],
      port: ["0", { port: 0 }],
      "max-clients": ["5", { maxClients: 5 }],
      "max-clients-per-address": ["5", { maxClientsPerAddress: 5 }],
      memory: ["16", { memory: 16 * 1024 * 1024 }],
      log: ["json", { logStyle: "json" }],
    },
    flags: ["hidden", "ascii", "help", "version"],
    bad: {
      port: ["-1", "65536", "http", "80.5", "1e3", "0x50", " 80"],
      "max-clients": ["0", "-1", "many", "1.5"],
      "max-clients-per-address": ["0", "-1", "all"],
      memory: ["0", "15", "1G", "64MiB"],
      log: ["JSON", "xml", "no"],
    },
    misspelt: {
      prot: "port",
      hosts: "host",
      dirs: "dir",
      hiden: "hidden",
      "no-colour": "no-color",
      logs: "log",
      HELP: "help",
    },
  },
  parseClientCommand: {
    help: CLIENT_HELP,
    parse: parseClientCommand,
    defaults: {
      server: { hostname: "127.0.0.1", port: 9009 },
      input: "input.txt",
      output: "Output",
      once: false,
      list: false,
      explain: false,
      verify: true,
      progress: "auto",
      report: null,
      color: true,
      ascii: false,
      completions: null,
      retryFor: Infinity,
      help: false,
      version: false,
    },
    values: {
      server: ["[::1]:80", { server: { hostname: "::1", port: 80 } }],
      input: ["entries.txt", { input: "entries.txt" }],
      output: ["/tmp/out", { output: "/tmp/out" }],
      verify: ["none", { verify: false }],
      progress: ["plain", { progress: "plain" }],
      report: ["run.html", { report: "run.html" }],
      "retry-for": ["5", { retryFor: 5000 }],
    },
    flags: ["once", "list", "explain", "clean", "ascii", "help", "version"],
    bad: {
      server: ["::1", "host:0", "host:65536", "http://host", "a b"],
      verify: ["md5", "SHA256", "no"],
      progress: ["bar", "AUTO", "off"],
      "retry-for": ["-1", "1.5", "ever", "10s", "10000000000"],
    },
    misspelt: {
      sever: "server",
      inputs: "input",
      ouput: "output",
      onec: "once",
      lists: "list",
      explian: "explain",
      verfiy: "verify",
      progres: "progress",
      raport: "report",
      "no-colour": "no-color",
      "retry-four": "retry-for",
      versions: "version",
    },
  },
};

/** Options that some version of either program has; its help lists those of this version. */
const THINKABLE = [
  ...["dir", "host", "port", "hidden", "max-clients", "max-clients-per-address", "memory", "log"],
  ...["server", "input", "output", "once"],
  ...[
    "clean",
    "report",
    "no-color",
    "ascii",
    "color",
    "list",
    "explain",
    "verify",
    "progress",
    "retry-for",
    "help",
    "version",
    "token",
    "quiet",
  ],
];

for (const [name, program] of Object.entries(PROGRAMS)) {
  const { help, parse, defaults, values, flags, bad, misspelt } = program;

  Deno.test(`${name} has a default for every option`, () => {
    assertMeans(parse([]), defaults);
  });

  for (const [option, [value, meaning]] of Object.entries(values)) {
    Deno.test(`${name} reads --${option} in both spellings, and only that`, () => {
      assertMeans(parse([`--${option}`, value]), { ...defaults, ...meaning });
      assertMeans(parse([`--${option}=${value}`]), { ...defaults, ...meaning });
      assertMeans(parse([`--${option}=${value}`, "--help"]), {
        ...defaults,
        ...meaning,
        help: true,
      });
    });

    Deno.test(`${name} refuses --${option} without a value`, () => {
      for (const args of [[`--${option}`], [`--${option}=`], [`--${option}`, "--help"]]) {
        assertRefused(() => parse(args), `Option --${option} needs a value`);
      }
    });
  }

  for (const flag of flags) {
    Deno.test(`${name} reads --${flag}, which takes no value`, () => {
      assertMeans(parse([`--${flag}`]), { [flag]: true });
      assertRefused(() => parse([`--${flag}=x`]), `Option --${flag} takes no value`);
      // Never a value of the flag.
      if (name === "parseServerCommand") {
        assertRefused(() => parse([`--${flag}`, "x"]), 'Unexpected argument "x"; see --help');
      } else if (!["list", "clean"].includes(flag)) {
        assertMeans(parse([`--${flag}`, "x"]), { input: { names: ["x"], priority: "NORMAL" } });
      }
    });
  }

  for (const [option, refused] of Object.entries(bad)) {
    Deno.test(`${name} refuses bad values of --${option} and names it and them`, () => {
      for (const value of refused) {
        assert.throws(() => parse([`--${option}=${value}`]), (error) => {
          assert.ok(error instanceof UserError, `${error}`);
          assert.equal(error.exitCode, 2);
          assert.ok(error.message.startsWith(`Option --${option} needs `), error.message);
          assert.ok(error.message.endsWith(`, not "${value}"`), error.message);
          assert.ok(!error.message.includes("\n"));
          return true;
        });
      }
    });
  }

  for (const [given, nearest] of Object.entries(misspelt)) {
    Deno.test(`${name} suggests --${nearest} for --${given}`, () => {
      const message = `Unknown option "--${given}"; did you mean --${nearest}?`;
      assertRefused(() => parse([`--${given}`]), message);
      assertRefused(() => parse([`--${given}=5`]), message);
    });
  }

  Deno.test(`${name} accepts exactly the options of its help`, () => {
    const listed = [...help.matchAll(/^ {2}(?:-\S, )?--([a-z-]+)/gm)].map(([, option]) => option!);
    for (const option of [...Object.keys(values), ...flags]) {
      assert.ok(listed.includes(option), `--${option} is not in the help`);
    }
    for (const option of new Set([...THINKABLE, ...listed])) {
      assert.equal(knows(parse, option), listed.includes(option), `--${option}`);
    }
    assert.deepEqual(listed, [...new Set(listed)]);
  });

  Deno.test(`${name} prints a help that has its defaults and fits 80 columns`, () => {
    for (const line of help.split("\n")) {
      assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
      assert.equal(line, line.trimEnd());
      assert.match(line, /^[\x20-\x7e]*$/);
    }
    for (const [option, value] of Object.entries(defaults)) {
      if (typeof value === "string" || (typeof value === "number" && Number.isFinite(value))) {
        const shown = option === "memory" ? Number(value) / 2 ** 20 : value;
        assert.ok(help.includes(`(default: ${shown})`), `${option} ${shown}`);
      }
    }
    assert.match(help, /^sluice (server|client): /);
    assert.match(help, /^Usage: \{command\} \[options\](?: \[NAME \.\.\.\])?$/m);
    assert.match(help, /^Examples:$/m);
    assert.match(help, /^Exit codes: 0 /m);
    assert.ok(help.endsWith("\n"));
  });
}

Deno.test("parseClientCommand sets no limit to reconnecting, 60 s with --once, 0 with --list", () => {
  assert.equal(parseClientCommand([]).retryFor, Infinity);
  assert.equal(parseClientCommand(["--once"]).retryFor, 60_000);
  for (const flag of ["--list", "--explain"]) {
    assert.equal(parseClientCommand([flag]).retryFor, 0);
  }
  for (const args of [[], ["--once"], ["--list"], ["--explain"]]) {
    assert.equal(parseClientCommand([...args, "--retry-for=7"]).retryFor, 7000);
    assert.equal(parseClientCommand([...args, "--retry-for", "0"]).retryFor, 0);
  }
});

Deno.test("parseClientCommand reads --no-color, which takes no value", () => {
  assert.equal(parseClientCommand(["--no-color"]).color, false);
  assertRefused(() => parseClientCommand(["--no-color=x"]), "Option --no-color takes no value");
});

for (
  const [name, parse] of [["client", parseClientCommand], ["server", parseServerCommand]] as const
) {
  Deno.test(`${name} reads the command completions, which needs a shell`, () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      assert.equal(parse(["completions", shell]).completions, shell);
    }
    for (
      const [args, not] of [
        [[], ""],
        [["csh"], ', not "csh"'],
        [["bash", "--once"], ', not "bash --once"'],
      ] as const
    ) {
      const message = `The command completions needs bash, zsh or fish${not}`;
      assertRefused(() => parse(["completions", ...args]), message);
    }
  });
}

Deno.test("both programs draw without colours with --no-color", () => {
  for (const parse of [parseClientCommand, parseServerCommand]) {
    assert.deepEqual([parse([]).color, parse(["--no-color"]).color], [true, false]);
    assertRefused(() => parse(["--no-color=x"]), "Option --no-color takes no value");
  }
});

Deno.test("parseClientCommand accepts a server without a port", () => {
  assert.deepEqual(parseClientCommand(["--server", "192.168.1.5"]).server, {
    hostname: "192.168.1.5",
    port: 9009,
  });
});

Deno.test("parseClientCommand accepts every style of progress that its help names", () => {
  const styles = /--progress (\S+)/.exec(CLIENT_HELP)![1]!.split("|");
  for (const style of styles) {
    assert.equal(parseClientCommand([`--progress=${style}`]).progress, style);
  }
  assert.ok(styles.includes("auto") && styles.length >= 4);
});

function knows(parse: Program["parse"], option: string): boolean {
  try {
    parse([`--${option}`]);
    return true;
  } catch (error) {
    return !(error as Error).message.startsWith("Unknown option");
  }
}

/** Asserts some members of a command; it may have others. */
function assertMeans(command: unknown, expected: Readonly<Record<string, unknown>>): void {
  const found = command as Record<string, unknown>;
  for (const [name, value] of Object.entries(expected)) assert.deepEqual(found[name], value, name);
}

function assertRefused(call: () => unknown, message: string): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, message);
    assert.equal(error.exitCode, 2);
    return true;
  });
}

Deno.test("parseClientCommand takes names for one run, with a priority of their own", () => {
  const command = parseClientCommand(["a.iso", "--priority", "high", "b/", "--", "--c"]);
  assert.deepEqual(command.input, { names: ["a.iso", "b/", "--c"], priority: "HIGH" });
  assert.deepEqual([command.once, command.retryFor], [true, 60_000]);
});

Deno.test("parseClientCommand refuses names where they have no meaning", () => {
  for (const option of ["--input=x", "--list", "--clean"]) {
    const name = option.split("=")[0];
    const message = `Option ${name} and the argument "a.iso" contradict each other: leave one out`;
    assertRefused(() => parseClientCommand([option, "a.iso"]), message);
  }
  assertRefused(
    () => parseClientCommand(["--priority", "HIGH"]),
    "Option --priority needs file names as arguments; the list has its own",
  );
  assertRefused(
    () => parseClientCommand(["a", "--priority", "urgent"]),
    'Option --priority needs CRITICAL, HIGH or NORMAL, not "urgent"',
  );
});

Deno.test("parseClientCommand reads letters, and -q for --progress none", () => {
  const command = parseClientCommand(["-1qs", "host:80", "-i", "-", "-o", "dir"]);
  assert.deepEqual(
    [command.once, command.progress, command.server.port, command.input, command.output],
    [true, "none", 80, "-", "dir"],
  );
  assert.ok(parseClientCommand(["-V"]).version && parseClientCommand(["-h"]).help);
});

Deno.test("parseClientCommand refuses options that contradict each other", () => {
  for (
    const args of [
      ["--list", "--explain"],
      ["--clean", "--list"],
      ["--list", "--report", "x.html"],
      ["-q", "--progress=json"],
    ]
  ) {
    assert.throws(() => parseClientCommand(args), /contradict each other/, args.join(" "));
  }
});
