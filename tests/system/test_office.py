#!/usr/bin/python3
"""The office as its people use it: real processes, a browser without script. Each line is a promise of the staff pages or of the commands beside them."""
import json
import os
import re
import subprocess
import tempfile
import time

from coalition import Browser, Coalition, Tap, wait_for

tap = Tap()
SECRET = "Two men asked at the gate where Okello sleeps"
LATER = "2031-05-04"


def find(page, pattern):
    found = re.search(pattern, page.body)
    assert found, f"no {pattern!r} at {page.url}: {page.text[:600]}"
    return found.group(1)


def token(page):
    return find(page, r'name="csrf" value="([^"]+)"')


def file_with(text):
    fd, path = tempfile.mkstemp()
    os.write(fd, (text + "\n").encode())
    os.close(fd)
    return path


def open_case(laptop, report, alias, risk="high"):
    page = laptop.get(f"/reports/{report}/case")
    return laptop.send(page, f"/reports/{report}/case", alias=alias, risk=risk)


def both_sync(coalition):
    for hub in (coalition.gulu, coalition.hq, coalition.gulu, coalition.hq):
        hub.sync()


def test_signing_in(hub):
    code = hub.report(what=SECRET, danger="yes", needs=["legal"], place="Layibi")
    guest = hub.laptop()
    wait_for("the flag of the urgent report", lambda: "Something urgent waits" in guest.get("/login").text)
    page = guest.get("/login")
    tap.ok("a locked hub says that something urgent waits, and nothing of what it is", SECRET not in page.body and "locked" in page.text, page.text)
    tap.ok("a page of records leads to the sign-in page while the hub is locked", "/login" in guest.get("/reports").url)
    page = guest.send(guest.get("/login"), "/login", name=hub.user, passphrase="not this one")
    tap.ok("a wrong passphrase is told as a problem with the name kept", page.status == 403 and f'value="{hub.user}"' in page.body, page.text)
    page = guest.send(guest.get("/login"), "/login", name="", passphrase="")
    tap.ok("an empty form names both fields", page.status == 400 and "Type your name" in page.text and "Type your passphrase" in page.text, page.text)
    tap.ok("a sign-in that comes from another site is refused",
           guest.post("/login", {"name": hub.user, "passphrase": hub.passphrase}, {"Origin": "https://evil.example"}).status == 403)
    laptop = hub.sign_in()
    tap.ok("the keyholder's passphrase opens the hub", "New reports" in laptop.get("/").text)
    cookies = [c for c in laptop.jar if c.name.startswith("__Host-office")]
    tap.ok("the session's cookie is for this host alone, secure and not for scripts",
           cookies and cookies[0].secure and cookies[0].path == "/" and cookies[0].has_nonstandard_attr("HttpOnly"), cookies)
    return laptop, code


def test_names(coalition, hub):
    hubs = {h["log"]: h["name"] for h in json.loads(hub.run("hubs", "--json").stdout)}
    tap.ok("engabo hubs names the hubs while the office is open", hubs == {hub.log: "Gulu", coalition.hq.log: "Kampala"}, hubs)
    hubs = {h["log"]: h["name"] for h in json.loads(coalition.hq.run("hubs", "--json").stdout)}
    tap.ok("and none while it is locked", set(hubs.values()) == {""}, hubs)


def test_reporter(hub, code):
    def inbox():
        hub.sync()
        return hub.phone().send(hub.phone().get("/messages"), "/messages", code=code).text
    text = wait_for("the state in the mailbox", lambda: (lambda t: t if "Nobody has read it" not in t else None)(inbox()))
    tap.ok("a report that was merely opened tells the reporter that it was read, not that somebody works on it",
           "Somebody has read it." in text and "working on it" not in text, text)


def test_throttle(hub):
    known, stranger = hub.sign_in(), hub.laptop()
    last = None
    for _ in range(8):
        last = known.post("/login", {"name": "lakot", "passphrase": "guess"})
    tap.ok("a browser that is known as one person's gains nothing against another", last.status == 429, last.text)
    page = known.post("/login", {"name": hub.user, "passphrase": hub.passphrase})
    tap.ok("its owner still signs in there", page.status == 200 and "/login" not in page.url, page.text)
    last = known.post("/login", {"name": "lakot", "passphrase": "guess"})
    tap.ok("which does not undo the wrong guesses at the other", last.status == 429, last.text)
    for _ in range(8):
        last = stranger.post("/login", {"name": "somebody", "passphrase": "guess"})
    tap.ok("after some wrong tries the next has to wait, and is told how long", last.status == 429 and last.headers.get("Retry-After"), last.text)


