#!/usr/bin/python3
"""A relay that is hostile, or a hub that has gone wrong: one bad continuation of Gulu's log after another, made with stock git, ssh-keygen and age and Gulu's own
key, is offered to headquarters. Each is refused with its reason in one plain line, and nothing of what headquarters holds changes by a byte; what breaks no
rule of the log but means nothing is carried, and not applied. sync/FORMAT.md says what every byte should be."""
import base64
import copy
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import time

from coalition import PROGRAM, Coalition, Tap, digest, sh, wait_for

EPOCH_BEGINS = 1577836800
MEBIBYTE = 1 << 20
KEPT = ("known", "taken", "intent", "urgent", "ack", "meta", "remote")  # of sync.db: all but what it tells people, and how far remotes are
tap = Tap()


def pem(seed, public):
    """A seed in OpenSSH's own form of a private key (PROTOCOL.key)."""
    def text(data):
        return len(data).to_bytes(4, "big") + data

    blob = text(b"ssh-ed25519") + text(public)
    inner = b"\1\2\3\4" * 2 + blob + text(seed + public) + text(b"")
    inner += bytes(range(1, 9))[:-len(inner) % 8]
    whole = b"openssh-key-v1\0" + text(b"none") + text(b"none") + text(b"") + (1).to_bytes(4, "big") + text(blob) + text(inner)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64.encodebytes(whole) + b"-----END OPENSSH PRIVATE KEY-----\n"


class Forger:
    """Holds Gulu's key and the relay, and writes whatever it likes."""

    def __init__(self, hub, relay, top):
        self.log, self.relay, self.top = hub.log, relay, top
        self.key = self.key_of(hub)
        self.stranger = os.path.join(top, "stranger")
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.stranger)
        self.honest = self.git("rev-parse", self.ref).decode().strip()
        self.oids = self.git("rev-list", self.ref).decode().split()  # newest first
        message = self.git("cat-file", "commit", self.honest).decode()
        self.seq, self.roster = (int(message.split(f"\n{name}: ")[1].split("\n")[0]) for name in ("Seq", "Roster"))
        assert self.seq == len(self.oids) >= 3, (self.seq, self.oids)

    @property
    def ref(self):
        return f"refs/heads/log/{self.log}/1"

    def key_of(self, hub):
        line = open(os.path.join(hub.dir, "keys/sign")).read().strip()
        public = json.load(open(os.path.join(hub.dir, "trust.json")))["self"]["sign"].split()[1]
        path = os.path.join(self.top, "key-" + hub.code)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(pem(base64.b64decode(line + "=" * (-len(line) % 4)), base64.b64decode(public)[-32:]))
        return path

    def git(self, *words, **more):
        return sh("git", "-C", self.relay, *words, **more)

    def blob(self, body):
        return self.git("hash-object", "-w", "--stdin", input=body).decode().strip()

    def tree(self, *rows):
        """Of (mode, name, oid); in the order given."""
        raw = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in rows)
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input=raw).decode().strip()

    def signature(self, what, key, space="git"):
        return sh("ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", space, input=what)

    def message(self, entries, seq, **odd):
        parent = odd.get("of") or self.oids[len(self.oids) - seq + 1]
        raw = self.git("cat-file", "commit", parent)
        envelopes = hashlib.sha256(b"".join(name.encode() + b"\0" + hashlib.sha256(body).digest() for name, body in entries)).hexdigest()
        before = [parent] + self.oids[self.oids.index(parent) + 1:] if parent in self.oids else [parent]
        back = [before[(1 << i) - 1] for i in range(20) if (1 << i) - 1 < len(before)]
        fields = {"Log": self.log, "Epoch": 1, "Seq": seq, "Roster": self.roster, "Prev-SHA256": hashlib.sha256(raw).hexdigest(),
                  "Envelopes-SHA256": envelopes, "Back": " ".join(back)}
        fields.update({name.replace("_", "-"): value for name, value in odd.items() if name[0].isupper()})
        return "engabo log 1\n\n" + "".join(f"{name}: {value}\n" for name, value in fields.items()) + odd.get("more", "")

    def commit(self, *entries, seq=None, tree=None, parents=None, key=None, seconds=None, who=None, zone="+0000", header="", armor=None, space="git", sign=True, **odd):
        """A commit with these entries (name, body) behind the honest tip, right in every respect that is not named."""
        seq = seq or self.seq + 1
        tree = tree or self.tree(*(("100644", name, self.blob(body)) for name, body in entries))
        parents = parents if parents is not None else [self.oids[len(self.oids) - seq + 1]]
        message = self.message(entries, seq, **({"of": parents[0]} if parents and "of" not in odd else {}), **odd)
        name = who or f"{self.log} <{self.log}@engabo.invalid>"
        when = f"{seconds or EPOCH_BEGINS + seq} {zone}"
        head = f"tree {tree}\n" + "".join(f"parent {parent}\n" for parent in parents) + f"author {name} {when}\ncommitter {name} {when}\n{header}"
        raw = (head + "\n" + message).encode()
        if sign:
            armored = self.signature(raw, key or self.key, space)
            armored = armor(armored) if armor else armored
            head += "gpgsig " + armored.decode().rstrip("\n").replace("\n", "\n ") + "\n"
        return self.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=(head + "\n" + message).encode()).decode().strip()

    def by_stock_git(self, entries):
        """With git commit-tree -S, as anybody with the key would."""
        tree = self.tree(*(("100644", name, self.blob(body)) for name, body in entries))
        who, when = {"NAME": self.log, "EMAIL": f"{self.log}@engabo.invalid"}, f"{EPOCH_BEGINS + self.seq + 1} +0000"
        environment = {**os.environ, **{f"GIT_{role}_{name}": value for role in ("AUTHOR", "COMMITTER") for name, value in {**who, "DATE": when}.items()}}
        return self.git("-c", "gpg.format=ssh", "-c", f"user.signingKey={self.key}", "commit-tree", "-S", tree, "-p", self.honest,
                          input=self.message(entries, self.seq + 1).encode(), env=environment).decode().strip()

    def show(self, tip):
        self.git("update-ref", self.ref, tip)


