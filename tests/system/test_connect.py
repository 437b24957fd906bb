#!/usr/bin/python3
"""A phone joins the Wi-Fi: what it asks by itself is answered so that it offers our page, and no way ends nowhere.

Each phone here is an address of its own of this machine, asking by the hosts, paths and names that real ones use."""
import hashlib
import http.client
import os
import re
import ssl
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import Hub, Page, Tap, sh, wait_for

ANDROID = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/60.0.3112.32 Safari/537.36"
DALVIK = "Dalvik/2.1.0 (Linux; U; Android 6.0.1; SM-J500F Build/MMB29M)"
APPLE = "CaptiveNetworkSupport-443.120.2 wispr"
WINDOWS = "Microsoft NCSI"
FIREFOX = "Mozilla/5.0 (Android 13; Mobile; rv:121.0) Gecko/121.0 Firefox/121.0"
CHROME = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1"
WEBVIEW = "Mozilla/5.0 (Linux; Android 10; SM-A105F Build/QP1A.190711.020; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36"
APPLE_WINDOW = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"

# Host, path, user agent; what says that all is well: status, and a text in the answer.
CLOSING = [  # they close their window, or their tab, once they are told so
    ("connectivitycheck.gstatic.com", "/generate_204", ANDROID, 204, ""),
    ("www.google.com", "/gen_204", ANDROID, 204, ""),
    ("play.googleapis.com", "/generate_204", ANDROID, 204, ""),
    ("clients3.google.com", "/generate_204", DALVIK, 204, ""),
    ("connectivitycheck.platform.hicloud.com", "/generate_204", DALVIK, 204, ""),
    ("connect.rom.miui.com", "/generate_204", DALVIK, 204, ""),
    ("wifi.vivo.com.cn", "/generate_204", DALVIK, 204, ""),
    ("conn1.oppomobile.com", "/generate_204", DALVIK, 204, ""),
    ("detectportal.firefox.com", "/canonical.html", FIREFOX, 200, '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'),
    ("detectportal.firefox.com", "/success.txt?ipv4", FIREFOX, 200, "success\n"),
    ("nmcheck.gnome.org", "/check_network_status.txt", "NetworkManager/1.42.4", 200, "NetworkManager is online"),
    ("network-test.debian.org", "/nm", "NetworkManager/1.42.4", 200, "NetworkManager is online"),
    ("ping.archlinux.org", "/nm-check.txt", "NetworkManager/1.52.1", 200, "NetworkManager is online"),
    ("fedoraproject.org", "/static/hotspot.txt", "NetworkManager/1.52.1", 200, "OK"),
]
STAYING = [  # they leave the window open, and only then let one press "Done"
    ("captive.apple.com", "/hotspot-detect.html", APPLE, 200, "<BODY>Success</BODY>"),
    ("www.apple.com", "/library/test/success.html", APPLE, 200, "<BODY>Success</BODY>"),
    ("www.thinkdifferent.us", "/fRkSLJl0/yJPZKM.html", APPLE, 200, "<BODY>Success</BODY>"),
    ("www.msftconnecttest.com", "/connecttest.txt", WINDOWS, 200, "Microsoft Connect Test"),
    ("ipv6.msftconnecttest.com", "/connecttest.txt", WINDOWS, 200, "Microsoft Connect Test"),
    ("www.msftncsi.com", "/ncsi.txt", WINDOWS, 200, "Microsoft NCSI"),
]
ALWAYS = [  # what they open in the window
    ("www.msftconnecttest.com", "/redirect", CHROME),
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html", "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) Kindle/3.0"),
    ("spectrum.s3.amazonaws.com", "/kindle-wifi/wifiredirect.html", CHROME),
]


class Phone:
    count = 0

    def __init__(self, hub, agent=CHROME, address=None):
        Phone.count += 1
        self.hub, self.agent = hub, agent
        self.address = address or f"127.3.{Phone.count // 200}.{Phone.count % 200 + 1}"

    def ask(self, path, host=None, agent=None, method="GET", body=None, more=()):
        connection = http.client.HTTPConnection("127.0.0.1", self.hub.http, timeout=30, source_address=(self.address, 0))
        headers = {"Host": host or f"localhost:{self.hub.http}", "User-Agent": agent or self.agent, **dict(more)}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = Page(answer.status, path, answer.headers, answer.read().decode())
        connection.close()
        return page


def is_led(hub, page):
    return page.status == 302 and page.headers["Location"] == f"http://127.0.0.1:{hub.http}/"


def is_well(page, status, text):
    return page.status == status and text in page.body and not page.headers["Location"]