def test_report(hub, laptop, code):
    # The flag may be up before sync has written the report to the log.
    wait_for("the report on the first page", lambda: "Danger now" in laptop.get("/").text)
    page = laptop.get("/")
    tap.ok("a new report stands on the first page with its clock, marked as urgent", "Danger now" in page.text and "hours left" in page.text, page.text)
    key = find(page, r'href="/reports/([0-9a-z.]{43})"')
    page = laptop.get(f"/reports/{key}")
    tap.ok("its page shows what was told and who can read it", SECRET in page.text and "Who can read this" in page.text, page.text)
    tap.ok("opening it lets the flag down", "Something urgent" not in hub.laptop().get("/login").text)
    tap.ok("opening it is noted with who and when", f"Opened by {hub.user}" in laptop.get(f"/reports/{key}").text, page.text)
    test_reporter(hub, code)
    page = laptop.send(page, f"/reports/{key}/answer", text="   ")
    tap.ok("an empty answer is a problem with the field named", page.status == 400 and "this must be filled in" in page.text, page.text)
    page = laptop.send(page, f"/reports/{key}/answer", text="x" * 4001)
    tap.ok("an answer that is too long comes back as it was typed", page.status == 400 and "x" * 4001 in page.body and "too long by 1" in page.text, page.text[:400])
    page = laptop.send(page, f"/reports/{key}/answer", text="We call you at six.")
    tap.ok("the reporter is answered", page.status == 200 and "We call you at six." in page.text, page.text)
    return key


def test_case(laptop, key):
    before = laptop.get(f"/reports/{key}")
    page = laptop.get(f"/reports/{key}/case")
    page = laptop.send(page, f"/reports/{key}/case", alias="", risk="enormous")
    tap.ok("a case without an alias and with a risk that does not exist names both", page.status == 400 and "There is a problem" in page.text
           and "Alias: this must be filled in" in page.text and "Risk: choose one" in page.text, page.text)
    page = open_case(laptop, key, "Kingfisher")
    tap.ok("a case is opened from the report, with a reference", page.status == 200 and re.search(r"Case [A-Z]{3}-[0-9A-Z]{5}", page.title), page.title)
    case = page.url
    answer = laptop.send(before, "/close", reason="Not for us")
    tap.ok("a report that became a case is not closed any more", answer.status == 409 and "does not wait any more" in answer.text
           and "Not for us" not in laptop.get(f"/history/report/{key}").text, answer.text)
    page = laptop.get(case + "/actions/new")
    page = laptop.send(page, "/actions/new", what="Change the locks", who="Apio", due="2026-02-30")
    tap.ok("a day that does not exist is refused with what was typed kept", page.status == 400 and "Change the locks" in page.body and "not a date" in page.text, page.text)
    page = laptop.send(page, "/actions/new", what="Change the locks", who="Apio", due="2027")
    tap.ok("so is a year without its day", page.status == 400 and "Change the locks" in page.body and "Due: give the whole day" in page.text, page.text)
    page = laptop.send(page, "/actions/new", due="2020-01-01")
    tap.ok("a due date that has passed is asked about", page.status == 400 and "has passed" in page.text, page.text)
    page = laptop.send(page, "/actions/new", due=LATER)
    tap.ok("the action stands in the case with its due date", "The action is added." in page.text and "4 May 2031" in page.text, page.text)
    page = laptop.send(page, "/notes", text="She prefers to be called after dark.")
    tap.ok("a note is added", "She prefers to be called after dark." in page.text, page.text)
    page = laptop.get(page.url + "/followups/new")
    page = laptop.send(page, "/followups/new", due=LATER, how="A visit")
    tap.ok("a follow-up is added", "The follow-up is added." in page.text, page.text)
    page = laptop.send(laptop.get(f"/cases/{key}/close"), "/close", reason="", outcome="None yet", rest="keep")
    tap.ok("a case is not closed without a reason", page.status == 400 and "Reason for closing: this must be filled in" in page.text, page.text)
    page = laptop.get("/search?q=kingf")
    tap.ok("the search finds it by the beginning of a word", "Kingfisher" in page.text, page.text)
    tap.ok("what is typed into the search is never syntax", laptop.get('/search?q=%22%20OR%20*%20NEAR(').status == 200)
    page = laptop.get(f"/history/case/{key}")
    tap.ok("the history says who set what", "Risk: High" in page.text, page.text)


