#!/usr/bin/env python3
"""Coming back with the code, at whichever hub: answers, words and photos both ways, a mailbox that is closed, and somebody who guesses.

Two hubs, headquarters and a relay. Photos are random bytes behind a photo's first ones, so that any 48 of them found on a card or at the relay would prove that
they were kept readable."""
import base64
import concurrent.futures
import ctypes
import os
import re
import sqlite3
import struct
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import Coalition, Tap, wait_for  # noqa: E402
from photos import BOUNDARY, END, HEADS, MEGABYTE, Answer, begin_upload, connect, field, file_part, files, open_code, photo, photo_fields, send_photo, stays, upload  # noqa: E402


def leaks(top, needles):
    """Which of the needles lie anywhere below, as bytes or in base64 at any alignment."""
    wanted = []
    for needle in needles:
        wanted.append(needle)
        for shift in range(3):
            wanted.append(base64.b64encode(needle[shift:])[:40])
    found = []
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    content = f.read()
                found += [path for one in wanted if one in content]
    return found


def foreign(hub, body):
    """What comes when another site has a phone send it."""
    connection = connect(hub.https)
    connection.request("POST", "/messages/photo", body, {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Origin": "https://elsewhere.example"})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def valid_code(number):
    return f"{number:018d}{98 - number * 100 % 97:02d}"


def sync_all(coalition):
    for _ in range(2):
        for hub in coalition.hubs:
            hub.sync()


def hostile_uploads(tap, hub, code):
    def untouched(promise, said, answer, stay=True):
        wait_for("nothing unfinished is left", lambda: not files(hub)[1])
        tap.ok(f"{promise}: told politely, {'on the page behind the code' if stay else 'on the page that asks for the code'}, and nothing is kept",
               files(hub) == before and (stays(answer, said) if stay else answer.status >= 400 and said in answer.text and "Your messages" not in answer.text),
               (answer.status, answer.text, files(hub)))
        return answer if stay else page

    before = files(hub)
    page = open_code(hub, code)[1]
    # Each is sent from the page that the one before was answered with: what it holds is as good as new.
    page = untouched("a page instead of a photo", "not a photo", send_photo(hub, page, b"<script>alert(1)</script>" * 100, name="photo.jpg"))
    page = untouched("a program that is called a photo", "not a photo", send_photo(hub, page, b"\x7fELF" + bytes(1000), name="photo.png", kind="image/png"))
    page = untouched("no photo chosen", "choose a photo first", send_photo(hub, page, b"", name=""))
    page = untouched("three bytes of a photo", "choose a photo first", send_photo(hub, page, b"\xff\xd8\xff"))
    page = untouched("a photo that is too large", "too large", send_photo(hub, page, photo(10 * MEGABYTE + 1)))
    page = untouched("one that is announced as too large", "too large", send_photo(hub, page, photo(11 * MEGABYTE)))
    page = untouched("two photos", "one file", upload(hub, photo_fields(page) + file_part(photo(5000)) + file_part(photo(5000)) + END))
    page = untouched("a form that does not end", "not arrived whole", upload(hub, photo_fields(page) + file_part(photo(5000))))
    page = untouched("a field that never ends", "longer than", upload(hub, photo_fields(page) + field("text", "x" * 100000) + END))
    page = untouched("a thousand fields", "more than", upload(hub, photo_fields(page) + b"".join(field(f"f{i}", "x") for i in range(1000)) + END))
    page = untouched("a photo without the page behind a code", "open for a long time", upload(hub, field("code", code) + file_part(photo(5000)) + END))
    page = untouched("the token of a message for a photo", "open for a long time",
                     upload(hub, field("code", code) + field("token", dict(page.form("/messages").fields)["token"]) + file_part(photo(5000)) + END))
    fields = photo_fields(page)
    untouched("a form that is not one", "not a form", upload(hub, photo(5000), kind="text/plain"), stay=False)
    untouched("a form without a boundary", "not a form", upload(hub, photo(5000), kind="multipart/form-data"), stay=False)
    untouched("one so large that nothing of it is read", "too large", upload(hub, b"", length=40 * MEGABYTE), stay=False)
    answer = upload(hub, file_part(photo(5000)) + fields + END)
    untouched("a photo before the fields that belong to it", "open for a long time", answer, stay=False)
    token = field("token", dict(page.form("/messages/photo").fields)["token"])
    answer = upload(hub, field("code", code[:-1] + str((int(code[-1]) + 1) % 10)) + token + file_part(photo(5000)) + END)
    untouched("a photo with a code that is mistyped", "was mistyped", answer, stay=False)
    tap.ok("which says that the photo is not saved", "The photo is not saved yet" in answer.text, answer.text)
    answer = upload(hub, field("code", valid_code(7)) + token + file_part(b"x" * 5000) + END)
    untouched("no photo, and with somebody else's code", "do not know this code", answer, stay=False)
    tap.ok("which names both", '<a href="#code">We do not know' in answer.body and "not a photo" in answer.text, answer.body)
    untouched("a foreign page that sends a photo", "not ours", foreign(hub, fields + file_part(b"x" * 5000) + END), stay=False)

    body = fields + file_part(photo(3 * MEGABYTE)) + END
    cut = begin_upload(hub, body, 2 * MEGABYTE)
    wait_for("the first pieces are on their way", lambda: files(hub)[1])
    cut.close()
    wait_for("a photo that broke off is gone", lambda: files(hub) == before)
    tap.ok("a photo that breaks off in the middle leaves nothing behind")

    others = [begin_upload(hub, body, MEGABYTE) for _ in range(4)]
    wait_for("four are on their way", lambda: len(files(hub)[1]) >= 4)
    answer = send_photo(hub, page, photo(5000))
    tap.ok("who comes while four others are being sent is told so on the page behind the code", stays(answer, "try again in a minute"), answer.text)
    for other in others:
        other.close()
    wait_for("they are gone", lambda: files(hub) == before)
    page = answer

    bomb = HEADS["png"] + b"\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\x00\x00\x00" + os.urandom(40000)
    answer = send_photo(hub, page, bomb, name="../../../etc/<script>alert(1)</script>\\..\\x.png")
    tap.ok("a photo of four thousand million lines, with a path and a script for a name, is bytes like any other", "is safe" in answer.text, answer.text)
    tap.ok("and its name is nowhere", not leaks(hub.dir, [b"etc/<script>"]) and len(files(hub)[0]) == len(before[0]) + 1, files(hub))
    again = send_photo(hub, page, bomb)
    tap.ok("sent again with the same page, it is one photo", "is safe" in again.text and len(files(hub)[0]) == len(before[0]) + 1, (again.text, files(hub)))
    other = send_photo(hub, page, photo(30000))
    tap.ok("another photo with the same page is not said to be saved: it is asked for once more", stays(other, "is safe. The one you chose now is not saved yet")
           and len(files(hub)[0]) == len(before[0]) + 1, (other.text, files(hub)))
    second, third = photo(30000), photo(30000)
    fields = photo_fields(other)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda one: upload(hub, fields + file_part(one) + END), (second, third)))
    tap.ok("two at once from that page: one is safe, the other is asked for once more", sorted(bool(stays(one, "not saved yet")) for one in both) == [False, True]
           and len(files(hub)[0]) == len(before[0]) + 2, ([one.text for one in both], files(hub)))
    return [bomb, second if "not saved yet" in both[1].text else third]


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        run(tap, coalition)
    finally:
        coalition.close()
    tap.done()


