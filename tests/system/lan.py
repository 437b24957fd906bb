"""A network of its own for whole hubs, each with its own avahi: namespaces.sh for tests in Python."""
import os
import subprocess
import sys
import tempfile

from coalition import Coalition

NET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "namespaces.sh")


class Lan:
    """Places 1 to `count`; `coalition` lies in the same folder, `top`, which the caller removes."""

    def __init__(self, count):
        can = subprocess.run(["bash", NET, "can"], capture_output=True, text=True)
        if can.returncode:
            print("1..0 # SKIP " + " ".join(can.stdout.split()))
            sys.exit(0)
        self.top = tempfile.mkdtemp(prefix="engabo-")
        os.chmod(self.top, 0o755)
        self.dir = os.path.join(self.top, "net")
        self.coalition = Coalition(top=os.path.join(self.top, "coalition"))
        os.mkdir(self.coalition.top)
        self.run("up", count, self.dir)

    def run(self, *words):
        subprocess.run(["bash", NET, *(str(word) for word in words)], check=True)

    def link(self, place, state):
        self.run("link", self.dir, place, state)

    def exec(self, place, *words, **more):
        """A program in that place; what is started stays its own process."""
        return subprocess.Popen(["bash", NET, "exec", self.dir, str(place), *words], **more)

    def start(self, hub, place, program):
        """The hub's sync role."""
        output = open(hub.log_path, "ab")
        hub.process = self.exec(place, program, "--state", hub.dir, "serve", "--role", "sync", stdout=output, stderr=output, env=hub.environment)
        return hub.process

    def ip(self, place, *words):
        with open(os.path.join(self.dir, "prefix")) as f:
            subprocess.run(["ip", "-n", f"{f.read().strip()}-{place}", *words], check=True)

    def down(self):
        self.run("down", self.dir)
