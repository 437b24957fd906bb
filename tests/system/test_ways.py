#!/usr/bin/python3
"""The ways by which people reach the form, as a coordinator chooses them on /settings: what a phone sees changes without a restart, a workshop closes by
itself, certificates are shown, renewed and warned about."""
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse

from coalition import Browser, Hub, Tap, receipt, sh, wait_for, write

tap = Tap()
DOMAIN = "form.example.org"


def boot_ms():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1000)


def put_workshop(hub, opened, until, boot=None):
    """As the office writes it, for moments that a test does not wait for: relative to now, in milliseconds."""
    with open("/proc/sys/kernel/random/boot_id") as f:
        boot = boot or f.read().strip().replace("-", "")
    write(os.path.join(hub.dir, "run/workshop"), f"{boot} {boot_ms() + opened} {boot_ms() + until}\n")


def leads(hub, headers=()):
    """Where a phone that asks for the form over plain http is led; None: it gets the form."""
    out = sh("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", *headers, f"http://localhost:{hub.http}/form/1").decode()
    code, _, url = out.partition(" ")
    return None if code in ("200", "203") else url  # 203: a form over plain http, which no browser keeps


def shown(hub, name):
    """The certificate that https shows to who asks for this name, as openssl's words."""
    pem = subprocess.run(["openssl", "s_client", "-connect", f"localhost:{hub.https}", *(["-servername", name] if name else ["-noservername"])],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
    return sh("openssl", "x509", "-noout", "-subject", "-serial", "-ext", "subjectAltName", input=pem.encode()).decode()


def public_certificate(folder, days, name=DOMAIN, keep_key=False):
    """One as a public authority would issue it; its files are replaced whole."""
    certificate, key = os.path.join(folder, "public.crt"), os.path.join(folder, "public.key")
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-addext",
       f"subjectAltName=DNS:{name}", "-days", str(days), "-keyout", key + ".new", "-out", certificate + ".new")
    if not keep_key:
        os.rename(key + ".new", key)
    os.rename(certificate + ".new", certificate)
    return certificate, key


def wakes(hub):
    """How often the thread that looks after settings and certificates has slept."""
    pid = hub.role_pid("intake")
    with open(f"/proc/{pid}/task/{pid}/status") as f:
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M).group(1))


def test_rest(hub):
    before = wakes(hub)
    time.sleep(3)
    tap.ok("while nothing changes nobody wakes to look", wakes(hub) == before, wakes(hub) - before)


def choose(hub, laptop, form, **more):
    return laptop.send(laptop.get("/settings"), "/settings", form=form, **more)


def test_the_first_day(hub, laptop):
    page = laptop.get("/settings")
    tap.ok("a fresh hub works, and its settings say that a safe way must be chosen", "No safe way to the form is chosen yet" in page.text, page.text)
    tap.ok("each way is told with what it protects against and what not",
           page.text.count("Protects against") == 4 and page.text.count("Does not protect against") == 4, page.text)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("so does engabo doctor", re.search(r"^WRONG +form +.*/settings", doctor, re.M), doctor)
    phone = Browser(f"http://localhost:{hub.http}")
    tap.ok("a phone is led to https, and told beforehand that it will warn, and to ask at the desk",
           leads(hub).startswith(f"https://localhost:{hub.https}/form/1") and "ask at the desk" in phone.get("/").text, phone.get("/").text)
    tap.ok("no public certificate can be chosen before there is one",
           (page := choose(hub, laptop, "public")).status == 400 and "There is no public certificate yet" in page.text, page.text)
    tap.ok("a name that is no name is told, and what was typed stays",
           (page := choose(hub, laptop, "https", name="x" * 70)).status == 400 and "x" * 70 in page.body, page.text)
    tap.ok("what would be a second setting is refused", choose(hub, laptop, "https", name="a ; b").status == 400)
    tap.ok("so is a name that reads otherwise than it is", choose(hub, laptop, "https", name="\u202eecffo").status == 400)


def settings_conf(hub):
    with open(os.path.join(hub.dir, "settings.conf")) as f:
        return f.read()


