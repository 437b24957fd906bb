#!/usr/bin/python3
"""Need to know, as a matrix: every role, every page (from web/office/routes.c itself), every kind of record (from node/casework/entities.c) in a case of everybody's, of a team, and a restricted one; and
every command. Whoever may not see something gets the same answer as for what is not there. A new page, kind of record or command fails here until it is told who may."""
import http.client
import json
import os
import re
import ssl
import tempfile
import urllib.parse

from coalition import ROOT, Hub, Tap, wait_for, write
from test_messages import photo, send_photo

tap = Tap()
WORDS = "seven brave herons crossed the wide lake"
CASES = ("open", "team", "restricted")
SECRETS = {"open": "Mahogany", "team": "Jacaranda", "restricted": "Tamarind"}
# who: (role, team, the cases they see)
PEOPLE = {"akello": ("coordinator", "", CASES), "akol": ("officer", "legal", ("open", "team")), "okot": ("officer", "press", ("open",)),
          "lamunu": ("officer", "press", ("open", "restricted")), "auma": ("provider", "", ()), "ojok": ("facilitator", "", ())}
STAFF, ALL = "co", "copf"

# Who may go there (letters of the roles; "" before signing in), and what its stars stand for.
ROUTES = {
    "GET /login": ("", ""), "POST /login": ("", ""), "POST /logout": (ALL, "ends"), "GET /lock": (STAFF, ""), "POST /lock": (STAFF, "ends"), "GET /": (ALL, ""),
    "GET /reports": (STAFF, ""), "GET /reports/new": (STAFF, ""), "POST /reports/new": (STAFF, ""),
    "GET /reports/*": (STAFF, "case"), "POST /reports/*/close": (STAFF, "case"), "POST /reports/*/answer": (STAFF, "case"), "GET /reports/*/photo/*": (STAFF, "photo"),
    "GET /reports/*/case": (STAFF, "case"), "POST /reports/*/case": (STAFF, "case"),
    "GET /cases": (STAFF, ""), "GET /cases/*": (STAFF, "case"), "GET /cases/*/edit": (STAFF, "case"), "POST /cases/*/edit": (STAFF, "case"), "POST /cases/*/notes": (STAFF, "case"),
    "POST /cases/*/people/*/show": (STAFF, "person"), "GET /cases/*/*/*": (STAFF, "part"), "POST /cases/*/*/*": (STAFF, "part"),
    "GET /history/*/*": (STAFF, "record"), "POST /settle/*/*/*": (STAFF, "field"), "GET /search": (STAFF, ""),
    "GET /users": ("c", ""), "GET /users/new": ("c", ""), "POST /users/new": ("c", ""), "GET /users/*": ("c", "user"), "POST /users/*": ("c", "user"),
    "GET /settings": ("c", ""), "POST /settings": ("c", ""), "POST /settings/workshop": ("c", ""), "GET /audit": ("c", ""), "GET /hubs": (STAFF, ""), "GET /sync": (STAFF, ""), "POST /sync": (STAFF, ""),
    "POST /reports/*/add": (STAFF, "case"), "POST /cases/*/begin": (STAFF, "case"), "GET /cases/*/close": (STAFF, "case"), "POST /cases/*/close": (STAFF, "case"),
    "GET /cases/*/reopen": (STAFF, "case"), "POST /cases/*/reopen": (STAFF, "case"), "GET /cases/*/duplicate": (STAFF, "case"), "POST /cases/*/duplicate": (STAFF, "case"),
    "GET /cases/*/risk": (STAFF, "case"), "POST /cases/*/risk": (STAFF, "case"), "GET /cases/*/followups/*/missed": (STAFF, "followup"),
    "POST /cases/*/followups/*/missed": (STAFF, "followup"), "GET /calendar.ics": (STAFF, ""),
    "GET /cases/*/refer": (STAFF, "case"), "GET /cases/*/refer/*": (STAFF, "refer"), "POST /cases/*/refer/*": (STAFF, "refer"),
    "GET /referrals/*/slip": (STAFF, "referral"), "POST /referrals/*/slip": (STAFF, "referral"), "GET /referrals/*/withdraw": (STAFF, "referral"),
    "POST /referrals/*/withdraw": (STAFF, "referral"), "GET /code": ("", ""), "POST /code": ("", ""), "GET /code/referral": ("", ""), "POST /code/referral": ("", ""),
    "GET /providers": ("cof", ""), "GET /providers/new": (STAFF, ""), "POST /providers/new": (STAFF, ""), "GET /providers/*": ("cof", "provider"),
    "GET /providers/*/edit": (STAFF, "provider"), "POST /providers/*/edit": (STAFF, "provider"), "GET /principles": (ALL, ""), "POST /principles": ("p", ""),
    "GET /codes": (STAFF, ""), "GET /codes/*": (STAFF, "list"), "GET /codes/*/*": ("c", "code"), "POST /codes/*/*": ("c", "code"), "POST /language": ("", ""),
    "GET /principles/edit": ("c", ""), "POST /principles/edit": ("c", ""), "GET /referrals": ("cop", ""), "GET /referrals/*": ("cop", "referral"),
    "GET /referrals/*/reply/*": ("cop", "reply"), "POST /referrals/*/reply/*": ("cop", "reply"),
    "GET /cases/*/transfer": (STAFF, "case"), "POST /cases/*/transfer": (STAFF, "case"), "POST /cases/*/transfer/withdraw": (STAFF, "case"), "POST /cases/*/transfer/hand": (STAFF, "case"),
    "GET /cases/*/late": (STAFF, "case"), "POST /cases/*/late": (STAFF, "case"), "GET /cases/*/sharing": (STAFF, "case"), "POST /cases/*/sharing": (STAFF, "case"),
    "GET /transfers": (STAFF, ""), "GET /transfers/*": (STAFF, "elsewhere"), "POST /transfers/*": (STAFF, "elsewhere"),
    "GET /practice": (STAFF, ""), "POST /practice": (STAFF, "ends"), "GET /help": (ALL, ""), "GET /guide/*": (ALL, "guide"), "GET /start": ("c", ""), "GET /cases/*/print": (STAFF, "case"),
    "GET /cases/*/files/new": (STAFF, "case"), "GET /cases/*/files/*": (STAFF, "file"),
    "GET /cases/*/files/*/out": (STAFF, "file"), "POST /cases/*/files/*/out": (STAFF, "file"), "POST /files/*": (STAFF, "elsewhere"),
}
# Where a part of a case has its form, and what a new one needs.
PARTS = {"action": ("actions", {"what": "{}", "who": "akol", "agreed": "2020-01-01", "due": "2031-05-04"}), "followup": ("followups", {"due": "2031-05-04", "how": "{}"}),
         "contact": ("contacts", {"channel": "call", "address": "{}"}), "plan": ("plans", {"at_risk": "defender", "measures": "{}", "review": "2031-05-04"}),
         "incident": ("incidents", {"act": "02010301", "text": "{}"}), "consent": ("consents", {"purpose": "{}", "to_whom": "a lawyer", "how": "spoken", "given": "2020-01-01"}),
         "person": ("people", {"part": "defender", "names": "{}"})}
