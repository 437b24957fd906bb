#!/usr/bin/python3
"""A case goes from hub to hub, and what headquarters gets of cases: three hubs and a relay, real processes. What a hub cannot read is shown by opening
every envelope of every log with its key."""
import datetime
import os
import re


from coalition import Coalition, Tap, wait_for
from opened import opened, said

tap = Tap()
SECRET = "Two men asked at the gate where Okello sleeps"
REASON = "She has moved to your town"
SOON = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
LATE, AFTER = "She called from a borrowed phone", "We met her at the market"


def sync(*hubs):
    for hub in hubs + hubs:
        hub.sync()


def find(page, pattern):
    found = re.search(pattern, page.body)
    assert found, f"no {pattern!r} at {page.url}: {page.text[:900]}"
    return found.group(1)


def new_officer(hub, laptop, name):
    """Somebody who works there, signed in."""
    words = find(laptop.send(laptop.get("/users/new"), "/users/new", name=name, role="officer", passphrase=hub.passphrase), r'<p class="code">([a-z ]+)</p>')
    theirs = hub.laptop()
    theirs.send(theirs.get("/login"), "/login", name=name, passphrase=words)
    return theirs


def new_case(hub, laptop, alias, **report):
    hub.report(what=SECRET, danger="no", needs=["legal"], place="Layibi", **report)

    def key():
        hub.sync()
        found = re.findall(r'href="/reports/([0-9a-z.]{43})"', laptop.get("/reports?state=new").body)
        return found[0] if found else None
    key = wait_for("the report", key)
    page = laptop.send(laptop.get(f"/reports/{key}"), "/answer", text=f"Answer to {alias}")
    page = laptop.send(laptop.get(f"/reports/{key}/case"), f"/reports/{key}/case", alias=alias, risk="high", summary=f"Story of {alias}")
    assert "/cases/" in page.url, page.text
    laptop.send(laptop.get(f"/cases/{key}"), "/notes", text=f"Note on {alias}")
    laptop.send(laptop.get(f"/cases/{key}/people/new"), "/people/new", part="defender", names=f"Name of {alias}")
    laptop.send(laptop.get(f"/cases/{key}/edit"), "/edit", officer="akello")
    laptop.send(laptop.get(f"/cases/{key}/actions/new"), "/actions/new", what=f"Lock for {alias}", who="the carpenter", due=SOON)
    laptop.send(laptop.get(f"/cases/{key}/followups/new"), "/followups/new", due=SOON, how=f"Call about {alias}", owner="akello")
    return key


def offer(laptop, case, to, reason=REASON):
    return laptop.send(laptop.get(f"/cases/{case}/transfer"), f"/cases/{case}/transfer", to=to, reason=reason)


def answer(laptop, kind, text=""):
    page = laptop.get("/transfers")
    path = find(page, r'href="(/transfers/[0-9a-z.]{43})"')
    return laptop.send(laptop.get(path), path, kind=kind, text=text)


def test_offering(c, gulu, case):
    page = offer(gulu, case, "", "")
    tap.ok("an offer without hub and reason names both", page.status == 400 and "To which hub: choose one" in page.text
           and "Why: this must be filled in" in page.text, page.text)
    page = offer(gulu, case, c.gulu.log)
    tap.ok("a case is not given to the hub that has it", page.status == 400 and "at this hub already" in page.text and REASON in page.body, page.text)
    page = offer(gulu, case, "zz00000000000000")
    tap.ok("nor to a hub that is none of the coalition's", page.status == 400 and "does not belong" in page.text, page.text)
    tap.ok("the form offers every other hub and not this one",
           set(gulu.get(f"/cases/{case}/transfer").form("/transfer").choices["to"]) == {c.hq.log, c.mbarara.log})
    page = offer(gulu, case, c.mbarara.log)
    tap.ok("the case is offered, and still this hub's", "Offered to Mbarara" in page.text and page.status == 200, page.text)
    page = offer_again(gulu, case, c.hq.log)
    tap.ok("a second offer waits for the first", page.status == 400 and "offered to a hub already" in page.text, page.text)


