/**
 * Text as HTML. Pure.
 *
 * @module
 */
import { sanitize } from "../../text/sanitize.ts";

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text from anywhere, for an element's content or for an attribute's value in quotes. */
export function escapeHtml(text: string): string {
  return sanitize(text).replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** A number as people read it, with the number itself for programs. */
export function dataElement(value: number, text: string, name = ""): string {
  const id = name === "" ? "" : ` id="${name}"`;
  return `<data${id} value="${value}">${escapeHtml(text)}</data>`;
}
