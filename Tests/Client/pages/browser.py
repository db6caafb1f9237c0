"""Debian's chromium, driven over WebDriver and the DevTools protocol."""

import contextlib
import importlib.util
import json
import os
import pathlib
import shutil
import time

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service

PACKAGES = "chromium chromium-driver"
NAMES = {"chromium": ["chromium", "chromium-browser", "google-chrome"], "chromedriver": ["chromedriver"]}
WAIT_SECONDS = 20
LOOK_SECONDS = 0.02
# What markdown-view.js keeps of a frame's slice for elements; a view that is behind has less than this left.
SHOWING_MS = 3
DESKTOP = (1280, 900)
PHONE = (390, 844)
# Before the words of a violation in the browser's log, which outlives the page that told it.
VIOLATION = "content security policy violated:"
# Runs in each document before its own scripts.
WATCH = (
    """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error("%s", event.violatedDirective, event.blockedURI, event.sample, location.pathname));
"""
    % VIOLATION
)
KEYS = {
    "Enter": 13,
    "Escape": 27,
    "Tab": 9,
    " ": 32,
    "Backspace": 8,
    "ArrowDown": 40,
    "ArrowUp": 38,
    "End": 35,
    "Home": 36,
    "PageUp": 33,
    "PageDown": 34,
}
# What a browser sends as text of these keys.
TYPED = {"Enter": "\r", " ": " "}
ALT, CONTROL, META, SHIFT = 1, 2, 4, 8


def program(kind):
    return next((path for name in NAMES[kind] if (path := shutil.which(name))), None)


def missing():
    """Why no browser can be started; None if one can."""
    if absent := [kind for kind in NAMES if not program(kind)]:
        return f"{' and '.join(absent)} not found; on Debian: apt-get install {PACKAGES}"
    return None


def axe_source():
    """The source of axe-core, of whose Python packages only this file is used."""
    found = importlib.util.find_spec("axe_playwright_python")
    return (pathlib.Path(found.submodule_search_locations[0]) / "axe.min.js").read_text()