# Kinds that no page makes yet, or that are in no case; tests/unit/casework/test_sight.c has them all.
ELSEWHERE = {"reply", "transfer", "takeover", "principles", "code", "user", "audit", "opened"}
OF_NO_CASE = ("", "user", "guide", "list", "code", "ends")  # what stars stand for, where it is the same for every case
SECRET_KINDS = {"person"}  # not by /history: who somebody is, parts.c shows

# Exit codes by command: coordinator, officers, whoever has no key, and a name that nobody has. None: it asks for nobody.
COMMANDS = {"init": None, "serve": None, "status": None, "urgent": None, "report": None, "lock": None, "invite": None, "join": None, "hubs": None, "remote": None, "sync": None, "doctor": None,
            "unlock": (0, 0, 77), "user": (0, 77, 77), "admit": (0, 77, 77), "sharing": (0, 77, 77), "export": (0, 0, 77), "recover": (0, 0, 77), "check": (0, 0, 77)}


def source(path):
    with open(os.path.join(ROOT, path)) as f:
        return f.read()


def routes():
    found = re.findall(r'^\t\{(GET|POST|TYPED), "([^"]+)", (\w+),\s+GUARD_(\w+), (\w+)\},', source("web/office/routes.c"), re.M)
    return {("GET " if method == "GET" else "POST ") + pattern for method, pattern, *_ in found}, source("web/office/routes.c").count("GUARD_")


