import assert from "node:assert/strict";
import fc from "fast-check";
import { RequestWindow, type SentRequest } from "../../../lib/client/schedule/request_window.ts";

const KIB = 1024;
const MB = 1e6;
const MIN_CHUNK = 16 * KIB;
const MAX_CHUNK = 1024 * KIB;
const MAX_FLIGHTS = 256;
/** The fewest chunks in flight, and two that may be begun beyond a limit. */
const FEW_CHUNKS = 10 * MIN_CHUNK;
const RATES = [0.1 * MB, MB, 25 * MB, 100 * MB, 1000 * MB];
const TRIPS = [0.2, 10, 50, 200];

for (const rate of RATES) {
  for (const trip of TRIPS) {
    const line = `${rate / MB} MB/s and ${trip} ms`;
    Deno.test(`Window fills a line of ${line}, and keeps no more than 0.3 s waiting in it`, () => {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      const seen = watch(window);
      line.runTo(5000, seen.note);
      assert.ok(line.carried(3000, 5000) >= 0.9 * rate * 2, `${line.carried(3000, 5000)} bytes`);
      assert.ok(seen.most.inFlight <= limitOf(rate, trip), `${seen.most.inFlight} in flight`);
      assert.ok(seen.most.rate < 1.02 * rate && seen.least.rate > 0.98 * rate);
      // A power of two, as near below a 64th of what comes in a second as the limits allow, or a
      // 16th where no priorities share the line.
      const shared = clamp(rate / 64, MIN_CHUNK, MAX_CHUNK);
      const lone = clamp(rate / 16, 4 * MIN_CHUNK, MAX_CHUNK);
      for (
        const [chunk, wanted] of [
          [seen.least.chunkSize, shared],
          [seen.most.chunkSize, shared],
          [window.uncontestedChunkSize, lone],
        ] as const
      ) {
        assert.ok(Number.isInteger(Math.log2(chunk)), `${chunk}`);
        assert.ok(chunk <= wanted * 1.02 && chunk > wanted * 0.98 / 2, `${chunk} for ${wanted}`);
      }
    });
  }
}

for (const trip of TRIPS) {
  for (const rate of [MB, 10 * MB, 100 * MB]) {
    const before = `${rate / MB} MB/s and ${trip} ms`;
    Deno.test(`Window follows a line of ${before} that becomes ten times faster`, () => {
      const { line, window } = connect({ rate, trip }, { from: 4000, rate: 10 * rate, trip });
      line.runTo(6000);
      assert.ok(Math.abs(window.rate / (10 * rate) - 1) < 0.05, `${window.rate}`);
      const seen = watch(window);
      line.runTo(7000, seen.note);
      assert.ok(line.carried(6000, 7000) > 0.9 * 10 * rate);
      assert.ok(seen.most.inFlight <= limitOf(10 * rate, trip));
    });

    Deno.test(`Window follows a line of ${before} that becomes ten times slower`, () => {
      const slow = rate / 10;
      const { line, window } = connect({ rate, trip }, { from: 4000, rate: slow, trip });
      line.runTo(4000);
      const drained = 4000 + window.inFlight / slow * 1000;
      line.runTo(6000);
      assert.ok(window.rate > 0.95 * slow);
      assert.ok(window.rate < (trip < 100 ? 1.7 : 2.5) * slow, `${window.rate / slow}`);
      // What was under way takes its time; then the bound holds again, and the line stays full.
      line.runTo(Math.max(drained, 6000) + 500);
      const seen = watch(window);
      line.runTo(drained + 3000, seen.note);
      assert.ok(seen.most.inFlight <= limitOf(slow, trip), `${seen.most.inFlight / slow} s`);
      assert.ok(line.carried(4500, drained + 3000) > 0.9 * slow * (drained - 1500) / 1000);
    });
  }
}

for (const [trip, longer] of [[10, 100], [10, 250], [10, 500], [0.2, 400]] as const) {
  Deno.test(`Window fills a line again whose ${trip} ms become ${longer} ms`, () => {
    for (const rate of [MB, 25 * MB]) {
      const { line, window } = connect({ rate, trip }, { from: 3000, rate, trip: longer });
      line.runTo(25_000);
      const seen = watch(window);
      line.runTo(27_000, seen.note);
      assert.ok(line.carried(25_000, 27_000) > 0.9 * rate * 2, `${rate}`);
      assert.ok(seen.most.inFlight <= limitOf(rate, longer), `${rate}`);
    }
  });
}

