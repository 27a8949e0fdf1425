/**
 * What a file has become, against what it should be.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DigestJob, FileHasher } from "../../digest/file_hasher.ts";
import { messageOf, WireError } from "../../errors.ts";
import type { PartialFile } from "../disk/partial_file.ts";
import type { PlannedFile } from "../input/plan.ts";

/** A file up to this size, in bytes, that comes in one chunk is hashed as it comes. */
const HASHED_AS_IT_COMES = 256 * 1024;

/** What verifying needs. */
export interface VerifierContext {
  readonly hasher: FileHasher;
  /** Whether the server's digest is asked for; one in `input.txt` counts in any case. */
  readonly verify: boolean;
  /** Asks the server for a file's digest, over as many connections as it takes. */
  readonly serverDigest: (planned: PlannedFile, signal: AbortSignal) => Promise<string>;
}

/** The digest that is right, or null if nobody asked for one; or what is wrong. */
export type Verdict =
  | { readonly digest: string | null }
  | {
    readonly reason: string;
    /** Whether the file would be the same if it were fetched again. */
    readonly inVain: boolean;
  };

/** Verifies one download. */
export class Verifier {
  readonly #context: VerifierContext;
  readonly #planOf: () => PlannedFile;
  readonly #signal: AbortSignal;
  #job: DigestJob | undefined;
  /** The digest of what came in one chunk. */
  #digest: string | undefined;
  #serverDigest: Promise<string> | undefined;

  /**
   * @param planOf What is wanted of the file now: its place in `input.txt` may change.
   * @param signal Ends the waiting for the server's digest.
   */
  constructor(context: VerifierContext, planOf: () => PlannedFile, signal: AbortSignal) {
    this.#context = context;
    this.#planOf = planOf;
    this.#signal = signal;
  }

  /** Whether the file's digest is to be compared with another one. */
  get isWanted(): boolean {
    return this.#context.verify || this.#planned.sha256 !== null;
  }

  /** Notes that the first chunk is about to be asked for. */
  begin(): void {
    // Of a small file the server knows it once it has read the chunk; of a large one it computes
    // it while the chunks travel.
    const asksServer = this.#context.verify && this.#planned.sha256 === null;
    if (asksServer && !this.#isSmall) this.#askServer().catch(() => {});
  }

  /** Notes that a chunk was written. */
  wrote(partial: PartialFile, bytes: Uint8Array): void {
    if (!this.isWanted) return;
    const isWhole = bytes.length === this.#planned.file.size;
    if (isWhole && this.#isSmall) this.#digest = sha256(bytes);
    else this.follow(partial);
  }

  /** Lets the digest follow what is there. */
  follow(partial: PartialFile): void {
    if (this.isWanted) this.#advanced(partial);
  }

  /** Compares the file, of which all is there. */
  async verdict(partial: PartialFile): Promise<Verdict> {
    if (!this.isWanted) return { digest: null };
    const digest = this.#digest ?? await this.#digestOf(partial);
    const { sha256, line } = this.#planned;
    const wanted = await this.wanted();
    if (digest === wanted) return { digest };
    const says = sha256 === null ? `the server says ${wanted}` : `line ${line} says ${wanted}`;
    const reason = `its SHA-256 is ${digest}, ${says}`;
    // Fetching it again helps only if it was not fetched right.
    return { reason, inVain: sha256 !== null && await this.#serverSays(digest) };
  }

  /** Whether the server has the very file that came; what it does not tell may be otherwise. */
  async #serverSays(digest: string): Promise<boolean> {
    try {
      return await this.#askServer() === digest;
    } catch (error) {
      if (error instanceof WireError && error.code === "read-failed") return false;
      throw error;
    }
  }

  /** The digest that the file should have. */
  async wanted(): Promise<string> {
    return this.#planned.sha256 ?? await this.#askServer();
  }

  /** Forgets what has come so far: something else comes in its place. */
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
      throw new Error(`what was written cannot be read: ${messageOf(error)}`, { cause: error });
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
