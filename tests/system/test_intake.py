#!/usr/bin/python3
"""The public form as phones and hostile programs meet it: one intake role alone, with nobody signed in and no sync running."""
import concurrent.futures
import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import PROGRAM, Browser, Hub, Tap

CODE = re.compile(r"\d{4}(?: \d{4}){4}")
STORY = "They came at night.\nThey asked for “the list” & left <script>alert(1)</script> on the door."
HOSTILE = "\"><script>alert('x')</script>{{what}}&lt;"


class Intake(Hub):
    def start(self):
        return super().start("intake")

    def reports(self):
        return sum(kind == "i" for kind, _ in self.spool())


def raw_post(hub, path, body):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("localhost", hub.https, context=context, timeout=30)
    connection.request("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def raw_ask(hub, packet):
    """Bytes as no browser sends them, to the plain http port: what comes back."""
    with socket.create_connection(("localhost", hub.http), timeout=30) as held:
        held.sendall(packet)
        held.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: held.recv(65536), b"")).decode()


def hostile_names(tap, hub):
    ours = rf"http://(127\.0\.0\.1|\[::1\]):{hub.http}/"
    for name in (b"a\rb.local", b"evil.com/x.local", b"evil.com\\x.local", b"evil.com#x.local", b"me@x.local", b"\xff.local", b"x.local:evil", b"[::1",
                 b"[evil.com]", b"\"x.local", b"a\tb.local", b"a%0db.local", b"localhost:99999", b"x" * 5000 + b".local"):
        answer = raw_ask(hub, b"GET /form/1 HTTP/1.1\r\nHost: " + name + b"\r\nConnection: close\r\n\r\n")
        tap.ok(f"asked by the name {name[:20]}, it leads to its own address in numbers or refuses",
               re.search(rf"\r\nLocation: {ours}\r\n", answer) or answer.startswith("HTTP/1.1 400 "), answer)
        answer = raw_ask(hub, b"GET / HTTP/1.1\r\nHost: " + name + b"\r\nConnection: close\r\n\r\n")
        tap.ok("and so does its first page", re.search(rf"\r\nLocation: {ours}\r\n", answer) or answer.startswith("HTTP/1.1 400 "), answer)
    tap.ok("none of these names ends it", hub.process.poll() is None and hub.phone().get("/healthz").body == "ok\n")


def pages(tap, hub):
    phone = hub.phone()
    welcome = phone.get("/")
    tap.ok("the first page says who will read it, and that nobody else will", "Only the people who work on cases at" in welcome.text, welcome.text)
    for path in ("/", "/form/1", "/messages", "/privacy", "/safety", "/help", "/leave"):
        page = phone.get(path)
        size = len(page.body.encode())
        told = [word for word in ("engabo", "Gulu", "rights", "report", "defender") if word.lower() in (page.title + path).lower()]
        tap.ok(f"{path}: neutral title, nothing kept, no script, no cookie, {size} bytes",
               page.status == 200 and not told and size < 14336 and page.headers["Cache-Control"] == ("no-cache" if path == "/form/1" else "no-store")
               and "<script" not in page.body
               and not page.headers["Set-Cookie"], (page.title, dict(page.headers)))
    tap.ok("/leave empties the browser's cache", "cache" in phone.get("/leave").headers["Clear-Site-Data"])
    tap.ok("an address that is not there is a calm page", phone.get("/nothing").status == 404)
    tap.ok("healthy", phone.get("/healthz").body == "ok\n")
    connection = http.client.HTTPConnection("localhost", hub.http, timeout=30)
    connection.request("GET", "/form/1")
    answer = connection.getresponse()
    answer.read()
    target = f"https://localhost:{hub.https}/form/1"
    tap.ok(f"over plain http /form/1 leads to {target}", answer.status == 302 and answer.headers["Location"] == target, dict(answer.headers))
    tap.ok("over plain http the first page leads on to https", f"https://localhost:{hub.https}/form/1#danger" in Browser(f"http://localhost:{hub.http}").get("/").links)


