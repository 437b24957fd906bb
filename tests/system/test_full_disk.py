#!/usr/bin/python3
"""A hub on a disk that is filled to the last block: init, a report, signing in, writing and sync say so in clear words, lose nothing, and go on by themselves when
there is room again. Runs in a mount namespace of its own. (What the form does below its reserve: test_intake_full.py.)"""
import os
import subprocess
import tempfile

from coalition import Coalition, Tap, fill, own_mounts, sh, small_disk, wait_for


def making(tap, hub, disk):
    for leave in (0, 16, 60, 120):
        fill(disk, leave << 10)
        tap.refused(f"init on a disk with {leave} KB left", hub.run(*hub.init_words(), check=False), 74)
        tap.ok("and nothing was made", not os.path.exists(hub.dir) and not os.path.exists(hub.sheet), os.listdir(disk))
        os.unlink(os.path.join(disk, "filler"))


def working(tap, hq, relay, disk):
    hq.init("Coalition for Defenders")
    hq.run("remote", "add", "relay", relay)
    hq.start()
    code = hq.report(what="before the disk was full")
    fill(disk, 0)
    tap.refused("a report on a full disk", hq.run("report", "-", input='{"what":"x"}', check=False), 74, "room")
    done = hq.run("sync", check=False)
    tap.ok("engabo sync on a full disk: exit 74 and one line", done.returncode == 74 and done.stderr.count("\n") == 1 and not done.stderr.startswith("engabo: sqlite"), done)
    laptop = hq.sign_in()
    page = laptop.get("/reports")
    tap.ok("people sign in all the same, and read", page.status == 200, page.text)
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="typed on a full disk", how="visit", danger="no")
    tap.ok("what is written there is not taken, told with the reason, and everything typed is kept",
           page.status >= 500 and "room" in page.text and "typed on a full disk" in page.body, (page.status, page.text))
    tap.ok("all roles go on", all(hq.healthy(port) for port in (hq.https, hq.office, hq.sync_port)))
    hq.run("status")
    os.unlink(os.path.join(disk, "filler"))
    page = laptop.send(page, "/reports/new")
    tap.ok("with room again the same page is sent by one press", page.status == 200 and "/reports/" in page.url, (page.status, page.text[:400]))
    hq.sync()
    wait_for("the spool in the log", lambda: hq.status()["spool"] == {"intake": 0, "office": 0})
    tap.ok("sync has sent what waited", int(sh("git", "-C", relay, "rev-list", "--count", f"log/{hq.log}/1")) >= 1)
    phone = hq.phone()
    tap.ok("and the report from before is there", "Nobody has read it yet" in phone.send(phone.get("/messages"), "/messages", code=code).text)
    hq.stop()
    done = hq.run("check", check=False)
    tap.ok("engabo check finds nothing", done.returncode == 0, done.stdout)


def main():
    own_mounts()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as disk:
        small_disk(disk, "160m")
        coalition = Coalition(top=disk)
        try:
            sh("git", "init", "-q", "--bare", coalition.relay)
            making(tap, coalition.gulu, disk)
            working(tap, coalition.hq, coalition.relay, disk)
        finally:
            coalition.close(keep=True)
            subprocess.run(["umount", "-l", disk], check=True)
    tap.done()


main()
