"""The page's Markdown beside cmark's, whole and cut anywhere; sizes that a parser without bounds would not survive."""

import json

import pytest
from conftest import ROOT
from pages import hostile, markdown, trees
from pages.figures import ROUNDS, tell
from pages.proxy import Reply

CORPUS = ROOT / "Tests/Fixtures/markdown"
# Milliseconds that a megabyte of a hostile shape may take: ten times what the slowest takes on an idle machine.
PARSE_MILLISECONDS = 10_000
# Shapes that take less are not worth a line.
TOLD_MILLISECONDS = 1_000
MEGABYTE = 1_000_000
SHAPES = {
    "quotes": ">" * MEGABYTE,
    "lists": "- " * (MEGABYTE // 2),
    "brackets": "[" * MEGABYTE,
    "closed brackets": "[a](" * (MEGABYTE // 4),
    "links in links": "[" * 50_000 + "](https://pinion.example/)" * 30_000,
    "stars": "*" * MEGABYTE,
    "stars and letters": "*a " * (MEGABYTE // 3),
    "nested emphasis": "*a _b " * 80_000 + "c_ d*" * 80_000,
    "back quotes": "".join("`" * (count % 400) + " " for count in range(5_000)),
    "back quotes unclosed": "`a``b```c" * (MEGABYTE // 9),
    "ampersands": "&" * MEGABYTE,
    "entities": "&#x" * (MEGABYTE // 3),
    "less than": "<" * MEGABYTE,
    "tags": "<a " * (MEGABYTE // 3),
    "tags with values": "<a b='" * (MEGABYTE // 6),
    "comments": "<!--" * (MEGABYTE // 4),
    "backslashes": "\\" * MEGABYTE,
    "exclamation marks": "![" * (MEGABYTE // 2),
    "bars": "|" * MEGABYTE,
    "a table's rule": "a|b\n" + "-|" * (MEGABYTE // 2),
    "wide rows": "|a|b|\n|-|-|\n" + "|" * MEGABYTE,
    "blank lines": "\n" * MEGABYTE,
    "spaces": " " * MEGABYTE,
    "tabs": "\t" * MEGABYTE,
    "headings": "#" * MEGABYTE,
    "heading ends": "# a " + "# " * (MEGABYTE // 2),
    "deep lists": "".join("  " * (depth % 500) + "- a\n" for depth in range(2_000)),
    "deep quotes": "".join(">" * (depth % 500) + " a\n" for depth in range(4_000)),
    "fences": "```\n" * (MEGABYTE // 4),
    "setext": "a\n=\n" * (MEGABYTE // 4),
    "marks": "a" + "\u0301\u0316" * (MEGABYTE // 2),
    "direction": "\u202e" * 100_000,
    "one line": "word " * (MEGABYTE // 5),
    "one word": "w" * MEGABYTE,
    "numbers": "1. " * (MEGABYTE // 3),
    "escapes": "\\*" * (MEGABYTE // 2),
    "surrogates": "\U0001f600" * (MEGABYTE // 2),
}


def cases(name):
    return json.loads((CORPUS / f"{name}.json").read_text())


def differences(page, corpus, **options):
    got = markdown.render(page, [case["markdown"] for case in corpus], **options)
    return [
        f"{case['name']}: {case['markdown']!r}\n  page  {found}\n  cmark {wanted}"
        for case, tree in zip(corpus, got, strict=True)
        if (found := trees.normalized(tree)) != (wanted := markdown.expected(case["html"]))
    ]


@pytest.mark.parametrize("name", ["cmark", "tables", "text"])
def test_markdown_is_read_as_the_corpus_says(chat, name):
    assert not differences(chat.page, cases(name))


@pytest.mark.parametrize("size", [1, 3, 16])
def test_a_text_that_grows_ends_as_the_whole_text_does(chat, size):
    """After each piece the page shows what has come; what it takes back later must leave no trace."""
    for name in ("cmark", "tables", "text"):
        assert not differences(chat.page, cases(name), size=size)
    sources = ["".join(case["markdown"] + "\n" for case in cases("cmark")), "\n\n".join(hostile.ALL)]
    assert markdown.render(chat.page, sources, size=size * 5) == markdown.render(chat.page, sources)


def test_the_corpus_is_shown_so_when_it_is_streamed_as_replies(chat):
    """Some cases on their whole way through the page, instead of the parser alone."""
    for case in cases("cmark")[::40] + cases("tables")[::6]:
        source = case["markdown"]
        chat.scripted(
            Reply().text(*(source[at : at + 5] for at in range(0, len(source), 5))).end(), case["name"], "done"
        )
        for words in texts(markdown.expected(case["html"])):
            chat.until_includes(words.strip())


def texts(nodes):
    for node in nodes:
        if isinstance(node, str):
            yield node
        else:
            yield from texts(node[2])


@pytest.mark.parametrize("name", SHAPES)
def test_a_megabyte_of_marks_is_read_in_linear_time(chat, name):
    script = f"""const {{MarkdownView}} = await import(new URL("pages/markdown-view.js", document.baseURI));
        const source = {json.dumps(SHAPES[name])}, start = performance.now(), parent = document.createElement("div");
        const view = new MarkdownView(parent);
        view.append(source);
        view.end();
        while (!view.slice(performance.now() + 1000)) if (performance.now() - start > {PARSE_MILLISECONDS}) break;
        const took = performance.now() - start;
        let depth = 0;
        const walk = (node, level) => {{ depth = Math.max(depth, level); for (const child of node.children) walk(child, level + 1); }};
        walk(parent, 0);
        return [took, depth, parent.textContent.length];"""
    for _ in range(ROUNDS):
        took, depth, length = chat.page.promise(script)
        if took < PARSE_MILLISECONDS:
            break
    if took > TOLD_MILLISECONDS:
        tell(f"a megabyte of {name}: {took:.0f} ms")
    assert took < PARSE_MILLISECONDS and depth < 200
