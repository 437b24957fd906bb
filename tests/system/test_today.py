#!/usr/bin/python3
"""What is owed, and what becomes of a case: the list of today, missed follow-ups, the calendar, the risk, closing and opening again, two cases that are one, reports
added to a case, and what hubs disagree about. Real processes, a browser without script."""
import datetime
import re
import sqlite3

from coalition import Coalition, Tap, sh

tap = Tap()
SECRET = "Hide the papers at the mill"


def in_days(days):
    return (datetime.date.today() + datetime.timedelta(days=days)).isoformat()


def words_of(date):
    return f"{date.day} {date.strftime('%B %Y')}"


def key_in(page):
    return re.search(r"[0-9a-z]{16}\.[0-9a-z]{26}", page.url).group(0)


def reference(page):
    return re.search(r"Case ([A-Z]{3}-[0-9A-Z]{5})", page.title).group(1)


def value_of(page, field):
    """What stands in an input of the page, or is chosen."""
    return [v for f in page.forms for n, v in f.fields if n == field]


def new_case(laptop, alias, risk="medium", what="Somebody follows her home"):
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what=what, how="visit", danger="no")
    report = key_in(page)
    return laptop.send(laptop.get(f"/reports/{report}/case"), f"/reports/{report}/case", alias=alias, risk=risk)


def add(laptop, case, kind, **answers):
    """A past day is asked about once."""
    page = laptop.send(laptop.get(f"/cases/{case}/{kind}/new"), f"/{kind}/new", **answers)
    return laptop.send(page, f"/{kind}/new") if "has passed" in page.text else page


def owed(page):
    """(what, when, who, reference) of each row of the list of today."""
    table = page.body[page.body.index("Owed by "):]
    rows = re.findall(r"<tr>\s*<td>(.*?)</td>\s*<td.*?>(.*?)</td>\s*<td.*?>(.*?)</td>\s*<td.*?>(.*?)</td>", table.split("Put these days")[0], re.S)
    return [tuple(re.sub(r"<.*?>", "", one).strip() for one in row) for row in rows]