Deno.test("Window keeps its rate while there is too little to ask for, and afterwards", () => {
  for (const rate of RATES) {
    for (const trip of TRIPS) {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      const before = window.rate;
      const seen = watch(window);
      // For three seconds a small file now and then.
      for (let time = 3000; time < 6000; time += 100) {
        line.runTo(time, seen.note, () => {});
        if (window.hasRoom) line.send(4 * KIB);
        window.onAppLimited();
      }
      line.runTo(6000, seen.note, () => {});
      line.runTo(8000, seen.note);
      assert.ok(seen.least.rate > 0.9 * before, `${rate} ${trip}: ${seen.least.rate / before}`);
      // All of the line at once, but for the round-trip of the first answer.
      const expected = rate * (1 - trip / 1000);
      assert.ok(line.carried(6000, 7000) > 0.9 * expected - MIN_CHUNK, `${rate} ${trip}`);
    }
  }
});

Deno.test("Window keeps its rate over a pause without any request", () => {
  for (const rate of RATES) {
    for (const trip of TRIPS) {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      window.onAppLimited();
      line.runTo(60_000, () => {}, () => {});
      assert.equal(window.inFlight, 0);
      const before = window.rate;
      const seen = watch(window);
      line.runTo(62_000, seen.note);
      assert.ok(seen.least.rate > 0.9 * before, `${rate} ${trip}: ${seen.least.rate / before}`);
    }
  }
});

Deno.test("Window keeps its bound if answers come in batches, and the clock is coarse", () => {
  for (const batch of [1, 5, 16, 30]) {
    for (const rate of [MB, 25 * MB, 1000 * MB]) {
      for (const trip of [0.2, 50]) {
        const { line, window } = connect({ rate, trip }, undefined, batch);
        line.runTo(3000);
        const seen = watch(window);
        line.runTo(4500, seen.note);
        assert.ok(line.carried(3000, 4500) > 0.9 * rate * 1.5, `${rate} ${trip} ${batch}`);
        assert.ok(seen.most.inFlight <= limitOf(rate, trip + batch), `${rate} ${trip} ${batch}`);
      }
    }
  }
});

Deno.test("Window bounds the requests in flight on a line that could take more", () => {
  const { line, window } = connect({ rate: 1000 * MB, trip: 400 });
  let flights = 0;
  line.runTo(15_000, () => flights = Math.max(flights, line.flights));
  assert.equal(flights, MAX_FLIGHTS);
  assert.equal(window.inFlight, line.flights * MAX_CHUNK);
});

Deno.test("Window begins with eight chunks of 16 KiB", () => {
  const window = new RequestWindow(MAX_CHUNK, MAX_FLIGHTS);
  assert.equal(window.rate, 0);
  for (let i = 0; i < 8; i++) {
    assert.ok(window.hasRoom);
    assert.equal(window.chunkSize, MIN_CHUNK);
    window.onSent(window.chunkSize, 0);
  }
  assert.ok(!window.hasRoom);
  assert.equal(window.inFlight, 8 * MIN_CHUNK);
});

Deno.test("Window gives the room of a failed request back", () => {
  const window = new RequestWindow(MAX_CHUNK, MAX_FLIGHTS);
  const flights: SentRequest[] = [];
  while (window.hasRoom) flights.push(window.onSent(window.chunkSize, 0));
  for (const flight of flights) {
    window.onFailed(flight);
    assert.ok(window.hasRoom);
  }
  assert.equal(window.inFlight, 0);
  assert.equal(window.rate, 0, "a failure says nothing about the line");
  const few = new RequestWindow(MAX_CHUNK, 1);
  const flight = few.onSent(1, 0);
  assert.ok(!few.hasRoom);
  few.onFailed(flight);
  assert.ok(few.hasRoom);
});

Deno.test("Window never asks for a larger chunk than the server gives", () => {
  for (const maxChunk of [1000, MIN_CHUNK, 100_000, 4 * MAX_CHUNK]) {
    const window = new RequestWindow(maxChunk, MAX_FLIGHTS);
    const line = new Line(window, [{ from: 0, rate: 1000 * MB, trip: 10 }]);
    const seen = watch(window);
    line.runTo(300, seen.note);
    assert.equal(seen.most.chunkSize, Math.min(maxChunk, MAX_CHUNK));
  }
});

