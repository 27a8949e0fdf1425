import assert from "node:assert/strict";
import fc from "fast-check";
import { RequestWindow, type SentRequest } from "../../../lib/client/schedule/request_window.ts";

const KIB = 1024;
const MB = 1e6;
const MIN_CHUNK = 16 * KIB;
const MAX_CHUNK = 1024 * KIB;
const MAX_REQUESTS = 256;
/** The chunks that may always be in flight, and two that may exceed a limit. */
const MIN_IN_FLIGHT = 10 * MIN_CHUNK;
const RATES = [0.1 * MB, MB, 25 * MB, 100 * MB, 1000 * MB];
const TRIPS = [0.2, 10, 50, 200];

for (const rate of RATES) {
  for (const trip of TRIPS) {
    const line = `${rate / MB} MB/s and ${trip} ms`;
    Deno.test(`RequestWindow fills a line of ${line}, and queues no more than 0.3 s in it`, () => {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      const extremes = watch(window);
      line.runTo(5000, extremes.update);
      assert.ok(line.carried(3000, 5000) >= 0.9 * rate * 2, `${line.carried(3000, 5000)} bytes`);
      assert.ok(
        extremes.max.inFlight <= limitOf(rate, trip),
        `${extremes.max.inFlight} in flight`,
      );
      assert.ok(extremes.max.rate < 1.02 * rate && extremes.min.rate > 0.98 * rate);
      // A power of two, as close below a 64th of the bytes per second as the limits allow, or a 16th
      // where no priorities share the line.
      const shared = clamp(rate / 64, MIN_CHUNK, MAX_CHUNK);
      const uncontested = clamp(rate / 16, 4 * MIN_CHUNK, MAX_CHUNK);
      for (
        const [chunk, expected] of [
          [extremes.min.chunkSize, shared],
          [extremes.max.chunkSize, shared],
          [window.uncontestedChunkSize, uncontested],
        ] as const
      ) {
        assert.ok(Number.isInteger(Math.log2(chunk)), `${chunk}`);
        assert.ok(
          chunk <= expected * 1.02 && chunk > expected * 0.98 / 2,
          `${chunk} for ${expected}`,
        );
      }
    });
  }
}

for (const trip of TRIPS) {
  for (const rate of [MB, 10 * MB, 100 * MB]) {
    const before = `${rate / MB} MB/s and ${trip} ms`;
    Deno.test(`RequestWindow follows a line of ${before} that becomes ten times faster`, () => {
      const { line, window } = connect({ rate, trip }, { from: 4000, rate: 10 * rate, trip });
      line.runTo(6000);
      assert.ok(Math.abs(window.rate / (10 * rate) - 1) < 0.05, `${window.rate}`);
      const extremes = watch(window);
      line.runTo(7000, extremes.update);
      assert.ok(line.carried(6000, 7000) > 0.9 * 10 * rate);
      assert.ok(extremes.max.inFlight <= limitOf(10 * rate, trip));
    });

    Deno.test(`RequestWindow follows a line of ${before} that becomes ten times slower`, () => {
      const slow = rate / 10;
      const { line, window } = connect({ rate, trip }, { from: 4000, rate: slow, trip });
      line.runTo(4000);
      const drained = 4000 + window.inFlight / slow * 1000;
      line.runTo(6000);
      assert.ok(window.rate > 0.95 * slow);
      assert.ok(window.rate < (trip < 100 ? 1.7 : 2.5) * slow, `${window.rate / slow}`);
      // Once the requests in flight are answered the bound holds again, and the line stays full.
      line.runTo(Math.max(drained, 6000) + 500);
      const extremes = watch(window);
      line.runTo(drained + 3000, extremes.update);
      assert.ok(extremes.max.inFlight <= limitOf(slow, trip), `${extremes.max.inFlight / slow} s`);
      assert.ok(line.carried(4500, drained + 3000) > 0.9 * slow * (drained - 1500) / 1000);
    });
  }
}

for (const [trip, longer] of [[10, 100], [10, 250], [10, 500], [0.2, 400]] as const) {
  Deno.test(`RequestWindow fills a line again whose round-trip of ${trip} ms becomes ${longer} ms`, () => {
    for (const rate of [MB, 25 * MB]) {
      const { line, window } = connect({ rate, trip }, { from: 3000, rate, trip: longer });
      line.runTo(25_000);
      const extremes = watch(window);
      line.runTo(27_000, extremes.update);
      assert.ok(line.carried(25_000, 27_000) > 0.9 * rate * 2, `${rate}`);
      assert.ok(extremes.max.inFlight <= limitOf(rate, longer), `${rate}`);
    }
  });
}

