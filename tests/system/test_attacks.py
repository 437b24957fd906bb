#!/usr/bin/python3
"""What a broken-into process, a thief and a provider try, written out as attacks, each of which must fail and change nothing.

The attacker here is generous to itself: it writes files, repositories and databases of a hub as the broken role could, with stock age, git, ssh-keygen and sqlite3."""
import base64
import glob
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess

from coalition import Coalition, Tap, receipt, sh, wait_for


class Attacker:
    def __init__(self, top):
        self.top = os.path.join(top, "attacker")
        os.makedirs(self.top)
        self.identity = os.path.join(self.top, "identity.txt")
        sh("age-keygen", "-o", self.identity)
        self.recipient = sh("age-keygen", "-y", self.identity).decode().strip()
        self.key = os.path.join(self.top, "key")
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.key)

    def sign(self, name_space, message):
        """An armored SSH signature by the attacker's own key."""
        return sh("ssh-keygen", "-q", "-Y", "sign", "-f", self.key, "-n", name_space, input=message)

    def raw_signature(self, name_space, message):
        blob = base64.b64decode("".join(self.sign(name_space, message).decode().splitlines()[1:-1]))
        return base64.b64encode(blob[-64:]).decode().rstrip("=")

    def opens(self, sealed):
        return subprocess.run(["age", "-d", "-i", self.identity], input=sealed, capture_output=True).returncode == 0


def recipient_of(hub):
    return json.load(open(os.path.join(hub.dir, "trust.json")))["self"]["recipient"]


def log_blobs(hub, log):
    """Every envelope in a hub's copy of a log."""
    git = ["git", "-C", os.path.join(hub.dir, "log.git")]
    for commit in sh(*git, "rev-list", f"refs/heads/log/{log}/1").decode().split():
        for line in sh(*git, "ls-tree", commit).decode().splitlines():
            yield line.split("\t")[1], sh(*git, "cat-file", "blob", line.split()[2])


def swap_roster(tap, coalition, attacker):
    """A broken-into sync process owns log.git and the log-signing key. It writes a roster of its own, in which headquarters' recipient is the attacker's."""
    gulu = coalition.gulu
    git = ["git", "-C", os.path.join(gulu.dir, "log.git")]
    honest = sh(*git, "rev-parse", "refs/heads/roster").decode().strip()
    first = sh(*git, "rev-list", "--max-parents=0", "refs/heads/roster").decode().strip()
    roster = json.loads(sh(*git, "show", "refs/heads/roster:roster.json"))
    roster["version"] += 1
    for member in roster["members"]:
        member["recipient"] = attacker.recipient
    roster["recovery"] = attacker.recipient
    work = {**os.environ, "GIT_INDEX_FILE": os.path.join(attacker.top, "index"), "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@x"}
    sh(*git, "read-tree", "refs/heads/roster", env=work)
    blob = sh(*git, "hash-object", "-w", "--stdin", input=json.dumps(roster).encode()).decode().strip()
    sh(*git, "update-index", "--add", "--cacheinfo", f"100644,{blob},roster.json", env=work)
    tree = sh(*git, "write-tree", env=work).decode().strip()
    commit = sh(*git, "commit-tree", tree, "-p", honest, "-m", "roster", env=work).decode().strip()

    def report(text):
        page = gulu.phone().get("/form/1")
        return gulu.phone().send(page, "/form/send", what=text) if page.forms else page

    sh(*git, "update-ref", "refs/heads/roster", commit)
    page = report("while the roster was swapped")
    waiting = sqlite3.connect(f"file:{gulu.dir}/intake.db?mode=ro", uri=True).execute("SELECT kind, body FROM spool").fetchall()
    tap.ok("a roster that no coordinator signed is not believed by intake: nothing is sealed to the attacker",
           not any(attacker.opens(body) for _, body in waiting), page.text)
    os.kill(gulu.role_pid("intake"), 9)
    wait_for("intake", lambda: gulu.healthy(gulu.https))
    page = report("after intake was started again under the swapped roster")
    tap.ok("nor by an intake that starts with it: it takes nothing rather than seal to a stranger, and says so", page.status >= 400 and "/done/" not in page.url, (page.status, page.text))
    laptop = gulu.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=gulu.user, passphrase=gulu.passphrase)
    sealed = sqlite3.connect(f"file:{gulu.dir}/office.db?mode=ro", uri=True).execute("SELECT body FROM spool").fetchall()
    tap.ok("office does not believe it, either", not any(attacker.opens(body) for body, in sealed) and (page.status != 200 or "/login" in page.url or "roster" in laptop.get("/hubs").text.lower()), page.text)
    gulu.run("lock", check=False)

    sh(*git, "update-ref", "refs/heads/roster", first)
    wait_for("intake", lambda: gulu.healthy(gulu.https))
    os.kill(gulu.role_pid("intake"), 9)
    wait_for("intake", lambda: gulu.healthy(gulu.https))
    page = report("while the roster was rolled back")
    tap.ok("a roster that is rolled back to an earlier version is refused by intake", page.status >= 400 and "/done/" not in page.url, (page.status, page.text))
    sh(*git, "update-ref", "refs/heads/roster", honest)
    page = wait_for("intake to take reports again", lambda: (lambda p: p if p.status == 200 and "/done/" in p.url else None)(report("with the honest roster again")))
    gulu.sync()
    tap.ok("with the honest one it goes on by itself", receipt(page))
    blobs = list(log_blobs(gulu, gulu.log))
    tap.ok(f"none of the {len(blobs)} envelopes in Gulu's log opens for the attacker", not any(attacker.opens(body) for _, body in blobs))


