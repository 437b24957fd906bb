"""What a hub's keys open of another hub's log, by stock git and age alone."""
import json
import os

from coalition import sh


def identity(hub):
    path = os.path.join(hub.dir + "-identity.txt")
    if not os.path.exists(path):
        hub.with_passphrase("recover", "-o", path)
    return path


def opened(coalition, reader, log):
    """Every event of a hub's log that the reader's key opens, as JSON, oldest first."""
    repo, ref = coalition.relay, f"refs/heads/log/{log.log}/1"
    events = []
    for commit in sh("git", "-C", repo, "rev-list", "--reverse", ref).decode().split():
        for line in sh("git", "-C", repo, "ls-tree", commit).decode().splitlines():
            name = line.split("\t")[1]
            if name[0] == "m":
                continue
            plain = sh("age", "-d", "-i", identity(reader), input=sh("git", "-C", repo, "cat-file", "blob", f"{commit}:{name}"), check=False)
            if plain:
                events.append(json.loads(plain.split(b"\n")[1]))
    return events


def said(events):
    """All values that these events hold, as one text."""
    return json.dumps([event["set"] for event in events], ensure_ascii=False)