def held(hub):
    """Everything that a bad log must not change: the log, the databases, and what sync knows of the logs."""
    parts = {"log.git": digest(os.path.join(hub.dir, "log.git"))}
    for name in ("intake.db", "office.db", "mailbox.db"):
        for end in ("", "-wal"):
            path = os.path.join(hub.dir, name + end)
            parts[name + end] = hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else None
    with sqlite3.connect(f"file:{hub.dir}/sync.db?mode=ro", uri=True) as db:
        for table in KEPT:
            columns = "name, url" if table == "remote" else "*"
            parts["sync.db " + table] = db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
    return parts


def changed(before, after):
    return [name for name in before if before[name] != after[name]]


def told(hub, log, kind):
    return [row["reason"] for row in hub.status()["trouble"] if row["log"] == log and row["kind"] == kind]


def standing(hub):
    """Troubles that are there now, alarms of the past aside."""
    with sqlite3.connect(f"file:{hub.dir}/sync.db?mode=ro", uri=True) as db:
        return db.execute("SELECT reason FROM trouble WHERE kind IN ('refused', 'waits')").fetchall()


class Headquarters:
    def __init__(self, hub, forger):
        self.hub, self.forger = hub, forger

    def refuses(self, promise, tip, *said, status=65, kind="refused"):
        """Once, with the honest relay before and after it."""
        forger, hub = self.forger, self.hub
        before = held(hub)
        forger.show(tip)
        done = hub.run("sync", check=False)
        lines = done.stderr.splitlines()
        tap.ok(f"{promise}: engabo sync exits {status} and says in one line: {(lines or [''])[0][len('engabo: relay: '):]}",
               done.returncode == status and len(lines) == 1 and forger.log in lines[0] and all(word in lines[0] for word in said), (done, said))
        reasons = told(hub, forger.log, kind)
        now = held(hub)
        forger.show(forger.honest)
        again = hub.run("sync", check=False)
        left = standing(hub) if kind != "rolled-back" else []
        tap.ok("  engabo status shows it, and not a byte has changed; the honest relay works again at once",
               len(reasons) == 1 and all(word in reasons[0] for word in said) and not changed(before, now) and again.returncode == 0
               and not left and not changed(before, held(hub)), (reasons, changed(before, now), again, left))

    def copy(self, name):
        """The same hub on a card of its own, for what leaves a trace."""
        other = copy.copy(self.hub)
        other.dir = os.path.join(os.path.dirname(self.hub.dir), name)
        shutil.copytree(self.hub.dir, other.dir, ignore=shutil.ignore_patterns("run"))
        os.mkdir(os.path.join(other.dir, "run"), 0o700)
        return other


def recipient_of(hub):
    return json.load(open(os.path.join(hub.dir, "trust.json")))["self"]["recipient"]


