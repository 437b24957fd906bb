#!/usr/bin/python3
"""Referring somebody to a provider: what was ticked arrives at their hub and nowhere else; what it rests on can be taken back; who may have done it is asked only when two agree;
whoever has no account reads one referral by the code of a slip, once. At the end every envelope of all logs is opened with each hub's own key."""
import datetime
import json
import os
import re
import subprocess

from coalition import Coalition, Tap, sh

tap = Tap()
SUMMARY = "Followed by a grey heron on a motorcycle"
NAME = "Aber Santa Grace"
UNTICKED = "She keeps the pelican papers under the bed"
REASON = "She needs a lawyer for the hearing: giraffe"
WHY = "Nobody else can stop the arrest: okapi"
NEXT = datetime.date.today() + datetime.timedelta(days=3)  # before the referral ends
CODE = r'<p class="code">([a-z ]+)</p>'


def sync(coalition):
    for hub in coalition.hubs * 2:
        hub.sync()


def add(laptop, case, kind, **answers):
    page = laptop.send(laptop.get(f"{case}/{kind}/new"), f"/{kind}/new", **answers)
    assert page.status == 200 and "There is a problem" not in page.text, page.text
    return page


def add_user(hub, laptop, name, role):
    page = laptop.send(laptop.get("/users/new"), "/users/new", name=name, role=role, passphrase=hub.passphrase)
    return re.search(CODE, page.body).group(1)


def sign_in(hub, name, passphrase):
    laptop = hub.laptop()
    page = laptop.send(laptop.get("/login"), "/login", name=name, passphrase=passphrase)
    assert "/login" not in page.url, page.text
    return laptop


def add_provider(laptop, **answers):
    page = laptop.send(laptop.get("/providers/new"), "/providers/new", **answers)
    assert page.status == 200 and "There is a problem" not in page.text, page.text
    row = laptop.get("/providers")
    return re.search(r"/providers/([0-9a-z.]{43})\"[^>]*>" + re.escape(answers["name"]), row.body).group(1)


def make_case(hub, laptop, alias, **more):
    hub.report(what=f"{UNTICKED}. {alias}")
    hub.sync()
    laptop.get("/")
    report = re.search(r'/reports/([0-9a-z.]{43})"', laptop.get("/reports").body).group(1)
    laptop.send(laptop.get(f"/reports/{report}/case"), f"/reports/{report}/case", alias=alias, risk="high", summary=SUMMARY)
    case = f"/cases/{report}"
    if more:
        page = laptop.send(laptop.get(case + "/edit"), "/edit", **more)
        assert page.status == 200, page.text
    return case


def consents(laptop, case):
    """The keys of its consents by what they are for."""
    return {words: key for key, words in re.findall(rf'href="{case}/consents/([0-9a-z.]{{43}})">([^<,]*)', laptop.get(case).body)}


def events(coalition):
    """Every event of all logs that each hub's own key opens: {hub: [event]}."""
    mirror = os.path.join(coalition.top, "mirror.git")
    subprocess.run(["rm", "-rf", mirror])
    sh("git", "clone", "-q", "--mirror", coalition.relay, mirror)
    blobs = {}
    for line in sh("git", "-C", mirror, "rev-list", "--all", "--objects").decode().splitlines():
        oid, _, name = line.partition(" ")
        if name.endswith(".age") and name[:2] in ("o-", "i-"):
            blobs[oid] = sh("git", "-C", mirror, "cat-file", "blob", oid)
    opened = {}
    for hub in coalition.hubs:
        identity = os.path.join(coalition.top, hub.code + "-identity.txt")
        hub.with_passphrase("recover", "-o", identity)
        bodies = [subprocess.run(["age", "-d", "-i", identity], input=blob, capture_output=True) for blob in blobs.values()]
        opened[hub.code] = [json.loads(done.stdout.split(b"\n", 1)[1]) for done in bodies if done.returncode == 0]
        os.unlink(identity)
    return opened


def referrals_in(opened, code, key=None):
    return [event for event in opened[code] if event["entity"] in ("referral", "reply") and (key is None or key in json.dumps(event))]


