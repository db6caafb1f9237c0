"""Firefox, driven over WebDriver BiDi, which it speaks by itself: no other program stands between."""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time

import pytest

# Selenium brings it.
import websocket
from pages import browser as browsers
from pages.browser import ALT, CONTROL, DESKTOP, META, SHIFT

NAMES = ["firefox-esr", "firefox"]
PACKAGE = "firefox-esr"
START_SECONDS = 60
ANSWER_SECONDS = 120
# An action that the page is not told of, as a key in the browser's own buttons, is over after this.
TOLD_MS = 1000
SETTINGS = {
    "intl.accept_languages": "en",
    # What a fresh profile fetches or shows by itself.
    "app.normandy.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "signon.rememberSignons": False,
    # Tab goes to every control, whatever the machine says.
    "accessibility.tabfocus": 7,
    # As people have it, and drivers not always.
    "general.smoothScroll": True,
}
# The characters that stand for keys in WebDriver.
KEYS = {
    "Backspace": "\ue003",
    "Tab": "\ue004",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "PageUp": "\ue00e",
    "PageDown": "\ue00f",
    "End": "\ue010",
    "Home": "\ue011",
    "ArrowUp": "\ue013",
    "ArrowDown": "\ue015",
}
MODIFIERS = {ALT: "\ue00a", CONTROL: "\ue009", META: "\ue03d", SHIFT: "\ue008"}
# A function's body with its arguments, both ways as JSON: BiDi has a form of its own for each kind of value. An element
# is told by its name, because its JSON would be an empty object, which is false in Python.
WRITTEN = "JSON.stringify(%s ?? null, (_, value) => value?.nodeName ?? value)"
CALL = "async (given) => " + WRITTEN % "(await (function () { %s }).apply(null, JSON.parse(given)))"
PROMISE = "async () => " + WRITTEN % "(await (async () => { %s })())"
# Input methods work in the browser's own window, whose scripts may ask for one.
INPUT_METHOD = """
const method = window.inputMethodOfTests ??=
    Cc["@mozilla.org/text-input-processor;1"].createInstance(Ci.nsITextInputProcessor);
if (!method.beginInputTransactionForTests(window)) throw new Error("no input method");
"""
COMPOSE = """
method.setPendingCompositionString(arguments[0]);
method.appendClauseToPendingComposition(arguments[0].length, method.ATTR_RAW_CLAUSE);
method.setCaretInPendingComposition(arguments[0].length);
method.flushPendingComposition();
"""
KEY = """
const event = new KeyboardEvent("", {key: arguments[0], keyCode: arguments[1]});
method.keydown(event);
method.keyup(event);
"""
# Events of an input method come in turn, but not in turn with scripts: a key that does nothing comes last.
MARK = """
const last = new KeyboardEvent("", {key: "F20", code: "F20", keyCode: 131});
method.keydown(last);
method.keyup(last);
"""
AWAIT_MARK = """
window.mark = new Promise(resolve => addEventListener("keyup", function hear({code}) {
    if (code !== "F20") return;
    removeEventListener("keyup", hear, true);
    resolve();
}, true));
"""
# The event that comes last of an action.
ACTIONS = {"key": "keyup", "pointer": "mouseup", "wheel": "wheel"}
AWAIT_ACTION = """
window.told = new Promise(resolve => {
    addEventListener(arguments[0], resolve, {capture: true, once: true});
    setTimeout(resolve, arguments[1]);
});
"""


def program():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def missing():
    """Why no Firefox can be started; None if one can."""
    return None if program() else f"firefox not found; on Debian: apt-get install {PACKAGE}"


class Refused(Exception):
    """The browser refused a command, or a script threw."""