def calendar(laptop, path="/calendar.ics"):
    """The events of the file, read as strictly as RFC 5545 is written."""
    page = laptop.get(path)
    tap.ok(f"{path} is a download of a calendar", page.status == 200 and page.headers["Content-Type"] == "text/calendar; charset=utf-8"
           and page.headers["Content-Disposition"].startswith("attachment"), dict(page.headers))
    lines = page.body.split("\r\n")
    assert lines.pop() == "" and "\n" not in "".join(lines), page.body
    assert all(0 < len(line.encode()) <= 75 for line in lines), lines
    unfolded = []
    for line in lines:
        if line[0] in " \t":
            unfolded[-1] += line[1:]
        else:
            assert re.match(r"[A-Z-]+(;[A-Z-]+=[^:;]+)*:", line), line
            unfolded.append(line)
    assert unfolded[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"] and unfolded[-1] == "END:VCALENDAR", unfolded
    events, now = [], None
    for line in unfolded[1:-1]:
        name, _, value = line.partition(":")
        if line == "BEGIN:VEVENT":
            assert now is None
            now = {}
        elif line == "END:VEVENT":
            assert {"UID", "DTSTAMP", "DTSTART;VALUE=DATE", "SUMMARY"} <= now.keys(), now
            assert re.fullmatch(r"\d{8}T\d{6}Z", now["DTSTAMP"]) and re.fullmatch(r"\d{8}", now["DTSTART;VALUE=DATE"]), now
            events.append(now)
            now = None
        elif now is not None:
            assert name not in now, line
            now[name] = value
    assert now is None and len({one["UID"] for one in events}) == len(events), events
    return page.body, events


def test_owed(laptop):
    page = new_case(laptop, "Kingfisher", "high")
    case, ref = key_in(page), reference(page)
    add(laptop, case, "actions", what=SECRET, who="Apio", agreed=in_days(-6), due=in_days(-5))
    add(laptop, case, "actions", what="Ask the chairperson", who="Okello", due=in_days(30))
    add(laptop, case, "followups", due=in_days(-2), how="A visit")
    add(laptop, case, "followups", due=in_days(0))
    add(laptop, case, "plans", at_risk="defender", measures="Two ways home", review=in_days(3))
    rows = owed(laptop.get("/"))
    expected = [("Follow-up: A visit", "missed by 2 days"), (SECRET, "overdue by 5 days"), ("Follow-up", "due today"),
                ("Look at the safety plan again", "due " + words_of(datetime.date.fromisoformat(in_days(3))))]
    tap.ok("today lists all that is owed, of all kinds, missed follow-ups first, then by day", [r[:2] for r in rows] == expected and all(r[3] == ref for r in rows), rows)
    return case, ref


def test_others(hub, laptop, case):
    page = laptop.send(laptop.get("/users/new"), "/users/new", name="okot", role="officer", passphrase=hub.passphrase)
    secret = re.search(r'<p class="code">([a-z ]+)</p>', page.body).group(1)
    okot = hub.laptop()
    okot.send(okot.get("/login"), "/login", name="okot", passphrase=secret)
    tap.ok("what another officer sees to is not in one's own list", owed(okot.get("/")) == [], owed(okot.get("/")))
    tap.ok("but one link away", len(owed(okot.get("/?all=1"))) == 4, owed(okot.get("/?all=1")))
    laptop.send(laptop.get(f"/cases/{case}/edit"), "/edit", officer="okot")
    tap.ok("a case that is given to another takes its reminders along", len(owed(okot.get("/"))) == 2 and len(owed(laptop.get("/"))) == 2,
           (owed(okot.get("/")), owed(laptop.get("/"))))
    laptop.send(laptop.get(f"/cases/{case}/edit"), "/edit", officer="")
    tap.ok("what nobody sees to is in everybody's list", len(owed(laptop.get("/"))) == 4, owed(laptop.get("/")))
    laptop.send(laptop.get(f"/cases/{case}/edit"), "/edit", officer=hub.user)
    return okot


def test_missed(laptop, case):
    def first():
        page = laptop.get("/")
        return laptop.get(re.search(r'href="(/cases/[^"]+/followups/[^"]+)"', page.body).group(1))
    page = first()
    form = page.url
    tap.ok("a missed follow-up leads to where one says why", "It was not made" in page.text, page.text)
    tap.ok("the next one is proposed by the risk", value_of(page, "next") == [in_days(3)], value_of(page, "next"))
    page = laptop.get(form + "/missed")
    page = laptop.send(page, "/missed", missed="", due=in_days(1))
    tap.ok("a new day alone is not enough", page.status == 400 and "Why it was not made by its day: this must be filled in" in page.text
           and value_of(page, "due") == [in_days(1)], page.text)
    page = laptop.send(page, "/missed", missed="The road was closed", due=in_days(-1))
    tap.ok("nor a day that is over; what was typed stays", page.status == 400 and "this one is over" in page.text and "The road was closed" in page.body, page.text)
    page = laptop.send(page, "/missed", due=in_days(1))
    tap.ok("with a reason and a new day it is off the top, and the reason stands in the case", "The road was closed" in page.text
           and owed(laptop.get("/"))[0][0] == SECRET, (page.text, owed(laptop.get("/"))))
    page = laptop.get(form)
    page = laptop.send(page, "/followups/", made=in_days(0), result="closed")
    tap.ok("after the result “closed” no next one is expected", page.status == 400 and "Next due" in page.text, page.text)
    page = laptop.send(page, "/followups/", result="progress")
    tap.ok("made, the next one is noted for the day by the risk, for the same officer", "The follow-up is saved." in page.text
           and words_of(datetime.date.fromisoformat(in_days(3))) in page.text, page.text)
    page = laptop.get(form)
    tap.ok("what was made is not asked for a next one again", "name=\"next\"" not in page.body and "It was not made" not in page.text)
    page = laptop.get(f"/cases/{case}")
    count = len(set(re.findall(r"/followups/[0-9a-z.]{43}", page.body)))
    page = first() if "/followups/" in laptop.get("/").body else None
    page = laptop.send(page, "/followups/", made=in_days(0), result="progress", next="")
    tap.ok("emptied on purpose, there is none", len(set(re.findall(r"/followups/[0-9a-z.]{43}", page.body))) == count, (count, page.text))


def test_calendar(laptop, okot, ref):
    body, events = calendar(laptop)
    kinds = sorted(one["SUMMARY"] for one in events)
    tap.ok("it holds follow-ups, actions and reviews by reference only",
           kinds == [f"{ref}: action", f"{ref}: action", f"{ref}: follow-up", f"{ref}: safety plan"], kinds)
    tap.ok("no name and no word of a case", not any(word in body for word in ("Kingfisher", "papers", "Apio", "Okello", "engabo", "akello", "Gulu")), body)
    again = calendar(laptop)[1]
    tap.ok("the same thing has the same name in the next file", [e["UID"] for e in events] == [e["UID"] for e in again])
    tap.ok("it holds the days of whoever asks", calendar(okot)[1] == [] and len(calendar(okot, "/calendar.ics?all=1")[1]) == 4)
    page = laptop.get("/")
    tap.ok("the link tells what is in it, and that a phone may copy it to a cloud", "/calendar.ics" in page.links and "cloud" in page.text)


def test_risk(laptop, case):
    address = f"/cases/{case}/risk"
    tap.ok("a case tells that its risk was not assessed", "was not assessed by the three questions yet" in laptop.get(f"/cases/{case}").text)
    page = laptop.send(laptop.get(address), "/risk", threats="high")
    tap.ok("each of the three questions needs its answer; what was chosen stays", page.status == 400 and "How exposed the person is: " in page.text
           and value_of(page, "threats") == ["high"], page.text)
    page = laptop.send(page, "/risk", vulnerabilities="high", capacities="low")
    tap.ok("they propose a risk, and the day to look again", "From these answers: Emergency" in page.text and value_of(page, "risk") == ["emergency"]
           and value_of(page, "review") == [in_days(3)] and "is assessed" not in page.text, (page.text, value_of(page, "review")))
    page = laptop.send(page, "/risk", risk="high")
    tap.ok("another one needs a reason", page.status == 400 and "say why the risk is not the one proposed" in page.text and value_of(page, "risk") == ["high"], page.text)
    page = laptop.send(page, "/risk", why="She left the town yesterday")
    tap.ok("with the reason it holds, and the reason is a note", "Risk: High" in page.text
           and "Risk assessed as High, where the three questions propose Emergency: She left the town yesterday" in page.text, page.text)
    tap.ok("the case tells when it was assessed, and when again", f"Risk assessed on {words_of(datetime.date.today())}." in page.text
           and words_of(datetime.date.fromisoformat(in_days(14))) in page.text, page.text)
    page = laptop.send(laptop.get(address), "/risk")
    page = laptop.send(page, "/risk", risk="emergency", review=in_days(-1))
    page = laptop.send(page, "/risk")
    tap.ok("the proposed one needs none", "Risk: Emergency" in page.text, page.text)
    rows = owed(laptop.get("/"))
    tap.ok("an overdue reassessment is in the list of today", ("Assess the risk again", "overdue by 1 day") in [r[:2] for r in rows], rows)
    return address


def test_two_assess(hub, laptop, address):
    other = hub.sign_in()
    mine = laptop.send(laptop.get(address), "/risk", threats="medium", vulnerabilities="medium", capacities="medium")
    theirs = other.send(other.get(address), "/risk", threats="low", vulnerabilities="low", capacities="high")
    other.send(theirs, "/risk", risk="low")
    page = laptop.send(mine, "/risk")
    tap.ok("who assesses what a colleague has just assessed is told before saving", page.status == 409 and "while you were writing" in page.text
           and value_of(page, "threats") == ["medium"], page.text)
    page = laptop.send(page, "/risk")
    tap.ok("and puts theirs in its place by saving again", "Risk: Medium" in page.text and "Hubs disagree" not in page.text, page.text)


def test_closing(hub, laptop, case, ref):
    page = laptop.get(f"/cases/{case}")
    page = laptop.send(page, "/begin")
    tap.ok("a case is in progress when somebody says so", "In progress" in page.text and "Work on it has begun" not in page.text, page.text)
    page = laptop.get(f"/cases/{case}/close")
    due = (datetime.date.today().replace(day=1) + datetime.timedelta(days=31 * 24)).year
    tap.ok("closing proposes until when the case is kept, and asks about what is still owed", value_of(page, "retention")[0][:4] in (str(due), str(due - 1), str(due + 1))
           and "What happens to what is still owed?" in page.text and SECRET in page.text and "nothing is deleted by itself" in page.text, page.text)
    page = laptop.send(page, "/close", reason="", outcome="She is safe")
    tap.ok("a case is not closed without a reason, nor without a word on what is owed", page.status == 400 and "Reason for closing: this must be filled in" in page.text
           and "say what happens to it" in page.text and "She is safe" in page.body, page.text)
    page = laptop.send(page, "/close", reason="She went abroad", rest="keep")
    tap.ok("closed, it tells why and what came of it", "Closed" in page.text and "She went abroad" in page.text and "She is safe" in page.text and "Keep it until" in page.text, page.text)
    tap.ok("its reminders rest, of every kind", owed(laptop.get("/?all=1")) == [] and calendar(laptop)[1] == [], owed(laptop.get("/?all=1")))
    page = laptop.send(laptop.get(f"/cases/{case}/reopen"), "/reopen", why="")
    tap.ok("it is not opened again without a reason", page.status == 400 and "Why it is opened again: this must be filled in" in page.text, page.text)
    page = laptop.send(page, "/reopen", why="She came back")
    tap.ok("opened again, the reason stands as a note with what closing had said", "In progress" in page.text and "Opened again: She came back" in page.text
           and "It had been closed: She went abroad" in page.text and "Keep it until" not in page.text, page.text)
    tap.ok("and what rested is owed again", len(owed(laptop.get("/"))) >= 2, owed(laptop.get("/")))
    stale = laptop.get(f"/cases/{case}/close")
    laptop.send(laptop.get(f"/cases/{case}/close"), "/close", reason="Done", outcome="Done", rest="drop", retention="2020-01-01")
    page = laptop.send(laptop.get(f"/cases/{case}/close"), "/close") if "Closed" not in laptop.get(f"/cases/{case}").text else laptop.get(f"/cases/{case}")
    if "Closed" not in page.text:  # the day that has passed was asked about
        page = laptop.send(stale, "/close", reason="Done", outcome="Done", rest="drop", retention="2020-01-01")
        page = laptop.send(page, "/close")
    tap.ok("dropped with the case, actions say so", "Dropped" in page.text and "The case was closed: Done" in page.text and "Not made" in page.text, page.text)
    page = laptop.send(stale, "/close", reason="Late", outcome="Late", rest="drop")
    tap.ok("who closes what a colleague has closed is told; nothing typed is lost", page.status == 409 and "closed already" in page.text and "Late" in page.body, page.text)
    page = laptop.get("/")
    tap.ok("a coordinator is told of cases that were kept long enough", "Kept long enough" in page.text and "/cases?state=past" in page.links, page.text)
    page = laptop.get("/cases?state=past")
    tap.ok("and sees them, with the day, and that nothing is deleted", ref in page.text and "1 January 2020" in page.text and "Nothing is deleted by itself" in page.text, page.text)
    laptop.send(laptop.get(f"/cases/{case}/reopen"), "/reopen", why="To go on")
    tap.ok("what was dropped is not owed again", not any(SECRET in r[0] for r in owed(laptop.get("/?all=1"))), owed(laptop.get("/?all=1")))


def test_duplicate(laptop, case, ref):
    page = new_case(laptop, "Heron")
    twin, twin_ref = key_in(page), reference(page)
    page = laptop.get(f"/cases/{twin}/duplicate")
    for typed, said in (("", "must be filled in"), ("GUL-00000", "there is no such case"), (twin_ref, "this is the same case")):
        page = laptop.send(page, "/duplicate", ref=typed)
        tap.ok(f"“{typed and typed[:4]}…” is no case that it could repeat: {said}", page.status == 400 and said in page.text, page.text)
    page = laptop.send(page, "/duplicate", ref=ref.lower())
    tap.ok("a case that repeats another leads to it; the other names it", page.status == 200 and key_in(page) == case and twin_ref in page.text, page.text)
    page = laptop.get(f"/cases/{twin}")
    tap.ok("its own page says so and links there", f"the same as {ref}" in page.text and "Closed" in page.text and f"/cases/{case}" in page.links, page.text)
    page = laptop.send(laptop.get(f"/cases/{case}/duplicate"), "/duplicate", ref=twin_ref)
    tap.ok("two cases do not repeat each other", page.status == 400 and "repeats another case itself" in page.text, page.text)
    return twin, twin_ref


def test_report_added(laptop, case, ref, twin, twin_ref):
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="They came again", how="third-party", danger="no")
    tap.ok("a report by somebody else needs to say whether the person knows", page.status == 400 and "Does the person know and agree" in page.text and "They came again" in page.body, page.text)
    page = laptop.send(page, "/reports/new", consent="She knows", how="form")
    tap.ok("staff do not record what comes by the form", page.status == 400 and "the form writes such reports itself" in page.text and 'value="form"' not in page.body, page.text)
    page = laptop.send(page, "/reports/new", how="third-party", when="2026-11", precision="no-day", language="Acholi")
    if page.status != 200:
        page = laptop.send(page, "/reports/new", precision="")
    report = key_in(page)
    old = page
    for typed, said in (("", "must be filled in"), ("GUL-00000", "there is no such case"), (twin_ref, "repeats another case")):
        page = laptop.send(page, "/add", ref=typed)
        tap.ok(f"a report is not added to “{typed and typed[:4]}…”: {said}", page.status == 400 and said in page.text, page.text)
    page = laptop.send(page, "/add", ref=ref)
    tap.ok("a report is added to a case by its reference", key_in(page) == case and "The report is added to this case." in page.text and f"/reports/{report}" in page.links, page.text)
    page = laptop.get(f"/reports/{report}")
    tap.ok("it says so, and waits no more", f"This report was added to case {ref}" in page.text and "Open a case" not in page.text and "In a case" in page.text, page.text)
    page = laptop.send(old, "/add", ref=ref)
    tap.ok("what does not wait any more is not added again", page.status == 409 and "does not wait any more" in page.text, page.text)


