#!/usr/bin/python3
"""Plaintext never reaches the card, and keys never reach a process that must not have them.

After reports, answers, messages and casework, every byte under all state directories, the relay, the logs and every object in every git repository is searched for each
answer given, as UTF-8, UTF-16 and base64 at each alignment. The memory of intake and sync is searched for the hub's private opening key (and that of the unlocked office, where it
must be, so that the search is known to find)."""
import base64
import os
import subprocess

from coalition import Coalition, Tap, receipt, wait_for

ANSWERS = {
    "what": "Zebra-coloured lorries waited outside the borehole committee",
    "who": "Quartz Nambooze and her sister",
    "by": "Xylophone security company guards",
    "place": "behind the Vermilion guesthouse",
    "contact": "Knock twice at the Ochre tailor, never after dusk",
}
STAFF = {"alias": "Heliotrope", "note": "Marmalade told us that the Cobalt road is watched", "action": "Arrange the Turquoise lodging"}
MESSAGE = "Periwinkle arrived safely and asks for the lawyer"


def forms(text):
    """What a text would look like on the card if it had leaked: plain, UTF-16 either way, base64 at the three alignments (without the ends that its neighbours change)."""
    raw = text.encode()
    yield raw
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + raw)
        yield encoded[4 if shift else 0:-4]


def haystacks(coalition):
    for top, _, names in os.walk(coalition.top):
        for name in names:
            path = os.path.join(top, name)
            if os.path.isfile(path):
                yield path, open(path, "rb").read()
        if top.endswith(".git"):
            objects = subprocess.run(["git", "-C", top, "cat-file", "--batch-all-objects", "--batch"], capture_output=True)
            yield top + " (objects)", objects.stdout


def found(coalition, needles):
    return [(path, what) for path, content in haystacks(coalition) for what, needle in needles if needle in content]


def memory(pid):
    """All that a process has in memory, bounded reads of each readable mapping."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, mode = line.split()[:2]
            if "r" not in mode or line.rstrip().endswith(("[vvar]", "[vsyscall]")):
                continue
            low, high = (int(x, 16) for x in span.split("-"))
            if high - low > 1 << 30:
                continue  # the shadow memory of a sanitizer: no role of ours maps a gigabyte
            try:
                mem.seek(low)
                yield mem.read(high - low)
            except (OSError, OverflowError, ValueError):
                continue


def holds(pid, needles):
    return any(needle in part for part in memory(pid) for needle in needles)


def bech32_bytes(text):
    """The 32 bytes of an AGE-SECRET-KEY-1..., its checksum not asked."""
    values = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(c) for c in text.lower().split("1", 1)[1]][:-6]
    bits = "".join(f"{v:05b}" for v in values)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8))


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu]).start()
        hq, gulu = coalition.hq, coalition.gulu
        phone = gulu.phone()
        page = phone.report(**ANSWERS, danger="yes")
        tap.ok("a report is taken by the locked hub", page.status == 200 and "/done/" in page.url, page.text)
        code = receipt(page)
        gulu.sync(), hq.sync()

        laptop = hq.sign_in()
        reports = laptop.get("/reports")
        link = next(link for link in reports.links if link.startswith("/reports/") and "." in link)
        case = laptop.send(laptop.get(link + "/case"), "/case", alias=STAFF["alias"]).url
        laptop.send(laptop.get(case), "/notes", text=STAFF["note"])
        laptop.send(laptop.get(case + "/actions/new"), "/actions/", what=STAFF["action"], who="namata", due="2027-01-15")
        page = laptop.get(case)
        tap.ok("a case with a note and an action is at headquarters", STAFF["note"] in page.text and STAFF["action"] in page.text, page.text)
        page = laptop.get("/search?q=zebra")
        tap.ok("and can be searched for", "Zebra" in page.text, page.text)

        phone = gulu.phone()
        page = phone.send(phone.get("/messages"), "/messages", code=code)
        page = phone.send(page, "/messages", text=MESSAGE, go="send")
        tap.ok("the reporter has sent a message with the code", page.status == 200, page.text)
        gulu.sync(), hq.sync(), gulu.sync()
        tap.ok("which headquarters reads", MESSAGE in laptop.get(link).text, laptop.get(link).text)
        officer = gulu.sign_in()
        tap.ok("and the hub's officer, too", STAFF["alias"] in officer.get("/cases").text, officer.get("/cases").text)

        identity = os.path.join(coalition.top, "identity.txt")
        gulu.with_passphrase("recover", "-o", identity)
        text = next(line for line in open(identity).read().split() if line.startswith("AGE-SECRET-KEY-1"))
        os.unlink(identity)
        secret = [bech32_bytes(text), text.encode(), text.lower().encode()]
        tap.ok("the unlocked office holds the opening key (the search can find it)", holds(gulu.role_pid("office"), secret))
        for role in ("intake", "sync"):
            tap.ok(f"{role} holds no opening key in its memory", not holds(gulu.role_pid(role), secret))

        for hub in (hq, gulu):
            hub.run("lock")
            wait_for(f"the snapshot of {hub.code}", lambda h=hub: os.path.exists(os.path.join(h.dir, "snapshot.sig")))
            hub.stop()
        needles = [(what, form) for what in [*ANSWERS.values(), *STAFF.values(), MESSAGE, code, code.replace(" ", "")] for form in forms(what)]
        os.makedirs(os.path.join(coalition.top, "control"))
        with open(os.path.join(coalition.top, "control", "planted"), "wb") as f:
            f.write(b"xx" + base64.b64encode(b"y" + ANSWERS["what"].encode() + b"z"))
        planted = found(coalition, needles)
        tap.ok("the search finds what is planted", [path for path, _ in planted if path.endswith("planted")], planted)
        os.unlink(os.path.join(coalition.top, "control", "planted"))
        leaks = found(coalition, needles)
        tap.ok("no answer, name, note, message or code is on any card, in any journal or at the relay", not leaks, leaks)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