def download(laptop, port, path):
    """A file as the signed-in laptop gets it, in bytes."""
    connection = connect(port)
    cookies = "; ".join(f"{c.name}={c.value}" for c in laptop.jar)
    connection.request("GET", path, headers={"Cookie": cookies})
    return Answer(connection.getresponse())


def report_link(laptop):
    return next(link for link in laptop.get("/reports").links if re.fullmatch(r"/reports/[0-9a-z]{16}\.[0-9a-z]{26}", link))


def photos(tap, coalition, code, contents):
    """What was sent at the report's own hub is opened there, and nowhere is a byte of it readable."""
    gulu, hq = coalition.gulu, coalition.hq
    akello = gulu.sign_in()
    link = report_link(akello)
    wait_for("the photos' messages in the log", lambda: sum("/photo/" in one for one in akello.get(link).links) >= len(contents))
    page = akello.get(link)
    links = [one for one in page.links if "/photo/" in one]
    tap.ok("the office sees each photo as something to save", len(links) == len(contents) and "megabytes" in page.text, page.text)
    for one, content in zip(links, contents):
        got = download(akello, gulu.office, one)
        tap.ok("which it gets as it was sent, byte for byte, as a download that no browser opens",
               got.bytes == content and got.headers["Content-Type"] == "application/octet-stream" and "sandbox" in got.headers["Content-Security-Policy"]
               and got.headers["X-Content-Type-Options"] == "nosniff" and got.headers["Cache-Control"] == "no-store"
               and re.fullmatch(r'attachment; filename="photo-[0-9a-z]{6}\.(jpg|png)"', got.headers["Content-Disposition"]), (got.status, dict(got.headers), len(got.bytes)))
    tap.ok("a photo that is none of this report's is not there", akello.get(links[0][:-26] + "0" * 26).status == 404)
    stranger = download(gulu.laptop(), gulu.office, links[0])
    tap.ok("and nobody gets one who is not signed in", stranger.status == 303 and not stranger.bytes, (stranger.status, stranger.bytes[:80]))
    sync_all(coalition)
    namata = hq.sign_in()
    page = namata.get(report_link(namata))
    tap.ok("headquarters is told at which hub a photo lies", "lies at the hub in Gulu" in page.text, page.text)
    needles = [content[at:at + 48] for content in contents for at in (100, 20000)]
    tap.ok("no part of a photo is readable on any card or at the relay, nor in base64", not leaks(coalition.top, needles), leaks(coalition.top, needles))


