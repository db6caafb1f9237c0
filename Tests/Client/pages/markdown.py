"""The page's own Markdown as trees; see `trees`."""

import json

from pages import trees

# Names that the page shows in place of characters that nobody sees, or that turn the direction of a line.
NAMED = {
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
}
NAMED |= {0x2069: "PDI", 0x200E: "LRM", 0x200F: "RLM", 0x061C: "ALM", 0xFEFF: "BOM", 0x7F: "DEL"}
NAMED |= {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
NAMED |= {code: f"U+{code:04X}" for code in range(0x80, 0xA0)}
# Levels that the page's own headings take.
OWN_LEVELS = 2

# The elements of Markdown in the page, without those that only lay them out. Each text is rendered whole, or in pieces
# of `size` characters with a look at the page after each, as a stream brings them.
RENDER = """
const {MarkdownView} = await import(new URL("pages/markdown-view.js", document.baseURI));
const tree = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.data];
    const children = [...node.childNodes].flatMap(tree), name = node.localName;
    if (["bdi", "section", "span"].includes(name)) return children;
    if (name === "button" || node.matches(".code-head")) return [];
    if (name === "div") return children;
    if (name === "tbody" && !children.length) return [];
    const level = /level-(\\d)/.exec(node.className)?.[1];
    if (level) return [[`h${level}`, {}, children]];
    if (name === "p" && node.parentElement.matches("li") && node.closest(".list").matches(".tight")) return [" ", ...children, " "];
    // The words of a picture have no marks in cmark's HTML.
    if (name === "a") return [["a", {href: node.href}, node.textContent.startsWith("Picture: ") ? [node.textContent] : children]];
    if (name === "ol") return [["ol", {start: String(node.start)}, children]];
    if (name === "code" && node.parentElement.localName === "pre") {
        const language = node.closest(".code").querySelector(".code-head span").textContent;
        return [["code", language ? {class: `language-${language}`} : {}, children]];
    }
    const align = /align-(\\w+)/.exec(node.className)?.[1];
    return [[name, align ? {align} : {}, children]];
};
const finish = (view) => { for (let count = 0; !view.slice(performance.now() + 1000); count += 1) if (count > 1000) throw Error("no end"); };
return sources.map((source) => {
    const parent = document.createElement("div");
    const view = new MarkdownView(parent);
    for (let at = 0; at < source.length; at += size) {
        view.append(source.slice(at, at + size));
        if (at + size < source.length) finish(view);
    }
    view.end();
    finish(view);
    return tree(parent);
});
"""


def render(page, sources, size=1_000_000):
    """The trees that the page makes of texts."""
    return page.promise(f"const sources = {json.dumps(sources)}, size = {size};\n{RENDER}")


def expected(html):
    """cmark's tree as the page shows it: images as links, unseen characters by their names."""
    return trees.normalized(as_shown(trees.of_html(html)))


def as_shown(nodes, in_link=False):
    shown = []
    for node in nodes:
        if isinstance(node, str):
            shown.append(node.translate(NAMED))
        elif node[0] == "img":
            words = node[1]["alt"].translate(NAMED)
            shown.append(words if in_link else ["a", {"href": node[1]["src"]}, ["Picture: " + words]])
        else:
            attributes = {key: value for key, value in node[1].items() if key != "title"}
            shown.append([node[0], attributes, as_shown(node[2], in_link or node[0] == "a")])
    return shown