class Browser:
    """One browser for many pages, with the interface of `browser.Browser`; its `version` is Firefox's own."""

    def __init__(self, profile):
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in SETTINGS.items()]
        (profile / "user.js").write_text("\n".join(lines))
        self.home = tempfile.TemporaryDirectory()
        arguments = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        arguments += ["--remote-allow-system-access", "--width=%d" % DESKTOP[0], "--height=%d" % DESKTOP[1]]
        self.process = subprocess.Popen(
            [program(), *arguments, "about:blank"],
            env=os.environ | {"HOME": self.home.name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = self.address(profile / "WebDriverBiDiServer.json")
        self.socket = websocket.create_connection(address, ANSWER_SECONDS, suppress_origin=True)
        self.asked, self.entries, self.violations = 0, [], []
        self.version = self.command("session.new", capabilities={})["capabilities"]["browserVersion"]
        self.command("session.subscribe", events=["log.entryAdded"])
        self.window = self.command("browsingContext.getTree", **{"moz:scope": "chrome"})["contexts"][0]["context"]
        self.shown = None

    def address(self, file):
        """Where the browser listens, which it writes into its profile."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            with contextlib.suppress(OSError, ValueError):
                told = json.loads(file.read_text())
                return f"ws://{told['ws_host']}:{told['ws_port']}/session"
            assert self.process.poll() is None, "firefox ended before it could be driven"
            assert time.monotonic() < deadline, f"firefox cannot be driven after {START_SECONDS} s"
            time.sleep(browsers.LOOK_SECONDS)

    @property
    def driver(self):
        pytest.skip("needs chromedriver")

    def command(self, method, **parameters):
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv())
            if answer.get("method") == "log.entryAdded":
                self.entries.append(answer["params"])
            if answer.get("id") != self.asked:
                continue
            if answer["type"] == "error":
                raise Refused(f"{method}: {answer['error']}: {answer['message']}")
            return answer["result"]

    def call(self, context, function, *arguments):
        """Calls a function that gives JSON, and waits for it."""
        found = self.command(
            "script.callFunction",
            functionDeclaration=function,
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": context},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise Refused(found["exceptionDetails"]["text"])
        return json.loads(found["result"]["value"])

    def page(self, address=""):
        return contextlib.closing(Page(self, address))

    def log(self):
        """What was logged since the last look, in the words that chromedriver has for it."""
        self.command("session.status")
        entries = [
            {
                "message": entry["text"] or "",
                "level": "SEVERE" if entry["level"] == "error" else entry["level"].upper(),
                "source": "javascript" if entry["type"] == "javascript" else "console-api",
            }
            for entry in self.entries
        ]
        self.entries = []
        self.violations += [entry["message"] for entry in entries if browsers.is_violation(entry)]
        return entries

    def close(self):
        with contextlib.suppress(Refused, websocket.WebSocketException, OSError):
            self.command("browser.close")
        self.socket.close()
        try:
            self.process.wait(browsers.WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.home.cleanup()


class Page(browsers.Page):
    """A tab of Firefox. A test that asks for what only the DevTools protocol can do is skipped."""

    failures = (Refused,)

    def __init__(self, browser, address):
        self.browser, self.address = browser, address
        self.context = browser.command("browsingContext.create", type="tab")["context"]
        browser.shown = self.context
        self.watch()

    @property
    def driver(self):
        return self.browser.driver

    def command(self, method, **parameters):
        self.front()
        return self.browser.command(method, context=self.context, **parameters)

    def watch(self, source=browsers.WATCH):
        self.browser.command(
            "script.addPreloadScript", functionDeclaration=f"() => {{ {source} }}", contexts=[self.context]
        )

    def front(self):
        if self.browser.shown != self.context:
            self.browser.command("browsingContext.activate", context=self.context)
            self.browser.shown = self.context

    def close(self):
        with contextlib.suppress(Refused):
            self.browser.command("browsingContext.close", context=self.context)
        self.browser.shown = None

    def go(self, address):
        self.command("browsingContext.navigate", url=address, wait="complete")

    def reload(self):
        self.command("browsingContext.reload", wait="complete")

    def run(self, script, *arguments):
        self.front()
        return self.browser.call(self.context, CALL % script, *arguments)

    def promise(self, body):
        self.front()
        return self.browser.call(self.context, PROMISE % body)

    def act(self, kind, *actions):
        """Does what a person does, and waits until the page was told of it: the browser answers before that."""
        self.run(AWAIT_ACTION, ACTIONS[kind], TOLD_MS)
        self.command("input.performActions", actions=[{"type": kind, "id": kind, "actions": list(actions)}])
        # The page may have been left by it.
        with contextlib.suppress(Refused):
            self.promise("await window.told")

    def press(self, x, y):
        move = {"type": "pointerMove", "x": round(x), "y": round(y)}
        self.act("pointer", move, {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0})

    def wheel(self, x, y, down):
        scroll = {"type": "scroll", "x": round(x), "y": round(y), "deltaX": 0, "deltaY": down}
        self.act("wheel", scroll)

    def key(self, key, modifiers=0, code=None, text=None):
        """One stroke of a key; one that types nothing (`text=""`) comes from the input method, with any number."""
        if text is not None:
            return self.input(KEY, key, code or browsers.KEYS.get(key, 0))
        held = [value for flag, value in MODIFIERS.items() if modifiers & flag]
        value = KEYS.get(key, key)
        strokes = [("keyDown", each) for each in [*held, value]]
        strokes += [("keyUp", each) for each in [value, *reversed(held)]]
        self.act("key", *({"type": type, "value": each} for type, each in strokes))
        # After its last stop the focus goes to the browser's own buttons, where this protocol presses no key.
        if key == "Tab" and not self.value("document.hasFocus()"):
            self.browser.call(self.browser.window, CALL % "gBrowser.selectedBrowser.focus()")

    def type(self, text):
        self.run("document.execCommand('insertText', false, arguments[0])", text)

    def input(self, script, *arguments):
        """Lets an input method do something in what has the focus, and waits until the page was told of all of it."""
        self.run(AWAIT_MARK)
        self.browser.call(self.browser.window, CALL % (INPUT_METHOD + script + MARK), *arguments)
        self.promise("await window.mark")

    def compose(self, text):
        self.input(COMPOSE, text)

    def commit(self, text):
        self.input("method.commitCompositionWith(arguments[0]);", text)

    def size(self, width, height, scale=1, mobile=False):
        self.command("browsingContext.setViewport", viewport={"width": width, "height": height}, devicePixelRatio=scale)