def test_two_coordinators(hub, laptop):
    """And one whose session ends while they type."""
    other = hub.sign_in()
    page = laptop.get("/settings")
    first = dict(page.form("/settings").fields)
    choose(hub, other, "https", phone="0800 111")
    page = laptop.send(page, "/settings", name="The red house")
    tap.ok("who saves what another coordinator changed meanwhile is told, with what it is now, and nothing is saved",
           page.status in (200, 400) and "Somebody changed the settings after you opened this page" in page.text and "phone 0800 111" in page.text
           and "The red house" in page.body and "red" not in settings_conf(hub), page.text)
    page = laptop.send(page, "/settings", phone="0800 111")
    tap.ok("saved again it counts", "The settings are saved" in page.text and "The red house" in settings_conf(hub), page.text)
    tap.ok("only what differs from the administrator's file is written", "phone" in settings_conf(hub) and "languages" not in settings_conf(hub)
           and "form" not in settings_conf(hub), settings_conf(hub))
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("the doctor tells what the page decides", re.search(r"^ok +settings +the page /settings, not engabo.conf, decides these of \[intake\]: name, phone$", doctor, re.M), doctor)
    for path, fields, seen in (("/settings", {"name": "The typed house"}, "The typed house"), ("/settings/workshop", {"hours": "7", "what": "open"}, 'value="7"')):
        page = other.get("/settings")
        other.send(page, "/logout")
        form = other.send(page, path, **fields)
        tap.ok(f"a session that ended while somebody typed on {path} leads to the sign-in", "/login" in form.url, form.url)
        back = other.send(form, "/login", name=hub.user, passphrase=hub.passphrase)
        tap.ok("and after it what was typed is there again, and not saved", "You were signed out before this was saved" in back.text and seen in back.body
               and "typed" not in settings_conf(hub) and not os.path.exists(os.path.join(hub.dir, "run/workshop")), back.text)
    choose(hub, laptop, "https", name=first["name"], phone=first["phone"])
    tap.ok("what is set back is the administrator's again", " = " not in settings_conf(hub), settings_conf(hub))


def test_broken_settings(hub, laptop):
    """Every role can write settings.conf; none may be stopped by it."""
    for text, why in (("[intake]\nform = wrong\n", r"settings.conf:2: form must be"), ("[intake]\nlanguages = en xx\n", r'settings.conf: .*no language "xx"')):
        write(os.path.join(hub.dir, "settings.conf"), text)
        hub.stop()
        hub.start()
        laptop = hub.sign_in()
        phone = Browser(f"http://localhost:{hub.http}").get("/")
        tap.ok("a broken settings.conf stops no role; what holds without it counts", phone.status == 200 and "Kiswahili" in phone.text
               and leads(hub).startswith("https://"), phone.text)
        doctor = hub.run("doctor", check=False).stdout
        tap.ok("the doctor names the mistake", re.search(r"^WRONG +settings +\S*" + why, doctor, re.M), doctor)
        if "form" in why:  # which languages there are is nothing that status knows
            tap.ok("so does the status", re.search(r"^WARNING +what was set on the page /settings does not count: \S*" + why, hub.run("status").stdout, re.M))
        page = laptop.get("/settings")
        tap.ok("so does the page", "cannot be believed, so it does not count" in page.text and re.search(why, page.text), page.text)
        page = choose(hub, laptop, "https")
        tap.ok("and saving it mends it", "The settings are saved" in page.text and "cannot be believed" not in page.text
               and not re.search(r"^WRONG +settings", hub.run("doctor", check=False).stdout, re.M), page.text)
    return laptop


def test_who_may(hub, laptop):
    done = hub.run("user", "add", "okot", "--role", "officer", "--as", hub.user, "--passphrase-file", "-", input=hub.passphrase + "\n")
    words = re.search(r"\b(?:[a-z]+ ){6}[a-z]+\b", done.stdout.split("words")[-1]).group(0)
    officer = hub.laptop()
    officer.send(officer.get("/login"), "/login", name="okot", passphrase=words)
    tap.ok("an officer neither sees nor changes the settings",
           officer.get("/settings").status == 403 and officer.post("/settings", {"form": "counter"}).status == 403
           and officer.post("/settings/workshop", {"hours": "4"}).status == 403 and "Settings" not in officer.get("/").text)
    tap.ok("nobody who is not signed in does", "/login" in hub.laptop().get("/settings").url)


