#!/usr/bin/python3
"""How far each record got: on this hub, left, arrived, opened there; three hubs and a relay, real processes. A hub that merely synced has opened nothing;
only a person there who looks has, and that is said once."""
import contextlib
import os
import re

from coalition import Coalition, Tap, sh, wait_for
from opened import opened

tap = Tap()
HERE, LEFT, ARRIVED, OPENED = ("On this hub only; it has not left for {} yet.", "Left this hub; not known to have arrived at {} yet.",
                               "Arrived at {}; not known to be opened there yet.", "Opened at {}.")
WAYS = (HERE, LEFT, ARRIVED, OPENED)


def way(promise, where, page, expected):
    """The page says this of that hub, and nothing else."""
    tap.ok(promise, [words for words in WAYS if words.format(where) in page.text] == [expected], page.text)


def openings(c, hub):
    """What the hub said that its people opened, as it reads it itself."""
    return [event for event in opened(c, hub, hub) if event["entity"] == "opened"]


@contextlib.contextmanager
def without_relay(c):
    """Nothing goes and nothing comes."""
    os.rename(c.relay, c.relay + ".away")
    try:
        yield
    finally:
        os.rename(c.relay + ".away", c.relay)


def acknowledgements_alone(c):
    """How many commits of all logs hold no envelope."""
    empty = sh("git", "hash-object", "-t", "tree", "/dev/null").decode().strip()
    return sh("git", "-C", c.relay, "log", "--all", "--format=%T").decode().split().count(empty)


def new_case(hub, laptop):
    hub.report(what="Two men asked at the gate", danger="no")

    def key():
        hub.sync()
        found = re.findall(r'href="/reports/([0-9a-z.]{43})"', laptop.get("/reports?state=new").body)
        return found[0] if found else None
    key = wait_for("the report", key)
    page = laptop.send(laptop.get(f"/reports/{key}/case"), f"/reports/{key}/case", alias="Heron", risk="high", summary="The story")
    assert "/cases/" in page.url, page.text
    return key


def test_no_answers_to_answers(c):
    for hub in c.hubs + c.hubs:
        hub.sync()
    before = acknowledgements_alone(c)
    tap.ok("who is asked to sync says at once what arrived", before > 0)
    for _ in range(3):
        for hub in c.hubs:
            hub.sync()
    tap.ok("and hubs do not answer each other's answers", acknowledgements_alone(c) == before, (before, acknowledgements_alone(c)))


