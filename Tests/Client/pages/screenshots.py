"""Takes pictures of both pages with a real server and the default model: light and dark, desktop and phone.

python -m pages.screenshots FOLDER [--scripted] [--language zh]        (in Tests/Client, after `make build`)
"""

import argparse
import base64
import pathlib
import tempfile
import time

import conftest
from pages import browser as browsers
from pages.chat import Chat
from pages.proxy import Proxy, Reply

ADMIN_KEY = "an-admin-key"
SIZES = {"desktop": (*browsers.DESKTOP, 1, False), "phone": (*browsers.PHONE, 2, True)}
QUESTIONS = ["What is the capital of France? Answer in one sentence.", "Name three rivers of Europe as a list."]
# A reply with each mark, given by the proxy: to look at, and not for documents, because no model said it.
RICH = """Swift reads a file line by line like this:

```swift
for try await line in url.lines {
    print(line)
}
```

| call | reads |
| --- | --- |
| `url.lines` | one line at a time |
| `String(contentsOf:)` | **all of it** at once |

1. The loop *suspends* while it waits.
2. An error ends it.
"""


def take(page, path):
    path.write_bytes(base64.b64decode(page.cdp("Page.captureScreenshot", format="png")["data"]))
    print(path, path.stat().st_size)


def converse(chat, is_scripted):
    """Real replies, then perhaps a scripted one."""
    chat.page.fill("#p-temperature", "0")
    chat.page.fill("#p-max_tokens", "200")
    for question in QUESTIONS:
        before = chat.page.count("#messages > article.message")
        chat.send(question)
        chat.page.until("document.querySelectorAll('#messages > article.message').length === arguments[0]", before + 2)
        chat.until_state("done", seconds=60)
    if not is_scripted:
        return
    reply = Reply().each([RICH[at : at + 20] for at in range(0, len(RICH), 20)], 0.01)
    chat.scripted(
        reply.end(prompt=61, cached=48, completion=118), "How do I read a file line by line in Swift?", "done"
    )
    chat.until_includes("An error ends it.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--language", default="en", choices=["en", "zh"])
    parser.add_argument("--scripted", action="store_true", help="add a reply with each mark, which no model said")
    arguments = parser.parse_args()
    if reason := browsers.missing():
        parser.error(reason)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    data = pathlib.Path(tempfile.mkdtemp())
    (data / "models").symlink_to(conftest.KEPT_DATA / "models")
    server = conftest.Server("--data-dir", data, PINION_ADMIN_KEY=ADMIN_KEY)
    browser, proxy = browsers.Browser(tempfile.mkdtemp()), Proxy(server.address)
    try:
        pictures(browser, proxy, server.wait_for(r"^\s+(pk-\w+)$"), arguments)
    finally:
        browser.close()
        proxy.close()
        server.stop()


def pictures(browser, proxy, key, arguments):
    with browser.page(proxy.address) as page:
        chat = Chat(page, proxy)
        chat.sign_in(key, arguments.language)
        converse(chat, arguments.scripted)
        each_look(page, arguments.folder / "chat")
    with browser.page(proxy.address) as page:
        page.speak(arguments.language)
        page.open("/status")
        page.fill("#admin-key", ADMIN_KEY)
        page.key("Enter")
        page.until("document.querySelector('#updated').dataset.time")
        each_look(page, arguments.folder / "status")


def each_look(page, path):
    """In each theme and size."""
    for theme in ("light", "dark"):
        # The choice lies in a drawer on a phone.
        page.size(*SIZES["desktop"])
        page.choose("#theme", theme)
        for name, size in SIZES.items():
            page.size(*size)
            time.sleep(0.5)
            take(page, path.with_name(f"{path.name}-{theme}-{name}.png"))


if __name__ == "__main__":
    main()
