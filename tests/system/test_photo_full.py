#!/usr/bin/python3
"""A card that fills up while a photo comes in: the page behind the code says what to do instead, nothing of the photo stays, words are kept, and once there is
room again the photo goes from that very page. Runs in a mount namespace of its own, on a small tmpfs."""
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import Hub, Tap, fill, own_mounts, receipt, small_disk, wait_for  # noqa: E402
from photos import END, MEGABYTE, begin_upload, end_upload, file_part, files, open_code, photo, photo_fields, send_photo, stays  # noqa: E402

RESERVE = 256 * MEGABYTE  # of which photos leave everything to reports
FULL = "This hub has no room left, so nothing new can be saved here now. Please tell the people at the desk"
NO_ROOM = "There is no room for photos here just now. Words can still be sent; or show the photo at the desk."


def fill_up(disk):
    """To the last block, while the hub may still be writing what has come."""
    try:
        fill(disk, 0)
    except OSError:
        return False
    return os.statvfs(disk).f_bavail == 0


def filled_in_the_middle(tap, hub, disk, code):
    """The card has room when the photo begins, and none at all when half of it is there."""
    content = photo(3 * MEGABYTE)
    phone, page = open_code(hub, code)
    body = photo_fields(page) + file_part(content) + END
    half = begin_upload(hub, body, 3 * MEGABYTE // 2)
    wait_for("the first pieces are on the card", lambda: len(files(hub)[1]) >= 2)
    before = hub.spool()
    wait_for("the card is full", lambda: fill_up(disk))
    page = end_upload(hub, half, body[3 * MEGABYTE // 2:])
    tap.ok("a card that fills up in the middle of a photo: the page behind the code says what to do instead", page.status == 507 and stays(page, FULL), (page.status, page.text))
    tap.ok("no piece is left behind, whole or not, and nothing else is on the card", files(hub) == ([], []) and hub.spool() == before, (files(hub), hub.spool()))
    again = send_photo(hub, page, content)
    tap.ok("sent again from there, the photo is refused before a byte of it is kept", again.status == 507 and stays(again, FULL) and files(hub) == ([], []), (again.status, again.text))
    tap.ok("the code still opens what there is", "Nobody has read it yet" in open_code(hub, code)[1].text)
    word = phone.send(again, "/messages", text="typed on a full card", go="send")
    tap.ok("words are not taken, either, and stay", word.status == 507 and "no room left" in word.text and "typed on a full card" in word.body and hub.spool() == before,
           (word.status, word.text))
    os.unlink(os.path.join(disk, "filler"))
    return phone, content, again, word


def with_room_again(tap, hub, phone, content, page, word):
    before = len(hub.spool())
    kept = send_photo(hub, page, content)
    tap.ok("once there is room, the photo goes from the page that refused it", "is safe" in kept.text and len(files(hub)[0]) == 7 and not files(hub)[1]
           and len(hub.spool()) == before + 1, (kept.text, files(hub), hub.spool()))
    phone.send(phone.send(word, "/messages"), "/messages", go="send")
    tap.ok("and so do the words, once their code has opened the page again", len(hub.spool()) == before + 2, hub.spool())
    tap.ok("a new report is taken", receipt(phone.report(what="after the card was full")))


def below_the_reserve(tap, hub, disk, code):
    """Photos stop long before reports do."""
    before = files(hub)
    phone, page = open_code(hub, code)
    fill(disk, RESERVE - MEGABYTE)
    refused = send_photo(hub, page, photo(5000))
    tap.ok("below the reserve of photos one is refused at once, on the page behind the code", refused.status == 507 and stays(refused, NO_ROOM) and files(hub) == before, refused.text)
    word = phone.send(refused, "/messages", text="words still go", go="send")
    tap.ok("and words still go from there, as it says", "is safe" in word.text, word.text)
    os.unlink(os.path.join(disk, "filler"))


def after_a_restart(tap, hub, code):
    """Nobody can tell any more whether that page was used before."""
    before = files(hub)
    page = open_code(hub, code)[1]
    hub.stop()
    hub.start("intake")
    answer = send_photo(hub, page, photo(5000))
    tap.ok("a page from before a restart asks for the code, and says that nothing was sent", "nothing was sent just now" in answer.text and "Your messages" not in answer.text
           and files(hub) == before, answer.text)
    tap.ok("which is not in it", code.replace(" ", "") not in answer.body.replace(" ", ""))


def main():
    own_mounts()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix="engabo-") as disk:
        small_disk(disk, "400m")
        # A quarter of it an address: for one photo of three megabytes, so that what was refused must be given back.
        hub = Hub(disk, "Gulu", "GUL", "Acholi", "akello", conf="[intake]\nphotos_megabytes_a_day = 16")
        try:
            hub.init()
            hub.start("intake")
            code = receipt(hub.phone().report(what="while there was room"))
            with_room_again(tap, hub, *filled_in_the_middle(tap, hub, disk, code))
            below_the_reserve(tap, hub, disk, code)
            after_a_restart(tap, hub, code)
        finally:
            hub.stop()
            subprocess.run(["umount", "-l", disk], check=True)
    tap.done()


main()
