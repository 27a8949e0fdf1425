import { crc32 } from "node:zlib";
import { join } from "@std/path";
import { OutputFolder } from "../../lib/client/disk/output_folder.ts";
import { type Found, PartialFile } from "../../lib/client/disk/partial_file.ts";
import { WriteHandles } from "../../lib/client/disk/write_handles.ts";
import type { ListedFile } from "../../lib/protocol/payloads.ts";
import { OWN_FOLDER } from "../../lib/fs/safe_path.ts";

export const MODIFIED = Date.UTC(2020, 1, 3, 4, 5, 6, 789);
export const CHUNK = 1000;
export const NOTHING_FOUND: Found = { resumableBytes: 0, damaged: 0, discardReason: null };

export function fileOf(size: number, other: Partial<ListedFile> = {}): ListedFile {
  return { path: "a.bin", size, modified: MODIFIED, version: "v", ...other };
}

/** Bytes that differ with the path, the version and the position. */
export function contentOf({ path, size, version }: ListedFile): Uint8Array {
  const seed = [...path + version].reduce((sum, letter) => sum * 31 + letter.codePointAt(0)!, 7);
  return Uint8Array.from({ length: size }, (_, i) => (seed + i * 167 + (i >> 8)) & 0xff);
}

/** Writes bytes like a chunk that was received. */
export function writeAt(partial: PartialFile, offset: number, bytes: Uint8Array): void {
  partial.write(offset, bytes, crc32(bytes));
}

export function writeChunk(partial: PartialFile, file: ListedFile, i: number): void {
  writeAt(partial, i * CHUNK, contentOf(file).subarray(i * CHUNK, (i + 1) * CHUNK));
}

export async function writeAndClose(
  fixture: PartialFileFixture,
  file: ListedFile,
  chunks: readonly number[],
) {
  const { partial } = await fixture.open(file);
  for (const i of chunks) writeChunk(partial, file, i);
  partial.close();
}

/** An output folder with its work folder. */
interface PartialFileFixture extends Disposable {
  readonly output: OutputFolder;
  readonly handles: WriteHandles;
  open(file: ListedFile, handles?: WriteHandles): ReturnType<typeof PartialFile.open>;
  dataOf(file: ListedFile): string;
  journalOf(file: ListedFile): string;
  /** The names in the work folder. */
  work(): string[];
}

export async function partialFileFixture(): Promise<PartialFileFixture> {
  const temp = tempFolder();
  const output = await OutputFolder.open(temp.path);
  const handles = new WriteHandles();
  const signal = new AbortController().signal;
  return {
    output,
    handles,
    open: (file, own = handles) => PartialFile.open(file, output, own, signal),
    dataOf: ({ path }) => output.workPath(path).data,
    journalOf: ({ path }) => output.workPath(path).journal,
    work: () => [...Deno.readDirSync(join(temp.path, OWN_FOLDER))].map(({ name }) => name),
    [Symbol.dispose]() {
      handles[Symbol.dispose]();
      temp[Symbol.dispose]();
    },
  };
}

export function tempFolder(): { path: string } & Disposable {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
