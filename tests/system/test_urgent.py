#!/usr/bin/python3
"""Somebody in danger has written and nobody is there: what a light, a buzzer, a telephone, the sign-in page and headquarters get to know, and that it is nothing of
the report. Real processes; two hours are made by setting back what lies on the card."""
import json
import os
import pwd
import queue
import re
import socket
import sqlite3
import subprocess
import threading
import time

from coalition import PROGRAM, ROOT, Coalition, Tap, wait_for, write

tap = Tap()
SECRET = "Two men with a pickup wait at the gate of Okello"
HOOK = """#!/bin/sh
# What it is given, for the test to look at; then as the file mode says.
{ echo "arguments: $*"; env | sort; echo "input: $(cat)"; echo "ends"; } >> %(top)s/told
read -r mode < %(top)s/mode
case $mode in
hang) echo $$ > %(top)s/hanging; exec sleep 600 ;;
fail) echo "%(secret)s"; echo "%(secret)s" >&2; exit 3 ;;
esac
"""


class Follow:
    """`engabo urgent --follow`, as a buzzer's script reads it: line by line."""

    def __init__(self, hub, *words):
        self.process = subprocess.Popen([PROGRAM, "--state", hub.dir, "urgent", "--follow", *words], stdout=subprocess.PIPE, text=True, env=hub.environment)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))

    def next(self, seconds=30):
        """The next line that knows something."""
        while True:
            line = self.any(seconds)
            if line != "unknown":
                return line

    def any(self, seconds=30):
        return self.lines.get(timeout=seconds)

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def mode(top, word):
    write(os.path.join(top, "mode"), word + "\n")


def told(top):
    """One list of lines for each time the command was run to its end."""
    path = os.path.join(top, "told")
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [part.strip().splitlines() for part in f.read().split("ends\n") if part.strip()]


def signals(top):
    return [lines[0].split(": ")[1] for lines in told(top)]


def flag(hub):
    return json.loads(hub.run("urgent", "--json", check=False).stdout or "{}")


def login(hub):
    return hub.laptop().get("/login").text


def keys(page):
    return sorted(set(re.findall(r'href="/reports/([0-9a-z.]{43})"', page.body)))


def set_back(hub, seconds):
    """As if so much time had passed while the power was away."""
    with sqlite3.connect(hub.dir + "/office.db") as db:
        db.execute("UPDATE urgent SET at = at - ?", (seconds,))
    with sqlite3.connect(hub.dir + "/sync.db") as db:
        db.execute("UPDATE urgent SET at = at - ?", (seconds,))
    with open(hub.dir + "/run/urgent") as f:
        kept = json.load(f)
    for name in ("since", "told_at", "unread_since"):
        kept[name] = max(0, kept[name] - seconds)
    write(hub.dir + "/run/urgent", json.dumps(kept))


def test_raised(coalition, hub):
    top = coalition.top
    tap.refused("with the hub down nobody says that all is quiet", hub.run("urgent", check=False), 69, "sync")
    hub.start()
    quiet = hub.run("urgent", check=False)
    tap.ok("nothing waits: one word, exit status 0", (quiet.stdout, quiet.returncode) == ("quiet\n", 0), quiet)
    follow = Follow(hub)
    tap.ok("--follow begins with how it is", follow.next() == "quiet")
    hub.report(what="A lock was changed", danger="no")
    hub.report(what=SECRET, danger="yes", place="Layibi")
    line = follow.next()
    tap.ok("a report of somebody in danger is told while the hub is locked", re.fullmatch(r"waiting since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, 1", line), line)
    waiting = hub.run("urgent", check=False)
    tap.ok("exit status 1, and the same line", (waiting.stdout, waiting.returncode) == (line + "\n", 1), waiting)
    text = login(hub)
    tap.ok("the sign-in page says so, and since when", "Something urgent waits. It came less than a minute ago." in text, text)
    tap.ok("engabo status says so", re.search(r"^urgent +1 urgent reports have not been opened", hub.run("status").stdout, re.M))
    wait_for("the command of [urgent]", lambda: signals(top))
    given = told(top)[0]
    names = {one.split("=")[0] for one in given[1:-1]}
    tap.ok("the command gets one word, and whether sound is wanted: nothing else", given[0] == "arguments: raise" and given[-1] == "input:"
           and "ENGABO_SOUND=yes" in given and names <= {"ENGABO_SOUND", "LC_ALL", "PATH", "PWD", "OLDPWD", "SHLVL", "_"}, given)
    with open(hub.dir + "/run/urgent") as f:
        kept = f.read()
    tap.ok("what is kept on the card is numbers", set(json.loads(kept)) == {"state", "waiting", "since", "noted", "unread", "unread_since", "late", "told", "told_at", "owed"}
           and "Layibi" not in kept, kept)
    hub.report(what=SECRET + " again", danger="yes")
    line = follow.next()
    tap.ok("a second one is told at once", line.endswith(", 2"), line)
    wait_for("the second signal", lambda: signals(top) == ["raise", "raise"])
    return follow


