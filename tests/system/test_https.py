#!/usr/bin/python3
"""A relay by https with a name and a password, as Gitea or GitLab would be: records go through it both ways, and the password is in no place where it
should not be. The server is stock git's http-backend behind Python's https."""
import base64
import http.server
import os
import ssl
import subprocess
import threading

from coalition import Coalition, Tap, free_ports

SECRET = "g3heim%40nd"  # as written in an address; decoded below
PLAIN = "g3heim@nd"


def make_server(top, port):
    pem = os.path.join(top, "relay.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", pem, "-out", pem + ".crt",
                    "-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"], check=True, capture_output=True)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wanted = "Basic " + base64.b64encode(b"ann:" + PLAIN.encode()).decode()

        def log_message(self, *_):
            pass

        def answer(self):
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Authorization") != self.wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="relay"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            cgi = {"GIT_PROJECT_ROOT": top, "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
                   "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)), "REMOTE_USER": "ann", "REMOTE_ADDR": "127.0.0.1",
                   "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                   "PATH": os.environ["PATH"]}
            out = subprocess.run(["git", "http-backend"], input=body, env=cgi, capture_output=True).stdout
            head, _, content = out.partition(b"\r\n\r\n")
            fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
            self.send_response(int(dict(fields).get("Status", "200 OK").split()[0]))
            for name, value in fields:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem + ".crt", pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, pem + ".crt"


def main():
    tap = Tap()
    coalition = Coalition()
    hq, gulu = coalition.hq, coalition.gulu
    server = None
    try:
        coalition.make(hubs=[gulu])
        subprocess.run(["git", "-C", coalition.relay, "config", "http.receivepack", "true"], check=True)
        port = free_ports(1)[0]
        server, certificate = make_server(coalition.top, port)
        address = f"https://ann:%s@127.0.0.1:{port}/relay.git"
        gulu.run("remote", "remove", "relay")
        gulu.run("remote", "add", "relay", address % SECRET)
        done = gulu.run("sync", check=False)
        tap.ok("a certificate that nobody vouches for is refused", done.returncode == 69 and "certificate is not trusted" in done.stderr, done.stderr)
        for repository in ("log.git", "inbox.git"):  # what an administrator would put into the system's store
            subprocess.run(["git", f"--git-dir={gulu.dir}/{repository}", "config", "http.sslCAInfo", certificate], check=True)
        gulu.report(what="by way of https")
        report = gulu.sync()["remotes"][0]
        tap.ok("with it, a report goes to the relay", report["ok"] and report["sent"] >= 1, report)
        hq.sync()
        logs = {log["log"]: log["seq"] for log in hq.status()["logs"]}
        tap.ok("and from there to headquarters", logs.get(gulu.log) == gulu_seq(gulu), logs)
        hq.report(what="the other way")
        hq.sync()
        received = gulu.sync()["remotes"][0]
        tap.ok("and back", received["ok"] and received["received"] >= 1, received)
        gulu.run("remote", "add", "relay", address % "wrong")
        done = gulu.run("sync", check=False)
        tap.ok("a wrong password is said to be one", done.returncode == 69 and "refuses the name or the password" in done.stderr, done.stderr)
        gulu.run("remote", "add", "relay", address % SECRET)
        shown = gulu.run("status").stdout + gulu.run("status", "--json").stdout + gulu.run("remote", "list").stdout + done.stderr
        tap.ok("the password is shown nowhere", SECRET not in shown and PLAIN not in shown and ":***@" in shown, shown)
        holding = subprocess.run(["grep", "-rlaF", SECRET, gulu.dir], capture_output=True, text=True).stdout.split()
        tap.ok("and lies in one file alone", holding == [os.path.join(gulu.dir, "keys/remotes")], holding)
        tap.ok("and not in an invite", SECRET not in gulu.run("invite").stdout)
        tap.done()
    finally:
        if server:
            server.shutdown()
        coalition.close()


def gulu_seq(gulu):
    return next(log["seq"] for log in gulu.status()["logs"] if log["log"] == gulu.log)


if __name__ == "__main__":
    main()
