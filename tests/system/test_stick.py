#!/usr/bin/python3
"""Records travel on USB sticks: a bare repository where git can keep one, pieces (git bundles) on exFAT and the like. What others left there stays, a stick that is
read-only, full, damaged or a stranger's says so, and one that is pulled out at any moment leaves itself and the hub whole.

Sticks are real exFAT in an image where this machine can mount one, else small disks of the kernel's, on which the first piece is stock git's. ENGABO_PULLS is how
often each kind is pulled out (20; `make soak`: 100). The seed is printed; ENGABO_SEED repeats it."""
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from coalition import PROGRAM, Coalition, Tap, fill, own_mounts, sh, wait_for, write

PULLS = int(os.environ.get("ENGABO_PULLS", "20"))
SEED = int(os.environ.get("ENGABO_SEED", str(random.randrange(1 << 30))))
SAFE = "The stick can be pulled out now."


def has_exfat():
    return os.geteuid() == 0 and all(shutil.which(tool) for tool in ("mkfs.exfat", "mount.exfat-fuse", "losetup")) and os.path.exists("/dev/fuse")


class Stick:
    """In and out of its place; `whole` is what lies on it, also while it is out."""

    def __init__(self, top, name, size="64M", exfat=False):
        self.place, self.whole, self.device = os.path.join(top, name), os.path.join(top, name + "-whole"), None
        os.mkdir(self.place)
        os.mkdir(self.whole)
        if exfat:
            image = self.whole + ".img"
            sh("truncate", "-s", size, image)
            sh("mkfs.exfat", image)
            self.device = sh("losetup", "-f", "--show", image).decode().strip()
            sh("mount.exfat-fuse", self.device, self.whole)
        else:
            sh("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", self.whole)
        self.insert()

    def insert(self):
        sh("mount", "--bind", self.whole, self.place)
        return self

    def pull(self):
        """At once, whatever is open there."""
        sh("umount", "-l", self.place)

    def end(self):
        subprocess.run(["umount", self.place], capture_output=True)
        subprocess.run(["umount", self.whole], capture_output=True)
        if self.device:
            subprocess.run(["losetup", "-d", self.device], capture_output=True)

    def path(self, *names):
        return os.path.join(self.whole, *names)

    def pieces(self):
        folder = self.path("sync")
        return sorted(n for n in os.listdir(folder) if n.endswith(".bundle")) if os.path.isdir(folder) else []


def sync(hub, stick, *words):
    return hub.run("sync", stick.place, *words, check=False)


def stock_piece(stick, relay):
    """The roster, by stock git and sha256sum, as FORMAT.md says by hand."""
    os.makedirs(stick.path("sync"), exist_ok=True)
    sh("git", "-C", relay, "bundle", "create", "-q", stick.path("sync", "x"), "refs/heads/roster")
    digest = sh("sha256sum", stick.path("sync", "x")).decode()[:32]
    os.rename(stick.path("sync", "x"), stick.path("sync", digest + ".bundle"))
    return digest + ".bundle"


def torn(stick):
    """Pieces whose content is not what their names say."""
    return [name for name in stick.pieces() if hashlib.sha256(open(stick.path("sync", name), "rb").read()).hexdigest()[:32] != name[:32]]


def arrived(hq):
    return sorted(row["what"] for row in json.loads(hq.with_passphrase("export", "reports").stdout)["reports"])


