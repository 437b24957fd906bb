#!/usr/bin/python3
"""A card that fills up: the form says so before anybody types, and on Send loses nothing; when there is room again it goes on by itself. And what sync has
taken leaves the card. Runs in a mount namespace of its own, on a small tmpfs."""
import os
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import ROOT, Hub, Tap, fill, own_mounts, receipt, small_disk, wait_for

RESERVE = 64 << 20


def full(tap, hub, top):
    phone = hub.phone()
    code = receipt(phone.send(phone.get("/form/1"), "/form/send", what="while there was room"))
    inbox = phone.send(phone.get("/messages"), "/messages", code=code)
    page = phone.get("/form/1")
    before = len(hub.spool())
    fill(top, RESERVE - (1 << 20))
    start = phone.get("/form/1")
    tap.ok("below the reserve the form says so before anybody types", start.status == 507 and "no room left" in start.text and "desk" in start.text, start.text)
    sent = phone.send(page, "/form/send", what="before the card was full")
    tap.ok("a report that was on its way is not taken, and its page keeps every answer",
           sent.status == 507 and "no room left" in sent.text and ("what", "before the card was full") in sent.form("/form/send").fields and len(hub.spool()) == before, sent.text)
    word = phone.send(inbox, "/messages", text="typed on a full card", go="send")
    tap.ok("nor is a message, and its page keeps the words", word.status == 507 and "no room left" in word.text and "typed on a full card" in word.body
           and len(hub.spool()) == before, (word.status, word.text))
    tap.ok("but whoever comes back reads what there is", "Nobody has read it yet" in phone.send(phone.get("/messages"), "/messages", code=code).text)
    health = phone.get("/healthz")
    tap.ok("/healthz tells in one line", health.status == 503 and health.body.count("\n") == 1 and "room" in health.body, health.body)
    tap.refused("engabo report on a full card", hub.run("report", "-", input='{"what":"x"}', check=False), 74, "room")
    os.unlink(os.path.join(top, "filler"))
    again = phone.send(sent, "/form/send")
    tap.ok("with room again the same page is sent by one press", "/done/" in again.url and len(hub.spool()) == before + 2, again.text)
    before = len(hub.spool())
    again = phone.send(phone.send(word, "/messages"), "/messages", go="send")
    tap.ok("and so is the message, once its code has opened the page again", len(hub.spool()) > before, (again.status, again.text))


def ids(hub):
    with sqlite3.connect(f"file:{hub.dir}/intake.db?mode=ro", uri=True) as db:
        return [row[0] for row in db.execute("SELECT id FROM spool ORDER BY id")]


def pruned(tap, hub):
    """What sync says it has taken, as its own schema says it."""
    before = len(hub.spool())
    with sqlite3.connect(os.path.join(hub.dir, "mailbox.db")) as db:
        with open(os.path.join(ROOT, "sync/mailbox.sql")) as f:
            db.executescript("PRAGMA journal_mode = WAL;" + f.read())
        db.execute("INSERT INTO taken VALUES('intake', 4)")
        db.execute("PRAGMA user_version = 1")
    time.sleep(1.1)  # intake looks once a second
    hub.phone().report(what="comes in the place of another")
    tap.ok("for each row that comes, one that is in the log leaves the card", ids(hub) == list(range(3, before + 3)), ids(hub))
    hub.stop()
    hub.start("intake")
    wait_for("the spool to shrink", lambda: len(hub.spool()) == before - 2)
    tap.ok("soon all of these have left, and the others stay", ids(hub) == list(range(5, before + 3)), ids(hub))
    hub.phone().report(what="now", danger="yes")
    with sqlite3.connect(os.path.join(hub.dir, "mailbox.db")) as db:
        db.execute("UPDATE taken SET upto = 1000000")
    hub.stop()
    hub.start("intake")
    wait_for("an empty spool", lambda: not hub.spool())
    wait_for("an empty log", lambda: os.path.getsize(os.path.join(hub.dir, "intake.db-wal")) == 0)
    tap.ok("and once no row is left, not even the database's log tells that one was urgent", True)


def main():
    own_mounts()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        small_disk(top, "160m")
        hub = Hub(top, "Gulu", "GUL", "Acholi", "akello")
        try:
            hub.init()
            hub.start("intake")
            full(tap, hub, top)
            pruned(tap, hub)
        finally:
            hub.stop()
            subprocess.run(["umount", "-l", top], check=True)
    tap.done()


main()