def test_two_officers(hub, laptop, key):
    other = hub.sign_in()
    mine, theirs = laptop.get(f"/cases/{key}/edit"), other.get(f"/cases/{key}/edit")
    other.send(theirs, "/edit", risk="low")
    page = laptop.send(mine, "/edit", risk="emergency", summary="Typed by me")
    tap.ok("who edits what a colleague just changed is told before saving, with both values",
           page.status == 409 and "changed to “Low” while you were writing" in page.text and hub.user in page.text, page.text)
    tap.ok("nothing typed is lost", "Typed by me" in page.body and re.search(r'value="emergency" checked', page.body), page.text)
    page = laptop.send(page, "/edit")
    tap.ok("saved again, it replaces what was shown", "Risk: Emergency" in page.text and "Hubs disagree" not in page.text, page.text)
    page = laptop.send(laptop.get(f"/cases/{key}/edit"), "/edit")
    tap.ok("saving without a change changes nothing", "Nothing was changed." in page.text, page.text)


def test_settling(laptop, key):
    page = laptop.get(f"/cases/{key}")
    for entity, field, value in (("case", "summary", "planted"), ("case", "ref", "GUL-XXXXX"), ("case", "state", "closed"), ("report", "what", "planted"),
                                 ("report", "mailbox", "planted"), ("report", "opened_by", "planted"), ("report", "how", "visit")):
        answer = laptop.post(f"/settle/{entity}/{key}/{field}", {"csrf": token(page), "choice": "other", "seen." + field: "", field: value})
        tap.ok(f"a {entity}'s {field} about which hubs do not disagree is not settled", answer.status in (404, 409) and "It is settled" not in answer.text
               and "planted" not in laptop.get(f"/history/{entity}/{key}").text, (answer.status, answer.text))


def test_forms(hub, laptop, key):
    page = laptop.get(f"/cases/{key}")
    answer = laptop.post(f"/cases/{key}/notes", {"text": "forged"})
    tap.ok("a form without its token is refused", answer.status == 403 and "forged" not in laptop.get(f"/cases/{key}").text, answer.text)
    answer = laptop.post(f"/cases/{key}/notes", {"text": "forged", "csrf": token(page)}, {"Sec-Fetch-Site": "cross-site"})
    tap.ok("a form from another site is refused", answer.status == 403, answer.text)
    answer = laptop.post(f"/cases/{key}/notes", {"text": "forged", "csrf": token(page)}, {"Host": "evil.example"})
    tap.ok("the office does not answer to a name that is not its own", answer.status == 403, answer.text)
    answer = laptop.post(f"/cases/{key}/notes", [("text", "caf\udcc3".encode("utf-8", "surrogateescape")), ("csrf", token(page))])
    tap.ok("what is not UTF-8 is refused with the field named", answer.status == 400 and "text" in answer.text, answer.text)


def test_once(laptop, key):
    """Pressed twice, or sent again by a browser that lost the answer: the same bytes to the same address."""
    case, report = laptop.get(f"/cases/{key}"), laptop.get(f"/reports/{key}")
    for page, action, answers, where in ((case, "/notes", {"text": "Typed once"}, f"/cases/{key}"),
                                         (laptop.get(f"/cases/{key}/actions/new"), "/actions/new", {"what": "Agreed once", "who": "Apio", "due": LATER}, f"/cases/{key}"),
                                         (laptop.get(f"/cases/{key}/followups/new"), "/followups/new", {"due": LATER, "how": "Once by bicycle"}, f"/cases/{key}"),
                                         (report, "/answer", {"text": "Answered once"}, f"/reports/{key}"),
                                         (laptop.get("/reports/new"), "/reports/new", {"what": "Told once", "how": "visit", "danger": "no"}, "/reports?all=1")):
        form = page.form(action)
        sent = form.filled(answers)
        first, second = laptop.post(form.action, sent), laptop.post(form.action, sent)
        text = next(value for value in answers.values() if "nce" in value)
        if "how" in answers and action != "/reports/new":
            count = len(set(re.findall(r"/followups/[0-9a-z.]{43}", laptop.get(where).body)))
            expected = len(set(re.findall(r"/followups/[0-9a-z.]{43}", case.body))) + 1
        else:
            count, expected = laptop.get(where).text.count(text), 1
        tap.ok(f"the same form sent twice to {form.action.replace(key, '...')} is written once and leads to the same place",
               first.status == second.status == 200 and first.url == second.url and count == expected, (first.url, second.url, count, expected))
    laptop.send(case, "/notes", text="Typed after going back")
    tap.ok("another text typed into the same page is written", "Typed after going back" in laptop.get(f"/cases/{key}").text)