def offer_again(laptop, case, to):
    page = laptop.get(f"/cases/{case}")
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.body).group(1)
    return laptop.post(f"/cases/{case}/transfer", [("csrf", csrf), ("to", to), ("reason", REASON)])


def test_before_acceptance(c, mbarara, case):
    sync(c.gulu, c.mbarara)
    events = opened(c, c.mbarara, c.gulu)
    tap.ok("the other hub can open the offer of the old one's log, and nothing else", [event["entity"] for event in events] == ["transfer"]
           and set(events[0]["set"]) <= {"to", "reason", "state", "ref", "alias", "risk", "district"}, events)
    page = mbarara.get("/")
    tap.ok("it stands on the first page of the other hub", "Cases offered to this hub" in page.text and "Heron" in page.text, page.text)
    tap.ok("where there is no such case yet", mbarara.get(f"/cases/{case}").status == 404)
    page = answer(mbarara, "declined")
    tap.ok("declining needs a reason, which the page asks for", page.status == 400 and "Why not: this must be filled in" in page.text, page.text)
    page = answer(mbarara, "")
    tap.ok("an answer needs a choice", page.status == 400 and "Your answer: choose one" in page.text, page.text)


def test_declined(c, gulu, mbarara, case):
    answer(mbarara, "declined", "No room this month")
    sync(c.mbarara, c.gulu)
    tap.ok("declined, the old hub is told why and keeps the case", "No room this month" in gulu.get(f"/cases/{case}").text, gulu.get(f"/cases/{case}").text)
    page = offer(gulu, case, c.mbarara.log, "Please look again")
    page = gulu.send(gulu.get(f"/cases/{case}/transfer"), "/withdraw")
    sync(c.gulu, c.mbarara)
    tap.ok("a withdrawn offer does not wait any more", "The offer is withdrawn." in page.text and "Please look again" not in mbarara.get("/transfers").text
           and "Nothing waits" in mbarara.get("/transfers").text, mbarara.get("/transfers").text)


def test_acceptance(c, gulu, mbarara, case):
    offer(gulu, case, c.mbarara.log)
    sync(c.gulu, c.mbarara)
    page = answer(mbarara, "accepted")
    tap.ok("the other hub takes the case over", page.status == 200 and "is this hub's now" in page.text, page.text)
    c.mbarara.sync()
    # Gulu has not heard of it: offline.
    gulu.send(gulu.get(f"/cases/{case}"), "/notes", text=LATE)
    page = gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", priority="at once")
    tap.ok("who does not know of it yet goes on writing", page.status == 200 and "at once" in page.text, page.text)
    before = page
    sync(c.gulu)
    page = gulu.get(f"/cases/{case}")
    tap.ok("once it knows, it shows the case as it was given, and whose it is", "belongs to Mbarara" in page.text and LATE not in page.text
           and "at once" not in page.text, page.text)
    tap.ok("where nothing can be added to it any more", not [form for form in page.forms if "/cases/" in form.action] and "/actions/new" not in page.body
           and "/edit" not in page.body, [form.action for form in page.forms])
    page = gulu.send(before, "/notes", text="too late")
    tap.ok("and writes no more to it, in words that say why", page.status == 403 and "belongs to Mbarara, which alone may change it" in page.text, page.text)


def test_records(c, gulu, mbarara, case):
    sync(c.gulu, c.mbarara, c.hq)
    page = mbarara.get(f"/cases/{case}")
    tap.ok("the records come to the new owner: the case, its notes, its people", page.status == 200 and "Story of Heron" in page.text
           and "Note on Heron" in page.text and "/people/" in page.body, page.text)
    tap.ok("with what was said and who said it", "akello at Gulu" in page.text, page.text)
    report = mbarara.get(f"/reports/{case}")
    tap.ok("its report and what was answered", SECRET in report.text and "Answer to Heron" in report.text, report.text)
    tap.ok("who reads it is told", "Mbarara, Kampala" in page.text.replace("Kampala, Mbarara", "Mbarara, Kampala")
           and "what was there before the transfer: Gulu" in page.text, page.text)
    page = mbarara.send(page, "/notes", text=AFTER)
    tap.ok("the new owner writes", AFTER in page.text, page.text)
    tap.ok("and answers the reporter", "We are yours now" in mbarara.send(mbarara.get(f"/reports/{case}"), "/answer", text="We are yours now").text)
    sync(c.mbarara, c.gulu, c.hq)
    tap.ok("the old one reads nothing of that", AFTER not in said(opened(c, c.gulu, c.mbarara)))
    return page


