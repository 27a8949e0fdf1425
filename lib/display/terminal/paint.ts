/**
 * Colours that can be left out. No meaning rests on a colour alone: a red text also says "failed".
 *
 * @module
 */
import { bold, cyan, dim, green, red, rgb8, yellow } from "@std/fmt/colors";

/** The colour of each kind of text. */
export interface Paint {
  /** Urgent. */
  readonly strong: (text: string) => string;
  /** Unimportant. */
  readonly faint: (text: string) => string;
  /** An error. */
  readonly bad: (text: string) => string;
  /** Complete. */
  readonly good: (text: string) => string;
  /** Needs attention. */
  readonly notable: (text: string) => string;
  /** Under way. */
  readonly moving: (text: string) => string;
  /** The priorities, as in the report. */
  readonly CRITICAL: (text: string) => string;
  readonly HIGH: (text: string) => string;
  readonly NORMAL: (text: string) => string;
}

/** Colours of 256 that are legible on dark and on light. */
const ORANGE = 202;
const BLUE = 33;
const GREY = 244;

const asIs = (text: string) => text;

const WITHOUT_COLOUR: Paint = {
  strong: asIs,
  faint: asIs,
  bad: asIs,
  good: asIs,
  notable: asIs,
  moving: asIs,
  CRITICAL: asIs,
  HIGH: asIs,
  NORMAL: asIs,
};

const WITH_COLOUR: Paint = {
  strong: bold,
  faint: dim,
  bad: red,
  good: green,
  notable: yellow,
  moving: cyan,
  CRITICAL: (text) => bold(rgb8(text, ORANGE)),
  HIGH: (text) => rgb8(text, BLUE),
  NORMAL: (text) => rgb8(text, GREY),
};

/** The colours to use; none if `color` is false. */
export function paintOf(color: boolean): Paint {
  return color ? WITH_COLOUR : WITHOUT_COLOUR;
}
