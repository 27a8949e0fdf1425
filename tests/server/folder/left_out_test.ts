import assert from "node:assert/strict";
import {
  type LeftOut,
  type LeftOutKind,
  LeftOutPlaces,
} from "../../../lib/server/folder/left_out.ts";

const place = (
  path: string,
  kind: LeftOutKind = "unreadable folder",
  code = "EACCES",
): LeftOut => ({
  path,
  kind,
  code,
});

function update(
  places: LeftOutPlaces,
  leftOut: readonly LeftOut[],
  { tops = [""], shared = [] as string[] } = {},
) {
  return places.update({
    tops: new Set(tops),
    leftOut,
    isShared: (path) => shared.includes(path),
    filesLost: (path) => path.length,
  });
}

Deno.test("LeftOutPlaces reports at first the counts of all kinds, and three examples", () => {
  const reports = new LeftOutPlaces().begin([
    place("lost+found"),
    place("a", "unusable name", ""),
    place("a", "unusable name", ""),
    place("x", "broken link", ""),
    place("y", "broken link", ""),
  ]);
  assert.deepEqual(reports, [{
    event: "left_out",
    unreadableFolders: 1,
    unreadableFiles: 0,
    unusableNames: 2,
    linksOut: 0,
    brokenLinks: 2,
    linkedFolders: 0,
    examples: "lost+found: unreadable folder (EACCES); a: unusable name; x: broken link; …",
  }]);
  assert.deepEqual(new LeftOutPlaces().begin([]), []);
});

Deno.test("LeftOutPlaces reports later changes once", () => {
  const places = new LeftOutPlaces();
  places.begin([place("a"), place("d/b")]);
  assert.deepEqual(update(places, [place("a"), place("d/b"), place("new", "unreadable file")]), [
    { event: "place_left_out", path: "new", reason: "unreadable file (EACCES)", files: 3 },
  ]);
  assert.deepEqual(update(places, [place("a"), place("d/b"), place("new", "unreadable file")]), []);
  // Another part of the folder is none of its business.
  assert.deepEqual(update(places, [], { tops: ["x"] }), []);
  assert.deepEqual(update(places, [], { tops: ["d"], shared: ["d/b"] }), [
    { event: "place_recovered", path: "d/b" },
  ]);
  // Without a file, nothing has recovered.
  assert.deepEqual(update(places, [place("a")]), []);
});

Deno.test("LeftOutPlaces reports many changes at once as a summary", () => {
  const places = new LeftOutPlaces();
  places.begin([]);
  const many = Array.from({ length: 11 }, (_, i) => place(`${i}`, "link that leads out", ""));
  const [report, ...more] = update(places, many);
  assert.equal(report?.event, "left_out");
  assert.equal(report.event === "left_out" && report.linksOut, 11);
  assert.deepEqual(more, []);
});
