"""A small coalition on this machine, for system tests and `make run`: headquarters, hubs, a bare relay; real processes, real git.

Hub runs the program as people do (init, serve, commands); Browser is a phone or a laptop without script: it follows redirects, keeps cookies, finds
forms by their address and fills them in."""
import fcntl
import hashlib
import http.cookiejar
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(os.environ.get("ENGABO", os.path.join(ROOT, "build/engabo")))


def free_ports(count):
    """Ports that nobody listens on, kept from other tests until this process ends: below those that the kernel gives to whoever connects."""
    folder = os.path.join(tempfile.gettempdir(), "engabo-ports")
    os.makedirs(folder, exist_ok=True)
    ports = []
    while len(ports) < count:
        port = random.randrange(12000, 32000)
        mark = os.open(os.path.join(folder, str(port)), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("0.0.0.0", port))
        except OSError:
            os.close(mark)
            continue
        ports.append(port)  # the mark stays open
    return ports


def wait_for(what, check, seconds=30):
    """Polls until check() is true; a generous end for what never comes, not a measurement."""
    end = time.monotonic() + seconds
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.1)


def sh(*words, input=None, check=True, **more):
    """The standard output, in bytes, of a stock tool; unless check=False, it must succeed."""
    done = subprocess.run(words, input=input, capture_output=True, **more)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    return path


def digest(folder):
    """Of all names, modes and bytes below it, but for run/ (sockets and locks) and SQLite's shared memory, which says nothing."""
    whole = hashlib.sha256()
    for top, folders, names in sorted(os.walk(folder)):
        folders[:] = sorted(name for name in folders if (top, name) != (folder, "run"))
        for name in sorted(names):
            path = os.path.join(top, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode) and not name.endswith("-shm"):
                with open(path, "rb") as f:
                    whole.update(f"{path} {mode}\n".encode() + hashlib.sha256(f.read()).digest())
    return whole.hexdigest()


def own_mounts():
    """Starts this program again in a mount namespace of its own, where it may mount (as root also what lies in an image); skips the whole test where that is not
    allowed."""
    if "ENGABO_TEST_MOUNTS" in os.environ:
        return
    for words in ("unshare", "-m"), ("unshare", "-rm"):
        probe = subprocess.run([*words, "true"], capture_output=True, text=True)
        if not probe.returncode:
            os.environ["ENGABO_TEST_MOUNTS"] = "1"
            os.execvp("unshare", [*words, sys.executable, *sys.argv])
    print("1..0 # SKIP no mount namespace here: " + " ".join(probe.stderr.split()))
    sys.exit(0)


def small_disk(top, size):
    """An empty disk of that size (as mount says it: 160m) in place of the folder; see own_mounts."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", top], check=True)


def fill(top, leave):
    """A file `filler` that leaves so many bytes of the disk free."""
    info = os.statvfs(top)
    with open(os.path.join(top, "filler"), "wb") as f:
        os.posix_fallocate(f.fileno(), 0, info.f_bavail * info.f_frsize - leave)


def receipt(page):
    """The code in five fours on a receipt's page."""
    return re.search(r"\d{4} \d{4} \d{4} \d{4} \d{4}", page.text).group(0)


class Form:
    def __init__(self, action, method):
        self.action, self.method, self.fields, self.choices, self.buttons = action, method, [], {}, []

    def filled(self, answers):
        """The fields as a browser would send them, with `answers` (name: text, or list of texts) put in."""
        sent = [(name, value) for name, value in self.fields if name not in answers]
        for name, value in answers.items():
            sent += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return sent


