"""The transcripts that every format has."""

from model import Format

BERN = ("weather", {"city": "Bern"})
THUN = ("weather", {"city": "Thun", "days": 3})
CLOCK = ("clock", {})
NESTED = ("find_trains", {"route": {"from": "Bern", "to": "Chur"}, "classes": [1, 2], "direct": True, "budget": 42.5})
ESCAPED = (
    "save_note",
    {"title": 'He said "now" \\ never', "body": "Zürich → 東京 🚆\n\tline {two}: it's [done], 100 % </b> & more"},
)


def transcript(name, case, reply, end, content="", reasoning=None, calls=(), finish=None, degraded=False, open=False):
    if finish is None:
        finish = "length" if end is None else "tool_calls" if calls else "stop"
    return {
        "name": name,
        "case": case,
        "reply": reply,
        "end": end,
        "reasoning_open": open,
        "expected": {
            "content": content,
            "reasoning": reasoning,
            "calls": [{"name": n, "arguments": a} for n, a in calls],
            "finish": finish,
            "degraded": degraded,
        },
    }


def whole(format, calls):
    return [(name, format.arguments(args)) for name, args in calls]


def shared(f: Format):
    call_end = f.call_end or f.end
    text = "The train leaves Bern at 7:32."
    layout = "Steps:\n\n    1. Pack.\n\t2. Go.\n"
    yield transcript("Text alone is content.", "text", f.say(text), f.end, text)
    yield transcript("Line breaks, indentation and a last line break of a text stay.", "text-layout", f.say(layout), f.end, layout)
    yield transcript("A text that the limit cuts ends as length.", "text-cut", f.say(text)[: f.say(text).index("7:3") + 3], None,
                     text[: text.index("7:3") + 3])
    yield transcript("A reply of nothing is nothing.", "empty", "", f.end)
    yield from calls_of(f, call_end)
    yield from cuts(f)
    yield from lookalikes(f)
    for name, reply in f.malformed:
        yield transcript(name, "malformed", reply, f.end, reply, degraded=True)
    if f.think:
        yield from reasoning(f, call_end)


def calls_of(f, end):
    yield transcript("One call is a call.", "call", f.block([BERN]), end, calls=whole(f, [BERN]))
    yield transcript("Two calls of one turn are told in their order.", "parallel", f.block([THUN, CLOCK]), end,
                     calls=whole(f, [THUN, CLOCK]))
    yield transcript("One tool may be called twice.", "parallel", f.block([BERN, THUN]), end, calls=whole(f, [BERN, THUN]))
    yield transcript("Text before a call is content, without the white space at the marker.", "text-call",
                     "Let me look, one moment." + f.lead + f.block([BERN]), end, "Let me look, one moment.",
                     calls=whole(f, [BERN]))
    yield transcript("A tool without parameters is called with an empty object.", "no-arguments", f.block([CLOCK]), end,
                     calls=whole(f, [CLOCK]))
    yield transcript("Objects, lists, booleans and numbers keep their types.", "nested", f.block([NESTED]), end,
                     calls=whole(f, [NESTED]))
    yield transcript("Quotes, backslashes, braces and every script pass through strings.", "escapes", f.block([ESCAPED]), end,
                     calls=whole(f, [ESCAPED]))
    marked = ("save_note", {"title": "Markers", "body": f.marked_text})
    yield transcript("Markers inside a string are text.", "markers-in-string", f.block([marked]), end, calls=whole(f, [marked]))
    unknown = ("order_pizza", {"size": "large"})
    yield transcript("A call of a tool that nobody offered passes as it was said.", "unknown", f.block([unknown]), end,
                     calls=whole(f, [unknown]))
    yield transcript("Text after a call is content.", "call-text", f.block([BERN]) + f.trail + "I asked for the weather.", f.end,
                     "I asked for the weather.", calls=whole(f, [BERN]), finish="tool_calls")
    yield transcript("White space after a call is nothing.", "call-space", f.block([BERN]) + "\n\n", end, calls=whole(f, [BERN]))


