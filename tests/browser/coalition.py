#!/usr/bin/python3
"""The coalition that a browser visits: headquarters, Gulu and a relay between them, obeying the lines on standard input.

First it prints one line of JSON: for each hub its addresses and who signs in. Then each line it reads is an order ("sync gulu", "report gulu {...}", "write gulu {...}", "relay away",
"relay back", "restart gulu", "run gulu WORD...") and each is answered by one line of JSON. At the end of input everything ends and is removed."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../system"))
from coalition import Coalition  # noqa: E402


def say(value):
    print(json.dumps(value), flush=True)


def obey(coalition, hubs, order, rest):
    name, _, more = rest.partition(" ")
    if order == "sync":
        return hubs[name].run("sync", check=False).returncode
    if order == "report":
        return hubs[name].report(**json.loads(more))
    if order == "write":
        return hubs[name].write(json.loads(more))[0]
    if order == "restart":
        hubs[name].stop()
        hubs[name].start()
        return True
    if order == "stop":
        hubs[name].stop()
        return True
    if order == "start":
        hubs[name].start()
        return True
    if order == "spool":
        return len([kind for kind, _ in hubs[name].spool() if kind == "i"])
    if order == "run":
        return hubs[name].with_passphrase(*more.split()).stdout
    if order == "workshop":
        laptop = hubs[name].sign_in()
        return laptop.send(laptop.get("/settings"), "/settings/workshop", hours="1", what="open").status
    if order == "relay":
        ends = [coalition.relay, coalition.relay + ".away"]
        os.rename(*(ends if name == "away" else reversed(ends)))
        return True
    raise ValueError(f"no such order: {order}")


def main():
    coalition = Coalition()
    try:
        coalition.make([coalition.gulu])
        coalition.gulu.configure("[intake]\n", "[wifi]\nname = Blue; bird: \"7\"\npassword = maize\\river,42\n[intake]\n")
        coalition.start()
        hubs = {"hq": coalition.hq, "gulu": coalition.gulu}
        say({key: {"welcome": f"http://localhost:{hub.http}", "form": f"https://localhost:{hub.https}", "office": f"https://localhost:{hub.office}",
                   "user": hub.user, "passphrase": hub.passphrase, "log": hub.log} for key, hub in hubs.items()})
        for line in sys.stdin:
            order, _, rest = line.strip().partition(" ")
            say(obey(coalition, hubs, order, rest))
    finally:
        coalition.close()


main()