def journey(tap, hub):
    phone = hub.phone()
    answers = dict(danger="yes", what=STORY, who=HOSTILE, day="7", month="11", year="2026", about="unknown", district="gulu", place=HOSTILE, by=HOSTILE,
                   needs=["legal", "medical"], contact=HOSTILE, consent="ask")
    check = phone.send(phone.get("/form/1"), "/form/send", go="check", **answers)
    form = check.form("/form/send")
    fields = dict(form.fields)
    tap.ok("\"Enter\" in a line of text sends nothing, and all answers come back exactly as they were typed", check.status == 200 and hub.reports() == 0 and
           fields["what"] == STORY and fields["who"] == HOSTILE and fields["place"] == HOSTILE and [v for n, v in form.fields if n == "needs"] == ["legal", "medical"],
           form.fields)
    tap.ok("what was typed is text and never markup", "<script" not in check.body and "alert(&#39;x&#39;)" in check.body.replace("&#x27;", "&#39;"), check.body[:500])
    tap.ok("a tab that is opened again gets the empty form", "/form/1" in phone.get("/form/send").url)
    quick = phone.send(check, "/form/send")
    tap.ok("sent quicker than a person reads: asked to press again, with all answers", quick.status == 200 and "press Send again" in quick.text
           and dict(quick.form("/form/send").fields)["what"].startswith(STORY) and hub.reports() == 0, quick.text)
    time.sleep(2.1)
    before = hub.reports()
    done = phone.send(quick, "/form/send")
    code = CODE.search(done.text)
    tap.ok("Send leads to a page with the code in five fours", "/done/" in done.url and code and done.title == "Saved", (done.url, done.text))
    tap.ok("it says that nobody has read it, and the number to call", "Nobody has read it yet" in done.text and "0800 100 200" in done.text, done.text)
    tap.ok("on the card are one urgent report and one mailbox item", hub.reports() == before + 1 and hub.spool()[-2:] == [("i", 1), ("m", 0)], hub.spool())
    again = phone.send(quick, "/form/send")
    tap.ok("sent twice: the same receipt, and one report", CODE.search(again.text).group() == code.group() and hub.reports() == before + 1, again.text)
    edited = phone.send(quick, "/form/send", who="his sister too")
    kept = dict(edited.form("/form/send").fields)
    tap.ok("sent twice, edited in between: told that only the earlier version is saved, with all answers and a new token",
           "saved already" in edited.text and "Check your answers" in edited.text and kept["who"] == "his sister too" and kept["what"].startswith(STORY)
           and kept["token"] != dict(quick.form("/form/send").fields)["token"] and hub.reports() == before + 1, edited.text)
    time.sleep(2.1)
    second = phone.send(edited, "/form/send")
    tap.ok("and sent on, the edited version is saved beside it, with a code of its own",
           CODE.search(second.text) and CODE.search(second.text).group() != code.group() and hub.reports() == before + 2, second.text)
    before += 1
    token = dict(quick.form("/form/send").fields)["token"]
    tap.ok("the receipt's address does not hold the form's token", token not in done.url and token[:32] not in done.url)
    tap.ok("a stranger's address for a receipt shows nothing", phone.get("/done/" + "0" * 64).status == 404)
    hub.kill()
    hub.start()
    again = phone.send(quick, "/form/send")
    tap.ok("killed and started again: the same receipt, and one report", CODE.search(again.text).group() == code.group() and hub.reports() == before + 1, again.text)
    return phone, check, code.group()


def bad_input(tap, hub, phone, check):
    before = hub.reports()
    empty = phone.report(who="me")
    tap.ok("nothing said: There is a problem, by name", empty.status == 400 and "There is a problem" in empty.text and "What happened:" in empty.text, empty.text)
    long = phone.report(what="ŋ" * 9000)
    tap.ok("too long: told how long it may be, and what was typed is kept", long.status == 400 and "What happened: this is too long. At most 8000" in long.text
           and dict(long.form("/form/send").fields)["what"] == "ŋ" * 9000, long.text[:300])
    date = phone.report(what="x", day="31", month="2", year="2026")
    tap.ok("a day that does not exist is named and kept", date.status == 400 and "no such day" in date.text and ("day", "31") in date.form("/form/send").fields, date.text[:300])
    stale = phone.send(check, "/form/send", token="00" * 40)
    tap.ok("a token that is too old or not ours: all answers kept, a new token", stale.status == 200 and "press Send again" in stale.text
           and dict(stale.form("/form/send").fields)["what"] == dict(check.form("/form/send").fields)["what"]
           and dict(stale.form("/form/send").fields)["token"] != "00" * 40, stale.text)
    forged = phone.post("/form/send", [("what", "x"), ("token", "not a token")])
    tap.ok("no token: the last page, and nothing is sent", "Check your answers" in forged.text, forged.text)
    fields = dict(check.form("/form/send").fields, needs="gold")
    fields["token"] = dict(stale.form("/form/send").fields)["token"]
    time.sleep(2.1)
    wrong = phone.post("/form/send", fields)
    tap.ok("an answer that the form does not offer is named on the last page", wrong.status == 400 and "What would help: please choose" in wrong.text, wrong.text)
    status, body = raw_post(hub, "/form/send", b"what=caf\xe9")
    tap.ok("not UTF-8: There is a problem", status == 400 and "There is a problem" in body, body)
    fields = dict(check.form("/form/send").fields, who=b"caf\xe9")
    status, body = raw_post(hub, "/form/send", urllib.parse.urlencode(fields))
    tap.ok("not UTF-8 in one answer: it is named, and all others are kept", status == 400 and "There is a problem" in body and "They asked for" in body
           and 'value="gulu"' in body and "Who is at risk: this cannot be read" in body, (status, body))
    for path in ("/form/1", "/form/check", "/form/3"):
        status, body = raw_post(hub, path, "what=x")
        tap.ok(f"nothing is sent to {path}", status == 405, (status, body))
    status, body = raw_post(hub, "/form/send", "&".join(f"x{number}=1" for number in range(200)))
    tap.ok("more answers than the form has: There is a problem", status == 400 and "There is a problem" in body, body)
    status, body = raw_post(hub, "/form/send", b"what=" + b"a" * 300000)
    tap.ok("more than a form can hold is refused with a page", status == 413 and "too long" in body, body)
    tap.ok("nothing of all this reached the card", hub.reports() == before, hub.spool())