def waiting(page):
    """What Today's list of messages that wait for an answer says of them; None: the list is not there."""
    part = re.search(r"Messages that wait for an answer</h2>(.*?)</ul>", page.body, re.S)
    return part and re.findall(r'<a href="/reports/[0-9a-z.]{43}">(.*?)</a>', part.group(1))


def to_and_fro(tap, coalition, code):
    gulu, mbarara = coalition.gulu, coalition.mbarara
    _, page = open_code(mbarara, code)
    tap.ok("at another hub the code opens after sync, before anybody has answered", "Somebody has read it" in page.text and "no answer yet" in page.text, page.text)
    akello = gulu.sign_in()
    link = report_link(akello)
    akello.send(akello.get(link), "/answer", text="Come on Thursday at nine.", kind="answer")
    akello.send(akello.get(link), "/answer", text="Who else was there?", kind="question")
    page = akello.get(link)
    tap.ok("the office sees that nobody has read its answers yet", page.text.count("Not read yet") == 2 and "Question:" in page.text, page.text)
    sync_all(coalition)
    before = mbarara.spool()
    phone, page = open_code(mbarara, code)
    tap.ok("the other hub shows the answer, and that it is asked", "Come on Thursday" in page.text and "They ask you: Who else was there?" in page.text, page.text)
    tap.ok("that it was read is on that hub's card, and nothing else", len(mbarara.spool()) <= len(before) + 2, mbarara.spool())
    sync_all(coalition)
    spooled = mbarara.spool()
    open_code(mbarara, code)
    open_code(gulu, code)
    tap.ok("looking again, here or there, writes nothing", mbarara.spool() == spooled, mbarara.spool())
    tap.ok("that an answer was read is no message that waits for one", waiting(akello.get("/")) is None, akello.get("/").text)
    page = akello.get(link)
    tap.ok("the office sees the day on which both were read", page.text.count("Read on") == 2 and "Not read yet" not in page.text, page.text)
    phone.send(open_code(mbarara, code)[1], "/messages", text="My sister was there.", go="send")
    content = photo(60000, "png")
    answer = send_photo(mbarara, open_code(mbarara, code)[1], content)
    tap.ok("a photo is taken at the other hub, too", "is safe" in answer.text, answer.text)
    answer = send_photo(mbarara, open_code(mbarara, code)[1], photo(9 * MEGABYTE))
    tap.ok("one that is more than a day's photos is refused on the page behind the code", stays(answer, "Many photos were sent today"), answer.text)
    page = open_code(mbarara, code)[1]
    tap.ok("and the page says what was sent", "1 photo" in page.text and "1 message" in page.text, page.text)
    sync_all(coalition)
    page = akello.get(link)
    tap.ok("what is sent there reaches the office, but for the photo, which it is told of", "My sister was there." in page.text and "lies at the hub in Mbarara" in page.text, page.text)
    tap.ok("on Today it waits for an answer, in words to click", waiting(akello.get("/")) == ["A photo"], akello.get("/").text)
    page = akello.send(page, "/close", reason="solved", words="It is solved. Be well.")
    tap.ok("until somebody has answered", waiting(akello.get("/")) is None, akello.get("/").text)
    sync_all(coalition)
    _, page = open_code(mbarara, code)
    tap.ok("closed with words for the reporter, that is what they read", "it is closed" in page.text and "Be well." in page.text, page.text)
    return link


