/**
 * Checks that a text is well-formed XML.
 *
 * @module
 */
import assert from "node:assert/strict";

/** Asserts that elements nest and end, and that special characters are escaped. */
export function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const content = xml.replace(
    /<(\/?)([a-z]+)((?: [a-zA-Z][a-zA-Z0-9-]*="[^"<&]*")*)(\/?)>/g,
    (...match) => {
      const [, end, name, , single] = match as string[];
      if (end === "/") assert.equal(open.pop(), name);
      else if (single !== "/") open.push(name!);
      return "";
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(content.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, ""), /[<&]/);
}
