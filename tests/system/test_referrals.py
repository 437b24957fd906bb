#!/usr/bin/python3
"""The receiving half of a referral, between two hubs: the directory, the principles, and a provider who signs in, answers, and reaches nothing else.
Mbarara refers a case to a doctor of Gulu's; headquarters is the third, whom it does not concern."""
import json
import os
import re
import subprocess

from coalition import ROOT, Coalition, Tap, sh, wait_for

tap = Tap()
ALIAS, STORY, SAFE, AGREED = "Kingfisher", "Beaten on the way home from the hearing", "Call after six, say it is about the seeds", "A doctor may know my name and my injuries"
NAMES = "Aber Santa Grace"
HIDDEN = "Only the office knows where she sleeps"
SOON, LATER, PAST = "2031-05-04", "2031-06-04", "2020-01-02"


def find(page, pattern):
    found = re.search(pattern, page.body)
    assert found, f"no {pattern!r} at {page.url}: {page.text[:600]}"
    return found.group(1)


def carry(*hubs):
    """What the first wrote is at the others."""
    for hub in hubs:
        hub.sync()


def open_case(laptop, alias):
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what=HIDDEN, how="visit", danger="no")
    key = page.url.rsplit("/", 1)[1]
    laptop.send(laptop.get(f"/reports/{key}/case"), f"/reports/{key}/case", alias=alias, risk="high")
    return key


def refer(hub, case, provider, to, **more):
    fields = {"provider": provider, "hub": to, "service": "medical", "urgency": "urgent", "state": "sent", "reason": "She needs a doctor who writes a report",
              "sent_at": "2026-11-23T09:00:00Z", "expires": "2031-12-31", "consent_text": AGREED, "alias": ALIAS, "summary": STORY, "names": NAMES, "safe_contact": SAFE, **more}
    return hub.write({"entity": "referral", "case": case, "set": fields})[0]


def add_person(hub, laptop, name, role):
    page = laptop.send(laptop.get("/users/new"), "/users/new", name=name, role=role, passphrase=hub.passphrase)
    words = find(page, r'<p class="code">([a-z ]+)</p>')
    browser = hub.laptop()
    browser.send(browser.get("/login"), "/login", name=name, passphrase=words)
    return browser


def add_provider(laptop, **answers):
    page = laptop.send(laptop.get("/providers/new"), "/providers/new", **answers)
    assert "The provider is added." in page.text, page.text[:800]
    return page.url.rsplit("/", 1)[1]


def test_alone(coalition):
    """A hub that works alone has its own principles; in a coalition headquarters' count."""
    hub = coalition.mbarara
    hub.init().start()
    laptop = hub.sign_in()
    page = laptop.get("/principles")
    tap.ok("where nobody has written principles, the page says so", "No principles are written down yet." in page.text, page.text)
    page = laptop.get("/principles/edit")
    tap.ok("the five principles are proposed", all(words in page.text for words in ("1. We keep confidential", "2. Defenders", "3. We keep", "4. We follow up", "5. What is too much")), page.text)
    page = laptop.send(page, "/principles/edit", text="Ours alone")
    tap.ok("a hub that works alone writes its own", "Ours alone" in page.text and "Version 1" in page.text, page.text)
    kept = add_provider(laptop, name="Nurse Atim", profession="nurse", services=["medical"])
    hub.stop()
    coalition.enrol(hub, coalition.hq.run("invite").stdout)
    hub.start()
    laptop = hub.sign_in()
    page = laptop.get("/")
    tap.ok("admitted, it goes on working", page.status == 200, page.text)
    tap.ok("its own principles count no more, and headquarters writes new ones", "Ours alone" not in laptop.get("/principles").text
           and laptop.get("/principles/edit").status == 403, laptop.get("/principles").text)
    carry(hub, coalition.hq)
    tap.ok("its entry of the directory is handed on", "Nurse Atim" in coalition.hq.sign_in().get("/providers").text)
    return laptop, kept


def test_principles(coalition, hq, gulu):
    page = hq.send(hq.get("/principles/edit"), "/principles/edit", text="")
    tap.ok("principles without a word are a problem with the field named", page.status == 400 and "Principles: this must be filled in" in page.text, page.text)
    page = hq.send(hq.get("/principles/edit"), "/principles/edit")
    tap.ok("headquarters writes them", "Our principles are saved." in page.text and "Version 1" in page.text, page.text)
    tap.ok("another hub cannot", gulu.get("/principles/edit").status == 403)
    carry(coalition.hq, coalition.gulu)
    page = gulu.get("/principles")
    tap.ok("they are shown at every hub with their version and day", "We keep confidential" in page.text and "Version 1, " in page.text, page.text)


