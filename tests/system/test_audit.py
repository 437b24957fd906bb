#!/usr/bin/python3
"""The audit trail as coordinators see it: who saw, changed, exported; that looking at who somebody is stands there before the name is shown; that nothing of it goes missing unseen."""
import os
import re
import sqlite3
import tempfile
import time

from coalition import Coalition, Hub, Tap, wait_for, write

tap = Tap()
WORDS = "seven brave herons crossed the wide lake"
NAME = "Okello Ladit, the teacher"


def person_of(hub, name, role, team, top):
    new = write(os.path.join(top, "words"), WORDS + "\n")
    hub.with_passphrase("user", "add", name, "--role", role, "--team", team, "--new-passphrase-file", new)
    laptop = hub.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=name, passphrase=WORDS)
    assert "/login" not in page.url, page.text
    return laptop


def open_case(laptop, alias):
    """A report that somebody brought, and its case."""
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what=f"{alias} was followed", how="visit", danger="no")
    key = re.search(r"/reports/([0-9a-z.]{43})", page.url).group(1)
    page = laptop.send(laptop.get(f"/reports/{key}/case"), "/case", alias=alias, risk="high")
    assert "/cases/" in page.url, page.text
    return key, re.search(r"Case ([A-Z]{3}-[0-9A-Z]{5})", page.title).group(1)


def add_person(laptop, case):
    page = laptop.send(laptop.get(f"/cases/{case}/people/new"), "/people/new", part="defender", names=NAME)
    assert NAME not in page.body
    return re.search(r"/people/([0-9a-z.]{43})", page.body).group(1)


