#!/usr/bin/python3
"""The bad line that other tests use is as bad as it says: never faster or nearer, it loses packets, and a cut ends every connection."""
import re
import subprocess
import sys
import time

import link
from coalition import Tap

# Hands back what it gets, once the other side has said all.
SERVER = """
import socket
server = socket.create_server(("10.77.0.2", 7))
print("ready", flush=True)
while True:
    connection, _ = server.accept()
    try:
        data = b"".join(iter(lambda: connection.recv(65536), b""))
        connection.sendall(data)
    except ConnectionError as error:
        print(type(error).__name__, flush=True)
    connection.close()
"""
CLIENT = """
import socket, sys
connection = socket.create_connection(("10.77.0.2", 7))
connection.sendall(bytes(int(sys.argv[1])))
connection.shutdown(socket.SHUT_WR)
print(sum(iter(lambda: len(connection.recv(65536)), 0)))
"""
HOLDER = """
import socket, sys
connection = socket.create_connection(("10.77.0.2", 7))
print("connected", flush=True)
sys.stdin.readline()
try:
    connection.sendall(b"still here?")
    connection.recv(1)
    print("nothing happened")
except ConnectionError as error:
    print(type(error).__name__)
"""


def main():
    tap = Tap()
    why = link.why_not()
    if why:
        print(f"1..0 # SKIP {why}")
        return
    line = link.Link()
    server = subprocess.Popen([*line.inside("b"), sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)

    def echo(size):
        start = time.monotonic()
        done = subprocess.run([*line.inside("a"), sys.executable, "-c", CLIENT, str(size)], capture_output=True, text=True, check=True)
        return int(done.stdout), time.monotonic() - start

    try:
        assert server.stdout.readline() == "ready\n"
        line.zero()
        came, _ = echo(100000)
        seen = line.count()
        tap.ok("what one side sends arrives, and is counted both ways with its headers", came == 100000 and 100000 < seen["a_bytes"] < 115000
               and 100000 < seen["b_bytes"] < 115000 and seen["connections"] == 1 and seen["lost"] == 0, seen)
        line.shape(0, 100, 0)
        line.zero()
        _, took = echo(10)
        seen = line.count()
        tap.ok("nothing comes earlier than the line is long: a handshake and an answer are two round trips", took >= 0.4 and seen["turns"] == 2, (took, seen))
        line.shape(400000, 0, 0)
        _, took = echo(50000)
        tap.ok("nor faster than it carries", took >= 2 * 50000 * 8 / 400000 * 0.95, took)
        line.shape(0, 0, 10)
        line.zero()
        came, _ = echo(300000)
        seen = line.count()
        tap.ok("it loses packets, and TCP sends them again", came == 300000 and seen["lost"] > 5 and seen["a_bytes"] > 310000, seen)
        line.shape(0, 0, 0)
        holder = subprocess.Popen([*line.inside("a"), sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "connected\n"
        line.cut(0.2)
        time.sleep(0.3)
        said, _ = holder.communicate("go\n")
        tap.ok("a connection from before a cut is reset, at this end", said == "ConnectionResetError\n", said)
        tap.ok("and at the other", re.fullmatch(r"(ConnectionResetError|BrokenPipeError)\n", server.stdout.readline()))
        came, _ = echo(1000)
        tap.ok("a new one goes through", came == 1000)
        line.cycle(0.3, 0.1)
        time.sleep(1.5)
        line.calm()
        came, _ = echo(1000)
        tap.ok("after many cuts, too, once there are no more", came == 1000)
        tap.done()
    finally:
        server.kill()
        server.wait()
        line.close()


if __name__ == "__main__":
    main()