def who_says_it(hq, forger, other, entry):
    hq.refuses("unsigned", forger.commit(entry, sign=False), "not signed")
    hq.refuses("signed by a stranger", forger.commit(entry, key=forger.stranger), "another key")
    hq.refuses("signed by another hub of the coalition", forger.commit(entry, key=forger.key_of(other)), "another key")
    hq.refuses("signed for another purpose", forger.commit(entry, space="engabo-event"), "git")
    hq.refuses("its signature written in another form", forger.commit(entry, armor=lambda text: text.replace(b"\n", b"", 2).replace(b"SIGNATURE-----", b"SIGNATURE-----\n", 1)), "ssh-keygen writes it")
    hq.refuses("another author", forger.commit(entry, who="Akello <akello@example.org>"))
    hq.refuses("another date, which would tell working hours", forger.commit(entry, seconds=int(time.time())))
    hq.refuses("another time zone", forger.commit(entry, zone="+0300"))
    hq.refuses("a header that is not ours", forger.commit(entry, header="encoding UTF-8\n"))
    hq.refuses("the log of another hub", forger.commit(entry, Log=other.log), other.log)
    hq.refuses("another epoch", forger.commit(entry, Epoch=2), "epoch 2")


def where_it_goes(hq, forger, entry):
    seq = forger.seq
    hq.refuses("a Seq that is too high", forger.commit(entry, Seq=seq + 2, seconds=EPOCH_BEGINS + seq + 2))
    hq.refuses("a Seq that was there", forger.commit(entry, Seq=seq, seconds=EPOCH_BEGINS + seq))
    hq.refuses("a Seq far in the future", forger.commit(entry, Seq=10 ** 9, seconds=EPOCH_BEGINS + 10 ** 9))
    hq.refuses("a wrong Prev-SHA256", forger.commit(entry, Prev_SHA256="0" * 64), "Prev-SHA256", f"seq {seq + 1}")
    hq.refuses("a wrong Envelopes-SHA256", forger.commit(entry, Envelopes_SHA256="0" * 64), "Envelopes-SHA256")
    hq.refuses("a wrong Back", forger.commit(entry, Back=" ".join([forger.honest] * seq.bit_length())), "Back names a commit")
    hq.refuses("a Back too short", forger.commit(entry, Back=forger.honest))
    hq.refuses("a line too many in its message", forger.commit(entry, more="Also: this\n"))
    hq.refuses("a merge", forger.commit(entry, parents=[forger.honest, forger.oids[1]]), "2 parents")
    hq.refuses("a branch without its beginning", forger.commit(entry, parents=[], of=forger.honest))
    hq.refuses("a roster version that went down", forger.commit(entry, Roster=forger.roster - 1), f"roster version {forger.roster - 1} after version {forger.roster}")
    hq.refuses("a roster version that nobody has", forger.commit(entry, Roster=forger.roster + 1), f"roster version {forger.roster + 1}", "not here yet", status=69, kind="waits")
    hq.refuses("a good commit before a bad one", forger.commit(("i-0000.age", b"no age file"), seq=seq + 1), "age")
    hq.refuses("a relay that shows an older tip", forger.oids[1], "rolled back at relay", "ours is kept", kind="rolled-back")


def what_is_in_it(hq, forger, entry, sealed):
    oid = forger.blob(sealed)
    whole = [entry]
    odd = {
        "a file that is no envelope": [("100644", "README", oid), ("100644", "i-0000.age", oid)], "a folder": [("40000", "i-0000.age", forger.tree(("100644", "x", oid)))],
        "a symbolic link": [("120000", "i-0000.age", forger.blob(b"/etc/passwd"))], "a program": [("100755", "i-0000.age", oid)],
        "an old mode of git's": [("100664", "i-0000.age", oid)], "a submodule": [("160000", "i-0000.age", forger.honest)],
        "a gap in its names": [("100644", "i-0001.age", oid)],
        "a name in capitals": [("100644", "I-0000.age", oid)], "an envelope of no known kind": [("100644", "x-0000.age", oid)],
        "a mailbox that is none": [("100644", "m-xyz-0000.age", oid)]}
    for promise, rows in odd.items():
        hq.refuses(promise, forger.commit(*whole, tree=forger.tree(*rows)))
    hq.refuses("more entries than a commit may have", forger.commit(*((f"i-{i:04}.age", sealed) for i in range(257))))
    hq.refuses("an envelope of 65537 bytes", forger.commit(("i-0000.age", sealed + b"x" * (65537 - len(sealed)))), "i-0000.age", "65536")
    hq.refuses("what is no age file", forger.commit(("i-0000.age", b"they came at night")), "i-0000.age")
    hq.refuses("an age file cut off", forger.commit(("i-0000.age", sealed[:100])), "i-0000.age")
    ssh = open(forger.stranger + ".pub").read().strip()
    hq.refuses("an age file for an ssh key", forger.commit(("i-0000.age", sh("age", "-r", ssh, input=b"x"))), "i-0000.age")


