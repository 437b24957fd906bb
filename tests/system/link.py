"""A bad line between two network namespaces (link.c), and a git server by ssh at its far end.

Side a has the address 10.77.0.1, side b 10.77.0.2. Only root may make one."""
import json
import os
import subprocess
import threading

from coalition import PROGRAM, sh, wait_for, write

HERE = os.path.dirname(os.path.abspath(__file__))
LINK = os.path.join(os.path.dirname(PROGRAM), "tests/system/link")
NEAR, FAR = "10.77.0.1", "10.77.0.2"
PORT = 2222
G2 = (200000, 150, 2)  # the line of the second generation of mobile phones: bits a second, milliseconds one way, percent lost


def why_not():
    """Why this machine has no such line; None: it has."""
    done = subprocess.run(["bash", os.path.join(HERE, "namespaces.sh"), "can", "ip"], capture_output=True, text=True)
    if done.returncode:
        return done.stdout.strip()
    return None if os.access("/dev/net/tun", os.W_OK) else "there is no /dev/net/tun"


class Link:
    def __init__(self, shape=(0, 0, 0), seed=1):
        self.names = {side: f"engabo{os.getpid()}-{side}" for side in "ab"}
        for name in self.names.values():
            sh("ip", "netns", "add", name)
            sh("ip", "-n", name, "link", "set", "lo", "up")
        self.process = subprocess.Popen([LINK, self.names["a"], self.names["b"], str(seed)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        self.lock, self.ended, self.cycler, self.sshd = threading.Lock(), threading.Event(), None, None
        for side, peer in ("a", FAR), ("b", NEAR):  # as Debian does it, whatever this machine prefers; and nothing learned from the connection before
            sh(*self.inside(side), "ip", "route", "replace", f"{peer}/32", "dev", "lk0", "congctl", "cubic")
            sh(*self.inside(side), "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1")
        self.shape(*shape)

    def inside(self, side):
        """Words before a command that runs at this side."""
        return ["ip", "netns", "exec", self.names[side]]

    def order(self, line):
        with self.lock:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline()) if line == "count" else None

    def shape(self, rate, delay_ms, loss_percent):
        self.order(f"shape {rate} {delay_ms} {loss_percent}")

    def cut(self, seconds):
        self.order(f"cut {seconds * 1000}")

    def zero(self):
        self.order("zero")

    def count(self):
        return self.order("count")

    def cycle(self, up, down):
        """From now on up for so many seconds (or what the function says), then cut, again and again."""
        self.calm()
        self.ended = threading.Event()

        def work(ended):
            while not ended.wait(up() if callable(up) else up):
                self.cut(down)
                ended.wait(down)

        self.cycler = threading.Thread(target=work, args=(self.ended,), daemon=True)
        self.cycler.start()

    def calm(self):
        """No more cuts."""
        self.ended.set()
        if self.cycler:
            self.cycler.join()

    def serve_ssh(self, folder, key, more=""):
        """An sshd at side b that lets in whoever has the private key `key`; its files lie in `folder`."""
        os.makedirs(folder)
        os.makedirs("/run/sshd", exist_ok=True)
        sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/host")
        write(f"{folder}/authorized", sh("ssh-keygen", "-y", "-f", key).decode())
        write(f"{folder}/config", f"Port {PORT}\nListenAddress {FAR}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nStrictModes no\nUsePAM no\n"
              f"PidFile none\nPasswordAuthentication no\nPermitRootLogin yes\n{more}\n")
        self.sshd = subprocess.Popen([*self.inside("b"), "/usr/sbin/sshd", "-D", "-e", "-f", f"{folder}/config"], stderr=subprocess.DEVNULL)
        wait_for("sshd", lambda: sh(*self.inside("b"), "ss", "-Hltn", f"sport = :{PORT}"))

    def close(self):
        self.calm()
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait()
        self.process.stdin.close()
        self.process.wait()
        for name in self.names.values():
            sh("ip", "netns", "del", name)