class Browser:
    """One browser for many pages; its log is read after each test."""

    def __init__(self, profile):
        options = webdriver.ChromeOptions()
        options.binary_location = program("chromium")
        arguments = ["--headless=new", f"--user-data-dir={profile}", "--window-size=%d,%d" % DESKTOP, "--lang=en"]
        # What a fresh profile fetches or shows by itself.
        arguments += [
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ]
        arguments += ["--disable-dev-shm-usage", "--hide-scrollbars=false"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        for argument in arguments:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # Named, so that selenium does not fetch a driver.
        self.driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
        self.driver.set_script_timeout(120)
        self.home = self.driver.current_window_handle
        self.violations = []

    def page(self, address=""):
        """A page in a tab of its own."""
        return contextlib.closing(Page(self, address))

    def log(self):
        """What the browser logged since the last look; violations are also kept for the end of the run."""
        entries = self.driver.get_log("browser")
        self.violations += [entry["message"] for entry in entries if is_violation(entry)]
        return entries

    def close(self):
        self.driver.quit()


def is_violation(entry):
    return (
        VIOLATION in entry["message"] or entry["source"] == "security" or "Content Security Policy" in entry["message"]
    )


class Page:
    """A tab. A page is brought to the front by what is asked of it, so that tests may go from one to the other."""

    # What a script that cannot be run raises.
    failures = (WebDriverException,)

    def __init__(self, browser, address):
        self.browser, self.driver, self.address = browser, browser.driver, address
        self.driver.switch_to.window(browser.home)
        self.driver.switch_to.new_window("tab")
        self.handle = self.driver.current_window_handle
        self.watch()

    def watch(self, source=WATCH):
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=source)

    def speak(self, language):
        """Chooses a language as the page itself keeps it, so that tests read one whatever the machine speaks."""
        name = "pinion.language"
        self.watch(f"if (location.host) localStorage['{name}'] ??= '{language}';")

    def front(self):
        if self.driver.current_window_handle != self.handle:
            self.driver.switch_to.window(self.handle)

    def close(self):
        with contextlib.suppress(WebDriverException):
            self.front()
            self.driver.close()
            self.driver.switch_to.window(self.browser.home)

    # Asking

    def cdp(self, method, **parameters):
        self.front()
        return self.driver.execute_cdp_cmd(method, parameters)

    def go(self, address):
        self.front()
        self.driver.get(address)

    def open(self, path="/"):
        self.go(self.address + path)
        return self

    def reload(self):
        self.front()
        self.driver.refresh()

    def run(self, script, *arguments):
        """The value of a function's body, with `arguments`."""
        self.front()
        return self.driver.execute_script(script, *arguments)

    def value(self, expression, *arguments):
        return self.run(f"return ({expression});", *arguments)

    def promise(self, body):
        """What an asynchronous function with this body gives, in the page's own world."""
        result = self.cdp(
            "Runtime.evaluate", expression=f"(async () => {{ {body} }})()", awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            raise AssertionError(result["exceptionDetails"].get("exception", {}).get("description", str(result)))
        return result["result"].get("value")

    def until(self, expression, *arguments, seconds=WAIT_SECONDS):
        """Waits until an expression is true, and gives its value."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if value := self.value(expression, *arguments):
                    return value
            except self.failures:
                # Between two documents.
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise AssertionError(f"after {seconds} s not true: {expression} {arguments}\n{self.summary()}")
            time.sleep(LOOK_SECONDS)

    def until_shown_whole(self, seconds=WAIT_SECONDS):
        """Waits until the page has shown all that it has read, which it does in slices, a few milliseconds a frame.

        A job of ours stands behind those of the page. They use up their part of a frame unless they are done.
        """
        self.promise(
            f"""
            const {{inFrames}} = await import(new URL("pages/frames.js", document.baseURI));
            await new Promise((resolve, reject) => {{
                setTimeout(() => reject(new Error("after {seconds} s not all is shown")), {seconds * 1000});
                inFrames((deadline) => performance.now() < deadline - {SHOWING_MS} && (resolve(), true));
            }});
            """
        )

    def summary(self):
        """What the page says, for the words of a failure."""
        return self.value("document.body.innerText.slice(0, 3000)")

    def texts(self, selector):
        return self.value("[...document.querySelectorAll(arguments[0])].map(e => e.textContent)", selector)

    def text(self, selector):
        return self.value("document.querySelector(arguments[0])?.textContent", selector)

    def attribute(self, selector, name):
        return self.value("document.querySelector(arguments[0])?.getAttribute(arguments[1])", selector, name)

    def count(self, selector):
        return self.value("document.querySelectorAll(arguments[0]).length", selector)

    def shown(self, selector):
        return self.value(
            "!!document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true})", selector
        )

    def until_shown(self, selector, **options):
        return self.until(
            "document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true})", selector, **options
        )

    def until_hidden(self, selector, **options):
        return self.until(
            "!document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true})", selector, **options
        )

    # Acting as a person does

    def click(self, selector):
        """Clicks the middle of an element, after waiting that it is there, stays there and nothing lies above it.

        What comes into view by scrolling gets its true height some frames later, and moves what stands below.
        """
        self.until_shown(selector)
        place = self.until(
            """(async (element) => {
                element.scrollIntoView({block: "nearest", inline: "nearest"});
                const look = () => {
                    const box = element.getBoundingClientRect();
                    return [box.x + box.width / 2, box.y + box.height / 2];
                };
                const frame = () => new Promise(requestAnimationFrame);
                const [oldX, oldY] = look();
                await frame();
                await frame();
                const [x, y] = look(), top = document.elementFromPoint(x, y);
                return x === oldX && y === oldY && !element.disabled && element.isConnected
                    && (element.contains(top) || top?.contains(element)) && [x, y];
            })(document.querySelector(arguments[0]))""",
            selector,
        )
        self.press(*place)

    def press(self, x, y):
        """Clicks a point of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.cdp("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def wheel(self, x, y, down):
        """Turns the wheel over a point of the window, by pixels."""
        self.cdp("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=down)

    def focus(self, selector):
        self.until_shown(selector)
        self.run("document.querySelector(arguments[0]).focus()", selector)
        assert self.value("document.activeElement.matches(arguments[0])", selector), f"{selector} takes no focus"

    def key(self, key, modifiers=0, code=None, text=None):
        """One stroke of a key."""
        number = code or KEYS.get(key) or ord(key.upper())
        text = text if text is not None else TYPED.get(key, key if len(key) == 1 else "")
        if modifiers & ~SHIFT:
            text = ""
        common = {"key": key, "windowsVirtualKeyCode": number, "modifiers": modifiers, "code": physical(key)}
        self.cdp("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **common)
        self.cdp("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        """Text as an input method or a paste gives it, into what has the focus."""
        self.cdp("Input.insertText", text=text)

    def fill(self, selector, text):
        """Replaces a field's text."""
        self.focus(selector)
        self.run("document.querySelector(arguments[0]).select()", selector)
        if text:
            self.type(text)
        else:
            self.key("Backspace")

    def choose(self, selector, value):
        """Chooses an option as a person does: the element says `input` and `change`."""
        self.until_shown(selector)
        self.run(
            """const element = document.querySelector(arguments[0]);
            element.value = arguments[1];
            for (const kind of ["input", "change"]) element.dispatchEvent(new Event(kind, {bubbles: true}));""",
            selector,
            value,
        )

    def compose(self, text):
        """Lets an input method compose in what has the focus; `commit` ends it."""
        self.cdp("Input.imeSetComposition", text=text, selectionStart=len(text), selectionEnd=len(text))

    def commit(self, text):
        self.cdp("Input.insertText", text=text)

    # The window

    def size(self, width, height, scale=1, mobile=False):
        self.cdp(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile
        )

    def media(self, **features):
        """Sets what the person's system asks for: `prefers_color_scheme="dark"`, `forced_colors="active"`."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.cdp("Emulation.setEmulatedMedia", features=listed)

    # Accessibility

    def axe(self, **options):
        """The violations that axe-core finds.

        It runs in a world of its own, where the page's policy does not hold: the page is tested as it is, and axe-core
        breaks no rule of it.
        """
        frame = self.cdp("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self.cdp("Page.createIsolatedWorld", frameId=frame, worldName="axe")["executionContextId"]
        self.cdp("Runtime.evaluate", expression=axe_source() + ";0", contextId=world)
        options = {"resultTypes": ["violations"], "preload": False} | options
        result = self.cdp(
            "Runtime.evaluate",
            expression=f"axe.run(document, {json.dumps(options)}).then(found => JSON.stringify(found.violations))",
            contextId=world,
            awaitPromise=True,
            returnByValue=True,
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return [
            f"{found['id']}: {node['html'][:200]}: {node['failureSummary']}"
            for found in json.loads(result["result"]["value"])
            for node in found["nodes"]
        ]


def physical(key):
    """The name of the key on the keyboard."""
    if len(key) == 1 and key.isascii() and key.isalpha():
        return f"Key{key.upper()}"
    return {" ": "Space", "/": "Slash"}.get(key, key)
