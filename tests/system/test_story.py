#!/usr/bin/python3
"""A case travels: from a phone's form at one hub to an officer's screen at another.

Real processes and a real relay. A locked hub in Gulu takes a report; headquarters opens a case and agrees an action; both change the risk while they cannot reach one
another, both see the conflict, one settles it. The reporter comes back with the code at the other hub."""
import datetime
import os
import signal
import time

from coalition import Coalition, Tap, receipt, wait_for


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu]).start()
        hq, gulu = coalition.hq, coalition.gulu

        phone = gulu.phone()
        welcome = phone.get("/")
        tap.ok("the welcome says who will read it, and its title says nothing", "headquarters" in welcome.text and welcome.title.lower() not in ("report", "engabo"), welcome.title)
        check = phone.get("/form/1")
        answers = {"danger": "yes", "what": "Two men ask for me at the <market> & my mother's gate", "who": "me", "day": "20", "month": "11", "year": "2026",
                   "place": "Layibi", "by": "people I do not know", "needs": ["legal"], "contact": "after six"}
        page = phone.send(check, "/form/send", **answers)
        code = receipt(page)
        tap.ok("Send gives a receipt that says nobody has read it yet", "nobody has read it yet" in page.text.lower(), page.text)
        again = phone.send(check, "/form/send", **answers)
        tap.ok("sent twice, it gives the same receipt", receipt(again) == code, again.text)
        tap.ok("no cookie was set", not list(phone.jar))
        tap.ok("the locked hub's sign-in page says that something urgent waits",
               wait_for("the flag", lambda: "urgent" in gulu.laptop().get("/login").text.lower()))

        wait_for("the report at headquarters", lambda: hq.sync() and hq.sign_in().get("/reports").text.count("Two men"), 60)
        namata = hq.sign_in()
        reports = namata.get("/reports")
        link = next(link for link in reports.links if link.startswith("/reports/") and "." in link)
        page = namata.get(link)
        tap.ok("headquarters reads it, though Gulu's office has never been unlocked", "people I do not know" in page.text, page.text)
        case = namata.send(namata.get(link + "/case"), "/case", alias="Heron", risk="medium").url
        namata.send(namata.get(case + "/actions/new"), "/actions/", what="Walk home with her this week", who="akello", due=(datetime.date.today() + datetime.timedelta(3)).isoformat())
        page = namata.get(case)
        tap.ok("a coordinator opens a case and agrees an action with a due date", "Heron" in page.text and "Walk home" in page.text, page.text)
        reference = next(word for word in page.text.split() if word.startswith("GUL-"))
        path = case[case.index("/cases/"):]

        akello = gulu.sign_in()
        hq.sync(), gulu.sync()
        page = akello.get(path)
        tap.ok(f"after the next sync {reference} and its action are in Gulu, too", reference in page.text and "Walk home" in page.text, page.text)
        tap.ok("and today shows the action", "Walk home" in akello.get("/").text, akello.get("/").text)

        os.rename(coalition.relay, coalition.relay + ".away")
        akello.send(akello.get(path + "/edit"), "/edit", risk="high")
        namata.send(namata.get(path + "/edit"), "/edit", risk="low")
        tap.ok("while the relay is away, both change the risk", "High" in akello.get(path).text and "Low" in namata.get(path).text)
        failed = gulu.run("sync", check=False)
        tap.ok("and sync says plainly that the relay is not there", failed.returncode == 69 and coalition.relay in failed.stderr + failed.stdout, failed.stderr + failed.stdout)
        os.rename(coalition.relay + ".away", coalition.relay)
        for hub in (gulu, hq, gulu):
            hub.sync()

        def shown(laptop):
            return laptop.get(path)
        def risk(page):
            return page.text.split("Risk: ")[1].split()[0]
        ours, theirs = shown(akello), shown(namata)
        tap.ok("after syncing both hubs show the same value", risk(ours) == risk(theirs), (risk(ours), risk(theirs)))
        for who, page in (("Gulu", ours), ("Kampala", theirs)):
            form = page.form("/settle/case/")
            tap.ok(f"{who} shows the conflict with both values", len(form.choices["choice"]) >= 2 and "High" in page.text and "Low" in page.text, page.text)
        form = theirs.form("/settle/case/")
        high = next(value for value in form.choices["choice"] if value != "other" and f"value=\"{value}\"" in theirs.body and
                    "High" in theirs.body.split(f"value=\"{value}\"")[1].split("</label>")[0])
        namata.send(theirs, "/settle/case/", choice=high)
        for hub in (hq, gulu):
            hub.sync()
        for who, laptop in (("Gulu", akello), ("Kampala", namata)):
            page = shown(laptop)
            tap.ok(f"one person settles it, and it is settled in {who}", risk(page) == "High" and not any("/settle/" in form.action for form in page.forms), page.text)

        akello.send(akello.get(link), "/answer", text="We have read it. Come on Thursday.")
        for hub in (gulu, hq):
            hub.sync()
        elsewhere = hq.phone()
        page = elsewhere.send(elsewhere.get("/messages"), "/messages", code=code.replace(" ", "-"))
        tap.ok("with the code, another hub shows the answer", "Come on Thursday" in page.text, page.text)
        page = elsewhere.send(page, "/messages", text="I will come with my sister.", go="send")
        for hub in (hq, gulu):
            hub.sync()
        tap.ok("a message typed there reaches Gulu's officer", wait_for("it", lambda: "with my sister" in akello.get(link).text), page.text)
        wrong = elsewhere.send(elsewhere.get("/messages"), "/messages", code="1111 1111 1111 1111 1111")
        tap.ok("a mistyped code is told apart and says so", wrong.status == 400 and "There is a problem" in wrong.text, wrong.text)

        tap.ok("both hubs hold together (engabo check)", all(h.with_passphrase("check").returncode == 0 for h in (hq, gulu)))
        for role in ("intake", "office", "sync"):
            pid = gulu.role_pid(role)
            os.kill(pid, signal.SIGKILL)
            tap.ok(f"{role} is started again when it dies", wait_for(role, lambda: gulu.role_pid(role) not in (None, pid)))
        for hub in (hq, gulu):
            pids = [hub.role_pid(role) for role in ("intake", "office", "sync")]
            process = hub.process
            process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 20
            process.wait(20)
            tap.ok(f"on SIGTERM {hub.code} ends, and its three roles with it", process.returncode == 0 and deadline and
                   not any(os.path.exists(f"/proc/{pid}") for pid in pids if pid), process.returncode)
        gulu.start()
        tap.ok("nothing is lost by it", "with my sister" in gulu.sign_in().get(link).text)
        tap.done()
    finally:
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
