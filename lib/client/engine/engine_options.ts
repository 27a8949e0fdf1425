/** The user's wishes for all files. */
export interface EngineOptions {
  /** Whether the run ends by itself, and so gives up a file that keeps changing. */
  readonly once: boolean;
  /** Whether files are compared with the server's digest. */
  readonly verify: boolean;
  /** Whether files under final names that are not Sluice's stay, and the downloads fail. */
  readonly keepExisting: boolean;
}