def huge(hq, forger):
    """200 MB that pack to little: it must not be unpacked into memory, nor onto the card."""
    most = 400 if b"__asan_init" in open(PROGRAM, "rb").read() else 64
    path = os.path.join(forger.top, "huge")
    with open(path, "wb") as f:
        f.truncate(200 * MEBIBYTE)
    oid = forger.git("-c", "core.bigFileThreshold=1m", "hash-object", "-w", path).decode().strip()
    os.unlink(path)
    before, began = held(hq.hub), time.monotonic()
    forger.show(forger.commit(tree=forger.tree(("100644", "i-0000.age", oid))))
    process = subprocess.Popen([PROGRAM, "--state", hq.hub.dir, "sync"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=hq.hub.environment, text=True)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)  # the largest of it and of every git that it ran
    process.returncode = os.waitstatus_to_exitcode(status)
    megabytes = usage.ru_maxrss >> 10
    tap.ok(f"a blob of 200 MB: refused in {time.monotonic() - began:.1f} s with {megabytes} MB at most, by engabo and by every git that it runs",
           process.returncode == 65 and said.count("\n") == 1 and "65536" in said and megabytes < most, (process.returncode, said, megabytes))
    tap.ok("  and not a byte has changed", not changed(before, held(hq.hub)), changed(before, held(hq.hub)))
    forger.show(forger.honest)
    forger.git("gc", "-q", "--prune=now")
    hq.hub.run("sync")


def damaged(hq, forger, sealed):
    """What git itself does not take: objects in an order that is none, and a disk that is going."""
    oid = forger.blob(sealed)
    unsorted = forger.commit(tree=forger.tree(("100644", "o-0000.age", oid), ("100644", "i-0001.age", oid)))
    broken = forger.commit(("i-0000.age", os.urandom(300)))
    path = os.path.join(forger.relay, "objects", broken[:2], broken[2:])
    os.chmod(path, 0o600)
    with open(path, "r+b") as f:
        f.seek(20)
        f.write(b"XXXX")
    before = held(hq.hub)
    for promise, tip in (("a tree whose names are out of order", unsorted), ("a relay whose objects are broken", broken)):
        os.makedirs(os.path.dirname(os.path.join(forger.relay, forger.ref)), exist_ok=True)
        with open(os.path.join(forger.relay, forger.ref), "w") as f:
            f.write(tip + "\n")
        tap.refused(promise, hq.hub.run("sync", check=False), 69, forger.relay, "damaged")
        tap.ok("  engabo status shows it, and not a byte has changed", "last error: " + forger.relay in hq.hub.run("status").stdout and not changed(before, held(hq.hub)),
               changed(before, held(hq.hub)))
    os.unlink(path)
    forger.show(forger.honest)
    hq.hub.run("sync")


def with_the_role_running(hq, forger, entry):
    """The same by the role: it goes on, and tells in its journal as well."""
    hq.hub.start("sync")
    before = held(hq.hub)
    forger.show(forger.commit(entry, Prev_SHA256="1" * 64))
    done = hq.hub.run("sync", check=False)
    tap.refused("asked of the running role", done, 65, "Prev-SHA256 does not match", forger.log)
    tap.ok("  not a byte has changed, and the role goes on", not changed(before, held(hq.hub)) and hq.hub.healthy(hq.hub.sync_port), changed(before, held(hq.hub)))
    forger.show(forger.honest)
    hq.hub.run("sync")
    hq.hub.stop()


def forked(hq, forger, entry):
    """Gulu's key has signed two histories: the other is kept as proof, and the log takes nothing more."""
    hub, seq = hq.copy("forked"), forger.seq
    before = held(hub)
    other = forger.commit(entry, seq=seq, parents=[forger.oids[1]])
    forger.show(other)
    done = hub.run("sync", check=False)
    tap.refused("a fork, signed by the hub's key", done, 65, "alarm", f"seq {seq}", "two different records")
    git = ["git", "-C", os.path.join(hub.dir, "log.git")]
    refs = sh(*git, "for-each-ref", "--format=%(objectname) %(refname)").decode()
    tap.ok("  the branch stays where it was, the other tip is kept as proof, and the databases have not changed",
           f"{forger.honest} {forger.ref}" in refs and f"{other} refs/forks/{forger.log}/{other}" in refs and changed(before, held(hub)) == ["log.git"], refs)
    tap.ok("  engabo status shows the alarm", "two different records" in hub.run("status").stdout)
    forger.show(forger.commit(entry))
    done = hub.run("sync", check=False)
    tap.ok("  and the log takes no further records, of neither branch", done.returncode == 65 and "forked" in done.stderr
           and forger.honest == sh(*git, "rev-parse", forger.ref).decode().strip(), done)
    forger.git("update-ref", "-d", f"refs/forks/{forger.log}/{other}")
    forger.show(forger.honest)


