"""Writes ../markdown/cmark.json: Markdown of ours, and the HTML that cmark makes of it.

The page and the terminal read the same cases; ../markdown/README.md says what of CommonMark they leave out.

Run with cmark 0.30 or newer on the path (Debian: apt-get install cmark): python3 make_markdown_fixtures.py
"""

import json
import pathlib
import subprocess

FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "markdown"

CASES = []


def group(name, *sources):
    for number, source in enumerate(sources, 1):
        CASES.append({"name": f"{name} {number}", "markdown": source})


def cmark(source):
    """What cmark makes of a text. Without `--unsafe` it leaves raw HTML out, so that a case with HTML shows at once."""
    done = subprocess.run(["cmark"], input=source.encode(), capture_output=True, check=True)
    return done.stdout.decode()


group(
    "paragraphs",
    "One line.\n",
    "Without a newline at the end",
    "Two lines\nof one paragraph.\n",
    "First.\n\nSecond.\n\n\n\nThird.\n",
    "   Up to three spaces\n  before each\n line.\n",
    "Spaces at the end of the last line   \n",
    "A line of spaces separates\n   \ntwo paragraphs.\n",
    "\n\n  \nBlank lines at the start.\n",
    "Carriage returns\r\nend lines, too.\r\n\r\nA second paragraph.\r\n",
    "",
)
group(
    "headings",
    "# First level\n",
    "## Second\n### Third\n#### Fourth\n##### Fifth\n###### Sixth\n",
    "####### Seven are a paragraph\n",
    "#No space, no heading\n",
    "## Closed by the same ##\n",
    "## Closed by more #########   \n",
    "## Not closed# by this#\n",
    "# With *emphasis*, `code` and [a link](https://pinion.example/)\n",
    "A paragraph\n# is ended by a heading\nand goes on below.\n",
    "   ### Three spaces before\n",
    "#\n\n##\n\n### ###\n",
    "# 标题 with **粗体**\n",
)
group(
    "emphasis",
    "*stressed* and _stressed_\n",
    "**strong** and __strong__\n",
    "***both*** and ___both___\n",
    "**strong with *emphasis* inside** and *emphasis with **strong** inside*\n",
    "in*side*words, but snake_case_names stay\n",
    "2 * 3 * 4 and a * b*\n",
    "*unclosed, and **also unclosed\n",
    "closed only* and also**\n",
    "**mixed* ends\n",
    "*mixed** ends\n",
    "_(in brackets)_, *\"in quotes\"*, and _foo_.\n",
    "*over\ntwo lines*\n",
    "*not over\n\ntwo paragraphs*\n",
    "****\n\n****four****\n",
    "*a **b *c* d** e*\n",
    "**a**b**c**\n",
    "_a__b_ and __a_b__\n",
    "\\*escaped\\* and \\_escaped\\_\n",
    "*`code` in emphasis* and `*emphasis* in code`\n",
    "* not emphasis*\n",
    "f(*args, **kwargs) calls g(*args, **kwargs)\n",
    "***strong** in emphasis* and ***emphasis* in strong**\n",
    "*a*b*c*d*\n",
    "**Note:** text. **Hint**: text. **a**.b\n",
)
group(
    "code spans",
    "`code`\n",
    "``a ` inside``\n",
    "`` ` ``\n",
    "` two spaces `, `  three  `, ` `\n",
    "`over\ntwo lines`\n",
    "`unclosed\n",
    "``unclosed by one`\n",
    "`a` and `b` and ```c```\n",
    "`\\` keeps the backslash\n",
    "`<script>` and `&amp;` are shown as they are\n",
    "*a `b* c` d*\n",
    "[a `link](https://pinion.example/)` ends in code\n",
)
group(
    "fences",
    "```\nplain\n```\n",
    "```python\ndef f():\n    return 1\n```\n",
    "~~~\ntildes\n~~~\n",
    "````\n```\nfences inside\n```\n````\n",
    "```\nnever closed\n\nto the end\n",
    "```\n```\n",
    "```\n\n\n  blank lines and spaces  \n\n```\n",
    "  ```\n  indented fence\n    loses two\n ends\n  ```\n",
    "Before\n```\nno blank line\n```\nAfter\n",
    "~~~ swift title\nlet a = \"```\"\n~~~\n",
    "```\n~~~\n```\n",
    "``` not`a`fence\ntext\n```\n",
    "```\nclosed by more\n`````\nafter\n",
    "```html\n<b onclick=\"x()\">&amp; *stars*</b>\n```\n",
    "```\nnot closed by\n``` this\n```\n",
    "```c++\nint a;\n```\n",
)
group(
    "lists",
    "- one\n- two\n- three\n",
    "* one\n* two\n\n+ another\n+ list\n",
    "1. one\n2. two\n3. three\n",
    "7. starts at seven\n8. goes on\n",
    "1) with\n2) brackets\n",
    "- loose\n\n- items\n\n- here\n",
    "- a\n  - b\n    - c\n- d\n",
    "1. one\n   - inner\n   - inner\n2. two\n",
    "- a paragraph\n\n  and another\n- next\n",
    "- item\n\n  ```\n  code\n  ```\n- next\n",
    "- item\n  ```python\n  x = 1\n  ```\n",
    "Text\n- ends the paragraph\n",
    "Text\n1. ends it, too\n",
    "Text\n2. does not\n",
    "- lazy\ncontinuation\n",
    "- one\n\n\n- two\n\nAfter the list.\n",
    "-\n- empty first\n-\n",
    "- a\n- b\n\n  - c\n\n- d\n",
    "-no space\n",
    "1.no space\n",
    "1234567890. ten digits\n",
    "123456789. nine digits\n",
    "0. zero\n1. one\n",
    "1. **Bold:** text\n2. **Bold:** text\n   - *a*\n   - `b`\n",
    "- > quote in an item\n  > goes on\n- after\n",
    "- # heading in an item\n- text\n",
    "10. ten\n    inside\n\n    loose\n",
    "1. a\n\n2. b\n\n   1. c\n   2. d\n\n3. e\n",
    "- - nested at once\n  - second\n- 1. and numbered\n",
    "* one\n  two\n* three\n\n* * *\n",
)
group(
    "quotes",
    "> quoted\n",
    "> two\n> lines\n",
    "> lazy\ncontinuation\n",
    "> first\n>\n> second\n",
    "> outer\n> > inner\n> outer again\n",
    "> # heading\n> - list\n> - list\n",
    "> ```\n> code\n> ```\n",
    "> one\n\n> another\n",
    ">no space\n",
    "> quote\n\nAfter.\n",
    "> - a\n>   b\n> - c\n\nd\n",
    "> ```\n> open until the quote ends\n\noutside\n",
    ">\n",
)
group(
    "thematic breaks",
    "***\n",
    "---\n",
    "___\n",
    " - - -\n",
    "above\n\n---\n\nbelow\n",
    "above\n***\nbelow\n",
    "_____________________\n",
    "--\n",
    "* * *\n- a\n- - -\n- b\n",
    "a---\n",
)
group(
    "links",
    "[text](https://pinion.example/)\n",
    "[text](https://pinion.example/ \"title\") and [text](https://pinion.example/ 'title')\n",
    "[text](<https://pinion.example/a b>)\n",
    "[*emphasis* and `code`](https://pinion.example/)\n",
    "[brackets [inside]](https://pinion.example/)\n",
    "[text](https://pinion.example/a(b)c)\n",
    "[text] (https://pinion.example/) has a space\n",
    "[unclosed](https://pinion.example/\n",
    "[unclosed text and a [link](https://pinion.example/)\n",
    "[no target]\n",
    "[a](https://pinion.example/?a=1&b=2#c)\n",
    "<https://pinion.example/?q=a&b=c>\n",
    "<http://pinion.example> and <https://pinion.example/*a*>\n",
    "<not:a link> and < https://pinion.example/>\n",
    "[escaped\\] bracket](https://pinion.example/)\n",
    "*[a](https://pinion.example/)*[b](https://pinion.example/)\n",
    "[a](https://pinion.example/)[b](http://pinion.example/)\n",
    "[链接](https://pinion.example/路径)\n",
    "[outer [inner](https://pinion.example/1) outer](https://pinion.example/2)\n",
    "\\[not a link](https://pinion.example/)\n",
    "[over\ntwo lines](https://pinion.example/)\n",
    "[port](https://pinion.example:8443/a_b_c/*d*)\n",
)
# The text of an image is what the page and the terminal show in its place, beside its address.
group(
    "images",
    "![text](https://pinion.example/a.png)\n",
    "![*stressed* text](https://pinion.example/a.png \"title\")\n",
    "[![text](https://pinion.example/a.png)](https://pinion.example/)\n",
    "Wow![not an image](\n",
    "!\\[not an image](https://pinion.example/)\n",
)
group(
    "setext headings",
    "First\n=====\n",
    "Second\n---\n",
    "Two\nlines\n===\n",
    "*With* `marks`\n--\n",
    "A paragraph\n\n===\n",
    "- item\n---\n",
    "> quote\n---\n",
    "a\n= =\n",
)
group(
    "indented code",
    "    indented\n      more\n",
    "Text\n    goes on\n",
    "    one\n\n\n    two\n\nText.\n",
    "- item\n\n      code in it\n",
    "    *no* `marks` <b>\n",
    ">     code in a quote\n",
    "# Heading\n    code\nText\n",
)
group(
    "tabs",
    "\tcode\tkeeps\tits tabs\n",
    "-\titem\n",
    "- a\n\t- b\n\t\t- c\n",
    "1.\titem\n\n\tparagraph\n",
    ">\tquote\n",
    "#\theading\n",
    "```\n\tcode\n```\n",
    "a\tb\n",
)
group(
    "line breaks",
    "two spaces  \nbreak\n",
    "many spaces      \n   break\n",
    "backslash\\\nbreaks\n",
    "one space \ndoes not\n",
    "*in  \nemphasis*\n",
    "`code  \nspan`\n",
    "last line\\\n",
    "- in  \n  an item\n",
)
group(
    "escapes",
    "\\!\\\"\\#\\$\\%\\&\\'\\(\\)\\*\\+\\,\\-\\.\\/\\:\\;\\<\\=\\>\\?\\@\\[\\\\\\]\\^\\_\\`\\{\\|\\}\\~\n",
    "\\a \\1 \\  \\« stay\n",
    "\\# no heading\n",
    "\\- no list\n",
    "1\\. no list\n",
    "\\> no quote\n",
    "\\`no code\\`\n",
    "\\```\nno fence\n",
    "C:\\Windows\\System32\n",
    "\\\\*emphasis*\n",
)
group(
    "entities",
    "&amp; &lt; &gt; &quot;\n",
    "&#65;&#x42;&#X43;\n",
    "&nbsp;&copy;&mdash;&hellip;\n",
    "&unknown; &amp without, & alone, &#; &#x;\n",
    "`&amp;`\n",
    "&#42;not emphasis&#42;\n",
    "&lt;script&gt;alert(1)&lt;/script&gt;\n",
    "&#0; and &#x110000;\n",
    "AT&T, a&b; R&D\n",
)
group(
    "scripts of the world",
    "你好，世界。\n第二行。\n",
    "这是**粗体**和*斜体*。\n",
    "**中文**，**测试**。\n",
    "**“引号”**后面\n",
    "日本語の`コード`と[リンク](https://pinion.example/)。\n",
    "- 一\n- 二\n  1. 三\n  2. 四\n",
    "👩‍👩‍👧 **👍🏽** 🇫🇷\n",
    "مرحبا **بالعالم** `كود`\n",
    "שלום *עולם*\n",
    "e\u0301 and **e\u0301** a\u0301\u0316\n",
    "नमस्ते **दुनिया**\n",
    "全角＊不是强调＊\n",
    "*\u00a0no-break spaces\u00a0*\n",
)
group(
    "control characters",
    "NUL \u0000 inside\n",
    "escape \u001b[31mred\u001b[0m bell \u0007 end\n",
    "`\u001b]0;title\u0007`\n",
    "marks \u202eright to left\u202c \u2066isolated\u2069 \u200bzero\n",
    "form\u000cfeed and \u000bvertical tab\n",
    "delete \u007f and \u0085 next line\n",
    "lines\u2028and\u2029paragraphs of Unicode\n",
)
group(
    "replies of models",
    "Here is the function:\n\n```swift\nfunc add(_ a: Int, _ b: Int) -> Int { a + b }\n```\n\nIt takes:\n\n1. **`a`**: the first number\n"
    "2. **`b`**: the second one\n\n> Note: *integers* only.\n",
    "### Steps\n\n1. Install:\n   ```bash\n   make serve\n   ```\n2. Open <https://pinion.example/>.\n\n---\n\n**Done!** 🎉\n",
    "- **Name**: Pinion\n- **Tasks**:\n    - serve\n    - chat\n- **Size**: 150 kB\n",
    "The answer is $x_1 * x_2 = y_3$ and 50 * 2.\n",
    "Let me think...\n\n* One.\n* Two.\n\nSo: **42**.\n",
    "Use `a | b` or `c`:\n\n    \n- x < y && y > z\n- \"quotes\" & 'more'\n",
    "## 步骤\n\n1. 打开**设置**；\n2. 选择`模型`。\n\n完成！\n",
)
# A stream is cut anywhere. What has come so far is Markdown of its own, and the page parses only the last block again.
STREAM = (
    "# A *title*\n\nText with **strong**, `code` and [a link](https://pinion.example/ \"t\").\n\n"
    "- one\n  1. two\n\n```py\nx = '`'\n```\n> quote\nlazy\n\nEnd.\n"
)
group("a stream cut", *(STREAM[:cut] for cut in range(3, len(STREAM), 7)))


def main():
    for case in CASES:
        case["html"] = cmark(case["markdown"])
        assert "raw HTML omitted" not in case["html"], f"{case['name']} holds HTML, which is text here"
    assert len({case["name"] for case in CASES}) == len(CASES)
    FIXTURES.mkdir(exist_ok=True)
    # Escaped, because the sources hold control characters and marks that turn the direction of a line.
    (FIXTURES / "cmark.json").write_text(json.dumps(CASES, indent=1) + "\n")
    print(f"{len(CASES)} cases")


if __name__ == "__main__":
    main()
