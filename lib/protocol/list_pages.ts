/**
 * Splits a list of any length into the payloads of LIST messages. Pure.
 *
 * @module
 */
import { MAX_SERVER_PAYLOAD } from "./message.ts";
import type { ListPage } from "./payloads.ts";

/** The payload of one LIST message. */
export interface EncodedPage {
  readonly payload: Uint8Array;
  /** Whether another page follows. */
  readonly more: boolean;
}

/** An upper bound of a page's size without its entries, in bytes. */
const ENVELOPE = 256;
const encoder = new TextEncoder();

/**
 * Yields pages that are each within the payload limit; at least one, even for an empty list.
 *
 * @param content The content of all pages together.
 * @param limit The largest payload, in bytes. @default {MAX_SERVER_PAYLOAD}
 */
export function* listPages(
  { revision, complete, files, removed }: ListPage,
  limit: number = MAX_SERVER_PAYLOAD,
): Generator<EncodedPage> {
  const head = `{"revision":${revision},"complete":${complete},"files":[`;
  let fileEntries: string[] = [];
  let removedEntries: string[] = [];
  let size = ENVELOPE;
  const page = (more: boolean): EncodedPage => {
    const payload = encoder.encode(
      `${head}${fileEntries.join()}],"removed":[${removedEntries.join()}]}`,
    );
    fileEntries = [];
    removedEntries = [];
    size = ENVELOPE;
    return { payload, more };
  };
  for (const { path, size: bytes, modified, version } of files) {
    const entry = JSON.stringify({ path, size: bytes, modified, version });
    // A UTF-16 unit takes at most three bytes of UTF-8; the comma is one more.
    const maxBytes = 3 * entry.length + 1;
    if (size + maxBytes > limit && fileEntries.length > 0) yield page(true);
    fileEntries.push(entry);
    size += maxBytes;
  }
  for (const path of removed) {
    const entry = JSON.stringify(path);
    const maxBytes = 3 * entry.length + 1;
    if (size + maxBytes > limit && fileEntries.length + removedEntries.length > 0) yield page(true);
    removedEntries.push(entry);
    size += maxBytes;
  }
  yield page(false);
}