Deno.test("Window stays sound whatever is sent, answered and refused, and when", () => {
  const step = fc.record({
    what: fc.constantFrom("send", "send", "send", "arrive", "arrive", "fail", "dry"),
    bytes: fc.integer({ min: 1, max: MAX_CHUNK }),
    pick: fc.nat(1000),
    later: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3000, noNaN: true })),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (
    steps,
    maxFlights,
  ) => {
    const window = new RequestWindow(MAX_CHUNK, maxFlights);
    const flights: SentRequest[] = [];
    let now = 0;
    for (const { what, bytes, pick, later } of steps) {
      now += later;
      if (what === "dry") window.onAppLimited();
      else if (what === "send") {
        if (window.hasRoom) flights.push(window.onSent(Math.min(bytes, window.chunkSize), now));
      } else {
        const [flight] = flights.splice(pick % flights.length, 1);
        if (flight && what === "arrive") window.onReceived(flight, now);
        else if (flight) window.onFailed(flight);
      }
      assert.equal(window.inFlight, flights.reduce((sum, flight) => sum + flight.bytes, 0));
      assert.ok(flights.length <= maxFlights);
      assert.ok(window.rate >= 0 && Number.isFinite(window.rate));
      assert.ok(window.chunkSize >= MIN_CHUNK && window.chunkSize <= MAX_CHUNK);
      if (flights.length === 0) assert.ok(window.hasRoom, "nothing could ever be asked again");
    }
  }));
});

/** What may be in flight: the line's round-trip and 0.3 s of it, or a few of the least chunks. */
function limitOf(rate: number, trip: number): number {
  return rate * (trip / 1000 + 0.3) + FEW_CHUNKS;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

function connect(first: Omit<Stretch, "from">, later?: Stretch, batch = 0) {
  const window = new RequestWindow(MAX_CHUNK, MAX_FLIGHTS);
  const stretches = [{ from: 0, ...first }, ...(later ? [later] : [])];
  return { window, line: new Line(window, stretches, batch) };
}

/** The extremes of a window between the calls of `note`. */
function watch(window: RequestWindow) {
  const read = () => ({
    rate: window.rate,
    inFlight: window.inFlight,
    chunkSize: window.chunkSize,
  });
  const seen = { least: read(), most: read() };
  const note = () => {
    for (const name of ["rate", "inFlight", "chunkSize"] as const) {
      seen.least[name] = Math.min(seen.least[name], window[name]);
      seen.most[name] = Math.max(seen.most[name], window[name]);
    }
  };
  return Object.assign(seen, { note });
}

/** What a line is like from a moment on: bytes a second, and milliseconds there and back. */
interface Stretch {
  readonly from: number;
  readonly rate: number;
  readonly trip: number;
}

/**
 * A server at the end of a line: answers come one behind the other at the line's rate, the first
 * one half a round-trip after it was asked for, and half a round-trip later they are here.
 */
class Line {
  #now = 0;
  /** When the line has sent what it was given. */
  #free = 0;
  readonly #window: RequestWindow;
  readonly #stretches: readonly Stretch[];
  /** Answers come in only at multiples of this many milliseconds; 0 is any time. */
  readonly #batch: number;
  readonly #coming: { flight: SentRequest; at: number }[] = [];
  readonly #came: { at: number; bytes: number }[] = [];

  constructor(window: RequestWindow, stretches: readonly Stretch[], batch = 0) {
    this.#window = window;
    this.#stretches = stretches;
    this.#batch = batch;
  }

  get flights(): number {
    return this.#coming.length;
  }

  /** Bytes that came between two moments. */
  carried(from: number, to: number): number {
    return this.#came.filter(({ at }) => at > from && at <= to)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Asks for bytes. */
  send(bytes: number): void {
    const flight = this.#window.onSent(bytes, this.#now);
    const { trip } = this.#stretchAt(this.#now);
    this.#free = this.#sentAt(Math.max(this.#free, this.#now + trip / 2), bytes);
    const at = Math.max(this.#free + trip / 2, this.#coming.at(-1)?.at ?? 0);
    this.#coming.push({
      flight,
      at: this.#batch === 0 ? at : Math.ceil(at / this.#batch) * this.#batch,
    });
  }

  /** Lets time pass; `note` is called after all that happens, `ask` before. */
  runTo(end: number, note = () => {}, ask = () => this.#fill()): void {
    ask();
    for (let next = this.#coming[0]; next && next.at <= end; next = this.#coming[0]) {
      this.#now = next.at;
      while (this.#coming[0]?.at === this.#now) {
        const { flight } = this.#coming.shift()!;
        this.#came.push({ at: this.#now, bytes: flight.bytes });
        this.#window.onReceived(flight, this.#now);
      }
      ask();
      note();
    }
    this.#now = end;
  }

  #fill(): void {
    while (this.#window.hasRoom) this.send(this.#window.chunkSize);
  }

  #stretchAt(time: number): Stretch {
    return this.#stretches.findLast(({ from }) => from <= time)!;
  }

  /** When bytes have been sent that begin to be sent at a time. */
  #sentAt(start: number, bytes: number): number {
    const { rate } = this.#stretchAt(start);
    const end = start + bytes / rate * 1000;
    const next = this.#stretches.find(({ from }) => from > start);
    if (!next || end <= next.from) return end;
    return this.#sentAt(next.from, bytes - rate * (next.from - start) / 1000);
  }
}
