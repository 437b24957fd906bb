#!/usr/bin/python3
"""make bench: our figures beside their floors, measured in turns on this machine. Argument: the build folder.

Prints one table and writes the same, with every single measurement, to <build folder>/bench.json. What each row
means stands in README.md beside this file. Never fails because of a figure."""
import contextlib
import gzip
import http.client
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "system"))
from coalition import Coalition, Hub, free_ports  # noqa: E402

B = os.path.abspath(sys.argv[1])
PROGRAMS = os.path.join(B, "tests/bench")
ROUNDS = 5
RECORDS = 10000
REPORT_RECIPIENTS, ITEM_RECIPIENTS = "3", "1"  # this hub, headquarters, the recovery key; and the mailbox
SLOW_FSYNC_MS = 15
IDLE_SECONDS = 60
CALLS = 15
REST_SECONDS = 300  # by then a hub has made its receipt codes ahead, one a second


def program(name):
    return os.path.join(PROGRAMS, name)


def text_of(number):
    if number is None:
        return "-"
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


class Table:
    """Rows as they come, and all of them as JSON at the end."""

    def __init__(self):
        self.rows, self.title = [], ""

    def section(self, title):
        self.title = title
        print(f"\n{title}\n  {'':46}{'ours':>10}{'floor':>10}{'ratio':>8}{'spread':>14}  goal", flush=True)

    def add(self, what, ours, floor=None, at_least=None, at_most=None, note=""):
        """`ours` and `floor`: one value a round, in turns. at_least: the ratio must reach it; at_most: must not
        pass it; without a floor the value itself is held against the goal."""
        value, base = statistics.median(ours), statistics.median(floor) if floor else None
        ratios = sorted(o / f for o, f in zip(ours, floor) if f) if floor else []
        measured = statistics.median(ratios) if ratios else value
        goal = f">= {at_least:g}" if at_least else f"<= {at_most:g}" if at_most else ""
        met = (not at_least or measured >= at_least) and (not at_most or measured <= at_most)
        ratio = f"{measured:.2f}" if ratios else ""
        spread = f"{ratios[0]:.2f}..{ratios[-1]:.2f}" if ratios else ""
        print(f"  {what:46}{text_of(value):>10}{text_of(base) if floor else '':>10}{ratio:>8}{spread:>14}  "
              f"{goal + (' met' if met else ' NOT MET') if goal else '':14} {note}".rstrip(), flush=True)
        self.rows.append({"section": self.title, "what": what, "ours": ours, "floor": floor, "ours_median": value,
                          "floor_median": base, "ratio": measured if ratios else None, "ratios": ratios,
                          "at_least": at_least, "at_most": at_most, "met": met if goal else None, "note": note})

    def say(self, text):
        print(f"  {text}", flush=True)

    def write(self, path):
        with open(path, "w") as f:
            json.dump({"cores": os.cpu_count(), "load": os.getloadavg(), "rounds": ROUNDS, "rows": self.rows}, f, indent=1)