def test_kept(hub, laptop, key):
    page = laptop.get(f"/cases/{key}")
    lock = laptop.get("/lock")
    hub.run("lock")
    wait_for("a locked office", lambda: hub.healthy(hub.office) and "locked" in hub.laptop().get("/login").text)
    page = laptop.send(page, "/notes", text="Written while the hub was being locked.")
    guest = hub.laptop()
    planted = [guest.post(f"/cases/{key}/notes", {"text": f"Planted {i}"}) for i in range(40)]
    tap.ok("nothing is kept of what a stranger posts, and it pushes nothing out", all("kept" not in p.url and "kept" not in p.text for p in planted), planted[0].url)
    tap.ok("a form that holds no typed text is not kept: nobody can be led into locking the hub", "kept" not in laptop.send(lock, "/lock").url)
    tap.ok("after the lock every page asks to sign in", "/login" in page.url and "What you wrote is kept" in page.text, page.text)
    page = laptop.send(page, "/login", name=hub.user, passphrase=hub.passphrase)
    tap.ok("a form posted after its session ended is there after the new sign-in", "Written while the hub was being locked." in page.body
           and "You were signed out before this was saved" in page.text, page.text)
    count = laptop.get(f"/cases/{key}").text.count("Written while")
    page = laptop.send(page, "/notes")
    tap.ok("it is saved only when it is sent again", count == 0 and laptop.get(f"/cases/{key}").text.count("Written while") == 1, page.text)
    tap.ok("a snapshot was written when the hub was locked", os.path.exists(hub.dir + "/snapshot.sig"))
    return laptop


def test_people(hub, laptop):
    page = laptop.send(laptop.get("/users/new"), "/users/new", name="Not A Name", role="officer", passphrase=hub.passphrase)
    tap.ok("a name that cannot be one is a problem", page.status == 400 and "small letters" in page.text, page.text)
    page = laptop.send(laptop.get("/users/new"), "/users/new", name="okot", role="officer", passphrase="wrong")
    tap.ok("adding somebody needs the coordinator's own passphrase again", page.status == 400 and "Your passphrase is not right" in page.text, page.text)
    page = laptop.send(page, "/users/new", passphrase=hub.passphrase)
    words = find(page, r'<p class="code">([a-z ]+)</p>')
    tap.ok("a new officer gets seven words, shown once", len(words.split()) == 7 and words not in laptop.get("/users").text, page.text)
    officer = hub.laptop()
    page = officer.send(officer.get("/login"), "/login", name="Okot", passphrase="  ".join(words.split()).upper())
    tap.ok("they sign in; capitals and spaces do not matter", "New reports" in page.text, page.text)
    tap.ok("an officer does not manage people", officer.get("/users").status == 403)
    page = laptop.send(laptop.get("/users/okot"), "/users/okot", what="disable", passphrase=hub.passphrase)
    tap.ok("somebody who was disabled is out at once", "/login" in officer.get("/").url and "not sign in" in page.text, page.text)
    page = officer.send(officer.get("/login"), "/login", name="okot", passphrase=words)
    tap.ok("and cannot sign in again", page.status == 403, page.text)
    page = laptop.send(laptop.get("/users/new"), "/users/new", name="dr.auma", role="provider", passphrase=hub.passphrase)
    words = find(page, r'<p class="code">([a-z ]+)</p>')
    provider = hub.laptop()
    page = provider.send(provider.get("/login"), "/login", name="dr.auma", passphrase=words)
    tap.ok("a provider signs in and sees nothing of the office's", "Nothing for you yet" in page.text and provider.get("/reports").status == 403
           and provider.get("/search?q=a").status == 403, page.text)
    return words


