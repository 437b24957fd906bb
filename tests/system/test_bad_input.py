#!/usr/bin/python3
"""Whatever is wrong, from a mistyped word to a full disk, gets one clear line (what, why, what to do) and the right exit code, or on a page "There is a
problem" with what was typed kept; and nothing is lost, half done or changed by it. (A full disk: test_full_disk.py.)"""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from coalition import PROGRAM, Coalition, Hub, Tap, digest, sh, wait_for, write

COMMANDS = ("init", "serve", "status", "report", "unlock", "lock", "user", "invite", "join", "admit", "hubs", "remote", "sync", "export", "recover", "check",
            "doctor")
NOBODY = 65534
tap = Tap()


def engabo(*words, **more):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, stdin=more.pop("stdin", subprocess.DEVNULL), timeout=60, **more)


@contextlib.contextmanager
def unchanged(promise, *folders):
    before = [digest(folder) for folder in folders]
    yield
    tap.ok(f"{promise}: not a byte has changed", before == [digest(folder) for folder in folders])


def all_commands(hub, passphrase):
    """(name, words) of every command that opens a hub, and of every role."""
    holder = ["--as", hub.user, "--passphrase-file", passphrase]
    for words in (["status"], ["urgent"], ["urgent", "--follow"], ["sync"], ["lock"], ["hubs"], ["doctor"], ["check"], ["remote", "list"], ["remote", "add", "x", "/x"], ["remote", "remove", "x"],
                  ["invite"], ["join", "/dev/null"], ["admit", "/dev/null", *holder], ["export", *holder], ["user", "list", *holder], ["unlock", *holder],
                  ["recover", "-o", os.path.join(hub.dir, "..", "identity"), *holder], ["serve"], ["serve", "--role", "intake"], ["serve", "--role", "office"],
                  ["serve", "--role", "sync"], ["report", "-"]):
        yield words[0] if words[0] != "serve" else " ".join(words), words


def everywhere(promise, hub, passphrase, status, *said, **more):
    """Each command and each role refuses in that way. Told as one promise, so that the list stays readable."""
    odd = []
    for name, words in all_commands(hub, passphrase):
        done = engabo("--state", hub.dir, *words, **more)
        if (done.returncode != status or done.stderr.count("\n") != 1 or done.stdout or not done.stderr.startswith("engabo: ")
                or not all(word in done.stderr for word in said)):
            odd.append((name, done.returncode, done.stderr, done.stdout))
    tap.ok(f"{promise}: exit {status} and one line that says so, by every command and role", not odd, odd)


# ---- words ----

def wrong_words():
    for name in COMMANDS:
        done = engabo(name, "--help")
        tap.ok(f"engabo {name} --help exits 0", done.returncode == 0 and done.stdout.startswith("Usage: engabo " + name) and not done.stderr, done)
    tap.ok("engabo --help names every command", all(f"\n  {name} " in engabo("--help").stdout for name in COMMANDS))
    odd = [done for done in (engabo(name, "--no-such-option") for name in COMMANDS)
           if done.returncode != 64 or done.stderr.count("\n") != 1 or "unknown option --no-such-option; engabo" not in done.stderr or done.stdout]
    tap.ok("an unknown option of any command: exit 64, and one line that names it and where help is", not odd, odd)
    for words, said in ((["fly"], "no command fly"), (["--fly"], "unknown option --fly"), (["--state"], "--state needs a value, DIR"), (["--state=", "status"], "--state"),
                        (["status", "now"], "now is one word too many"), (["export", "--as"], "--as needs a value, NAME"), (["serve", "--role"], "--role needs a value"),
                        (["serve", "--role", "king"], "there is no role king"), (["user"], "add, list, disable, passwd, role or team"), (["user", "list"], "--as NAME is missing"),
                        (["join"], "the invite is missing"), (["admit"], "the REQUEST is missing"), (["admit", "x"], "--as NAME is missing"),
                        (["remote"], "say what to do"), (["report"], "engabo report -"), (["recover"], "-o FILE"), (["export", "zebras", "--as", "x"], "no records are called zebras"),
                        (["export", "--format", "pdf", "--as", "x"], "no format pdf"), (["init"], "--name is missing")):
        tap.refused("engabo " + " ".join(words), engabo(*words), 64, said, "engabo ")