def carried(hq, forger, gulu):
    """Nothing in these breaks a rule of the log: they are kept and passed on. But they say nothing here."""
    stranger = os.path.join(forger.top, "identity")
    sh("age-keygen", "-o", stranger)
    elsewhere = sh("age-keygen", "-y", stranger).decode().strip()
    line = json.dumps({"v": 1, "id": "01kb0000000000000000000000", "hlc": "0193f2a0b1c40003", "at": "2026-11-23T09:12:44Z", "clock": "sure", "by": "",
                       "entity": "report", "key": f"{gulu.log}.01kb0000000000000000000000", "set": {"what": "said in another's name"}, "over": {},
                       "to": [gulu.log, "hq"]}, separators=(",", ":"))

    def sealed(head, recipient):
        return sh("age", "-r", recipient, input=f"{head}\n{line}\n".encode())

    here = recipient_of(hq.hub)
    entries = [("i-0000.age", sealed(f"engabo-event 1 {gulu.log} 1 i -", elsewhere)), ("i-0001.age", sealed(f"engabo-event 1 {hq.hub.log} 1 i -", here)),
               ("i-0002.age", sealed(f"engabo-event 1 {gulu.log} 2 i -", here)), ("i-0003.age", sealed(f"engabo-event 1 {gulu.log} 1 o -", here)),
               ("i-0004.age", sealed("engabo-event 2 what comes next", here)), ("i-0005.age", sh("age", "-r", here, input=b"they came at night"))]
    hub = hq.copy("carried")
    own = f"refs/heads/log/{hub.log}/1"  # of the card that is in use: the copy of it acknowledges what it received
    acknowledged = forger.git("rev-parse", own).decode().strip()
    forger.show(forger.by_stock_git(entries))
    before = held(hub)
    done = hub.run("sync", check=False)
    tap.ok("a commit made by stock git with envelopes that are not for us, or that contradict their log: taken quietly",
           done.returncode == 0 and "received 1 commits" in done.stdout and not done.stderr, done)
    tap.ok("  the branch has grown by it", sh("git", "-C", os.path.join(hub.dir, "log.git"), "rev-list", "--count", forger.ref).decode().strip() == str(forger.seq + 1)
           and not told(hub, gulu.log, "refused") and not {"intake.db", "office.db"} & set(changed(before, held(hub))), changed(before, held(hub)))
    hub.start()
    laptop = hub.sign_in()
    reports, hubs = laptop.get("/reports"), laptop.get("/hubs")
    tap.ok("  none of them is applied, those that were are still there, and the coordinator is told", reports.status == 200 and "another's name" not in reports.text
           and "report 1" in reports.text and f"in the log {gulu.log}/1" in hubs.text, (reports.text, hubs.text))
    hub.stop()
    forger.git("update-ref", own, acknowledged)
    forger.show(forger.honest)


def main():
    coalition = Coalition(conf="interval_minutes = 600\n")
    try:
        coalition.make([coalition.gulu])
        gulu, hub = coalition.gulu, coalition.hq
        for number in range(4):
            gulu.report(what=f"report {number}")
            gulu.run("sync")
        for _ in range(3):
            hub.run("sync")
        hub.start("office")
        hub.sign_in()
        hub.stop()
        forger = Forger(gulu, coalition.relay, coalition.top)
        hq = Headquarters(hub, forger)
        sealed = sh("age", "-r", recipient_of(hub), input=b"x" * 300)
        entry = ("i-0000.age", sealed)
        hub.run("sync")
        who_says_it(hq, forger, hub, entry)
        where_it_goes(hq, forger, entry)
        what_is_in_it(hq, forger, entry, sealed)
        huge(hq, forger)
        damaged(hq, forger, sealed)
        with_the_role_running(hq, forger, entry)
        forked(hq, forger, entry)
        carried(hq, forger, gulu)
        gulu.report(what="after all that")
        gulu.run("sync")
        done = hub.run("sync")
        tap.ok("after all that, Gulu's next report arrives", "received 1 commits" in done.stdout, done.stdout)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
