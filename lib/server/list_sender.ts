/**
 * The list and its changes, sent to one client.
 *
 * @module
 */
import type { Connection } from "../protocol/connection.ts";
import { type EncodedPage, listPages } from "../protocol/list_pages.ts";
import { MessageType } from "../protocol/message.ts";
import type { ListedFile } from "../protocol/payloads.ts";
import type { Catalog, CatalogChange } from "./folder/catalog.ts";
import type { ListCache } from "./folder/list_cache.ts";

/** Sends the list to one client, and each change of it until disposed. */
export class ListSender implements Disposable {
  readonly #connection: Connection;
  readonly #catalog: Catalog;
  readonly #subscription: Disposable;
  /** The changes not sent yet, by path; null for files that have vanished. */
  #pendingChanges = new Map<string, ListedFile | null>();
  #listSent = false;
  #sendingUpdate = false;

  constructor(connection: Connection, catalog: Catalog) {
    this.#connection = connection;
    this.#catalog = catalog;
    this.#subscription = catalog.subscribe((change) => this.#onCatalogChange(change));
  }

  /** Sends the whole list, then the changes since this object was created. */
  async sendAll(list: ListCache): Promise<void> {
    await this.#sendPages(list.pages());
    this.#listSent = true;
    this.#sendUpdate();
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]();
  }

  #onCatalogChange({ files, removed }: CatalogChange): void {
    for (const file of files) this.#pendingChanges.set(file.path, file);
    for (const path of removed) this.#pendingChanges.set(path, null);
    this.#sendUpdate();
  }

  /** Sends the pending changes; later ones are sent together after them. */
  async #sendUpdate(): Promise<void> {
    if (!this.#listSent || this.#sendingUpdate) return;
    this.#sendingUpdate = true;
    try {
      while (this.#pendingChanges.size > 0) {
        const news = [...this.#pendingChanges];
        this.#pendingChanges = new Map();
        await this.#sendPages(listPages({
          revision: this.#catalog.revision,
          complete: false,
          files: news.map(([, file]) => file).filter((file) => file !== null),
          removed: news.filter(([, file]) => file === null).map(([path]) => path),
        }));
      }
    } catch (error) {
      this.#connection.fail(error as Error);
    }
    this.#sendingUpdate = false;
  }

  async #sendPages(pages: Iterable<EncodedPage>): Promise<void> {
    for (const { payload, more } of pages) {
      await this.#connection.send({ type: MessageType.LIST, payload, more });
    }
  }
}
