import assert from "node:assert/strict";
import { DEFAULT_TIMEOUTS } from "../../lib/protocol/timeouts.ts";
import { type ConnectionTimes, Watchdog } from "../../lib/protocol/watchdog.ts";

const QUIET = { silenceMs: 0, stallMs: 0, messages: 0, begunBytes: 0 };

/** Checks at intervals of a second; returns when the peer counts as lost, in seconds, or null. */
function lostAfter(
  watchdog: Watchdog,
  times: (seconds: number) => Partial<ConnectionTimes>,
  upTo = 1_000,
): number | null {
  for (let seconds = 0; seconds <= upTo; seconds++) {
    const found = watchdog.check({ ...QUIET, now: seconds * 1000, ...times(seconds) });
    if (found.type === "lost") return seconds;
  }
  return null;
}

const ofClient = () => new Watchdog(DEFAULT_TIMEOUTS, "client");
const ofServer = () => new Watchdog(DEFAULT_TIMEOUTS, "server");

Deno.test("Watchdog ends a message whose bytes trickle after 60 s, from either side", () => {
  for (const watchdog of [ofClient(), ofServer()]) {
    const trickle = (seconds: number) => ({ begunBytes: 1 + Math.floor(seconds / 10) });
    const seconds = lostAfter(watchdog, trickle);
    assert.ok(seconds === 60 || seconds === 61, String(seconds));
  }
});

Deno.test("Watchdog gives a server's message the time of a line of 8 KiB/s", () => {
  const slow = (seconds: number) => ({ begunBytes: 1 + seconds * 8192 });
  assert.equal(lostAfter(ofServer(), slow), null);
  assert.equal(lostAfter(ofClient(), slow), 60);
});

Deno.test("Watchdog measures each message from its own beginning", () => {
  const next = (seconds: number) => ({ begunBytes: 10, messages: Math.floor(seconds / 50) });
  assert.equal(lostAfter(ofClient(), next), null);
});

Deno.test("Watchdog does not count the time in which nobody waits for the message", () => {
  const paused = (seconds: number) => ({ begunBytes: seconds % 50 === 49 ? 0 : 10 });
  assert.equal(lostAfter(ofClient(), paused), null);
});

Deno.test("Watchdog wants one PING for each silence, and ends one of 45 s", () => {
  const watchdog = ofClient();
  const types = [14, 15, 16, 44, 1, 15, 45].map((seconds) =>
    watchdog.check({ ...QUIET, now: 0, silenceMs: seconds * 1000 }).type
  );
  assert.deepEqual(types, ["fine", "ping", "fine", "fine", "fine", "ping", "lost"]);
});

Deno.test("Watchdog ends a peer that reads nothing, and does not write to it", () => {
  const found = ofServer().check({ ...QUIET, now: 0, stallMs: 60_000 });
  assert.deepEqual(found, {
    type: "lost",
    reason: "The peer read nothing for 60 s",
    isReading: false,
  });
});
