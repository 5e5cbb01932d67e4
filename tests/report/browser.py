# SPDX-License-Identifier: GPL-2.0-or-later
"""Chromium without a window, driven over a pipe by its own protocol: no other package is needed."""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 120


def find() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page. Ends with the context."""

    def __init__(self, program: str):
        self.profile = tempfile.mkdtemp(prefix="pcipass-browser-")
        to_read, self.to = os.pipe()
        self.of, to_write = os.pipe()
        self.left, self.number, self.said = b"", 0, []
        # Its protocol is spoken on descriptors 3 and 4.
        command = [program, "--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self.profile}",
                   "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
                   "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
                   "--host-resolver-rules=MAP * ~NOTFOUND"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        # Above 4, so that neither is overwritten by the other when they get their numbers.
        high_read, high_write = (fcntl.fcntl(x, fcntl.F_DUPFD_CLOEXEC, 16) for x in (to_read, to_write))

        def numbers():
            os.dup2(high_read, 3)
            os.dup2(high_write, 4)

        self.process = subprocess.Popen(command, preexec_fn=numbers, pass_fds=(3, 4), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        os.close(high_read)
        os.close(high_write)
        os.close(to_read)
        os.close(to_write)
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    session = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(30)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.of)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, until: float) -> dict:
        while b"\0" not in self.left:
            if not select.select([self.of], [], [], max(0, until - time.monotonic()))[0]:
                raise RuntimeError("the browser does not answer")
            piece = os.read(self.of, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.left += piece
        text, _, self.left = self.left.partition(b"\0")
        return json.loads(text)

    def ask(self, method: str, **parameters):
        self.number += 1
        question = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            question["sessionId"] = self.session
        data = json.dumps(question).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        until = time.monotonic() + LIMIT_S
        while True:
            m = self.message(until)
            if m.get("id") == self.number:
                if "error" in m:
                    raise RuntimeError(f"{method}: {m['error']}")
                return m["result"]
            self.said.append(m)

    def open(self, url: str):
        self.said.clear()
        self.ask("Page.navigate", url=url)
        until = time.monotonic() + LIMIT_S
        while not any(m.get("method") == "Page.loadEventFired" for m in self.said):
            self.said.append(self.message(until))

    def run(self, script: str):
        """The value of an expression in the page."""
        done = self.ask("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(json.dumps(done["exceptionDetails"])[:2000])
        return done["result"].get("value")

    def complaints(self) -> list[str]:
        """Exceptions, errors on the console and what the policy has stopped."""
        bad = []
        for m in self.said:
            if m.get("method") == "Runtime.exceptionThrown":
                bad.append(json.dumps(m["params"]["exceptionDetails"])[:1000])
            if m.get("method") == "Log.entryAdded" and m["params"]["entry"]["level"] in ("error", "warning"):
                bad.append(m["params"]["entry"]["text"])
        return bad

    def requests(self) -> list[str]:
        return [m["params"]["request"]["url"] for m in self.said if m.get("method") == "Network.requestWillBeSent"]

    def size(self, width: int, height: int, dark: bool = False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def key(self, key: str):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                     windowsVirtualKeyCode={"Enter": 13, "ArrowDown": 40, "ArrowUp": 38, "ArrowLeft": 37,
                                            "ArrowRight": 39, "Tab": 9, "End": 35, "Home": 36}[key],
                     **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))

    def click(self, selector: str):
        """With the mouse, in the middle of the element."""
        x, y = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
                        " e.scrollIntoView({block: 'center'}); const r = e.getBoundingClientRect();"
                        " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: str, whole: bool = False):
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as f:
            f.write(base64.b64decode(shot["data"]))

    def pdf(self) -> bytes:
        return base64.b64decode(self.ask("Page.printToPDF", printBackground=True)["data"])
