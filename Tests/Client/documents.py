"""The documents' own examples: commands, requests, programs and links, as a reader finds them."""

import dataclasses
import itertools
import re
import shlex

from conftest import ROOT

PAGES = sorted(
    [ROOT / name for name in ("README.md", "README.zh-CN.md", "CONTRIBUTING.md")] + [*ROOT.glob("docs/**/*.md")]
)
COMMAND = re.compile(r"([A-Z_]+=\S+ )*(pinion|curl|make|\w[^|]* \| pinion|Benchmarks/\w+) ?")
REQUEST = re.compile(r"(GET) (/\S+)")


@dataclasses.dataclass
class Example:
    """Something that a page tells its readers to run: the text as it stands there, without its comment."""

    kind: str
    text: str
    line: int


def blocks(text):
    """The number of the first line of each indented or fenced block, and its lines without their indentation."""
    found, block, fenced = [], [], False
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.startswith("```"):
            fenced = not fenced
        elif fenced or line.startswith("    ") or (block and not line.strip() and not fenced):
            block.append((number, line if fenced else line.removeprefix("    ")))
            continue
        if block:
            found.append((block[0][0], [each for _, each in block]))
        block = []
    return found


def is_open(command):
    """Whether a shell would ask for another line: after a backslash, or within quotes."""
    try:
        shlex.split(command, comments=True)
    except ValueError:
        return True
    return command.endswith("\\")


def examples(page):
    """The examples of a page, in their order."""
    found = []
    for first, lines in blocks(page.read_text()):
        text = "\n".join(lines).strip("\n")
        if re.match(r"(import|from) ", text):
            found.append(Example("python", text, first))
            continue
        rest = list(enumerate(lines, first))
        while rest:
            line, command = rest.pop(0)
            while rest and is_open(command):
                command += "\n" + rest.pop(0)[1]
            command = re.sub(r"\s{2,}#\s.*$", "", command)
            if COMMAND.match(command):
                found.append(Example("command", command, line))
            elif REQUEST.match(command):
                found.append(Example("request", command, line))
    return found


def named_commands(page):
    """The commands of the program that stand in a page's sentences, without their options and arguments."""
    for text in re.findall(r"`pinion ([^`]+)`", page.read_text()):
        words = itertools.takewhile(re.compile(r"[a-z]+$").match, text.split())
        yield tuple(words)


def links(page):
    """The files that a page links to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            path, _, anchor = target.partition("#")
            yield (page.parent / path if path else page), anchor


def anchors(page):
    """What links may name within a page: its headings as GitHub spells them."""
    for heading in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
