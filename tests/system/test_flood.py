#!/usr/bin/python3
"""One hostile phone on the hub's Wi-Fi holds a thousand slow connections, or half of as many TLS handshakes; others come at once, a hundred of them. Every honest
request is served, and after the first ten seconds 95 of 100 take less than two seconds: that time is the promise, so this test measures it.

In network namespaces of its own: the hub is 10.77.0.1, the attacker 10.77.0.2 (and for one attack, forty addresses), honest phones have an address each. Who shares
the attacker's address (a router between phones and hub) shares its 32 places and may suffer: nothing tells them apart. ENGABO_FULL=1: each attack alone, longer."""
import concurrent.futures
import ctypes
import http.client
import os
import resource
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

from coalition import PROGRAM, ROOT, Hub, Page, Tap, receipt, wait_for

FULL = "ENGABO_FULL" in os.environ
NET = os.path.join(ROOT, "tests/system/namespaces.sh")
HUB, ATTACKER, PHONES = "10.77.0.1", 2, 3
SLOW, A_SECOND = 1000, 300  # connections held, and opened a second, by each attack
AT_FIRST, AFTER = 10, 60 if FULL else 12  # seconds of each attack; only the second part is measured
LIMIT = 2.0


class Phone:
    """A phone with an address of its own; each request is a new connection and TLS handshake, as after a pause."""

    def __init__(self, port, address, times=None):
        self.port, self.address, self.times = port, address, times
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE

    def ask(self, method, path, fields=None):
        body = urllib.parse.urlencode(fields) if fields is not None else None
        began = time.monotonic()
        connection = http.client.HTTPSConnection(HUB, self.port, timeout=180, context=self.context, source_address=(self.address, 0))
        try:
            connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {})
            answer = connection.getresponse()
            page = Page(answer.status, path, answer.headers, answer.read().decode())
        finally:
            connection.close()
        if self.times is not None:
            self.times.append(time.monotonic() - began)
        return self.ask("GET", page.headers["Location"]) if page.status == 303 else page

    def report(self, text):
        """From the first page to the receipt; the last page."""
        self.ask("GET", "/")
        form = self.ask("GET", "/form/1").form("/form/send")
        return self.ask("POST", form.action, form.filled({"what": text}))


class Flooded(Hub):
    """A hub whose intake serves in the first namespace."""

    def start(self, name):
        self.output = open(self.log_path, "ab")
        self.process = subprocess.Popen(["ip", "netns", "exec", name, PROGRAM, "--state", self.dir, "serve", "--role", "intake"],
                                        stdout=self.output, stderr=self.output, env=self.environment)

        def answers():
            try:
                return Phone(self.https, "10.77.0.3").ask("GET", "/healthz").status == 200
            except OSError:
                return False
        wait_for(f"intake (see {self.log_path})", answers)
        return self

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as f:
            words = f.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# ---- the attacker ----

