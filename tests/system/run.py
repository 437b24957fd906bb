#!/usr/bin/python3
"""make run: headquarters, two hubs and a bare relay on this machine, with thirty plausible sample records that arrive while one looks.

Everything lies in a fresh folder below the temporary directory and is removed at the end. The people and events are invented."""
import csv
import os
import random
import signal
import subprocess
import sys
import time

from coalition import ROOT, Coalition

WHAT = [
    "Two men on a motorcycle followed me from the market to my gate for the third evening. They asked the boda riders where I sleep.",
    "Police came to our office without a paper and took two laptops and the visitors' book. They said we will be called.",
    "A caller with a hidden number said: stop speaking about the land or your children will not come home from school.",
    "I was arrested at the community meeting on the wetland and held one night. No charge was read to me. My phone was kept.",
    "Our radio talk show was stopped by a call from the district office while we were on air about the missing funds.",
    "Workers at the plantation beat me when I photographed the spraying near the well. My arm is swollen.",
    "They painted a word on my door because of who I live with. The landlord wants me out by Friday.",
    "Since I testified, an unknown account posts my photo and my village with insults. Yesterday somebody came to ask for me.",
    "The company's guards stopped us at the road and copied all our names from our identity cards before letting us pass.",
    "I received a letter that my organisation's bank account is frozen. No reason was given. Salaries are due.",
]
WHO = ["me", "my colleague", "our whole group", "my family and me", "a woman in our network"]
BY = ["police", "people I do not know", "local officials", "guards of a company", "a group in the village"]
NEEDS = ["legal", "medical", "psychosocial", "relocation", "security"]
PLACES = {"GUL": [("Gulu", "Layibi"), ("Amuru", "the Elegu road"), ("Kitgum", "the town council")],
          "MBR": [("Mbarara", "Kakoba"), ("Bushenyi", "Ishaka"), ("Kiruhura", "the trading centre")]}


def districts():
    """Code by name, from the list that the program carries."""
    with open(os.path.join(ROOT, "node/casework/codes/districts.csv"), newline="") as f:
        return {row["label"]: row["code"] for row in csv.DictReader(f)}


def sample(hub, rng):
    district, place = rng.choice(PLACES[hub.code])
    return {"what": rng.choice(WHAT), "who": rng.choice(WHO), "by": rng.choice(BY), "place": place, "district": districts()[district],
            "when": f"2026-11-{rng.randint(1, 22):02}", "precision": "exact", "danger": rng.choice(["yes", "no", "no", "unknown"]),
            "needs": rng.sample(NEEDS, rng.randint(1, 2)), "contact": "Call after six in the evening; do not leave a message.",
            "consent": "yes", "language": "en"}


def shown(hub, page):
    return f"https://localhost:{getattr(hub, page)}/"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    coalition = Coalition(cheap=False, conf="interval_minutes = 1\n")
    try:
        print("Making headquarters, two hubs and a relay in", coalition.top, "...", flush=True)
        coalition.make().start()
        print()
        for hub in coalition.hubs:
            print(f"{hub.name:9} form    {shown(hub, 'https')}   (welcome without a certificate warning: http://localhost:{hub.http}/)")
            print(f"{'':9} office  {shown(hub, 'office')}   sign in as {hub.user}: {hub.passphrase}")
        print(f"relay     {coalition.relay}\n\nThe certificates are the hubs' own: the browser warns once. Ctrl-C ends it all.\n", flush=True)
        rng, seen = random.Random(2026), 0
        for number in range(1, 31):
            hub = coalition.hubs[1 + number % 2]
            code = hub.report(**sample(hub, rng))
            print(f"record {number:2} taken in {hub.name:8} receipt {code}", flush=True)
            seen = tell_arrived(coalition, seen)
            time.sleep(1)
        while seen < 30:
            seen = tell_arrived(coalition, seen)
            time.sleep(1)
        print("\nAll are at headquarters, sealed. Sign in there to read them.", flush=True)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print("\nEnding ...")
    finally:
        coalition.close()


def tell_arrived(coalition, before):
    """Says so when more reports of the two hubs have come to headquarters; answers how many are there."""
    git = ["git", "-C", coalition.hq.dir + "/log.git"]
    count = 0
    for hub in coalition.hubs[1:]:
        trees = subprocess.run([*git, "log", "--format=%T", f"refs/heads/log/{hub.log}/1"], capture_output=True, text=True).stdout.split()
        for tree in trees:
            names = subprocess.run([*git, "ls-tree", "--name-only", tree], capture_output=True, text=True).stdout.split()
            count += sum(name.startswith("i-") for name in names)
    if count > before:
        print(f"          {count} of them at headquarters", flush=True)
    return count


main()