def test_directory(coalition, gulu, mbarara, nurse):
    page = gulu.send(gulu.get("/providers/new"), "/providers/new", name="", services=["medical"], profession="wizard", vetted_on="2031-01-01", languages="x" * 300, user="nobody")
    tap.ok("bad input names each field, and what was typed is kept",
           page.status == 400 and all(words in page.text for words in ("Name: this must be filled in", "Profession", "Vetted by: say who vouches",
                                      "Languages: too long by 100", "nobody of that name is a provider here")) and "x" * 300 in page.body, page.text[:1500])
    page = gulu.send(gulu.get("/providers/new"), "/providers/new", name="A", services=["medical"], profession="doctor", vetted_by="Okello", vetted_on="2031-01-01")
    tap.ok("nobody is vetted on a day to come", page.status == 400 and "Vetted on: this day has not come yet" in page.text, page.text[:600])
    doctor = add_provider(gulu, name="Doctor Auma", profession="doctor", services=["medical", "psychosocial"], districts=["UG-304"], languages="Acholi, English",
                          capacity="few", user="dr.auma", vetted_by="Akello", vetted_on="2026-01-05", contact="Her clinic, mornings")
    lawyer = add_provider(gulu, name="Advocate Opio", profession="lawyer", services=["legal"], languages="Luganda", capacity="free")
    house = add_provider(gulu, name="The quiet house", profession="safe-house", services=["relocation"])
    page = gulu.send(gulu.get("/providers/new"), "/providers/new", name="B", services=["legal"], profession="lawyer", user="dr.auma")
    tap.ok("one person is one entry", page.status == 400 and "another entry is tied to this person" in page.text, page.text[:600])
    page = gulu.get(f"/providers/{doctor}")
    tap.ok("an entry says who vouches for them and since when", "By Akello, 5 January 2026" in page.text and "Not vetted" not in page.text, page.text)
    tap.ok("one that nobody vouches for is marked", "Not vetted" in gulu.get(f"/providers/{lawyer}").text)
    carry(coalition.gulu, coalition.mbarara)
    for what, query, there, gone in (("service", "service=legal", "Opio", "Auma"), ("district", "district=UG-304", "Auma", "Opio"), ("language", "language=acholi", "Auma", "Opio"),
                                     ("room", "capacity=free", "Opio", "Auma"), ("nothing", "", "Auma", "nobody at all"), ("state", "state=active", "Opio", "nobody at all")):
        page = mbarara.get("/providers?" + query)
        tap.ok(f"another hub finds them by {what}", there in page.text and gone not in page.text, page.text[:900])
    tap.ok("what is not a code finds nobody and breaks nothing", "Nobody found." in mbarara.get("/providers?service=%22'%25").text)
    page = mbarara.get(f"/providers/{doctor}")
    tap.ok("an entry is changed at the hub that made it", page.status == 200 and "/edit" not in page.body and mbarara.get(f"/providers/{doctor}/edit").status == 403, page.text)
    page = mbarara.send(mbarara.get(f"/providers/{nurse}/edit"), "/edit", state="paused")
    tap.ok("somebody who pauses is not in the list of those who can help", "Atim" not in mbarara.get("/providers").text and "Atim" in mbarara.get("/providers?state=paused").text, page.text)
    return doctor, lawyer, house


def test_waiting(provider, key):
    page = provider.get("/")
    tap.ok("the first page of a provider says what waits", "New: 1 not answered yet" in page.text and "principles are to be accepted first" in page.text, page.text)
    page = provider.get("/referrals")
    tap.ok("the list names what is asked and from whom, and nothing of the person before the principles are accepted",
           "Medical care" in page.text and "Mbarara" in page.text and ALIAS not in page.text and "Before you open a referral" in page.text, page.text)
    page = provider.get(f"/referrals/{key}")
    tap.ok("a referral leads to the principles first", "/principles" in page.url and STORY not in page.text and "I accept these" in page.text, (page.url, page.text))
    tap.ok("so does a form of it", STORY not in provider.get(f"/referrals/{key}/reply/accept").text)
    page = provider.send(page, "/principles")
    tap.ok("they are accepted with a tick, not by a slip", page.status == 400 and "Tick that you accept these" in page.text, page.text)
    old = provider.post("/principles", [(n, "7" if n == "version" else v) for n, v in page.form("/principles").filled({"accept": "yes"})])
    tap.ok("nobody accepts a version that they were not shown", old.status == 400 and "They were changed while you were reading" in old.text, old.text)
    page = provider.send(page, "/principles", accept="yes")
    tap.ok("once accepted, the referral opens", page.url.endswith(f"/referrals/{key}") and STORY in page.text, (page.url, page.text))
    return page