class Page(HTMLParser):
    def __init__(self, status, url, headers, body):
        super().__init__()
        self.status, self.url, self.headers, self.body = status, url, headers, body
        self.forms, self.links, self.title, self.words = [], [], "", []
        self._form = self._select = self._area = None
        self._in_title = False
        if headers.get("Content-Type", "").startswith("text/html"):
            self.feed(body)
        self.text = re.sub(r"\s+", " ", " ".join(self.words))

    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        name = a.get("name")
        if tag == "option" and self._select is not None:
            if self._select[1] is None or "selected" in a:
                self._select[1] = a.get("value") or ""
        elif tag == "form":
            self._form = Form(a.get("action", ""), a.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "a" and a.get("href"):
            self.links.append(a["href"])
        elif tag == "title":
            self._in_title = True
        elif not self._form or not name:
            return
        elif tag == "input":
            kind, value = a.get("type", "text"), a.get("value") or ""
            if kind in ("radio", "checkbox"):
                self._form.choices.setdefault(name, []).append(value)
                if "checked" in a:
                    self._form.fields.append((name, value))
            elif kind not in ("submit", "button"):
                self._form.fields.append((name, value))
        elif tag == "button":
            self._form.buttons.append((name, a.get("value") or ""))
        elif tag == "select":
            self._select = [name, None]
        elif tag == "textarea":
            self._area = [name, ""]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "title":
            self._in_title = False
        elif tag == "select" and self._select and self._form:
            if self._select[1] is not None:
                self._form.fields.append(tuple(self._select))
            self._select = None
        elif tag == "textarea" and self._area and self._form:
            value = self._area[1]
            self._form.fields.append((self._area[0], value[1:] if value.startswith("\n") else value))
            self._area = None

    def handle_data(self, data):
        if self._in_title:
            self.title += data
        if self._area:
            self._area[1] += data
        self.words.append(data)

    def form(self, action):
        """The form with this address, else one whose address holds it; with several, the last."""
        found = [f for f in self.forms if f.action == action] or [f for f in self.forms if action in f.action]
        if not found:
            raise AssertionError(f"no form {action!r} at {self.url} ({self.status}): {[f.action for f in self.forms]}\n{self.text[:800]}")
        return found[-1]


class Browser:
    def __init__(self, base):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.base, self.jar = base, http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=context), urllib.request.HTTPCookieProcessor(self.jar), urllib.request.ProxyHandler({}))

    def _open(self, path, data=None, headers=()):
        request = urllib.request.Request(urllib.parse.urljoin(self.base, path), data)
        for name, value in headers:
            request.add_header(name, value)
        try:
            answer = self.opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            answer = error
        body = answer.read().decode()
        return Page(answer.getcode(), answer.geturl(), answer.headers, body)

    def get(self, path="/"):
        return self._open(path)

    def post(self, path, fields, headers=()):
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(self.base))
        headers = dict({"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}, **dict(headers))
        return self._open(path, urllib.parse.urlencode(fields).encode(), headers.items())

    def send(self, page, action, **answers):
        """Fills in the form with that address on `page` and sends it."""
        form = page.form(action)
        return self.post(urllib.parse.urljoin(page.url, form.action), form.filled(answers))

    def upload(self, page, action, files, **answers):
        """The same with files: {"name of the field": [bytes, ...]}; fields first, as browsers send them in the form's order."""
        form, mark, body = page.form(action), "engabo-test-boundary", b""
        for name, value in form.filled(answers):
            if name not in files:
                body += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, contents in files.items():
            for content in contents:
                body += (f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="../../x\'.jpg"\r\n'
                         "Content-Type: image/jpeg\r\n\r\n").encode() + content + b"\r\n"
        origin = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(self.base))
        return self._open(urllib.parse.urljoin(page.url, form.action), body + f"--{mark}--\r\n".encode(),
                          {"Origin": origin, "Content-Type": f"multipart/form-data; boundary={mark}"}.items())

    def download(self, path):
        """(headers, bytes) of a file."""
        with self.opener.open(urllib.parse.urljoin(self.base, path), timeout=30) as answer:
            return answer.headers, answer.read()

    def report(self, **answers):
        """The public form, filled in and sent; the page that comes."""
        return self.send(self.get("/form/1"), "/form/send", **answers)


class Hub:
    def __init__(self, top, name, code, region, user, cheap=True, conf=""):
        self.dir, self.name, self.code, self.region, self.user = os.path.join(top, code.lower()), name, code, region, user
        self.sheet, self.process, self.passphrase = os.path.join(top, code.lower() + "-sheet.txt"), None, None
        self.http, self.https, self.office, self.sync_port = free_ports(4)
        self.log_path = os.path.join(top, code.lower() + ".log")
        self.environment = dict(os.environ)
        if cheap:
            self.environment["ENGABO_TEST_CHEAP_KEYS"] = "1"
        self.conf, self.sharing = conf, "full"

    def run(self, *words, input=None, check=True):
        """One command of the program against this hub; check=False hands back whatever came."""
        done = subprocess.run([PROGRAM, "--state", self.dir, *words], input=input, capture_output=True, text=True, env=self.environment, timeout=300)
        if check and done.returncode:
            raise AssertionError(f"engabo {' '.join(words)}: {done.returncode}: {done.stderr}{done.stdout}")
        return done

    def init_words(self, coalition=None):
        return ["init", "--name", self.name, "--code", self.code, "--region", self.region, "--user", self.user, "--sheet", self.sheet,
                *(["--headquarters", "--coalition", coalition, "--sharing", self.sharing] if coalition else [])]

    def init(self, coalition=None):
        done = self.run(*self.init_words(coalition))
        self.passphrase = re.search(r"^    ([a-z]+(?: [a-z]+){6})$", done.stdout, re.M).group(1)
        self.log = re.search(r"its log is ([0-9a-z]{16})", done.stdout).group(1)
        with open(os.path.join(self.dir, "engabo.conf"), "a") as f:
            f.write(f"\n[intake]\nhttp = {self.http}\nhttps = {self.https}\ntoken_seconds = 0\nphone = 0800 100 200\n"
                    f"[office]\nhttps = {self.office}\n[sync]\nhttps = {self.sync_port}\nannounce = no\n{self.conf}\n")
        return self

    def with_passphrase(self, *words, **more):
        return self.run(*words, "--as", self.user, "--passphrase-file", "-", input=self.passphrase + "\n", **more)

    def write(self, *records):
        """Records ({"entity", "set", "case", "key"}) as the office writes them, where no page does; answers their keys."""
        fd, secret = tempfile.mkstemp()
        os.write(fd, (self.passphrase + "\n").encode())
        os.close(fd)
        try:
            lines = "\n".join(json.dumps(record) for record in records)
            return sh(os.path.join(os.path.dirname(PROGRAM), "tests/system/write"), self.dir, self.user, secret, input=lines.encode(), env=self.environment).decode().split()
        finally:
            os.unlink(secret)

    def revoke(self, log):
        """Strikes a hub out of the roster, at its keeper, where no page or command does (yet)."""
        secret = write(self.dir + "-secret", self.passphrase + "\n")
        sh(os.path.join(os.path.dirname(PROGRAM), "tests/system/revoke"), self.dir, self.user, secret, log, env=self.environment)
        os.unlink(secret)

    def configure(self, old, new):
        """Changes its settings; they count from the next start."""
        path = os.path.join(self.dir, "engabo.conf")
        with open(path) as f:
            text = f.read()
        assert old in text, text
        write(path, text.replace(old, new))
        return self

    def start(self, role=None):
        """The whole hub, or one role alone."""
        ports = {"intake": self.https, "office": self.office, "sync": self.sync_port}
        self.output = open(self.log_path, "ab")
        self.process = subprocess.Popen([PROGRAM, "--state", self.dir, "serve", *(["--role", role] if role else [])],
                                        stdout=self.output, stderr=self.output, env=self.environment)
        for port in [ports[role]] if role else ports.values():
            wait_for(f"{self.code} on port {port} (see {self.log_path})", lambda p=port: self.healthy(p))
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def spool(self, role="intake"):
        """(kind, urgent) of every row that waits on the card, as a program that reads the file alone sees it."""
        with sqlite3.connect(f"file:{self.dir}/{role}.db?mode=ro", uri=True) as db:
            return db.execute("SELECT kind, urgent FROM spool ORDER BY id").fetchall()

    def saved(self):
        """Rows ever put into intake's spool; those that sync has taken leave when others come."""
        with sqlite3.connect(f"file:{self.dir}/intake.db?mode=ro", uri=True) as db:
            return (db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'spool'").fetchone() or [0])[0]

    def healthy(self, port):
        try:
            return Browser(f"https://localhost:{port}").get("/healthz").status in (200, 503)
        except (OSError, urllib.error.URLError):
            if self.process.poll() is not None:
                raise AssertionError(f"{self.code} ended with {self.process.returncode}: {open(self.log_path).read()[-2000:]}")
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(15)
        self.process = None

    def role_pid(self, role):
        """The process id of one role of the running hub."""
        out = subprocess.run(["pgrep", "-P", str(self.process.pid), "-f", "--", f"--role {role}"], capture_output=True, text=True).stdout.split()
        return int(out[0]) if out else None

    def phone(self):
        return Browser(f"https://localhost:{self.https}")

    def laptop(self):
        return Browser(f"https://localhost:{self.office}")

    def sign_in(self):
        """A laptop whose user has signed in (and so unlocked the hub)."""
        laptop = self.laptop()
        page = laptop.send(laptop.get("/login"), "/login", name=self.user, passphrase=self.passphrase)
        if "/login" in page.url or page.status != 200:
            raise AssertionError(f"{self.code}: could not sign in: {page.status} {page.text[:300]}")
        return laptop

    def sync(self):
        return json.loads(self.run("sync", "--json").stdout or "{}")

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def report(self, **answers):
        """Takes a report as the command does; answers the receipt's code."""
        out = self.run("report", "-", input=json.dumps(answers)).stdout
        return re.search(r"\d{4}(?: \d{4}){4}", out).group(0)


class Coalition:
    """Headquarters in Kampala and hubs in Gulu and Mbarara around one bare relay. Everything lies in `top` and goes with close()."""

    def __init__(self, cheap=True, top=None, conf=""):
        self.top = top or tempfile.mkdtemp(prefix="engabo-")
        self.relay = os.path.join(self.top, "relay.git")
        self.hq = Hub(self.top, "Kampala", "KLA", "Central", "namata", cheap, conf)
        self.gulu = Hub(self.top, "Gulu", "GUL", "Acholi", "akello", cheap, conf)
        self.mbarara = Hub(self.top, "Mbarara", "MBR", "Ankole", "tumwine", cheap, conf)
        self.hubs = [self.hq, self.gulu, self.mbarara]

    def make(self, hubs=None):
        subprocess.run(["git", "init", "-q", "--bare", self.relay], check=True)
        self.hq.init(coalition="Coalition for Defenders")
        self.hq.run("remote", "add", "relay", self.relay)
        self.hq.run("sync")
        invite = self.hq.run("invite").stdout
        for hub in hubs or self.hubs[1:]:
            hub.init()
            self.enrol(hub, invite)
        return self

    def enrol(self, hub, invite):
        """The whole of enrolment by its papers; the words are compared as people would."""
        request = os.path.join(self.top, hub.code + ".request")
        theirs = re.search(r"Six words: (.*)", hub.run("join", "-", "-o", request, input=invite).stderr).group(1)
        self.hq.with_passphrase("admit", request, "--words", theirs)
        self.hq.run("sync")
        hub.run("sync")

    def start(self):
        for hub in self.hubs:
            if os.path.exists(hub.dir):
                hub.start()
        return self

    def close(self, keep=False):
        for hub in self.hubs:
            hub.stop()
        if not keep:
            shutil.rmtree(self.top, ignore_errors=True)


class Tap:
    """Test Anything Protocol: one line a promise; the first that breaks ends the run with what was seen."""

    def __init__(self):
        self.count = 0

    def ok(self, promise, value=True, seen=""):
        self.count += 1
        print(f"{'ok' if value else 'not ok'} {self.count} - {promise}", flush=True)
        if not value:
            print("\n".join("# " + line for line in f"seen: {str(seen)[:2000]}".splitlines()), flush=True)
            self.done()
            sys.exit(1)
        return value

    def refused(self, promise, done, status, *said):
        """A command that ended with that status and one line that holds all of `said`, and printed nothing else."""
        lines = done.stderr.splitlines()
        return self.ok(f"{promise}: exit {status}, and one line that says so",
                       done.returncode == status and len(lines) == 1 and lines[0].startswith("engabo: ") and not done.stdout
                       and all(word in lines[0] for word in said), (done.returncode, done.stderr, done.stdout, said))

    def skip(self, promise, why):
        self.count += 1
        print(f"ok {self.count} - {promise} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.count}", flush=True)