def coming_back(tap, hub, phone, code):
    ask = phone.get("/messages")
    slip = code[:-1] + str((int(code[-1]) + 1) % 10)
    wrong = phone.send(ask, "/messages", code=slip)
    tap.ok("a mistyped code is told as mistyped, and kept", wrong.status == 400 and "mistyped" in wrong.text and ("code", slip) in wrong.form("/messages").fields, wrong.text)
    short = phone.send(ask, "/messages", code="1234")
    tap.ok("a code that is too short is told as that", short.status == 400 and "20 digits" in short.text, short.text)
    unknown = phone.send(ask, "/messages", code=valid_code(123456789012345678))
    tap.ok("a code that nobody has is told as unknown here", "do not know this code" in unknown.text, unknown.text)
    inbox = phone.send(ask, "/messages", code=code.replace(" ", "-"))
    tap.ok("the right code opens, before anything has left the hub", "Nobody has read it yet" in inbox.text, inbox.text)
    tap.ok("no address ever holds the code", code.replace(" ", "") not in inbox.url and code not in inbox.url and inbox.url.endswith("/messages"))
    nothing = phone.send(inbox, "/messages", text=" ", go="send")
    tap.ok("an empty message is told as that", nothing.status == 400 and "write something" in nothing.text, nothing.text)
    before = hub.reports()
    sent = phone.send(inbox, "/messages", text="He is home again.", go="send")
    again = phone.send(inbox, "/messages", text="He is home again.", go="send")
    tap.ok("a message is saved, and pressed twice it is one", "is safe" in sent.text and "is safe" in again.text and hub.reports() == before + 1, (sent.text, hub.spool()))
    edited = phone.send(inbox, "/messages", text="He is home, but hurt.", go="send")
    tap.ok("a message sent twice, edited in between: told that only the earlier version is saved, and kept",
           "saved already" in edited.text and ("text", "He is home, but hurt.") in edited.form("/messages").fields and hub.reports() == before + 1, edited.text)
    sent = phone.send(edited, "/messages", text="He is home, but hurt.", go="send")
    tap.ok("and sent on, it is saved, too", "is safe" in sent.text and hub.reports() == before + 2, sent.text)
    stale = phone.send(inbox, "/messages", text="He is home again.", go="send", token="00" * 40)
    tap.ok("a message on an old page is kept to be sent again", "press Send again" in stale.text and ("text", "He is home again.") in stale.form("/messages").fields, stale.text)


def valid_code(number):
    return f"{number:018d}{98 - number * 100 % 97:02d}"


def many(tap, hub):
    before = hub.reports()
    forms = []
    for number in range(30):
        phone = hub.phone()
        forms.append((phone, phone.get("/form/1"), f"report {number}"))
    time.sleep(2.1)
    with concurrent.futures.ThreadPoolExecutor(30) as pool:
        # Half of them press twice at once.
        answers = list(pool.map(lambda f: f[0].send(f[1], "/form/send", what=f[2]), forms + forms[:15]))
    codes = [CODE.search(a.text).group() for a in answers]
    tap.ok("thirty phones at once, half of them pressing twice: thirty reports, and everyone has a code of their own",
           hub.reports() == before + 30 and len(set(codes)) == 30 and codes[:15] == codes[30:], (len(set(codes)), hub.reports() - before))


