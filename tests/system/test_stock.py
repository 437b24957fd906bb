#!/usr/bin/python3
"""No lock-in: stock git, ssh-keygen, age, sha256sum and sqlite3 read all that a hub and a relay hold, and nothing of ours is needed for it."""
import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile

from coalition import Coalition, Tap, sh


def opened(identity, sealed):
    """The plaintext by stock age; None when it is sealed to somebody else."""
    done = subprocess.run(["age", "-d", "-i", identity], input=sealed, capture_output=True)
    return done.stdout if done.returncode == 0 else None


def main():
    tap = Tap()
    coalition = Coalition()
    work = tempfile.mkdtemp(dir=coalition.top)
    try:
        coalition.make().start()
        hq, gulu, mbarara = coalition.hubs
        gulu.report(what="stock tools should read this too", danger="no", needs=["legal"])
        mbarara.report(what="and this, from the other hub")
        gulu.sync(), mbarara.sync(), hq.sync()
        laptop = hq.sign_in()
        tap.ok("headquarters opens", laptop.get("/reports").status == 200)
        hq.run("lock")
        gulu.sync(), hq.sync()

        clone = os.path.join(work, "hub.git")
        sh("git", "clone", "-q", "--bare", coalition.relay, clone)
        sh("git", "-C", clone, "fsck", "--strict")
        tap.ok("git clones the relay, and git fsck --strict finds nothing")

        signers = os.path.join(work, "signers")
        with open(signers, "wb") as f:
            f.write(sh("git", "-C", clone, "show", "roster:allowed_signers"))
        commits = sh("git", "-C", clone, "rev-list", "--all").decode().split()
        for commit in commits:
            sh("git", "-C", clone, "-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-commit", commit)
        tap.ok(f"git verify-commit accepts all {len(commits)} commits with the roster's allowed_signers", len(commits) > 5)

        identities = {"recovery": hq.sheet}
        for hub in (hq, gulu):
            identities[hub.code] = os.path.join(work, hub.code + ".txt")
            hub.with_passphrase("recover", "-o", identities[hub.code])
        tap.ok("an exported identity is closed to others", os.stat(identities["GUL"]).st_mode & 0o077 == 0)

        seen = {"recovery": 0, "KLA": 0, "GUL": 0}
        sealed_events, mailbox_items = 0, 0
        for hub in coalition.hubs:
            trust = json.load(open(os.path.join(hub.dir, "trust.json")))["self"]
            for commit in sh("git", "-C", clone, "rev-list", "--reverse", f"log/{hub.log}/1").decode().split():
                for line in sh("git", "-C", clone, "ls-tree", commit).decode().splitlines():
                    oid, name = line.split()[2], line.split("\t")[1]
                    body = sh("git", "-C", clone, "cat-file", "blob", oid)
                    if name.startswith("m-"):
                        mailbox_items += 1
                        if any(opened(file, body) for file in identities.values()):
                            raise AssertionError(f"{name} is open to somebody else than its reporter")
                        continue
                    sealed_events += 1
                    for who, file in identities.items():
                        plain = opened(file, body)
                        if plain is None:
                            continue
                        seen[who] += 1
                        head, event = plain.rstrip(b" \n").split(b"\n")
                        mark, version, log, epoch, kind, signature = head.decode().split(" ")
                        assert (mark, version, log, kind) == ("engabo-event", "1", hub.log, name[0]), head
                        assert json.loads(event)["v"] == 1
                        if kind == "o":
                            check_event_signature(work, trust["office"], signature, f"{log} {epoch} ".encode() + event)
        tap.ok(f"age opens with a hub's identity what is for it ({seen} of {sealed_events}), and nobody opens the {mailbox_items} mailbox items",
               seen["KLA"] > 1 and seen["GUL"] > 1 and mailbox_items >= 2, seen)
        tap.ok("ssh-keygen -Y verify accepts the office's signature in each event")

        roster = json.loads(sh("git", "-C", clone, "show", "roster:roster.json"))
        digest = hashlib.sha256()
        for name in ("allowed_signers", "members.age", "roster.json"):
            digest.update(name.encode() + b"\0" + hashlib.sha256(sh("git", "-C", clone, "show", f"roster:{name}")).digest())
        allowed = os.path.join(work, "coordinators")
        with open(allowed, "w") as f:
            f.write("".join(f'coordinator namespaces="engabo-roster" {key}\n' for key in roster["coordinators"]))
        names = sh("git", "-C", clone, "ls-tree", "--name-only", "roster:signatures").decode().split()
        for name in names:
            signature = os.path.join(work, "roster.sig")
            with open(signature, "wb") as f:
                f.write(sh("git", "-C", clone, "show", f"roster:signatures/{name}"))
            sh("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "coordinator", "-n", "engabo-roster", "-s", signature, input=digest.hexdigest().encode() + b"\n")
        tap.ok("ssh-keygen -Y verify accepts the coordinators' signatures on the roster", names)
        members = json.loads(opened(identities["GUL"], sh("git", "-C", clone, "show", "roster:members.age")))
        tap.ok("the names behind the keys open with a hub's identity", {hub["code"] for hub in members["hubs"]} == {"KLA", "GUL", "MBR"}, members)

        hq.stop()
        snapshot = open(os.path.join(hq.dir, "snapshot.age"), "rb").read()
        line, signature = open(os.path.join(hq.dir, "snapshot.sig"), "rb").read().split(b"\n", 1)
        tap.ok("snapshot.sig names the snapshot's SHA-256", json.loads(line)["sha256"] == hashlib.sha256(snapshot).hexdigest())
        office = json.load(open(os.path.join(hq.dir, "trust.json")))["self"]["office"]
        with open(allowed, "w") as f:
            f.write(f'office namespaces="engabo-snapshot" {office}\n')
        with open(os.path.join(work, "snapshot.sig"), "wb") as f:
            f.write(signature)
        sh("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", "office", "-n", "engabo-snapshot", "-s", os.path.join(work, "snapshot.sig"), input=line)
        tap.ok("ssh-keygen -Y verify accepts the snapshot's signature")
        database = os.path.join(work, "cases.db")
        with open(database, "wb") as f:
            f.write(opened(identities["KLA"], snapshot))
        rows = sh("sqlite3", database, "SELECT what FROM report ORDER BY what").decode().split("\n")
        tap.ok("sqlite3 reads the reports out of the opened snapshot", rows[:2] == ["and this, from the other hub", "stock tools should read this too"], rows)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


def check_event_signature(work, key, signature, message):
    """The raw signature, put into the armor that ssh-keygen wants (PROTOCOL.sshsig)."""
    def text(data):
        return len(data).to_bytes(4, "big") + data
    public = base64.b64decode(key.split()[1])
    raw = base64.b64decode(signature + "=" * (-len(signature) % 4))
    blob = b"SSHSIG" + (1).to_bytes(4, "big") + text(public) + text(b"engabo-event") + text(b"") + text(b"sha512") + text(text(b"ssh-ed25519") + text(raw))
    armor = "-----BEGIN SSH SIGNATURE-----\n" + "\n".join(re.findall(".{1,70}", base64.b64encode(blob).decode())) + "\n-----END SSH SIGNATURE-----\n"
    with open(os.path.join(work, "event.sig"), "w") as f:
        f.write(armor)
    with open(os.path.join(work, "office"), "w") as f:
        f.write(f'office namespaces="engabo-event" {key}\n')
    sh("ssh-keygen", "-Y", "verify", "-f", os.path.join(work, "office"), "-I", "office", "-n", "engabo-event", "-s", os.path.join(work, "event.sig"), input=message)


main()