def test_counter(hub, laptop):
    page = choose(hub, laptop, "counter", name="The blue house", language=["en", "lg"])
    tap.ok("the counter is chosen on the page", page.status == 200 and "The settings are saved" in page.text, page.text)
    wait_for("intake to see it", lambda: leads(hub) == f"http://localhost:{hub.http}/")
    phone = Browser(f"http://localhost:{hub.http}").get("/")
    tap.ok("a phone is told of the device at the desk instead of a form that warns, without a restart",
           "Ask at the desk" in phone.text and "/form/" not in phone.body and "The blue house" in phone.text, phone.text)
    identity = os.path.join(hub.dir, "..", "identity")
    hub.with_passphrase("recover", "-o", identity)
    hub.run("sync")
    log = ("git", "-C", os.path.join(hub.dir, "log.git"))
    rows = [row.split() for row in sh(*log, "rev-list", "--objects", f"log/{hub.log}/1").decode().splitlines()]
    trail = b"".join(sh("age", "-d", "-i", identity, input=sh(*log, "cat-file", "blob", row[0])) for row in rows if row[1:] and row[1].startswith("o-"))
    tap.ok("who changed what is in the audit trail",
           b'"what":"changed the settings"' in trail and b"form counter, name The blue house, languages en lg" in trail, trail)
    tap.ok("the languages are those that were chosen", "Kiswahili" not in phone.text and "Luganda" in phone.text, phone.text)
    sheet = os.path.join(hub.dir, "ca.crt")
    for host in ("localhost", "127.0.0.1", "[::1]"):
        out = sh("curl", "-sS", "--cacert", sheet, "-o", "/dev/null", "-w", "%{http_code}", f"https://{host}:{hub.https}/form/1").decode()
        tap.ok(f"the device at the desk, which trusts the hub's authority, gets the form at {host} without a warning", out == "200", out)
    name = socket.gethostname().split(".")[0].lower() + ".local"
    out = sh("curl", "-sS", "--cacert", sheet, "--resolve", f"{name}:{hub.https}:127.0.0.1", f"https://{name}:{hub.https}/healthz").decode()
    tap.ok("and by the hub's name", out == "ok\n", out)
    out = sh("curl", "-sS", "--cacert", sheet, f"https://127.0.0.1:{hub.office}/healthz").decode()
    tap.ok("the office's pages, too", out == "ok\n", out)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("the doctor is content", re.search(r"^ok +form ", doctor, re.M) and re.search(r"^ok +ca.crt +valid until 2049-12-31, \d+ days left", doctor, re.M), doctor)


def test_workshop(hub, laptop):
    page = laptop.send(laptop.get("/settings"), "/settings/workshop", hours="99", what="open")
    tap.ok("a workshop is for hours, not for days", page.status == 400 and "from 1 to 12" in page.text, page.text)
    page = laptop.send(laptop.get("/settings"), "/settings/workshop", hours="2", what="open")
    tap.ok("staff open a workshop", "A workshop is open until" in page.text, page.text)
    wait_for("intake to open it", lambda: leads(hub) is None)
    phone = Browser(f"http://localhost:{hub.http}")
    form = phone.get("/form/1")
    tap.ok("then a phone gets the form over plain http, and no warning is announced", form.url.startswith("http://") and "may now warn" not in phone.get("/").text)
    names = {name for name, _ in form.form("/form/send").fields}
    tap.ok("and the form asks for no names", not names & {"who", "contact", "name", "phone"} and "what" in names, names)
    done = phone.send(form, "/form/send", what="The meeting was broken up")
    tap.ok("what is sent gets its receipt there", done.url.startswith("http://") and receipt(done), done.text)
    late = phone.get("/form/1")
    put_workshop(hub, -1000, 1500)
    wait_for("it to close by itself", lambda: leads(hub) is not None)
    tap.ok("it closes by itself", "A workshop is open until" not in laptop.get("/settings").text)
    done = phone.send(late, "/form/send", what="I was still writing when it closed")
    tap.ok("who was still writing can send", receipt(done), done.text)
    tap.ok("but nobody begins anew", leads(hub) is not None)
    laptop.send(laptop.get("/settings"), "/settings/workshop", hours="1", what="open")
    wait_for("it to be open again", lambda: leads(hub) is None)
    laptop.send(laptop.get("/settings"), "/settings/workshop", what="close")
    wait_for("staff to have closed it", lambda: leads(hub) is not None)
    tap.ok("staff close it before its time")
    put_workshop(hub, -60000, 3600000, boot="0" * 32)
    hub.stop()
    hub.configure("[office]", "[wifi]\ninterface = none0\n[office]").start()
    laptop = hub.sign_in()
    tap.ok("one from before a restart of the machine is gone", not os.path.exists(os.path.join(hub.dir, "run/workshop")) and leads(hub) is not None)
    laptop.send(laptop.get("/settings"), "/settings/workshop", hours="1", what="open")
    time.sleep(2)
    tap.ok("where the Wi-Fi's device is named, who comes by another way gets no plain form", leads(hub) is not None)
    hub.stop()
    hub.configure("interface = none0", "interface = lo").start()
    wait_for("who comes by it to get the form", lambda: leads(hub) is None)
    tap.ok("and who comes by it does, also when intake was restarted meanwhile")
    laptop = hub.sign_in()
    laptop.send(laptop.get("/settings"), "/settings/workshop", what="close")
    return laptop


