/**
 * A list of any length as the payloads of LIST messages. Pure.
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

/** Room for what stands around the entries of a page, in bytes. */
const ENVELOPE = 256;
const encoder = new TextEncoder();

/**
 * One page after another, each within the payload limit; at least one, even of an empty list.
 *
 * @param content What the pages together say.
 * @param limit The largest payload, in bytes. @default {MAX_SERVER_PAYLOAD}
 */
export function* listPages(
  { revision, complete, files, removed }: ListPage,
  limit: number = MAX_SERVER_PAYLOAD,
): Generator<EncodedPage> {
  const head = `{"revision":${revision},"complete":${complete},"files":[`;
  let listed: string[] = [];
  let gone: string[] = [];
  let size = ENVELOPE;
  const page = (more: boolean): EncodedPage => {
    const payload = encoder.encode(`${head}${listed.join()}],"removed":[${gone.join()}]}`);
    listed = [];
    gone = [];
    size = ENVELOPE;
    return { payload, more };
  };
  for (const { path, size: bytes, modified, version } of files) {
    const entry = JSON.stringify({ path, size: bytes, modified, version });
    // A UTF-16 unit takes three bytes of UTF-8 at the most; the comma is one more.
    const worst = 3 * entry.length + 1;
    if (size + worst > limit && listed.length > 0) yield page(true);
    listed.push(entry);
    size += worst;
  }
  for (const path of removed) {
    const entry = JSON.stringify(path);
    const worst = 3 * entry.length + 1;
    if (size + worst > limit && listed.length + gone.length > 0) yield page(true);
    gone.push(entry);
    size += worst;
  }
  yield page(false);
}