def test_referral(c, gulu, mbarara, case):
    provider, = c.mbarara.write({"entity": "provider", "set": {"name": "Okot the lawyer", "state": "active"}})
    c.mbarara.sync()
    c.gulu.sync()
    with without_relay(c):
        key, = c.gulu.write({"entity": "referral", "case": case, "set": {
            "provider": provider, "hub": c.mbarara.log, "service": "legal", "urgency": "normal", "state": "sent", "sent_at": "2026-11-20T10:00:00Z", "reason": "A lawyer is needed"}})
        page = gulu.get(f"/referrals/{key}")
        way("a referral that has not left says so", "Mbarara", page, HERE)
        tap.ok("and is sent, not received", "Sent" in page.text and "Received there" not in page.text, page.text)
        way("so does the list", "Mbarara", gulu.get("/referrals"), HERE)
        way("and the case", "Mbarara", gulu.get(f"/cases/{case}"), HERE)
        way("and the case on paper", "Mbarara", gulu.get(f"/cases/{case}/print"), HERE)
    c.gulu.sync()
    way("at the relay it has left", "Mbarara", gulu.get(f"/referrals/{key}"), LEFT)
    c.mbarara.sync()
    with without_relay(c):
        page = gulu.get(f"/referrals/{key}")
        way("the other hub has it: until its word comes, nobody here knows", "Mbarara", page, LEFT)
        tap.ok("it is not shown as received", "Received there" not in page.text, page.text)
    c.gulu.sync()
    for path in (f"/referrals/{key}", "/referrals", f"/cases/{case}", f"/cases/{case}/print"):
        page = gulu.get(path)
        tap.ok(f"with their word it is received: {path.replace(key, '*').replace(case, '*')}", "Received there" in page.text, page.text)
    way("and not opened", "Mbarara", gulu.get(f"/referrals/{key}"), ARRIVED)
    page = mbarara.get("/referrals")
    tap.ok("there it stands in the list", key in page.body, page.text)
    c.mbarara.sync()
    c.gulu.sync()
    tap.ok("a list opens nothing", not openings(c, c.mbarara))
    way("so it is not shown as opened", "Mbarara", gulu.get(f"/referrals/{key}"), ARRIVED)
    mbarara.get(f"/referrals/{key}")
    c.mbarara.sync()
    c.gulu.sync()
    page = gulu.get(f"/referrals/{key}")
    way("once a person there has looked, it is opened", "Mbarara", page, OPENED)
    tap.ok("and still not answered", "Received there" in page.text, page.text)
    mbarara.get(f"/referrals/{key}")
    gulu.get(f"/referrals/{key}")
    c.mbarara.sync()
    c.gulu.sync()
    events = openings(c, c.mbarara)
    tap.ok("which is said once, to the hub that sent it", len(events) == 1 and sorted(events[0]["to"]) == sorted([c.mbarara.log, c.gulu.log]) and not events[0].get("by"), events)
    tap.ok("and answered by nothing", not openings(c, c.gulu))
    gulu.send(gulu.get(f"/referrals/{key}/withdraw"), "/withdraw", withdrawn_why="Not needed any more")
    c.gulu.sync()
    page = gulu.get(f"/referrals/{key}")
    way("what is changed since has a way of its own", "Mbarara", page, LEFT)
    tap.ok("withdrawn is withdrawn", "Withdrawn" in page.text and "Received there" not in page.text, page.text)
    c.mbarara.sync()
    mbarara.get(f"/referrals/{key}")
    c.mbarara.sync()
    c.gulu.sync()
    way("and is opened when they look again", "Mbarara", gulu.get(f"/referrals/{key}"), OPENED)
    return key


def test_case(c, gulu, hq, case):
    gulu.send(gulu.get(f"/cases/{case}/actions/new"), "/actions/new", what="Mend the lock", who="the carpenter", due="2031-05-04")
    action = re.search(rf'href="(/cases/{case}/actions/[0-9a-z.]{{43}})"', gulu.get(f"/cases/{case}").body).group(1)
    gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", summary="The story goes on")
    c.gulu.sync()
    c.hq.sync()
    c.gulu.sync()
    way("headquarters has the case", "headquarters", gulu.get(f"/cases/{case}"), ARRIVED)
    way("and the action", "headquarters", gulu.get(action), ARRIVED)
    tap.ok("lists at headquarters open nothing", case in hq.get("/cases").body and case in hq.get("/search?q=Heron").body and not openings(c, c.hq))
    hq.get(f"/cases/{case}")
    c.hq.sync()
    c.gulu.sync()
    way("opened there it is opened", "headquarters", gulu.get(f"/cases/{case}"), OPENED)
    way("with the action on its page", "headquarters", gulu.get(action), OPENED)
    way("not with the report, which has its own", "headquarters", gulu.get(f"/reports/{case}"), ARRIVED)
    gulu.send(gulu.get(action), action, state="done", outcome="Mended")
    c.gulu.sync()
    way("an action that was changed is not", "headquarters", gulu.get(action), LEFT)
    way("while the case, which was not, is", "headquarters", gulu.get(f"/cases/{case}"), OPENED)
    hq.get(f"/reports/{case}")
    c.hq.sync()
    c.gulu.sync()
    way("the report is opened on its page", "headquarters", gulu.get(f"/reports/{case}"), OPENED)