def test_owed(c, gulu, mbarara, hq):
    """What was agreed goes with the case; people's names are those of the hub that said them."""
    owed = ("Lock for Heron", "Call about Heron")
    page = mbarara.get("/")
    tap.ok("what is owed stands on the new owner's Today, though its officer is nobody there", all(words in page.text for words in owed), page.text)
    page = gulu.get("/")
    tap.ok("the old owner's officer owes it no more", not any(words in page.text for words in owed), page.text)
    namesake = new_officer(c.hq, hq, "akello")
    page = namesake.get("/")
    tap.ok("nor does a namesake of theirs at headquarters, of any case", page.url.endswith("/") and "Lock for" not in page.text and "Call about" not in page.text, page.text)
    tap.ok("who finds it among what everybody owes", "Call about Heron" in namesake.get("/?all=1").text)


def test_namesake(c, mbarara, case):
    """A name is of the hub that said it: pages say which, and a namesake at the new owner is another choice."""
    page = mbarara.get(f"/cases/{case}")
    tap.ok("an officer of another hub is named with that hub", "Officer akello (Gulu)" in page.text, page.text)
    tap.ok("who sees to a follow-up as well", "Planned akello (Gulu)" in page.text, page.text)
    tap.ok("on the list and on paper, too", "akello (Gulu)" in mbarara.get("/cases").text and "akello (Gulu)" in mbarara.get(f"/cases/{case}/print").text)
    page = mbarara.send(mbarara.get(f"/cases/{case}/edit"), "/edit", summary="Story of Heron, told again")
    tap.ok("who changes something else leaves them there", "Officer akello (Gulu)" in page.text and "told again" in page.text, page.text)
    namesake = new_officer(c.mbarara, mbarara, "akello")
    tap.ok("what is owed is nobody's there", "Lock for Heron" in mbarara.get("/").text, mbarara.get("/").text)
    form = mbarara.get(f"/cases/{case}/edit")
    tap.ok("the form shows who it is, and offers the namesake beside", ("officer", "akello (Gulu)") in form.form("/edit").fields and 'value="akello"' in form.body)
    page = mbarara.send(form, "/edit", officer="akello")
    tap.ok("chosen, the namesake is the officer", "Officer akello" in page.text and "akello (Gulu)" not in page.text.split("Officer")[1].split("Who can read")[0], page.text)
    tap.ok("and what is owed is theirs", "Lock for Heron" in namesake.get("/").text and "Lock for Heron" not in mbarara.get("/").text, namesake.get("/").text)
    sync(c.mbarara, c.hq)
    hq = c.hq.sign_in()
    tap.ok("headquarters sees of which hub they are now", "Officer akello (Mbarara)" in hq.get(f"/cases/{case}").text)
    tap.ok("also in its list of what everybody owes", "akello (Mbarara)" in hq.get("/?all=1").text, hq.get("/?all=1").text)


def test_team(c, hq):
    """A team of one hub is nobody's at another, until that says it."""
    case = "/cases/" + c.gulu.write({"entity": "case", "set": {"alias": "Ibis", "ref": "GUL-7K2QX", "risk": "high", "team": "legal"}})[0]
    sync(c.gulu, c.hq)
    officer = new_officer(c.hq, hq, "opio")
    hq.send(hq.get("/users/opio"), "/users/opio", what="team", team="legal", passphrase=c.hq.passphrase)
    tap.ok("a team of another hub stands on the form with that hub", ("team", "legal (Gulu)") in hq.get(f"{case}/edit").form("/edit").fields, hq.get(f"{case}/edit").text)
    tap.ok("its namesake does not see the case", officer.get(case).status == 404)
    page = hq.send(hq.get(f"{case}/edit"), "/edit", team="legal")
    tap.ok("chosen here, it does", page.status == 200 and officer.get(case).status == 200, page.text)


