/**
 * The Worker that scans the shared folder. Everything is synchronous, which blocks only this
 * thread.
 *
 * @module
 */
import { messageOf } from "../../errors.ts";
import type { SharedFile } from "../shared_file.ts";
import { scanFolder } from "./folder_scan.ts";
import type { ScanCommand, ScanReply } from "./folder_scanner.ts";
import { packFiles } from "./packed_files.ts";

/** How many files are sent at once. */
const BATCH = 4_096;

const scope = self as unknown as {
  onmessage: (event: MessageEvent<ScanCommand>) => void;
  postMessage(reply: ScanReply): void;
};

scope.onmessage = ({ data: { folder, paths } }) => {
  let files: SharedFile[] = [];
  try {
    for (const file of scanFolder(folder, paths)) {
      if (files.push(file) < BATCH) continue;
      scope.postMessage({ files: packFiles(files), isLast: false });
      files = [];
    }
    scope.postMessage({ files: packFiles(files), isLast: true });
  } catch (error) {
    scope.postMessage({ failure: messageOf(error) });
  }
};
