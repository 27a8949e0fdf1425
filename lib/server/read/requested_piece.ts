/**
 * Parts of shared files: such as are asked for, and such as are read and ready to be sent.
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

/** A part of a shared file that a request asks for. */
export interface RequestedPiece extends FilePiece {
  readonly requestId: number;
  /** Whether the answer begins with the file's digest: of a whole file only. */
  readonly digest: boolean;
  /** Whether it is to be read by itself, which tells why if it cannot be read. */
  readonly isAlone?: boolean;
}

/** Parts of files as messages, in memory that is given back when it is disposed of. */
export interface FramedPieces extends Disposable {
  /** The bytes, one part behind the other. */
  readonly parts: readonly Uint8Array[];
  readonly pieces: readonly FilePiece[];
}

/** Whether a piece is a whole file. */
export function isWhole({ file, length }: FilePiece): boolean {
  return length === file.size;
}