Deno.test("RequestWindow keeps its rate while there is too little to request, and afterwards", () => {
  for (const rate of RATES) {
    for (const trip of TRIPS) {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      const before = window.rate;
      const extremes = watch(window);
      // A small file every 100 ms, for three seconds.
      for (let time = 3000; time < 6000; time += 100) {
        line.runTo(time, extremes.update, () => {});
        if (window.hasRoom) line.send(4 * KIB);
        window.onAppLimited();
      }
      line.runTo(6000, extremes.update, () => {});
      line.runTo(8000, extremes.update);
      assert.ok(extremes.min.rate > 0.9 * before, `${rate} ${trip}: ${extremes.min.rate / before}`);
      // The whole line at once, but for the round-trip of the first response.
      const expected = rate * (1 - trip / 1000);
      assert.ok(line.carried(6000, 7000) > 0.9 * expected - MIN_CHUNK, `${rate} ${trip}`);
    }
  }
});

Deno.test("RequestWindow keeps its rate over a pause without any request", () => {
  for (const rate of RATES) {
    for (const trip of TRIPS) {
      const { line, window } = connect({ rate, trip });
      line.runTo(3000);
      window.onAppLimited();
      line.runTo(60_000, () => {}, () => {});
      assert.equal(window.inFlight, 0);
      const before = window.rate;
      const extremes = watch(window);
      line.runTo(62_000, extremes.update);
      assert.ok(extremes.min.rate > 0.9 * before, `${rate} ${trip}: ${extremes.min.rate / before}`);
    }
  }
});

Deno.test("RequestWindow keeps its bound if responses come in batches and the clock is coarse", () => {
  for (const batch of [1, 5, 16, 30]) {
    for (const rate of [MB, 25 * MB, 1000 * MB]) {
      for (const trip of [0.2, 50]) {
        const { line, window } = connect({ rate, trip }, undefined, batch);
        line.runTo(3000);
        const extremes = watch(window);
        line.runTo(4500, extremes.update);
        assert.ok(line.carried(3000, 4500) > 0.9 * rate * 1.5, `${rate} ${trip} ${batch}`);
        assert.ok(extremes.max.inFlight <= limitOf(rate, trip + batch), `${rate} ${trip} ${batch}`);
      }
    }
  }
});

Deno.test("RequestWindow bounds the requests in flight on a line that could take more", () => {
  const { line, window } = connect({ rate: 1000 * MB, trip: 400 });
  let requests = 0;
  line.runTo(15_000, () => requests = Math.max(requests, line.requests));
  assert.equal(requests, MAX_REQUESTS);
  assert.equal(window.inFlight, line.requests * MAX_CHUNK);
});

Deno.test("RequestWindow starts with eight chunks of 16 KiB", () => {
  const window = new RequestWindow(MAX_CHUNK, MAX_REQUESTS);
  assert.equal(window.rate, 0);
  for (let i = 0; i < 8; i++) {
    assert.ok(window.hasRoom);
    assert.equal(window.chunkSize, MIN_CHUNK);
    window.onSent(window.chunkSize, 0);
  }
  assert.ok(!window.hasRoom);
  assert.equal(window.inFlight, 8 * MIN_CHUNK);
});

Deno.test("RequestWindow frees the room of a failed request", () => {
  const window = new RequestWindow(MAX_CHUNK, MAX_REQUESTS);
  const requests: SentRequest[] = [];
  while (window.hasRoom) requests.push(window.onSent(window.chunkSize, 0));
  for (const request of requests) {
    window.onFailed(request);
    assert.ok(window.hasRoom);
  }
  assert.equal(window.inFlight, 0);
  assert.equal(window.rate, 0, "a failure says nothing about the line");
  const few = new RequestWindow(MAX_CHUNK, 1);
  const request = few.onSent(1, 0);
  assert.ok(!few.hasRoom);
  few.onFailed(request);
  assert.ok(few.hasRoom);
});

Deno.test("RequestWindow never requests a larger chunk than the server sends", () => {
  for (const maxChunk of [1000, MIN_CHUNK, 100_000, 4 * MAX_CHUNK]) {
    const window = new RequestWindow(maxChunk, MAX_REQUESTS);
    const line = new Line(window, [{ from: 0, rate: 1000 * MB, trip: 10 }]);
    const extremes = watch(window);
    line.runTo(300, extremes.update);
    assert.equal(extremes.max.chunkSize, Math.min(maxChunk, MAX_CHUNK));
  }
});

