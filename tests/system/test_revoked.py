#!/usr/bin/python3
"""To a hub that was revoked no case goes any more, and no referral. Two hubs and headquarters, whose coordinator revokes one."""
import re

from coalition import Coalition, Tap


def new_provider(hub, name):
    """Somebody who signs in there, in the directory."""
    laptop = hub.sign_in()
    laptop.send(laptop.get("/users/new"), "/users/new", name="okot", role="provider", passphrase=hub.passphrase)
    laptop.send(laptop.get("/providers/new"), "/providers/new", name=name, profession="lawyer", services=["legal"], user="okot")
    return re.search(r"/providers/([0-9a-z.]{43})", laptop.get("/providers").body).group(1)


def main():
    tap, c = Tap(), Coalition()
    try:
        c.make()
        c.start()
        laptop = c.gulu.sign_in()
        page = laptop.send(laptop.get("/reports/new"), "/reports/new", what="They ask for her at the gate", how="visit", danger="no")
        case = "/cases/" + re.search(r"[0-9a-z.]{43}", page.url).group(0)
        laptop.send(laptop.get(case.replace("cases", "reports") + "/case"), "/case", alias="Heron", risk="high")
        provider = new_provider(c.mbarara, "Okot the lawyer")
        for hub in (c.hq, c.mbarara, c.gulu):
            hub.sync()
        referral = laptop.get(f"{case}/refer/{provider}")
        tap.ok("before, somebody who works there could be asked", "Okot the lawyer" in laptop.get(f"{case}/refer").text and referral.status == 200, referral.text)
        form = laptop.get(f"{case}/transfer")
        tap.ok("before, the case could go there", f'value="{c.mbarara.log}"' in form.body, form.text)
        c.hq.revoke(c.mbarara.log)
        for hub in (c.hq, c.gulu):
            hub.run("sync", check=False)  # it says that what that hub wrote is refused from now on
        tap.ok("a revoked hub is not offered", f'value="{c.mbarara.log}"' not in laptop.get(f"{case}/transfer").body and c.hq.log in laptop.get(f"{case}/transfer").body)
        page = laptop.send(form, "/transfer", to=c.mbarara.log, reason="She has moved to your town")
        tap.ok("from a page that was open before, the field is named and what was typed is kept", page.status == 400 and "this hub was revoked" in page.text
               and "She has moved to your town" in page.body, (page.status, page.text[:600]))
        tap.ok("nobody who works there is offered either", "Okot the lawyer" not in laptop.get(f"{case}/refer").text, laptop.get(f"{case}/refer").text)
        page = laptop.send(referral, "/refer/", service="legal", urgency="urgent", reason="She needs a lawyer for the hearing", along=["ref"], consent="new",
                           purpose="Legal help", to_whom="A lawyer", how="spoken", given="2026-01-02", step="look")
        tap.ok("a referral from a page that was open before is refused, the field named and what was typed kept", page.status == 400
               and "Provider: their hub does not belong to the coalition any more" in page.text and "She needs a lawyer for the hearing" in page.body
               and 'value="A lawyer"' in page.body, (page.status, page.text[:900]))
        tap.ok("so that nothing is sent", "She needs a lawyer" not in laptop.get(case).text and "Okot" not in laptop.get("/referrals").text)
    finally:
        c.close()
    tap.done()


main()
