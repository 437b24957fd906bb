#!/usr/bin/python3
"""Hubs on one network carry each other's logs, found by mDNS, with no relay and no internet; what they carry goes on to a relay that one of them has.
Real hubs and real avahi daemons, in network namespaces of their own; skipped where those are not permitted. TAP."""
import re
import shutil

from coalition import PROGRAM, Hub, Tap, sh, wait_for
from lan import Lan

tap = Tap()
lan = Lan(4)
coalition = lan.coalition
hq, gulu, mbarara = coalition.hubs
stranger = Hub(coalition.top, "Elsewhere", "ELS", "Nowhere", "nobody")
places = {gulu: 1, mbarara: 2, hq: 3, stranger: 4}


def start(hub):
    lan.start(hub, places[hub], PROGRAM)


def neighbours(hub):
    return {row["log"]: row for row in hub.status()["neighbours"]}


def is_linked(hub, *others):
    return {log for log, row in neighbours(hub).items() if row["linked"]} == {other.log for other in others}


def seq(hub, log):
    return {row["log"]: row["seq"] for row in hub.status()["logs"]}.get(log, 0)


def has_all_of(hub, log_of):
    return seq(hub, log_of.log) >= seq(log_of, log_of.log) > 0


def report(hub, text):
    """A report, once it is in the hub's own log."""
    before = seq(hub, hub.log)
    hub.report(what=text)
    wait_for(f"{hub.code}'s log to have it", lambda: seq(hub, hub.log) > before)


def relay_seq(log):
    message = sh("git", "-C", coalition.relay, "log", "-1", "--format=%B", f"refs/heads/log/{log}/1", check=False).decode()
    found = re.search(r"^Seq: (\d+)$", message, re.M)
    return int(found.group(1)) if found else 0


try:
    coalition.make()
    stranger.init(coalition="Another coalition")
    for hub in (gulu, mbarara):  # the papers went by a relay, which they have no longer
        hub.run("remote", "remove", "relay", check=False)
    for hub in (*coalition.hubs, stranger):
        hub.configure("announce = no", "announce = yes")
    hq.run("remote", "remove", "relay")

    # three find each other, and a record arrives
    for hub in coalition.hubs:
        start(hub)
    for hub, others in ((gulu, (mbarara, hq)), (mbarara, (gulu, hq)), (hq, (gulu, mbarara))):
        wait_for(f"{hub.code} to be linked with the others", lambda: is_linked(hub, *others), 90)
    tap.ok("three hubs on one network find each other, and know whose key each shows")
    report(gulu, "something that happened")
    for hub in (mbarara, hq):
        wait_for(f"the record at {hub.code}", lambda: has_all_of(hub, gulu), 60)
    tap.ok("a record arrives at both others, with no relay")
    wait_for("nothing to wait", lambda: all(not row["waiting_in"] and not row["waiting_out"] for row in neighbours(gulu).values()), 60)
    row = neighbours(gulu)[mbarara.log]
    tap.ok("status tells of a neighbour what it tells of a remote", row["last_ok"] and row["last_error"] is None and row["address"], row)
    text = gulu.run("status").stdout
    tap.ok("in words, too", f"neighbour {mbarara.log}" in text, text)
    received = {hub.code: [row["received"] for row in neighbours(hub).values()] for hub in coalition.hubs}
    tap.ok("and what came from whom", sum(received["MBR"]) > 0 and sum(received["KLA"]) > 0, received)

    # a stranger
    start(stranger)
    wait_for("the stranger to be seen", lambda: any("10.77.0.4" == f["address"] for f in gulu.status()["found"]), 60)
    report(mbarara, "something else")
    for hub in (gulu, hq):
        wait_for(f"the record at {hub.code}", lambda: has_all_of(hub, mbarara), 60)
    tap.ok("a hub of another coalition on the same network disturbs nothing", is_linked(gulu, mbarara, hq), neighbours(gulu))
    tap.ok("nor is it anybody's neighbour, nor has it one", stranger.log not in neighbours(gulu) and not neighbours(stranger), neighbours(stranger))
    refs = sh("git", "-C", stranger.dir + "/log.git", "for-each-ref", "--format=%(refname)").decode()
    tap.ok("it learned no log", gulu.log not in refs and mbarara.log not in refs, refs)

    # a cable is cut and put back
    lan.link(2, "down")
    report(mbarara, "written while the cable was cut")
    report(gulu, "and this elsewhere")
    wait_for("it to be noticed", lambda: not neighbours(gulu)[mbarara.log]["linked"], 90)
    tap.ok("a silent cut is noticed, and told", neighbours(gulu)[mbarara.log]["last_error"], neighbours(gulu)[mbarara.log])
    tap.ok("the others go on", has_all_of(hq, gulu) or wait_for("hq", lambda: has_all_of(hq, gulu), 60))
    lan.link(2, "up")
    wait_for("what was written meanwhile, here", lambda: has_all_of(gulu, mbarara) and has_all_of(hq, mbarara), 120)
    wait_for("and there", lambda: has_all_of(mbarara, gulu), 120)
    tap.ok("when the cable is back, what each wrote meanwhile arrives")

    # another address
    lan.ip(2, "addr", "del", "10.77.0.2/24", "dev", "eth0")
    lan.ip(2, "addr", "add", "10.77.0.92/24", "dev", "eth0")
    report(mbarara, "from another address")
    wait_for("the record from there", lambda: has_all_of(gulu, mbarara), 120)
    tap.ok("a hub that gets another address is found again")

    # link-local IPv6 alone
    for place in (1, 2, 3):
        lan.ip(place, "-4", "addr", "flush", "dev", "eth0")
    for hub in (gulu, mbarara):
        hub.stop()
        start(hub)
    report(gulu, "with no IPv4 at all")
    wait_for("the record by link-local IPv6", lambda: has_all_of(mbarara, gulu), 120)
    row = wait_for("a link", lambda: [row for row in neighbours(mbarara).values() if row["log"] == gulu.log and row["linked"]], 60)[0]
    tap.ok("link-local IPv6 alone will do, its interface kept", row["address"].startswith("fe80:") and row["address"].endswith("%eth0"), row)

    # by a neighbour's relay
    mbarara.run("remote", "add", "relay", coalition.relay)
    report(gulu, "for headquarters, by whoever reaches it")
    wait_for("the record at the relay", lambda: relay_seq(gulu.log) >= seq(gulu, gulu.log), 90)
    tap.ok("a hub without a relay reaches it through a neighbour that has one")
    hq.stop()
    before = seq(hq, gulu.log)
    hq.run("remote", "add", "relay", coalition.relay)
    report(gulu, "while headquarters is elsewhere")
    wait_for("the record at the relay", lambda: relay_seq(gulu.log) >= seq(gulu, gulu.log), 90)
    hq.run("sync")
    tap.ok("and headquarters takes it from there", seq(hq, gulu.log) == seq(gulu, gulu.log) > before)

    # the end
    for hub in (gulu, mbarara):
        hub.process.terminate()
        tap.ok("a hub with neighbours ends when it is told to", hub.process.wait(15) == 0)
finally:
    for hub in (*coalition.hubs, stranger):
        hub.stop()
    lan.down()
    shutil.rmtree(lan.top, ignore_errors=True)
tap.done()