def cuts(f):
    block, arguments = f.block([BERN]), f.arguments(BERN[1])
    yield transcript("A call that the limit cuts in a string keeps its fragment.", "cut-arguments",
                     block[: block.rindex("Bern") + 2], None, calls=[("weather", arguments[: arguments.rindex("Bern") + 2])])
    block, arguments = f.block([BERN, ESCAPED]), f.arguments(ESCAPED[1])
    cut, kept = block.rindex("東") + 1, arguments.rindex("東") + 1
    yield transcript("A second call that the limit cuts leaves the first whole.", "cut-second", block[:cut], None,
                     calls=[("weather", f.arguments(BERN[1])), ("save_note", arguments[:kept])])
    if f.opening:
        part = f.opening.strip()[: len(f.opening.strip()) * 2 // 3]
        yield transcript("A marker that the limit cuts is text, for it was none yet.", "cut-marker",
                         "Let me look." + f.lead + part, None, "Let me look." + f.lead + part)
    if f.close_cut:
        missing, is_whole = f.close_cut
        arguments = f.arguments(BERN[1])
        yield transcript("A closing marker that the limit cuts is neither text nor arguments.", "cut-close",
                         f.block([BERN])[:-missing], None,
                         calls=[("weather", arguments if is_whole else arguments.removesuffix("}"))])


def lookalikes(f):
    for text in f.lookalikes:
        yield transcript(f"Text with a part of a marker is text: {text!r}.", "lookalike", f.say(text), f.end, text)


def reasoning(f, call_end):
    opened, closed = f.think
    open = f.opens_reasoning
    start = "" if open else opened
    thought = "The user asks for Bern.\nI should look."
    yield transcript("Reasoning, then text.", "reasoning", start + thought + closed + f.say("It rains."), f.end, "It rains.", thought,
                     open=open)
    yield transcript("Reasoning, then a call.", "reasoning-call", start + thought + closed + f.block([BERN]), call_end, "", thought,
                     whole(f, [BERN]), open=open)
    if "reasoning-text-call" not in f.skip:
        yield transcript("Reasoning, then text, then two calls.", "reasoning-text-call",
                         start + thought + closed + "One moment." + f.lead + f.block([BERN, CLOCK]), call_end, "One moment.", thought,
                         whole(f, [BERN, CLOCK]), open=open)
    yield transcript("Reasoning that never closes is reasoning to its end.", "reasoning-unclosed", start + thought, f.end, "", thought,
                     open=open)
    yield transcript("Reasoning that the limit cuts is reasoning.", "reasoning-cut", start + thought[:30], None, "", thought[:30],
                     open=open)
    if "call-in-reasoning" not in f.skip:
        yield transcript("A call inside reasoning that never closes is a call.", "call-in-reasoning",
                         start + thought + f.lead + f.block([BERN]), call_end, "", thought, whole(f, [BERN]), open=open)
    bare = closed.strip()
    part = bare[: len(bare) - 1]
    if part and "reasoning-lookalike" not in f.skip:
        yield transcript("A part of the closing marker inside reasoning is reasoning.", "reasoning-lookalike",
                         start + f"Close with {part} and go on." + closed + f.say("Done."), f.end, "Done.",
                         f"Close with {part} and go on.", open=open)
        yield transcript("A closing marker that the limit cuts is reasoning, for it was none yet.", "reasoning-cut-marker",
                         start + "Almost done. " + part, None, "", "Almost done. " + part, open=open)
    if "reasoning-empty" not in f.skip:
        empty = ("" if open else opened) + closed.lstrip() + f.say("It rains.")
        yield transcript("Reasoning of nothing is none.", "reasoning-empty", empty, f.end, "It rains.", open=open)
    if not open and "reasoning-stray" not in f.skip:
        yield transcript("A closing marker at the beginning of a reply closes nothing and is nothing.", "reasoning-stray",
                         closed.lstrip() + f.say("It rains."), f.end, "It rains.")
