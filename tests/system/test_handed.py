#!/usr/bin/python3
"""A referral goes with its case: four hubs, real processes. Gulu refers somebody to a lawyer of Arua and to a nurse with no account, and gives the case to Mbarara, which is the sender from
then on; Gulu is not any more. And the guard is asked again of what was sent: perpetrators or the directory may tell more by then."""
import datetime
import json
import os
import re

from coalition import Coalition, Hub, Tap, sh

tap = Tap()
NAME = "Aber Santa Grace"
REASON, MEDICINE, AGAIN = "She needs a lawyer for the hearing: giraffe", "Her wounds need looking after: oryx", "She needs him in the other court: pelican"
BETWEEN, AFTER, TOLD = "The court has set a day: eland", "The hearing went well: kudu", "She called from the clinic: duiker"
NEXT = (datetime.date.today() + datetime.timedelta(days=3)).isoformat()
CODE = r'<p class="code">([a-z ]+)</p>'
WITH_MBARARA = "Mbarara sees to it now"


def sync(*hubs):
    for hub in hubs * 2:
        hub.sync()


def find(page, pattern):
    found = re.search(pattern, page.body)
    assert found, f"no {pattern!r} at {page.url}: {page.text[:900]}"
    return found.group(1)


def add(laptop, path, **answers):
    page = laptop.send(laptop.get(path), path, **answers)
    assert page.status == 200 and "There is a problem" not in page.text, page.text
    return page


def sign_in(hub, laptop, name):
    words = find(add(laptop, "/users/new", name=name, role="provider", passphrase=hub.passphrase), CODE)
    theirs = hub.laptop()
    page = theirs.send(theirs.get("/login"), "/login", name=name, passphrase=words)
    assert "/login" not in page.url, page.text
    return theirs


def add_provider(laptop, **answers):
    return add(laptop, "/providers/new", **answers).url.rsplit("/", 1)[1]


def refer(laptop, case, provider, **answers):
    """Sends it; its key."""
    page = laptop.send(laptop.get(f"{case}/refer/{provider}"), "/refer/", urgency="urgent", along="ref", how="spoken", given="2026-01-03", step="look", **answers)
    page = laptop.send(page, "/refer/", step="send")
    assert "The referral is sent." in page.text or "The referral is written down." in page.text, page.text
    return find(laptop.get(case), r"/referrals/([0-9a-z.]{43})/withdraw")


def give(giver, taker, laptop, theirs, case):
    laptop.send(laptop.get(case + "/transfer"), "/transfer", to=taker.log, reason="She has moved")
    sync(giver, taker)
    path = find(theirs.get("/transfers"), r'href="(/transfers/[0-9a-z.]{43})"')
    page = theirs.send(theirs.get(path), path, kind="accepted")
    assert "is this hub" in page.text, page.text


def hear(hub, laptop, *others):
    """It reads what came, writes what follows by itself, and the others read that."""
    sync(hub)
    laptop.get("/")
    sync(hub, *others)


def opened(coalition, reader, writer):
    """Every event of a hub's log that the reader's key opens, oldest first."""
    identity = reader.dir + "-identity.txt"
    if not os.path.exists(identity):
        reader.with_passphrase("recover", "-o", identity)
    events = []
    for commit in sh("git", "-C", coalition.relay, "rev-list", "--reverse", f"refs/heads/log/{writer.log}/1").decode().split():
        for line in sh("git", "-C", coalition.relay, "ls-tree", commit).decode().splitlines():
            name = line.split("\t")[1]
            plain = name[0] != "m" and sh("age", "-d", "-i", identity, input=sh("git", "-C", coalition.relay, "cat-file", "blob", f"{commit}:{name}"), check=False)
            if plain:
                events.append(json.loads(plain.split(b"\n")[1]))
    return events