def test_send(coalition, laptop, case, lawyer):
    page = laptop.get(f"{case}/refer?service=legal&language=acholi&room=1")
    tap.ok("the list of who can help is sieved by service, language and room", "Okot the lawyer" in page.text and "Inspector Ojok" not in page.text and "Sister Atim" not in page.text, page.text)
    page = laptop.get(f"{case}/refer")
    tap.ok("who is not vetted or has no room is marked", "Not vetted" in page.text and "Full" in page.text, page.text)
    page = laptop.get(f"{case}/refer/{lawyer}")
    tap.ok("names are not on the form", NAME not in page.body, page.text)
    page = laptop.send(page, "/refer/", reason=REASON, step="look")
    tap.ok("what is missing is named: service, urgency, boxes, consent", page.status == 400 and all(word in page.text for word in (
        "What is asked for: this must", "How urgent it is: this must", "Tick what goes along", "Consent: choose")), page.text)
    tap.ok("and nothing typed is lost", REASON in page.body)
    names = next(value for value in page.form("/refer/").choices["along"] if value.startswith("names."))
    consent = next(value for value in page.form("/refer/").choices["consent"] if value != "new")
    page = laptop.send(page, "/refer/", service="legal", urgency="urgent", expires="2020-01-01", along=["ref", "alias", names], consent=consent, step="look")
    tap.ok("a last day that has passed is refused", page.status == 400 and "Expires on: this day has passed" in page.text and REASON in page.body, page.text)
    page = laptop.send(page, "/refer/", expires="", step="look")
    tap.ok("the preview shows what they will see, names too", page.status == 200 and "This is what they will see" in page.text and REASON in page.text and NAME in page.text
           and "Heron" in page.text, page.text)
    tap.ok("and nothing else", SUMMARY not in page.text and UNTICKED not in page.text, page.text)
    tap.ok("and who can read it", "Gulu, Mbarara" in page.text, page.text)
    sync(coalition)
    tap.ok("until Send no hub has anything of it", not any(referrals_in(events(coalition), hub.code) for hub in coalition.hubs))
    back = laptop.send(page, "/refer/", step="change")
    tap.ok("one can go back, and all is still there", REASON in back.body and f'value="{names}" checked' in back.body and f'value="{consent}" checked' in back.body, back.text)
    page = laptop.send(back, "/refer/", step="look")
    form = page.form("/refer/")
    sent = laptop.post(form.action, form.filled({"step": "send"}))
    again = laptop.post(form.action, form.filled({"step": "send"}))
    tap.ok("it is sent, and the case says to whom and how far it is", "The referral is sent." in sent.text and "Okot the lawyer: Legal help" in sent.text and "Sent" in sent.text, sent.text)
    tap.ok("pressing twice sends once", again.text.count("Okot the lawyer") == 1, again.text)
    return re.search(r"/referrals/([0-9a-z.]{43})/withdraw", sent.body).group(1)


def test_arrives(coalition, laptop, lawyer_laptop, case, key, colleague):
    sync(coalition)
    page = lawyer_laptop.get("/referrals/" + key)
    tap.ok("the provider reads at their hub what was ticked", page.status == 200 and REASON in page.text and NAME in page.text and SUMMARY not in page.text, page.text)
    page = lawyer_laptop.send(lawyer_laptop.get(f"/referrals/{key}/reply/accept"), "/reply/accept", next=NEXT.isoformat())
    tap.ok("and accepts", page.status == 200, page.text)
    page = lawyer_laptop.send(lawyer_laptop.get(f"/referrals/{key}/reply/propose"), "/reply/propose", provider=colleague, text="She knows that court: duiker")
    tap.ok("and proposes a colleague", page.status == 200, page.text)
    sync(coalition)
    page = laptop.get(case)
    tap.ok("which the case shows, with a way to send it on", "They propose Nekesa the paralegal." in page.text and "duiker" in page.text and f"{colleague}?from={key}" in page.body, page.text)


