/**
 * The README's table of events as a schema for lines of `--progress json`.
 *
 * @module
 */
import assert from "node:assert/strict";

/** A line, parsed. */
export interface JsonLine {
  readonly v: number;
  readonly time: string;
  readonly event: string;
  readonly [member: string]: unknown;
}

type Members = ReadonlyMap<string, string>;

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
const section = readme.slice(readme.indexOf("### Events"), readme.indexOf("### Exit codes"));
const [eventTable = "", objectTable = ""] = section.split(/^\| object /m);

/** The members that each event has, by its name. */
export const EVENTS: ReadonlyMap<string, Members> = rowsOf(eventTable);

const OBJECTS: ReadonlyMap<string, Members> = rowsOf(objectTable);

/** Parses what a client printed; asserts that every line of it is as the README says. */
export function parseJsonLines(text: string): JsonLine[] {
  assert.ok(text.endsWith("\n"), "the last line has no end");
  return text.slice(0, -1).split("\n").map((line) => {
    const value: JsonLine = JSON.parse(line);
    assertLine(value);
    return value;
  });
}

function assertLine({ v, time, event, ...members }: JsonLine): void {
  assert.equal(v, 1);
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const expected = EVENTS.get(event);
  assert.ok(expected, `the README has no event "${event}"`);
  assertMembers(members, expected, event);
}

function assertMembers(value: unknown, expected: Members, where: string): void {
  assert.ok(typeof value === "object" && value !== null, where);
  assert.deepEqual(Object.keys(value).sort(), [...expected.keys()].sort(), where);
  for (const [name, type] of expected) {
    assertType((value as Record<string, unknown>)[name], type, `${where}.${name}`);
  }
}

function assertType(value: unknown, type: string, where: string): void {
  if (type.endsWith("?")) {
    if (value !== null) assertType(value, type.slice(0, -1), where);
    return;
  }
  if (type.endsWith("[]")) {
    assert.ok(Array.isArray(value), where);
    for (const item of value) assertType(item, type.slice(0, -2), where);
    return;
  }
  const members = OBJECTS.get(type);
  if (members) assertMembers(value, members, where);
  else assert.ok(isOfType(value, type), `${where} is no ${type}: ${JSON.stringify(value)}`);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "flag":
      return typeof value === "boolean";
    case "bytes":
    case "count":
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case "part":
      return typeof value === "number" && value >= 0 && value <= 1;
    case "digest":
      return /^[0-9a-f]{64}$/.test(String(value));
    case "priority":
      return ["CRITICAL", "HIGH", "NORMAL"].includes(String(value));
    default:
      assert.ok(type.includes("/"), `the README does not say what "${type}" is`);
      return type.split("/").includes(String(value));
  }
}

function rowsOf(table: string): Map<string, Members> {
  const rows = [...table.matchAll(/^\| `([a-zA-Z]+)` *\|([^|]*)\|/gm)];
  return new Map(rows.map(([, name, members]) => {
    const pairs = [...members!.matchAll(/`(\w+)` ([a-z/]+(?:\[\])?\??)/g)];
    return [name!, new Map(pairs.map(([, member, type]) => [member!, type!]))];
  }));
}
