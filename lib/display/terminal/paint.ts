/**
 * Colours that can be left out. No meaning rests on a colour alone: what is red also says "failed".
 *
 * @module
 */
import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";

/** What each kind of text looks like. */
export interface Paint {
  /** What is urgent. */
  readonly strong: (text: string) => string;
  /** What can wait. */
  readonly faint: (text: string) => string;
  /** What went wrong. */
  readonly bad: (text: string) => string;
  /** What is complete. */
  readonly good: (text: string) => string;
  /** What wants attention. */
  readonly notable: (text: string) => string;
  /** What is under way. */
  readonly moving: (text: string) => string;
}

const asIs = (text: string) => text;

const WITHOUT_COLOUR: Paint = {
  strong: asIs,
  faint: asIs,
  bad: asIs,
  good: asIs,
  notable: asIs,
  moving: asIs,
};

const WITH_COLOUR: Paint = {
  strong: bold,
  faint: dim,
  bad: red,
  good: green,
  notable: yellow,
  moving: cyan,
};

/** @param color Whether to colour at all. */
export function paintOf(color: boolean): Paint {
  return color ? WITH_COLOUR : WITHOUT_COLOUR;
}