def test_no_end(c, laptops, case):
    before = [len(openings(c, hub)) for hub in c.hubs]
    for _ in range(3):
        for hub, laptop in laptops:
            laptop.get(f"/cases/{case}")
            laptop.get(f"/reports/{case}")
            hub.sync()
    once = [len(openings(c, hub)) for hub in c.hubs]
    for _ in range(3):
        for hub, laptop in laptops:
            laptop.get(f"/cases/{case}")
            laptop.get(f"/reports/{case}")
            hub.sync()
    tap.ok("hubs that look at each other's records come to an end", [len(openings(c, hub)) for hub in c.hubs] == once, (before, once))


def test_transfer(c, gulu, mbarara, case):
    """The offer is for headquarters, too, which has not answered either."""
    both = "Mbarara, headquarters"
    gulu.send(gulu.get(f"/cases/{case}/transfer"), f"/cases/{case}/transfer", to=c.mbarara.log, reason="She moved there")
    c.gulu.sync()
    page = gulu.get("/transfers")
    way("an offer has left", both, page, LEFT)
    tap.ok("it is not received", "Offered" in page.text and "Received there" not in page.text, page.text)
    c.mbarara.sync()
    c.gulu.sync()
    page = gulu.get("/transfers")
    way("with their word it has arrived at the one", "Mbarara", page, ARRIVED)
    way("not at the other", "headquarters", page, LEFT)
    tap.ok("it is received", "Received there" in page.text, page.text)
    way("which the case says, too", "Mbarara", gulu.get(f"/cases/{case}"), ARRIVED)
    path = re.search(r'href="(/transfers/[0-9a-z.]{43})"', mbarara.get("/transfers").body).group(1)
    mbarara.get(path)
    c.mbarara.sync()
    c.gulu.sync()
    way("and opened when somebody there has read it", "Mbarara", gulu.get("/transfers"), OPENED)


def test_practice(c, hq):
    before = len(openings(c, c.hq))
    page = hq.post("/practice", hq.get("/practice").form("/practice").filled({"what": "start"}))
    tap.ok("practice begins", "Practice has begun" in page.text, page.text)
    for report in set(re.findall(r'href="(/(?:reports|cases)/[0-9a-z.]{43})"', hq.get("/cases").body + hq.get("/reports").body)):
        tap.ok("a sample is shown", hq.get(report).status == 200)
    hq.post("/practice", hq.get("/practice").form("/practice").filled({"what": "leave"}))
    c.hq.sync()
    tap.ok("practice opens nothing", len(openings(c, c.hq)) == before)


def test_kept(c, key, case):
    """Over a lock, and when the case file is built anew from the logs."""
    for name in ((), ("snapshot.age", "snapshot.sig")):
        c.gulu.run("lock")
        for file in name:
            os.remove(os.path.join(c.gulu.dir, file))
        laptop = wait_for("the office", lambda: c.gulu.healthy(c.gulu.office)) and c.gulu.sign_in()
        how = "built anew from the logs" if name else "unlocked again"
        way(f"{how}, it is known what was opened", "Mbarara", laptop.get(f"/referrals/{key}"), OPENED)
        way(f"{how}, the case, too", "headquarters", laptop.get(f"/cases/{case}"), OPENED)


def main():
    c = Coalition(conf="interval_minutes = 60").make()
    try:
        c.start()
        gulu, mbarara, hq = (hub.sign_in() for hub in (c.gulu, c.mbarara, c.hq))
        case = new_case(c.gulu, gulu)
        test_no_answers_to_answers(c)
        key = test_referral(c, gulu, mbarara, case)
        test_case(c, gulu, hq, case)
        test_no_end(c, ((c.gulu, gulu), (c.hq, hq)), case)
        test_practice(c, hq)
        test_kept(c, key, case)
        test_transfer(c, c.gulu.sign_in(), mbarara, case)
    finally:
        c.close()
    tap.done()


main()