def plant_snapshot(tap, coalition, attacker):
    """A thief puts a snapshot on the card, sealed to the hub as anyone can, and signed with another key."""
    hq = coalition.hq
    hq.sign_in()
    hq.run("lock")
    wait_for("the snapshot", lambda: os.path.exists(os.path.join(hq.dir, "snapshot.sig")))
    hq.stop()
    database = os.path.join(attacker.top, "cases.db")
    identity = os.path.join(attacker.top, "hq.txt")
    hq.with_passphrase("recover", "-o", identity)
    with open(database, "wb") as f:
        f.write(sh("age", "-d", "-i", identity, os.path.join(hq.dir, "snapshot.age")))
    os.unlink(identity)
    connection = sqlite3.connect(database)
    connection.execute("UPDATE report SET what = 'planted by a thief'")
    connection.commit()
    connection.close()
    sealed = sh("age", "-r", recipient_of(hq), input=open(database, "rb").read())
    signed = json.loads(open(os.path.join(hq.dir, "snapshot.sig")).readline())
    signed["sha256"] = hashlib.sha256(sealed).hexdigest()
    line = json.dumps(signed, separators=(",", ":")).encode()
    with open(os.path.join(hq.dir, "snapshot.age"), "wb") as f:
        f.write(sealed)
    with open(os.path.join(hq.dir, "snapshot.sig"), "wb") as f:
        f.write(line + b"\n" + attacker.sign("engabo-snapshot", line))
    hq.start()
    text = hq.sign_in().get("/reports").text
    tap.ok("a planted snapshot is not believed; the case file is made again from the log", "planted by a thief" not in text and "with the honest roster again" in text, text)


def provider_with_card(tap, coalition, attacker):
    """A provider knows a passphrase that opens the pages, and steals the card."""
    hq = coalition.hq
    namata = hq.sign_in()
    page = namata.send(namata.get("/users/new"), "/users/new", name="drokello", role="provider", passphrase=hq.passphrase)
    passphrase = re.search(r'class="code">([a-z]+(?: [a-z]+){6})<', page.body).group(1)
    laptop = hq.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name="drokello", passphrase=passphrase)
    tap.ok("a provider signs in while the hub is open, and sees no report", page.status == 200 and "/login" not in page.url and laptop.get("/reports").status == 403, page.text)
    hq.run("lock")
    hq.stop()
    stolen = os.path.join(attacker.top, "card")
    shutil.copytree(hq.dir, stolen, ignore=shutil.ignore_patterns("*.sock", "*.bell"))
    kept, hq.dir = hq.dir, stolen
    for name in ("drokello", "namata", ""):
        for words in (("recover", "-o", os.path.join(attacker.top, "out.txt")), ("export", "reports"), ("check",)):
            done = hq.run(*words, "--as", name, "--passphrase-file", "-", input=passphrase + "\n", check=False)
            tap.ok(f"with the whole card and that passphrase, {words[0]} as {name or 'the printed slot'} opens nothing",
                   done.returncode == 77 and not done.stdout.strip() and not os.path.exists(os.path.join(attacker.top, "out.txt")), (done.returncode, done.stdout, done.stderr))
    hq.dir = kept
    whole = b"".join(open(path, "rb").read() for path in glob.glob(stolen + "/**", recursive=True) if os.path.isfile(path))
    tap.ok("nor does the card name them or hold anything to test a guess of it", b"drokello" not in whole and b"$argon2id$" not in whole)
    shutil.rmtree(stolen)
    hq.start()


