/**
 * The tables of docs/events.md as a schema for lines of `--progress json`.
 *
 * @module
 */
import assert from "node:assert/strict";
import { STREAM_VERSION } from "../../lib/display/client/json_lines.ts";
import { readDocument, rowsOf, sectionOf } from "./documents.ts";

/** A line, parsed. */
export interface JsonLine {
  readonly v: number;
  readonly time: string;
  readonly event: string;
  readonly [member: string]: unknown;
}

type Members = ReadonlyMap<string, string>;

const document = await readDocument("docs/events.md");

/** The members that each event has, by its name. */
export const EVENTS: ReadonlyMap<string, Members> = membersIn("### Events");

const OBJECTS: ReadonlyMap<string, Members> = membersIn("### Objects");

/** Parses what a client printed; asserts that every line is as docs/events.md says. */
export function parseJsonLines(text: string): JsonLine[] {
  assert.ok(text.endsWith("\n"), "the last line has no end");
  return text.slice(0, -1).split("\n").map((line) => {
    const value: JsonLine = JSON.parse(line);
    assertLine(value);
    return value;
  });
}

function assertLine({ v, time, event, ...members }: JsonLine): void {
  assert.equal(v, STREAM_VERSION);
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const expected = EVENTS.get(event);
  assert.ok(expected, `docs/events.md has no event "${event}"`);
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
      assert.ok(type.includes("/"), `docs/events.md does not say what "${type}" is`);
      return type.split("/").includes(String(value));
  }
}

/** The members that a section's tables list in the rows below each name. */
function membersIn(heading: string): Map<string, Members> {
  const found = new Map<string, Map<string, string>>();
  let members = new Map<string, string>();
  for (const [name = "", member = "", type = ""] of rowsOf(sectionOf(document, heading))) {
    const named = codeIn(name);
    if (named !== undefined) found.set(named, members = new Map());
    const listed = codeIn(member);
    if (listed !== undefined) members.set(listed, type);
  }
  return found;
}

/** The text of a cell that is nothing but code. */
function codeIn(cell: string): string | undefined {
  return /^`(\w+)`$/.exec(cell)?.[1];
}