def make(gulu, laptop, lawyer, nurse):
    page = add(laptop, "/reports/new", what="Followed on the way home", how="visit", danger="no")
    case = "/cases/" + page.url.rsplit("/", 1)[1]
    laptop.send(laptop.get(case.replace("cases", "reports") + "/case"), "/case", alias="Heron", risk="high")
    laptop.send(laptop.get(case + "/edit"), "/edit", perpetrators="1101")
    add(laptop, case + "/people/new", part="defender", names=NAME)
    sent = refer(laptop, case, lawyer, service="legal", reason=REASON, consent="new", purpose="Legal help", to_whom="Okot")
    slip = refer(laptop, case, nurse, service="medical", reason=MEDICINE, consent="new", purpose="Medical help", to_whom="Sister Atim")
    return case, sent, slip


def test_given(c, arua, laptops, okot, case, sent, slip):
    gulu, mbarara, officer = laptops
    code = find(gulu.send(gulu.get(f"/referrals/{slip}/slip"), "/slip", code="new"), CODE)
    sync(c.gulu, arua)
    okot.send(okot.get(f"/referrals/{sent}/reply/accept"), "/accept", next=NEXT)
    sync(arua, c.gulu)
    give(c.gulu, c.mbarara, gulu, mbarara, case)
    page = mbarara.get("/")
    tap.ok("what was taken over and has not come is told, and with whom its referrals are", "records not here yet" in page.text and "can be withdrawn by Gulu alone" in page.text, page.text)
    sync(c.mbarara)
    hear(c.gulu, gulu)
    okot.send(okot.get(f"/referrals/{sent}/reply/progress"), "/progress", text=BETWEEN, next=NEXT)
    arua.sync()
    hear(c.gulu, gulu, c.mbarara)
    page = mbarara.get(case)
    tap.ok("the new owner has the referrals, with what came back, also what was said to Gulu in between", page.status == 200 and "Okot the lawyer" in page.text and BETWEEN in page.text
           and "records not here yet" not in mbarara.get("/").text, page.text)
    tap.ok("and may withdraw them, and print a slip", all(f"/referrals/{key}/{what}" in page.body for key in (sent, slip) for what in ("withdraw", "slip")), page.text)
    page = gulu.get(case)
    tap.ok("the old one says with whom they are, and offers neither", WITH_MBARARA in page.text and "/withdraw" not in page.body and "/slip" not in page.body, page.text)
    page = gulu.get(f"/referrals/{sent}")
    tap.ok("on the referral, too, which takes no answers there", WITH_MBARARA in page.text and "/reply/" not in page.body, page.text)
    tap.ok("an address typed by hand does not withdraw it", gulu.get(f"/referrals/{sent}/withdraw").status == 404)
    page = gulu.get(f"/referrals/{sent}/reply/progress")
    tap.ok("nor answer it", "cannot be answered now" in page.text, page.text)
    page = gulu.send(gulu.get(f"{case}/refer/{find(gulu.get(f'/referrals/{sent}'), r'/providers/([0-9a-z.]{43})')}"), "/refer/", service="legal", urgency="urgent", reason=AGAIN,
                     along="ref", consent="new", purpose="More", to_whom="Okot", how="spoken", given="2026-01-03", step="look")
    tap.ok("nor does the old one refer the case any more, in words that say why", page.status == 400 and "belongs to another hub, which alone can refer it" in page.text and AGAIN in page.body, page.text)
    guest = c.gulu.laptop()
    page = guest.send(guest.get("/code"), "/code", code=code)
    tap.ok("its code opens nothing there and says where to ask", page.status == 403 and "Another office sees to this now: Mbarara" in page.text and MEDICINE not in page.text, page.text)
    okot.get("/")
    page = okot.get(f"/referrals/{sent}")
    tap.ok("the provider is told who sees to it now, and reads on", page.status == 200 and WITH_MBARARA in page.text and REASON in page.text, page.text)