def entities():
    return set(re.findall(r'^\t\{"(\w+)", FIELDS\(', source("node/casework/entities.c"), re.M))


def test_lists():
    found, count = routes()
    tap.ok("every page of routes.c is in the matrix, and no other", found == set(ROUTES) and count == len(found), found ^ set(ROUTES))
    kinds = {"report", "case", "note", "message", "attachment", "referral", "provider", *PARTS, *ELSEWHERE}
    tap.ok("so is every kind of record", entities() == kinds, entities() ^ kinds)
    commands = set(re.findall(r"&command_(\w+),", source("node/main.c")))
    tap.ok("and every command", commands == set(COMMANDS), commands ^ set(COMMANDS))


# ---- a hub with everything on it ----

def add_people(hub, top):
    new = write(os.path.join(top, "words"), WORDS + "\n")
    for name, (role, team, _) in PEOPLE.items():
        if name != hub.user:
            hub.with_passphrase("user", "add", name, "--role", role, "--team", team, "--new-passphrase-file", new)


def sign_in(hub, name):
    laptop = hub.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=name, passphrase=hub.passphrase if name == hub.user else WORDS)
    assert "/login" not in page.url and page.status == 200, (name, page.status, page.text)
    return laptop


def fill_case(hub, laptop, which, code):
    """A report with a photo, and the case that it becomes, with one part of each kind; {kind: key}."""
    secret = SECRETS[which]
    photos = send_photo(hub, hub.phone().send(hub.phone().get("/messages"), "/messages", code=code), photo(2000))
    assert photos.status in (200, 303), photos.status
    rows = json.loads(hub.with_passphrase("export", "reports").stdout)["reports"]
    key = next(row["key"] for row in rows if secret in row["what"])
    assert laptop.get(f"/reports/{key}").status == 200
    more = {"open": {}, "team": {"team": "legal"}, "restricted": {"restricted": "yes", "readers": ["lamunu"]}}[which]
    page = laptop.send(laptop.get(f"/reports/{key}/case"), "/case", alias=f"{secret} case", risk="high", **more)
    assert page.status == 200 and "/cases/" in page.url, (page.status, page.text)
    keys = {"report": key, "case": key}
    laptop.send(laptop.get(f"/cases/{key}"), "/notes", text=f"{secret} note")
    page = laptop.upload(laptop.get(f"/cases/{key}/files/new"), "/files/", {"file": [b"%PDF-1.7 " + secret.encode()]}, name=f"{secret} file")
    keys["attachment"] = re.search(rf'/cases/{key}/files/([0-9a-z.]{{43}})', page.body).group(1)
    for kind, (path, fields) in PARTS.items():
        page = laptop.send(laptop.get(f"/cases/{key}/{path}/new"), f"/{path}/new", **{name: value.format(f"{secret} {kind}") for name, value in fields.items()})
        assert page.status == 200, (kind, page.status, page.text)
        keys[kind] = re.search(rf'/cases/{key}/{path}/([0-9a-z.]{{43}})', page.body).group(1)
    return keys


