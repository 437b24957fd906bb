#!/usr/bin/python3
"""What headquarters gets of cases, by the coalition's policy and by what a hub shares beyond it: every envelope of the hub's log is opened with
headquarters' key."""
import re

from coalition import Coalition, Tap, wait_for
from opened import opened, said

tap = Tap()
SECRET = "Two men asked at the gate where Okello sleeps"
HIDDEN = ["Heron", "Story of her", "Okello Grace", "call after dark", "locks"]
REFERRED = "She needs a lawyer of another town: zebra"
GIVEN = {"ref", "risk", "state", "district", "violations", "perpetrators", "needs", "priority"}


def new_case(hub, laptop):
    hub.report(what=SECRET, danger="no", needs=["legal"], place="Layibi", district="UG-304")

    def key():
        hub.sync()
        found = re.findall(r'href="/reports/([0-9a-z.]{43})"', laptop.get("/reports?state=new").body)
        return found[0] if found else None
    key = wait_for("the report", key)
    page = laptop.send(laptop.get(f"/reports/{key}/case"), f"/reports/{key}/case", alias="Heron", risk="high", summary="Story of her")
    assert "/cases/" in page.url, page.text
    laptop.send(laptop.get(f"/cases/{key}/people/new"), "/people/new", part="defender", names="Okello Grace")
    laptop.send(laptop.get(f"/cases/{key}/contacts/new"), "/contacts/new", channel="call", hours="call after dark")
    laptop.send(laptop.get(f"/cases/{key}"), "/notes", text="She changed the locks")
    return key


def of_cases(c):
    """What headquarters' key opens of the hub's log, but for reports and messages."""
    c.gulu.sync()
    return [event for event in opened(c, c.hq, c.gulu) if event["entity"] not in ("report", "message")]


def share(laptop, case, shared, why="Headquarters pays for the lawyer"):
    return laptop.send(laptop.get(f"/cases/{case}/sharing"), f"/cases/{case}/sharing", shared=shared, why=why)


def readers(laptop, case):
    return re.search(r"Who can read this (.*?) People", laptop.get(f"/cases/{case}").text).group(1)


def sees(c, hq, case):
    for hub in (c.gulu, c.hq):
        hub.sync()
    return hq.get(f"/cases/{case}")


def widen_to_full(c, gulu, hq, case):
    page = share(gulu, case, "full", "")
    tap.ok("sharing more needs a reason", page.status == 400 and "Why: write it down" in page.text, page.text)
    page = share(gulu, case, "everything")
    tap.ok("and a choice", page.status == 400 and "choose one" in page.text, page.text)
    c.gulu.write({"entity": "referral", "case": case, "set": {"state": "sent", "service": "legal", "reason": REFERRED}})
    gulu.get(f"/cases/{case}")
    page = share(gulu, case, "full")
    tap.ok("shared in full, the page says so", page.status == 200 and "gets more of this case" in page.text and readers(gulu, case) == "Kampala, Gulu",
           readers(gulu, case))
    events = of_cases(c)
    tap.ok("all that stands in the case is sealed to headquarters", all(word in said(events) for word in HIDDEN), said(events))
    tap.ok("but for what is between two hubs", "referral" not in [event["entity"] for event in events] and REFERRED not in said(events), said(events))
    page = sees(c, hq, case)
    tap.ok("which reads it as one case without contradiction", "Heron" in page.text and "Story of her" in page.text and "locks" in page.text
           and "Hubs disagree" not in page.text and "akello at Gulu" in page.text, page.text)
    gulu.send(gulu.get(f"/cases/{case}"), "/notes", text="After the widening")
    tap.ok("and what is written later", "After the widening" in sees(c, hq, case).text)
    page = share(gulu, case, "policy", "No longer needed")
    tap.ok("sharing less again, the page says that nobody can un-read", "nobody can take back" in page.text, page.text)
    gulu.send(gulu.get(f"/cases/{case}"), "/notes", text="After the narrowing")
    tap.ok("and what is written from then on stays here", "After the narrowing" not in said(of_cases(c)))
    audit = said([event for event in opened(c, c.gulu, c.gulu) if event["entity"] == "audit"])
    tap.ok("the reasons stand in the audit trail", "Headquarters pays for the lawyer" in audit and "No longer needed" in audit, audit)


