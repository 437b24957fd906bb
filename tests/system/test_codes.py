#!/usr/bin/python3
"""The code lists, between real hubs: headquarters adds for the whole coalition, others cannot; what is retired stays on the records that have it; what a hub
added while it worked alone keeps its words. And the reader's language: chosen at the foot of a page, for the pages and never for the records."""
import json
import re
import urllib.parse

from coalition import Coalition, Tap

tap = Tap()


def find(page, pattern):
    found = re.search(pattern, page.body)
    assert found, f"no {pattern!r} at {page.url}: {page.text[:600]}"
    return found.group(1)


def add_code(laptop, list, label, parent=""):
    """Adds it on the page; the code, which is in its record's key."""
    page = laptop.send(laptop.get(f"/codes/{list}/new"), f"/codes/{list}/new", label=label, parent=parent)
    assert "It is added to the list." in page.text, page.text[:800]
    key = find(page, rf'href="/codes/{list}/([0-9a-z.]{{43}})">{label}<')
    return key, "L" + key.split(".")[1]


def new_case(laptop, alias, **fields):
    page = laptop.send(laptop.get("/reports/new"), "/reports/new", what=f"What {alias} told", how="visit", danger="no")
    key = page.url.rsplit("/", 1)[1]
    page = laptop.send(laptop.get(f"/reports/{key}/case"), f"/reports/{key}/case", alias=alias, risk="high", **fields)
    assert page.status == 200 and "/cases/" in page.url, page.text[:800]
    return key


def offered(laptop, case, name):
    return laptop.get(f"/cases/{case}/edit").form("/edit").choices[name]


def exported(hub, case):
    return next(row for row in json.loads(hub.with_passphrase("export", "cases").stdout)["cases"] if row["key"] == case)


def sync(*hubs):
    for hub in hubs:
        hub.sync()


# ---- for the whole coalition ----

def test_adding(coalition, hq, gulu):
    page = hq.send(hq.get("/codes/acts/new"), "/codes/acts/new", label="")
    tap.ok("words are asked for", page.status == 400 and "Words: this must be filled in" in page.text, page.text)
    page = hq.send(hq.get("/codes/acts/new"), "/codes/acts/new", label="torture")
    tap.ok("words that the list has already are a problem, and stay typed", page.status == 400 and "these stand in the list already" in page.text and 'value="torture"' in page.body, page.text)
    page = hq.send(hq.get("/codes/acts/new"), "/codes/acts/new", label="Drone over the house", parent="UG-304")
    tap.ok("it comes under one of the same list or none", page.status == 400 and "Comes under: choose one of the list" in page.text, page.text)
    key, code = add_code(hq, "acts", "Drone over the house", "02010303")
    page = hq.get("/codes/acts")
    tap.ok("headquarters adds a code, which stands under another", "Drone over the house" in page.text and "Surveillance of a person" in page.text, page.text)
    page = hq.send(hq.get("/codes/acts/new"), "/codes/acts/new", label="DRONE  OVER THE HOUSE")
    tap.ok("nothing is added twice", page.status == 400 and "these stand in the list already" in page.text, page.text)
    page = hq.get("/codes")
    tap.ok("the page says honestly that the public form does not know of it", "The public form has no keys to read it" in page.text and "Kinds of violation 1 added" in page.text, page.text)
    case = new_case(gulu, "Weaver")
    tap.ok("before it came, another hub does not offer it", code not in offered(gulu, case, "violations"))
    sync(coalition.hq, coalition.gulu)
    tap.ok("after sync it does, behind what it comes under", ["02010303", code] == [one for one in offered(gulu, case, "violations") if one in ("02010303", code)]
           and offered(gulu, case, "violations").index(code) == offered(gulu, case, "violations").index("02010303") + 1, offered(gulu, case, "violations"))
    page = gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", violations=[code])
    tap.ok("a case there says it", page.status == 200 and "Drone over the house" in gulu.get(f"/cases/{case}").text, page.text)
    tap.ok("in a code, never in words", exported(coalition.gulu, case)["violations"] == [code], exported(coalition.gulu, case))
    page = coalition.gulu.phone().get("/form/1")
    tap.ok("the public form of that hub is as it was", page.status == 200 and "Drone" not in page.body and code not in page.body)
    return key, code, case


