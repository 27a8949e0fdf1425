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

/** Escapes untrusted text for an element's content or a quoted attribute value. */
export function escapeHtml(text: string): string {
  return sanitize(text).replace(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** A `data` element: a text for people, and its number for programs. */
export function dataElement(value: number, text: string, name = ""): string {
  const id = name === "" ? "" : ` id="${name}"`;
  return `<data${id} value="${value}">${escapeHtml(text)}</data>`;
}