def test_commands(hub, words):
    laptop = hub.sign_in()
    who = hub.with_passphrase("user", "list").stdout
    tap.ok("engabo user list tells who is here", "okot" in who and "disabled" in who and "provider" in who, who)
    made = hub.with_passphrase("user", "add", "lakot", "--role", "officer").stdout
    secret = re.search(r"^    ([a-z ]+)$", made, re.M).group(1)
    other = hub.laptop()
    page = other.send(other.get("/login"), "/login", name="lakot", passphrase=secret)
    tap.ok("engabo user add works while the office runs", "New reports" in page.text, page.text)
    old, new = file_with(secret), file_with("seven brave herons crossed the wide lake")
    hub.run("user", "passwd", "lakot", "--as", "lakot", "--passphrase-file", old, "--new-passphrase-file", new)
    again = hub.run("user", "list", "--as", hub.user, "--passphrase-file", old, check=False)
    tap.ok("a wrong passphrase is exit 77 and one line", again.returncode == 77 and again.stderr.count("\n") == 1, again.stderr)
    denied = hub.run("user", "list", "--as", "lakot", "--passphrase-file", new, check=False)
    tap.ok("an officer does not manage people from the command line either, and signs with the new passphrase", denied.returncode == 77
           and "coordinator" in denied.stderr, denied.stderr)
    exported = json.loads(hub.with_passphrase("export", "reports", "cases").stdout)
    tap.ok("engabo export prints the records", exported["cases"][0]["alias"] == "Kingfisher" and SECRET in json.dumps(exported["reports"]), exported.keys())
    wrong = hub.with_passphrase("export", "secrets", check=False)
    tap.ok("a kind of record that does not exist is a usage error", wrong.returncode == 64, wrong.stderr)
    identity = os.path.join(os.path.dirname(hub.dir), "identity.txt")
    hub.with_passphrase("recover", "-o", identity)
    tap.ok("engabo recover writes an identity for its owner alone", os.stat(identity).st_mode & 0o777 == 0o600)
    hub.run("sync")
    git = ["git", "-C", hub.dir + "/log.git"]
    names = subprocess.run([*git, "ls-tree", "--name-only", f"refs/heads/log/{hub.log}/1"], capture_output=True, text=True).stdout.split()
    name = [n for n in names if n.startswith("o-")][-1]
    blob = subprocess.run([*git, "cat-file", "blob", f"refs/heads/log/{hub.log}/1:{name}"], capture_output=True).stdout
    plain = subprocess.run(["age", "-d", "-i", identity], input=blob, capture_output=True).stdout
    tap.ok("with it the stock age opens the newest envelope: the audit of just this", b'"audit"' in plain and b"opening identity" in plain, plain[:300])
    existing = hub.with_passphrase("recover", "-o", identity, check=False)
    tap.ok("it overwrites nothing", existing.returncode == 73, existing.stderr)
    return laptop


def test_down(hub, words):
    began = time.monotonic()
    hub.stop()
    tap.ok("on SIGTERM all is over within 5 s", time.monotonic() - began < 5.5, time.monotonic() - began)
    out = hub.with_passphrase("user", "role", "lakot", "coordinator")
    who = json.loads(hub.with_passphrase("user", "list", "--json").stdout)["users"]
    tap.ok("the commands work while the office is down", {"name": "lakot", "role": "coordinator", "state": "active"} in who, who)
    tap.ok("engabo lock is content when nothing runs", hub.run("lock").returncode == 0)
    gone = hub.with_passphrase("unlock", check=False)
    tap.ok("engabo unlock says that nothing runs", gone.returncode == 69, gone.stderr)
    hub.start()
    provider = hub.laptop()
    page = provider.send(provider.get("/login"), "/login", name="dr.auma", passphrase=words)
    tap.ok("a provider does not open a locked hub, and is told whom to ask", page.status == 403 and "ask an officer to open the hub" in page.text, page.text)
    hub.with_passphrase("unlock")
    page = provider.send(provider.get("/login"), "/login", name="dr.auma", passphrase=words)
    tap.ok("engabo unlock opens it", "Nothing for you yet" in page.text, page.text)