Deno.test("RequestWindow keeps its invariants for any order of requests, responses and failures", () => {
  const step = fc.record({
    what: fc.constantFrom("send", "send", "send", "arrive", "arrive", "fail", "dry"),
    bytes: fc.integer({ min: 1, max: MAX_CHUNK }),
    pick: fc.nat(1000),
    later: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3000, noNaN: true })),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (
    steps,
    maxRequests,
  ) => {
    const window = new RequestWindow(MAX_CHUNK, maxRequests);
    const requests: SentRequest[] = [];
    let now = 0;
    for (const { what, bytes, pick, later } of steps) {
      now += later;
      if (what === "dry") window.onAppLimited();
      else if (what === "send") {
        if (window.hasRoom) requests.push(window.onSent(Math.min(bytes, window.chunkSize), now));
      } else {
        const [request] = requests.splice(pick % requests.length, 1);
        if (request && what === "arrive") window.onReceived(request, now);
        else if (request) window.onFailed(request);
      }
      assert.equal(window.inFlight, requests.reduce((sum, request) => sum + request.bytes, 0));
      assert.ok(requests.length <= maxRequests);
      assert.ok(window.rate >= 0 && Number.isFinite(window.rate));
      assert.ok(window.chunkSize >= MIN_CHUNK && window.chunkSize <= MAX_CHUNK);
      if (requests.length === 0) assert.ok(window.hasRoom, "no request could ever be sent again");
    }
  }));
});

/** The bytes that may be in flight: the line's round-trip and 0.3 s, or a few smallest chunks. */
function limitOf(rate: number, trip: number): number {
  return rate * (trip / 1000 + 0.3) + MIN_IN_FLIGHT;
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

function connect(first: Omit<Stretch, "from">, later?: Stretch, batch = 0) {
  const window = new RequestWindow(MAX_CHUNK, MAX_REQUESTS);
  const stretches = [{ from: 0, ...first }, ...(later ? [later] : [])];
  return { window, line: new Line(window, stretches, batch) };
}

/** The extremes of a window over the calls of `update`. */
function watch(window: RequestWindow) {
  const read = () => ({
    rate: window.rate,
    inFlight: window.inFlight,
    chunkSize: window.chunkSize,
  });
  const extremes = { min: read(), max: read() };
  const update = () => {
    for (const name of ["rate", "inFlight", "chunkSize"] as const) {
      extremes.min[name] = Math.min(extremes.min[name], window[name]);
      extremes.max[name] = Math.max(extremes.max[name], window[name]);
    }
  };
  return Object.assign(extremes, { update });
}

/** A line from a moment on: bytes per second, and the round-trip in milliseconds. */
interface Stretch {
  readonly from: number;
  readonly rate: number;
  readonly trip: number;
}

/**
 * A simulated server and line: responses are sent one after another at the line's rate, the first
 * half a round-trip after its request, and are received half a round-trip later.
 */
class Line {
  #now = 0;
  /** When the line will have sent everything. */
  #free = 0;
  readonly #window: RequestWindow;
  readonly #stretches: readonly Stretch[];
  /** Responses are received only at multiples of this many milliseconds; 0 is any time. */
  readonly #batch: number;
  readonly #pending: { request: SentRequest; at: number }[] = [];
  readonly #received: { at: number; bytes: number }[] = [];

  constructor(window: RequestWindow, stretches: readonly Stretch[], batch = 0) {
    this.#window = window;
    this.#stretches = stretches;
    this.#batch = batch;
  }

  get requests(): number {
    return this.#pending.length;
  }

  /** Bytes received between two moments. */
  carried(from: number, to: number): number {
    return this.#received.filter(({ at }) => at > from && at <= to)
      .reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Requests bytes. */
  send(bytes: number): void {
    const request = this.#window.onSent(bytes, this.#now);
    const { trip } = this.#stretchAt(this.#now);
    this.#free = this.#sentAt(Math.max(this.#free, this.#now + trip / 2), bytes);
    const at = Math.max(this.#free + trip / 2, this.#pending.at(-1)?.at ?? 0);
    this.#pending.push({
      request,
      at: this.#batch === 0 ? at : Math.ceil(at / this.#batch) * this.#batch,
    });
  }

  /** Advances the time; calls `ask` and then `update` after each reception. */
  runTo(end: number, update = () => {}, ask = () => this.#fill()): void {
    ask();
    for (let next = this.#pending[0]; next && next.at <= end; next = this.#pending[0]) {
      this.#now = next.at;
      while (this.#pending[0]?.at === this.#now) {
        const { request } = this.#pending.shift()!;
        this.#received.push({ at: this.#now, bytes: request.bytes });
        this.#window.onReceived(request, this.#now);
      }
      ask();
      update();
    }
    this.#now = end;
  }

  #fill(): void {
    while (this.#window.hasRoom) this.send(this.#window.chunkSize);
  }

  #stretchAt(time: number): Stretch {
    return this.#stretches.findLast(({ from }) => from <= time)!;
  }

  /** When bytes have been sent whose sending begins at a time. */
  #sentAt(start: number, bytes: number): number {
    const { rate } = this.#stretchAt(start);
    const end = start + bytes / rate * 1000;
    const next = this.#stretches.find(({ from }) => from > start);
    if (!next || end <= next.from) return end;
    return this.#sentAt(next.from, bytes - rate * (next.from - start) / 1000);
  }
}
