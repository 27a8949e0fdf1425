import assert from "node:assert/strict";
import fc from "fast-check";
import { isGlob, matcherOf, MAX_ALTERNATIVES } from "../../../lib/client/input/glob.ts";

const GLOBS: readonly (readonly [glob: string, matched: string[], others: string[]])[] = [
  ["*.jpg", ["a.jpg", ".jpg", ".a.jpg", "*.jpg"], ["a/b.jpg", "a.jpg/b", "a.JPG", "jpg"]],
  ["photos/*", ["photos/a", "photos/.a"], ["photos", "photos/a/b", "x/photos/a"]],
  ["photos/**", ["photos/a", "photos/a/b/c"], ["photos", "photo/a"]],
  ["**/*.txt", ["a.txt", "a/b.txt", "a/b/c.txt"], ["a.txt/b"]],
  ["**", ["a", "a/b", ".a/.b"], []],
  ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["ab", "a/xb", "a/b/c"]],
  ["**/a/**/b", ["a/b", "x/a/y/b", "a/a/b/b"], ["a", "b/a"]],
  ["a**b", ["ab", "axxb"], ["a/b"]],
  ["a?c", ["abc", "a😀c", "a?c"], ["ac", "a/c", "abbc"]],
  ["[abc]", ["a", "c", "[abc]"], ["d", "ab"]],
  ["[a-c]x", ["ax", "cx"], ["dx", "-x"]],
  ["[!a-c]x", ["dx", "😀x"], ["ax", "/x"]],
  ["[^a]x", ["bx", "^x"], ["ax"]],
  ["[]a]", ["]", "a"], ["b"]],
  ["[!]a]", ["b"], ["]", "a"]],
  ["[a-]", ["a", "-"], ["b"]],
  ["[-a]", ["a", "-"], ["b"]],
  ["[z-a]", [], ["z", "m"]],
  ["[😀-😎]", ["😃"], ["a"]],
  ["[[:]x", ["[x", ":x"], ["ax"]],
  ["[*]?", ["*a"], ["aa"]],
  ["{a,b}.x", ["a.x", "b.x"], ["c.x", "{a,b}"]],
  ["{a,b/{c,d*}}/e", ["a/e", "b/c/e", "b/dd/e"], ["b/e"]],
  ["a{/x,}/b", ["a/x/b", "a/b"], ["a//b"]],
  ["{**/a,b}.x", ["a.x", "q/a.x", "b.x"], ["q/b.x"]],
  ["{[,],a}", [",", "a"], ["["]],
  ["{a}*", ["{a}b"], ["ab"]],
  ["{a{b,c}}", ["{ab}", "{ac}"], ["ab"]],
  ["{{a},b}", ["{a}", "b"], ["a"]],
  ["a},*", ["a},b"], ["a"]],
  ["a.b*(1)+$^|", ["a.bx(1)+$^|"], ["aXbx(1)+$^|"]],
  ["a\\*", ["a\\b"], ["a*"]],
  ["é*", ["éa"], ["e\u0301a"]],
];

Deno.test("matcherOf matches globs as documented", () => {
  for (const [glob, matched, others] of GLOBS) {
    assert.ok(isGlob(glob), glob);
    const matches = matcherOf(glob);
    for (const path of matched) assert.ok(matches(path), `${glob} should match ${path}`);
    for (const path of others) assert.ok(!matches(path), `${glob} should not match ${path}`);
    assert.ok(matches(glob), `${glob} should match itself`);
  }
});

Deno.test("isGlob is false for names without wildcards or with unclosed brackets", () => {
  for (
    const name of ["a", "a{", "a[", "[*", "{*", "{a,b", "[]", "[!]", "a[/]*", "{a}", "a,b", "}*{"]
  ) {
    assert.ok(!isGlob(name), name);
    assert.ok(matcherOf(name)(name), name);
    assert.ok(!matcherOf(name)("a*b"), name);
  }
});

/** An independent and slow matcher: as a regular expression, braces as alternatives. */
function referenceOf(glob: string): RegExp {
  const source = glob.replace(/\*\*\/|\*\*$|[*?{},.]/g, (part, at: number) => {
    const starts = at === 0 || glob[at - 1] === "/";
    if (part === "**/") return starts ? "(?:[^/]+/)*" : "[^/]*/";
    if (part === "**") return starts ? "[^/]+(?:/[^/]+)*" : "[^/]*";
    return { "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|", ".": "\\." }[part] ?? part;
  });
  return new RegExp(`^${source}$`);
}

Deno.test("matcherOf agrees with a regular expression where that is fast", () => {
  const piece = fc.constantFrom("a", "b", ".", "*", "?", "/", "**/", "/**", "{a,b}", "{a*,b/a}");
  const globs = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""))
    .filter((glob) => isGlob(glob) && !/\/\/|^\/|\/$|\*\*\*|[^/]\*\*|\*\*[^/]/.test(glob));
  const paths = fc.array(fc.stringMatching(/^[ab.]{1,4}$/), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"));
  fc.assert(
    fc.property(globs, fc.array(paths, { minLength: 20, maxLength: 20 }), (glob, all) => {
      const matches = matcherOf(glob);
      const reference = referenceOf(glob);
      for (const path of all) assert.equal(matches(path), reference.test(path), `${glob} ${path}`);
    }),
    { numRuns: 500 },
  );
});

Deno.test("matcherOf is fast where a regular expression would take years", () => {
  assert.ok(!matcherOf("*a".repeat(100) + "b")("a".repeat(4000)));
  assert.ok(!matcherOf("a*".repeat(500) + "b")("a".repeat(4000)));
  assert.ok(!matcherOf("**/a/".repeat(50) + "b")("a/".repeat(2000) + "a"));
  assert.ok(!matcherOf("**/*a*a*b/c")(`${"a".repeat(60)}/`.repeat(60) + "c"));
  assert.ok(!matcherOf("{a,{a,{a,{a,{a,{a,b}}}}}}".repeat(3) + "c")("a".repeat(4000)));
});

Deno.test("matcherOf refuses braces that expand to more than 1,000 names, and accepts 1,000", () => {
  const digits = "{0,1,2,3,4,5,6,7,8,9}";
  assert.equal(MAX_ALTERNATIVES, 1000);
  assert.ok(matcherOf(digits.repeat(3))("123"));
  assert.throws(() => matcherOf(digits.repeat(3) + "{a,b}"), RangeError);
  assert.throws(() => matcherOf("{a,b}".repeat(800)), RangeError);
});
