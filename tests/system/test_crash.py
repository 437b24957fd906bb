#!/usr/bin/python3
"""A hub loses power at any moment, and nothing that was acknowledged is lost or doubled.

Phones send reports without pause while each role of the hub is killed (kill -9) at random moments. Every report whose receipt was shown arrives at headquarters exactly
once, one that was sent again with the same token does not arrive twice, and no hand is needed to start again. ENGABO_KILLS is how often each role is killed (20;
`make soak`: 200). The seed is printed; ENGABO_SEED repeats it."""
import json
import os
import random
import re
import signal
import sys
import threading
import time
import urllib.error
import http.client

from coalition import Coalition, Tap, wait_for

KILLS = int(os.environ.get("ENGABO_KILLS", "20"))
SEED = int(os.environ.get("ENGABO_SEED", str(random.randrange(1 << 30))))
PHONES = 4
LOST = (OSError, urllib.error.URLError, http.client.HTTPException)


class Phone(threading.Thread):
    """Somebody who fills in the form, and presses Send until a receipt is shown."""

    def __init__(self, hub, number, end):
        super().__init__(daemon=True)
        self.hub, self.number, self.end, self.acknowledged, self.codes, self.odd = hub, number, end, [], set(), []

    def run(self):
        count = 0
        while not self.end.is_set():
            count += 1
            self.report(f"report {self.number}-{count} of a phone")

    def report(self, what):
        check = None
        while not self.end.is_set():
            try:
                if check is None:
                    page = self.hub.phone().get("/form/1")
                    check = page if page.forms and "/form/send" in page.forms[0].action else None
                    if check is None:
                        time.sleep(0.05)
                        continue
                page = self.hub.phone().send(check, "/form/send", what=what)
            except LOST:
                time.sleep(0.05)
                continue
            code = re.search(r"\d{4} \d{4} \d{4} \d{4} \d{4}", page.text)
            if code:
                self.acknowledged.append(what)
                self.codes.add(code.group(0))
                return
            if page.status == 200 and any("/form/send" in form.action for form in page.forms):
                check = page  # a fresh token: the hub was started again before it had seen the old one
            elif page.status not in (429, 500, 503):
                self.odd.append((page.status, page.text[:300]))
                return


def main():
    print(f"# seed {SEED}, {KILLS} kills a role")
    rng = random.Random(SEED)
    tap = Tap()
    coalition = Coalition(conf="interval_minutes = 1\n[intake]\nreports_an_hour = 0\nreports_an_address = 0\n")
    end = threading.Event()
    try:
        coalition.make([coalition.gulu])
        gulu, hq = coalition.gulu, coalition.hq
        gulu.start()
        phones = [Phone(gulu, number, end) for number in range(PHONES)]
        for phone in phones:
            phone.start()
        killed = 0
        roles = [role for role in ("intake", "office", "sync") for _ in range(KILLS)]
        rng.shuffle(roles)
        for role in roles:
            time.sleep(rng.uniform(0.02, 0.25))
            pid = wait_for(f"{role} to run again", lambda: gulu.role_pid(role))
            os.kill(pid, signal.SIGKILL)
            killed += 1
        wait_for("the hub to take reports again", lambda: gulu.healthy(gulu.https))
        before = sum(len(phone.acknowledged) for phone in phones)
        wait_for("ten more reports", lambda: sum(len(phone.acknowledged) for phone in phones) >= before + 10, 60)
        end.set()
        for phone in phones:
            phone.join(40)
        acknowledged = [what for phone in phones for what in phone.acknowledged]
        tap.ok(f"after {killed} kills the hub takes reports again with no hand ({len(acknowledged)} acknowledged)", killed == 3 * KILLS)
        odd = [one for phone in phones for one in phone.odd]
        tap.ok("no phone met a page that leads nowhere", not odd, odd)

        wait_for("all to be in the log", lambda: gulu.run("sync", check=False).returncode == 0, 60)
        gulu.stop()
        gulu.run("sync")
        hq.run("sync")
        out = hq.with_passphrase("export", "reports").stdout
        arrived = [row.get("what") for row in json.loads(out)["reports"]]
        missing = set(acknowledged) - set(arrived)
        tap.ok("every acknowledged report is at headquarters", not missing, missing)
        doubled = {what for what in arrived if arrived.count(what) > 1}
        tap.ok("none is there twice", not doubled, doubled)
        codes = [code for phone in phones for code in phone.codes]
        tap.ok("no two reports share a receipt", len(codes) == len(set(codes)))
        tap.ok("engabo check finds nothing at either hub",
               gulu.run("check", check=False).returncode == 0 and hq.run("check", check=False).returncode == 0,
               gulu.run("check", check=False).stdout + hq.run("check", check=False).stdout)
        tap.done()
    finally:
        end.set()
        coalition.close(keep="ENGABO_KEEP" in os.environ)


main()
