"""Photos as phones send them, for tests: forms of several parts over a raw connection, so that they can misbehave. What a photo holds is random bytes behind a
photo's first ones."""
import http.client
import os
import re
import socket
import ssl

from coalition import Page

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


def page_of(hub, response):
    return Page(response.status, f"https://localhost:{hub.https}/messages/photo", response.headers, response.read().decode())


def upload(hub, body, source=None, length=None, kind=f"multipart/form-data; boundary={BOUNDARY}"):
    """The page that comes."""
    connection = connect(hub.https, source)
    connection.request("POST", "/messages/photo", body, {"Content-Type": kind, **({"Content-Length": str(length)} if length else {})})
    page = page_of(hub, connection.getresponse())
    connection.close()
    return page


def begin_upload(hub, body, part):
    """A connection on which only the first bytes of it have been sent."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    phone = context.wrap_socket(socket.create_connection(("127.0.0.1", hub.https)))
    head = f"POST /messages/photo HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {len(body)}\r\n\r\n"
    phone.sendall(head.encode() + body[:part])
    return phone


def end_upload(hub, phone, rest):
    """The page that comes once the rest has been sent."""
    phone.sendall(rest)
    response = http.client.HTTPResponse(phone)
    response.begin()
    page = page_of(hub, response)
    phone.close()
    return page


def stays(page, said):
    """Whether it is the page behind the code, which names the problem above and at the photo's field."""
    problem = re.search(r'<a href="#photo">(.*?)</a>', page.body)
    return (page.status >= 400 and "There is a problem" in page.text and problem and said in problem.group(1) and f'<p class="error">{problem.group(1)}</p>' in page.body
            and [form.action for form in page.forms if form.action.startswith("/messages")] == ["/messages", "/messages/photo", "/messages/close"])


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
