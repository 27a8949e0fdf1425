import assert from "node:assert/strict";
import type { ClientEvent } from "../../../lib/client/events.ts";
import { PlainDisplay } from "../../../lib/display/client/plain.ts";
import {
  CONNECTED,
  connected,
  failed,
  FakeClock,
  finished,
  moved,
  queued,
  started,
} from "../../support/fake_terminal.ts";

const MIB = 1024 ** 2;

function setUp(input: string | null = "input.txt") {
  const clock = new FakeClock();
  const decoder = new TextDecoder();
  const written = { text: "" };
  const output = {
    writeSync(bytes: Uint8Array): number {
      const part = bytes.subarray(0, 7);
      written.text += decoder.decode(part, { stream: true });
      return part.length;
    },
  };
  return {
    clock,
    written,
    display: new PlainDisplay({ output, input, clock, serverCommand: "sluice-server" }),
  };
}

Deno.test("PlainDisplay writes a line for each event that matters", () => {
  const { clock, written, display } = setUp();
  const events: ClientEvent[] = [
    { type: "input", entries: 3 },
    { type: "connecting", server: "127.0.0.1:9009" },
    { type: "disconnected", reason: "connection refused", retryIn: 1000 },
    { type: "connecting", server: "127.0.0.1:9009" },
    { type: "disconnected", reason: "connection refused", retryIn: 1000 },
    connected({ files: 3, size: 24 * MIB }, { files: 2, size: 16 * MIB }),
    { type: "warning", kind: "line", message: "Cannot read line 3" },
    queued("a.iso", 8 * MIB),
    queued("b.iso", 8 * MIB),
    { type: "waiting", names: ["c.iso"] },
    started("a.iso", 4 * MIB),
    started("b.iso"),
  ];
  for (const event of events) display.handle(event);
  clock.pass(2000);
  display.handle(moved("a.iso", 6 * MIB));
  clock.pass(2000);
  display.handle(finished("a.iso", 8 * MIB, 4000));
  display.handle(failed("b.iso", "disk full"));
  display.handle({ type: "waiting", names: [] });
  display.handle({ type: "idle" });
  display.close();
  assert.equal(
    written.text,
    `cannot reach 127.0.0.1:9009: connection refused; trying again
hint     start a server there (sluice-server --dir FOLDER), or name another one with --server HOST:PORT
connected to 127.0.0.1:9009 (sluice 0.1.0): 3 files, 24.0 MiB; the list names 2 of them, 16.0 MiB
warning  Cannot read line 3
waiting for 1 file the server does not have yet: c.iso
resumed  a.iso  4.00/8.00 MiB already on disk
37%, 6.0/16.0 MiB, 975 KiB/s, 0:11 left, 0 of 2 files
done     a.iso  8.00 MiB, 4.00 MiB of it in 4.0 s (1.00 MiB/s)
failed   b.iso  disk full
1 file done, 1 failed: 4.00 MiB in 4.0 s (1.00 MiB/s); watching input.txt
1 file done, 1 failed: 4.00 MiB in 4.0 s (1.00 MiB/s)
`,
  );
});

Deno.test("PlainDisplay writes the total at every 10 % but the last", () => {
  const { clock, written, display } = setUp(null);
  display.handle(queued("a", 1000));
  display.handle(started("a"));
  for (let step = 1; step <= 20; step++) {
    display.handle(moved("a", step * 50));
    clock.pass(100);
  }
  const tenths = written.text.match(/^\d+%/gm);
  assert.deepEqual(tenths, ["10%", "20%", "30%", "40%", "50%", "60%", "70%", "80%", "90%"]);
  display.close();
});

Deno.test("PlainDisplay writes the total every five seconds while something moves", () => {
  const { clock, written, display } = setUp(null);
  display.handle(CONNECTED);
  display.handle(queued("a.iso", 80 * MIB));
  display.handle(started("a.iso"));
  written.text = "";
  for (let second = 1; second <= 12; second++) {
    clock.pass(1000);
    display.handle(moved("a.iso", second * MIB));
  }
  assert.equal(
    written.text,
    "5%, 4.0/80.0 MiB, 683 KiB/s, 1:35 left, 0 of 1 file\n" +
      "10%, 8.0/80.0 MiB, 991 KiB/s, 1:13 left, 0 of 1 file\n",
  );
  written.text = "";
  clock.pass(20_000);
  const totals = written.text.split("\n").filter((line) => !line.startsWith("no data"));
  assert.equal(totals.length, 2);
  display.handle(finished("a.iso", 80 * MIB));
  display.handle({ type: "idle" });
  written.text = "";
  clock.pass(20_000);
  assert.equal(written.text, "");
  display.close();
});

Deno.test("PlainDisplay writes one line for each of thousands of files, without escapes", () => {
  const { written, display } = setUp();
  const paths = Array.from({ length: 3000 }, (_, index) => `${index}\x1b[2J\r.txt`);
  for (const path of paths) display.handle(queued(path, 10));
  for (const path of paths) display.handle(finished(path, 10));
  display.close();
  assert.equal(written.text.split("\n").length, 3000 + 2);
  assert.ok(!written.text.includes("\x1b") && !written.text.includes("\r"));
});

Deno.test("PlainDisplay writes its summary once and then nothing", () => {
  const { clock, written, display } = setUp();
  display.handle(queued("a", 10));
  display.handle({ type: "waiting", names: ["b"] });
  written.text = "";
  display.close();
  display.close();
  display.handle(finished("a", 10));
  clock.pass(60_000);
  assert.equal(written.text, "0 files done, 1 unfinished, 1 not on the server\n");
  assert.equal(clock.timers, 0);
});

Deno.test("PlainDisplay ignores a broken output", () => {
  const output = {
    writeSync(): number {
      throw new Deno.errors.BrokenPipe("gone");
    },
  };
  const display = new PlainDisplay({
    output,
    input: null,
    clock: new FakeClock(),
    serverCommand: "",
  });
  display.handle(CONNECTED);
  display.close();
});

Deno.test("PlainDisplay says how long there has been no data, ever less often", () => {
  const { clock, written, display } = setUp();
  display.handle(CONNECTED);
  display.handle(queued("a.iso", 8 * MIB));
  display.handle(started("a.iso"));
  clock.pass(1_000);
  display.handle(moved("a.iso", MIB));
  written.text = "";
  clock.pass(25_000);
  assert.deepEqual(written.text.match(/no data.*/g), [
    "no data for 5 s",
    "no data for 10 s",
    "no data for 20 s",
  ]);
  display.handle(moved("a.iso", 2 * MIB));
  clock.pass(6_000);
  assert.equal(written.text.match(/no data for 5 s/g)!.length, 2);
});