# ---- directories and settings ----

def wrong_directories(top, hub, passphrase):
    empty = os.path.join(top, "empty")
    os.mkdir(empty)
    tap.refused("a directory that is no hub", engabo("--state", empty, "status"), 66, empty, "no hub", "engabo init")
    tap.refused("one that is not there", engabo("--state", empty + "/none", "sync"), 66, "no hub", "engabo init")
    tap.ok("and nothing was put into it", not os.listdir(empty))
    path = os.path.join(hub.dir, "format")
    for promise, text, said in (("a hub of a newer version", "engabo 2\n", "another version (engabo 2)"), ("a directory of another program", "MAGIC\n", "not a hub")):
        write(path, text)
        with unchanged(promise, hub.dir):
            everywhere(promise, hub, passphrase, 78, hub.dir, said)
    write(path, "engabo 1\n")
    if os.geteuid() == 0:
        os.chmod(top, 0o755)
        with unchanged("another user's hub", hub.dir):
            everywhere("another user's hub", hub, passphrase, 77, "another user", user=NOBODY, group=NOBODY, extra_groups=[])
    else:
        os.chmod(hub.dir, 0)
        everywhere("another user's hub", hub, passphrase, 77, "another user")
        os.chmod(hub.dir, 0o700)


def wrong_settings(hub, passphrase):
    path = os.path.join(hub.dir, "engabo.conf")
    good = open(path).read()
    line = good.count("\n") + 1
    for promise, text, at, said in (
            ("an unknown setting", "[intake]\nhtpp = 80\n", 1, "htpp"), ("an unknown section", "[intaek]\n", 0, "[intaek]"),
            ("a number that is none", "[sync]\ninterval_minutes = often\n", 1, "interval_minutes must be a number from 1 to 10080"),
            ("a number out of bounds", "[office]\nidle_minutes = 0\n", 1, "idle_minutes"), ("a setting made twice", "[intake]\nhttps = 4\n", 1, "https is set twice"),
            ("a line that is nothing", "[sync]\nannounce\n", 1, "name = value"), ("neither yes nor no", "[sync]\nannounce = maybe\n", 1, "yes or no")):
        write(path, good.replace("announce = no\n", "").replace("interval_minutes = 600\n", "") + text)
        line = open(path).read().count("\n") - text.count("\n") + 1 + at
        done = engabo("--state", hub.dir, "status")
        tap.refused(promise, done, 78, f"{path}:{line}: ", said)
    with unchanged("broken settings", hub.dir):
        everywhere("broken settings", hub, passphrase, 78, path + ":", "yes or no")
    write(path, good)