def cpu_ms(pid):
    """What all threads of a process have used, in milliseconds."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat") as f:
            total += int(f.read().split()[0])
    return total / 1e6


def of_status(pid, name):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(rf"^{name}:\s+(\d+)", f.read(), re.M).group(1))


def memory_mb(pid):
    """Resident, shared libraries included."""
    return of_status(pid, "VmRSS") * 1024 / 1e6


class Server:
    """A program that takes reports: ours, or a floor."""

    def __init__(self, words, path, environment):
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.port, self.path = self.process.stdout.readline().strip(), path

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def stop(self):
        self.process.stdin.close()
        if "floor_report" in self.process.args[0]:
            self.process.terminate()
        self.process.wait(60)


def ours_server(home, environment):
    return Server([program("intake_bench"), home], "/form/send", environment)


def floor_server(folder, how, environment):
    return Server([program("floor_report"), str(free_ports(1)[0]), os.path.join(folder, f"floor-{how}.db"), how,
                   REPORT_RECIPIENTS, ITEM_RECIPIENTS], "/form/send", environment)


def make_bodies(tokens, count, folder):
    """So many last steps of the form, each with a token of its own, in a file that load() sends."""
    if tokens.ask(f"tokens {count} {os.path.join(folder, 'bodies')}") != "ok":
        raise SystemExit("bench: no form tokens")


def load(server, clients, count, new_each, folder):
    """So many of them from so many phones at once."""
    before = cpu_ms(server.process.pid)
    words = [program("load"), "-c", str(clients), "-n", str(count), "-b", os.path.join(folder, "bodies")] + (["-N"] if new_each else [])
    done = json.loads(subprocess.run(words + [server.port, server.path], stdout=subprocess.PIPE, text=True, check=True).stdout)
    done["cpu_ms"] = (cpu_ms(server.process.pid) - before) / max(done["good"], 1)
    return done


def post(server, tokens, clients, count, new_each, folder):
    make_bodies(tokens, count, folder)
    return load(server, clients, count, new_each, folder)


def in_turns(servers, tokens, clients, counts, new_each, folder):
    """ROUNDS of each server, one after the other, after a warm-up; a list of results a server."""
    results = {name: [] for name in servers}
    for at in range(-1, ROUNDS):
        for name, server in servers.items():
            count = counts[name] if at >= 0 else max(clients, counts[name] // 10)
            done = post(server, tokens, clients, count, new_each, folder)
            if at >= 0:
                results[name].append(done)
    return results


def column(results, key):
    return [one[key] for one in results]


def add_reports(table, clients, results, goals):
    ours, floor = results["ours"], results["floor"]
    table.add(f"reports a second, {clients} at once", column(ours, "per_second"), column(floor, "per_second"), at_least=goals["rate"])
    table.add("  p50, ms", column(ours, "p50_ms"), column(floor, "p50_ms"))
    table.add("  p99, ms", column(ours, "p99_ms"), column(floor, "p99_ms"), at_most=goals.get("p99"))
    table.add("  CPU a report, ms", column(ours, "cpu_ms"), column(floor, "cpu_ms"))
    if "each" in results:
        table.add("  p99 in fsyncs", [ms / SLOW_FSYNC_MS for ms in column(ours, "p99_ms")], at_most=4)
        table.add("  against a commit each", column(ours, "per_second"), column(results["each"], "per_second"), at_least=goals.get("each"))
    if sum(column(ours, "errors")):
        table.say(f"  {sum(column(ours, 'errors'))} WERE REFUSED; none must be")


def count_rows(database):
    """Rows of a spool, and the bytes of their envelopes."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        return db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM spool").fetchone()


