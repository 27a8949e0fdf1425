/**
 * The colours of the pictures, on light and on dark ground. Pure.
 *
 * @module
 */

/** Each class with its colour on light and on dark ground. */
const COLOURS: readonly (readonly [string, string, string])[] = [
  ["ground", "#ffffff", "#0d1117"],
  ["ink", "#1f2328", "#f0f6fc"],
  ["faint", "#59636e", "#9198a1"],
  ["red", "#cf222e", "#ff7b72"],
  ["green", "#1a7f37", "#3fb950"],
  ["yellow", "#9a6700", "#d29922"],
  ["blue", "#0969da", "#58a6ff"],
  ["magenta", "#8250df", "#bc8cff"],
  ["cyan", "#1b7c83", "#39c5cf"],
  ["critical", "#c2410c", "#f0883e"],
  ["high", "#1d63b8", "#58a6ff"],
  ["normal", "#7d8894", "#8b96a1"],
];

const LIGHT = COLOURS.map(([name, light]) => `.${name} { fill: ${light} }`).join("\n");
const DARK = COLOURS.map(([name, , dark]) => `.${name} { fill: ${dark} }`).join("\n");

/** The style sheet of a picture; without variables, which some viewers lack. */
export const PALETTE_STYLE = `
${LIGHT}
.edge { fill: none; stroke: #d1d9e0 }
.sign, line { stroke: #1f2328 }
@media (prefers-color-scheme: dark) {
${DARK}
.edge { stroke: #3d444d }
.sign, line { stroke: #f0f6fc }
}
`;