def two_hubs_mixed(top, hub, other, passphrase):
    """Somebody rescues a card by copying files, and takes some from another hub's."""
    trust = open(os.path.join(other.dir, "trust.json")).read()
    mixed = os.path.join(top, "mixed")
    shutil.copytree(hub.dir, mixed, ignore=shutil.ignore_patterns("run"))
    os.mkdir(os.path.join(mixed, "run"), 0o700)
    write(os.path.join(mixed, "trust.json"), trust)
    holder = ["--as", hub.user, "--passphrase-file", passphrase]
    waiting = hub.spool()
    with unchanged("files of two hubs mixed", os.path.join(mixed, "log.git"), os.path.join(mixed, "keys")):
        for words, status, said in ((["report", "-"], 78, "of two hubs"), (["join", os.path.join(top, "invite")], 78, "two hubs"), (["serve", "--role", "intake"], 78, "two hubs"),
                                    (["serve", "--role", "office"], 78, "two hubs"), (["serve", "--role", "sync"], 78, "two hubs"), (["sync"], 78, "two hubs"),
                                    (["export", *holder], 78, "two hubs"), (["user", "list", *holder], 78, "two hubs")):
            done = engabo("--state", mixed, *words, input='{"what":"x"}', stdin=None) if words[0] == "report" else engabo("--state", mixed, *words)
            tap.refused(f"trust.json of one hub with the rest of another: engabo {' '.join(words[:3])}", done, status, said.split()[-2], "hub")
        done = engabo("--state", mixed, "check")
        tap.ok("engabo check finds it", done.returncode == 65 and re.search(r"^BAD +keys ", done.stdout, re.M), done)
        done = engabo("--state", mixed, "doctor")
        tap.ok("so does engabo doctor", done.returncode == 78 and re.search(r"^WRONG +coalition +keys/sign", done.stdout, re.M), done)
        done = engabo("--state", mixed, "serve")
        tap.ok("engabo serve runs no part of it", done.returncode == 78 and "two hubs" in done.stderr and "serving" not in done.stderr.split("two hubs")[1], done)
    hub.dir, kept = mixed, hub.dir
    tap.ok("what waits on its card is still there, and nothing was added", hub.spool() == waiting, hub.spool())
    hub.dir = kept
    shutil.rmtree(mixed)


# ---- init ----

def wrong_init(hub):
    top, folder, sheet, environment, words = os.path.dirname(hub.dir), hub.dir, hub.sheet, hub.environment, ["--state", hub.dir, *hub.init_words()]

    def refused(promise, words, status, *said, **more):
        tap.refused(promise, engabo(*words, env=environment, **more), status, *said)
        tap.ok("and nothing was made", not os.path.exists(folder) and not os.path.exists(sheet), os.listdir(top))

    taken = write(os.path.join(top, "taken.txt"), "a letter")
    refused("a sheet that is there already", [*words, "--sheet", taken], 73, taken, "--sheet")
    refused("a sheet in a folder that is not there", [*words, "--sheet", os.path.join(top, "no", "sheet")], 66, "--sheet")
    refused("a code of small letters", [*words, "--code", "mbr"], 64, "--code")
    refused("a name that would break the settings", [*words, "--name", "a;b"], 64, "--name")
    refused("a user's name with a space", [*words, "--user", "Ms Tumwine"], 65, "small letters")
    refused("a coalition without headquarters", [*words, "--coalition", "X"], 64, "--headquarters")
    refused("headquarters without a coalition", [*words, "--headquarters"], 64, "--coalition is missing")
    refused("a passphrase that is easy to guess", [*words, "--passphrase-file", write(os.path.join(top, "weak"), "secret\n")], 65, "too easy to guess")
    refused("an empty passphrase", [*words, "--passphrase-file", "/dev/null"], 65, "no passphrase in /dev/null")
    refused("a passphrase file that is not there", [*words, "--passphrase-file", "/no/such"], 66, "/no/such")
    full = os.path.join(top, "full")
    os.mkdir(full)
    write(os.path.join(full, "letter"), "dear")
    with unchanged("a directory with something in it", full):
        tap.refused("init into a directory with something in it", engabo("--state", full, *hub.init_words(), env=environment), 73, "not empty", "letter")
    os.mkdir(folder, 0o700)
    tap.refused("a sheet within the hub itself", engabo(*words, "--sheet", os.path.join(folder, "sheet"), env=environment), 64, "outside")
    tap.ok("and the empty directory is still there and empty", os.listdir(folder) == [])
    os.rmdir(folder)
    done = engabo(*words, env=environment)
    tap.ok("with all that right, the hub is made", done.returncode == 0 and os.path.exists(sheet), done)
    with unchanged("init where a hub is", folder):
        tap.refused("init where a hub is already", engabo(*words, "--sheet", sheet + ".2", env=environment), 73, "a hub in", "already")
    shutil.rmtree(folder)
    os.unlink(sheet)