def make(hub, top):
    hub.init(coalition="Coalition for Defenders")
    add_people(hub, top)
    codes = {which: hub.report(what=f"{SECRETS[which]} was said", danger="yes") for which in CASES}
    hub.start()
    laptops = {name: sign_in(hub, name) for name in PEOPLE}
    wait_for("the reports in the office", lambda: all(word in laptops[hub.user].get("/reports").text for word in SECRETS.values()))
    keys = {which: fill_case(hub, laptops[hub.user], which, codes[which]) for which in CASES}
    wait_for("the photos in the office", lambda: all("/photo/" in laptops[hub.user].get(f"/reports/{keys[which]['report']}").body for which in CASES))
    whole = json.loads(hub.with_passphrase("export", "notes", "messages").stdout)
    directory = {"name": "Auma", "profession": "lawyer", "services": ["legal"], "state": "active", "vetted_by": "akello"}
    theirs, nobodys = hub.write({"entity": "provider", "set": {**directory, "user": "auma"}}, {"entity": "provider", "set": {**directory, "name": "Opio"}})
    for which in CASES:
        sent = {"provider": theirs, "hub": theirs.split(".")[0], "service": "legal", "urgency": "normal", "state": "sent", "sent_at": "2026-01-01T00:00:00Z",
                "expires": "2031-05-04", "reason": f"{SECRETS[which]} help", "consent_text": "spoken"}
        keys[which]["provider"], keys[which]["referral"] = nobodys, hub.write({"entity": "referral", "case": keys[which]["case"], "set": sent})[0]
    for which in CASES:
        keys[which]["note"] = next(row["key"] for row in whole["notes"] if SECRETS[which] in row["text"])
        keys[which]["message"] = next(row["key"] for row in whole["messages"] if row.get("kind") == "photo" and row["report"] == keys[which]["report"])
    return laptops, keys


# ---- every page ----

def addresses(pattern, kind, keys):
    """(address, what it is of) for each record that the pattern can name."""
    path = pattern.split(" ")[1]
    fill = lambda *parts: path.replace("*", "{}").format(*parts)
    if kind == "case":
        return [(fill(keys["case"]), "case")]
    if kind == "photo":
        return [(fill(keys["report"], keys["message"]), "photo")]
    if kind in ("referral", "provider"):
        return [(fill(keys[kind]), kind)]
    if kind == "refer":
        return [(fill(keys["case"], keys["provider"]), "case")]
    if kind == "reply":
        return [(fill(keys["referral"], one), "referral") for one in ("accept", "decline")]
    if kind == "followup":
        return [(fill(keys["case"], keys["followup"]), "followup")]
    if kind == "guide":
        return [(fill("officer"), "")]
    if kind == "list":
        return [(fill("acts"), "")]
    if kind == "code":
        return [(fill("acts", "new"), "")]
    if kind == "file":
        return [(fill(keys["case"], keys["attachment"]), "attachment")]
    if kind == "person":
        return [(fill(keys["case"], keys["person"]), "person")]
    if kind == "part":
        return [(fill(keys["case"], path_of, keys[entity] if entity in keys else entity), entity)
                for entity, (path_of, _) in PARTS.items()] + [(fill(keys["case"], path_of, "new"), entity) for entity, (path_of, _) in PARTS.items()]
    if kind == "record":
        return [(fill(entity, keys[entity]), entity) for entity in keys if entity not in SECRET_KINDS | {"provider"}]
    if kind == "field":
        return [(fill(entity, keys[entity], {"report": "what", "message": "text", "note": "text", "attachment": "text", "referral": "reason", "provider": "name", "case": "risk", **{e: next(iter(f)) for e, (_, f) in PARTS.items()}}[entity]), entity)
                for entity in keys if entity != "provider"]  # which is of no case
    return [(path.replace("*", "akol"), "")]