def test_consent(coalition, laptop, lawyer_laptop, case, lawyer, key):
    consent = consents(laptop, case)["Legal help"]
    page = laptop.get(case)
    tap.ok("the case shows that it was accepted, and the next word", "Accepted" in page.text and NEXT.strftime("%-d %B %Y") in page.text, page.text)
    page = lawyer_laptop.send(lawyer_laptop.get(f"/referrals/{key}/reply/finish"), "/reply/finish", text="The hearing is over: impala")
    tap.ok("the provider finishes, and can read it on", "Done" in page.text and REASON in lawyer_laptop.get("/referrals/" + key).text, page.text)
    sync(coalition)
    form = laptop.get(f"{case}/refer/{lawyer}")
    page = laptop.send(laptop.get(f"{case}/consents/{consent}"), "/consents/", withdrawn="2026-01-02", given="2026-01-01")
    tap.ok("withdrawing a consent takes its referrals with it, done ones too, and says so", "and with it the referrals" in page.text and "Withdrawn" in page.text, page.text)
    page = laptop.send(form, "/refer/", service="legal", urgency="urgent", reason=REASON, along="ref", consent=consent, step="look")
    tap.ok("a referral on a withdrawn consent is refused with the reason, nothing lost", page.status == 400 and "this one was withdrawn on 2 January 2026" in page.text and REASON in page.body, page.text)
    page = laptop.send(form, "/refer/", service="legal", urgency="urgent", reason=REASON, along="ref", consent=consent, step="send")
    tap.ok("also when it is withdrawn between looking and sending", page.status == 400 and "this one was withdrawn" in page.text, page.text)
    sync(coalition)
    page = lawyer_laptop.get("/referrals/" + key)
    tap.ok("the provider reads nothing of it any more", "withdrawn" in page.text.lower() and NAME not in page.body and REASON not in page.body, page.text)
    slip = laptop.get(f"/referrals/{key}/slip")
    tap.ok("there is no slip on a withdrawn consent", slip.status == 400 and "consent it rests on was withdrawn" in slip.text and REASON not in slip.body, slip.text)
    tap.ok("once over it cannot be withdrawn again", (lambda p: p.status == 400 and "this referral is over" in p.text.lower())(laptop.get(f"/referrals/{key}/withdraw")))


def test_again(coalition, laptop, lawyer_laptop, case, key, colleague):
    page = laptop.get(f"{case}/refer?from={key}")
    tap.ok("another one starts from the old", f"{colleague}?from={key}" in page.body, page.text)
    page = laptop.get(f"{case}/refer/{colleague}?from={key}")
    tap.ok("with what was said then, its boxes ticked, and no consent", REASON in page.body and 'value="ref" checked' in page.body and "Ask the person anew" in page.text
           and not [value for name, value in page.form("/refer/").fields if name == "consent" and value != "new"], page.text)
    page = laptop.send(page, "/refer/", consent="new", purpose="Help in court", to_whom="Nekesa", how="spoken", given="2031-01-01", step="look")
    tap.ok("a consent of a day to come is refused", page.status == 400 and "Given on: this day has not come yet" in page.text, page.text)
    page = laptop.send(page, "/refer/", given="2026-01-03", step="look")
    page = laptop.send(page, "/refer/", step="send")
    tap.ok("a consent written down on the form counts", "The referral is sent." in page.text and "Help in court" in page.text, page.text)
    key = re.search(r"/referrals/([0-9a-z.]{43})/withdraw", page.body).group(1)
    page = laptop.send(laptop.get(f"/referrals/{key}/withdraw"), "/withdraw", withdrawn_why="")
    tap.ok("withdrawing needs a reason", page.status == 400 and "Why it was withdrawn: this must" in page.text, page.text)
    page = laptop.send(page, "/withdraw", withdrawn_why="She found another lawyer")
    tap.ok("with one it is withdrawn", "The referral is withdrawn." in page.text and "She found another lawyer" in page.text, page.text)
    return key