def killed_init(hub):
    folder, sheet, environment, words = hub.dir, hub.sheet, hub.environment, [PROGRAM, "--state", hub.dir, *hub.init_words()]
    began = time.monotonic()
    subprocess.run(words, env=environment, check=True, capture_output=True)
    whole = time.monotonic() - began
    shutil.rmtree(folder)
    os.unlink(sheet)
    outcomes = []
    for number in range(12):
        sign = (signal.SIGTERM, signal.SIGKILL)[number % 2]
        process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(whole * (number + 1) / 12)
        process.send_signal(sign)
        process.communicate()
        complete = engabo("--state", folder, "status").returncode == 0
        outcomes.append((sign.name, process.returncode, complete, os.path.exists(folder)))
        tap.ok(f"init ended by {sign.name} after {number + 1}/12 of its time: " + ("it had finished" if complete else "there is no hub"),
               (process.returncode == 0) <= complete and (not complete or os.path.exists(sheet)) and
               (complete or sign == signal.SIGKILL or not os.path.exists(folder) and not os.path.exists(sheet)), outcomes)
        if not complete:
            if os.path.exists(sheet):
                os.unlink(sheet)  # a killed one may have got so far; it is told, and a person decides
            done = engabo(*words[1:], env=environment)
            tap.ok("and init run again makes it whole", done.returncode == 0 and engabo("--state", folder, "check").returncode == 0, done)
        shutil.rmtree(folder)
        os.unlink(sheet)


# ---- passphrases ----

def wrong_passphrases(hub, top):
    wrong = write(os.path.join(top, "wrong"), "not this one\n")
    hub.with_passphrase("user", "list")
    with unchanged("wrong passphrases", hub.dir):
        for words in (["export"], ["user", "list"], ["recover", "-o", os.path.join(top, "identity")], ["check"]):
            for name in (hub.user, "nobody"):
                tap.refused(f"engabo {words[0]} as {name} with a wrong passphrase", engabo("--state", hub.dir, *words, "--as", name, "--passphrase-file", wrong),
                            77, "name or the passphrase is not right")
        for file, status, said in (("/no/such", 66, "/no/such"), ("/dev/null", 65, "no passphrase in /dev/null"), ("/", 74, "/")):
            tap.refused(f"a passphrase from {file}", engabo("--state", hub.dir, "export", "--as", hub.user, "--passphrase-file", file), status, said)
        tap.refused("no terminal to ask on", engabo("--state", hub.dir, "export", "--as", hub.user, start_new_session=True), 64, "--passphrase-file")
    tap.ok("and no identity was written out", not os.path.exists(os.path.join(top, "identity")))


def wrong_sign_in(hub, top):
    """While the office runs, locked and open."""
    wrong = write(os.path.join(top, "wrong"), "not this one\n")
    tap.refused("engabo unlock with a wrong passphrase", engabo("--state", hub.dir, "unlock", "--as", hub.user, "--passphrase-file", wrong), 77, "not right")
    laptop = hub.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=hub.user, passphrase="not this one")
    tap.ok("on the sign-in page: There is a problem, and the name is kept", page.status == 403 and "There is a problem" in page.text and f'value="{hub.user}"' in page.body, page.text)
    page = laptop.send(page, "/login", name="nobody", passphrase="not this one")
    tap.ok("a name that nobody has is told the same", page.status == 403 and "There is a problem" in page.text, page.text)


# ---- reports ----