class Line:
    """One person's browser on one connection: a matrix has many pages, and each handshake costs as much as one."""

    def __init__(self, hub, laptop):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.line = http.client.HTTPSConnection("localhost", hub.office, timeout=30, context=context)
        self.headers = {"Origin": f"https://localhost:{hub.office}", "Content-Type": "application/x-www-form-urlencoded"}
        self.csrf = ""
        if laptop:
            self.headers["Cookie"] = "; ".join(f"{one.name}={one.value}" for one in laptop.jar)
            self.csrf = dict(laptop.get("/").form("/logout").filled({}))["csrf"]

    def ask(self, route, address, fields=()):
        """(status, where it leads to, the page without what is new on each)."""
        method = route.split(" ")[0]
        for attempt in range(2):  # the hub closes a line that was idle
            try:
                self.line.request(method, address, urllib.parse.urlencode([("csrf", self.csrf), *fields]) if method == "POST" else None, self.headers)
                answer = self.line.getresponse()
                break
            except (http.client.HTTPException, OSError):
                self.line.close()
                if attempt:
                    raise
        body = answer.read().decode(errors="replace")
        return answer.status, answer.headers.get("Location", ""), re.sub(r'name="once" value="[^"]*"|<p class="notice"[^>]*>[^<]*</p>\s*', "", body)


# What a refused form would leave behind.
INTRUDER = [(name, "Intruder") for name in ("text", "what", "why", "alias", "reason", "summary", "names", "address", "measures", "outcome", "team", "name")]


def missing(keys):
    """The same records, as if nobody had ever made them."""
    return {kind: key[:-6] + "000000" for kind, key in keys.items()}


def check_page(name, line, route, keys):
    """What was not as it must be, of one page for one person."""
    role, _, seen = PEOPLE.get(name, ("", "", ()))
    allowed, kind = ROUTES[route]
    is_open = allowed == "" or bool(role and role[0] in allowed) or (role, kind) == ("provider", "provider")  # the pages are theirs, that entry is not
    wrong = []
    if kind == "ends" and is_open:
        return []
    if kind == "elsewhere":  # test_attach.py (forms with files alone), test_transfer.py (two hubs)
        return []
    for which in CASES if kind not in OF_NO_CASE else ("open",):
        is_theirs = role == "provider" and kind in ("referral", "reply")  # sent to them, of whichever case
        is_seen = is_open and (which in seen or kind in OF_NO_CASE or is_theirs or (kind == "provider" and role != "provider"))
        for (address, entity), (nothing, _) in zip(addresses(route, kind, keys[which]), addresses(route, kind, missing(keys[which]))):
            status, where, body = line.ask(route, address, () if is_seen else INTRUDER)
            if not role and allowed:
                good = status == 303 and where.startswith("/login")
            elif not is_open:
                good = status == 403
            elif is_seen:
                good = status in (200, 303, 400, 409) and (not allowed or "/login" not in where)
            else:
                good = status == 404 and (status, where, body) == line.ask(route, nothing, INTRUDER)
            if not good:
                wrong.append((name, route, which, entity, status, where, body[-1500:]))
    return wrong


def test_pages(hub, laptops, keys):
    for name, laptop in {**laptops, "nobody": None}.items():
        line = Line(hub, laptop)
        wrong = [one for route in ROUTES for one in check_page(name, line, route, keys)]
        what = f"{name}, {PEOPLE[name][0]}" if laptop else "nobody, not signed in"
        tap.ok(f"{what}: every page and every record answers as their role and their cases say", not wrong, wrong)
    coordinator = laptops["akello"]
    tap.ok("what was refused has left nothing", "Nothing found" in coordinator.get("/search?q=Intruder").text and "Intruder" not in coordinator.get("/users").text)