def plant_keyring(tap, coalition, attacker):
    """A thief puts a keyring of its own on the card, whose passphrase it knows, and hopes that somebody's casework will be sealed with it."""
    hq, other = coalition.hq, coalition.mbarara
    hq.stop()
    other.user = hq.user
    other.init()
    kept = os.path.join(attacker.top, "keyring.json")
    shutil.copy(os.path.join(hq.dir, "keyring.json"), kept)
    shutil.copy(os.path.join(other.dir, "keyring.json"), os.path.join(hq.dir, "keyring.json"))
    hq.start()
    laptop = hq.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=hq.user, passphrase=other.passphrase)
    tap.ok("a planted keyring opens nothing, though its passphrase is right", page.status != 200 or "/login" in page.url, page.text)
    hq.stop()
    shutil.copy(kept, os.path.join(hq.dir, "keyring.json"))
    shutil.rmtree(other.dir)
    hq.start()


def forge_casework(tap, coalition, attacker):
    """A thief of a locked hub has the log-signing key and all databases, but not the office key. It plants casework and lets sync carry it."""
    hq, gulu = coalition.hq, coalition.gulu
    namata = hq.sign_in()
    key = next(link for link in namata.get("/reports").links if link.startswith("/reports/" + gulu.log)).split("/")[2]
    event = {"v": 1, "id": "01kb0000000000000000000000", "hlc": "ffff000000000000", "at": "2026-11-23T09:12:44Z", "clock": "sure", "by": "akello",
             "entity": "report", "key": key, "set": {"state": "closed", "reason": "forged by a thief"}, "over": {}, "to": [gulu.log, "hq"]}
    line = json.dumps(event, separators=(",", ":")).encode()
    signature = attacker.raw_signature("engabo-event", f"{gulu.log} 1 ".encode() + line)
    to = ["-r", recipient_of(hq), "-r", recipient_of(gulu)]
    office = sh("age", *to, input=f"engabo-event 1 {gulu.log} 1 o {signature}\n".encode() + line + b"\n")
    intake = sh("age", *to, input=f"engabo-event 1 {gulu.log} 1 i -\n".encode() + line.replace(b"akello", b"") + b"\n")
    stranger = sh("age", *to, input=f"engabo-event 1 {hq.log} 1 i -\n".encode() + line + b"\n")
    gulu.stop()
    for database, kind, body in (("office.db", "o", office), ("intake.db", "i", intake), ("intake.db", "i", stranger)):
        connection = sqlite3.connect(os.path.join(gulu.dir, database))
        connection.execute("INSERT INTO spool(kind, mailbox, urgent, body) VALUES (?, '', 0, ?)", (kind, body))
        connection.commit()
        connection.close()
    gulu.run("sync")
    hq.sync()
    gulu.start()
    for hub in (hq, gulu):
        laptop = hub.sign_in()
        page = laptop.get(f"/reports/{key}")
        tap.ok(f"forged casework is carried, but not applied in {hub.code}: not by another key, not through intake, not in another hub's name",
               "forged by a thief" not in page.text and page.status == 200, page.text)
    page = namata.get("/hubs")
    tap.ok("and the coordinator is shown that something overstepped", gulu.log in page.text or "Gulu" in page.text and ("not" in page.text.lower()), page.text)
    print("# hubs page: " + page.text[-700:].replace("\n", " "))


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu]).start()
        attacker = Attacker(coalition.top)
        swap_roster(tap, coalition, attacker)
        coalition.gulu.sync(), coalition.hq.sync()
        plant_snapshot(tap, coalition, attacker)
        provider_with_card(tap, coalition, attacker)
        plant_keyring(tap, coalition, attacker)
        forge_casework(tap, coalition, attacker)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