def travelling(tap, coalition, stick, kind):
    hq, gulu, mbarara = coalition.hubs
    gulu.report(what=f"one by {kind}")
    done = sync(gulu, stick)
    tap.ok(f"{kind}: what the stick brought and took is told, and that it can be pulled out",
           done.returncode == 0 and re.search(r"the stick brought 0 records and took [1-9]", done.stdout) and done.stdout.endswith(SAFE + "\n"), done)
    done = sync(gulu, stick)
    tap.ok(f"{kind}: the second time there is nothing new", done.returncode == 0 and "nothing new" in done.stdout and SAFE in done.stdout, done)
    done = sync(hq, stick)
    tap.ok(f"{kind}: at headquarters it brings the records", done.returncode == 0 and re.search(r"brought [1-9]", done.stdout), done)
    tap.ok(f"{kind}: the report is there", f"one by {kind}" in arrived(hq))
    names = sh("find", ".", cwd=stick.whole).decode()
    telling = ["engabo", "gulu", "defender", "report"] + ([hq.log, gulu.log] if kind == "pieces" else [])
    tap.ok(f"{kind}: no name on the stick tells what it is for", not any(word in names.lower() for word in telling), names)
    content = b"".join(open(os.path.join(top, name), "rb").read() for top, _, found in os.walk(stick.whole) for name in found)
    tap.ok(f"{kind}: nothing readable lies there", b"one by" not in content)


def by_hand(tap, coalition, stick):
    """All that the stick holds, by stock git alone."""
    sync(coalition.gulu, stick)
    clone = os.path.join(coalition.top, "by-hand.git")
    sh("git", "init", "-q", "--bare", clone)
    whole = [name for name in stick.pieces() if name not in torn(stick)]
    for name in whole * len(whole):  # each waits for what it goes on from
        subprocess.run(["git", "-C", clone, "fetch", "-q", stick.path("sync", name), "refs/*:refs/*"], capture_output=True)
    bad = [name for name in whole if subprocess.run(["git", "-C", clone, "bundle", "verify", "-q", stick.path("sync", name)], capture_output=True).returncode]
    there = sh("git", "-C", clone, "rev-parse", f"log/{coalition.gulu.log}/1").decode()
    ours = sh("git", "--git-dir", os.path.join(coalition.gulu.dir, "log.git"), "rev-parse", f"log/{coalition.gulu.log}/1").decode()
    tap.ok("stock git reads all pieces, and finds the hub's whole log", not bad and there == ours, (bad, there, ours))


def refusing(tap, coalition, make):
    gulu = coalition.gulu
    stick = make("photos")
    write(stick.path("holiday.jpg"), "a photo")
    os.mkdir(stick.path("music"))
    write(stick.path("music", "song.mp3"), "a song")
    done = sync(gulu, stick)
    tap.ok("on a stick with other files a folder is added", done.returncode == 0 and SAFE in done.stdout and sorted(os.listdir(stick.whole)) == ["holiday.jpg", "music", "sync"], done)
    tap.ok("and nothing else is touched", open(stick.path("holiday.jpg")).read() == "a photo" and os.listdir(stick.path("music")) == ["song.mp3"])
    done = gulu.run("sync", os.path.join(stick.place, "music"), check=False)
    tap.refused("a folder on it with somebody's files", done if not done.stdout else subprocess.CompletedProcess([], done.returncode, "", done.stderr), 69, "left alone")
    tap.ok("nothing was put there", os.listdir(stick.path("music")) == ["song.mp3"])
    stick.end()
    empty = os.path.join(coalition.top, "not-mounted")
    os.mkdir(empty)
    tap.ok("in an empty folder of this machine's own disk nothing is begun", gulu.run("sync", empty, check=False).returncode == 69 and not os.listdir(empty))

    stick = make("locked")
    sh("mount", "-o", "remount,ro,bind", stick.place)
    done = sync(gulu, stick)
    tap.ok("a new stick that is read-only says so", done.returncode == 69 and "write-protected" in done.stderr, done)
    sh("mount", "-o", "remount,rw,bind", stick.place)
    sync(coalition.mbarara, stick)
    gulu.report(what="while the stick was read-only")
    sh("mount", "-o", "remount,ro,bind", stick.place)
    done = sync(gulu, stick)
    tap.ok("one that is read-only brings what it has, says that it could not be written, and can be pulled out",
           done.returncode == 69 and "write-protected" in done.stderr and SAFE in done.stdout, done)
    stick.end()