def test_whereabouts(laptops, keys):
    """Lists, searches and files of many records hold no word of what somebody may not see."""
    for name, laptop in laptops.items():
        role, _, seen = PEOPLE[name]
        pages = [route.split(" ")[1] for route, (allowed, kind) in ROUTES.items() if route.startswith("GET") and not kind and role[0] in allowed]
        pages += ["/reports?all=1", "/cases?state=open", *(f"/search?q={word}" for word in SECRETS.values())] if role[0] in STAFF else []
        for which in CASES:
            leaks = []
            for path in pages:
                page = laptop.get(path)
                body = re.sub(rf'value="(/search\?q=)?{SECRETS[which]}"', "", page.body)  # what was typed into the search
                if which not in seen and (SECRETS[which] in body or keys[which]["case"] in body):
                    leaks.append(path)
            tap.ok(f"{name}: no list tells of the {which} case", not leaks, leaks) if which not in seen else None
        if role[0] in STAFF:
            found = [which for which in CASES if SECRETS[which] in laptop.get("/cases").text]
            tap.ok(f"{name}: the list of cases holds those they see, the restricted one marked", found == list(seen)
                   and ("Restricted" in laptop.get("/cases").text) == ("restricted" in seen), found)


def test_references(laptops, keys):
    refs = {which: re.search(r"Case ([A-Z]{3}-[0-9A-Z]{5})", laptops["akello"].get(f"/cases/{keys[which]['case']}").title).group(1) for which in CASES}
    hidden, none = laptops["okot"].get(f"/cases/{refs['restricted']}"), laptops["okot"].get("/cases/KLA-00000")
    tap.ok("a reference that somebody heard tells nothing either", hidden.status == none.status == 404 and hidden.text == none.text
           and laptops["lamunu"].get(f"/cases/{refs['restricted']}").status == 200, (hidden.text, none.text))


# ---- who decides who sees it ----

def test_sharing(hub, laptops, keys):
    case = f"/cases/{keys['team']['case']}/edit"
    page = laptops["akol"].get(case)
    tap.ok("who may see a case is not asked of somebody who is neither its officer nor a coordinator", 'name="restricted"' not in page.body and 'name="alias"' in page.body, page.text)
    fields = dict(page.form("/edit").filled({}))
    page = laptops["akol"].post(case, {**fields, "team": "press", "restricted": "yes", "officer": "akello"})
    tap.ok("nor taken from a form that they make themselves", laptops["okot"].get(f"/cases/{keys['team']['case']}").status == 404, page.text)
    page = laptops["akol"].send(laptops["akol"].get(case), "/edit", officer="okot")
    tap.ok("giving the case to somebody of another team is sharing it, and not theirs", page.status == 403 and "officer or a coordinator" in page.text
           and laptops["okot"].get(f"/cases/{keys['team']['case']}").status == 404, page.text)
    page = laptops["akello"].send(laptops["akello"].get(case), "/edit", team="lgeal")
    tap.ok("a team that nobody belongs to is a problem, with those that there are", page.status == 400 and "There are: legal, press" in page.text and 'value="lgeal"' in page.body, page.text)
    page = laptops["akello"].send(laptops["akello"].get(case), "/edit", officer="akol")
    tap.ok("a coordinator gives it to an officer", page.status == 200 and "saved" in page.text, page.text)
    page = laptops["akol"].send(laptops["akol"].get(case), "/edit", restricted="yes", officer="akello")
    tap.ok("who would lose sight of the case is told, and keeps it", page.status == 400 and "would not see this case any more yourself" in page.text
           and laptops["akol"].get(f"/cases/{keys['team']['case']}").status == 200, page.text)
    page = laptops["akol"].send(laptops["akol"].get(case), "/edit", restricted="yes", readers=["okot"])
    tap.ok("its officer restricts it and names who reads it: they do, others of the team do not any more", page.status == 200
           and laptops["okot"].get(f"/cases/{keys['team']['case']}").status == 200 and laptops["akello"].get(f"/cases/{keys['team']['case']}").status == 200, page.text)
    page = laptops["okot"].send(laptops["okot"].get(case), "/edit", officer="okot")
    tap.ok("a reader of a restricted case does not make themselves its officer", page.status == 403, page.text)
    page = laptops["akello"].get(f"/audit?record={keys['team']['case']}")
    tap.ok("that is in the audit trail, with who and what", "changed who may see (restricted yes, readers okot)" in page.text and "akol" in page.text, page.text)
    page = laptops["akol"].send(laptops["akol"].get(case), "/edit", restricted="no", readers=[])
    page = laptops["akello"].send(laptops["akello"].get(case), "/edit", officer="akello")
    tap.ok("as it was", laptops["okot"].get(f"/cases/{keys['team']['case']}").status == 404 and laptops["akol"].get(f"/cases/{keys['team']['case']}").status == 200, page.text)
    form = laptops["akol"].get(f"/reports/{keys['open']['report']}/case")
    report = json.loads(hub.run("export", "reports", "--as", "akol", "--passphrase-file", "-", input=WORDS + "\n").stdout)["reports"]
    tap.ok("engabo export hands an officer what they see and nothing else", {row["key"] for row in report} == {keys["open"]["report"], keys["team"]["report"]}, [row["key"] for row in report])
    return form