def both_sync(coalition):
    for hub in (coalition.gulu, coalition.hq, coalition.gulu, coalition.hq):
        hub.sync()


def test_conflicts(coalition, gulu, case, ref):
    """Of a list, of a part of the case, of a safety plan, of who somebody is."""
    hq = coalition.hq.sign_in()
    add(gulu, case, "incidents", act="02010302", text="A note under the door")
    add(gulu, case, "plans", at_risk="defender", measures="Two ways home", review=in_days(3))
    add(gulu, case, "people", part="defender", names="Aber Santa")
    both_sync(coalition)

    def change(laptop, path, **answers):
        page = laptop.get(path)
        return laptop.send(page, path.rsplit("/", 1)[1], **answers)

    def part(kind):
        return re.findall(rf"/cases/{case}/{kind}/[0-9a-z.]{{43}}", gulu.get(f"/cases/{case}").body)[-1]

    incident, plan, person = part("incidents"), part("plans"), part("people")
    change(gulu, f"/cases/{case}/edit", needs=["legal", "medical"])
    change(hq, f"/cases/{case}/edit", needs=["medical", "funds"])
    change(gulu, incident, text="A note under the door, unsigned")
    change(hq, incident, text="A note and a bullet under the door")
    change(gulu, plan, review=in_days(5))
    change(hq, plan, review=in_days(6))
    for laptop, name in ((gulu, "Aber Santa Grace"), (hq, "Aber Sandra")):
        page = laptop.send(laptop.get(person), "/show", why="To correct the name")
        laptop.send(page, "/people/", names=name)
    both_sync(coalition)
    page = gulu.get("/")
    text = page.text[page.text.index("Hubs disagree"):page.text.index("New reports")]
    tap.ok("today shows what hubs disagree about with both values and who said them", all(word in text for word in (
        f"What is needed in {ref}", "Legal", "A note and a bullet", "unsigned", "akello at Gulu", "namata at Kampala", "(Incident)", "(Safety plan)")), text)
    sure = "its clock was not sure" in text
    history = gulu.get(f"/history/case/{case}").text
    tap.ok("with the uncertain clock marked as in the history", sure == ("its clock was not sure" in history), text)
    tap.ok("but who somebody is, not here", "Names in" in text and "Santa" not in page.body and "Sandra" not in page.body, text)

    page = gulu.send(gulu.get(f"/cases/{case}"), f"/settle/case/{case}/needs", choice="ask")
    page = gulu.send(page, f"/settle/case/{case}/needs", choice="other", needs=[])
    tap.ok("a list is settled with a third one that says something", page.status == 400 and "must be filled in" in page.text, page.text)
    page = gulu.send(page, f"/settle/case/{case}/needs", choice="other", needs=["legal", "medical", "funds"])
    tap.ok("a list is settled with a third one", "It is settled." in page.text and "Hubs disagree: What is needed" not in page.text, page.text)
    page = gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", needs=["funds", "medical", "legal"])
    tap.ok("a list in another order is the same list", "Nothing was changed." in page.text, page.text)
    key = incident.rsplit("/", 1)[1]
    page = gulu.get(f"/cases/{case}")
    choice = re.search(r'name="choice" value="([^"]+)" required> <span>A note and a bullet', page.body).group(1)
    page = gulu.send(page, f"/settle/incident/{key}/text", choice=choice)
    tap.ok("a part of the case is settled by choosing", "It is settled." in page.text and "Hubs disagree: What happened" not in page.text, page.text)
    key = person.rsplit("/", 1)[1]
    page = gulu.send(gulu.get(person), "/show", why="To settle it")
    page = gulu.send(page, f"/settle/person/{key}/names", choice="ask")
    page = gulu.send(page, f"/settle/person/{key}/names", choice="other", names="Aber Santa")
    tap.ok("who somebody is, is settled behind the reason", "It is settled." in page.text and "Santa" not in page.text, page.text)
    both_sync(coalition)
    page = hq.get(f"/cases/{case}")
    tap.ok("all of it is settled everywhere", "Hubs disagree: What is needed" not in page.text and "Hubs disagree: What happened" not in page.text
           and "A note and a bullet" in page.text, page.text)