def test_summary():
    c = Coalition()
    c.hq.sharing = "summary"
    c.make([c.gulu])
    try:
        for hub in (c.hq, c.gulu):
            hub.start()
        gulu, hq = c.gulu.sign_in(), c.hq.sign_in()
        case = new_case(c.gulu, gulu)
        events = of_cases(c)
        tap.ok("summary: headquarters opens of the log only the case, and of it only what names nobody",
               events and all(event["entity"] == "case" and set(event["set"]) <= GIVEN for event in events), events)
        tap.ok("no name, no free text", not any(word in said(events) for word in HIDDEN + [SECRET]), said(events))
        page = sees(c, hq, case)
        tap.ok("and shows it", page.status == 200 and "Risk: High" in page.text and "Heron" not in page.text, page.text)
        tap.ok("the hub's page says who reads what", readers(gulu, case) == "Gulu; a summary: Kampala",
               readers(gulu, case))
        gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", risk="emergency", alias="Heron the second")
        page = sees(c, hq, case)
        tap.ok("a change comes in the same two parts", "Risk: Emergency" in page.text and "Hubs disagree" not in page.text and "second" not in said(of_cases(c)),
               page.text)
        widen_to_full(c, gulu, hq, case)
    finally:
        c.close()


def test_none():
    c = Coalition()
    c.hq.sharing = "none"
    c.make([c.gulu])
    try:
        for hub in (c.hq, c.gulu):
            hub.start()
        gulu, hq = c.gulu.sign_in(), c.hq.sign_in()
        case = new_case(c.gulu, gulu)
        events = of_cases(c)
        tap.ok("none: headquarters opens nothing of cases", events == [], events)
        tap.ok("and has no such case", sees(c, hq, case).status == 404)
        tap.ok("the hub's page says who reads it", readers(gulu, case) == "Gulu", readers(gulu, case))
        share(gulu, case, "summary")
        events = of_cases(c)
        tap.ok("a summary of one case is one event without names", len(events) == 1 and set(events[0]["set"]) <= GIVEN and events[0]["set"]["risk"] == "high", events)
        page = sees(c, hq, case)
        tap.ok("which headquarters shows", page.status == 200 and "Risk: High" in page.text, page.text)
        gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", risk="medium")
        tap.ok("changes follow", "Risk: Medium" in sees(c, hq, case).text)
        widen_to_full(c, gulu, hq, case)
    finally:
        c.close()


def test_wider_policy():
    c = Coalition()
    c.hq.sharing = "none"
    c.make([c.gulu])
    try:
        for hub in (c.hq, c.gulu):
            hub.start()
        gulu, hq = c.gulu.sign_in(), c.hq.sign_in()
        case = new_case(c.gulu, gulu)
        tap.refused("a policy that does not exist", c.hq.with_passphrase("sharing", "some", check=False), 65, "full, summary, none")
        tap.refused("only the keeper sets the policy", c.gulu.with_passphrase("sharing", "full", check=False), 77, "keeper")
        for policy, risk, more in (("summary", "High", False), ("full", "High", True)):
            out = c.hq.with_passphrase("sharing", policy).stdout
            tap.ok(f"the coalition shares more: {policy}", "headquarters gets" in out, out)
            for hub in (c.hq, c.gulu):
                hub.sync()
            gulu.get("/")
            for hub in (c.gulu, c.hq):
                hub.sync()
            page, report = hq.get(f"/cases/{case}"), hq.get(f"/reports/{case}")
            tap.ok(f"{policy}: what was written before comes to headquarters", page.status == 200 and f"Risk: {risk}" in page.text
                   and ("Story of her" in page.text) == more and ("locks" in page.text) == more and "Hubs disagree" not in page.text, page.text)
            tap.ok(f"{policy}: the reports as well", (SECRET in report.text) == more, report.text)
            seen = said(of_cases(c))
            tap.ok(f"{policy}: and nothing more than that", all(word in seen for word in HIDDEN) if more else not any(word in seen for word in HIDDEN), seen)
        before = len(of_cases(c))
        gulu.get("/")
        for hub in (c.gulu, c.hq, c.gulu):
            hub.sync()
        gulu.get("/")
        tap.ok("once", len(of_cases(c)) == before, (before, len(of_cases(c))))
    finally:
        c.close()


test_summary()
test_none()
test_wider_policy()
tap.done()
