/**
 * A file system whose files can be looked up and opened, but whose reads are never answered.
 *
 * @module
 */
import { startPython } from "./python_helper.ts";

/** How many files it has, and how large they are, in bytes. */
export const STALLED_FILES = 40;
const SIZE = 400_000;

/** Speaks the protocol of FUSE: the few messages that a scan and a read cause. */
const FILE_SYSTEM = `
import array, os, socket, struct, subprocess, sys
here, there = socket.socketpair()
subprocess.run(["fusermount3", "-o", "fsname=stalled", sys.argv[1]], check=True,
    env={**os.environ, "_FUSE_COMMFD": str(there.fileno())}, pass_fds=[there.fileno()])
ancillary = here.recvmsg(1, socket.CMSG_SPACE(4))[1]
device = array.array("i", ancillary[0][2])[0]
count, size = int(sys.argv[2]), int(sys.argv[3])
names = {node: b"%d.bin" % node for node in range(2, count + 2)}
held = set()
def attributes(node):
    mode, length = (0o40755, 0) if node == 1 else (0o100644, size)
    return struct.pack("<QQQQQQ10I", node, length, 0, *[1700000000] * 3, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
def reply(request, body=b"", error=0):
    try: os.write(device, struct.pack("<IiQ", 16 + len(body), -error, request) + body)
    except OSError: pass
os.write(1, b"mounted")
while True:
    try: message = os.read(device, 1 << 18)
    except OSError: break
    _, operation, request, node = struct.unpack("<IIQQ", message[:24])
    body = message[40:]
    if operation == 26: # INIT
        reply(request, struct.pack("<IIIIHHIIHHI28x", 7, 31, 1 << 17, 0, 16, 12, 1 << 17, 1, 32, 0, 0))
    elif operation == 1: # LOOKUP
        found = [node for node, name in names.items() if name == body.rstrip(b"\\0")]
        if found: reply(request, struct.pack("<QQQQII", found[0], 0, 0, 0, 0, 0) + attributes(found[0]))
        else: reply(request, error=2)
    elif operation == 3: # GETATTR
        reply(request, struct.pack("<QII", 0, 0, 0) + attributes(node))
    elif operation in (14, 27): # OPEN, OPENDIR
        reply(request, struct.pack("<QII", 1, 0, 0))
    elif operation == 28: # READDIR
        entries = b"" if struct.unpack("<QQ", body[:16])[1] else b"".join(
            struct.pack("<QQII", node, node, len(name), 8) + name + bytes(-len(name) % 8)
            for node, name in names.items())
        reply(request, entries)
    elif operation == 15: # READ
        held.add(request)
    elif operation == 36: # INTERRUPT
        other = struct.unpack("<Q", body[:8])[0]
        if other in held: reply(other, error=4)
    elif operation not in (2, 42): # FORGET
        reply(request, error=0 if operation in (18, 25, 29) else 38)
`;

/** The file system, mounted until it is disposed of. */
export class StalledDisk implements AsyncDisposable {
  readonly #path: string;
  readonly #child: Deno.ChildProcess;

  private constructor(path: string, child: Deno.ChildProcess) {
    this.#path = path;
    this.#child = child;
  }

  /** Mounts it on an empty folder; null if this machine cannot. */
  static async mount(path: string): Promise<StalledDisk | null> {
    const child = await startPython(FILE_SYSTEM, path, `${STALLED_FILES}`, `${SIZE}`);
    return child && new StalledDisk(path, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Deno.Command("fusermount3", { args: ["-u", "-z", this.#path] }).output();
    await this.#child.status;
  }
}