def test_not_theirs(coalition, gulu, key):
    own = gulu.get("/codes/acts")
    tap.ok("another hub reads the list and has no way to change it", "Drone over the house" in own.text and "/codes/acts/" not in own.body, own.text)
    tap.ok("its coordinator is told who adds", gulu.get("/codes/acts/new").status == 403 and "headquarters adds" in gulu.get("/codes/acts/new").text.lower(), gulu.get("/codes/acts/new").text)
    try:
        coalition.gulu.write({"entity": "code", "set": {"list": "acts", "label": "Ours for all"}})
        tap.ok("a program there does not write one either", False)
    except AssertionError as error:
        tap.ok("a program there does not write one either", "only headquarters writes this" in str(error), error)
    csrf = dict(gulu.get("/").form("/logout").filled({}))["csrf"]
    for path in ("new", key):
        page = gulu.post(f"/codes/acts/{path}", {"csrf": csrf, "label": "Ours for all", "state": "active"})
        tap.ok("nor is it taken from a form that they make themselves", page.status == 403 and "Ours for all" not in gulu.get("/codes/acts").text, page.text)


def test_rewording(coalition, hq, gulu, key, case):
    page = hq.send(hq.get(f"/codes/acts/{key}"), f"/codes/acts/{key}", label="Drone above the home")
    tap.ok("headquarters rewords it", "The change is saved." in page.text and "Drone above the home" in page.text, page.text)
    sync(coalition.hq, coalition.gulu)
    page = gulu.get(f"/cases/{case}")
    tap.ok("records elsewhere say it in the new words", "Drone above the home" in page.text and "Drone over the house" not in page.text, page.text)


def test_retiring(coalition, hq, gulu, key, code, case):
    before = new_case(gulu, "Heron")
    form = gulu.get(f"/cases/{before}/edit")  # shown while it was offered
    page = hq.send(hq.get(f"/codes/acts/{key}"), f"/codes/acts/{key}", state="retired")
    tap.ok("headquarters retires it", "Retired" in page.text, page.text)
    sync(coalition.hq, coalition.gulu)
    tap.ok("no form offers it any more", code not in offered(gulu, before, "violations"))
    page = gulu.send(form, "/edit", violations=[code])
    tap.ok("nor takes it for a record that does not have it", page.status == 400 and "choose one of the answers listed" in page.text, page.text)
    tap.ok("the record that has it still says it", "Drone above the home" in gulu.get(f"/cases/{case}").text)
    page = gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", alias="Weaver bird", violations=["03010100", code])
    tap.ok("and keeps it when the rest of it is changed", page.status == 200 and exported(coalition.gulu, case)["alias"] == "Weaver bird"
           and sorted(exported(coalition.gulu, case)["violations"]) == sorted(["03010100", code]), page.text)
    hq.send(hq.get(f"/codes/acts/{key}"), f"/codes/acts/{key}", state="active")
    sync(coalition.hq, coalition.gulu)
    tap.ok("taken back, it is offered again", code in offered(gulu, before, "violations"))


def test_guard(coalition, hq, gulu):
    """What is added under the police is the police: the guard against conflicts of interest goes by that."""
    _, unit = add_code(hq, "perpetrators", "Flying squad", "010104")
    sync(coalition.hq, coalition.gulu)
    case = new_case(gulu, "Ibis", perpetrators=[unit])
    page = gulu.send(gulu.get("/providers/new"), "/providers/new", name="Officer Otim", profession="police-liaison", services=["police"])
    provider = page.url.rsplit("/", 1)[1]
    page = gulu.get(f"/cases/{case}/refer/{provider}")
    tap.ok("a liaison of the police is not asked about a unit of theirs", "Officer Otim belongs to those who are said to have done it: Police" in page.text, page.text)


# ---- a hub that works alone ----

def test_alone(coalition, theirs):
    hub = coalition.mbarara
    hub.init().start()
    laptop = hub.sign_in()
    page = laptop.get("/codes")
    tap.ok("a hub that works alone is told what becomes of its additions", "works alone" in page.text and "offered no more" in page.text, page.text)
    _, own = add_code(laptop, "acts", "Cattle taken")
    case = new_case(laptop, "Crane", violations=[own])
    tap.ok("it adds its own, and its cases are in those words", "Cattle taken" in laptop.get(f"/cases/{case}").text)
    hub.stop()
    coalition.enrol(hub, coalition.hq.run("invite").stdout)
    hub.start()
    laptop = hub.sign_in()
    stork = new_case(laptop, "Stork")
    tap.ok("in a coalition what headquarters added before it came is offered", theirs in offered(laptop, stork, "violations") and "Drone above the home" in laptop.get("/codes/acts").text)
    tap.ok("and its own additions no more", own not in offered(laptop, stork, "violations")
           and laptop.get("/codes/acts/new").status == 403, laptop.get("/codes/acts/new").text)
    tap.ok("and stay on the record that has them, there and in its form", "Cattle taken" in laptop.get(f"/cases/{case}").text and own in offered(laptop, case, "violations"))
    sync(hub, coalition.hq)
    page = coalition.hq.sign_in().get(f"/cases/{case}")
    tap.ok("headquarters reads the case in the same words", page.status == 200 and "Cattle taken" in page.text, page.text)
    page = coalition.hq.sign_in().get("/codes/acts")
    tap.ok("and sees where they come from", "Added by Mbarara alone" in page.text, page.text)


