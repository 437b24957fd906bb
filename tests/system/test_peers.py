#!/usr/bin/python3
"""What one hub gives another directly: with a member's key stock curl and git read how far its logs are and fetch them, and can write nothing; whoever
has no such key learns that a hub is here, and nothing else. TAP."""
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from coalition import Coalition, Hub, Tap, sh, wait_for, write

tap = Tap()
coalition = Coalition()
coalition.make()
gulu, mbarara = coalition.gulu, coalition.mbarara
stranger = Hub(coalition.top, "Elsewhere", "ELS", "Nowhere", "nobody").init(coalition="Another coalition")
BASE = f"https://localhost:{gulu.sync_port}"
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": coalition.top, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}


def key_of(hub):
    return os.path.join(hub.dir, "keys/tls-sync")


def curl(path, hub=None, *more, method="GET"):
    """(status, headers in lower case, body) as stock curl gets it, with that hub's key or with none."""
    words = ["curl", "-s", "-k", "-i", "--max-time", "40", "-X", method, *(["--cert", key_of(hub), "--key", key_of(hub)] if hub else []), *more, BASE + path]
    out = sh(*words, check=False).decode(errors="replace")
    head, _, body = out.partition("\r\n\r\n")
    while head.startswith("HTTP/1.1 100"):
        head, _, body = body.partition("\r\n\r\n")
    lines = head.split("\r\n")
    return int(lines[0].split()[1]), {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}, body


def git(*words, hub=None, config=(), check=True, protocol=2):
    settings = [("http.sslVerify", "false"), ("protocol.version", str(protocol)), *config]
    if hub:
        settings += [("http.sslCert", key_of(hub)), ("http.sslKey", key_of(hub))]
    return subprocess.run(["git", *(part for name, value in settings for part in ("-c", f"{name}={value}")), *words], capture_output=True, text=True,
                          env=ENVIRONMENT, check=check)


def tips(hub):
    return curl("/tips", hub)[2]


def seq_of(text, log):
    found = re.search(rf"^log {log} 1 (\d+) [0-9a-f]{{40}}$", text, re.M)
    return int(found.group(1)) if found else 0


def refs_of(repository):
    return sh("git", "-C", repository, "for-each-ref", "--format=%(objectname) %(refname)").decode()


def unchanged(hub):
    """The answer to who has the current tips already; None when the log has just moved."""
    answer = curl("/tips", hub, "-H", "If-None-Match: " + curl("/tips", hub)[1]["etag"])
    return answer if answer[0] == 304 else None


def ask_to_wait(hub):
    """(thread, its answer once it has come, the tips that it knows) of who waits for news; None when they were there at once."""
    _, headers, text = curl("/tips", hub)
    answers = []
    words = ("-H", f"If-None-Match: {headers['etag']}", "-H", "Prefer: wait=25")
    waiter = threading.Thread(target=lambda: answers.append(curl("/tips", hub, *words)))
    waiter.start()
    time.sleep(1)
    return (waiter, answers, text) if waiter.is_alive() else None


