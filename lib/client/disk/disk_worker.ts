/**
 * The Worker that performs actions on files whose disk or digest the main thread does not wait for.
 *
 * @module
 */
import type { DiskAction, DiskResult, StoredFile } from "./disk_actions.ts";
import { FileStore } from "./file_store.ts";
import { OutputFolder } from "./output_folder.ts";
import { describeError, type WorkerCommand, type WorkerReply } from "./worker_messages.ts";

/** A file, with the number that the main thread gave it. */
interface NumberedFile extends StoredFile {
  readonly key: number;
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<WorkerCommand>) => void;
  postMessage(reply: WorkerReply, transfer?: ArrayBuffer[]): void;
};
const files = new Map<number, NumberedFile>();
let store: FileStore<NumberedFile>;

scope.onmessage = ({ data: command }) => {
  switch (command.type) {
    case "begin":
      store = new FileStore(OutputFolder.adopt(command.folder), command.isLocal, reply);
      return;
    case "perform": {
      const { key, file, action } = command;
      const record = files.get(key) ?? { key, file };
      files.set(key, record);
      reply(store.perform([{ ...action, record } as DiskAction<NumberedFile>]));
      if (action.type === "write") {
        const { buffer } = action.bytes;
        scope.postMessage({ type: "written", buffer: buffer as ArrayBuffer }, [
          buffer as ArrayBuffer,
        ]);
      }
      if (action.type === "release") files.delete(key);
      return;
    }
    case "end":
      store[Symbol.asyncDispose]().then(() => scope.postMessage({ type: "ended" }));
  }
};

function reply(results: readonly DiskResult<NumberedFile>[]): void {
  for (const { record: { key }, ...result } of results) {
    if (result.type === "committed") files.delete(key);
    const failed = result.type === "failed";
    scope.postMessage(
      failed
        ? { type: "failed", key, error: describeError(result.error) }
        : { type: "result", key, result },
    );
  }
}