def test_elsewhere(coalition, laptop, case, key, colleague):
    page = laptop.get(f"{case}/refer/{colleague}?from={key}")
    consent = consents(laptop, case)["Help in court"]
    page = laptop.send(page, "/refer/", consent=consent, step="look")
    page = laptop.send(page, "/refer/", step="send")
    key = re.search(r"/referrals/([0-9a-z.]{43})/withdraw", page.body).group(1)
    sync(coalition)
    chief = coalition.hq.sign_in()
    chief.send(chief.get(f"{case}/consents/{consent}"), "/consents/", withdrawn="2026-01-04")
    sync(coalition)
    page = laptop.get(case)
    tap.ok("a consent that another hub withdrew takes the referral with it by itself", "Consent was withdrawn" in page.text and f"/referrals/{key}/withdraw" not in page.body, page.text)
    sync(coalition)
    tap.ok("which is said once", len([event for event in referrals_in(events(coalition), "GUL", key) if event["set"].get("state") == "withdrawn"]) == 1)
    return key


def test_gone(laptop, case, nurse):
    page = laptop.get(f"{case}/refer/{nurse}")
    for state, words in (("paused", "they take nothing on"), ("left", "they have left")):
        laptop.send(laptop.get(f"/providers/{nurse}/edit"), "/edit", state=state)
        answer = laptop.send(page, "/refer/", service="medical", urgency="normal", reason=REASON, along="ref", consent="new", purpose="Care", to_whom="A nurse",
                             how="spoken", given="2026-01-03", step="send")
        tap.ok(f"nothing is sent to somebody who is {state}", answer.status == 400 and words in answer.text and REASON in answer.body and "A nurse" in answer.body, answer.text)
        tap.ok("nor are they in the list", nurse not in laptop.get(f"{case}/refer").body)


def test_guard(coalition, hub, laptop, case, police, second):
    page = laptop.get(f"{case}/refer/{police}")
    tap.ok("who may have done it is named before anything is typed", "Conflict of interest" in page.text and "Inspector Ojok belongs to those who are said to have done it: Police" in page.text, page.text)
    page = laptop.send(page, "/refer/", service="police", urgency="emergency", reason=WHY, along="ref", consent="new", purpose="Protection",
                       to_whom="The police in Gulu", how="spoken", given="2026-01-03", step="look")
    tap.ok("it is blocked without a consent that names the agency", page.status == 400 and "only if the person named this agency" in page.text and WHY in page.body, page.text)
    page = laptop.send(page, "/refer/", agencies="010104", step="look")
    tap.ok("with one the preview asks for a second person", page.status == 200 and "a second person of this hub agrees" in page.text, page.text)
    bare = laptop.send(page, "/refer/", step="send")
    tap.ok("it is not sent without", bare.status == 400 and "Second person: they type their name" in bare.text and "Say why it has to be them" in bare.text, bare.text)
    own = laptop.send(page, "/refer/", step="send", override_why=WHY, second=hub.user, passphrase=hub.passphrase)
    tap.ok("nor by agreeing to one's own", own.status == 400 and "somebody else than you" in own.text, own.text)
    wrong = laptop.send(page, "/refer/", step="send", override_why=WHY, second="auma", passphrase="not this one")
    tap.ok("nor with a wrong passphrase", wrong.status == 400 and "passphrase is not right" in wrong.text and WHY in wrong.body and "not this one" not in wrong.body, wrong.text)
    wrong = laptop.send(page, "/refer/", step="send", override_why=WHY, second="lapyem", passphrase=second["lapyem"])
    tap.ok("nor by a provider", wrong.status == 400 and "There is a problem" in wrong.text, wrong.text)
    page = laptop.send(wrong, "/refer/", step="send", second="auma", passphrase=second["auma"])
    tap.ok("with a second officer it goes", "The referral is sent." in page.text or "Print the slip" in page.text, page.text)
    key = re.search(r"/referrals/([0-9a-z.]{43})/slip", page.url + page.body).group(1)
    history = laptop.get(f"/history/referral/{key}").text
    tap.ok("who agreed and why is kept", "auma" in history and WHY in history, history)
    return key


def looks(coalition):
    sync(coalition)
    return len([event for event in events(coalition)["GUL"] if event["entity"] == "audit" and event["set"]["what"] == "looked up who a person is: for a referral"])


