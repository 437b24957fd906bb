#!/usr/bin/python3
"""Whatever lies where a hub's snapshot should: an older one put back with its signature, one of another hub, a torn one, none; and a hub that is killed while it locks. What was
acknowledged is there after the next sign-in, and the audit trail is whole."""
import contextlib
import os
import random
import re
import time

from coalition import Coalition, Tap, wait_for

SEED = int(os.environ.get("SEED") or time.time())
NAMES = ("snapshot.age", "snapshot.sig")
KILLS = 4


def new_case(laptop):
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="They ask for her at the gate", how="visit", danger="no")
    key = re.search(r"[0-9a-z.]{43}", page.url).group(0)
    laptop.send(laptop.get(f"/reports/{key}/case"), "/case", alias="Heron", risk="high")
    laptop.send(laptop.get(f"/cases/{key}/people/new"), "/people/new", part="defender", names="Aber Santa Grace")
    return f"/cases/{key}"


class Stand:
    """One case of one hub, and all that was ever said to be saved in it."""

    def __init__(self, tap, hub):
        self.tap, self.hub, self.notes = tap, hub, []
        self.laptop = hub.sign_in()
        self.case = new_case(self.laptop)

    def add(self, text):
        page = self.laptop.send(self.laptop.get(self.case), "/notes", text=text)
        assert page.status == 200 and text in page.text, page.text
        self.notes.append(text)

    def lock(self):
        self.laptop.send(self.laptop.get("/lock"), "/lock")
        wait_for("a locked office", lambda: self.hub.healthy(self.hub.office) and "locked" in self.hub.laptop().get("/login").text)

    def path(self, name):
        return os.path.join(self.hub.dir, name)

    def take(self):
        """The snapshot that lies there: {name: bytes}."""
        return {name: open(self.path(name), "rb").read() for name in NAMES}

    def put(self, files):
        for name in NAMES:
            if name in files:
                with open(self.path(name), "wb") as f:
                    f.write(files[name])
            elif os.path.exists(self.path(name)):
                os.remove(self.path(name))

    def check(self, what):
        """Signs in and looks whether all is there."""
        self.laptop = self.hub.sign_in()
        page = self.laptop.get(self.case)
        missing = [text for text in self.notes if text not in page.text]
        self.tap.ok(f"{what}: every note that was saved is there", page.status == 200 and not missing, (missing, page.text[:600]))
        trail = self.laptop.get("/audit").text
        self.tap.ok(f"{what}: the audit trail is whole", "The list is whole" in trail, trail[:600])


def put_there(stand, other):
    stand.add("The first note")
    stand.lock()
    first = stand.take()
    stand.laptop = stand.hub.sign_in()
    stand.add("The second note")
    stand.lock()
    second = stand.take()
    half = len(second["snapshot.age"]) // 2
    for what, files in (
            ("an older snapshot with its signature", first),
            ("an older snapshot with a newer signature", {"snapshot.age": first["snapshot.age"], "snapshot.sig": second["snapshot.sig"]}),
            ("a newer snapshot with an older signature", {"snapshot.age": second["snapshot.age"], "snapshot.sig": first["snapshot.sig"]}),
            ("another hub's snapshot", other),
            ("half a snapshot", {**second, "snapshot.age": second["snapshot.age"][:half]}),
            ("an empty snapshot", {**second, "snapshot.age": b""}),
            ("half a signature", {**second, "snapshot.sig": second["snapshot.sig"][:40]}),
            ("no signature", {"snapshot.age": second["snapshot.age"]}),
            ("no snapshot", {})):
        stand.put(files)
        stand.check(what)
        stand.add(f"After {what}")
        stand.lock()


def killed(stand, rng):
    """Power fails while it locks: the snapshot is being written, or is not."""
    for i in range(KILLS):
        stand.laptop = stand.hub.sign_in()
        stand.add(f"Note {i} before the lights went out")
        form = stand.laptop.get("/lock").form("/lock")
        pid = os.fork()
        if pid == 0:
            try:
                stand.laptop.post("/lock", form.fields)
            finally:
                os._exit(0)
        time.sleep(rng.uniform(0, 0.3))
        for role in ("office", "sync", "intake"):
            child = stand.hub.role_pid(role)
            with contextlib.suppress(ProcessLookupError):  # the office has ended by itself
                if child:
                    os.kill(child, 9)
        stand.hub.kill()
        os.waitpid(pid, 0)
        stand.hub.start()
        stand.check(f"killed while it locked, {i}")


def main():
    print(f"# SEED={SEED}", flush=True)
    tap, c = Tap(), Coalition()
    try:
        c.make([c.gulu])
        c.start()
        other = Stand(tap, c.hq)
        other.lock()
        stand = Stand(tap, c.gulu)
        put_there(stand, other.take())
        killed(stand, random.Random(SEED))
    finally:
        c.close()
    tap.done()


main()