def command(tap, hub):
    before = hub.reports()
    code = hub.report(what="told at the desk", needs=["legal"], danger="no", when="2026-11", precision="no-day")
    tap.ok("engabo report gives a code that opens", "Nobody has read it yet" in hub.phone().send(hub.phone().get("/messages"), "/messages", code=code).text)
    for promise, text in (
            ("an unknown key", '{"what":"x","colour":"red"}'), ("nothing that happened", '{"who":"x"}'),
            ("a report too long", '{"what":"' + "x" * 8001 + '"}'), ("no JSON", "what happened"),
            ("a wrong code", '{"what":"x","needs":["gold"]}'), ("a field that is not the reporter's", '{"what":"x","state":"closed"}')):
        tap.refused(f"engabo report refuses {promise}", hub.run("report", "-", input=text, check=False), 65)
    done = subprocess.run([PROGRAM, "--state", hub.dir, "report", "-"], input=b'{"what":"caf\xe9"}', capture_output=True)
    tap.ok("engabo report refuses what is not UTF-8", done.returncode == 65 and done.stderr.count(b"\n") == 1, done.stderr)
    tap.ok("only the good one is on the card", hub.reports() == before + 1, hub.spool())
    tap.ok("engabo report without an input is wrong usage", hub.run("report", check=False).returncode == 64)
    hub.stop()
    code = hub.report(what="told while the role was down")
    hub.start()
    tap.ok("the same while the role is down", hub.reports() == before + 2 and CODE.fullmatch(code)
           and "Nobody has read it yet" in hub.phone().send(hub.phone().get("/messages"), "/messages", code=code).text)


def ending(tap, hub):
    held = socket.create_connection(("localhost", hub.https))
    started = time.monotonic()
    hub.process.send_signal(signal.SIGTERM)
    status = hub.process.wait(10)
    tap.ok("SIGTERM ends it within five seconds, a silent connection open", status == 0 and time.monotonic() - started < 5, status)
    held.close()
    left = subprocess.run(["pgrep", "-f", hub.dir], capture_output=True, text=True).stdout
    tap.ok("and leaves no process behind", not left, left)


def silence(tap, hub, code):
    told = open(hub.log_path).read()
    secrets = ["night", "told at the desk", "script", code, code.replace(" ", ""), "127.0.0.1", "::1"]
    tap.ok("the journal holds no content, no code, no address", not [s for s in secrets if s in told], told)
    bytes_on_card = b"".join(open(os.path.join(hub.dir, f), "rb").read() for f in os.listdir(hub.dir) if f.startswith("intake.db"))
    tap.ok("nothing readable is on the card", not [s for s in ("night", "told at the desk", "report 7", "home again", code.replace(" ", "")) if s.encode() in bytes_on_card])


def limits(tap, top):
    hub = Intake(top, "Mbale", "MBL", "Bugisu", "wanyama")
    hub.init()
    hub.configure("token_seconds = 0\n", "token_seconds = 0\nreports_an_address = 3\n").start()
    phone = hub.phone()
    for number in range(3):
        phone.report(what=f"report {number}")
    refused_page = phone.report(what="one more")
    tap.ok("after as many reports as an address may send an hour, the next is asked to wait, with its answers",
           refused_page.status == 503 and "press Send again in" in refused_page.text and ("what", "one more") in refused_page.form("/form/send").fields
           and hub.reports() == 3, (refused_page.status, refused_page.text))
    hub.stop()
    hub.configure("reports_an_address = 3\n", "form = counter\n").start()
    done = hub.phone().report(what="at the desk")
    leave = hub.phone().get("/leave")
    phone = hub.phone()
    inbox = phone.send(phone.get("/messages"), "/messages", code=CODE.search(done.text).group(0))
    sent = phone.send(inbox, "/messages", text="He is home.", go="send")
    problem = phone.report(what="")
    tap.ok("so do the pages behind a code, and those with answers, which have longer where somebody may be writing",
           [page.headers["Refresh"] for page in (inbox, sent, problem)] == ["600; url=/", "120; url=/", "600; url=/"] and "It is safe" in sent.text
           and problem.status == 400, [dict(page.headers) for page in (inbox, sent, problem)])
    tap.ok("on the device at the desk the receipt and \"Leave this page\" go back to the first page by themselves",
           CODE.search(done.text) and done.headers["Refresh"] == "120; url=/" and leave.headers["Refresh"] == "120; url=/", (dict(done.headers), done.text))
    hub.stop()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Intake(top, "Gulu", "GUL", "Acholi", "akello")
        hub.init()
        hub.configure("token_seconds = 0\n", "token_seconds = 2\nreports_an_address = 0\n").start()
        try:
            pages(tap, hub)
            hostile_names(tap, hub)
            phone, check, code = journey(tap, hub)
            bad_input(tap, hub, phone, check)
            coming_back(tap, hub, phone, code)
            many(tap, hub)
            command(tap, hub)
            ending(tap, hub)
            silence(tap, hub, code)
            limits(tap, top)
        finally:
            hub.stop()
    tap.done()


main()