def test_broken_public(hub, laptop, folder, certificate, key):
    """A public certificate that cannot be shown: said where it is chosen; people are never led to a warning instead."""
    def refused():
        page = choose(hub, laptop, "public")
        return page.status == 400 and page.text

    os.chmod(key, 0)
    if os.geteuid():  # root reads everything
        tap.ok("a key that cannot be read is told where the way is chosen", "The key of the public certificate cannot be read" in refused())
    os.rename(key, key + ".away")
    tap.ok("a key that is missing is told where the way is chosen", "The key of the public certificate cannot be read" in refused())
    shutil.copy(os.path.join(hub.dir, "keys/tls-office"), key)
    tap.ok("one of another certificate, too", "belong together" in refused())
    os.rename(key + ".away", key)
    os.chmod(key, 0o600)
    public_certificate(folder, 90, name="*.example.org")
    tap.ok("and a wildcard alone", "a wildcard alone does not do" in refused())
    public_certificate(folder, 90)
    choose(hub, laptop, "public")
    wait_for("phones to be led to the domain", lambda: leads(hub) == f"https://{DOMAIN}:{hub.https}/form/1")
    os.rename(key, key + ".away")
    hub.stop()
    hub.start()
    laptop = hub.sign_in()
    phone = Browser(f"http://localhost:{hub.http}").get("/")
    tap.ok("when it breaks later, people are told to ask at the desk, not led to a warning",
           leads(hub) == f"http://localhost:{hub.http}/" and "Ask at the desk" in phone.text and "may now warn" not in phone.text, phone.text)
    settings = laptop.get("/settings").text
    tap.ok("the settings and Today warn", "The public certificate cannot be shown to phones" in settings
           and "The public certificate : The key of the public certificate cannot be read" in laptop.get("/").text, laptop.get("/").text)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("so does the doctor", re.search(r"^WRONG +form +The key of the public certificate cannot be read", doctor, re.M), doctor)
    tap.ok("other settings can still be saved", "The settings are saved" in laptop.send(laptop.get("/settings"), "/settings", phone="0800 222").text)
    os.rename(key + ".away", key)
    wait_for("it to be shown when it is whole again", lambda: leads(hub) == f"https://{DOMAIN}:{hub.https}/form/1")
    return laptop