def test_answers(c, arua, laptops, okot, case, sent, slip):
    gulu, mbarara, officer = laptops
    okot.send(okot.get(f"/referrals/{sent}/reply/progress"), "/progress", text=AFTER, next=NEXT)
    sync(arua, c.mbarara, c.gulu)
    tap.ok("what comes back from then on comes to the new owner", AFTER in mbarara.get(case).text, mbarara.get(case).text)
    tap.ok("and is sealed to that and not to the old one", AFTER in json.dumps(opened(c, c.mbarara, arua)) and AFTER not in json.dumps(opened(c, c.gulu, arua)))
    page = mbarara.send(mbarara.get(f"/referrals/{sent}/reply/progress"), "/progress", text=TOLD, next=NEXT, how="call", who="Okot", on="2026-01-04")
    tap.ok("the new owner writes down what was said by telephone", page.status == 200 and TOLD in page.text, page.text)
    sync(c.mbarara, arua)
    tap.ok("which the provider's hub shows", TOLD in officer.get(f"/referrals/{sent}").text, officer.get(f"/referrals/{sent}").text)
    code = find(mbarara.send(mbarara.get(f"/referrals/{slip}/slip"), "/slip", code="new"), CODE)
    guest = c.mbarara.laptop()
    page = guest.send(guest.get("/code"), "/code", code=code)
    tap.ok("its new slip opens the referral at the new owner's", page.status == 200 and MEDICINE in page.text, page.text)


def test_guard(c, arua, laptops, case, sent, lawyer):
    gulu, mbarara, officer = laptops
    told = "Okot the lawyer belongs to those who are said to have done it"
    tap.ok("nothing is in the way of it yet", told not in mbarara.get(case).text + mbarara.get("/").text)
    mbarara.send(mbarara.get(case + "/edit"), "/edit", perpetrators=["1101", "0103"])
    tap.ok("a perpetrator who is somebody else is in nobody's way", told not in mbarara.get(case).text + mbarara.get("/").text)
    officer.send(officer.get(f"/providers/{lawyer}/edit"), "/edit", agency="0103")
    sync(arua, c.mbarara)
    pages = [mbarara.get(path) for path in (case, f"/referrals/{sent}", "/")]
    tap.ok("what the directory tells later is told on the case, on the referral and on Today", all(told in page.text for page in pages), [page.text for page in pages])
    tap.ok("and the referral stands", "/withdraw" in pages[1].body and "withdrawn" not in pages[1].text.lower(), pages[1].text)
    tap.ok("the provider's hub learns nothing of it", told not in officer.get(f"/referrals/{sent}").text)
    page = officer.send(officer.get(f"/providers/{lawyer}/edit"), "/edit", agency="")
    tap.ok("taking the agency away is written on the entry", "It said before" in page.text and "udiciary" in page.text, page.text)
    sync(arua, c.mbarara)
    tap.ok("and loosens nothing", told in mbarara.get(case).text and told in mbarara.get("/").text, mbarara.get(case).text)
    page = mbarara.get(f"{case}/refer/{lawyer}")
    tap.ok("nor for a new one", "Conflict of interest" in page.text and told in page.text, page.text)
    mbarara.send(mbarara.get(case + "/edit"), "/edit", perpetrators="1101")
    tap.ok("the case put right, nothing is in the way", told not in mbarara.get(case).text + mbarara.get("/").text)
    incident = find(add(mbarara, case + "/incidents/new", act="02010301", perpetrator="0103"), rf'href="{case}/incidents/([0-9a-z.]{{43}})"')
    tap.ok("an incident that is added is looked at, too", told in mbarara.get(case).text and told in mbarara.get("/").text, mbarara.get(case).text)
    mbarara.send(mbarara.get(f"{case}/incidents/{incident}"), "/incidents/", perpetrator="1101")


