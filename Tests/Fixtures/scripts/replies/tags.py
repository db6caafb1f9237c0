"""Families that write each call as a JSON object, or a name and a JSON object, between markers."""

from dataclasses import dataclass

from model import Format, spaced
from suite import BERN, CLOCK, NESTED, THUN, transcript, whole

WHITE_SPACE = (
    " White space: a call's or the reasoning's marker owns all white space before it and, of the white space after it, all up to"
    " the last line break; where nothing else follows, all of it."
)

TAGS_AND_MORE = "Say <b>, a<b, x < y, <tools> and </tool_call> freely: <tool_call>\n{\"name\": \"clock\"}\n</tool_call>"


@dataclass
class TaggedObject(Format):
    """Each call an object of name and arguments in markers of its own."""

    before: str = "<tool_call>\n"
    after: str = "\n</tool_call>"
    between: str = "\n"
    name_key: str = "name"
    arguments_key: str = "arguments"

    def block(self, calls):
        return self.between.join(
            f'{self.before}{{"{self.name_key}": "{name}", "{self.arguments_key}": {spaced(args)}}}{self.after}' for name, args in calls)


def of_tagged_objects(f):
    """What only an object in markers can say."""
    o, c = f.before, f.after
    say = f'"{f.name_key}"'
    args = f'"{f.arguments_key}"'
    first = f.block([BERN])
    yield transcript("A call on one line is a call.", "call-layout",
                     o.strip() + f'{{{say}: "weather", {args}: {{"city": "Bern"}}}}' + c.strip(), f.end, calls=[("weather", '{"city": "Bern"}')])
    pretty = '{\n    "city": "Bern",\n    "days": 3\n  }'
    yield transcript("The arguments' own layout passes as it is.", "call-layout",
                     o + f'{{\n  {say}: "weather",\n  {args}: {pretty}\n}}' + c, f.end, calls=[("weather", pretty)])
    yield transcript("Arguments may stand before the name.", "arguments-first",
                     o + f'{{{args}: {{"city": "Bern"}}, {say}: "weather"}}' + c, f.end, calls=[("weather", '{"city": "Bern"}')])
    yield transcript("A call that leaves out its arguments has none.", "no-arguments-key", o + f'{{{say}: "clock"}}' + c, f.end,
                     calls=[("clock", "{}")])
    yield transcript("Escapes in the arguments stay escapes.", "escapes",
                     o + f'{{{say}: "weather", {args}: {{"city": "Z\\u00fcrich \\ud83d\\ude86 \\/ \\"Bern\\""}}}}' + c, f.end,
                     calls=[("weather", '{"city": "Z\\u00fcrich \\ud83d\\ude86 \\/ \\"Bern\\""}')])
    yield transcript("The end token stands for a closing marker that is missing.", "unclosed", first.removesuffix(c), f.end,
                     calls=whole(f, [BERN]))
    cut = first[: first.index('"weather') + 5]
    yield transcript("What the limit cuts before the name is known is text.", "cut-name", cut, None, cut)
    broken = o + '{"nome": "weather"}' + c
    yield transcript("A call follows one that does not parse.", "malformed-call", broken + f.between + first, f.end, broken,
                     calls=whole(f, [BERN]), finish="tool_calls", degraded=True)
    bad = o + f'{{{say}: "weather", {args}: {{"city": '
    yield transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments", bad + "Bern}}" + c,
                     f.end, "Bern}}" + c, calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True)
    yield transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", bad + '"Be', f.end,
                     calls=[("weather", '{"city": "Be')], finish="tool_calls", degraded=True)


def of_think_tags(f):
    end = f.call_end or f.end
    yield transcript("A call inside reasoning that closes after it is a call, and the reasoning ends there.", "call-in-reasoning",
                     "<think>\nI need the weather.\n" + f.block([BERN]) + "\n</think>\n\nI have asked.", f.end, "I have asked.",
                     "I need the weather.", whole(f, [BERN]), finish="tool_calls")
    yield transcript("Reasoning keeps its own line breaks, and the text its indentation.", "reasoning-layout",
                     "<think>\nFirst.\n\n  Second.\n</think>\n\n    let x = 1\n", f.end, "    let x = 1\n", "First.\n\n  Second.")
    yield transcript("A call's marker that reasoning only names is reasoning.", "reasoning-lookalike",
                     "<think>\nI could write <tool_call> now, but need not.\n</think>\n\nNo tool is needed.", f.end,
                     "No tool is needed.", "I could write <tool_call> now, but need not.", degraded=True)
    yield transcript("White space alone between reasoning and a call is nothing.", "reasoning-call",
                     "<think>\nLook.\n</think>\n \n\t\n" + f.block([BERN]), end, "", "Look.", whole(f, [BERN]))


TAG_MALFORMED = [
    ("A marker that a text only names is text.", "Before a call the model writes <tool_call> and a line break."),
    ("A marker at the end of a reply is text.", "It begins with <tool_call>"),
    ("An object without a name is text.", '<tool_call>\n{"tool": "weather", "arguments": {"city": "Bern"}}\n</tool_call>'),
    ("A name that is no string is text.", '<tool_call>\n{"name": weather, "arguments": {"city": "Bern"}}\n</tool_call>'),
    ("Something else than an object is text.", "<tool_call>\nweather(city=\"Bern\")\n</tool_call>"),
    ("Arguments that are no object are text.", '<tool_call>\n{"name": "weather", "arguments": ["Bern"]}\n</tool_call>'),
    ("A closing marker alone is text.", "There was a </tool_call> here."),
]
TAG_MALFORMED_OF_OPENING = TAG_MALFORMED[:-1]
TAG_LOOKALIKES = ["Write <tool", "Write <tool_call", "<tool_call", "a <tool_calls> b", "x <t", "The tag <tools> lists tools.", "1 <", "<tool_response>"]


