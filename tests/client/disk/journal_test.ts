import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import {
  type JournalEntry,
  journalHead,
  journalLine,
  type JournalSubject,
  parseJournal,
} from "../../../lib/client/disk/journal.ts";

/** The built-in unit of this kind takes a second to construct. */
const ANY_LETTER = fc.nat(0x10ffff).map((code) => String.fromCodePoint(code));

const SUBJECT: JournalSubject = { path: "photos/Zoë – 1.jpg", size: 100_000, version: "4-2-é" };
const ENTRIES: readonly JournalEntry[] = [
  { offset: 0, length: 16_384, checksum: 0xdeadbeef },
  { offset: 16_384, length: 16_384, checksum: 0 },
  { offset: 98_304, length: 1_696, checksum: 0xffffffff },
  { offset: 32_768, length: 1, checksum: 0x0000000f },
];

Deno.test("parseJournal reads what journalHead and journalLine write", () => {
  assert.deepEqual(parseJournal(bytesOf(SUBJECT, ENTRIES)), { subject: SUBJECT, entries: ENTRIES });
  assert.deepEqual(parseJournal(bytesOf(SUBJECT, [])), { subject: SUBJECT, entries: [] });
});

Deno.test("parseJournal reads any subject and entries as written", () => {
  const subject = fc.record({
    path: fc.oneof(fc.string(), fc.string({ unit: ANY_LETTER }), fc.constant("a\nb \ufeff\ufffd")),
    size: fc.maxSafeNat(),
    version: fc.string({ unit: ANY_LETTER }),
  }, { noNullPrototype: true });
  const withEntries = subject.chain((subject) => {
    const offsets = fc.array(fc.maxSafeNat().map((n) => n % Math.max(1, subject.size)));
    return fc.tuple(
      fc.constant(subject),
      offsets.map((offsets) =>
        subject.size === 0 ? [] : offsets.map((offset) => ({
          offset,
          length: Math.min(subject.size - offset, 1 + offset % 1_000_000),
          checksum: offset * 2_654_435_761 % 2 ** 32,
        }))
      ),
    );
  });
  fc.assert(fc.property(withEntries, ([subject, entries]) => {
    assert.deepEqual(parseJournal(bytesOf(subject, entries)), { subject, entries });
  }));
});

Deno.test("journalLine writes the line that the specification shows", () => {
  const line = journalLine({ offset: 16_384, length: 16_384, checksum: 0xabc });
  assert.match(line, /^16384 16384 abc [0-9a-f]{1,8}\n$/);
  const head = journalHead({ path: "a.iso", size: 123, version: "v" });
  assert.match(
    head,
    /^sluice-journal 1 \{"path":"a\.iso","size":123,"version":"v"\} [0-9a-f]{1,8}\n$/,
  );
});

Deno.test("parseJournal loses no more than the torn line, wherever a journal is cut off", () => {
  const whole = bytesOf(SUBJECT, ENTRIES);
  const ends = [head(), ...ENTRIES.map(journalLine)]
    .map((line) => Buffer.byteLength(line))
    .map((_, i, lengths) => lengths.slice(0, i + 1).reduce((a, b) => a + b));
  for (let length = 0; length <= whole.length; length++) {
    const journal = parseJournal(whole.subarray(0, length));
    // A line is complete with its last digit, even without its end.
    const lines = ends.filter((end) => end - 1 <= length).length;
    if (lines === 0) assert.equal(journal, null, `cut at ${length}`);
    else assert.deepEqual(journal?.entries, ENTRIES.slice(0, lines - 1), `cut at ${length}`);
  }
});

Deno.test("parseJournal loses no more than the lines that a changed bit is in", () => {
  const lines = [head(), ...ENTRIES.map(journalLine)].map((line) => Buffer.from(line));
  const whole = Buffer.concat(lines);
  let start = 0;
  for (const [line, { length }] of lines.entries()) {
    for (let at = start; at < start + length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 1 << bit;
        const journal = parseJournal(damaged);
        // The end of a line also separates it from the next one.
        const lost = at === start + length - 1 ? [line, line + 1] : [line];
        if (lost.includes(0)) {
          assert.equal(journal, null, `byte ${at}, bit ${bit}`);
        } else {
          const expected = ENTRIES.filter((_, i) => !lost.includes(i + 1));
          assert.deepEqual(journal, { subject: SUBJECT, entries: expected }, `byte ${at}`);
        }
      }
    }
    start += length;
  }
});

