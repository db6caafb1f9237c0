"""The chat page as a person uses it; its parts are found by the ids and attributes that they have for that."""

import time

from pages.browser import LOOK_SECONDS, WAIT_SECONDS

LAST = "#messages > article.message:last-of-type"
# Of a reply that has ended, however.
ENDED = ("done", "stopped", "interrupted", "failed")
# Kept of a reply that is whole. A page that is left in the middle of a write loses it, and shows what was kept before.
DONE = '"state":"done"'
# Everything that the browser keeps for the page, as one text.
KEPT = """
const found = [JSON.stringify(localStorage), document.cookie, location.href, JSON.stringify(history.state)];
for (const {name, version} of await indexedDB.databases()) {
    const database = await new Promise((done, fail) => {
        const opening = indexedDB.open(name, version);
        [opening.onsuccess, opening.onerror] = [() => done(opening.result), fail];
    });
    found.push(name);
    for (const store of database.objectStoreNames) {
        const request = database.transaction(store).objectStore(store).getAll();
        found.push(JSON.stringify(await new Promise((done) => { request.onsuccess = () => done(request.result); })));
    }
    database.close();
}
for (const name of await caches.keys()) found.push(name);
return found.join("\\n");
"""


class Chat:
    def __init__(self, page, proxy=None):
        self.page, self.proxy = page, proxy

    def sign_in(self, key, language="en"):
        """Opens the page with the key in the address's fragment."""
        self.page.speak(language)
        # From another document: with another fragment alone a browser stays in the one that it has.
        self.page.go("about:blank")
        self.page.open(f"/#key={key}")
        self.ready()

    def ready(self):
        self.page.until("document.body.dataset.state === 'ready'")
        self.page.until("document.querySelector('#model').value")

    def send(self, text):
        """Writes a message and sends it with Enter."""
        self.page.fill("#prompt", text)
        self.page.key("Enter")

    def scripted(self, reply, text="hello", state=ENDED):
        """Sends a message that gets this reply, and waits for a state of it."""
        before = self.page.count("#messages > article.message")
        self.proxy.script(reply)
        self.send(text)
        self.page.until("document.querySelectorAll('#messages > article.message').length >= arguments[0]", before + 2)
        if state:
            self.until_state(*([state] if isinstance(state, str) else state))
        return self

    def until_state(self, *states, seconds=20):
        """Waits for a state of the last reply; for the end of a reply also until all of it is shown."""
        self.page.until(
            "arguments[1].includes(document.querySelector(arguments[0])?.dataset.state)", LAST, states, seconds=seconds
        )
        if set(states) <= set(ENDED):
            self.page.until_shown_whole(seconds)

    @property
    def state(self):
        return self.page.attribute(LAST, "data-state")

    @property
    def body(self):
        """The text of the last message. Not `innerText`: it lacks what the browser has not laid out, far from the window."""
        return self.page.text(f"{LAST} .body")

    def until_says(self, text):
        """Waits until the last message is this text: a reply may be done some frames before all of it is shown."""
        self.page.until("document.querySelector(arguments[0])?.textContent === arguments[1]", f"{LAST} .body", text)

    def until_includes(self, text):
        self.page.until(
            "document.querySelector(arguments[0])?.textContent.includes(arguments[1])", f"{LAST} .body", text
        )

    def kept(self):
        """Everything that the browser keeps for the page."""
        return self.page.promise(KEPT)

    def until_kept(self, *words):
        """Waits until the browser keeps these words: what a page shows it writes some moments later."""
        deadline = time.monotonic() + WAIT_SECONDS
        while missing := [each for each in words if each not in self.kept()]:
            assert time.monotonic() < deadline, f"after {WAIT_SECONDS} s not kept: {missing}"
            time.sleep(LOOK_SECONDS)

    def part(self, selector):
        """A selector inside of the last message."""
        return f"{LAST} {selector}"

    def messages(self):
        return self.page.value(
            "[...document.querySelectorAll('#messages > article.message')]"
            ".map(e => [e.dataset.role, e.querySelector('.body').textContent])"
        )
