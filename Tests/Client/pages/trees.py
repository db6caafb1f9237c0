"""Trees of elements, in which the page's Markdown and cmark's HTML can be compared.

A tree is a list of texts and of `[name, attributes, children]`. White space between blocks does not count, and a line
break in a paragraph is a space.
"""

import html.parser
import re
import urllib.parse

VOID = {"br", "hr", "img"}
BLOCKS = set("p h1 h2 h3 h4 h5 h6 ul ol li blockquote pre hr table thead tbody tr th td".split())
# Of an element: what is compared.
COMPARED = {
    "a": ["href", "title"],
    "ol": ["start"],
    "code": ["class"],
    "th": ["align"],
    "td": ["align"],
    "img": ["src", "alt"],
}
# Only these are white space to HTML; a no-break space is text.
SPACE = re.compile("[ \t\n\r\f]+")


class Reader(html.parser.HTMLParser):
    """Reads HTML as cmark writes it: every element is closed."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.root = ["", {}, []]
        self.open = [self.root]

    def handle_starttag(self, name, attributes):
        element = [name, {key: value or "" for key, value in attributes}, []]
        self.open[-1][2].append(element)
        if name not in VOID:
            self.open.append(element)

    def handle_endtag(self, name):
        if name not in VOID:
            assert self.open.pop()[0] == name

    def handle_data(self, text):
        self.open[-1][2].append(text)


def of_html(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root[2]


def address(text):
    """An address with its percent signs read, because the two escape other characters."""
    parts = urllib.parse.urlsplit(urllib.parse.unquote(text))
    return parts._replace(path=parts.path or "/").geturl()


def normalized(nodes, parent="", verbatim=False):
    """The same tree with texts joined, white space folded, and only the compared attributes."""
    joined = []
    for node in nodes:
        if isinstance(node, str) and joined and isinstance(joined[-1], str):
            joined[-1] += node
        elif node != "":
            joined.append(node)
    result = []
    for index, node in enumerate(joined):
        if not isinstance(node, str):
            name, attributes, children = node
            kept = {key: attributes[key] for key in COMPARED.get(name, []) if attributes.get(key) not in (None, "")}
            for key in ("href", "src"):
                if key in kept:
                    kept[key] = address(kept[key])
            if kept.get("start") == "1":
                del kept["start"]
            inner = normalized(children, name, verbatim or name in ("pre", "code"))
            result.append([name, kept, inner])
        elif verbatim:
            result.append(node.removesuffix("\n") if parent == "code" else node)
        else:
            text = SPACE.sub(" ", node)
            if index == 0 and (parent in BLOCKS or not parent) or index and is_edge(joined[index - 1]):
                text = text.removeprefix(" ")
            if (
                index == len(joined) - 1
                and (parent in BLOCKS or not parent)
                or index + 1 < len(joined)
                and is_edge(joined[index + 1])
            ):
                text = text.removesuffix(" ")
            result.append(text)
    return [node for node in result if node != ""]


def is_edge(node):
    """Whether white space beside a node does not show."""
    return not isinstance(node, str) and (node[0] in BLOCKS or node[0] == "br")