def test_new_case(hub, laptops):
    hub.report(what="Something for the team")
    laptop = laptops["akol"]
    page = wait_for("the new report", lambda: (lambda p: p if "Something for the team" in p.text else None)(laptop.get("/reports")))
    key = re.search(r'/reports/([0-9a-z.]{43})">Something for the team', page.body).group(1)
    page = laptop.get(f"/reports/{key}/case")
    tap.ok("a new case is proposed for the team of whoever opens it", re.search(r'name="team" value="legal"', page.body), page.text)
    page = laptop.send(page, "/case", alias="Ebony", risk="low", restricted="yes", officer="okot")
    tap.ok("nobody opens a case that they would not see", page.status == 400 and "yourself" in page.text, page.text)
    page = laptop.send(page, "/case", restricted="no", officer="akol")
    tap.ok("the team's case is not there for another team", page.status == 200 and laptops["okot"].get(page.url).status == 404
           and laptops["okot"].get(f"/reports/{key}").status == 404 and laptops["akello"].get(page.url).status == 200, page.text)


def test_at_once(hub, laptops, keys):
    """Role and team as they are now, not as they were at the sign-in."""
    case, okot = f"/cases/{keys['team']['case']}", laptops["okot"]
    tap.ok("before: not their team's", okot.get(case).status == 404)
    hub.with_passphrase("user", "team", "okot", "legal")
    tap.ok("put into the team by command, they see its case at the next click", okot.get(case).status == 200)
    page = laptops["akello"].send(laptops["akello"].get("/users/okot"), "/users/okot", what="team", team="press", passphrase=hub.passphrase)
    tap.ok("put back on the page, they do not", page.status == 200 and "The team is changed." in page.text and "press" in page.text and okot.get(case).status == 404, page.text)
    hub.with_passphrase("user", "role", "okot", "coordinator")
    tap.ok("made coordinator, they see all", okot.get(case).status == 200 and okot.get("/audit").status == 200)
    hub.with_passphrase("user", "role", "okot", "officer")
    tap.ok("and no more when they are not", okot.get(case).status == 404 and okot.get("/audit").status == 403)