def is_clock_sure():
    """As the hubs judge it (node/base/clock.c)."""
    timex = ctypes.create_string_buffer(256)
    return ctypes.CDLL(None).adjtimex(timex) >= 0 and not struct.unpack_from("i", timex, 40)[0] & 0x40


def messages_of(page):
    """The messages on a report's page, each as its text."""
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", one)) for one in re.findall(r'<div class="message.*?</div>', page.body, re.S)]


def sent_elsewhere(tap, gulu, code):
    """What somebody sends with the code where nobody knows yet that the mailbox was closed."""
    phone, page = open_code(gulu, code)
    tap.ok("a hub that has not heard of it yet still opens the mailbox", "Your messages" in page.text, page.text)
    phone.send(page, "/messages", text="Meet me alone at the bridge.", go="send")
    answer = send_photo(gulu, open_code(gulu, code)[1], photo(5000))
    tap.ok("and takes messages and photos", "is safe" in answer.text, answer.text)


def marked_as_late(tap, page):
    """On the office's page."""
    said = messages_of(page)
    late = "Sent at the hub in Gulu after this mailbox was closed: it may be from somebody else." if is_clock_sure() else \
        "This may have been sent, at the hub in Gulu, after this mailbox was closed, and may be from somebody else."
    bridge = [one for one in said if "at the bridge" in one]
    tap.ok("the office sees at what was sent elsewhere that it came after the closing, and may be from somebody else",
           len(bridge) == 1 and late in bridge[0] and "With the reporter’s code" in bridge[0], said)
    last = said[-1]
    tap.ok("also at a photo", "Save the photo" in last and late in last, said)
    before = [one for one in said if "My sister was there." in one or "Thank you." in one]
    tap.ok("but not at what the closing hub itself took before", len(before) == 2 and not [one for one in before if "somebody else" in one or "From the reporter" not in one], said)
    tap.ok("nor at its own words", not [one for one in said if "From the office" in one and "somebody else" in one], said)


def closed_by_the_reporter(tap, coalition, code, link):
    gulu, mbarara = coalition.gulu, coalition.mbarara
    phone, page = open_code(mbarara, code)
    phone.send(page, "/messages", text="Thank you.", go="send")
    sync_all(coalition)
    akello = gulu.sign_in()
    tap.ok("what is written behind the close waits for an answer", waiting(akello.get("/")) == ["Thank you."], akello.get("/").text)
    os.rename(coalition.relay, coalition.relay + ".away")  # from now on the hubs hear nothing of each other
    phone, page = open_code(mbarara, code)
    old = page
    page = phone.send(page, "/messages/close")
    tap.ok("closing a mailbox is asked about first", "cannot be undone" in page.text, page.text)
    page = phone.post("/messages/close", [*page.form("/messages/close").fields, ("sure", "yes")])
    tap.ok("then it is closed", "messages are closed" in page.text, page.text)
    _, page = open_code(mbarara, code)
    tap.ok("the code shows nothing more at that hub, at once", "messages are closed" in page.text and "Be well" not in page.text and [form.action for form in page.forms] == ["/leave"], page.text)
    page = phone.send(old, "/messages", text="It is me again", go="send")
    tap.ok("nor does an old page send anything more", "messages are closed" in page.text, page.text)
    answer = send_photo(mbarara, old, photo(5000))
    wait_for("nothing unfinished is left", lambda: not files(mbarara)[1])
    tap.ok("not even a photo", "messages are closed" in answer.text and len(files(mbarara)[0]) == 1, (answer.text, files(mbarara)))
    sent_elsewhere(tap, gulu, code)
    os.rename(coalition.relay + ".away", coalition.relay)
    sync_all(coalition)
    _, page = open_code(gulu, code)
    tap.ok("after sync the other hub shows nothing more, either", "messages are closed" in page.text and "Be well" not in page.text, page.text)
    tap.ok("nothing of it waits for an answer that nobody would read", waiting(akello.get("/")) is None, akello.get("/").text)
    page = akello.get(link)
    tap.ok("the office sees it, and has no form for what nobody would read", "closed this mailbox" in page.text and not [f for f in page.forms if "/answer" in f.action], page.text)
    marked_as_late(tap, page)
    namata = coalition.hq.sign_in()
    tap.ok("so does headquarters", "after this mailbox was closed" in namata.get(link).text, namata.get(link).text)