REPORTS = (
    ("nothing at all", b"", "JSON"), ("no JSON", b"they came at night", "JSON"), ("half of it", b'{"what":"x"', "JSON"), ("a list", b'["x"]', "object"),
    ("the same key twice", b'{"what":"x","what":"y"}', "JSON"), ("nested without end", b'{"what":' + b"[" * 9000, "JSON"),
    ("not UTF-8", b'{"what":"caf\xe9"}', "UTF-8"), ("no answer to what", b'{"who":"x"}', '"what" is missing'),
    ("an answer too long", b'{"what":"' + b"x" * 8001 + b'"}', "What happened"), ("more than can be read", b'{"what":"' + b"x" * 70000 + b'"}', "65536"),
    ("an unknown key", b'{"what":"x","colour":"red"}', "colour"), ("a field that is the office's", b'{"what":"x","state":"closed"}', "state"),
    ("a day that does not exist", b'{"what":"x","when":"2026-02-30","precision":"day"}', "When it happened"), ("a date that is none", b'{"what":"x","when":"tomorrow"}', "When"),
    ("an unknown code", b'{"what":"x","needs":["gold"]}', "eed"), ("an unknown district", b'{"what":"x","district":"UG-999"}', "istrict"),
    ("an unknown danger", b'{"what":"x","danger":"perhaps"}', "anger"), ("a number for text", b'{"what":7}', "What happened"),
    ("text for a list", b'{"what":"x","needs":"legal"}', "eed"), ("a consent too long", b'{"what":"x","consent":"' + b"x" * 301 + b'"}', "Consent"),
)


def wrong_reports(hub, state):
    count = hub.saved()
    for promise, text, said in REPORTS:
        done = subprocess.run([PROGRAM, "--state", hub.dir, "report", "-"], input=text, capture_output=True, env=hub.environment)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        tap.refused(f"a report {state}, {promise}", done, 65, said)
    tap.ok("and none of them is on the card", hub.saved() == count, hub.saved())


def right_report(hub, state):
    count = hub.saved()
    done = hub.run("report", "-", input='{"what":"all right","when":"2026-02-28","needs":["legal"],"danger":"no","district":"UG-304"}')
    tap.ok(f"a report that is right is taken {state}", re.fullmatch(r"\d{4}(?: \d{4}){4}\n", done.stdout) and hub.saved() == count + 2, done.stdout)


def wrong_forms(hub, other):
    phone, count = hub.phone(), hub.saved()
    answers = {"what": "They asked for “the list”", "who": "A <b>neighbour</b>", "place": "Layibi"}
    for promise, name, value, said in (("a day that does not exist", "day", "31", "When"), ("an unknown code", "needs", "gold", "What would help"),
                                       ("an answer too long", "by", "x" * 9000, "too long")):
        more = {"day": "31", "month": "2", "year": "2026"} if name == "day" else {name: value}
        page = phone.report(**answers, **more)
        kept = dict(field for form in page.forms for field in form.fields)
        tap.ok(f"the form with {promise}: There is a problem, the field named, and everything typed is kept",
               page.status == 400 and "There is a problem" in page.text and said in page.text and all(kept.get(key) == text for key, text in answers.items()), (page.text, kept))
    page = phone.get("/form/1")
    theirs = dict(other.phone().get("/form/1").form("/form/send").fields)["token"]
    for promise, token in (("a form's token of another process", theirs), ("a form that expired", "00" * 40), ("a token that is none", "x"), ("no token", "")):
        stale = phone.send(page, "/form/send", token=token, **answers)
        kept = dict(stale.form("/form/send").fields)
        tap.ok(f"{promise}: nothing is sent, a page with all answers and a fresh token", stale.status in (200, 400) and "/done/" not in stale.url
               and all(kept[key] == text for key, text in answers.items()) and kept["token"] not in (token, ""), (stale.status, stale.text))
    tap.ok("and none of them is on the card", hub.saved() == count, hub.saved())
    done = phone.send(stale, "/form/send")
    again = phone.send(stale, "/form/send")
    tap.ok("sent with its fresh token it is taken; sent twice, it is one report with one receipt",
           "/done/" in done.url and done.url == again.url and hub.saved() == count + 2, (done.url, again.url))


