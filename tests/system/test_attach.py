#!/usr/bin/python3
"""Files that staff add to a case: sealed on their way to the card, handed out as downloads, taken from nobody else. Two hubs and headquarters."""
import os
import re
import subprocess

from coalition import Coalition, Tap, wait_for

PHOTO = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01"  # how a JPEG begins
LETTER = b"%PDF-1.7\n"


def pieces(hub):
    folder = os.path.join(hub.dir, "attachments")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def is_on_card(hub, needle):
    return subprocess.run(["grep", "-rlaF", needle, hub.dir], capture_output=True, check=False).stdout != b""


def main():
    tap, coalition = Tap(), Coalition()
    try:
        coalition.make()
        coalition.start()
        gulu, hq = coalition.gulu, coalition.hq
        laptop = gulu.sign_in()
        gulu.report(what="They took the phone and the papers.")
        gulu.sync()
        report = re.search(r"/reports/([a-z0-9.]{43})", laptop.get("/reports").body).group(1)
        laptop.send(laptop.get(f"/reports/{report}/case"), f"/reports/{report}/case", alias="Heron", risk="high")
        case, form, to = f"/cases/{report}", f"/cases/{report}/files/new", f"/files/{report}"
        photo, letter = PHOTO + b"what the camera saw " * 60000, LETTER + b"what the court wrote " * 40

        page = laptop.upload(laptop.get(form), to, {"file": [photo, letter]}, name="bail ruling", text="Both sides of it")
        tap.ok("two files are added at once, and are named on the case", page.status == 200 and page.url.endswith(case)
               and "bail ruling 1" in page.text and "bail ruling 2" in page.text and "Both sides of it" in page.text, page.text[:400])
        links = re.findall(rf'href="({case}/files/[a-z0-9.]{{43}})"', page.body)
        got = [laptop.download(link) for link in links]
        tap.ok("they come back to the byte", [body for _, body in got] == [photo, letter])
        tap.ok("as downloads with a name of ours, of no kind that a browser shows, and may do nothing",
               all(re.fullmatch(r'attachment; filename="GUL-[A-Z0-9]{5}-[a-z0-9]{6}\.(jpg|pdf)"', h["Content-Disposition"])
                   and h["Content-Type"] == "application/octet-stream" and "sandbox" in h["Content-Security-Policy"] and h["Cache-Control"] == "no-store"
                   for h, _ in got), [h["Content-Disposition"] for h, _ in got])
        tap.ok("nothing of them is on the card in plaintext", not is_on_card(gulu, "camera saw what the") and not is_on_card(gulu, "court wrote what the"))
        before = pieces(gulu)
        tap.ok("they lie there as pieces named by their digest", len(before) == 4 and all(re.fullmatch(r"[0-9a-f]{64}", name) for name in before), before)

        def refused(promise, page, *said):
            tap.ok(promise, page.status >= 400 and all(word in page.text for word in said), (page.status, page.text[:300]))
            wait_for("the card without the refused files", lambda: pieces(gulu) == before)  # taken away once the answer is out
        page = laptop.upload(laptop.get(form), to, {"file": [PHOTO + bytes(11 * 1024 * 1024)]}, name="kept words")
        refused("one that is too large is named, and nothing of it stays", page, "at most 10 megabytes")
        tap.ok("what was typed beside it is kept", 'value="kept words"' in page.body)
        refused("six at a time are too many", laptop.upload(laptop.get(form), to, {"file": [letter] * 6}, name="six"), "Too many files")
        refused("no file is named", laptop.upload(laptop.get(form), to, {"file": [b""]}, name="none"), "choose at least one")
        refused("no name is named", laptop.upload(laptop.get(form), to, {"file": [letter]}, name=""), "Name: this must be filled in")
        page = laptop.get(form)
        page.form(to).fields[:] = [(n, "0" * 43 if n == "csrf" else v) for n, v in page.form(to).fields]
        refused("a form of another page is refused before a byte is taken", laptop.upload(page, to, {"file": [letter]}, name="x"), "out of date")
        stranger = gulu.laptop()
        page = laptop.get(form)
        page = stranger.upload(page, to, {"file": [letter]}, name="x")
        tap.ok("of somebody who is not signed in nothing is taken", "/login" in page.url, page.url)
        wait_for("the card without the stranger's file", lambda: pieces(gulu) == before)
        nowhere = f"/cases/{report}/files/{'a' * 16}.{'0' * 26}"
        tap.ok("a file that is not there is not found", laptop.get(nowhere).status == 404)

        out = laptop.get(f"{links[1]}/out")
        tap.ok("taking one out needs a reason", laptop.send(out, "/out", text=" ").status == 400 and laptop.get(links[1]).status == 200)
        page = laptop.send(out, "/out", text="x" * 7995)
        tap.ok("and one that fits into a note with the file's name", page.status == 400 and "x" * 7995 in page.body and laptop.get(links[1]).status == 200, page.text[:300])
        page = laptop.send(out, "/out", text="it is of another case")
        tap.ok("then it is shown and handed out no more, and the case says who took it out and why", links[1] not in page.body and links[0] in page.body
               and laptop.get(links[1]).status == 404 and 'Took out the file "bail ruling 2": it is of another case' in page.text
               and "took a file out of" in laptop.get("/audit").text, page.text[:1200])
        found = laptop.get("/search?q=Both+sides").body
        tap.ok("search finds the one that is left, and not the one that was taken out", "bail ruling 1" in found and "bail ruling 2" not in found, found)
        tap.ok("once", laptop.send(out, "/out", text="again").status == 404)

        for hub in (gulu, hq, gulu, hq):
            hub.sync()
        page = hq.sign_in().get(case)
        tap.ok("headquarters sees that there is a file, and where, and not the other", "bail ruling 1" in page.text and "still at Gulu" in page.text and page.text.count("bail ruling 2") == 1, page.text[:600])
        gulu.stop()
        with open(os.path.join(gulu.dir, "attachments", "new-left"), "wb") as f:
            f.write(b"x")
        gulu.start()
        laptop = gulu.sign_in()
        tap.ok("after a restart they are there, and what a killed writer left is not", pieces(gulu) == before and laptop.download(links[0])[1] == photo)
    finally:
        coalition.close()
    tap.done()


main()
