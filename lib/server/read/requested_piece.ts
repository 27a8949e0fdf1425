/**
 * Parts of shared files: requested ones, and those that are read and ready to be sent.
 *
 * @module
 */
import type { SharedFile } from "../shared_file.ts";

/** A part of a shared file. */
export interface FilePiece {
  readonly file: SharedFile;
  readonly offset: number;
  /** Bytes, 1 or more. */
  readonly length: number;
}

/** A requested part of a shared file. */
export interface RequestedPiece extends FilePiece {
  readonly requestId: number;
  /** Whether the response begins with the file's digest; only for a whole file. */
  readonly digest: boolean;
  /** Whether to read it by itself, which gives the reason if it fails. */
  readonly isAlone?: boolean;
}

/** Parts of files as messages, in memory that is released by disposing of them. */
export interface FramedPieces extends Disposable {
  /** The bytes, as consecutive parts. */
  readonly parts: readonly Uint8Array[];
  readonly pieces: readonly FilePiece[];
}

/** Whether a piece is a whole file. */
export function isWhole({ file, length }: FilePiece): boolean {
  return length === file.size;
}
