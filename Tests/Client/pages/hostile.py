"""Texts that would do something in a page that took them for markup, and what a page that does not may hold."""

# Each sets this in the page if it is executed, or asks for a path that holds this word.
MARK = "pwned"
LEAK = "/leak"

SCRIPTS = [
    "<script>globalThis.pwned = 1</script>",
    "<SCRIPT SRC=/leak.js></SCRIPT>",
    "<scr<script>ipt>globalThis.pwned = 1</scr</script>ipt>",
    "</code></pre></div></article><script>globalThis.pwned = 1</script>",
    "<img src=/leak.png onerror=globalThis.pwned=1>",
    "<img src=x onerror='globalThis.pwned=1'//",
    "<svg onload=globalThis.pwned=1><animate onbegin=globalThis.pwned=1 attributeName=x dur=1s>",
    "<svg><script>globalThis.pwned=1</script><use href=/leak.svg#x /></svg>",
    "<math><mtext><table><mglyph><style><img src onerror=globalThis.pwned=1>",
    "<body onload=globalThis.pwned=1>",
    "<details open ontoggle=globalThis.pwned=1>",
    "<input autofocus onfocus=globalThis.pwned=1>",
    "<iframe src=/leak.html srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<object data=/leak.swf></object><embed src=/leak>",
    "<link rel=stylesheet href=/leak.css><style>@import '/leak.css'; * { display: none }</style>",
    "<meta http-equiv=refresh content='0;url=/leak'><base href=/leak/>",
    "<form action=/leak><button autofocus formaction='javascript:globalThis.pwned=1'>send</button></form>",
    "<video src=/leak autoplay onloadstart=globalThis.pwned=1></video><audio src=/leak autoplay>",
    "<template><script>globalThis.pwned=1</script></template><noscript><img src=/leak></noscript>",
    "<a href=javascript:globalThis.pwned=1 autofocus>a</a>",
    "<!--><img src=x onerror=globalThis.pwned=1>-->",
    "<![CDATA[><img src=x onerror=globalThis.pwned=1>]]>",
    "${globalThis.pwned=1} {{globalThis.pwned=1}} `globalThis.pwned=1`",
    '"><img src=x onerror=globalThis.pwned=1>',
    "' onmouseover='globalThis.pwned=1",
]
LINKS = [
    "[a](javascript:globalThis.pwned=1)",
    "[a](JaVaScRiPt:globalThis.pwned=1)",
    "[a](java\tscript:globalThis.pwned=1)",
    "[a](\u0001javascript:globalThis.pwned=1)",
    "[a](<java\u0000script:globalThis.pwned=1>)",
    "[a](&#106;avascript:globalThis.pwned=1)",
    "[a](javascript&colon;globalThis.pwned=1)",
    "[a](data:text/html,<script>globalThis.pwned=1</script>)",
    "[a](vbscript:x) [b](file:///etc/passwd) [c](blob:x) [d](ftp://x) [e](about:blank)",
    "[a](//pinion.example/leak) [b](/leak) [c](leak) [d](#leak) [e](?leak)",
    '[a](https://pinion.example/"onmouseover="globalThis.pwned=1)',
    '[a](https://pinion.example/ "title" onclick=globalThis.pwned=1)',
    "<javascript:globalThis.pwned=1> <data:text/html,x> <view-source:x>",
    "![a](/leak.png) ![b](https://pinion.example/leak.png) ![c](javascript:globalThis.pwned=1) ![d](data:image/svg+xml,x)",
    '![a](x"onerror="globalThis.pwned=1)',
    "[a]: javascript:globalThis.pwned=1\n[a]",
    "https://pinion.example/<script>globalThis.pwned=1</script>",
    "[a](https://user:pass@pinion.example/) [b](https://pinion.example\\@other.example/)",
    "[https://pinion.example](https://other.example/)",
]
FORMS = [
    "```<img src=x onerror=globalThis.pwned=1>\n<script>globalThis.pwned=1</script>\n```",
    '```js" onclick="globalThis.pwned=1\nx\n```',
    "~~~\u0000\u001b]0;x\u0007\n</code></pre><script>globalThis.pwned=1</script>\n~~~",
    "| <script>globalThis.pwned=1</script> | b |\n| --- | --- |\n| <img src=x onerror=globalThis.pwned=1> | `</code><script>` |",
    "# <script>globalThis.pwned=1</script>\n\n> <img src=/leak onerror=globalThis.pwned=1>\n\n- <svg onload=globalThis.pwned=1>",
    "**<b onclick=globalThis.pwned=1>x</b>** *<i>y</i>* `<u>z</u>`",
    "&lt;script&gt;globalThis.pwned=1&lt;/script&gt; &#60;img src=/leak onerror=globalThis.pwned=1&#62;",
]
CHARACTERS = [
    "\u202eright to left override\u202c \u2066\u2067\u2068isolates never closed",
    "\u0000\u0001\u0008\u000b\u000c\u001f\u007f\u0080\u009f",
    "\u001b[31mred\u001b[0m \u001b]8;;https://pinion.example/\u0007link\u001b]8;;\u0007 \u009b31m",
    "a" + "\u0301\u0316" * 2_000,
    "\ufeff\u200b\u200d\u2028\u2029\ufffe\uffff\U000e0001",
    "\ufdfd" * 50,
]
ALL = SCRIPTS + LINKS + FORMS + CHARACTERS
# In one line, for names and titles.
NAMES = ["<img src=/leak onerror=globalThis.pwned=1>", "\u202e\u0000\u001b[31m\"'><script>globalThis.pwned=1</script>"]
# Words of JavaScript's own objects, which a table of names must not find.
WORDS = ["__proto__", "constructor", "toString", "hasOwnProperty"]