def entries(laptop, query=""):
    """(who, what) newest first, as the page has them."""
    page = laptop.get(f"/audit?{query}")
    rows = re.findall(r'<td data-label="Who">([^<]*)</td>\s*<td>(.*?)</td>', page.body, re.S)
    return [(who, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", what)).replace(" all on this", "").strip()) for who, what in rows]


def written(hub):
    return len(hub.spool("office"))


def test_looks(hub, coordinator, officer, case, ref):
    before = written(hub)
    for _ in range(3):
        officer.get(f"/cases/{case}")
        officer.get(f"/reports/{case}")
        officer.get(f"/history/case/{case}")
    tap.ok("looking at records writes nothing to the card", written(hub) == before, (before, written(hub)))
    coordinator.send(coordinator.get(f"/cases/{case}"), "/notes", text="A note")
    seen = entries(coordinator)
    tap.ok("the looks are written with whatever is written next: once a person and record, however often they clicked",
           sum(one == ("akol", f"looked at {ref}") or one == ("akol", "looked at a report") for one in seen) == 1, seen)
    tap.ok("whoever only works on it is there with that", ("akello", f"changed {ref}") in seen or ("akello", "changed a report") in seen, seen)
    coordinator.send(coordinator.get(f"/cases/{case}"), "/notes", text="Another note")
    officer.get(f"/cases/{case}")
    coordinator.send(coordinator.get(f"/cases/{case}"), "/notes", text="A third")
    tap.ok("the same is not told twice a day", entries(coordinator) == seen, entries(coordinator))


def test_identity(hub, coordinator, officer, case, ref, person):
    before = written(hub)
    page = officer.get(f"/cases/{case}/people/{person}")
    page = officer.send(page, f"/people/{person}/show", why=" ")
    tap.ok("without a reason no name is shown, and nothing is written", page.status == 400 and NAME not in page.body and written(hub) == before, page.text)
    page = officer.send(page, f"/people/{person}/show", why="to call them")
    seen = entries(coordinator)
    tap.ok("with one it is, and that is on the card with the reason", NAME in page.body and written(hub) > before
           and seen[0] == ("akol", f"looked up who a person is (defender, to call them) in {ref}"), (page.text, seen))
    page = officer.send(page, f"/people/{person}", names="X" * 400)
    seen = entries(coordinator)
    tap.ok("changing it leaves one too, also when it is not saved", page.status == 400 and seen[0][1].startswith("looked up who a person is (defender, to change it)"), seen)
    again = len(entries(coordinator))
    officer.send(officer.get(f"/cases/{case}/people/{person}"), f"/people/{person}/show", why="once more")
    tap.ok("each look stands for itself", len(entries(coordinator)) == again + 1)
    tap.ok("a person's history is nobody's to read", officer.get(f"/history/person/{person}").status == 404 and coordinator.get(f"/history/person/{person}").status == 404)


def test_kept_form(hub, coordinator, officer, case, person):
    """What is compared with what was typed is shown beside it: that is a look."""
    page = officer.send(officer.get(f"/cases/{case}/people/{person}"), f"/people/{person}/show", why="to mend it")
    fields = dict(page.form(f"/people/{person}").filled({"text": "Typed before"}))
    officer.post("/logout", {"csrf": dict(officer.get("/").form("/logout").filled({}))["csrf"]})
    page = officer.post(f"/cases/{case}/people/{person}", fields)
    kept = re.search(r"kept=([\w-]+)", page.url).group(1)
    before = len(entries(coordinator))
    page = officer.post("/login", {"name": "akol", "passphrase": WORDS, "kept": kept})
    tap.ok("a form about a person that comes back after a new sign-in is written down before it is shown", "Typed before" in page.body
           and len(entries(coordinator)) == before + 1 and "to change it" in entries(coordinator)[0][1], page.text)


def test_named(hub, coordinator, officer, case, ref):
    hub.with_passphrase("export", "cases")
    tap.ok("an export is there", entries(coordinator)[0] == ("akello", "exported cases"), entries(coordinator))
    hub.with_passphrase("user", "team", "akol", "legal")
    tap.ok("so are changes of people", entries(coordinator)[0] == ("akello", "put into the team legal akol"), entries(coordinator))
    page = coordinator.get("/settings")
    coordinator.send(page, "/settings", phone="0800 100 201")
    tap.ok("and of the settings", entries(coordinator)[0] == ("akello", "changed the settings phone 0800 100 201"), entries(coordinator))
    coordinator.send(coordinator.get(f"/cases/{case}/edit"), "/edit", restricted="yes", readers=["akol"])
    tap.ok("and who may see a case", entries(coordinator)[0] == ("akello", f"changed who may see (restricted yes, readers akol) {ref}"), entries(coordinator))
    coordinator.send(coordinator.get(f"/cases/{case}/close"), "/close", reason="done", outcome="She is safe", rest="drop", retention="2031-05-04")
    tap.ok("and that one was closed", entries(coordinator)[0] == ("akello", f"closed {ref}"), entries(coordinator))
    coordinator.send(coordinator.get(f"/cases/{case}/edit"), "/edit", state="open", restricted="no")


def test_page(hub, coordinator, officer, case, ref, person):
    tap.ok("the trail is for coordinators", officer.get("/audit").status == 403 and "/audit" not in officer.get("/").links and "/audit" in coordinator.get("/").links)
    tap.ok("by person", {who for who, _ in entries(coordinator, "who=akol")} == {"akol"})
    by_ref, by_key = entries(coordinator, f"record={ref}"), entries(coordinator, f"record={case}")
    tap.ok("by case, named by its reference, in small letters too, or its key", by_ref and by_ref == by_key == entries(coordinator, f"record={ref.lower()}")
           and not any("settings" in what for _, what in by_ref), by_ref)
    today = time.strftime("%Y-%m-%d")
    tap.ok("by day", entries(coordinator, f"day={today}") == entries(coordinator) and not entries(coordinator, "day=2020-02-02"))
    page = coordinator.get("/audit?day=2020-02-31&record=XXX-00000")
    tap.ok("what cannot be is named, and stays as it was typed", page.status == 400 and "not a date" in page.text and "none of this reference" in page.text
           and 'value="2020-02-31"' in page.body, page.text)
    for i in range(45):
        officer.send(officer.get(f"/cases/{case}/people/{person}"), f"/people/{person}/show", why=f"look {i}")
    first, second = entries(coordinator), entries(coordinator, "from=50")
    tap.ok("fifty a page, the newest first, the rest behind it", len(first) == 50 and 0 < len(second) < 50 and not set(first) & set(second)
           and "look 44" in first[0][1] and "Older" in coordinator.get("/audit").text and "Newer" in coordinator.get("/audit?from=50").text, (len(first), len(second)))
    tap.ok("it is whole, and says so", "The list is whole" in coordinator.get("/audit").text)


def test_lock(hub, coordinator, officer):
    key, ref = open_case(coordinator, "Crane")
    officer.get(f"/cases/{key}")
    hub.stop()
    hub.start("office")
    coordinator = hub.sign_in()
    tap.ok("looks that still waited are written when the hub is locked", ("akol", f"looked at {ref}") in entries(coordinator), entries(coordinator)[:5])
    return coordinator


def test_missing(hub, coordinator, case, person):
    """The card in wrong hands: an entry that waited in the spool is taken away."""
    for why in ("hides this", "comes after"):
        coordinator.send(coordinator.get(f"/cases/{case}/people/{person}"), f"/people/{person}/show", why=why)
    hub.kill()
    with sqlite3.connect(f"{hub.dir}/office.db") as db:
        rows = [row[0] for row in db.execute("SELECT id FROM spool ORDER BY id")]
        db.execute("DELETE FROM spool WHERE id = ?", (rows[-2],))
    for name in ("snapshot.age", "snapshot.sig"):
        if os.path.exists(os.path.join(hub.dir, name)):
            os.remove(os.path.join(hub.dir, name))
    hub.start("office")
    coordinator = hub.sign_in()
    page = coordinator.get("/audit")
    tap.ok("an entry that was taken away is missed, and since when", "Something is missing from this list since" in page.text and "hides this" not in page.text
           and "comes after" in page.text, page.text[:600])
    hub.stop()
    hub.run("sync")
    done = hub.with_passphrase("check", check=False)
    tap.ok("engabo check says so, and since when", done.returncode == 65 and re.search(r"BAD +audit +not whole since 20\d\d-", done.stdout), done.stdout + done.stderr)


def test_conflict():
    """Settling what two hubs say about a person shows both."""
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu])
        coalition.hubs = [coalition.hq, coalition.gulu]
        coalition.start()
        gulu, hq = coalition.gulu.sign_in(), coalition.hq.sign_in()
        case, ref = open_case(gulu, "Heron")
        person = add_person(gulu, case)
        for hub in (coalition.gulu, coalition.hq):
            hub.sync()
        wait_for("the case at headquarters", lambda: hq.get(f"/cases/{case}").status == 200 and person in hq.get(f"/cases/{case}").body)
        for laptop, name in ((gulu, "Okello of Gulu"), (hq, "Okello of Kampala")):
            page = laptop.send(laptop.get(f"/cases/{case}/people/{person}"), f"/people/{person}/show", why="to mend it")
            page = laptop.send(page, f"/people/{person}", names=name)
            assert page.status == 200, page.text
        for hub in (coalition.hq, coalition.gulu):
            hub.sync()
        page = wait_for("the conflict", lambda: (lambda p: p if "Hubs disagree" in p.text else None)(gulu.get(f"/cases/{case}")))
        tap.ok("the page of the case tells that hubs disagree about a person, and not who it is", "Okello" not in page.body, page.text)
        before = entries(gulu)
        csrf = dict(page.form("/logout").filled({}))["csrf"]
        page = gulu.post(f"/settle/person/{person}/names", {"csrf": csrf, "choice": "ask"})
        tap.ok("the page on which it is settled shows both, and that is written down", "Okello of Kampala" in page.body
               and len(entries(gulu)) == len(before) + 1 and entries(gulu)[0] == ("akello", f"looked up who a person is (defender, to settle what hubs disagree about) in {ref}"),
               (page.text, entries(gulu)[:3]))
        page = gulu.send(page, "/settle/", choice="other", names="Okello of both")
        tap.ok("it is settled", "It is settled" in page.text, page.text)
        tap.ok("a trail is each hub's own", not any(who == "namata" for who, _ in entries(gulu)) and not any(who == "akello" for who, _ in entries(hq)), entries(hq))
        for hub in (coalition.gulu, coalition.hq):
            done = hub.with_passphrase("check", check=False)
            tap.ok(f"engabo check finds the trail of {hub.name} whole", done.returncode == 0 and re.search(r"ok +audit +whole: \d+ entries", done.stdout), done.stdout + done.stderr)
    finally:
        coalition.close()


def main():
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Hub(top, "Kampala", "KLA", "Central", "akello").init()
        try:
            hub.start("office")  # what is written stays in the spool, where it can be counted
            coordinator = hub.sign_in()
            officer = person_of(hub, "akol", "officer", "", top)
            case, ref = open_case(coordinator, "Kingfisher")
            test_looks(hub, coordinator, officer, case, ref)
            person = add_person(coordinator, case)
            test_identity(hub, coordinator, officer, case, ref, person)
            test_kept_form(hub, coordinator, officer, case, person)
            test_named(hub, coordinator, officer, case, ref)
            test_page(hub, coordinator, officer, case, ref, person)
            coordinator = test_lock(hub, coordinator, officer)
            test_missing(hub, coordinator, case, person)
        finally:
            hub.stop()
    test_conflict()
    tap.done()


if __name__ == "__main__":
    main()