try:
    gulu.start("sync")
    gulu.report(what="something that happened")
    wait_for("tips with the report in them", lambda: seq_of(tips(mbarara), gulu.log))

    # whoever is nobody
    tap.ok("a stranger is told that a hub is here", curl("/healthz")[::2] == (200, "ok\n"))
    for who, hub in (("without a key", None), ("with another coalition's key", stranger)):
        for method, path in (("GET", "/tips"), ("GET", "/log.git/info/refs?service=git-upload-pack"), ("POST", "/log.git/git-upload-pack"),
                             ("GET", "/log.git/HEAD"), ("GET", "/"), ("GET", "/nothing"), ("PUT", "/tips")):
            status, headers, body = curl(path, hub, method=method)
            tap.ok(f"{method} {path} {who} is forbidden, without a word", (status, body) == (403, "") and "etag" not in headers, (status, headers, body))
    tap.ok("git without a key fetches nothing", git("ls-remote", BASE + "/log.git", check=False).returncode != 0)

    # a member
    roster = sh("git", "-C", gulu.dir + "/log.git", "rev-parse", "refs/heads/roster").decode().strip()
    wait_for("the tip of the log in the tips", lambda: " " + sh("git", "-C", gulu.dir + "/log.git", "rev-parse", f"refs/heads/log/{gulu.log}/1").decode() in tips(mbarara))
    status, headers, text = curl("/tips", mbarara)
    tap.ok("a member is told what each log has reached", status == 200 and re.fullmatch(rf"engabo tips 1\nroster \d+ {roster}\n(log .*\n)+", text), text)
    status, headers, body = wait_for("no news between two questions", lambda: unchanged(mbarara))
    tap.ok("and who has that is sent nothing again", body == "" and headers["etag"], (status, headers))
    waiter, answers, text = wait_for("one that waits", lambda: ask_to_wait(mbarara))
    tap.ok("who asks to wait is kept waiting", waiter.is_alive())
    gulu.report(what="and something more")
    waiter.join()
    tap.ok("until there is something new", answers[0][0] == 200 and seq_of(answers[0][2], gulu.log) > seq_of(text, gulu.log), answers)

    # git
    copy = os.path.join(coalition.top, "copy.git")
    git("init", "-q", "--bare", copy)

    def copied():
        git("-C", copy, "fetch", "-q", BASE + "/log.git", "+refs/*:refs/*", hub=mbarara)
        return refs_of(copy) == refs_of(gulu.dir + "/log.git")

    wait_for("the same refs there and here", copied)
    tap.ok("stock git fetches all of it with a member's key", gulu.log in refs_of(copy))
    tap.ok("and what it got is whole", "signed" not in git("-C", copy, "fsck", "--strict").stderr)
    old = sh("git", "-C", copy, "rev-parse", f"refs/heads/log/{gulu.log}/1~1").decode().strip()
    piece = os.path.join(coalition.top, "piece.git")
    git("init", "-q", "--bare", piece)
    git("-C", piece, "fetch", "-q", "--depth=1", BASE + "/log.git", old, hub=mbarara)
    tap.ok("a commit that is no tip can be fetched alone", sh("git", "-C", piece, "cat-file", "-t", old).strip() == b"commit")
    refused = git("-C", copy, "push", BASE + "/log.git", f"{old}:refs/heads/log/{gulu.log}/2", hub=mbarara, check=False)
    tap.ok("nothing can be pushed", refused.returncode != 0 and f"{gulu.log}/2" not in refs_of(gulu.dir + "/log.git"), refused.stderr)
    for path in ("/log.git/info/refs?service=git-receive-pack", "/log.git/info/refs"):
        tap.ok(f"{path} is refused to members, too", curl(path, mbarara)[0] == 403)
    for path in ("/log.git/git-receive-pack", "/log.git/config", "/log.git/objects/info/packs", "/../trust.json", "/keys/sign"):
        status, _, body = curl(path, mbarara, "--path-as-is")
        tap.ok(f"{path} is not there for members, either", status in (400, 404) and not body, (status, body))
    request = ("-H", "Content-Type: application/x-git-upload-pack-request", "--data-binary")
    status, _, _ = curl("/log.git/git-upload-pack", mbarara, *request, "@" + write(os.path.join(coalition.top, "long"), "x" * 1200000), method="POST")
    tap.ok("a request that is too long is refused", status == 413, status)
    words = ["curl", "-s", "-k", "--cert", key_of(mbarara), *request, "zzzzz", BASE + "/log.git/git-upload-pack"]
    tap.ok("an answer in whose course git fails is broken off, so that nobody takes it for whole", subprocess.run(words, capture_output=True).returncode == 18)

    # many at once: each asks for all and reads nothing
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(key_of(mbarara))
    filler = os.path.join(coalition.top, "filler")
    git("init", "-q", filler)
    with open(os.path.join(filler, "noise"), "wb") as f:
        f.write(os.urandom(24 << 20))
    git("-C", filler, "add", "noise")
    git("-C", filler, "-c", "user.name=x", "-c", "user.email=x@x.invalid", "commit", "-q", "-m", "large")
    large = sh("git", "-C", filler, "rev-parse", "HEAD").decode().strip()
    sh("git", "-C", gulu.dir + "/log.git", "fetch", "-q", filler, f"{large}:refs/test/large")
    wanted = b"0011command=fetch0001000fno-progress" + f"0032want {large}\n0009done\n0000".encode()

    def ask():
        raw = socket.create_connection(("localhost", gulu.sync_port))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link = context.wrap_socket(raw)
        link.sendall(b"POST /log.git/git-upload-pack HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-git-upload-pack-request\r\nContent-Length: "
                     + str(len(wanted)).encode() + b"\r\n\r\n" + wanted)
        return link, link.recv(400)

    def children():
        return [pid for pid in sh("pgrep", "-f", "git http-backend", check=False).decode().split()
                if sh("ps", "-o", "ppid=", "-p", pid, check=False).decode().strip() == str(gulu.process.pid)]

    links = [ask() for _ in range(8)]
    tap.ok("eight are served at once", all(b" 200 " in answer for _, answer in links) and len(children()) == 8, (links, children()))
    ninth, answer = ask()
    tap.ok("a ninth is told to come again", b" 503 " in answer and len(children()) == 8, answer)
    tap.ok("tips are answered meanwhile", curl("/tips", mbarara)[0] == 200)
    for link, _ in links:
        link.close()
    wait_for("git to be ended where the client went away", lambda: not children())
    tap.ok("git is ended where the client went away")
    again, answer = ask()
    tap.ok("and the next is served again", b" 200 " in answer, answer)
    with open(f"/proc/{gulu.process.pid}/status") as f:
        peak = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
    tap.ok("what is sent is never whole in memory", peak < 150000, peak)

    # a role that ends leaves nothing behind
    waiter = wait_for("one that waits", lambda: ask_to_wait(mbarara))[0]
    git_children = children()
    gulu.stop()
    waiter.join()
    tap.ok("the role ends while one waits and one fetches, and leaves no git behind", git_children and not any(os.path.exists(f"/proc/{pid}") for pid in git_children),
           git_children)

    # who was revoked
    gulu.start("sync")
    wait_for("tips", lambda: curl("/tips", mbarara)[0] == 200)
    waiter, answers, _ = wait_for("one that waits", lambda: ask_to_wait(mbarara))
    coalition.hq.revoke(mbarara.log)
    coalition.hq.run("sync", check=False)
    wait_for("the key to be refused", lambda: gulu.run("sync", check=False) and curl("/tips", mbarara)[0] == 403)
    waiter.join()
    tap.ok("a revoked hub is a stranger", git("ls-remote", BASE + "/log.git", hub=mbarara, check=False).returncode != 0)
    tap.ok("also one that was waiting for news", answers[0][0] == 403 and not answers[0][2], answers)
    tap.ok("the others are served", curl("/tips", coalition.hq)[0] == 200)
finally:
    coalition.close()
tap.done()
