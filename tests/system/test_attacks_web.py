#!/usr/bin/python3
"""What a hostile phone, or a page elsewhere, tries on the public form and on the office: guessed and stolen tokens, sending twice at once, posts from another site, bytes that
would bend headers, addresses and pages, requests as no browser sends them. Each must fail, change nothing, and be answered calmly. (Broken-in processes: test_attacks.py.)"""
import concurrent.futures
import os
import random
import re
import secrets
import socket
import ssl
import tempfile
import urllib.parse

from coalition import Hub, Tap, receipt

EVIL = "https://evil.example"
SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{what}}{{#t}}</textarea></title>&lt;\u2028javascript:alert(1)"
tap = Tap()


def reports(hub):
    return hub.saved() // 2  # an event and the mailbox's item


def open_form(hub):
    """A phone, its form as it would be sent, and where to."""
    phone = hub.phone()
    form = phone.get("/form/1").form("/form/send")
    return phone, form.action, form.filled({"what": "what a phone sent"})


def with_token(fields, token):
    return [(name, token if name == "token" else value) for name, value in fields]


def raw(port, packet, secure=True, wait=5):
    """Bytes as no browser sends them: all that comes back until the hub closes, or has said nothing for so long."""
    with socket.create_connection(("localhost", port), timeout=30) as plain:
        s = plain
        if secure:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            s = context.wrap_socket(plain, server_hostname="localhost")
        s.settimeout(wait)
        try:
            s.sendall(packet)
        except OSError:
            pass  # it has had enough already
        said = b""
        try:
            while part := s.recv(65536):
                said += part
        except OSError:
            pass
        return said.decode(errors="replace")


def status(answer):
    found = re.match(r"HTTP/1\.1 (\d+)", answer)
    return int(found.group(1)) if found else 0


# ---- tokens ----

def tokens(hub, other):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"# seed {seed}")
    chance = random.Random(seed)
    phone, action, fields = open_form(hub)
    token = dict(fields)["token"]
    theirs = dict(open_form(other)[2])["token"]
    before = reports(hub)
    guesses = ["", "0" * len(token), "f" * len(token), token[:-1], token + "0", token.upper() if token.upper() != token else token[::-1], token + "\0", " " + token,
               theirs, token[:32] + theirs[32:], theirs[:48] + token[48:], "../" + token, SCRIPT]
    for _ in range(60):  # one bit of a good one; whatever a machine would try
        place = chance.randrange(len(token))
        guesses.append(token[:place] + format(int(token[place], 16) ^ 1 << chance.randrange(4), "x") + token[place + 1:])
        guesses.append(secrets.token_hex(len(token) // 2))
    taken = [guess for guess in guesses if "/done/" in phone.post(action, with_token(fields, guess)).url]
    tap.ok(f"{len(guesses)} guessed, bent and borrowed tokens send nothing", not taken and reports(hub) == before, taken)
    done = phone.post(action, fields)
    tap.ok("the true one still does", "/done/" in done.url and reports(hub) == before + 1, (done.status, done.text))
    ticket = re.search(r"/done/([0-9a-f]+)", done.url).group(1)
    tap.ok("the address of its receipt, in a borrowed phone's history, sends no form", "/done/" not in phone.post(action, with_token(fields, (ticket + ticket)[:len(token)])).url
           and reports(hub) == before + 1)
    tap.ok("and the token is no address of a receipt", phone.get("/done/" + token).status == 404 and phone.get("/done/" + token[:64]).status == 404)
    near = [ticket[:-1] + format(int(ticket[-1], 16) ^ 1, "x"), ticket.upper(), ticket[:-1], ticket + "0", ticket + "/", ticket + "%00", "x" * 64]
    shown = [one for one in near if phone.get("/done/" + one).status == 200 and one != ticket]
    tap.ok("nobody gets a receipt by an address beside it", not shown, shown)
    for promise, changed in (("another text", {"what": "something else"}), ("another danger", {"danger": "yes"})):
        replay = [(name, changed.get(name, value)) for name, value in fields]
        replay += [(name, value) for name, value in changed.items() if name not in dict(fields)]
        page = hub.phone().post(action, replay)
        tap.ok(f"a token that was used, played again by another phone with {promise}, sends nothing and shows no code",
               "/done/" not in page.url and receipt(done) not in page.text and reports(hub) == before + 1, (page.url, page.text))


def at_once(hub):
    phone, action, fields = open_form(hub)
    before = reports(hub)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda _: hub.phone().post(action, fields), range(20)))
    tap.ok("Send pressed twenty times at once, on twenty connections: one report, one code", {receipt(page) for page in pages} == {receipt(pages[0])}
           and reports(hub) == before + 1, (reports(hub) - before, [page.url for page in pages]))
    phone, action, fields = open_form(hub)
    before = reports(hub)
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        pages = list(pool.map(lambda number: hub.phone().post(action, [(n, f"version {number}" if n == "what" else v) for n, v in fields]), range(20)))
    done = [page for page in pages if "/done/" in page.url]
    tap.ok("one token with twenty different texts at once: one report; the others keep what was typed and are told",
           len(done) == 1 and reports(hub) == before + 1 and all("saved already" in page.text for page in pages if page not in done), (len(done), reports(hub) - before))


# ---- other sites ----

def cross_site(hub, laptop):
    phone, action, fields = open_form(hub)
    before = reports(hub)
    for promise, headers in (("a page elsewhere", {"Origin": EVIL}), ("a page elsewhere, as the browser says", {"Sec-Fetch-Site": "cross-site"}),
                             ("a name that begins like ours", {"Origin": f"https://localhost:{hub.https}.evil.example"}),
                             ("another port of this hub", {"Origin": f"https://localhost:{hub.office}"}), ("a sandboxed frame", {"Origin": "null"})):
        page = phone.post(action, fields, headers)
        tap.ok(f"the form, sent by {promise} with a token of ours: 403, not saved, and no page on which Send could be pressed",
               page.status == 403 and reports(hub) == before and not [f for f in page.forms if not f.action.startswith("/leave")] and "what a phone sent" not in page.text, (page.status, page.text))
        page = phone.post("/messages", {"code": "0000 0000 0000 0000 0097", "go": "open"}, headers)
        tap.ok("nor does it try a code", page.status == 403 and not [f for f in page.forms if not f.action.startswith("/leave")], (page.status, page.text))
    tap.ok("and our own page sends that form still", "/done/" in phone.post(action, fields).url and reports(hub) == before + 1)
    new = laptop.get("/reports/new").form("/reports/new")
    before = sum(kind == "o" for kind, _ in hub.spool("office"))
    for promise, headers, changed in (("a page elsewhere", {"Origin": EVIL}, {}), ("a page elsewhere, as the browser says", {"Sec-Fetch-Site": "cross-site"}, {}),
                                      ("the public form's port", {"Origin": f"https://localhost:{hub.https}"}, {}), ("nowhere", {"Origin": "null"}, {}),
                                      ("our own page without its token", {}, {"csrf": ""}), ("our own page with another token", {}, {"csrf": "A" * 43})):
        page = laptop.post("/reports/new", new.filled({"what": "forged", "how": "visit", "danger": "no", **changed}), headers)
        tap.ok(f"a signed-in officer's browser, made to post by {promise}, changes nothing",
               page.status in (400, 403) and sum(kind == "o" for kind, _ in hub.spool("office")) == before, (page.status, page.text))


def other_names(hub):
    """A page elsewhere lets its own name point at the hub (DNS rebinding), and so may read what comes back."""
    for name in ("evil.example", "localhost.evil.example", f"evil.example:{hub.office}", "169.254.169.254.evil.example", "a.b"):
        answer = raw(hub.office, f"GET /login HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        tap.ok(f"the office does not answer to the name {name}", status(answer) == 403 and "passphrase" not in answer, answer[:600])
        answer = raw(hub.https, f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        tap.ok("intake, whose pages are for everybody, hands that name on to nobody and sets no cookie", status(answer) in (200, 302) and "evil" not in answer
               and "set-cookie" not in answer.lower(), answer[:600])


# ---- bytes that bend ----

def headers_bent(hub):
    """Every value that an answer repeats: the path, the query, the language, the name asked for."""
    crlf = "%0d%0aSet-Cookie:%20evil=1%0d%0a%0d%0aevilbody"
    for path in ("/form/" + crlf, "/?l=" + crlf, "/?l=lg" + crlf, "/form/1?l=" + crlf, "/form/x?l=lg%22%3e%3cscript%3e", "/done/" + crlf, "/messages?l=" + crlf, "/static/" + crlf,
                 "/?l=../../../etc/passwd", "/?l=" + "a" * 3000, "/form//evil.example", "/form/%5c%5cevil.example", "/?l[]=lg", "/?l=lg&l=" + crlf):
        for port, secure in ((hub.https, True), (hub.http, False)):
            answer = raw(port, f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode(), secure)
            head, _, body = answer.partition("\r\n\r\n")
            odd = "evil" in head.replace(path, "") or "\nset-cookie" in head.lower() or "<script" in body or "evilbody\r\n" in answer or "root:" in body
            tap.ok(f"{path[:40]} over http{'s' if secure else ''}: nothing of it gets into the headers or becomes markup", status(answer) in (200, 302, 303, 400, 404) and not odd, answer[:1200])
    for value in ("text/html\r\n X: y", "en;q=0\r\n\tSet-Cookie: evil=1"):
        answer = raw(hub.https, f"GET / HTTP/1.1\r\nHost: localhost\r\nAccept-Language: {value}\r\nConnection: close\r\n\r\n".encode())
        tap.ok("nor of a header that goes on in the next line", "\nset-cookie" not in answer.lower() and status(answer) in (200, 400), answer[:600])


def paths_bent(hub):
    tricks = ["/../../etc/passwd", "/static/../../../etc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/static/..%2f..%2fengabo.conf", "/static/..%5c..%5ckeys", "/static/%c0%ae%c0%ae/x",
              "/static//etc/passwd", "/static/./style.css", "/static/style.css%00.html", "/static/style.css/", "/form/1/../../login", "//evil.example/", "/%2f%2fevil.example", "/form/%00",
              "/;/form/1", "/form/1;x=y", "/.git/config", "/intake.db", "/engabo.conf", "/keys/tls-intake", "/run/intake.sock", "/healthz/../login", "/\t", "/%", "/%zz", "/form/%ff",
              "/files/../x", "/reports/../login", "/login/%2e%2e/reports"]
    for port, name in ((hub.https, "intake"), (hub.office, "office")):
        odd = []
        for path in tricks:
            answer = raw(port, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            if status(answer) not in (303, 400, 403, 404) or "root:" in answer or "PRIVATE" in answer or re.search(r"(?i)location: *(//|http:|https://(?!localhost))", answer):
                odd.append((path, answer[:300]))
        tap.ok(f"{len(tricks)} addresses with tricks lead nowhere in {name}", not odd, odd)


def requests_bent(hub):
    """Where two who read the same bytes might see two different requests; and what no form ever holds."""
    hidden = "GET /leave HTTP/1.1\r\nHost: localhost\r\n\r\n"
    post = "POST /messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    doubles = {
        "two lengths": f"{post}Content-Length: 4\r\nContent-Length: {4 + len(hidden)}\r\n\r\na=b&{hidden}",
        "two lengths in one line": f"{post}Content-Length: 4, 4\r\n\r\na=b&{hidden}",
        "a length and chunks": f"{post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
        "chunks and something else": f"{post}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}",
        "an unknown encoding": f"{post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{hidden}",
        "a length below nothing": f"{post}Content-Length: -4\r\n\r\na=b&{hidden}",
        "a length with a sign": f"{post}Content-Length: +4\r\n\r\na=b&{hidden}",
        "a length in hex": f"{post}Content-Length: 0x4\r\n\r\na=b&{hidden}",
        "a chunk whose length is none": f"{post}Transfer-Encoding: chunked\r\n\r\nzz\r\na=b&\r\n0\r\n\r\n{hidden}",
        "a chunk longer than all numbers": f"{post}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na=b&\r\n0\r\n\r\n{hidden}",
        "a space before the colon": f"{post}Content-Length : 4\r\n\r\na=b&{hidden}",
    }
    for promise, packet in doubles.items():
        answer = raw(hub.https, packet.encode(), wait=3)
        tap.ok(f"{promise}: refused, and what is hidden behind it is not answered", answer.count("\r\nCache-Control: ") <= 1 and status(answer) in (0, 400, 413, 415), answer[:900])
    many = "".join(f"X-{number}: y\r\n" for number in range(5000))
    for promise, packet, expected in (
            ("5,000 headers", f"GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n", (0, 400, 413, 431)),
            ("a header of 100 KB", f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {'y' * 100000}\r\n\r\n", (0, 400, 413, 431)),
            ("an address of 100 KB", f"GET /{'y' * 100000} HTTP/1.1\r\nHost: localhost\r\n\r\n", (0, 400, 414, 431)),
            ("a thousand fields", post + "Content-Length: 3999\r\nConnection: close\r\n\r\n" + "&".join(["a=b"] * 1000), (400,)),
            ("a field name of 60 KB", post + "Content-Length: 60000\r\nConnection: close\r\n\r\n" + "a" * 60000, (400,)),
            ("a gigabyte announced", post + "Content-Length: 1000000000\r\nConnection: close\r\n\r\na=b", (413,)),
            ("no name asked for", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", (400,)),
            ("the whole address", f"GET https://localhost:{hub.https}/form/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", (400,)),
            ("another's address, as to a proxy", "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", (400,)),
            ("a line of nonsense", "\x00\x01\x02 / HTTP/9.9\r\n\r\n", (0, 400, 404, 405, 505)),
            ("HTTP/1.0 without a name", "GET / HTTP/1.0\r\n\r\n", (200, 400)), ("HTTP/0.9", "GET /\r\n", (0, 400, 505))):
        answer = raw(hub.https, packet.encode("latin-1"))
        tap.ok(f"{promise}: {'/'.join(map(str, expected))}", status(answer) in expected and answer.count("\r\nCache-Control: ") <= 1, answer[:600])
    for method in ("OPTIONS", "TRACE", "TRACK", "PUT", "DELETE", "PATCH", "CONNECT", "PROPFIND", "get", "X" * 500):
        for port, more in ((hub.https, ()), (hub.office, ()), (hub.sync_port, (403,))):  # there, a stranger is told nothing else
            answer = raw(port, f"{method} /healthz HTTP/1.1\r\nHost: localhost\r\nX-Secret: echoed-back\r\nConnection: close\r\n\r\n".encode())
            tap.ok(f"{method[:10]} is told that it is not possible, and repeats nothing", status(answer) in (0, 400, 405, *more) and "echoed-back" not in answer and "TRACE" not in answer, answer[:600])
    answer = raw(hub.https, b"HEAD /form/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    tap.ok("HEAD brings the headers alone", status(answer) == 200 and answer.endswith("\r\n\r\n"), answer[-300:])
    tap.ok("after all that, everyone is served", hub.phone().get("/").status == 200 and hub.laptop().get("/login").status == 200)


def scripts(hub, laptop):
    """Every field, as the reporter's page gives it back, as the office reads it, and as both read messages."""
    phone = hub.phone()
    page = phone.get("/form/1")
    form = page.form("/form/send")
    texts = {name: SCRIPT for name, value in form.fields if name not in ("token", "l") and name not in form.choices}
    again = phone.post(form.action, form.filled({**texts, "what": SCRIPT * 200}))
    tap.ok("an answer with script in every field, given back with its problems, is text", "<script>alert" not in again.body and "<img" not in again.body and again.status == 400, again.body[:2000])
    kept = dict(again.form("/form/send").fields)
    tap.ok("and whole", all(kept[name].replace("\r\n", "\n") == SCRIPT for name in texts if name in ("who", "place", "by", "contact")), kept)
    ok = {name: value for name, value in texts.items() if name in ("what", "who", "place", "by", "contact", "about")}
    done = phone.post(form.action, form.filled(ok))
    tap.ok("a report with script in every field for words is taken", "/done/" in done.url, (done.status, done.text))
    hub.sync()
    listed = laptop.get("/reports")
    link = next(link for link in listed.links if re.match(r"/reports/[0-9a-z]{16}\.", link) and "alert(1)" in laptop.get(link).text)
    for path in ("/", "/reports", link, link + "/case", "/search?q=" + urllib.parse.quote(SCRIPT), "/reports?state=" + urllib.parse.quote(SCRIPT), "/cases?q=" + urllib.parse.quote(SCRIPT)):
        page = laptop.get(path)
        tap.ok(f"in the office, {path[:30]} shows it as text", "<script>alert" not in page.body and "<img src=x" not in page.body and page.status < 500, page.body[:1500])
    page = laptop.get(link)
    tap.ok("whole, so that nobody is misled about what was sent", SCRIPT.replace("\u2028", " ") in page.text.replace("\u2028", " ") or "<script>alert(1)</script>" in page.text, page.text)
    inbox = phone.send(phone.get("/messages"), "/messages", code=receipt(done))
    sent = phone.send(inbox, "/messages", text=SCRIPT, go="send")
    hub.sync()
    page = laptop.get(link)
    tap.ok("a message with script is text to the reporter and to the office", "<script>alert" not in sent.body + page.body and "<img src=x" not in sent.body + page.body, page.body[:1500])
    for wrong in (SCRIPT, "%s%n" * 10, "' OR 1=1 --", "\0", "1" * 5000):
        page = phone.send(phone.get("/messages"), "/messages", code=wrong)
        tap.ok("nor does a code that is none become markup, or open anything", page.status == 400 and "<script>alert" not in page.body, (page.status, page.text[:300]))
        page = hub.laptop()
        page = page.send(page.get("/login"), "/login", name=wrong, passphrase=wrong)
        tap.ok("nor a name at the sign-in page", page.status in (400, 403, 429) and "<script>alert" not in page.body, (page.status, page.text[:300]))


def main():
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Hub(top, "Gulu", "GUL", "Acholi", "akello", conf="")
        other = Hub(top, "Mbale", "MBL", "Bugisu", "wanyama")
        try:
            for one in (hub, other):
                one.init()
            hub.configure("token_seconds = 0\n", "token_seconds = 0\nreports_an_address = 0\n").start()
            other.start("intake")
            laptop = hub.sign_in()
            tokens(hub, other)
            at_once(hub)
            cross_site(hub, laptop)
            other_names(hub)
            headers_bent(hub)
            paths_bent(hub)
            requests_bent(hub)
            scripts(hub, laptop)
            with open(hub.log_path) as f:
                journal = f.read()
            tap.ok("and the journal holds nothing of all this", not any(word in journal for word in ("evil", "alert(1)", "what a phone sent", "version 1")), journal)
        finally:
            hub.stop()
            other.stop()
    tap.done()


main()
