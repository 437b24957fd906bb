#!/usr/bin/python3
"""A neighbour that has a member's key and means ill, or is broken: it is silent at any moment, talks without end, tells of what it has not got. The hub's records
go on into its log and to its relay meanwhile, and when the neighbour is sound again it is one as before. In network namespaces with real avahi; skipped where
those are not permitted. TAP."""
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

TIPS = "engabo tips 1\nlog {} 1 4000 " + 40 * "7" + "\n"


def fake(mode, key, log, port, trace):
    """The neighbour: each connection in a thread; what it was asked is added to the file `trace`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(key)

    def note(text):
        with open(trace, "a") as f:
            f.write(text + "\n")

    def attend(raw):
        if mode == "silent":
            note("connected")
            time.sleep(1000)
        try:
            link = context.wrap_socket(raw, server_side=True)
            asked = link.recv(4096).decode(errors="replace").split("\r\n")[0]
            note(asked)
            if mode == "mute" or "log.git" in asked:
                time.sleep(1000)
            elif mode == "endless":
                while True:
                    link.sendall(b"HTTP/1.1 200 OK\r\n" + 100 * b"X-More: and more\r\n")
            elif mode == "long":
                link.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 99999999\r\n\r\n' + 65536 * b"x")
            elif mode == "page":
                link.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 7\r\n\r\n<html>\n')
            elif mode == "lure":
                text = TIPS.format(log).encode()
                link.sendall(b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: ' + str(len(text)).encode() + b"\r\n\r\n" + text)
            time.sleep(1000)
        except OSError:
            pass

    server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True)
    while True:
        threading.Thread(target=attend, args=(server.accept()[0],), daemon=True).start()


if sys.argv[1:2] == ["fake"]:
    fake(*sys.argv[2:5], int(sys.argv[5]), sys.argv[6])

from coalition import PROGRAM, Tap, sh, wait_for  # noqa: E402
from lan import Lan  # noqa: E402

tap = Tap()
lan = Lan(2)
coalition = lan.coalition
gulu, mbarara = coalition.gulu, coalition.mbarara
children = []


def inside(place, *words, **more):
    child = lan.exec(place, *words, start_new_session=True, **more)
    children.append(child)
    return child


def end(child):
    children.remove(child)
    os.killpg(child.pid, signal.SIGTERM)
    child.wait()


def neighbour():
    return {row["log"]: row for row in gulu.status()["neighbours"]}.get(mbarara.log, {})


def at_relay():
    tips = sh("git", "-C", coalition.relay, "rev-parse", f"refs/heads/log/{gulu.log}/1", check=False), sh(
        "git", "-C", gulu.dir + "/log.git", "rev-parse", f"refs/heads/log/{gulu.log}/1")
    return tips[0] == tips[1]


def reports_go_on():
    before = sh("git", "-C", gulu.dir + "/log.git", "rev-parse", f"refs/heads/log/{gulu.log}/1", check=False)
    gulu.report(what="something that happened")
    wait_for("the record in the log", lambda: sh("git", "-C", gulu.dir + "/log.git", "rev-parse", f"refs/heads/log/{gulu.log}/1", check=False) != before)
    wait_for("and at the relay", at_relay)
    return gulu.sync()["remotes"][0]["ok"]


try:
    coalition.make()
    for hub in (gulu, mbarara):
        hub.configure("announce = no", "announce = yes")
        hub.run("remote", "remove", "relay", check=False)
    gulu.run("remote", "add", "relay", coalition.relay)
    lan.start(gulu, 1, PROGRAM)
    gulu.report(what="the first")
    wait_for("it at the relay", at_relay)
    for mode, sign, promise in (
            ("silent", "connected", "a neighbour that takes the connection and says nothing"),
            ("mute", "GET /tips", "one that says nothing after the handshake"),
            ("endless", "GET /tips", "one that answers without end"),
            ("long", "GET /tips", "one that announces far too much"),
            ("page", "GET /tips", "one that answers with a web page"),
            ("lure", "/log.git", "one that tells of records and never sends them")):
        trace = os.path.join(lan.top, mode)
        peer = inside(2, sys.executable, os.path.abspath(__file__), "fake", mode, os.path.join(mbarara.dir, "keys/tls-sync"), mbarara.log, "7000", trace)
        announced = inside(2, "avahi-publish", "-s", "x" + mode, "_hubsync._tcp", "7000", "v=1", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(f"{mode}: {sign}", lambda: os.path.exists(trace) and sign in open(trace).read(), 90)
        tap.ok(f"{promise} holds up nothing", reports_go_on())
        end(announced)
        end(peer)
    wait_for("what it is said to have done to be told", lambda: neighbour().get("last_error"), 60)
    tap.ok("what is wrong with it is told", not neighbour()["last_ok"] or neighbour()["last_error"], neighbour())
    lan.start(mbarara, 2, PROGRAM)
    wait_for("a link", lambda: neighbour().get("linked"), 120)
    mbarara.report(what="from a sound hub again")
    wait_for("its record", lambda: sh("git", "-C", gulu.dir + "/log.git", "rev-parse", f"refs/heads/log/{mbarara.log}/1", check=False), 60)
    tap.ok("when it is sound again it is a neighbour as before")
    mbarara.process.send_signal(signal.SIGSTOP)
    gulu.report(what="while the other stands still")
    wait_for("it at the relay", at_relay)
    gulu.process.terminate()
    tap.ok("a hub ends when it is told to while its neighbour stands still", gulu.process.wait(15) == 0)
    mbarara.process.send_signal(signal.SIGCONT)
finally:
    for child in children:
        os.killpg(child.pid, signal.SIGKILL)
    for hub in (gulu, mbarara):
        if hub.process and hub.process.poll() is None:
            hub.process.kill()
    lan.down()
    shutil.rmtree(lan.top, ignore_errors=True)
tap.done()