def test_look(coalition, laptop, case, police):
    page = laptop.get(f"{case}/refer/{police}")
    names = next(value for value in page.form("/refer/").choices["along"] if value.startswith("names."))
    before = looks(coalition)
    page = laptop.send(page, "/refer/", service="police", urgency="normal", reason=WHY, along=["ref", names], consent="new", purpose="Protection, again",
                       to_whom="The police in Gulu", how="spoken", given="2026-01-03", agencies="010104", step="send")
    tap.ok("sent without a look, what comes back with a problem shows the names", page.status == 400 and NAME in page.text, page.text)
    tap.ok("and that they were looked at is written down", looks(coalition) == before + 1)


def test_slip(laptop, hub, case, key, coalition):
    page = laptop.get(f"/referrals/{key}/slip")
    tap.ok("the slip has the reference and where to go, and no more", "Inspector Ojok" in page.text and "Say this reference" in page.text and WHY not in page.text and "Kingfisher" not in page.text, page.text)
    page = laptop.send(page, "/slip", details="reason")
    tap.ok("more only where it is ticked", WHY in page.text, page.text)
    page = laptop.send(page, "/slip", details=[], code="new")
    first = re.search(CODE, page.body).group(1)
    page = laptop.send(page, "/slip", details=[], code="new")
    code = re.search(CODE, page.body).group(1)
    tap.ok("a one-time code of eight words", len(code.split()) == 8 and code != first, code)
    tap.ok("which is nowhere once the page is gone", code not in laptop.get(f"/referrals/{key}/slip").body and code not in laptop.get(f"/history/referral/{key}").body)
    guest = hub.laptop()
    page = guest.send(guest.get("/code"), "/code", code=first)
    tap.ok("one that was made anew does not open", page.status == 403 and "opens nothing" in page.text, page.text)
    page = guest.send(page, "/code", code=" ".join(word[:3].upper() for word in code.split()))
    tap.ok("the code opens the referral, words cut and in capitals", page.status == 200 and page.url.endswith("/code/referral") and WHY in page.text, page.text)
    for path in ("/", "/cases", case, f"/referrals/{key}", f"/referrals/{key}/slip", "/providers", "/users", "/hubs", f"/history/referral/{key}"):
        tap.ok(f"and nothing else: not {path[:16]}", "/login" in guest.get(path).url)
    other = hub.laptop()
    page = other.send(other.get("/code"), "/code", code=code)
    tap.ok("it opens once", page.status == 403 and "opens nothing" in page.text, page.text)
    tap.ok("nobody without it is let in", other.get("/code/referral").url.endswith("/code"))
    page = guest.send(guest.get("/code/referral"), "/code/referral", kind="declined")
    tap.ok("an answer without its reason is a problem that is named", page.status == 400 and "Why not: say why" in page.text, page.text)
    form = guest.get("/code/referral").form("/code/referral")
    tap.ok("a form without the session's token is refused", guest.post("/code/referral", [(n, v) for n, v in form.filled({"kind": "accepted"}) if n != "csrf"]).status == 403)
    page = guest.send(guest.get("/code/referral"), "/code/referral", kind="accepted", text="I go there at once: bushbuck")
    tap.ok("they accept", page.status == 200 and "Your answer is saved." in page.text and "Accepted" in page.text, page.text)
    tap.ok("the case says so", "I go there at once: bushbuck" in laptop.get(case).text, laptop.get(case).text)
    page = guest.send(page, "/code/referral", kind="done", text="She is safe: kudu")
    tap.ok("and finish", page.status == 200 and "Done" in page.text, page.text)
    for n in range(6):
        page = other.post("/code", {"code": f"wrong {n}"})
    tap.ok("guesses are slowed", page.status == 429 and page.headers.get("Retry-After"), page.text)