Deno.test("parseJournal continues after a torn line in the middle of the journal", () => {
  const torn = journalLine(ENTRIES[1]!).slice(0, 9);
  const text = head() + journalLine(ENTRIES[0]!) + torn + "\n" + journalLine(ENTRIES[2]!);
  const { entries } = parseJournal(Buffer.from(text))!;
  assert.deepEqual(entries, [ENTRIES[0], ENTRIES[2]]);
});

Deno.test("parseJournal returns null for what is no journal", () => {
  const others = [
    "",
    "\n",
    " ",
    "\n" + head(),
    journalLine(ENTRIES[0]!) + head(),
    "name,size\na.txt,5\n",
    "{}\n",
    sealed("sluice-journal 2 {}"),
    sealed("sluice-journal 1"),
    sealed("sluice-journal 1 "),
    sealed("sluice-journal 1 nonsense"),
    sealed("sluice-journal 1 null"),
    sealed("sluice-journal 1 []"),
    sealed('sluice-journal 1 {"path":"a","size":5}'),
    sealed('sluice-journal 1 {"path":1,"size":5,"version":"v"}'),
    sealed('sluice-journal 1 {"path":"a","size":-1,"version":"v"}'),
    sealed('sluice-journal 1 {"path":"a","size":1.5,"version":"v"}'),
    sealed('sluice-journal 1 {"path":"a","size":"5","version":"v"}'),
    sealed('sluice-journal 10 {"path":"a","size":5,"version":"v"}'),
  ];
  for (const text of others) assert.equal(parseJournal(Buffer.from(text)), null, text);
  const sound = sealed('sluice-journal 1 {"path":"a","size":5,"version":"v","more":1}');
  assert.deepEqual(parseJournal(Buffer.from(sound))?.subject, {
    path: "a",
    size: 5,
    version: "v",
  });
});

Deno.test("parseJournal skips impossible entries", () => {
  const lines = [
    "0 0 0",
    "-1 5 0",
    "0 -5 0",
    "100000 1 0",
    "99999 2 0",
    "0 100001 0",
    "9999999999999999 1 0",
    "1 9999999999999999 0",
    "0 5 123456789",
    "0 5 g",
    "0 5",
    "0 5 0 0",
    "0  5 0",
    "0x1 5 0",
    "1e3 5 0",
    "0.5 5 0",
    "٣ 5 0",
    "",
  ];
  for (const line of lines) {
    const text = head() + sealed(line) + journalLine(ENTRIES[0]!);
    assert.deepEqual(parseJournal(Buffer.from(text))?.entries, [ENTRIES[0]], line);
  }
  const edge = head() + sealed("99999 1 0") + sealed("0 100000 ffffffff");
  assert.equal(parseJournal(Buffer.from(edge))?.entries.length, 2);
});

Deno.test("parseJournal never throws, and returns only entries inside the file", () => {
  const whole = bytesOf(SUBJECT, ENTRIES);
  const damaged = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1 })
    .map((changes) => {
      const bytes = Uint8Array.from(whole);
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  const lines = fc.array(fc.oneof(
    fc.constant(head()),
    fc.constantFrom(...ENTRIES.map(journalLine)),
    fc.string().map((text) => text + "\n"),
    fc.string().map(sealed),
  )).map((lines) => Uint8Array.from(Buffer.from(lines.join(""))));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), damaged, lines), (bytes) => {
      const journal = parseJournal(bytes);
      for (const { offset, length, checksum } of journal?.entries ?? []) {
        assert.ok(offset >= 0 && length > 0 && offset + length <= journal!.subject.size);
        assert.ok(checksum >= 0 && checksum < 2 ** 32);
      }
    }),
    { numRuns: 1000 },
  );
});

function head(): string {
  return journalHead(SUBJECT);
}

function bytesOf(subject: JournalSubject, entries: readonly JournalEntry[]): Uint8Array {
  return Buffer.from([journalHead(subject), ...entries.map(journalLine)].join(""));
}

/** A line with its correct checksum, as a careful forger would write it. */
function sealed(text: string): string {
  return `${text} ${crcOf(text).toString(16)}\n`;
}

/** CRC-32, bit by bit: independent of the implementation under test. */
function crcOf(text: string): number {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