def test_answers(provider, key, page, case):
    tap.ok("it shows what came along: the story, how to reach them safely, what the person agreed to, until when",
           all(words in page.text for words in (STORY, SAFE, AGREED, ALIAS, NAMES, "31 December 2031", "Urgent")), page.text)
    tap.ok("and nothing else of the case", case not in page.body and HIDDEN not in page.body and "/cases/" not in page.body and "History" not in page.text, page.body)
    path = f"/referrals/{key}/reply"
    tap.ok("what cannot be answered yet is not offered", "Finish" not in page.text and "cannot be answered now" in provider.get(f"{path}/finish").text)
    page = provider.send(provider.get(f"{path}/accept"), path, next="")
    tap.ok("accepting asks by which day they give word", page.status == 400 and "Next word by: this must be filled in" in page.text, page.text)
    page = provider.send(page, path, next=PAST, text="I see her on Monday")
    tap.ok("not on a day that is over; what was typed is kept", page.status == 400 and "this day has passed" in page.text and "I see her on Monday" in page.body, page.text)
    page = provider.send(page, path, next="2032-01-01")
    tap.ok("nor after the referral's last day", page.status == 400 and "the referral ends on 31 December 2031" in page.text, page.text)
    page = provider.send(page, path, next=SOON, how="call", who="Somebody else")
    tap.ok("the provider accepts, and owes the next word", "The referral is accepted." in page.text and "Accepted" in page.text and "due 4 May 2031" in page.text, page.text)
    tap.ok("in their own name: nobody gives it as a telephone call", "Somebody else" not in page.text, page.text)
    page = provider.send(provider.get(f"{path}/progress"), path, text="Seen on Monday; the report is written.", next=LATER)
    tap.ok("they report progress with the next day", "In progress" in page.text and "due 4 June 2031" in page.text, page.text)
    late = provider.get(f"{path}/progress")
    page = provider.send(provider.get(f"{path}/finish"), path, text="She has the report, and sees me again in spring.")
    tap.ok("they finish with what came of it", "The referral is finished." in page.text and "Done" in page.text and "/reply/" not in page.body, page.text)
    page = provider.send(late, path, text="One word more", next=LATER)
    tap.ok("a form that was opened before takes nothing any more, and says why", page.status == 409 and "meanwhile changed to “Done”" in page.text
           and "One word more" in page.body and "One word more" not in provider.get(f"/referrals/{key}").text, page.text)


def test_sender(mbarara, key, case):
    page = mbarara.get(f"/referrals/{key}")
    tap.ok("the sender's page shows the state and each answer with who and where", all(words in page.text for words in (
        "Done", "Seen on Monday", "She has the report", "dr.auma at Gulu", "Doctor Auma")) and f"/cases/{case}" in page.body, page.text)
    tap.ok("and the list of what was sent", "Done" in mbarara.get("/referrals").text and ALIAS in mbarara.get("/referrals").text)


def test_own_entry(provider, doctor, lawyer):
    page = provider.get(f"/providers/{doctor}/edit")
    tap.ok("their form says what an officer changes", "Your profession, organisation and agency an officer changes." in page.text and 'name="profession"' not in page.body, page.text)
    page = provider.send(page, "/edit", capacity="full", vetted_by="Myself", vetted_on="2026-02-02", agency="010104", user="other", profession="lawyer", organisation="The okapi inn")
    tap.ok("a provider does not change what the guard decides by", "Doctor" in page.text and "Lawyer" not in page.text and "okapi" not in page.text, page.text)
    tap.ok("a provider changes their own entry, but not who vouches, which agency, who signs in", "The entry is saved." in page.text and "Has no room" in page.text
           and "By Akello" in page.text and "Myself" not in page.text and "dr.auma" in page.text and "Police" not in page.text, page.text)
    tap.ok("and no other's", provider.get(f"/providers/{lawyer}").status == 404 and provider.get(f"/providers/{lawyer}/edit").status == 404
           and provider.get("/providers").status == 403 and provider.get("/providers/new").status == 403)