def test_kept(hub, laptops, keys):
    """A form that was posted into an ended session comes back to whoever typed it, and to them only while they may see it."""
    laptop, case = laptops["akol"], keys["team"]["case"]
    fields = dict(laptop.get(f"/cases/{case}/edit").form("/edit").filled({"alias": "Typed before"}))

    def kept():
        laptop.post("/logout", {"csrf": dict(laptop.get("/").form("/logout").filled({}))["csrf"]})
        page = laptop.post(f"/cases/{case}/edit", fields)
        return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)["kept"][0]

    def again(name):
        return laptop.post("/login", {"name": name, "passphrase": WORDS, "kept": one})

    one = kept()
    page = again("okot")
    tap.ok("a kept form is not shown to another who signs in there", "Typed before" not in page.body and "no longer kept" in page.text, page.text)
    laptop.post("/logout", {"csrf": dict(laptop.get("/").form("/logout").filled({}))["csrf"]})
    again("akol")
    one = kept()
    page = again("akol")
    tap.ok("it comes back to its owner, unsaved", "Typed before" in page.body and "Nothing is lost" in page.text, page.text)
    one = kept()
    hub.with_passphrase("user", "team", "akol", "press")
    page = again("akol")
    tap.ok("and not when the case is out of their sight meanwhile", page.status == 404 and "Typed before" not in page.body and SECRETS["team"] not in page.body, page.text)
    hub.with_passphrase("user", "team", "akol", "legal")


# ---- every command ----

def run_as(hub, name, *words):
    if name == hub.user:
        return hub.with_passphrase(*words, check=False)
    return hub.run(*words, "--as", name, "--passphrase-file", "-", input=WORDS + "\n", check=False)


def test_commands(hub, top):
    other = Hub(top, "Gulu", "GUL", "Acholi", "lakot").init()
    request = os.path.join(top, "request")
    words = re.search(r"Six words: (.*)", other.run("join", "-", "-o", request, input=hub.run("invite").stdout).stderr).group(1)
    calls = {"unlock": ["unlock"], "user": ["user", "list"], "export": ["export"], "check": ["check"], "admit": ["admit", request, "--words", words], "sharing": ["sharing", "summary"]}
    for command, expected in COMMANDS.items():
        if expected is None:
            continue
        wrong = []
        for name in ["nobody", *reversed(PEOPLE)]:
            role = PEOPLE.get(name, ("nobody",))[0]
            code = expected[{"coordinator": 0, "officer": 1}.get(role, 2)]
            call = calls.get(command, ["recover", "-o", os.path.join(top, f"identity-{name}")])
            done = run_as(hub, name, *call)
            if done.returncode != code or (code == 77 and (done.stdout or done.stderr.count("\n") != 1)):
                wrong.append((name, done.returncode, done.stderr, done.stdout[:200]))
        tap.ok(f"engabo {command}: exit {expected[0]} for a coordinator, {expected[1]} for officers, {expected[2]} for all others", not wrong, wrong)
    for words in (["user", "add", "x.y", "--role", "officer"], ["user", "disable", "ojok"], ["user", "passwd", "ojok"], ["user", "role", "ojok", "provider"], ["user", "team", "okot", "legal"]):
        codes = {name: run_as(hub, name, *words).returncode for name in ("akol", "lamunu", "auma", "ojok", "nobody")}
        tap.ok(f"engabo {' '.join(words[:2])}: a coordinator's alone", set(codes.values()) == {77}, codes)


def test_locked(hub):
    before = hub.role_pid("office")
    hub.run("lock")
    wait_for("the office's new process", lambda: hub.role_pid("office") != before and hub.healthy(hub.office))
    wait_for("the locked hub", lambda: "locked" in hub.laptop().get("/login").text)
    codes = {name: run_as(hub, name, "unlock").returncode for name in ("auma", "ojok", "nobody")}
    tap.ok("whoever has no key does not open a locked hub", set(codes.values()) == {77} and "locked" in hub.laptop().get("/login").text, codes)


def main():
    test_lists()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Hub(top, "Kampala", "KLA", "Central", "akello")
        try:
            laptops, keys = make(hub, top)
            test_pages(hub, laptops, keys)
            test_whereabouts(laptops, keys)
            test_references(laptops, keys)
            test_sharing(hub, laptops, keys)
            test_new_case(hub, laptops)
            test_at_once(hub, laptops, keys)
            test_kept(hub, laptops, keys)
            test_commands(hub, top)
            test_locked(hub)
        finally:
            hub.stop()
    tap.done()


if __name__ == "__main__":
    main()