def test_sync_dies(hub, follow):
    """A lamp that stays dark because nobody watches must not look like quiet."""
    before = flag(hub)
    as_json = Follow(hub, "--json")
    as_json.next()
    os.kill(hub.role_pid("sync"), 9)
    tap.ok("with sync killed --follow says that nobody knows", (follow.any(), json.loads(as_json.any())) == ("unknown", {"state": "unknown"}))
    lines = follow.any(), json.loads(as_json.any())
    tap.ok("and how it is, as soon as sync is back", lines[0] == f"waiting since {before['since']}, 2" and lines[1] == before, (lines, before))
    as_json.end()


def test_restarts(coalition, hub, follow):
    since = flag(hub)["since"]
    for role in ("intake", "office", "sync"):
        os.kill(hub.role_pid(role), 9)
    wait_for("the roles again", lambda: all(hub.role_pid(role) for role in ("intake", "office", "sync")) and hub.healthy(hub.sync_port) and hub.healthy(hub.office))
    tap.ok("with all roles killed it still waits, since the same time", (flag(hub)["waiting"], flag(hub)["since"]) == (2, since), flag(hub))
    hub.kill()
    wait_for("its roles to end", lambda: subprocess.run(["pgrep", "-f", "--", f"--state {hub.dir} serve"], capture_output=True).returncode)
    hub.start()
    tap.ok("and after a hard end of the hub", (flag(hub)["waiting"], flag(hub)["since"]) == (2, since), flag(hub))
    hub.stop()
    hub.start("intake")
    hub.report(what=SECRET + " a third time", danger="yes")
    hub.stop()
    hub.start()
    line = follow.next()
    while line.endswith(", 2"):
        line = follow.next()
    tap.ok("what came while nobody watched is told at the start", line.endswith(", 3"), line)
    tap.ok("nothing is told twice", signals(coalition.top) == ["raise"] * 3, signals(coalition.top))
    hub.stop()
    set_back(hub, 31 * 60)
    hub.start()
    line = follow.next()
    tap.ok("half an hour later it is told again", line.startswith("waiting since ") and line.endswith(", 3"), line)
    wait_for("the command of [urgent]", lambda: signals(coalition.top)[-1] == "again")
    text = login(hub)
    tap.ok("the sign-in page says that it has waited", "It has waited for 31 minutes. More than half an hour" in text, text)


def test_lowered(coalition, hub, follow):
    laptop = hub.sign_in()
    page = laptop.get("/")
    tap.ok("on the first page danger stands apart and first, with how long it has waited",
           "Somebody is in danger now" in page.text and page.text.index("Somebody is in danger now") < page.text.index("New reports") < page.text.index("A lock was changed")
           and len(re.findall("It came less than a minute ago|It has waited for", page.text)) == 3, page.text)
    tap.ok("as long as engabo urgent says", re.search("It has waited for 3[1-3] minutes", page.text), (page.text, flag(hub)))
    tap.ok("and is counted beside Today", "Today 3 Reports 4" in page.text, page.text)
    tap.ok("signing in lowers nothing", flag(hub)["waiting"] == 3 and "Something urgent" in login(hub), flag(hub))
    urgent = [key for key in keys(page) if SECRET in laptop.get(f"/reports/{key}").text]
    tap.ok("opening them does", len(urgent) == 3)
    lines = [follow.next()]
    while lines[-1] != "quiet":
        lines.append(follow.next())
    tap.ok("each that is opened is one less, and then it is quiet", lines[-1] == "quiet" and all(line.startswith("waiting") for line in lines[:-1]), lines)
    wait_for("the command of [urgent]", lambda: signals(coalition.top)[-1] == "lower")
    tap.ok("the sign-in page is quiet, too", "urgent" not in login(hub).lower(), login(hub))
    follow.end()
    wait_for("sync to forget which reports they were", lambda: not sqlite3.connect(f"file:{hub.dir}/sync.db?mode=ro", uri=True).execute("SELECT count(*) FROM urgent").fetchone()[0], 90)