def test_telephone(coalition, gulu, mbarara, provider, case, doctor):
    key = refer(coalition.mbarara, case, doctor, coalition.gulu.log, alias="Heron")
    carry(coalition.mbarara, coalition.gulu)
    page = gulu.get("/referrals")
    tap.ok("officers of the provider's hub see what it received", "Heron" in page.text and "Doctor Auma" in page.text, page.text)
    path = f"/referrals/{key}/reply"
    page = gulu.send(gulu.get(f"{path}/accept"), path, next=SOON, how="page", who="", on=SOON)
    tap.ok("what was said by telephone needs how, who and when", page.status == 400 and all(words in page.text for words in (
        "Who said it: this must be filled in", "choose how you were told", "Given on: this day has not come yet")), page.text)
    page = gulu.send(page, path, next=SOON, how="call", who="Doctor Auma herself", on="2026-11-24")
    tap.ok("an officer answers on the provider's behalf", "By telephone: Doctor Auma herself, 24 November 2026" in page.text and "Accepted" in page.text, page.text)
    carry(coalition.gulu, coalition.mbarara)
    page = mbarara.send(mbarara.get(f"{path}/progress"), path, text="She was there", next=SOON, how="visit", who="Her nurse", on="2026-11-25")
    tap.ok("an officer of the sender's hub does, too", "In person: Her nurse" in page.text and "In progress" in page.text, page.text)
    carry(coalition.mbarara, coalition.gulu)
    page = provider.get(f"/referrals/{key}")
    tap.ok("and the provider sees it", "She was there" in page.text and "In progress" in page.text, page.text)


def test_declined(coalition, mbarara, provider, case, doctor, lawyer, house):
    key = refer(coalition.mbarara, case, doctor, coalition.gulu.log, alias="Weaver")
    carry(coalition.mbarara, coalition.gulu)
    path = f"/referrals/{key}/reply"
    page = provider.get(f"{path}/propose")
    tap.ok("a provider proposes a colleague of the directory; safe houses are not shown", lawyer in page.body and house not in page.body and f'value="{doctor}"' not in page.body
           and "The quiet house" not in page.text, page.text)
    page = provider.send(page, path, provider=house, text="They have a bed")
    tap.ok("nor taken", page.status == 400 and "choose somebody of the directory" in page.text, page.text)
    page = provider.send(page, path, provider=lawyer, text="It is a court matter")
    tap.ok("the proposal stands on the page, and changes no state", "Proposal" in page.text and "Advocate Opio" in page.text and "Sent" in page.text, page.text)
    page = provider.send(provider.get(f"{path}/decline"), path, why="other", text="")
    tap.ok("another reason needs words", page.status == 400 and "say which" in page.text, page.text)
    page = provider.send(page, path, why="own-agency", text="My hospital is accused")
    tap.ok("once declined, what it said is no longer shown", "Declined" in page.text and "Own agency is concerned" in page.text and STORY not in page.body, page.text)
    carry(coalition.gulu, coalition.mbarara)
    page = mbarara.get(f"/referrals/{key}")
    tap.ok("the sender reads why, and who was proposed", "My hospital is accused" in page.text and "Advocate Opio" in page.text and STORY in page.text, page.text)


def test_over(coalition, gulu, mbarara, provider, case, doctor):
    withdrawn, expired, draft = (refer(coalition.mbarara, case, doctor, coalition.gulu.log, **more)
                                 for more in ({"alias": "Stork"}, {"alias": "Egret", "expires": "2026-11-24"}, {"alias": "Ibis", "state": "draft"}))
    carry(coalition.mbarara, coalition.gulu)
    tap.ok("a referral that was sent can be read", STORY in provider.get(f"/referrals/{withdrawn}").text)
    open_form = provider.get(f"/referrals/{withdrawn}/reply/accept")
    coalition.mbarara.write({"entity": "referral", "case": case, "key": withdrawn, "set": {"state": "withdrawn", "withdrawn_why": "She has changed her mind"}})
    carry(coalition.mbarara, coalition.gulu)
    for name, key, words in (("withdrawn", withdrawn, "was withdrawn"), ("expired", expired, "is over")):
        for who, browser in (("the provider", provider), ("officers of their hub", gulu)):
            page = browser.get(f"/referrals/{key}")
            tap.ok(f"what is {name} is no longer read by {who}, and the page says so", words in page.text and name.capitalize() in page.text
                   and all(secret not in page.body for secret in (STORY, SAFE, NAMES, "Stork", "Egret", "changed her mind", "/reply/")), page.text)
            tap.ok(f"its history tells {who} nothing either", browser.get(f"/history/referral/{key}").status in (403, 404))
        listed = provider.get("/referrals").text
        tap.ok(f"nor does the list tell whom the {name} one was about", "Stork" not in listed and "Egret" not in listed, listed)
    page = provider.send(open_form, "/reply/accept", next=SOON)
    tap.ok("a form that was opened before is not saved any more", page.status == 409 and "“Withdrawn”" in page.text, page.text)
    tap.ok("a draft does not leave the hub that writes it", provider.get(f"/referrals/{draft}").status == 404 and gulu.get(f"/referrals/{draft}").status == 404
           and "Ibis" not in gulu.get("/referrals").text)
    tap.ok("its sender still sees all", "changed her mind" in mbarara.get(f"/referrals/{withdrawn}").text and "Stork" in mbarara.get("/referrals").text)


