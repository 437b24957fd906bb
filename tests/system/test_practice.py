#!/usr/bin/python3
"""Practice: made-up cases of one session, of which nothing reaches the card, another session, or the real hub; and real work that is not lost in it."""
import re
import tempfile

from coalition import Hub, Tap, wait_for


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Hub(top, "Gulu", "GUL", "Acholi", "akello")
        try:
            hub.init(coalition="Coalition for Defenders")
            hub.start()
            hub.report(what="The real one: they are at the door", danger="yes")
            laptop, other = hub.sign_in(), hub.sign_in()
            wait_for("the flag", lambda: "waiting" in hub.run("urgent", check=False).stdout)
            wait_for("the report in the office", lambda: "The real one" in other.get("/").text)
            start = lambda what="start": laptop.post("/practice", {"csrf": dict(laptop.get("/practice").form("/practice").filled({}))["csrf"], "what": what})

            real_form = laptop.get("/reports/new")
            before = len(hub.spool("office"))
            page = start()
            tap.ok("practice begins with samples and says so on the page", "You are practising" in page.text and "PRACTICE" in page.text and "The real one" not in page.text, page.text[:300])
            page = start()
            tap.ok("begun again, it begins again", page.status == 200 and "You are practising" in page.text, page.text[:300])
            tap.ok("another session sees the real hub alone", "The real one" in other.get("/").text and "PRACTICE" not in other.get("/reports?all=1").text)
            sample = re.search(r"/reports/([a-z0-9.]{43})", laptop.get("/reports").body).group(1)
            tap.ok("a sample is read, and a case opened from it", laptop.get(f"/reports/{sample}").status == 200
                   and laptop.send(laptop.get(f"/reports/{sample}/case"), "/case", alias="Sample", risk="high").status == 200)
            page = laptop.get("/calendar.ics?all=1")
            tap.ok("its days go into no calendar", "BEGIN:VCALENDAR" not in page.body and "leave practice first" in page.text, page.body[:300])
            stranger = hub.laptop()
            laptop.get("/code")
            tap.ok("the flag of the real report stands, whatever is read in practice", "waiting" in hub.run("urgent", check=False).stdout
                   and "Something urgent waits" in stranger.get("/login").text)
            tap.ok("nothing of it is written for sync", len(hub.spool("office")) == before, (before, len(hub.spool("office"))))

            page = laptop.send(real_form, "/reports/new", what="Written before practice", how="visit", danger="yes")
            tap.ok("a real form that is sent in practice is not swallowed: it says so, with what was typed", page.status == 409
                   and "Practice has begun" in page.text and "Written before practice" in page.body, (page.status, page.text[:300]))
            practice_form = laptop.get("/reports/new")
            start("leave")
            page = laptop.send(practice_form, "/reports/new", what="Written in practice", how="visit", danger="yes")
            tap.ok("a form of practice that is sent for real saves nothing by itself", page.status == 409 and "while you practised" in page.text
                   and "Written in practice" not in other.get("/reports?all=1").text, (page.status, page.text[:300]))
            start()
            practice_form = laptop.get("/reports/new")
            laptop.post("/logout", {"csrf": dict(laptop.get("/").form("/logout").filled({}))["csrf"]})
            page = laptop.send(practice_form, "/reports/new", what="Written in practice", how="visit", danger="yes")
            tap.ok("nor is it kept over a new sign-in", "/login" in page.url and "kept=" not in page.url, page.url)
            laptop = hub.sign_in()
            tap.ok("nothing of practice is left", "PRACTICE" not in laptop.get("/reports?all=1").text and "Sample" not in laptop.get("/cases").text
                   and "The real one" in laptop.get("/").text)
            tap.ok("the office never fell", "ended by signal" not in open(hub.log_path).read())
        finally:
            hub.stop()
    tap.done()


main()