def test_consent(c, arua, laptops, okot, case, sent, slip):
    gulu, mbarara, officer = laptops
    consents = {words: key for key, words in re.findall(rf'href="{case}/consents/([0-9a-z.]{{43}})">([^<,]*)', mbarara.get(case).body)}
    page = mbarara.send(mbarara.get(f"{case}/consents/{consents['Legal help']}"), "/consents/", withdrawn="2026-01-05")
    tap.ok("a consent that the new owner withdraws takes the old one's referral with it, and says so", "and with it the referrals" in page.text
           and f"/referrals/{sent}/withdraw" not in page.body and f"/referrals/{slip}/withdraw" in page.body, page.text)
    sync(c.mbarara, arua, c.gulu)
    page = okot.get(f"/referrals/{sent}")
    tap.ok("and the provider reads nothing of it any more", "was withdrawn" in page.text and REASON not in page.text, page.text)
    tap.ok("the old owner is told nothing of it", not [event for event in opened(c, c.gulu, c.mbarara) if event["entity"] in ("referral", "reply", "consent")])


def test_own(c, arua, laptops, okot, case, lawyer):
    gulu, mbarara, officer = laptops
    key = refer(mbarara, case, lawyer, service="legal", reason=AGAIN, consent="new", purpose="The other court", to_whom="Okot")
    sync(c.mbarara, arua)
    page = okot.get(f"/referrals/{key}")
    tap.ok("what the new owner refers arrives at a hub that knows of no transfer", page.status == 200 and AGAIN in page.text, page.text)
    return key


def test_back(c, arua, laptops, okot, case, sent, slip, own):
    gulu, mbarara, officer = laptops
    give(c.mbarara, c.gulu, mbarara, gulu, case)
    sync(c.gulu)
    hear(c.mbarara, mbarara, c.gulu, arua)
    gulu.get("/")
    page = gulu.get(case)
    tap.ok("with the case they come back, and what Mbarara sent comes along", all(f"/referrals/{key}/withdraw" in page.body for key in (slip, own)) and AFTER in gulu.get(f"/referrals/{sent}").text, page.text)
    page = gulu.send(gulu.get(f"/referrals/{own}/withdraw"), "/withdraw", withdrawn_why="The hearing was put off")
    tap.ok("and are the old owner's again to withdraw", "The referral is withdrawn." in page.text, page.text)
    sync(c.gulu, arua, c.mbarara)
    tap.ok("which the provider's hub goes by", "was withdrawn" in okot.get(f"/referrals/{own}").text, okot.get(f"/referrals/{own}").text)
    tap.ok("nobody of the others can", mbarara.get(f"/referrals/{slip}/withdraw").status == 404)


def test_rebuilt(hub, path, words):
    hub.stop()
    for name in ("snapshot.age", "snapshot.sig"):
        if os.path.exists(os.path.join(hub.dir, name)):
            os.remove(os.path.join(hub.dir, name))
    hub.start()
    page = hub.sign_in().get(path)
    tap.ok(f"{hub.name}: built anew from the logs it is the same", all(word in page.body for word in words), page.text)


def main():
    c = Coalition()
    arua = Hub(c.top, "Arua", "ARU", "West Nile", "drani")
    c.hubs.append(arua)
    try:
        c.make().start()
        laptops = [hub.sign_in() for hub in (c.gulu, c.mbarara, arua)]
        okot = sign_in(arua, laptops[2], "okot")
        lawyer = add_provider(laptops[2], name="Okot the lawyer", profession="lawyer", services="legal", languages="Acholi", user="okot", vetted_by="Namata", vetted_on="2026-01-01")
        nurse = add_provider(laptops[0], name="Sister Atim", profession="nurse", services="medical", languages="Acholi")
        sync(*c.hubs)
        case, sent, slip = make(c.gulu, laptops[0], lawyer, nurse)
        test_given(c, arua, laptops, okot, case, sent, slip)
        test_answers(c, arua, laptops, okot, case, sent, slip)
        test_guard(c, arua, laptops, case, sent, lawyer)
        test_consent(c, arua, laptops, okot, case, sent, slip)
        own = test_own(c, arua, laptops, okot, case, lawyer)
        test_back(c, arua, laptops, okot, case, sent, slip, own)
        test_rebuilt(c.gulu, case, [f"/referrals/{slip}/withdraw", "The hearing was put off"])
        test_rebuilt(arua, f"/referrals/{sent}", ["tumwine at Mbarara", "was withdrawn"])
    finally:
        c.close()
    tap.done()


main()
