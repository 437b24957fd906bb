#!/usr/bin/python3
"""To a hub that was revoked no case goes any more. Two hubs and headquarters, whose coordinator revokes one."""
import re

from coalition import Coalition, Tap


def main():
    tap, c = Tap(), Coalition()
    try:
        c.make()
        c.start()
        laptop = c.gulu.sign_in()
        page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="They ask for her at the gate", how="visit", danger="no")
        case = "/cases/" + re.search(r"[0-9a-z.]{43}", page.url).group(0)
        laptop.send(laptop.get(case.replace("cases", "reports") + "/case"), "/case", alias="Heron", risk="high")
        for hub in (c.hq, c.gulu):
            hub.sync()
        form = laptop.get(f"{case}/transfer")
        tap.ok("before, the case could go there", f'value="{c.mbarara.log}"' in form.body, form.text)
        c.hq.revoke(c.mbarara.log)
        for hub in (c.hq, c.gulu):
            hub.sync()
        tap.ok("a revoked hub is not offered", f'value="{c.mbarara.log}"' not in laptop.get(f"{case}/transfer").body and c.hq.log in laptop.get(f"{case}/transfer").body)
        page = laptop.send(form, "/transfer", to=c.mbarara.log, reason="She has moved to your town")
        tap.ok("from a page that was open before, the field is named and what was typed is kept", page.status == 400 and "this hub was revoked" in page.text
               and "She has moved to your town" in page.body, (page.status, page.text[:600]))
    finally:
        c.close()
    tap.done()


main()
