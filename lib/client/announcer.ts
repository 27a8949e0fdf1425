/**
 * Events about what there is to download: the server's list, what the plan takes from it, and whether
 * the disk has room for that.
 *
 * @module
 */
import type { ListedFile } from "../protocol/payloads.ts";
import { lackOfSpace } from "./disk/free_space.ts";
import type { OutputFolder } from "./disk/output_folder.ts";
import type { ClientEvent, FileSum } from "./events.ts";
import type { Plan } from "./input/plan.ts";

/** A new connection. */
export interface NewConnection {
  readonly server: string;
  /** Name and version of the server's program. */
  readonly program: string;
  /** The server's list. */
  readonly files: ReadonlyMap<string, ListedFile>;
}

/** Emits the events of lists and plans. */
export class Announcer {
  readonly #output: OutputFolder;
  readonly #emit: (event: ClientEvent) => void;
  /** The connection whose events are emitted with its plan. */
  #pending: NewConnection | null = null;
  /** The size of the largest plan whose room on the disk was checked, in bytes. */
  #checkedSize = 0;

  constructor(output: OutputFolder, emit: (event: ClientEvent) => void) {
    this.#output = output;
    this.#emit = emit;
  }

  /** Takes a connection, whose plan follows. */
  connected(connection: NewConnection): void {
    this.#pending = connection;
  }

  /** Takes a change of the server's list. */
  listed(files: ReadonlyMap<string, ListedFile>, changed: number, removed: number): void {
    this.#emit({ type: "list", ...sumOf(files.values()), changed, removed });
  }

  /** Takes a plan, before the events of its files. */
  planned({ files }: Plan): void {
    const wanted = () => files.values().map(({ file }) => file);
    const sum = sumOf(wanted());
    if (this.#pending) {
      const { server, program, files } = this.#pending;
      this.#pending = null;
      const listed = sumOf(files.values());
      this.#emit({ type: "connected", server, program, listed, wanted: sum });
      this.#emit({ type: "list", ...listed, changed: files.size, removed: 0 });
    }
    if (sum.size <= this.#checkedSize) return;
    this.#checkedSize = sum.size;
    const lack = lackOfSpace(wanted, this.#output);
    if (lack) this.#emit({ type: "lackOfSpace", ...lack });
  }
}

function sumOf(files: Iterable<ListedFile>): FileSum {
  const sum = { files: 0, size: 0 };
  for (const { size } of files) {
    sum.files++;
    sum.size += size;
  }
  return sum;
}