class Guesser(threading.Thread):
    """Tries one code after the other from that address, each as soon as the last was answered."""

    def __init__(self, hub, source, first):
        super().__init__(daemon=True)
        self.hub, self.source, self.number, self.found, self.told, self.over = hub, source, first, [], 0, False

    def run(self):
        while not self.over:
            self.number += 1
            try:
                page = try_code(self.hub, valid_code(self.number), self.source)
            except OSError:
                break
            if "do not know this code" in page.text:
                self.found.append(time.monotonic())
            else:
                self.told += 1


def try_code(hub, code, source):
    connection = connect(hub.https, source)
    connection.request("POST", "/messages", urllib.parse.urlencode({"code": code}), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def guessing(tap, hub):
    code = hub.report(what="They came again", danger="no")
    guessers = [Guesser(hub, "127.0.0.2", n * 10 ** 9) for n in range(1, 3)]
    for guesser in guessers:
        guesser.start()
    wait_for("somebody guesses", lambda: sum(len(g.found) for g in guessers) >= 2)
    for number in range(3):
        page = try_code(hub, code, "127.0.0.3")
        tap.ok(f"while somebody guesses at full speed, the owner of a code gets in from elsewhere ({number + 1})", "Nobody has read it yet" in page.text, page.text)
    page = try_code(hub, code, "127.0.0.2")
    tap.ok("and, when their turn has come, from behind the very same address", "Nobody has read it yet" in page.text, page.text)
    mistyped = try_code(hub, code[:-1] + str((int(code[-1]) + 1) % 10), "127.0.0.2")
    tap.ok("who mistypes is told so without waiting for a turn", "mistyped" in mistyped.text, mistyped.text)
    # With 24 each, these fill the whole line of 64 between them.
    more = [Guesser(hub, f"127.0.1.{n % 3 + 1}", (n + 3) * 10 ** 9) for n in range(78)]
    for guesser in more:
        guesser.start()
    guessers += more
    wait_for("the line is full", lambda: sum(g.told for g in more) >= 8)
    page = try_code(hub, code, "127.0.0.4")
    tap.ok("nor do three addresses that fill the line keep an owner out", "Nobody has read it yet" in page.text, page.text)
    for guesser in guessers:
        guesser.over = True
    found = sorted(at for g in guessers for at in g.found)
    most = max(sum(1 for other in found if at <= other < at + 60) for at in found)
    tap.ok(f"at most ten guesses in any minute were answered ({len(found)} in {found[-1] - found[0]:.0f} s)", most <= 10, found)


def run(tap, coalition):
    coalition.mbarara.conf = "[intake]\nphotos_megabytes_a_day = 32\n"  # eight an address
    coalition.make().start()
    gulu = coalition.gulu
    code = gulu.report(what="They asked for me at the gate", danger="no")
    phone, page = open_code(gulu, code)
    tap.ok("the code opens at its own hub before anything has left it", "Nobody has read it yet" in page.text, page.text)
    content = photo(700 * 1024)
    answer = send_photo(gulu, page, content)
    tap.ok("a photo is taken, in pieces of half a megabyte", "is safe" in answer.text and len(files(gulu)[0]) == 2 and not files(gulu)[1], (answer.text, files(gulu)))
    gulu.sync()
    with sqlite3.connect(f"file:{gulu.dir}/mailbox.db?mode=ro", uri=True) as db:
        items = db.execute("SELECT count(*) FROM item").fetchone()[0]
    tap.ok("and the mailbox still holds one item: nobody who watches sees that its owner came back", items == 1, items)
    more = hostile_uploads(tap, gulu, code)
    photos(tap, coalition, code, [content, *more])
    link = to_and_fro(tap, coalition, code)
    closed_by_the_reporter(tap, coalition, code, link)
    guessing(tap, coalition.mbarara)


if __name__ == "__main__":
    main()
