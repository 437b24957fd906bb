#!/usr/bin/python3
"""A long backlog over a bad line: slow, far, lossy, and cut now and then with every connection reset. All of it arrives, and little of it is sent twice.

With ENGABO_FULL=1 the line is a mobile phone's of the second generation with 10,000 records; else everything goes five times as fast, with 2,000."""
import getpass
import os
import subprocess
import time

import link
from coalition import PROGRAM, Coalition, Tap, sh

FULL = "ENGABO_FULL" in os.environ
SHAPE = link.G2 if FULL else (1000000, 30, 2)
UP, DOWN = (30, 5) if FULL else (12, 2)
RECORDS = 10000 if FULL else 1000
MOST = 1.5  # bytes on the line for each byte of the pack: headers, handshakes, packets that were lost, and what was cut
ROUNDS = 200  # as the role would go on; far more than are needed


class Hubs:
    """Gulu at side a; the relay and headquarters at side b of the line."""

    def __init__(self, line):
        self.line, self.coalition = line, Coalition()
        self.gulu, self.hq, self.relay = self.coalition.gulu, self.coalition.hq, self.coalition.relay
        self.coalition.make(hubs=[self.gulu])
        line.serve_ssh(os.path.join(self.coalition.top, "ssh"), os.path.join(self.gulu.dir, "keys/ssh"))
        self.gulu.run("remote", "remove", "relay")
        self.address = f"ssh://{getpass.getuser()}@{link.FAR}:{link.PORT}"

    def fill(self, hub, count):
        """So many records of about a kilobyte into the hub's log; the bytes that a relay needs to have them."""
        before = self.packed(hub)
        hub.write(*({"entity": "provider", "set": {"name": f"Provider {number}", "user": ""}} for number in range(count)))
        hub.run("sync")
        return self.packed(hub) - before

    def packed(self, hub):
        done = sh("git", "--git-dir", os.path.join(hub.dir, "log.git"), "pack-objects", "--all", "--stdout", "-q", "--window=0", input=b"")
        return len(done)

    def tip(self, repository, hub):
        return sh("git", "--git-dir", repository, "rev-parse", "-q", "--verify", f"refs/heads/log/{hub.log}/1", check=False).strip()

    def arrived(self, there, here, hub):
        """Whether that repository has all that this one has of the hub's log."""
        return self.tip(there, hub) == self.tip(here, hub) != b""

    def sync(self, hub, address):
        """One round from side a."""
        done = subprocess.run([*self.line.inside("a"), PROGRAM, "--state", hub.dir, "sync", "--json", address], capture_output=True, text=True, env=hub.environment)
        print("#", round(time.monotonic()), done.stdout.replace("\n", " ")[:300], done.stderr[:200], flush=True)


def measure(hubs, sending, whole, done):
    """Rounds from side a over the bad line until done(). What goes the way of `sending`, a or b, against what is whole."""
    line = hubs.line
    line.shape(*SHAPE)
    line.zero()
    line.cycle(UP, DOWN)
    start = time.monotonic()
    for _ in range(ROUNDS):
        hubs.sync(hubs.gulu, hubs.address + hubs.relay)
        if done():
            break
    took, seen = time.monotonic() - start, line.count()
    line.calm()
    line.shape(0, 0, 0)
    print(f"# {RECORDS} records, {whole} bytes as a pack; {seen}; {took:.0f} s; {seen[sending + '_bytes'] / whole:.3f} of it sent", flush=True)
    return seen[sending + "_bytes"] / whole


def one_connection(tap, hubs):
    hubs.fill(hubs.gulu, 1)
    hubs.line.zero()
    hubs.sync(hubs.gulu, hubs.address + hubs.relay)
    seen = hubs.line.count()
    tap.ok("a fetch and a push share one connection, and nothing is left of it",
           hubs.arrived(hubs.relay, hubs.gulu.dir + "/log.git", hubs.gulu) and seen["connections"] == 1
           and not [name for name in os.listdir(hubs.gulu.dir + "/run") if name.startswith("ssh-")], seen)


def push(tap, hubs):
    size, here = hubs.fill(hubs.gulu, RECORDS), hubs.gulu.dir + "/log.git"
    sent = measure(hubs, "a", size, lambda: hubs.arrived(hubs.relay, here, hubs.gulu))
    tap.ok("a backlog arrives at the relay", hubs.arrived(hubs.relay, here, hubs.gulu))
    tap.ok("and little of it was sent twice", sent < MOST, sent)


def fetch(tap, hubs):
    size, here = hubs.fill(hubs.hq, RECORDS), hubs.gulu.dir + "/log.git"
    sent = measure(hubs, "b", size, lambda: hubs.arrived(here, hubs.relay, hubs.hq))
    tap.ok("a backlog arrives from the relay", hubs.arrived(here, hubs.relay, hubs.hq))
    tap.ok("and little of it was sent twice", sent < MOST, sent)
    tap.ok("no pieces are left of it", not os.path.exists(hubs.gulu.dir + "/partial.git"))
    sh("git", "--git-dir", here, "fsck", "--strict", "--full")
    tap.ok("and git fsck --strict finds nothing in the log")


def main():
    tap = Tap()
    why = link.why_not()
    if why:
        print(f"1..0 # SKIP {why}")
        return
    line = link.Link()
    hubs = Hubs(line)
    try:
        one_connection(tap, hubs)
        push(tap, hubs)
        fetch(tap, hubs)
        tap.done()
    finally:
        hubs.coalition.close()
        line.close()


if __name__ == "__main__":
    main()