def joining(tap, hub):
    for host, path, agent, status, text in CLOSING + STAYING:
        phone = Phone(hub, agent)
        closes = (host, path, agent, status, text) in CLOSING
        first = phone.ask(path, host)
        head = phone.ask(path, host, method="HEAD")
        again = phone.ask(path, host)
        opened = phone.ask("/", agent=CHROME)
        before = phone.ask(path, host)
        stayed = phone.ask("/connect/stay", agent=CHROME, method="POST", body="")
        after = phone.ask(path, host)
        tap.ok(f"http://{host}{path}: the phone offers the page, until somebody has {'pressed Stay' if closes else 'opened it'}",
               is_led(hub, first) and is_led(hub, head) and is_led(hub, again) and opened.status == 200 and stayed.status == 303
               and (is_led(hub, before) if closes else is_well(before, status, text)) and is_well(after, status, text),
               [(p.status, p.headers["Location"], p.body[:80]) for p in (first, head, before, stayed, after)])
        tap.ok("and another phone's page is still offered", is_led(hub, Phone(hub).ask(path, host)))
    for host, path, agent in ALWAYS:
        phone = Phone(hub, agent)
        first = phone.ask(path, host)
        phone.ask("/connect/stay", method="POST", body="")
        tap.ok(f"http://{host}{path} is always the page", is_led(hub, first) and is_led(hub, phone.ask(path, host)))
    phone = Phone(hub, APPLE)
    phone.ask("/")
    tap.ok("that a phone has followed us by itself is no visit", is_led(hub, phone.ask("/hotspot-detect.html", "captive.apple.com")))
    tap.ok("to send something where a phone asks is refused", Phone(hub).ask("/generate_204", "www.google.com", method="POST", body="").status == 405)