def test_late(c, gulu, mbarara, hq, case):
    page = mbarara.get(f"/cases/{case}")
    tap.ok("what was written too late does not count, and is shown to be decided on", LATE not in page.text
           and "not decided on: 2" in page.text, page.text)
    tap.ok("at headquarters, too, it does not count", LATE not in hq.get(f"/cases/{case}").text)
    page = mbarara.get(f"/cases/{case}/late")
    tap.ok("each with who wrote it", LATE in page.text and "at once" in page.text and page.text.count("akello at Gulu") == 2, page.text)
    forms = {form.fields[1][1]: form for form in page.forms if "/late" in form.action}
    note = next(identity for identity in forms if LATE in page.body.split(identity)[1].split("</form>")[0])
    other = next(identity for identity in forms if identity != note)
    csrf = forms[note].fields[0][1]
    page = mbarara.post(f"/cases/{case}/late", [("csrf", csrf), ("event", note), ("what", "adopt")])
    page = mbarara.post(f"/cases/{case}/late", [("csrf", csrf), ("event", other), ("what", "leave")])
    tap.ok("decided, nothing waits", "Nothing waits" in page.text, page.text)
    page = mbarara.get(f"/cases/{case}")
    tap.ok("what was taken over stands in the case, by whoever wrote it; what was left does not", LATE in page.text and "at once" not in page.text
           and "not decided on" not in page.text, page.text)
    sync(c.mbarara, c.hq)
    tap.ok("at headquarters as well", LATE in hq.get(f"/cases/{case}").text, hq.get(f"/cases/{case}").text)


def test_going_back(c, gulu, mbarara, case):
    offer(mbarara, case, c.gulu.log, "She is home again")
    sync(c.mbarara, c.gulu)
    answer(gulu, "accepted")
    sync(c.gulu, c.mbarara, c.gulu)
    gulu.get("/")
    mbarara.get("/")
    sync(c.mbarara, c.gulu)
    page = gulu.get(f"/cases/{case}")
    tap.ok("a case comes back with what was written meanwhile", AFTER in page.text and "belongs to" not in page.text, page.text)
    page = gulu.send(page, "/notes", text="Home again")
    tap.ok("and is written to again", page.status == 200 and "Home again" in page.text, page.text)


def test_rebuilt(c, hub, case):
    before = hub.sign_in().get(f"/cases/{case}").text
    hub.stop()
    for name in ("snapshot.age", "snapshot.sig"):
        if os.path.exists(os.path.join(hub.dir, name)):
            os.remove(os.path.join(hub.dir, name))
    hub.start()
    after = hub.sign_in().get(f"/cases/{case}").text
    tap.ok(f"{hub.name}: built anew from the logs it is the same", "Note on Heron" in after and AFTER in after, (before, after))


def main():
    c = Coalition().make()
    try:
        c.gulu.run("remote", "add", "relay", c.relay, check=False)
        c.start()
        gulu, mbarara, hq = (hub.sign_in() for hub in (c.gulu, c.mbarara, c.hq))
        case = new_case(c.gulu, gulu, "Heron")
        sync(c.gulu, c.mbarara, c.hq)
        test_offering(c, gulu, case)
        test_before_acceptance(c, mbarara, case)
        test_declined(c, gulu, mbarara, case)
        test_acceptance(c, gulu, mbarara, case)
        test_records(c, gulu, mbarara, case)
        test_owed(c, gulu, mbarara, hq)
        test_late(c, gulu, mbarara, hq, case)
        test_namesake(c, mbarara, case)
        test_team(c, hq)
        test_going_back(c, gulu, mbarara, case)
        test_rebuilt(c, c.gulu, case)
    finally:
        c.close()
    tap.done()


main()