def test_public(hub, laptop, folder):
    certificate, key = public_certificate(folder, 90)
    hub.stop()
    hub.configure("[office]", f"[intake]\ncertificate = {certificate}\nkey = {key}\n[office]").start()
    laptop = test_broken_public(hub, hub.sign_in(), folder, certificate, key)
    where = f"https://{DOMAIN}:{hub.https}/form/1"
    wait_for("phones to be led to the domain", lambda: leads(hub) == where)
    phone = Browser(f"http://localhost:{hub.http}").get("/")
    tap.ok("phones are led to the certificate's name, and no warning is announced", where in phone.body and "may now warn" not in phone.text, phone.text)
    resolve = ("--resolve", f"{DOMAIN}:{hub.https}:127.0.0.1")
    out = sh("curl", "-sS", "--cacert", certificate, *resolve, f"https://{DOMAIN}:{hub.https}/healthz").decode()
    tap.ok("a phone that knows the public authority gets no warning", out == "ok\n", out)
    out = sh("curl", "-sS", "--cacert", os.path.join(hub.dir, "ca.crt"), f"https://127.0.0.1:{hub.https}/healthz").decode()
    tap.ok("staff still reach the hub by its own names", out == "ok\n", out)

    context = ssl.create_default_context(cafile=certificate)
    kept = context.wrap_socket(socket.create_connection(("127.0.0.1", hub.https)), server_hostname=DOMAIN)
    before = shown(hub, DOMAIN)
    pid = hub.role_pid("intake")
    public_certificate(folder, 20)
    wait_for("the renewed certificate to be shown", lambda: shown(hub, DOMAIN) != before)
    kept.sendall(f"GET /healthz HTTP/1.1\r\nHost: {DOMAIN}\r\n\r\n".encode())
    tap.ok("a certificate that was renewed on the card is shown without a restart, and connections stay",
           kept.recv(100).startswith(b"HTTP/1.1 200") and hub.role_pid("intake") == pid)
    for turn in ("first", "second"):
        before = shown(hub, DOMAIN)
        archive = os.path.join(folder, turn)
        os.mkdir(archive)
        for path in public_certificate(archive, 20):
            os.symlink(os.path.relpath(path, folder), path + ".link")
            os.rename(path + ".link", os.path.join(folder, os.path.basename(path)))
        wait_for("a certificate behind a link to be shown", lambda: shown(hub, DOMAIN) != before)
    tap.ok("so are those that are links to files elsewhere, as certbot keeps them")
    before = shown(hub, DOMAIN)
    for path in (certificate, key):
        os.unlink(path)
    public_certificate(folder, 20)
    wait_for("files that are no links any more", lambda: shown(hub, DOMAIN) != before)
    before = shown(hub, DOMAIN)
    public_certificate(folder, 40, keep_key=True)
    time.sleep(2.5)
    tap.ok("one that does not belong to its key is not", shown(hub, DOMAIN) == before, shown(hub, DOMAIN))

    public_certificate(folder, 20)
    tap.ok("20 days before its end, today and the settings warn coordinators",
           re.search(r"The public certificate ?: ?(19|20) days left", laptop.get("/").text) and "days left" in laptop.get("/settings").text, laptop.get("/").text)
    out = hub.run("status").stdout
    tap.ok("so does engabo status", re.search(r"^WARNING +the certificate public is valid until \S+, (19|20) days left", out, re.M), out)
    rows = {row["name"]: row for row in hub.status()["certificates"]}
    tap.ok("also for programs", rows["public"]["is_soon"] and not rows["ca"]["is_soon"] and rows["intake"]["days"] > 8000, rows)
    template = write(os.path.join(folder, "over.cfg"),
                     f'cn = {DOMAIN}\ndns_name = {DOMAIN}\nactivation_date = "2019-01-01 00:00:00"\nexpiration_date = "2020-01-01 00:00:00"\n')
    sh("certtool", "--generate-self-signed", "--load-privkey", key, "--template", template, "--outfile", certificate + ".new")
    os.rename(certificate + ".new", certificate)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("one that is over is wrong by the doctor, the status and the page",
           re.search(r"^WRONG +public.crt +was valid until", doctor, re.M) and "is over since" in hub.run("status").stdout
           and "It is over: phones refuse it" in laptop.get("/").text, doctor)
    os.unlink(certificate)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("one that is missing, too", re.search(r"^WRONG +public.crt +.*public.crt", doctor, re.M), doctor)
    return laptop


def fingerprint(path):
    return sh("openssl", "x509", "-in", path, "-noout", "-fingerprint", "-sha256").decode().strip().split("=")[1].replace(":", " ")


def test_foreign(hub, laptop, name, words):
    """A broken-in role puts a certificate of its own in the place of one of this hub's."""
    path = os.path.join(hub.dir, name + ".crt")
    with open(path) as f:
        ours = f.read()
    folder = tempfile.mkdtemp(dir=os.path.dirname(hub.dir))
    write(path, open(public_certificate(folder, 9000, "localhost")[0]).read())
    told = re.compile(words + r"[^:]*: ?This is not what this hub made: somebody may have broken in")
    settings = laptop.get("/settings").text
    tap.ok(f"a foreign {name}.crt: Today warns coordinators, and the settings", told.search(laptop.get("/").text)
           and "This is not what this hub made" in settings, settings)
    tap.ok("its fingerprint is not shown as this hub's", fingerprint(path) not in settings)
    doctor = hub.run("doctor", check=False).stdout
    tap.ok("so does the doctor, even while locked", re.search(r"^WRONG +office.crt +ca.crt did not sign it", doctor, re.M), doctor)
    check = hub.run("check", "--as", hub.user, "--passphrase-file", "-", input=hub.passphrase + "\n", check=False)
    tap.ok("the check tells which it is", re.findall(r"^BAD +(\S+)", check.stdout, re.M) == [name + ".crt"], check)
    write(path, ours)