# ---- relays ----

def wrong_remotes(top, hub):
    for name, url, said in (("x", "ftp://relay/x", "none of them"), ("x", "http://relay/x", "none of them"), ("x", "ssh://", "names no server"), ("x", "", "none of them"),
                            ("x", "ssh://relay", "names no repository"), ("x", "ssh://a:b@relay/x", "password"), ("X y", "/x", "lower-case"), ("-x", "/x", "unknown option"),
                            ("x", "https://-o/x", "names no server"), ("x", "/" + "x" * 5000, "longer")):
        tap.refused(f"engabo remote add {name} {url[:20]}", hub.run("remote", "add", name, url, check=False), 64, said)
    tap.refused("engabo remote remove of one that is not there", hub.run("remote", "remove", "none", check=False), 66, "no remote none", "remote list")
    tap.refused("engabo sync with one that is not there", hub.run("sync", "none", check=False), 66, "no remote none", "remote list")
    plain, guarded = os.path.join(top, "plain"), os.path.join(top, "guarded.git")
    os.mkdir(plain)
    write(os.path.join(plain, "letter"), "dear")
    sh("git", "init", "-q", "--bare", guarded)
    sh("git", "-C", guarded, "config", "receive.hideRefs", "refs/heads")
    for promise, url, said in (("a remote that is not there", os.path.join(top, "gone"), "nothing is there"), ("a remote that is a file", os.path.join(plain, "letter"), "a file"),
                               ("a folder that is no repository", plain, "no git repository"), ("a relay that refuses what is sent", guarded, "does not take"),
                               ("a server that is not there", "https://127.0.0.1:1/x.git", "nothing answers"), ("one by ssh", "ssh://127.0.0.1:1/x.git", "nothing answers")):
        done = hub.run("sync", url, check=False)
        tap.ok(f"{promise}: engabo sync exits 69 and says what to do in one line", done.returncode == 69 and done.stderr.count("\n") == 1 and said in done.stderr
               and url in done.stderr, done)
    hub.run("remote", "add", "stick", os.path.join(top, "gone"))
    done = hub.run("sync", check=False)
    tap.ok("with two of them, the one that works is used, and the other is told", done.returncode == 69 and "1 of 2 remotes failed" in done.stderr and "gone" in done.stderr, done)
    tap.ok("engabo status shows it", "nothing is there" in hub.run("status").stdout)
    hub.run("remote", "remove", "stick")
    hub.run("sync")
    tap.ok("nothing was put into the plain folder", os.listdir(plain) == ["letter"])


# ---- enrolment ----

