"""The matrix of clients in `docs/reference/compatibility.md`, made of what tests have shown.

A test says what it shows of a client with a mark, and the report of a run keeps that beside the test's outcome:

    @pytest.mark.shows("openai", "responses", "tools", "three turns")

    python compatibility.py REPORT.xml ...       writes the document from the reports of whole runs

Whether the client streamed is found in the test's parameters, unless the mark says so. A cell is filled when every test
that shows it has passed.
"""

import importlib.metadata
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/reference/compatibility.md"
NAMES = ["client", "version", "route"]
WHAT = ["plain", "streamed", "tools", "structured", "reasoning", "three turns"]
ROUTES = ["chat", "responses", "messages"]
# Of clients whose package has another name.
PACKAGES = {"Codex": "openai-codex-cli-bin", "pydantic-ai": "pydantic-ai-slim"}
PROPERTY = "shows"
SHOWN = "yes"
INTRODUCTION = """# Compatibility

What the tests show of each client, unmodified, in the version that the last run had. `make test` and then
`make test-agents` write this page. A cell says *yes* where all tests of it passed; it is empty where there is none, or
one failed.

| column | what was shown |
| --- | --- |
| plain, streamed | replies that come whole, and as events |
| tools | a call that the client takes, with arguments that fit the tool's schema |
| structured | a reply that fits a schema, as the client's own types |
| reasoning | what the model thought, apart from what it said |
| three turns | the client sends back all that it was told, as often |

"""


# In the tests


def shown_by(item):
    """The properties of a test for its report."""
    parameters = getattr(item, "callspec", None)
    parameters = parameters.params if parameters else {}
    for mark in item.iter_markers("shows"):
        client, route, *what = mark.args
        assert route in ROUTES and set(what) <= set(WHAT), f"{item.nodeid}: {mark.args}"
        if not {"plain", "streamed"} & set(what):
            what.append("streamed" if is_streamed(parameters) else "plain")
        version = importlib.metadata.version(PACKAGES.get(client, client))
        for word in what:
            yield PROPERTY, "|".join([client, version, route, word])


def is_streamed(parameters):
    return any(parameters.get(name) is True for name in ("stream", "is_streamed")) or "stream" in str(parameters.get("how"))


# In the reports


def cells(reports):
    """Whether each cell was shown by all of its tests: (client, version, route, what) -> bool."""
    found = {}
    for report in reports:
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            if case.find("skipped") is not None:
                continue
            has_passed = case.find("failure") is None and case.find("error") is None
            for one in case.iter("property"):
                if one.get("name") == PROPERTY:
                    key = tuple(one.get("value").split("|"))
                    found[key] = found.get(key, True) and has_passed
    return found


def document(cells):
    rows = sorted({key[:3] for key in cells}, key=lambda row: (row[0].lower(), row[1], ROUTES.index(row[2])))
    text = INTRODUCTION + line(NAMES + WHAT) + line(["---"] * len(NAMES + WHAT))
    for row in rows:
        text += line([*row, *(SHOWN if cells.get((*row, word)) else "" for word in WHAT)])
    return text


def line(words):
    return " ".join(f"| {' | '.join(words)} |".split()) + "\n"


def rows(text):
    """What a document says: (client, version, route) -> the words of its cells."""
    found = {}
    for row in text.splitlines():
        words = [word.strip() for word in row.strip("|").split("|")]
        if len(words) == len(NAMES + WHAT) and words[2] in ROUTES:
            found[tuple(words[:3])] = {word for word, cell in zip(WHAT, words[3:]) if cell == SHOWN}
    return found


if __name__ == "__main__":
    missing = [report for report in sys.argv[1:] if not pathlib.Path(report).exists()]
    if missing:
        print(f"{DOCUMENT.name} is left as it is: there is no report {', '.join(missing)}")
    else:
        DOCUMENT.write_text(document(cells(sys.argv[1:])))