def test_command_fails(coalition, hub):
    top = coalition.top
    os.unlink(os.path.join(top, "told"))
    hook = os.path.join(top, "hook")
    text = hub.run("doctor", check=False).stdout
    user = pwd.getpwuid(os.geteuid()).pw_name
    tap.ok("the doctor says who can run the command", re.search(rf"^ok +urgent +.*/hook, can be run by {user};", text, re.M), text)
    hub.configure(f"command = {hook}", f"command = {top}")
    text = hub.run("doctor", check=False).stdout
    tap.ok("and that a directory is none", re.search(rf"^WRONG +urgent +.*, cannot be run by {user}: it must be a file", text, re.M), text)
    hub.configure(f"command = {top}", f"command = {hook}")
    mode(top, "fail")
    hub.report(what=SECRET, danger="yes")
    wait_for("the flag", lambda: flag(hub)["waiting"] == 1)
    wait_for("the command to be given up", lambda: "failed 3 times" in open(hub.log_path).read(), 60)
    tap.ok("a command that fails is tried three times", signals(top) == ["raise"] * 3, signals(top))
    log = open(hub.log_path).read()
    tap.ok("the journal says that and the status, and nothing that the command printed", "ended with status 3" in log and SECRET not in log)
    mode(top, "hang")
    hub.report(what=SECRET, danger="yes")
    wait_for("the command to hang", lambda: os.path.exists(os.path.join(top, "hanging")))
    tap.ok("a command that hangs holds up no flag", flag(hub)["waiting"] == 2, flag(hub))
    pid = int(open(os.path.join(top, "hanging")).read())
    wait_for("the command to be ended", lambda: "was ended after 10 seconds" in open(hub.log_path).read())
    tap.ok("and is ended", not os.path.exists(f"/proc/{pid}"))
    os.unlink(os.path.join(top, "hanging"))
    wait_for("the second try", lambda: os.path.exists(os.path.join(top, "hanging")))
    begun = time.monotonic()
    hub.stop()
    tap.ok("the hub ends in time though the command hangs", time.monotonic() - begun < 10)
    os.unlink(os.path.join(top, "told"))
    mode(top, "good")
    hub.configure("command =", "quiet = 00:00-00:00\ncommand =")
    hub.start()
    wait_for("the command of [urgent]", lambda: signals(top))
    given = told(top)[0]
    tap.ok("what was still owed is told after the restart, in quiet hours for the eyes alone", given[0] == "arguments: raise" and "ENGABO_SOUND=no" in given, given)
    line = hub.run("urgent", check=False).stdout
    tap.ok("--follow says so, too", line.endswith(", 2, no sound\n"), line)
    laptop = hub.sign_in()
    for key in keys(laptop.get("/")):
        laptop.get(f"/reports/{key}")
    wait_for("quiet", lambda: flag(hub)["state"] == "quiet")


def items(hub):
    with sqlite3.connect(f"file:{hub.dir}/mailbox.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM item").fetchone()[0]


def both_sync(*hubs):
    for hub in hubs + hubs:
        hub.sync()


def test_headquarters(coalition, hub, hq):
    hq.start()
    both_sync(hub, hq)
    hub.report(what=SECRET, danger="yes")
    both_sync(hub, hq)
    unread = flag(hq)
    tap.ok("a locked headquarters cannot know that it is urgent, and counts what is unread", (unread["state"], unread["unread"]) == ("quiet", 1), unread)
    hq.stop()
    set_back(hq, 2 * 3600 + 60)
    hq.start()
    unread = wait_for("two hours", lambda: (lambda f: f if f["state"] == "unread" else None)(flag(hq)))
    tap.ok("after two hours it says that something waits that nobody has read", hq.run("urgent", check=False).returncode == 1 and unread["unread"] == 1, unread)
    text = login(hq)
    tap.ok("the sign-in page says that one may be urgent, and no more", "One may be urgent" in text and "Something urgent" not in text, text)
    hq.sign_in()
    known = wait_for("the flag at headquarters", lambda: (lambda f: f if f["state"] == "waiting" else None)(flag(hq)))
    tap.ok("opened, it knows that it is", (known["waiting"], known["unread"], known["late"]) == (1, 0, False), known)
    hub.report(what=SECRET + ", now inside", danger="yes")
    both_sync(hub, hq)
    wait_for("the flag at headquarters", lambda: flag(hq)["waiting"] == 2)
    tap.ok("what comes while it is open is told though nobody clicks")
    hq.stop()
    set_back(hq, 3 * 3600)
    hq.start()
    late = wait_for("the escalation", lambda: (lambda f: f if f["late"] else None)(flag(hq)))
    tap.ok("after two hours unopened it is late", (late["state"], late["waiting"]) == ("waiting", 2), late)
    page = hq.sign_in().get("/")
    tap.ok("and heads headquarters' list with the hub and how long it has waited",
           0 < page.text.index("Somebody is in danger now") < page.text.index("Nobody at Gulu has opened it") < page.text.index("New reports")
           and "It has waited for 3 hours." in page.text, page.text)
    akello = hub.sign_in()
    for key in keys(akello.get("/")):
        akello.get(f"/reports/{key}")
    both_sync(hub, hq)
    wait_for("quiet at headquarters", lambda: flag(hq)["state"] == "quiet")
    tap.ok("once Gulu has opened them it is quiet at headquarters")
    hq.run("lock")
    wait_for("the lock", lambda: hq.status()["locked"])
    before = items(hq)
    code = hub.report(what="At night", danger="no")
    both_sync(hub, hq)
    wait_for("the unread one", lambda: flag(hq)["unread"] == 1)
    phone = hub.phone()
    page = phone.send(phone.get("/messages"), "/messages", code=code)
    page = phone.send(page, "/messages/close")
    phone.post("/messages/close", [*page.form("/messages/close").fields, ("sure", "yes")])
    both_sync(hub, hq)
    hq.stop()
    hq.start()
    tap.ok("whoever has phone and code can close the mailbox, and silences nothing by it", flag(hq)["unread"] == 1 and items(hq) > before + 1, (flag(hq), items(hq), before))
    for key in keys(akello.get("/")):
        akello.get(f"/reports/{key}")
    both_sync(hub, hq)
    wait_for("no unread one", lambda: flag(hq)["unread"] == 0)
    tap.ok("a locked headquarters sees by the answer in the mailbox that an office has opened it")