def test_traces(hub):
    """In the snapshot of the case file, opened by the stock tools."""
    identity, copy = hub.dir + "-identity.txt", hub.dir + "-copy.db"
    hub.run("lock")
    hub.with_passphrase("recover", "-o", identity)
    sh("age", "-d", "-i", identity, "-o", copy, hub.dir + "/snapshot.age")
    with sqlite3.connect(copy) as db:
        looks = [what for what, in db.execute("SELECT what FROM audit WHERE what LIKE 'looked up who%'")]
    tap.ok("each look at who somebody is left its trace, also the one to settle it", [looks.count(f"looked up who a person is (defender, {why}) in") for why in (
        "To settle it", "to settle what hubs disagree about")] == [1, 2], looks)


def test_two_officers_of_a_list(hub, laptop, case):
    other = hub.sign_in()
    mine, theirs = laptop.get(f"/cases/{case}/edit"), other.get(f"/cases/{case}/edit")
    other.send(theirs, "/edit", needs=["funds"])
    page = laptop.send(mine, "/edit", needs=["legal"], summary="Typed by me")
    tap.ok("who changes a list that a colleague just changed is told, with what it says now", page.status == 409 and "while you were writing" in page.text
           and "Typed by me" in page.body, page.text)
    page = laptop.send(page, "/edit")
    tap.ok("saved again, theirs stands", "Typed by me" in page.text and "Hubs disagree" not in page.text, page.text)


def main():
    coalition = Coalition(conf="interval_minutes = 600\n")
    try:
        coalition.make(hubs=[coalition.gulu])
        for hub in (coalition.hq, coalition.gulu):
            hub.start()
        hub = coalition.gulu
        laptop = hub.sign_in()
        case, ref = test_owed(laptop)
        okot = test_others(hub, laptop, case)
        test_missed(laptop, case)
        test_calendar(laptop, okot, ref)
        address = test_risk(laptop, case)
        test_two_assess(hub, laptop, address)
        test_closing(hub, laptop, case, ref)
        twin, twin_ref = test_duplicate(laptop, case, ref)
        test_report_added(laptop, case, ref, twin, twin_ref)
        test_two_officers_of_a_list(hub, laptop, case)
        test_conflicts(coalition, laptop, case, ref)
        test_traces(hub)
        tap.done()
    finally:
        coalition.close()


main()
