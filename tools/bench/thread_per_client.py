"""The classic design: a thread for each client, which requests 64 KiB after 64 KiB.

    python3 thread_per_client.py serve FOLDER
    python3 thread_per_client.py fetch PORT OUTPUT NAMES

A request is a line, "OFFSET NAME"; the response is a length of 4 bytes and that many bytes of the
file. A response shorter than 64 KiB is the file's last. NAMES is a file with one name a line. With
"-" for OUTPUT the bytes are discarded. In the end it prints the seconds of the transfer.
"""

import os
import socket
import struct
import sys
import threading
import time

CHUNK = 64 * 1024


def serve(folder):
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=respond, args=(client, folder), daemon=True).start()


def respond(client, folder):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name, file = None, None
    with client, client.makefile("rb") as requests:
        for line in requests:
            offset, requested = line.decode().rstrip("\n").split(" ", 1)
            if requested != name:
                if file:
                    file.close()
                name, file = requested, open(os.path.join(folder, os.path.basename(requested)), "rb")
            file.seek(int(offset))
            data = file.read(CHUNK)
            client.sendall(struct.pack(">I", len(data)) + data)
    if file:
        file.close()


def fetch(port, output, names):
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with server.makefile("rb") as answers:
            for name in names:
                path = os.devnull if output == "-" else os.path.join(output, name)
                with open(path, "wb") as file:
                    fetch_file(server, answers, name, file)


def fetch_file(server, answers, name, file):
    offset = 0
    while True:
        server.sendall(f"{offset} {name}\n".encode())
        (length,) = struct.unpack(">I", answers.read(4))
        file.write(answers.read(length))
        offset += length
        if length < CHUNK:
            return


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        with open(sys.argv[4], encoding="utf-8") as list_of_names:
            names = list_of_names.read().splitlines()
        start = time.monotonic()
        fetch(int(sys.argv[2]), sys.argv[3], names)
        print(time.monotonic() - start)