def test_envelopes(coalition, sent, local):
    sync(coalition)
    opened = events(coalition)
    tap.ok("headquarters, which holds the case in full, opens no envelope of a referral", not referrals_in(opened, "KLA"), referrals_in(opened, "KLA"))
    tap.ok("and has the case (it is not merely blind)", any(SUMMARY in json.dumps(event) for event in opened["KLA"]))
    for key in sent:
        tap.ok("what went to Mbarara is opened by Gulu and Mbarara", referrals_in(opened, "GUL", key) and referrals_in(opened, "MBR", key))
    tap.ok("what went to somebody at no other hub, by Gulu alone", referrals_in(opened, "GUL", local) and not referrals_in(opened, "MBR", local))
    text = json.dumps(opened["MBR"])
    tap.ok("Mbarara's key opens nothing else of the case: no summary, no report, no consent, no person", SUMMARY not in text and UNTICKED not in text
           and not [e for e in opened["MBR"] if e["entity"] in ("case", "report", "consent", "person", "incident", "action", "audit", "user") and not e["key"].startswith(coalition.mbarara.log)], text[:500])
    fields = {name for event in referrals_in(opened, "MBR") for name in event["set"]}
    trail = [event["set"]["what"] for event in opened["GUL"] if event["entity"] == "audit"]
    for what in ("referred: Reference, Alias, Names", "looked up who a person is: for a referral", f"referred in spite of a conflict of interest, auma agreed: {WHY}",
                 "made a one-time code", "opened a referral by its one-time code", "withdrew a referral"):
        tap.ok(f"the audit trail tells: {what[:60]}", any(line.startswith(what) for line in trail), trail)
    cases = {event["key"] for event in opened["GUL"] if event["entity"] == "case"}
    tap.ok("by the case that each referral is of", all(event["set"]["record"] in cases for event in opened["GUL"]
           if event["entity"] == "audit" and event["set"]["what"] in ("withdrew a referral", "opened a referral by its one-time code")), trail)
    tap.ok("nor the verifier of a code or who overrode what", not fields & {"pass", "override_by", "override_why"}, fields)


def main():
    coalition = Coalition()
    try:
        coalition.make().start()
        gulu, mbarara = coalition.gulu, coalition.mbarara
        laptop, theirs = gulu.sign_in(), mbarara.sign_in()
        second = {"auma": add_user(gulu, laptop, "auma", "officer"), "lapyem": add_user(gulu, laptop, "lapyem", "provider")}
        okot = add_user(mbarara, theirs, "okot", "provider")
        nekesa = add_user(mbarara, theirs, "nekesa", "provider")
        lawyer = add_provider(theirs, name="Okot the lawyer", profession="lawyer", services="legal", languages="Acholi, English", capacity="free", vetted_by="Namata",
                              vetted_on="2026-01-01", user="okot")
        colleague = add_provider(theirs, name="Nekesa the paralegal", profession="paralegal", services="legal", languages="Luganda", capacity="free", user="nekesa")
        police = add_provider(laptop, name="Inspector Ojok", profession="police-liaison", services="police", languages="Acholi", contact="Ask at the gate for the inspector")
        nurse = add_provider(laptop, name="Sister Atim", profession="nurse", services=["medical", "legal"], languages="Acholi", capacity="full")
        sync(coalition)
        case = make_case(gulu, laptop, "Kingfisher Heron", perpetrators="010104", needs="legal")
        add(laptop, case, "people", part="defender", names=NAME, contacts="0700 000 001")
        add(laptop, case, "consents", purpose="Legal help", to_whom="A lawyer", how="spoken", given="2026-01-01")
        key = test_send(coalition, laptop, case, lawyer)
        lawyer_laptop = sign_in(mbarara, "okot", okot)
        test_arrives(coalition, laptop, lawyer_laptop, case, key, colleague)
        test_consent(coalition, laptop, lawyer_laptop, case, lawyer, key)
        other = test_again(coalition, laptop, lawyer_laptop, case, key, colleague)
        third = test_elsewhere(coalition, laptop, case, other, colleague)
        test_gone(laptop, case, nurse)
        local = test_guard(coalition, gulu, laptop, case, police, second)
        test_look(coalition, laptop, case, police)
        test_slip(laptop, gulu, case, local, coalition)
        test_envelopes(coalition, [key, other, third], local)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