def test_snapshot(hub, key):
    hub.stop()
    for name in ("snapshot.age", "snapshot.sig"):
        path = os.path.join(hub.dir, name)
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) // 2)
            f.write(b"XX")
    hub.start()
    laptop = hub.sign_in()
    tap.ok("a snapshot that does not verify is not believed: all is rebuilt from the log", "Kingfisher" in laptop.get(f"/cases/{key}").text
           and "not believed" in open(hub.log_path).read())
    return laptop


def test_conflict(coalition, gulu, key):
    hq = coalition.hq.sign_in()
    both_sync(coalition)
    page = hq.get(f"/cases/{key}")
    tap.ok("headquarters sees the case of the other hub, and whose it is", "Kingfisher" in page.text and "Gulu" in page.text, page.text)
    gulu.send(gulu.get(f"/cases/{key}/edit"), "/edit", risk="low")
    hq.send(hq.get(f"/cases/{key}/edit"), "/edit", risk="medium")
    both_sync(coalition)
    here, there = gulu.get(f"/cases/{key}"), hq.get(f"/cases/{key}")
    shown = [re.search(r"Risk: (\w+)", page.text).group(1) for page in (here, there)]
    tap.ok("both hubs changed the risk: both show the same value and the conflict with both", shown[0] == shown[1]
           and all("Hubs disagree: Risk" in p.text and "Low" in p.text and "Medium" in p.text for p in (here, there)), (shown, here.text[:600]))
    tap.ok("the first page says that hubs disagree", "Risk in GUL-" in gulu.get("/").text, gulu.get("/").text)
    page = hq.send(there, f"/settle/case/{key}/risk", choice="ask")
    page = hq.send(page, f"/settle/case/{key}/risk", choice="other", risk="high")
    tap.ok("one person settles it with a third value", "It is settled." in page.text and "Hubs disagree" not in page.text and "Risk: High" in page.text, page.text)
    both_sync(coalition)
    page = gulu.get(f"/cases/{key}")
    tap.ok("and it is settled everywhere", "Hubs disagree" not in page.text and "Risk: High" in page.text, page.text)


def test_alone(coalition):
    hub = coalition.mbarara
    hub.init().start()
    laptop = hub.sign_in()
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="Written while we worked alone", how="visit", danger="no")
    tap.ok("a hub that works alone says who can read its records", "alone" in page.text, page.text)
    report = page.url.rsplit("/", 1)[1]
    open_case(laptop, report, "Heron")
    hub.stop()
    coalition.enrol(hub, coalition.hq.run("invite").stdout)
    hub.start()
    laptop = hub.sign_in()
    laptop.get("/")
    hub.sync()
    coalition.hq.sync()
    hq = coalition.hq.sign_in()
    page = hq.get(f"/cases/{report}")
    tap.ok("admitted, it hands on what it wrote alone: headquarters reads it", page.status == 200 and "Heron" in page.text, page.text)
    before = hub.status()
    laptop.get("/")
    hub.sync()
    logs = [{row["log"]: row["seq"] for row in s["logs"]}.get(hub.log) for s in (before, hub.status())] if "logs" in before else [0, 0]
    tap.ok("once", logs[0] == logs[1], logs)


def main():
    coalition = Coalition(conf="interval_minutes = 600\n")
    try:
        coalition.make(hubs=[coalition.gulu])
        for hub in (coalition.hq, coalition.gulu):
            hub.start()
        hub = coalition.gulu
        laptop, code = test_signing_in(hub)
        test_names(coalition, hub)
        key = test_report(hub, laptop, code)
        test_case(laptop, key)
        test_two_officers(hub, laptop, key)
        test_settling(laptop, key)
        test_once(laptop, key)
        test_forms(hub, laptop, key)
        laptop = test_kept(hub, laptop, key)
        words = test_people(hub, laptop)
        test_commands(hub, words)
        test_down(hub, words)
        laptop = test_snapshot(hub, key)
        test_conflict(coalition, laptop, key)
        test_alone(coalition)
        test_throttle(hub)
        tap.done()
    finally:
        coalition.close()


main()
