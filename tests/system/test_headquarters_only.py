#!/usr/bin/python3
"""Someone in the office should not see it: such a report is opened at headquarters alone, by nobody in Gulu, today or later; and so is all that follows."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import Coalition, Tap, receipt, wait_for
from opened import opened

WORDS = {"what": "The officer at the desk is my attacker: zebra", "message": "He was at the gate again: giraffe", "answer": "Come to Kampala: heron",
         "note": "Talk to nobody in Gulu: pelican"}


def link_of(laptop):
    return next((link for link in laptop.get("/reports").links if link.startswith("/reports/") and "." in link), None)


def nothing_in_gulu(tap, gulu, when):
    laptop = gulu.sign_in()
    pages = [laptop.get(path) for path in ("/", "/reports", "/cases", "/search?q=zebra", "/search?q=heron", "/search?q=pelican")]
    seen = [(page.url, word) for page in pages for word in WORDS.values() if word in page.text]
    tap.ok(f"{when}, Gulu's office, unlocked, shows nothing of it", not seen and link_of(laptop) is None, seen)
    complaint = [page.text for page in pages if re.search(r"cannot be (opened|read)|could not be (opened|read)|trouble", page.text)]
    tap.ok("and does not complain of what it cannot open", not complaint, complaint)
    checked = gulu.with_passphrase("check", check=False)
    tap.ok("its check finds nothing wrong, and what is not for this hub only counted", checked.returncode == 0 and "not for this hub" in checked.stdout, checked.stdout + checked.stderr)


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu]).start()
        hq, gulu = coalition.hq, coalition.gulu
        tap.ok("at headquarters nobody is asked who should not see it", "should not see this" not in hq.phone().get("/form/1").text)
        phone = gulu.phone()
        tap.ok("in Gulu everybody is", "Should someone in this office not see this?" in phone.get("/form/1").text)
        check = phone.get("/form/1")
        tap.ok("and told there that nobody in Gulu hears of it, not of danger either", "Nobody here is told of it, even if somebody is in danger" in check.text, check.text)
        asked = phone.send(check, "/form/send", what=WORDS["what"], danger="yes", closed="hq", go="check")
        tap.ok("whoever looks at such answers is told to call now", "only headquarters may open it: nobody here is told of it. If anyone is in danger now" in asked.text, asked.text)
        asked = phone.send(check, "/form/send", what=WORDS["what"], danger="yes", closed="no", go="check")
        tap.ok("and at no others", "You chose that only headquarters" not in asked.text, asked.text)
        done = phone.send(check, "/form/send", what=WORDS["what"], danger="yes", closed="hq")
        code = receipt(done)
        tap.ok("the receipt says so again", "nobody here is told of it" in done.text, done.text)
        tap.ok("it is taken, and the spool does not tell that it is urgent", gulu.spool() in ([("i", 0), ("m", 0)], []), gulu.spool())
        other = phone.send(check, "/form/send", what=WORDS["what"], danger="yes", closed="no")
        tap.ok("sent again, but for this office too, it is not taken for the same", "saved already" in other.text, other.text)

        wait_for("the report at headquarters", lambda: gulu.sync() and hq.sync() and link_of(hq.sign_in()), 60)
        tap.ok("no flag goes up in Gulu", "urgent" not in gulu.laptop().get("/login").text.lower())
        nothing_in_gulu(tap, gulu, "when it is there")

        namata = hq.sign_in()
        link = link_of(namata)
        page = namata.get(link)
        tap.ok("headquarters opens it, and reads who else can: nobody", WORDS["what"] in page.text and "Who can read this Kampala " in page.text
               and not re.search(r"Who can read this [^.]{0,20}Gulu", page.text), page.text)
        namata.send(page, "/answer", text=WORDS["answer"])
        case = namata.send(namata.get(link + "/case"), "/case", alias="Heron", risk="high").url
        namata.send(namata.get(case), "/notes", text=WORDS["note"])
        hq.sync(), gulu.sync()

        def inbox():
            return phone.send(phone.get("/messages"), "/messages", code=code)
        page = wait_for("the answer", lambda: (gulu.sync(), inbox())[1] if WORDS["answer"] not in inbox().text else inbox(), 60)
        tap.ok("the answer reaches the code at Gulu", WORDS["answer"] in page.text, page.text)
        sent = phone.send(page, "/messages", text=WORDS["message"], go="send")
        tap.ok("and one can write back there", sent.status == 200 and "safe" in sent.text, sent.text)
        gulu.sync(), hq.sync()
        def at_headquarters():
            for hub in (gulu, hq):
                hub.sync()
            return hq.sign_in().get(link).text
        text = wait_for("the message at headquarters", lambda: (text := at_headquarters()) and WORDS["message"] in text and text, 60)
        tap.ok("headquarters reads the message, after the one that it answered",
               0 <= text.find(WORDS["what"]) and text.count(WORDS["message"]) == 1 and WORDS["answer"] in text, text)
        nothing_in_gulu(tap, gulu, "after answer, case, note and message")
        tap.ok("nor do its keys open that it was opened", not [event for event in opened(coalition, gulu, hq) if event["entity"] == "opened"])
    finally:
        coalition.close()
    tap.done()


main()