def test_slow_round(hub):
    """A relay that takes the connection and never answers."""
    laptop = hub.sign_in()
    for key in keys(laptop.get("/")):
        laptop.get(f"/reports/{key}")
    wait_for("quiet", lambda: flag(hub)["state"] == "quiet")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hub.run("remote", "add", "silent", f"https://127.0.0.1:{silent.getsockname()[1]}/x.git")
        connection = silent.accept()[0]
        hub.report(what=SECRET, danger="yes")
        wait_for("the flag", lambda: flag(hub)["waiting"] == 1)
        tap.ok("no round with a slow relay holds up the flag: the report itself is not in the log yet", hub.status()["spool"]["intake"] > 0, hub.status())
        hub.run("lock")
        wait_for("the locked sign-in page", lambda: hub.healthy(hub.office) and "The hub is locked" in login(hub))
        text = login(hub)
        tap.ok("nor the sign-in page", "Something urgent waits" in text, text)
        connection.close()


def test_readme(top):
    """The script of README.md, with a gpioset that only notes when it runs."""
    with open(os.path.join(ROOT, "README.md")) as f:
        script = re.search(r"( *)#!/bin/sh\n.*?\n\1done\n", f.read(), re.S).group(0)
    path = write(os.path.join(top, "light"), "".join(line.strip() + "\n" for line in script.splitlines()))
    notes = os.path.join(top, "lamp")
    gpioset = write(os.path.join(top, "gpioset"), f"#!/bin/sh\ntrap 'echo off >> {notes}; exit' TERM\necho on >> {notes}\nwhile :; do sleep 0.1; done\n")
    os.chmod(gpioset, 0o755)

    def seen():
        return open(notes).read().split() if os.path.exists(notes) else []
    with subprocess.Popen(["sh", path], stdin=subprocess.PIPE, text=True, env={"PATH": top + ":/usr/bin:/bin"}) as light:
        for line, count in (("quiet", 0), ("waiting since 2026-11-23T09:12:44Z, 1", 1), ("waiting since 2026-11-23T09:12:44Z, 2, no sound", 3), ("quiet", 4)):
            light.stdin.write(line + "\n")
            light.stdin.flush()
            wait_for("the lamp", lambda n=count: len(seen()) >= n)
        light.stdin.close()
    tap.ok("the README's script lights a lamp while something waits", seen()[0] == "on" and seen()[-1] == "off" and sorted(seen()) == ["off", "off", "on", "on"], seen())


def main():
    coalition = Coalition()
    try:
        hook = os.path.join(coalition.top, "hook")
        write(hook, HOOK % {"top": coalition.top, "secret": SECRET})
        os.chmod(hook, 0o755)
        mode(coalition.top, "good")
        coalition.gulu.conf = f"[urgent]\ncommand = {hook}\n"
        coalition.make([coalition.gulu])
        follow = test_raised(coalition, coalition.gulu)
        test_sync_dies(coalition.gulu, follow)
        test_restarts(coalition, coalition.gulu, follow)
        test_lowered(coalition, coalition.gulu, follow)
        test_command_fails(coalition, coalition.gulu)
        test_headquarters(coalition, coalition.gulu, coalition.hq)
        test_slow_round(coalition.gulu)
        test_readme(coalition.top)
        tap.done()
    finally:
        coalition.close()


main()
