#!/usr/bin/env python3
"""Coming back with the code, at whichever hub: answers, words and photos both ways, a mailbox that is closed, and somebody who guesses.

Two hubs, headquarters and a relay. Photos are random bytes behind a photo's first ones, so that any 48 of them found on a card or at the relay would prove that
they were kept readable."""
import base64
import http.client
import os
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from coalition import Coalition, Tap, digest, receipt, wait_for  # noqa: E402

MEGABYTE = 1 << 20
HEADS = {"jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF", "png": b"\x89PNG\r\n\x1a\n", "webp": b"RIFF\x24\x00\x00\x00WEBP", "heic": b"\x00\x00\x00\x18ftypheic"}
BOUNDARY = "----WebKitFormBoundary7MA4YWxkTrZu0gW"


def photo(size, kind="jpg"):
    return HEADS[kind] + os.urandom(size - len(HEADS[kind]))


def field(name, value):
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def file_part(content, name="IMG_0001.jpg", kind="image/jpeg", field_name="photo"):
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field_name}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.bytes = response.status, response.headers, response.read()
        self.body = self.bytes.decode("latin-1")
        self.text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.bytes.decode("utf-8", "replace")))


def connect(port, source=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context, source_address=(source, 0) if source else None)


def upload(hub, body, source=None, length=None, kind=f"multipart/form-data; boundary={BOUNDARY}"):
    connection = connect(hub.https, source)
    connection.request("POST", "/messages/photo", body, {"Content-Type": kind, **({"Content-Length": str(length)} if length else {})})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def photo_fields(page):
    """What the photo's form on a page behind a code sends beside the photo."""
    return b"".join(field(name, value) for name, value in page.form("/messages/photo").fields if name != "photo")


def send_photo(hub, page, content, **more):
    return upload(hub, photo_fields(page) + file_part(content, **more) + END)


def open_code(hub, code):
    phone = hub.phone()
    return phone, phone.send(phone.get("/messages"), "/messages", code=code)


def files(hub):
    """Names of the pieces on the hub's card, and of what is not whole."""
    folder = os.path.join(hub.dir, "files")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(n for n in names if re.fullmatch(r"[0-9a-f]{64}", n)), sorted(n for n in names if not re.fullmatch(r"[0-9a-f]{64}", n))


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


def valid_code(number):
    return f"{number:018d}{98 - number * 100 % 97:02d}"


def sync_all(coalition):
    for _ in range(2):
        for hub in coalition.hubs:
            hub.sync()


def hostile_uploads(tap, hub, code):
    def fresh():
        return open_code(hub, code)[1]

    def untouched(promise, said, answer):
        wait_for("nothing unfinished is left", lambda: not files(hub)[1])
        tap.ok(f"{promise}: told politely, and nothing is kept", said in answer.text and files(hub) == before and answer.status >= 400, (answer.status, answer.text, files(hub)))

    before = files(hub)
    page = fresh()
    untouched("a page instead of a photo", "not a photo", send_photo(hub, page, b"<script>alert(1)</script>" * 100, name="photo.jpg"))
    untouched("a program that is called a photo", "not a photo", send_photo(hub, page, b"\x7fELF" + bytes(1000), name="photo.png", kind="image/png"))
    untouched("no photo chosen", "choose a photo first", send_photo(hub, page, b"", name=""))
    untouched("three bytes of a photo", "choose a photo first", send_photo(hub, page, b"\xff\xd8\xff"))
    untouched("a photo that is too large", "too large", send_photo(hub, page, photo(10 * MEGABYTE + 1)))
    untouched("one that is announced as too large", "too large", send_photo(hub, page, photo(11 * MEGABYTE)))
    fields = photo_fields(page)
    untouched("two photos", "one file", upload(hub, fields + file_part(photo(5000)) + file_part(photo(5000)) + END))
    untouched("a form that does not end", "not arrived whole", upload(hub, fields + file_part(photo(5000))))
    untouched("a form that is not one", "not a form", upload(hub, photo(5000), kind="text/plain"))
    untouched("a form without a boundary", "not a form", upload(hub, photo(5000), kind="multipart/form-data"))
    untouched("a photo without the page behind a code", "open for a long time", upload(hub, field("code", code) + file_part(photo(5000)) + END))
    untouched("a photo before the fields that belong to it", "open for a long time", upload(hub, file_part(photo(5000)) + fields + END))
    untouched("the token of a message for a photo", "open for a long time",
              upload(hub, field("code", code) + field("token", dict(page.form("/messages").fields)["token"]) + file_part(photo(5000)) + END))
    untouched("a photo with somebody else's code", "do not know this code",
              upload(hub, field("code", valid_code(7)) + field("token", dict(page.form("/messages/photo").fields)["token"]) + file_part(photo(5000)) + END))
    untouched("a field that never ends", "longer than", upload(hub, fields + field("text", "x" * 100000) + END))
    untouched("a thousand fields", "more than", upload(hub, fields + b"".join(field(f"f{i}", "x") for i in range(1000)) + END))

    cut = socket.create_connection(("127.0.0.1", hub.https))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    tls = context.wrap_socket(cut)
    body = fields + file_part(photo(3 * MEGABYTE)) + END
    tls.sendall(f"POST /messages/photo HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body[:2 * MEGABYTE])
    wait_for("the first pieces are on their way", lambda: files(hub)[1])
    tls.close()
    wait_for("a photo that broke off is gone", lambda: files(hub) == before)
    tap.ok("a photo that breaks off in the middle leaves nothing behind")

    bomb = HEADS["png"] + b"\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff\x08\x06\x00\x00\x00" + bytes(40000)
    answer = send_photo(hub, page, bomb, name="../../../etc/<script>alert(1)</script>\\..\\x.png")
    tap.ok("a photo of four thousand million lines, with a path and a script for a name, is bytes like any other", "is safe" in answer.text, answer.text)
    tap.ok("and its name is nowhere", not leaks(hub.dir, [b"etc/<script>"]) and len(files(hub)[0]) == len(before[0]) + 1, files(hub))
    again = send_photo(hub, page, bomb)
    tap.ok("sent again with the same page, it is one photo", "is safe" in again.text and len(files(hub)[0]) == len(before[0]) + 1, (again.text, files(hub)))


def main():
    tap = Tap()
    coalition = Coalition()
    try:
        run(tap, coalition)
    finally:
        coalition.close()
    tap.done()


def run(tap, coalition):
    coalition.make().start()
    gulu = coalition.gulu
    code = gulu.report(what="They asked for me at the gate", danger="no")
    phone, page = open_code(gulu, code)
    tap.ok("the code opens at its own hub before anything has left it", "Nobody has read it yet" in page.text, page.text)
    content = photo(700 * 1024)
    answer = send_photo(gulu, page, content)
    tap.ok("a photo is taken, in pieces of half a megabyte", "is safe" in answer.text and len(files(gulu)[0]) == 2 and not files(gulu)[1], (answer.text, files(gulu)))
    _, page = open_code(gulu, code)
    tap.ok("the page says that one photo was sent", "1 photo" in page.text, page.text)
    hostile_uploads(tap, gulu, code)


if __name__ == "__main__":
    main()
