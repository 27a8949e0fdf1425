/**
 * Verifies one file: its digest against the expected one.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import { messageOf, WireError } from "../../errors.ts";
import type { PartialFile } from "../disk/partial_file.ts";
import type { PlannedFile } from "../input/plan.ts";

/** A file up to this size, in bytes, that comes in one chunk is hashed when it is received. */
const HASHED_AS_IT_COMES = 256 * 1024;

/** The context of verification. */
export interface VerifierContext {
  readonly hasher: FileHasher;
  /** Whether the server's digest is requested; one in `input.txt` counts in any case. */
  readonly verify: boolean;
  /** Requests a file's digest from the server, over as many connections as needed. */
  readonly serverDigest: (planned: PlannedFile, signal: AbortSignal) => Promise<string>;
}

/** The correct digest, or null if it is not verified; or the reason for a failure. */
export type Verdict =
  | { readonly digest: string | null }
  | {
    readonly reason: string;
    /** Whether fetching the file again would give the same bytes. */
    readonly inVain: boolean;
  };

/** Verifies one download. */
export class Verifier {
  readonly #context: VerifierContext;
  readonly #planOf: () => PlannedFile;
  readonly #signal: AbortSignal;
  #job: DigestJob | undefined;
  /** The digest of a file that came in one chunk. */
  #digest: string | undefined;
  #serverDigest: Promise<string> | undefined;

  /**
   * @param planOf Returns the file's present plan, since its entry in `input.txt` may change.
   * @param signal Aborts the request for the server's digest.
   */
  constructor(context: VerifierContext, planOf: () => PlannedFile, signal: AbortSignal) {
    this.#context = context;
    this.#planOf = planOf;
    this.#signal = signal;
  }

  /** Whether the file's digest is compared with another one. */
  get isWanted(): boolean {
    return this.#context.verify || this.#planned.sha256 !== null;
  }

  /** Must be called when the first chunk is about to be requested. */
  begin(): void {
    // The server has a small file's digest once it has read the chunk; it computes a large one's
    // while the chunks are sent.
    const asksServer = this.#context.verify && this.#planned.sha256 === null;
    if (asksServer && !this.#isSmall) this.#askServer().catch(() => {});
  }

  /** Must be called when a chunk was written. */
  wrote(partial: PartialFile, bytes: Uint8Array): void {
    if (!this.isWanted) return;
    const isWhole = bytes.length === this.#planned.file.size;
    if (isWhole && this.#isSmall) this.#digest = sha256(bytes);
    else this.follow(partial);
  }

  /** Lets the digest follow the data on disk. */
  follow(partial: PartialFile): void {
    if (this.isWanted) this.#advanced(partial);
  }

  /** Verifies the complete file. */
  async verdict(partial: PartialFile): Promise<Verdict> {
    if (!this.isWanted) return { digest: null };
    const digest = this.#digest ?? await this.#digestOf(partial);
    const { sha256, line } = this.#planned;
    const wanted = await this.wanted();
    if (digest === wanted) return { digest };
    const says = sha256 === null ? `the server says ${wanted}` : `line ${line} says ${wanted}`;
    const reason = `its SHA-256 is ${digest}, ${says}`;
    // Fetching it again helps only if it was received wrong.
    return { reason, inVain: sha256 !== null && await this.#serverSays(digest) };
  }

  /** Whether the server's file has this digest; false if the server cannot read it. */
  async #serverSays(digest: string): Promise<boolean> {
    try {
      return await this.#askServer() === digest;
    } catch (error) {
      if (error instanceof WireError && error.code === "read-failed") return false;
      throw error;
    }
  }

  /** The expected digest. */
  async wanted(): Promise<string> {
    return this.#planned.sha256 ?? await this.#askServer();
  }

  /** Discards the state of the digest: the file is fetched again. */
  reset(): void {
    this.#job?.cancel();
    this.#job = undefined;
    this.#digest = undefined;
  }

  get #planned(): PlannedFile {
    return this.#planOf();
  }

  get #isSmall(): boolean {
    return this.#planned.file.size <= HASHED_AS_IT_COMES;
  }

  #advanced(partial: PartialFile): DigestJob {
    this.#job ??= this.#context.hasher.start(partial.dataPath, null);
    this.#job.advance(partial.prefix);
    return this.#job;
  }

  async #digestOf(partial: PartialFile): Promise<string> {
    try {
      return await this.#advanced(partial).finish(this.#planned.file.size);
    } catch (error) {
      throw new Error(`the partial file cannot be read: ${messageOf(error)}`, { cause: error });
    }
  }

  #askServer(): Promise<string> {
    this.#serverDigest ??= this.#context.serverDigest(this.#planned, this.#signal);
    return this.#serverDigest;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