def damaging(tap, coalition, stick):
    """Each of the pieces in turn."""
    hq, gulu = coalition.hq, coalition.gulu
    for name in stick.pieces():
        path = stick.path("sync", name)
        content = open(path, "rb").read()
        with open(path, "wb") as f:
            f.write(content[:len(content) // 2])
        done = sync(gulu, stick)
        tap.ok("a torn piece is named, and what was in it is written again", done.returncode == 0 and f"{name} was left alone" in done.stdout or not torn(stick), done)
    by_hand(tap, coalition, stick)
    tap.ok("headquarters can go on from it", sync(hq, stick).returncode == 0)


def filling(tap, coalition, make, kind):
    hq, gulu = coalition.hq, coalition.gulu
    stick = make(f"full-{kind}", "8M")
    for i in range(40):
        gulu.report(what=f"before the {kind} was full {i} " + "x" * 4000)
    done = sync(hq, stick)
    fill(stick.whole, 60 << 10)
    done = sync(gulu, stick)
    tap.ok(f"{kind}: a full stick says so, and can be pulled out", done.returncode == 69 and "full" in done.stderr and SAFE in done.stdout, done)
    tap.ok("and nothing on it is torn", kind == "repository" or not torn(stick))
    os.unlink(stick.path("filler"))
    done = sync(gulu, stick)
    tap.ok("with room again all goes on it", done.returncode == 0 and (kind == "repository" or not torn(stick)), done)
    tap.ok("and arrives", sync(hq, stick).returncode == 0 and sum(f"before the {kind} was full" in what for what in arrived(hq)) >= 40)
    stick.end()


def asking(tap, coalition, stick):
    """By the office's page, which may not call sync itself."""
    gulu, hq = coalition.gulu, coalition.hq
    place, other = "/media/blue stick", "/media/blue stick/other"
    for line in reversed(open("/proc/self/mountinfo").readlines()):  # in this namespace alone
        if re.match(r"/(media|run/media|mnt)(/|$)", line.split()[4]):
            sh("umount", "-l", line.split()[4], check=False)
    sh("mount", "-t", "tmpfs", "tmpfs", "/media")
    os.mkdir(place)
    gulu.start()
    laptop = gulu.sign_in()
    page = laptop.get("/sync")
    tap.ok("the page says that no stick is plugged in", "No stick is plugged in" in page.text, (page.status, page.text, open(gulu.log_path).read()[-2000:]))
    sh("mount", "--bind", stick.whole, place)
    page = laptop.get("/sync")
    tap.ok("one that is put in is there, with a button", "Synchronise with blue stick" in page.text, page.text)
    gulu.report(what="for the page")
    page = laptop.send(page, "/sync")
    tap.ok("pressing it says that it begins", "within a moment" in page.text, page.text)
    page = wait_for("the stick to be done", lambda: (lambda p: p if "brought records" in p.text else None)(laptop.get("/sync")))
    tap.ok("then the page tells what was brought and given, and that it can be pulled out", re.search(r"brought records: \d+, and was given: [1-9]", page.text) and SAFE in page.text, page.text)
    form = page.form("/sync")
    os.mkdir(other)
    page = laptop.post("/sync", form.filled({"stick": other}))
    tap.ok("a folder that is no stick is not taken, whatever is sent", "not plugged in" in page.text and not os.listdir(other), page.text)
    gulu.kill()
    with sqlite3.connect(os.path.join(gulu.dir, "office.db")) as db:
        db.execute("INSERT INTO wish(stick) VALUES(?)", (other,))
    gulu.start("sync")
    gulu.run("sync", check=False)
    gulu.stop()
    tap.ok("nor by sync, should somebody have taken over the office", not os.listdir(other))
    sh("umount", "-l", place)
    sh("umount", "-l", "/media")
    tap.ok("what the stick was given arrives", sync(hq, stick).returncode == 0 and "for the page" in arrived(hq))


def pulling(tap, coalition, stick, kind, rng):
    """Half of the times the hub's process is killed, too, as when somebody pulls out the power; its own files are checked as after a power cut."""
    hq, gulu = coalition.hq, coalition.gulu
    begun = time.monotonic()
    sync(gulu, stick)
    longest = time.monotonic() - begun
    told, bad, hung = [], [], 0
    for i in range(PULLS):
        told.append(f"{kind}, pulled {i:03}")
        gulu.report(what=told[-1])
        process = subprocess.Popen([PROGRAM, "--state", gulu.dir, "sync", stick.place], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=gulu.environment,
                                   start_new_session=True)
        time.sleep(rng.uniform(0, longest * 1.2))
        if rng.random() < 0.5:
            os.killpg(process.pid, signal.SIGKILL)
        stick.pull()
        try:
            out, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            hung += 1
            process.kill()
            out, err = process.communicate()
        if process.returncode not in (0, 69, 65, 74, -signal.SIGKILL) or len(err.splitlines()) > 1 or (process.returncode > 0 and not err):
            bad.append((process.returncode, out, err))
        if kind == "pieces" and torn(stick):
            bad.append(torn(stick))
        stick.insert()
        if i % 10 == 9:
            with_hq = sync(hq, stick)
            if with_hq.returncode:
                bad.append(with_hq)
    tap.ok(f"{kind}: {PULLS} times it was pulled out, each time with at most one line that says so", not bad and not hung, (hung, bad[:3]))
    done = sync(gulu, stick)
    tap.ok(f"{kind}: the next sync completes", done.returncode == 0 and SAFE in done.stdout, done)
    done = sync(hq, stick)
    tap.ok(f"{kind}: at headquarters, too", done.returncode == 0, done)
    there = [what for what in arrived(hq) if what in told]
    tap.ok(f"{kind}: every record arrived, none twice", there == sorted(told), set(told) - set(there))
    tap.ok(f"{kind}: engabo check finds nothing", gulu.run("check", check=False).returncode == 0 and hq.run("check", check=False).returncode == 0,
           gulu.run("check", check=False).stdout)
    left = [name for name in os.listdir(stick.path("sync")) if not name.endswith(".bundle")]
    if kind == "pieces":
        tap.ok("pieces: no more than one unfinished file is left of each hub", len(left) <= 2, left)
    else:
        done = subprocess.run(["git", "-c", "safe.directory=*", "--git-dir", stick.path("sync"), "fsck", "--strict"], capture_output=True, text=True)
        tap.ok("repository: git fsck finds nothing broken", done.returncode == 0, done)


def main():
    own_mounts()
    print(f"# seed {SEED}, {PULLS} pulls a kind")
    rng, tap, coalition = random.Random(SEED), Tap(), Coalition()
    sticks = []

    def make_pieces(name, size="64M"):
        sticks.append(Stick(coalition.top, name, size, exfat=has_exfat()))
        if not has_exfat():
            stock_piece(sticks[-1], coalition.relay)
        return sticks[-1]

    def make_repository(name, size="64M"):
        sticks.append(Stick(coalition.top, name, size))
        return sticks[-1]

    try:
        coalition.make()
        print(f"# pieces on {'exFAT' if has_exfat() else 'a disk of the kernel'}")
        pieces, repository = make_pieces("grey"), make_repository("blue")
        travelling(tap, coalition, pieces, "pieces")
        travelling(tap, coalition, repository, "repository")
        by_hand_stick = make_repository("green")
        name = stock_piece(by_hand_stick, coalition.relay)
        done = sync(coalition.gulu, by_hand_stick)
        tap.ok("a piece that stock git made is gone on from", done.returncode == 0 and name in by_hand_stick.pieces() and len(by_hand_stick.pieces()) > 1, done)
        by_hand(tap, coalition, pieces)
        damaging(tap, coalition, pieces)
        refusing(tap, coalition, make_repository)
        asking(tap, coalition, make_repository("asked"))
        filling(tap, coalition, make_pieces, "pieces")
        filling(tap, coalition, make_repository, "repository")
        pulling(tap, coalition, make_pieces("pulled-pieces"), "pieces", rng)
        pulling(tap, coalition, make_repository("pulled-repository"), "repository", rng)
        tap.done()
    finally:
        for stick in sticks:
            stick.end()
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