def test_anew(coalition, hq, provider, key):
    hq.send(hq.get("/principles/edit"), "/principles/edit", text="A sixth: we are patient.")
    carry(coalition.hq, coalition.gulu)
    page = provider.get(f"/referrals/{key}")
    tap.ok("a newer version is accepted before anything else opens", "A sixth" in page.text and "Version 2" in page.text and STORY not in page.body, page.text)
    page = provider.send(page, "/principles", accept="yes")
    tap.ok("then it opens again", STORY in page.text, page.text)


def envelopes(hub, log):
    """Every envelope of the office in that hub's log, as its bytes; oldest last."""
    git = ["git", "-C", hub.dir + "/log.git"]
    seen = set()
    for line in sh(*git, "rev-list", "--objects", f"refs/heads/log/{log}/1").decode().splitlines():
        oid, _, name = line.partition(" ")
        if name.startswith("o-") and oid not in seen:
            seen.add(oid)
            yield sh(*git, "cat-file", "blob", oid)


def test_sealed(coalition):
    """With each hub's own identity: which envelopes of referrals and replies it opens."""
    opened, looked = {}, []
    for hub in coalition.hubs:
        identity = os.path.join(coalition.top, hub.code + "-identity")
        hub.with_passphrase("recover", "-o", identity)
        opened[hub.code] = {}
        for log in (coalition.gulu.log, coalition.mbarara.log):
            for blob in envelopes(coalition.hq, log):
                plain = subprocess.run(["age", "-d", "-i", identity], input=blob, capture_output=True).stdout
                found = re.search(rb'"entity":"(referral|reply)".*', plain)
                if b"looked up who a person is: in a referral" in plain:
                    looked.append((hub.code, json.loads(plain.splitlines()[1])["by"]))
                if found:
                    opened[hub.code][blob] = (found.group(1), plain)
    both = [opened["GUL"].get(b) or opened["MBR"].get(b) for b in opened["GUL"].keys() | opened["MBR"].keys()]
    replies = [b for b in opened["GUL"] if opened["GUL"][b][0] == b"reply"]
    tap.ok("the two hubs open all replies, and the referrals that were sent", len(replies) >= 7 and all(b in opened["MBR"] for b in replies)
           and {kind for kind, _ in both} == {b"referral", b"reply"}, (len(replies), len(both)))
    tap.ok("headquarters, to whom all else goes in full, opens none of them with its key", not opened["KLA"], [p[:300] for _, p in opened["KLA"].values()])
    tap.ok("whoever read the names left a trace in their own hub, and nowhere else", ("GUL", "dr.auma") in looked and ("GUL", "akello") in looked
           and ("MBR", "tumwine") in looked and not [code for code, _ in looked if code == "KLA"], set(looked))
    counts = {blob.split(b"\n---")[0].count(b"-> X25519") for blob in replies}
    tap.ok("each is sealed to exactly two hubs and recovery", counts == {3}, counts)
    drafts = [b for b, (_, plain) in opened["MBR"].items() if b'"state":"draft"' in plain]
    tap.ok("a draft to its own hub and recovery", drafts and all(b not in opened["GUL"] and b.split(b"\n---")[0].count(b"-> X25519") == 2 for b in drafts), len(drafts))


def test_third(hq, key):
    tap.ok("a hub that it does not concern knows of no such referral", hq.get(f"/referrals/{key}").status == 404 and ALIAS not in hq.get("/referrals").text)
    page = hq.get("/referrals")
    answer = hq.post(f"/referrals/{key}/reply/accept", {"csrf": find(page, r'name="csrf" value="([^"]+)"'), "next": SOON, "how": "call", "who": "x", "on": "2026-11-24"})
    tap.ok("and cannot answer it", answer.status == 404, answer.text)