def slow(*words):
    """slowhttptest: a thousand connections, then a few bytes every five seconds."""
    def start(name, hub):
        path = "/form/send" if "-B" in words else "/form/1"
        command = f"slowhttptest {' '.join(words)} -c {SLOW} -r {A_SECOND} -i 5 -p 3 -l 600 -u https://{HUB}:{hub.https}{path}"
        return [subprocess.Popen(["ip", "netns", "exec", name, "sh", "-c", f"while :; do {command}; done"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 start_new_session=True)]  # it ends when all its connections were closed, and begins again
    return start


def half_open(how, addresses=1):
    """This program again, as the attacker: it connects a thousand times and says half of what TLS begins with, or nothing, and comes again for each connection that
    was closed."""
    def start(name, hub):
        return [subprocess.Popen(["ip", "netns", "exec", name, sys.executable, os.path.abspath(__file__), "attack", str(hub.https), how, str(addresses)],
                                 start_new_session=True)]
    return start


def first_flight():
    """A real ClientHello."""
    out = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        context.wrap_bio(ssl.MemoryBIO(), out).do_handshake()
    except ssl.SSLWantReadError:
        return out.read()


def attack(port, how, addresses):
    hello, held, last, begun, opened = first_flight(), {}, 0, time.monotonic(), 0
    part = {"silent": b"", "header": hello[:3], "half": hello[:len(hello) // 2], "hello": hello}[how]
    poller = select.poll()
    while True:
        while len(held) < SLOW and opened < (time.monotonic() - begun) * A_SECOND:
            opened += 1
            s = socket.socket()
            s.setblocking(False)
            last = (last + 1) % addresses
            if addresses > 1:
                s.bind((f"10.77.0.{20 + last}", 0))
            s.connect_ex((HUB, port))
            held[s.fileno()] = [s, part]
            poller.register(s.fileno(), select.POLLOUT | select.POLLIN)
        for number, what in poller.poll(100):
            s, rest = held[number]
            if what & select.POLLOUT:
                try:
                    if rest:
                        s.send(rest)
                    poller.modify(number, select.POLLIN)
                except OSError:
                    what |= select.POLLHUP
            if what & (select.POLLIN | select.POLLHUP | select.POLLERR):
                try:
                    closed = not s.recv(65536)
                except BlockingIOError:
                    closed = False
                except OSError:
                    closed = True
                if closed:
                    poller.unregister(number)
                    s.close()
                    del held[number]


# ---- honest phones ----

def measure(port, seconds, address=None):
    """Phones that come one after the other, four at a time: times of all requests, and what went wrong."""
    times, wrong, end = [], [], time.monotonic() + seconds

    def visits(lane):
        turn = 0
        while time.monotonic() < end:
            turn += 1
            phone = Phone(port, address or f"10.77.0.{100 + (lane * 25 + turn) % 100}", times)
            try:
                for path in ("/", "/form/1", "/static/style.css", "/messages"):
                    page = phone.ask("GET", path)
                    if page.status != 200:
                        wrong.append((path, page.status, page.text[:100]))
            except (OSError, http.client.HTTPException) as error:
                wrong.append(repr(error))
            time.sleep(0.2)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(visits, range(4)))
    return sorted(times), wrong


def shown(times):
    return (f"{len(times)} requests, p50 {times[len(times) // 2] * 1000:.0f} ms, p95 {times[len(times) * 95 // 100] * 1000:.0f} ms, "
            f"slowest {times[-1] * 1000:.0f} ms") if times else "none"


def under(tap, hub, names, promise, *attacks):
    started = [process for attack in attacks for process in attack(names[ATTACKER], hub)]
    try:
        early, _ = measure(hub.https, AT_FIRST)
        cpu, began = hub.cpu(), time.monotonic()
        times, wrong = measure(hub.https, AFTER)
        cpu = (hub.cpu() - cpu) / (time.monotonic() - began)
        held = sum(line.count(f":{hub.https}") > 0 for line in subprocess.run(
            ["ip", "netns", "exec", names[1], "ss", "-Htn", "state", "established"], capture_output=True, text=True).stdout.splitlines())
        alive = all(process.poll() is None for process in started)
        print(f"# {promise}: first {AT_FIRST} s: {shown(early)}; then: {shown(times)}; {held} connections held, {cpu * 100:.0f} % of a core", flush=True)
        tap.ok(f"{promise}: every honest request is served, p95 below {LIMIT:.0f} s",
               alive and len(times) > 20 and not wrong and times[len(times) * 95 // 100] < LIMIT, (alive, shown(times), wrong[:5], len(wrong)))
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def hundred(tap, hub):
    """All at once, each from an address of its own."""
    times, gate = [], threading.Barrier(100)

    def visit(number):
        gate.wait()
        page = Phone(hub.https, f"10.77.0.{100 + number}", times).report(f"report of phone {number}")
        if page.status != 200 or "/done/" not in page.url:
            raise AssertionError(f"phone {number}: {page.status} {page.url} {page.text[:500]}")
        return receipt(page)
    before = sum(kind == "i" for kind, _ in hub.spool())
    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        codes = list(pool.map(visit, range(100)))
    print(f"# a hundred phones at once: {shown(sorted(times))}", flush=True)
    tap.ok("a hundred phones at once, from the first page to the receipt: no error, a hundred reports, a code each",
           len(set(codes)) == 100 and sum(kind == "i" for kind, _ in hub.spool()) == before + 100)


def main():
    tap = Tap()
    why = subprocess.run(["bash", NET, "can", "ip"], capture_output=True, text=True)
    if why.returncode:
        print("1..0 # SKIP " + " ".join(why.stdout.split()))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what it made goes, also when it is ended
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Flooded(top, "Gulu", "GUL", "Acholi", "akello")
        try:
            subprocess.run(["bash", NET, "bare", "3", top], check=True)
            with open(os.path.join(top, "prefix")) as f:
                prefix = f.read().strip()
            names = {number: f"{prefix}-{number}" for number in (1, ATTACKER, PHONES)}
            for number in range(20, 60):
                subprocess.run(["ip", "-n", names[ATTACKER], "addr", "add", f"10.77.0.{number}/24", "dev", "eth0"], check=True)
            for number in range(100, 200):
                subprocess.run(["ip", "-n", names[PHONES], "addr", "add", f"10.77.0.{number}/24", "dev", "eth0"], check=True)
            # Whatever connects from here on is a phone.
            with open(f"/run/netns/{names[PHONES]}") as f:
                if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), 0x40000000):
                    raise OSError(ctypes.get_errno(), "setns")
            hub.init()
            hub.start(names[1])
            print(f"# nobody hostile: {shown(measure(hub.https, 5)[0])}", flush=True)
            hundred(tap, hub)
            kinds = {"1,000 connections that send headers slowly": slow("-H"), "1,000 that send a body slowly": slow("-B", "-s", "60000"),
                     "1,000 that read slowly": slow("-X", "-w", "10", "-y", "20", "-n", "5", "-z", "5"),
                     "1,000 that connect and say nothing": half_open("silent"), "1,000 that say the first bytes of TLS": half_open("header"),
                     "1,000 that say half of a handshake's first message": half_open("half"), "1,000 that never answer the hub's": half_open("hello")}
            if FULL:
                for promise, start in kinds.items():
                    under(tap, hub, names, promise, start)
            under(tap, hub, names, "all kinds of slow at once, 1,000 of each, from one address", *kinds.values())
            under(tap, hub, names, "1,000 half-open handshakes from forty addresses", half_open("hello", 40))
            hundred(tap, hub)
        finally:
            hub.stop()
            subprocess.run(["bash", NET, "down", top], check=False)
    tap.done()


if sys.argv[1:2] == ["attack"]:
    attack(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
else:
    main()
