#!/usr/bin/python3
"""A card that fills up: the form says so before anybody types, and on Send loses nothing; when there is room again it goes on by itself. And what sync has
taken leaves the card. Runs in a mount namespace of its own, on a small tmpfs."""
import os
import re
import sqlite3
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import ROOT, PROGRAM, Hub, Tap, wait_for

RESERVE = 64 << 20


class Intake(Hub):
    def start(self):
        self.output = open(self.log_path, "ab")
        self.process = subprocess.Popen([PROGRAM, "--state", self.dir, "serve", "--role", "intake"], stdout=self.output, stderr=self.output,
                                        env=self.environment)
        wait_for("the form", lambda: self.healthy(self.https))
        return self

    def spool(self):
        with sqlite3.connect(f"file:{self.dir}/intake.db?mode=ro", uri=True) as db:
            return db.execute("SELECT count(*) FROM spool").fetchone()[0]


def last_page(phone):
    page = phone.send(phone.get("/form/1"), "/form/1", go="next")
    page = phone.send(page, "/form/2", what="before the card was full", go="next")
    return phone.send(page, "/form/3", go="check")


def fill(top, leave):
    """A file that leaves so many bytes free."""
    info = os.statvfs(top)
    with open(os.path.join(top, "filler"), "wb") as f:
        os.posix_fallocate(f.fileno(), 0, info.f_bavail * info.f_frsize - leave)


def full(tap, hub, top):
    phone = hub.phone()
    page = last_page(phone)
    fill(top, RESERVE - (1 << 20))
    start = phone.get("/form/1")
    tap.ok("below the reserve the form says so before anybody types", start.status == 507 and "no room left" in start.text and "desk" in start.text, start.text)
    sent = phone.send(page, "/form/send")
    tap.ok("a report that was on its way is not taken, and its page keeps every answer",
           sent.status == 507 and "no room left" in sent.text and ("what", "before the card was full") in sent.form("/form/send").fields and hub.spool() == 0, sent.text)
    health = phone.get("/healthz")
    tap.ok("/healthz tells in one line", health.status == 503 and health.body.count("\n") == 1 and "room" in health.body, health.body)
    done = hub.run("report", "-", input='{"what":"x"}', check=False)
    tap.ok("engabo report tells in one line, exit 74", done.returncode == 74 and done.stderr.count("\n") == 1, (done.returncode, done.stderr))
    os.unlink(os.path.join(top, "filler"))
    again = phone.send(sent, "/form/send")
    tap.ok("with room again the same page is sent by one press", "/done/" in again.url and hub.spool() == 2, again.text)


def pruned(tap, hub):
    """What sync says it has taken, as its own schema says it."""
    with sqlite3.connect(os.path.join(hub.dir, "mailbox.db")) as db:
        with open(os.path.join(ROOT, "sync/mailbox.sql")) as f:
            db.executescript("PRAGMA journal_mode = WAL;" + f.read())
        db.execute("INSERT INTO taken VALUES('intake', 1)")
        db.execute("PRAGMA user_version = 1")
    hub.stop()
    hub.start()
    wait_for("the spool to shrink", lambda: hub.spool() == 1)
    tap.ok("rows that are in the log leave the card, the others stay", hub.spool() == 1)


def main():
    if "ENGABO_TEST_MOUNTS" not in os.environ:
        os.environ["ENGABO_TEST_MOUNTS"] = "1"
        probe = subprocess.run(["unshare", "-rm", "true"], capture_output=True)
        if probe.returncode:
            print("1..0 # SKIP no mount namespace here: " + re.sub(r"\s+", " ", probe.stderr.decode()))
            return
        os.execvp("unshare", ["unshare", "-rm", sys.executable, os.path.abspath(__file__)])
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", top], check=True)
        hub = Intake(top, "Gulu", "GUL", "Acholi", "akello")
        try:
            hub.init()
            hub.start()
            full(tap, hub, top)
            pruned(tap, hub)
        finally:
            hub.stop()
            subprocess.run(["umount", "-l", top], check=True)
    tap.done()


main()