def test_reach(gulu, provider, facilitator, key, doctor, lawyer, report):
    """Every page of the office, as somebody who is no officer, with keys of records that are there."""
    with open(os.path.join(ROOT, "web/office/routes.c")) as f:
        patterns = re.findall(r'\{GET, "([^"]+)"', f.read())
    theirs = {"/", "/login", "/principles", "/referrals", f"/referrals/{key}", f"/providers/{doctor}", f"/providers/{doctor}/edit"}
    keys = {"providers": [doctor, lawyer], "referrals": [key], "history": ["referral", "case", "provider", "reply"]}
    reached, tried = {}, 0
    for name, browser in (("provider", provider), ("facilitator", facilitator)):
        paths = set()
        for pattern in patterns:
            first = pattern.split("/")[1]
            for at in keys.get(first, [report]):
                for last in (key, doctor, report, "accept", "actions", "new"):
                    parts, stars = pattern.split("*"), pattern.count("*")
                    paths.add("".join(p + v for p, v in zip(parts, ([at, last, key][:stars] + [""]))))
        tried += len(paths)
        reached[name] = {path for path in paths if (lambda page: page.status == 200 and page.url.endswith(path))(browser.get(path))}
    tap.ok("they are many", tried > 100, tried)
    tap.ok("a provider reaches what is theirs and nothing else", reached["provider"] - {"/login", "/code", "/help"} == theirs - {"/login", "/code", "/help"}, sorted(reached["provider"] ^ theirs))
    directory = {"/", "/principles", "/providers", f"/providers/{doctor}", f"/providers/{lawyer}"}
    tap.ok("a facilitator reads the directory and the principles, and nothing else", reached["facilitator"] - {"/login", "/code", "/help"} == directory, sorted(reached["facilitator"] ^ directory))
    tap.ok("while an officer reaches them", all(gulu.get(path).status == 200 for path in (f"/reports/{report}", f"/cases/{report}", "/search?q=a")))


def test_lock(hub):
    hub.run("lock")
    wait_for("a locked office", lambda: hub.healthy(hub.office) and "locked" in hub.laptop().get("/login").text)
    provider = hub.laptop()
    page = provider.send(provider.get("/login"), "/login", name="dr.auma", passphrase="seven words that are not right at all")
    tap.ok("a provider does not open a locked hub, and is told whom to ask", page.status == 403 and "ask an officer to open the hub" in page.text, page.text)
    done = hub.run("unlock", "--as", "dr.auma", "--passphrase-file", "-", input="anything\n", check=False)
    tap.ok("nor from the command line", done.returncode == 77, done.stderr)


def main():
    coalition = Coalition(conf="interval_minutes = 600\n")
    try:
        coalition.make(hubs=[coalition.gulu])
        for hub in (coalition.hq, coalition.gulu):
            hub.start()
        hq, gulu = coalition.hq.sign_in(), coalition.gulu.sign_in()
        mbarara, nurse = test_alone(coalition)
        test_principles(coalition, hq, gulu)
        provider = add_person(coalition.gulu, gulu, "dr.auma", "provider")
        tap.ok("a provider without an entry in the directory is told so", "No entry of the directory is tied to your name yet" in provider.get("/referrals").text)
        facilitator = add_person(coalition.gulu, gulu, "okot", "facilitator")
        doctor, lawyer, house = test_directory(coalition, gulu, mbarara, nurse)
        report, case = open_case(gulu, "Gulu's own"), open_case(mbarara, "Whimbrel")
        key = refer(coalition.mbarara, case, doctor, coalition.gulu.log)
        carry(coalition.mbarara, coalition.gulu)
        page = test_waiting(provider, key)
        test_answers(provider, key, page, case)
        carry(coalition.gulu, coalition.mbarara)
        test_sender(mbarara, key, case)
        test_own_entry(provider, doctor, lawyer)
        test_telephone(coalition, gulu, mbarara, provider, case, doctor)
        test_declined(coalition, mbarara, provider, case, doctor, lawyer, house)
        test_over(coalition, gulu, mbarara, provider, case, doctor)
        test_anew(coalition, hq, provider, key)
        carry(coalition.gulu, coalition.mbarara, coalition.hq)
        test_third(hq, key)
        test_reach(gulu, provider, facilitator, key, doctor, lawyer, report)
        test_sealed(coalition)
        test_lock(coalition.gulu)
        tap.done()
    finally:
        coalition.close()


main()