def wrong_papers(top, hq, gulu, invite):
    other = Hub(top, "Lira", "LIR", "Lango", "obote")
    other.init(coalition="Another coalition")
    foreign = other.run("invite").stdout
    damaged = {"empty": "", "cut off": invite[:len(invite) // 2], "no JSON": "come in", "of another form": invite.replace('"v"', '"w"', 1), "a changed root": re.sub(
        r'("root": *")([0-9a-f])', lambda m: m.group(1) + "z", invite)}
    with unchanged("damaged invites", gulu.dir):
        for promise, text in damaged.items():
            tap.refused(f"an invite that is {promise}", gulu.run("join", "-", input=text, check=False), 65, "invite")
        tap.refused("an invite that is not there", gulu.run("join", "/no/such", check=False), 66, "/no/such")
    request, file = os.path.join(top, "gulu.request"), os.path.join(top, "taken.txt")
    with unchanged("a request that cannot be written", gulu.dir):
        tap.refused("a request over a file that is there", gulu.run("join", "-", "-o", file, input=invite, check=False), 73, file)
    done = gulu.run("join", "-", "-o", request, input=invite)
    words = re.search(r"Six words: (.*)", done.stderr).group(1)
    with unchanged("joining a second coalition", gulu.dir):
        tap.refused("join while it is another coalition's", gulu.run("join", "-", input=foreign, check=False), 65, "another coalition")
    text = open(request).read()
    bad = write(os.path.join(top, "bad.request"), text.replace('"epoch":1', '"epoch":2', 1))
    half = write(os.path.join(top, "half.request"), text[:200])
    with unchanged("requests that are not to be admitted", hq.dir):
        for promise, words_of, status, said in (
                ("a request changed on the way", [bad, "--words", words], 77, "request"), ("half a request", [half, "--words", words], 65, "request"),
                ("no request", ["/no/such", "--words", words], 66, "/no/such")):
            tap.refused(promise, hq.with_passphrase("admit", *words_of, check=False), status, said)
        done = hq.with_passphrase("admit", request, "--words", "one two three four five six", check=False)
        tap.ok("other six words: exit 77, and the last line says that nothing was changed", done.returncode == 77 and "not the same" in done.stderr.splitlines()[-1], done)
        done = hq.with_passphrase("admit", request, check=False)
        tap.ok("no six words, and nobody to ask: exit 64, and it says how", done.returncode == 64 and "--words" in done.stderr.splitlines()[-1], done)
        tap.refused("admit with a wrong passphrase", hq.run("admit", request, "--words", words, "--as", hq.user, "--passphrase-file", "-", input="not this one\n", check=False),
                    77, "not right")
    tap.refused("a request for another coalition", other.with_passphrase("admit", request, "--words", words, check=False), 65, "another coalition")
    tap.refused("admit where there is no coalition", Hub(top, "Mbale", "MBL", "Bugisu", "wanyama").init().with_passphrase("admit", request, check=False), 66, "no coalition")
    officer = write(os.path.join(top, "officer"), "lakot knows fourteen wonderful umbrellas\n")
    hq.with_passphrase("user", "add", "lakot", "--role", "officer", "--new-passphrase-file", officer)
    with unchanged("admit by an officer", os.path.join(hq.dir, "log.git")):
        done = hq.run("admit", request, "--words", words, "--as", "lakot", "--passphrase-file", officer, check=False)
        tap.ok("admit by somebody who is no coordinator: exit 77", done.returncode == 77 and "coordinator" in done.stderr.splitlines()[-1], done)
    hq.with_passphrase("admit", request, "--words", words)
    with unchanged("admit a second time", os.path.join(hq.dir, "log.git")):
        done = hq.with_passphrase("admit", request, "--words", words, check=False)
        tap.ok("admitted twice: exit 73, and it says that it is a member", done.returncode == 73 and "already" in done.stderr.splitlines()[-1], done)
    hq.run("sync")
    gulu.run("sync")
    with unchanged("admit at another hub", os.path.join(gulu.dir, "log.git")):
        done = gulu.with_passphrase("admit", request, "--words", words, check=False)
        tap.ok("admit at a hub that is not the keeper: exit 77, and it says where", done.returncode == 77 and hq.log in done.stderr.splitlines()[-1], done)
    return other


# ---- people ----

def wrong_people(hub):
    odd = (
        (["add", "lakot", "--role", "king"], 65, "king"), (["add", "Ms Lakot", "--role", "officer"], 65, "small letters"), (["add", "lakot"], 64, "--role"),
        (["add"], 64, "say whom"), (["add", hub.user, "--role", "officer"], 73, hub.user), (["disable", hub.user], 65, "last coordinator"),
        (["role", hub.user, "officer"], 65, "last coordinator"), (["role", hub.user], 64, "which role"), (["role", hub.user, "king"], 65, "king"),
        (["disable", "nobody"], 66, "nobody"), (["passwd", "nobody"], 66, "nobody"), (["fly"], 64, "cannot fly"),
        (["add", "lakot", "--role", "officer", "--new-passphrase-file", "/no/such"], 66, "/no/such"))
    hub.with_passphrase("user", "list")
    with unchanged("what cannot be done with people", hub.dir):
        for words, status, said in odd:
            tap.refused("engabo user " + " ".join(words), hub.with_passphrase("user", *words, check=False), status, said)
    hub.with_passphrase("user", "add", "lakot", "--role", "officer")
    tap.refused("engabo user add of somebody who is there", hub.with_passphrase("user", "add", "lakot", "--role", "officer", check=False), 73, "lakot")