def hermes_like(name, about, source, controls, end, think=("<think>\n", "\n</think>\n\n"), **more):
    f = TaggedObject(
        name=name, about=about + WHITE_SPACE, source=source, controls=controls, end=end, think=think, opening="<tool_call>",
        close_cut=(4, True), malformed=TAG_MALFORMED_OF_OPENING, lookalikes=TAG_LOOKALIKES, marked_text=TAGS_AND_MORE, **more)
    f.extra = [*of_tagged_objects(f), *(of_think_tags(f) if think else [])]
    f.extra.append(transcript("A closing marker alone is text and no sign of a broken call.", "lookalike", "There was a </tool_call> here.",
                              f.end, "There was a </tool_call> here."))
    return f


HERMES = hermes_like(
    "hermes",
    "Each call is a JSON object with name and arguments between <tool_call> and </tool_call>; Hermes 2 Pro may write the arguments first.",
    "NousResearch Hermes function calling; the chat templates of Qwen 2.5, Qwen 3 and QwQ; vLLM's hermes parser",
    ["<tool_call>", "</tool_call>", "<think>", "</think>", "<|im_end|>"], "<|im_end|>")
HERMES.extra += [
    transcript("QwQ: the template opened the reasoning.", "reasoning-opened", "The user asks for Bern.\n</think>\n\n" + HERMES.block([BERN]),
               "<|im_end|>", "", "The user asks for Bern.", whole(HERMES, [BERN]), open=True),
    transcript("Calls follow one another without a line break.", "parallel",
               HERMES.block([THUN]) + HERMES.block([CLOCK]), "<|im_end|>", calls=whole(HERMES, [THUN, CLOCK])),
    transcript("A second call whose marker the limit cuts is text.", "cut-marker", HERMES.block([BERN]) + "\n<tool_", None, "<tool_",
               calls=whole(HERMES, [BERN])),
]

GRANITE4 = hermes_like(
    "granite4", "As hermes: each call is a JSON object between <tool_call> and </tool_call>; no reasoning. Turns end with <|end_of_text|>.",
    "IBM Granite 4.0 and 4.1 chat templates; vLLM's granite4 parser", ["<tool_call>", "</tool_call>", "<|end_of_text|>"],
    "<|end_of_text|>", think=None)

SMOLLM3 = hermes_like(
    "smollm3",
    "As hermes, with <think>. This is what the original template's xml_tools ask for; its python_tools (code between <code> and </code>) are"
    " left out here, and templates remade by others may know no tools at all. Which markers are single tokens is not verified beyond"
    " <|im_end|>.",
    "SmolLM3's model card and announcement on Hugging Face", ["<|im_end|>"], "<|im_end|>")


@dataclass
class Generic(TaggedObject):
    """One fence for all calls of a turn, one object a line."""

    def block(self, calls):
        lines = "\n".join(f'{{"tool": "{name}", "arguments": {spaced(args)}}}' for name, args in calls)
        return f"```tool_call\n{lines}\n```"


GENERIC = Generic(
    name="generic",
    about="Ours, for models whose template knows no tools. Calls stand in a fenced block of the language tool_call, each an object"
    " {\"tool\": NAME, \"arguments\": {...}} on a line of its own. A fence, because every model has learnt to open and close one and its"
    " backticks are plain tokens of every vocabulary (a tag such as <tool_call> is a control token in some, unknown to most); the word"
    " tool_call, because models write json fences as answers; the key tool, because answers often have a name; and a line break never"
    " stands in a JSON string, so that the closing fence at the start of a line cannot be a part of arguments." + WHITE_SPACE,
    source="Pinion", controls=["<|im_end|>"], end="<|im_end|>", lead="\n\n", trail="\n\n", opening="```tool_call", close_cut=(1, True),
    before="```tool_call\n", after="\n```", between="\n", name_key="tool",
    malformed=[
        ("A fence that holds something else is text.", "```tool_call\nweather(city=\"Bern\")\n```"),
        ("An object without the key tool is text.", '```tool_call\n{"name": "weather", "arguments": {"city": "Bern"}}\n```'),
        ("An empty fence is text.", "```tool_call\n```"),
    ],
    lookalikes=["Use ``` or ```tool", "```json\n{\"tool\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n```", "`tool_call` is a word.",
                "``", "{\"tool\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}", "A fence is ```tool_cal"],
    marked_text="```tool_call\n{\"tool\": \"clock\", \"arguments\": {}}\n```\n")
GENERIC.extra = [
    *[t for t in of_tagged_objects(GENERIC) if t["case"] not in ("malformed-call", "call-layout")],
    transcript("Each call may stand in a fence of its own.", "parallel", GENERIC.block([THUN]) + "\n" + GENERIC.block([CLOCK]), "<|im_end|>",
               calls=whole(GENERIC, [THUN, CLOCK])),
    transcript("An object over several lines is a call.", "call-layout",
               '```tool_call\n{\n  "tool": "weather",\n  "arguments": {\n    "city": "Bern"\n  }\n}\n```', "<|im_end|>",
               calls=[("weather", '{\n    "city": "Bern"\n  }')]),
    transcript("Another fence in the text before a call is text.", "text-call",
               "```swift\nlet x = 1\n```\n\n" + GENERIC.block([NESTED]), "<|im_end|>", "```swift\nlet x = 1\n```", calls=whole(GENERIC, [NESTED])),
]

FORMATS = [HERMES, GRANITE4, SMOLLM3, GENERIC]