# ---- the reader's language ----

def choose(laptop, page, code):
    return laptop.send(page, "/language", l=code)


def test_language(coalition, gulu):
    case = new_case(gulu, "Egret", violations=["02011111"], perpetrators=["010104"], needs=["medical"], district="UG-304")
    page = gulu.get(f"/cases/{case}")
    tap.ok("the office speaks English until somebody chooses", "Torture" in page.text and '<html lang="en">' in page.body and "first translation" not in page.text, page.text)
    page = choose(gulu, page, "sw")
    tap.ok("choosing leads back to the page, in Kiswahili", page.url.endswith(f"/cases/{case}") and '<html lang="sw">' in page.body and "Kesi GUL-" in page.text, (page.url, page.text))
    tap.ok("the codes of the case are in it", all(words in page.text for words in ("Mateso", "Polisi", "Matibabu", "Wilaya")) and "Torture" not in page.text and "Gulu" in page.text, page.text)
    tap.ok("the page says that it is a draft", "Hii ni tafsiri ya kwanza" in page.text, page.text)
    form = gulu.get(f"/cases/{case}/edit")
    tap.ok("forms offer them in it, and send codes", "Utekaji nyara" in form.text and "02011111" in form.form("/edit").choices["violations"], form.text[:1500])
    tap.ok("the printed sheet is in it too", "Mateso" in gulu.get(f"/cases/{case}/print").text)
    tap.ok("what was searched for is searched for again", choose(gulu, gulu.get("/search?q=Egret+%26+co"), "sw").url.endswith("/search?q=Egret%20%26%20co"))
    page = gulu.send(gulu.get(f"/cases/{case}/edit"), "/edit", summary="Imeandikwa")
    saved = exported(coalition.gulu, case)
    tap.ok("the record says what it said: codes", saved["violations"] == ["02011111"] and saved["summary"] == "Imeandikwa", saved)
    page = gulu.send(gulu.get(f"/cases/{case}/close"), "/close", reason="Imekwisha", outcome="Salama", rest="keep")
    page = gulu.send(gulu.get(f"/cases/{case}/reopen"), "/reopen", why="Amerudi")
    tap.ok("what the hub itself writes into a record is in English, for those who read it elsewhere", "Opened again: Amerudi" in gulu.get(f"/cases/{case}").text, gulu.get(f"/cases/{case}").text)
    gulu.post("/logout", {"csrf": dict(gulu.get("/").form("/logout").filled({}))["csrf"]})
    page = gulu.get("/login")
    tap.ok("the choice stays over signing out", "Jina lako" in page.text and '<html lang="sw">' in page.body, page.text)
    tap.ok("another browser is asked anew", "Your name" in coalition.gulu.laptop().get("/login").text)
    other = coalition.gulu.laptop()
    page = choose(other, other.get("/login?next=/cases"), "ach")
    tap.ok("it can be chosen before signing in, and where one was going stays", '<html lang="ach">' in page.body and 'value="/cases"' in page.body, page.text)
    cookie = next(one for one in gulu.jar if one.name.startswith("__Host-language"))
    tap.ok("it is one cookie, of this host and not for scripts", cookie.secure and cookie.path == "/" and cookie.has_nonstandard_attr("HttpOnly") and cookie.value == "sw", cookie)
    for path in ("https://evil.example/", "//evil.example/", "/\\evil.example"):
        page = other.post("/language", {"l": "en", "path": path})
        tap.ok("it leads to no other host", urllib.parse.urlsplit(page.url).netloc == urllib.parse.urlsplit(other.base).netloc, page.url)
    tap.ok("a language that is none of ours is refused", other.post("/language", {"l": "xx", "path": "/"}).status == 400)
    tap.ok("and so is the choice of another site", other.post("/language", {"l": "sw", "path": "/"}, {"Origin": "https://evil.example"}).status == 403)


def main():
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu])
        coalition.hq.start()
        coalition.gulu.start()
        hq, gulu = coalition.hq.sign_in(), coalition.gulu.sign_in()
        key, code, case = test_adding(coalition, hq, gulu)
        test_not_theirs(coalition, gulu, key)
        test_rewording(coalition, hq, gulu, key, case)
        test_retiring(coalition, hq, gulu, key, code, case)
        test_guard(coalition, hq, gulu)
        test_alone(coalition, code)
        test_language(coalition, gulu)
    finally:
        coalition.close()
    tap.done()


if __name__ == "__main__":
    main()