def reports(table, template, folder, title, loads, new_each=False, slow=False):
    """loads: (clients, {server: requests a round}, goals). Each load begins with an empty hub and an empty floor."""
    environment = dict(os.environ)
    if slow:
        environment["LD_PRELOAD"] = program("slowcard.so")
    table.section(title)
    sent = kept = 0
    for clients, counts, goals in loads:
        place = tempfile.mkdtemp(dir=folder)
        home = os.path.join(place, "home")
        shutil.copytree(template, home)
        servers = {"floor": floor_server(place, "group", environment), "ours": ours_server(home, environment)}
        if slow:
            servers["each"] = floor_server(place, "each", environment)
        results = in_turns(servers, servers["ours"], clients, counts, new_each, place)
        for server in servers.values():
            server.stop()
        add_reports(table, clients, results, goals)
        sent += sum(column(results["ours"], "good")) + max(clients, counts["ours"] // 10)
        kept += count_rows(os.path.join(home, "intake.db"))[0] // 2
        shutil.rmtree(place)
    table.say(f"{sent:,} were acknowledged, {kept:,} lie in intake.db" + ("" if sent == kept else ": THESE DIFFER"))


def fast_import(records, repo):
    """The same records by git's own bulk writer, 256 a commit, unsigned; the seconds it took."""
    stream, mark = [b"feature done\n"], 0
    with open(records, "rb") as f:
        bodies = []
        while True:
            head = f.read(4)
            if not head:
                break
            bodies.append(f.read(int.from_bytes(head, sys.byteorder)))
    for start in range(0, len(bodies), 256):
        part, marks = bodies[start:start + 256], []
        for body in part:
            mark += 1
            marks.append(mark)
            stream.append(b"blob\nmark :%d\ndata %d\n" % (mark, len(body)) + body + b"\n")
        stream.append(b"commit refs/heads/log\ncommitter a <a@b> 1600000000 +0000\ndata 4\nlog\n\ndeleteall\n")
        stream += [b"M 100644 :%d i-%04d.age\n" % (one, at) for at, one in enumerate(marks)]
        if start // 256 % 4 == 3:
            stream.append(b"checkpoint\n")  # about a thousand a batch, each on the card
    stream.append(b"done\n")
    data = b"".join(stream)
    start = time.monotonic()
    subprocess.run(["git", "-c", "core.fsync=all", "--git-dir", repo, "fast-import", "--quiet"], input=data, check=True)
    return time.monotonic() - start


def fresh_repo(path):
    shutil.rmtree(path, ignore_errors=True)
    subprocess.run(["git", "init", "-q", "--bare", path], check=True)
    return path


def log_rows(table, template, folder):
    table.section("Into the log and out of it")
    filled, records = os.path.join(folder, "filled"), os.path.join(folder, "records")
    shutil.copytree(template, filled)
    subprocess.run([program("bench_spool"), "fill", filled, str(RECORDS), records], check=True)
    ours, floor, peer = [], [], []
    for _ in range(ROUNDS):
        repo, home = fresh_repo(os.path.join(folder, "floor.git")), os.path.join(folder, "commit-home")
        floor.append(RECORDS / float(subprocess.run([program("floor_append"), repo, records, "1000"], stdout=subprocess.PIPE, check=True).stdout))
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(filled, home)
        os.sync()
        done = json.loads(subprocess.run([program("bench_spool"), "commit", home], stdout=subprocess.PIPE, check=True).stdout)
        ours.append(done["records"] / done["seconds"])
        peer.append(RECORDS / fast_import(records, fresh_repo(os.path.join(folder, "peer.git"))))
    table.add("records a second, spool to signed log", ours, floor, at_least=0.9)
    table.add("  against git fast-import, unsigned", ours, peer)
    for line in subprocess.run([program("bench_log"), str(ROUNDS)], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines():
        row = json.loads(line)
        if "peer" not in row:
            table.add("  the log alone, records a second", row["ours"], row["floor"], at_least=0.9)
            continue
        table.add("fetched commits checked and kept, a second", row["ours"], row["floor"], at_least=0.7)
        table.add("  against git log --show-signature", row["ours"], [row["peer"]] * len(row["ours"]))


def written_by_children():
    """Bytes that the programs which have ended had written to the card."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_oublock * 512


def checkpoint(home):
    """What the databases' logs still hold goes to its place, as it does at a hub once they are long enough."""
    for name in ("intake.db", "sync.db", "mailbox.db"):
        subprocess.run([sys.executable, "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()",
                        os.path.join(home, name)], check=True)


def written_so_far(pid):
    with open(f"/proc/{pid}/io") as f:
        return int(re.search(r"^write_bytes: (\d+)", f.read(), re.M).group(1))


def written(template, folder, clients, count, slow):
    """A hub at work, its sync beside its intake, once both have begun: what was written for so many reports, their envelopes' bytes, and how much of the spool
    is overwritten again by then."""
    home = tempfile.mkdtemp(dir=folder)
    shutil.copytree(template, home, dirs_exist_ok=True)
    environment = dict(os.environ, LD_PRELOAD=program("slowcard.so")) if slow else dict(os.environ)
    children = written_by_children()
    server = ours_server(home, environment)
    sync = subprocess.Popen([program("bench_spool"), "follow", home], stdin=subprocess.PIPE, env=environment)
    first = post(server, server, 1, 10, False, folder)["good"]
    time.sleep(2)
    make_bodies(server, count, folder)
    before = written_so_far(server.process.pid) + written_so_far(sync.pid)
    done = load(server, clients, count, False, folder)["good"]
    sync.stdin.close()
    if sync.wait(120):
        raise SystemExit("bench: sync ended badly")
    server.stop()
    left, of_left = count_rows(os.path.join(home, "intake.db"))
    checkpoint(home)
    total = written_by_children() - children - before
    shutil.rmtree(home)
    return total, done * 2 * of_left / left, done, 1 - left / 2 / (first + done)


def written_rows(table, template, folder):
    """From the first write to the log and the last checkpoint, against the envelopes themselves."""
    table.section("Bytes written to the card for a byte of envelope")
    for what, clients, count, slow, goal in (("reports one by one", 1, 300, False, 8), ("100 at once", 100, 3000, False, 4),
                                             ("100 at once, slow card", 100, 3000, True, 4)):
        rounds = [written(template, folder, clients, count, slow) for _ in range(3)]
        if not all(total for total, _, _, _ in rounds):
            table.say("bytes to the card cannot be counted on this file system")
            return
        total, envelopes, done, gone = sorted(rounds, key=lambda one: one[0] / one[1])[1]
        table.add(what, [one[0] / one[1] for one in rounds], at_most=goal,
                  note=f"{total / done:,.0f} bytes a report; {gone * 100:.0f} % of the spool overwritten")


def page_row(table, hub):
    """The welcome page with all it needs, as it goes over the wire."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    page = hub.phone().get("/").body
    wanted, total = ["/"] + re.findall(r'(?:href|src)="(/static/[^"]+)"', page), 0
    for path in wanted:
        with context.wrap_socket(socket.create_connection(("127.0.0.1", hub.https))) as s:
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost:{hub.https}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode())
            while True:
                part = s.recv(65536)
                if not part:
                    break
                total += len(part)
    table.add("first page with all it needs, KB", [total / 1000], at_most=14, note=f"{len(wanted)} requests; the page alone would be "
              f"{len(gzip.compress(page.encode())) / 1000:.1f} KB in gzip")
    table.add("  requests", [len(wanted)], at_most=2)


def running_rows(table, coalition):
    """A whole hub at rest: its memory, and how often it wakes."""
    table.section("A hub at rest, unlocked, its form seen once")
    hub = coalition.gulu.start()
    try:
        page_row(table, hub)
        hub.sign_in().get("/")
        pids = [hub.process.pid] + [hub.role_pid(role) for role in ("intake", "office", "sync")]

        def wakes(seconds):
            def switches():
                return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", open(f"/proc/{pid}/task/{t}/status").read(), re.M).group(1))
                           for pid in pids for t in os.listdir(f"/proc/{pid}/task"))
            before = switches()
            time.sleep(seconds)
            return switches() - before
        end = time.monotonic() + REST_SECONDS
        while wakes(5) > 5 and time.monotonic() < end:
            pass
        for role, most in (("intake", 16), ("office", 64), ("sync", 32)):
            table.add(f"memory of {role}, MB", [memory_mb(hub.role_pid(role))], at_most=most)
        table.add("wake-ups a second, all processes", [wakes(IDLE_SECONDS) / IDLE_SECONDS], at_most=0.1)
    finally:
        hub.stop()


def case_file_rows(table):
    """What pages ask of the case file of a hub after some years, and of a younger one what memory it takes."""
    for cases in (500, 10000):
        out = subprocess.run([program("bench_casefile"), str(cases)], stdout=subprocess.PIPE, text=True, check=True).stdout
        table.section(f"The case file in memory, {cases * 20:,} events")
        for what, value, unit in re.findall(r"^([^:\n].*): ([\d.]+) (\S.*)$", out, re.M):
            goal = 1.5 if what == "snapshot, ratio" else 5 if unit.startswith("ms (") else None
            if cases == 10000 or what.startswith("memory"):
                table.add(f"{what}, {unit}", [float(value)], at_most=goal)


def office_pages(key):
    """What people open in a hub of many cases, `key` one of them."""
    return (("today", "/"), ("owed by everybody", "/?all=1"), ("reports", "/reports"), ("cases, all", "/cases"), ("cases, open", "/cases?state=open"),
            ("cases, far behind", f"/cases?after={key}"), ("case page", f"/cases/{key}"), ("case, on paper", f"/cases/{key}/print"),
            ("report page", f"/reports/{key}"), ("history of a case", f"/history/case/{key}"), ("search, a frequent word", "/search?q=market"),
            ("search, three words", "/search?q=market+police+road"), ("search, one letter", "/search?q=m"), ("referrals", "/referrals"),
            ("directory", "/providers"), ("audit", "/audit"), ("calendar", "/calendar.ics"), ("hubs", "/hubs"))


def page_cpu(connection, path, cookies, pid):
    """Milliseconds that the process takes for a page."""
    before = cpu_ms(pid)
    for _ in range(CALLS):
        connection.request("GET", path, headers={"Cookie": cookies, "Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"bench: {path}: {answer.status}")
    return (cpu_ms(pid) - before) / CALLS


def office_rows(table, coalition):
    """The office of a hub after some years, and of a younger one: unlocked from its snapshot, its memory, and the CPU of whole pages over one connection."""
    for cases, most_mb in ((500, 64), (10000, 200)):
        table.section(f"The office unlocked, {cases * 20:,} events")
        hub = Hub(coalition.top, "Arua", f"A{cases}", "West Nile", "akello").init()
        secret = os.path.join(coalition.top, "passphrase")
        with open(secret, "w") as f:
            f.write(hub.passphrase + "\n")
        key = subprocess.run([program("bench_office"), hub.dir, hub.user, secret, str(cases)], stdout=subprocess.PIPE, text=True, check=True,
                             env=hub.environment).stdout.strip()
        hub.start()
        try:
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in hub.sign_in().jar)
            pid = hub.role_pid("office")
            table.add("memory, unlocked, MB", [memory_mb(pid)], at_most=most_mb)
            if cases == 10000:
                context = ssl.create_default_context()
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection = http.client.HTTPSConnection("localhost", hub.office, context=context)
                for what, path in office_pages(key):
                    table.add(f"{what}, ms of CPU", [page_cpu(connection, path, cookies, pid) for _ in range(ROUNDS)], at_most=5)
                connection.close()
            table.add("memory, its pages seen, MB", [memory_mb(pid)], at_most=most_mb)
        finally:
            hub.stop()


def main():
    folder = tempfile.mkdtemp(prefix="engabo-bench-", dir="/var/tmp")  # on a disk, also where /tmp is memory
    table, began = Table(), time.monotonic()
    coalition = Coalition(top=folder)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}. Medians of {ROUNDS} rounds, ours and the floor in turns; the spread is that of the "
          "rounds' ratios.\nLimits against floods are off, receipt codes cost nothing, form tokens are made before the clock starts.")
    try:
        coalition.make([coalition.gulu])
        template = coalition.gulu.dir
        def same(count):
            return {"ours": count, "floor": count}
        goals = {"rate": 0.8, "p99": 2}
        reports(table, template, folder, "A durable report over HTTPS, connections kept",
                [(1, same(600), goals), (20, same(2500), goals), (100, same(4000), goals)])
        goals = {"rate": 0.9}
        reports(table, template, folder, "The same with a new handshake each",
                [(1, same(300), goals), (20, same(900), goals), (100, same(1000), goals)], new_each=True)
        goals = {"rate": 0.8}
        reports(table, template, folder, f"The same on a slow card: every fsync {SLOW_FSYNC_MS} ms slower, one at a time",
                [(1, dict(same(60), each=60), goals), (20, dict(same(600), each=60), goals),
                 (100, dict(same(2500), each=100), dict(goals, each=40))], slow=True)
        log_rows(table, template, folder)
        written_rows(table, template, folder)
        running_rows(table, coalition)
        case_file_rows(table)
        office_rows(table, coalition)
    finally:
        coalition.close()
    table.write(os.path.join(B, "bench.json"))
    missed = [f"{row['what'].strip()} ({row['section']})" for row in table.rows if row["met"] is False]
    print(f"\n{len(table.rows)} figures in {time.monotonic() - began:.0f} s, each measurement in {os.path.join(B, 'bench.json')}. "
          + (f"Under the goal here: {'; '.join(missed)}." if missed else "Every goal is met here."))


if __name__ == "__main__":
    main()