# ---- serve ----

def wrong_serve(hub):
    for port in (hub.http, hub.sync_port):
        with socket.create_server(("127.0.0.1", port)):
            began = time.monotonic()
            done = engabo("--state", hub.dir, "serve", env=hub.environment)
            tap.ok(f"port {port} in use: engabo serve ends with 78, says once which port and what to do, and leaves nothing running",
                   done.returncode == 78 and done.stderr.count(f"cannot listen on port {port}") == 1 and "engabo.conf" in done.stderr
                   and not sh("pgrep", "-f", hub.dir + " ", check=False), (time.monotonic() - began, done.stderr))
    hub.start()
    tap.refused("engabo serve twice on one directory", engabo("--state", hub.dir, "serve"), 69, "runs already")
    for role in ("intake", "office"):
        tap.refused(f"a second {role}", engabo("--state", hub.dir, "serve", "--role", role), 69, "runs already")
    tap.ok("and the first goes on", all(hub.healthy(port) for port in (hub.https, hub.office, hub.sync_port)))


def settings_broken_meanwhile(hub):
    """Somebody edits the settings of a running hub and makes a mistake."""
    path = os.path.join(hub.dir, "engabo.conf")
    good = open(path).read()
    hub.sign_in()
    write(path, good + "\n[nonsense]\n")
    tap.ok("engabo lock locks whatever stands in the settings", hub.run("lock", check=False).returncode == 0)
    tap.refused("engabo status tells the mistake", hub.run("status", check=False), 78, "nonsense")
    wait_for("the office's complaint", lambda: "[nonsense]" in open(hub.log_path).read())
    tap.ok("the form and sync go on meanwhile", hub.process.poll() is None and hub.healthy(hub.https) and hub.healthy(hub.sync_port))
    write(path, good)
    wait_for("the office", lambda: hub.healthy(hub.office), 20)
    tap.ok("mended, the office comes back by itself", hub.sign_in())


def main():
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        coalition = Coalition(top=top, conf="interval_minutes = 600\n")
        hq, gulu, mbarara = coalition.hubs
        try:
            wrong_words()
            wrong_init(mbarara)
            killed_init(mbarara)
            sh("git", "init", "-q", "--bare", coalition.relay)
            hq.init(coalition="Coalition for Defenders")
            hq.run("remote", "add", "relay", coalition.relay)
            hq.run("sync")
            gulu.init()
            gulu.report(what="written before anything went wrong")
            passphrase = write(os.path.join(top, "passphrase"), gulu.passphrase + "\n")
            invite = hq.run("invite").stdout
            write(os.path.join(top, "invite"), invite)
            wrong_directories(top, gulu, passphrase)
            wrong_settings(gulu, passphrase)
            wrong_passphrases(gulu, top)
            wrong_reports(gulu, "while intake is down")
            right_report(gulu, "while intake is down")
            two_hubs_mixed(top, gulu, hq, passphrase)
            wrong_papers(top, hq, gulu, invite)
            wrong_people(gulu)
            wrong_remotes(top, gulu)
            wrong_serve(gulu)
            hq.start()
            wrong_sign_in(gulu, top)
            wrong_reports(gulu, "while intake runs")
            right_report(gulu, "while intake runs")
            wrong_forms(gulu, hq)
            settings_broken_meanwhile(gulu)
        finally:
            coalition.close(keep=True)
    tap.done()


main()
