"""A headless Firefox, as Debian has it (firefox-esr), driven by WebDriver BiDi: what playwright does for chromium, as
far as a test of the site needs it. Playwright itself knows only a Firefox of its own making."""

import json
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time

from websocket import create_connection  # comes with jupyterlab

FIREFOX = shutil.which("firefox") or shutil.which("firefox-esr")


class Firefox:
    """`with Firefox() as firefox:` opens one page; `wrong` fills with what its console says of errors."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [FIREFOX, "--headless", "--remote-debugging-port=0", "--profile", self.folder.name]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in self.process.stderr], daemon=True).start()
        address = None
        while not address:  # queue.Empty after a minute: it did not start
            address = re.search(r"WebDriver BiDi listening on (ws://\S+)", lines.get(timeout=60))
        self.socket, self.count, self.wrong = create_connection(f"{address[1]}/session", suppress_origin=True), 0, []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.page = self.ask("browsingContext.getTree")["contexts"][0]["context"]
        return self

    def __exit__(self, *failure):
        self.socket.close()
        self.process.terminate()
        self.process.wait(30)
        self.folder.cleanup()

    def ask(self, method, seconds=120, **params):
        """The result of a command of the protocol; RuntimeError if it fails."""
        self.count += 1
        self.socket.settimeout(seconds)
        self.socket.send(json.dumps({"id": self.count, "method": method, "params": params}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.count:
            entry = answer.get("params", {})
            if answer.get("method") == "log.entryAdded" and entry["level"] in ("error", "warn"):
                self.wrong.append(entry["text"])
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def open(self, address):
        self.ask("browsingContext.navigate", context=self.page, url=address, wait="complete")

    def evaluate(self, script):
        """What an expression (or the promise that it gives) is in the page, as JSON can say it."""
        target = {"context": self.page}
        script = f"(async () => JSON.stringify(await ({script})))()"
        answer = self.ask("script.evaluate", expression=script, target=target, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def until(self, script, seconds=60):
        """Wait until an expression is true in the page."""
        end = time.monotonic() + seconds
        while not self.evaluate(script):
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s: {script}")
            time.sleep(0.1)