# What a message may be made of.
ELEMENTS = (
    "article div span p h1 h2 h3 h4 h5 h6 em strong del code pre ul ol li blockquote hr br a table thead tbody tr th td "
    "details summary button header footer section dl dt dd time label textarea small bdi input output"
).split()
ATTRIBUTES = (
    "class id dir lang href rel target title start type disabled hidden role tabindex open scope align cite value for "
    "translate name rows inert datetime"
).split()

# Everything in the page that the texts may have made.
FOUND = """
((...given) => {
    const [elements, attributes] = given, found = [];
    for (const element of document.querySelectorAll("#messages, #messages *")) {
        const name = element.localName;
        if (element.id !== "messages" && !elements.includes(name)) found.push(`element ${name}`);
        for (const {name: attribute, value} of element.attributes)
            if (!attributes.includes(attribute) && !/^(data|aria)-/.test(attribute))
                found.push(`attribute ${name} ${attribute}=${value}`);
    }
    for (const element of document.querySelectorAll("*")) {
        for (const {name} of element.attributes) if (/^on|^srcdoc$/i.test(name)) found.push(`handler ${name}`);
        for (const name of ["href", "src", "action", "formaction", "data", "poster"]) {
            const value = element.getAttribute?.(name);
            if (value && /leak|pwned/i.test(new URL(value, location).pathname) && element.localName !== "a")
                found.push(`address ${value}`);
        }
    }
    for (const link of document.querySelectorAll("#messages a")) {
        if (!/^https?:$/.test(link.protocol) || link.origin === location.origin) found.push(`link ${link.getAttribute("href")}`);
        if (!/noopener|noreferrer/.test(link.rel)) found.push(`link without noopener: ${link.href}`);
    }
    for (const element of document.querySelectorAll("iframe, object, embed, base, meta[http-equiv], body script, svg script, video, audio"))
        if (!element.src || !element.src.startsWith(location.origin + "/") || /leak/.test(element.src)) found.push(`active ${element.outerHTML}`);
    if (globalThis.pwned !== undefined) found.push("executed");
    return found;
})(...arguments)
"""


def assert_harmless(page, proxy):
    """Nothing of the texts was executed, fetched or made an element, wherever in the page they are."""
    found = page.run(f"return {FOUND}", ELEMENTS, ATTRIBUTES)
    assert not found
    assert not [path for _, path, _, _ in proxy.requests if LEAK in path]