def no_dead_end(tap, hub):
    phone = Phone(hub)
    for host, path in (("example.com", "/"), ("example.com", "/news?id=1"), ("www.google.com", "/search?q=help"), ("neverssl.com", "/online/"), ("example.com:8080", "/form/1"),
                       ("connectivity-check.ubuntu.com", "/"), ("hub", "/")):
        tap.ok(f"whoever types http://{host}{path} comes to our first page", is_led(hub, phone.ask(path, host)) and is_led(hub, phone.ask(path, host, method="HEAD")))
    for name in ("evil.com/x.local", "evil.com#x.local", "me@x.local", "x.local:evil", "localhost:99999", "a%0d%0aSet-Cookie:x=1.local", "[evil.com]", "\"x.local"):
        page = phone.ask("/generate_204", name)
        tap.ok(f"nothing of the name {name} stands in the answer", is_led(hub, page) and "evil" not in str(page.headers) and not page.headers["Set-Cookie"], str(page.headers))
    page = phone.ask("/hotspot-detect.html", "captive.apple.com", more={"X-Forwarded-Host": "evil.com", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.com"})
    tap.ok("nor of names that proxies pass on", is_led(hub, page))
    page = phone.ask("/connect/stay", method="POST", body="l=lg%0d%0aSet-Cookie:%20a=b")
    tap.ok("nor of a language that is none", page.status == 303 and page.headers["Location"] == "/connect/stayed" and not page.headers["Set-Cookie"], str(page.headers))
    tap.ok("a wrong address of our own says so", phone.ask("/nowhere").status == 404)
    tap.ok("over https nobody is led away", hub.phone().get("/connect").status == 200)


def small_windows(tap, hub):
    for name, agent in (("Android's", WEBVIEW), ("Apple's", APPLE_WINDOW)):
        phone = Phone(hub, agent)
        there = f"http://localhost:{hub.http}/connect/browser"
        welcome, form = phone.ask("/"), phone.ask("/form/1")
        tap.ok(f"in {name} small window no link leads to a certificate that it refuses without a word",
               not [link for link in welcome.links if link.startswith("https:")] and there in [link.split("#")[0] for link in welcome.links] and form.status == 302 and form.headers["Location"] == there,
               (welcome.links, form.headers["Location"]))
        page = phone.ask("/connect/browser")
        tap.ok("but to how to open the browser: the address in words, a code, a button, and a way on all the same",
               page.status == 200 and "Open your browser" in page.text and f".local:{hub.http}" in page.text and "/connect/form.svg" in page.body
               and [form.action for form in page.forms] == ["/connect/stay"] and f"https://localhost:{hub.https}/form/1" in page.links, page.text)
        page = phone.ask("/connect/stay", method="POST", body="l=lg")
        tap.ok("the button leads to what to do next, in the language that was chosen", page.status == 303 and page.headers["Location"] == "/connect/stayed?l=lg", str(page.headers))
        page = phone.ask(page.headers["Location"])
        tap.ok("and that page tells the address once more", page.status == 200 and f".local:{hub.http}" in page.text and not page.forms, page.text)
    for name, agent in (("Chrome", CHROME), ("Safari", SAFARI), ("Firefox", FIREFOX)):
        page = Phone(hub, agent).ask("/form/1")
        tap.ok(f"{name} goes on to the form itself", page.status == 302 and page.headers["Location"] == f"https://localhost:{hub.https}/form/1", str(page.headers))


def pages(tap, hub):
    phone = Phone(hub)
    page = phone.ask("/connect")
    shown = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", hub.https)))
    tap.ok("/connect tells the Wi-Fi, the address in words, and the certificate's fingerprint",
           "Blue; bird" in page.text and "maize\\42,\"x" in page.text and f".local:{hub.http}" in page.text and hashlib.sha256(shown).digest().hex(" ").upper() in page.text, page.text)
    for path in ("/connect", "/connect/poster", "/connect/browser"):
        page = phone.ask(path)
        told = [word for word in ("engabo", "Gulu", "Acholi", "rights", "report", "defender", "office") if word.lower() in (page.title + page.text).lower()]
        tap.ok(f"{path} tells nothing of what this place is", page.title == "Wi-Fi" and not told and "<script" not in page.body and "style=" not in page.body, (page.title, told))
    poster = phone.ask("/connect/poster")
    tap.ok("the poster has a sheet for each language that was chosen, in their order", re.findall(r'<article lang="(\w+)"', poster.body) == ["en", "lg"], poster.body)
    tap.ok("or the one that was asked for", re.findall(r'<article lang="(\w+)"', phone.ask("/connect/poster?l=lg").body) == ["lg"])
    for path in ("/connect/wifi.svg", "/connect/form.svg", "/connect/form.svg?l=lg"):
        code = phone.ask(path)
        tap.ok(f"{path} is a picture", code.status == 200 and code.headers["Content-Type"] == "image/svg+xml" and code.body.startswith("<svg ")
               and code.headers["Cache-Control"] == "no-store", str(code.headers))


def crowd(tap, hub):
    probe = ("/generate_204", "connectivitycheck.gstatic.com")
    first = Phone(hub, address="127.1.0.1")
    first.ask("/connect/stay", method="POST", body="")
    for number in range(600):
        last = Phone(hub, address=f"127.2.{number // 200}.{number % 200 + 1}")
        last.ask("/connect/stay", method="POST", body="")
    tap.ok("after six hundred phones the last is remembered, the first is offered the page again, and nothing else happens",
           last.ask(*probe).status == 204 and is_led(hub, first.ask(*probe)) and hub.phone().get("/healthz").body == "ok\n")


def secrecy(tap, hub):
    told = open(hub.log_path).read()
    tap.ok("the journal holds no address of a phone", not re.search(r"127\.\d+\.\d+\.\d+", told), told)
    kept = b"".join(open(os.path.join(hub.dir, name), "rb").read() for name in os.listdir(hub.dir) if name.startswith("intake.db"))
    tap.ok("nor does the card", b"127.3." not in kept and b"127.2." not in kept)


def public_name(tap, hub, top):
    """With a certificate that phones know, nothing has to be led around."""
    name = "form.example.org"
    certificate, key = os.path.join(top, "public.pem"), os.path.join(top, "public.key")
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", f"/CN={name}", "-addext",
       f"subjectAltName=DNS:{name}", "-keyout", key, "-out", certificate)
    hub.stop()
    hub.configure("captive = yes\n", f"captive = yes\nform = public\ncertificate = {certificate}\nkey = {key}\n").start("intake")
    there = f"https://{name}:{hub.https}"
    phone = Phone(hub)
    wait_for("the public certificate", lambda: there in phone.ask("/connect").text)
    page = phone.ask("/connect")
    tap.ok("with a public certificate, its name is the address in words, and there is no fingerprint to compare", there in page.text and "SHA-256" not in page.text, page.text)
    page = phone.ask("/", name)
    tap.ok("who comes by that name stays with it", page.status == 200 and f"{there}/form/1" in [link.split("#")[0] for link in page.links], page.links)
    page = Phone(hub, WEBVIEW).ask("/")
    tap.ok("and a phone's small window goes on to the form", f"{there}/form/1" in [link.split("#")[0] for link in page.links], page.links)
    tap.ok("other names are led here as before", is_led(hub, phone.ask("/", "evil.example.org")))


def turned_off(tap, hub):
    hub.stop()
    hub.configure("form = public\n", "form = https\n")
    hub.configure("captive = yes", "captive = no").configure("[wifi]\nname = Blue; bird\npassword = maize\\42,\"x\n", "").start("intake")
    phone = Phone(hub)
    for host, path, agent, _, _ in CLOSING + STAYING:
        tap.ok(f"turned off, http://{host}{path} is not there", phone.ask(path, host, agent).status == 404)
    tap.ok("and other names are not led here", phone.ask("/", "example.com").status == 200)
    page = phone.ask("/connect")
    tap.ok("where the Wi-Fi is not told, the page says to ask, and there is no code for it",
           "ask at the desk for the Wi-Fi" in page.text and "wifi.svg" not in page.body and phone.ask("/connect/wifi.svg").status == 404, page.text)
    hub.stop()
    hub.configure("languages = en lg", "languages = en xx")
    tap.refused("a language that there is not is named at the start", hub.run("serve", "--role", "intake", check=False), 78)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as top:
        hub = Hub(top, "Gulu", "GUL", "Acholi", "akello")
        hub.init()
        hub.configure("[intake]\n", "[wifi]\nname = Blue; bird\npassword = maize\\42,\"x\n[intake]\nlanguages = en lg\ncaptive = yes\n").start("intake")
        try:
            joining(tap, hub)
            no_dead_end(tap, hub)
            small_windows(tap, hub)
            pages(tap, hub)
            crowd(tap, hub)
            secrecy(tap, hub)
            public_name(tap, hub, top)
            turned_off(tap, hub)
        finally:
            hub.stop()
    tap.done()


main()