def test_staff(hub, laptop):
    phone = Browser(f"http://localhost:{hub.http}")
    page = phone.get("/connect/staff")
    seen = fingerprint(os.path.join(hub.dir, "ca.crt"))
    tap.ok("/connect/staff tells the authority's fingerprint", seen in page.text, page.text)
    tap.ok("the same that a coordinator sees on the settings page", seen in laptop.get("/settings").text)
    tap.ok("its title tells nothing", page.title == "Wi-Fi", page.title)
    tick = re.search(r'<img src="(https://[^"]+/tick.svg)"', page.body).group(1)
    origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(tick))
    tap.ok("its tick comes over https, from the one other place that the page's policy allows", f"img-src 'self' data: {origin};" in page.headers["Content-Security-Policy"], page.headers)
    given = sh("curl", "-sS", f"http://localhost:{hub.http}/connect/staff/ca.crt")
    authority = write(os.path.join(hub.dir, "..", "given.crt"), given.decode())
    tap.ok("a device that installs what it gets there sees the tick",
           sh("curl", "-sS", "--cacert", authority, tick).startswith(b"<svg"))
    tap.ok("one that does not, does not", subprocess.run(["curl", "-sS", tick], capture_output=True).returncode == 60)
    tap.ok("over https the page leads to http, where a tick tells the truth", hub.phone().get("/connect/staff").url.startswith("http://"))
    out = sh("openssl", "x509", "-in", authority, "-noout", "-text").decode()
    tap.ok("what is installed is confined", "Name Constraints: critical" in out and "pathlen:0" in out, out)
    tap.ok("its key lies nowhere in the open", "PRIVATE" not in given.decode()
           and not [name for name in os.listdir(os.path.join(hub.dir, "keys")) if "ca" in name])
    check = hub.run("check", "--as", hub.user, "--passphrase-file", "-", input=hub.passphrase + "\n", check=False)
    tap.ok("the check, which opens the vault, finds the certificates as this hub made them",
           check.returncode == 0 and all(re.search(rf"^ok +{name}.crt +as this hub made it", check.stdout, re.M) for name in ("ca", "intake", "office")), check)
    test_foreign(hub, laptop, "office", "The office’s pages")
    test_foreign(hub, laptop, "ca", "This hub’s certificate authority")
    os.rename(os.path.join(hub.dir, "ca.crt"), os.path.join(hub.dir, "ca.away"))
    tap.ok("a hub without an authority says so", phone.get("/connect/staff").status == 404 and phone.get("/connect/staff/ca.crt").status == 404)
    doctor, check = hub.run("doctor", check=False).stdout, hub.run("check", "--as", hub.user, "--passphrase-file", "-", input=hub.passphrase + "\n", check=False)
    tap.ok("and the doctor finds nothing wrong, but the check, which opens the vault, knows that there was one",
           "ca.crt" not in doctor and re.search(r"^BAD +ca.crt +It cannot be read", check.stdout, re.M), (doctor, check))
    tap.ok("so do Today and the settings", all("It cannot be read, though this hub made one" in laptop.get(path).text for path in ("/", "/settings")))


def main():
    top = tempfile.mkdtemp(prefix="engabo-")
    hub = Hub(top, "Gulu", "GUL", "Acholi", "akello").init().start()
    try:
        laptop = hub.sign_in()
        test_the_first_day(hub, laptop)
        test_rest(hub)
        test_two_coordinators(hub, laptop)
        laptop = test_broken_settings(hub, laptop)
        test_who_may(hub, laptop)
        test_counter(hub, laptop)
        laptop = test_workshop(hub, laptop)
        laptop = test_public(hub, laptop, top)
        test_staff(hub, laptop)
        tap.done()
    finally:
        hub.stop()
        shutil.rmtree(top, ignore_errors=True)


main()
