"""Harmony's channels, and Llama's calls, which have no marker or that of built-in tools."""

from dataclasses import dataclass

from model import TOOLS, CompactFormat, Format, spaced, tool
from suite import BERN, CLOCK, THUN, transcript, whole
from tags import WHITE_SPACE

START = "<|start|>assistant"


@dataclass
class Harmony(Format):
    def say(self, text):
        return f"<|channel|>final<|message|>{text}"

    def block(self, calls):
        return f"<|end|>{START}".join(
            f"<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>{spaced(args)}" for name, args in calls)


HARMONY = Harmony(
    name="harmony",
    about="A reply is messages: a header (a recipient, <|channel|> and its name, perhaps <|constrain|>json), <|message|>, a body and <|end|>,"
    " after which <|start|>assistant begins the next; the prompt ends with <|start|>assistant. Bodies of the channel analysis are"
    " reasoning, those of final and of commentary without a recipient content, those to functions.NAME the arguments of a call, whatever"
    " channel they are in. The recipient stands before <|channel|> or after the channel's name, \"json\" with or without <|constrain|>."
    " Generation ends with <|return|> after an answer and with <|call|> after a call, so that a turn has one call; several, parted by"
    " <|end|>, are read. Bodies are content as they are; a header that the limit cuts is markers, thus nothing. Recipients other than"
    " functions (browser, python), several bodies of one kind are left out.",
    source="OpenAI's Harmony response format guide; gpt-oss chat template",
    controls=["<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"], end="<|return|>", call_end="<|call|>",
    think=("<|channel|>analysis<|message|>", f"<|end|>{START}"),
    lookalikes=["Write <|chan", "<|end", "a <|message b", "It goes to=functions.clock in time.", "analysis", "<channel>"],
    marked_text="<|channel|>final<|message|> and <|end|>",
    skip={"text-call", "call-text", "reasoning-text-call", "call-in-reasoning", "reasoning-lookalike", "reasoning-cut-marker",
          "reasoning-stray"})


def header(name, head, call=BERN, end="<|call|>"):
    return transcript(name, "header", f"{head}<|message|>{spaced(call[1])}", end, calls=whole(HARMONY, [call]))


HARMONY.extra = [
    header("The recipient may stand before the channel, as the template writes it.", " to=functions.weather<|channel|>commentary json"),
    header("The recipient before the channel, with a constraint.", " to=functions.weather<|channel|>commentary <|constrain|>json"),
    header("A call without a constraint.", "<|channel|>commentary to=functions.weather"),
    header("A call in the channel of the reasoning is a call.", "<|channel|>analysis to=functions.weather <|constrain|>json"),
    header("A call before whose channel the recipient stands, in the channel of the reasoning.", " to=functions.weather<|channel|>analysis"),
    header("A space before the constraint, as LLM-jp writes it.", " to=functions.weather<|channel|>commentary <|constrain|> json"),
    transcript("A preamble before a call is content.", "text-call",
               f"<|channel|>commentary<|message|>Let me look.<|end|>{START}" + HARMONY.block([BERN]), "<|call|>", "Let me look.",
               calls=whole(HARMONY, [BERN])),
    transcript("Reasoning, a preamble and a call.", "reasoning-text-call",
               f"<|channel|>analysis<|message|>The user asks for Bern.<|end|>{START}<|channel|>commentary<|message|>Let me look.<|end|>{START}"
               + HARMONY.block([BERN]), "<|call|>", "Let me look.", "The user asks for Bern.", whole(HARMONY, [BERN])),
    transcript("Reasoning, then a call as the template writes it.", "reasoning-call",
               f"<|channel|>analysis<|message|>The user asks for Bern.<|end|>{START} to=functions.weather<|channel|>commentary json<|message|>"
               '{"city": "Bern"}', "<|call|>", "", "The user asks for Bern.", whole(HARMONY, [BERN])),
    transcript("Reasoning without its end before a call.", "call-in-reasoning",
               f"<|channel|>analysis<|message|>The user asks for Bern.{START}" + HARMONY.block([BERN]), "<|call|>", "", "The user asks for Bern.",
               whole(HARMONY, [BERN])),
    transcript("An answer with a constraint is content.", "text", '<|channel|>final <|constrain|>json<|message|>{"rain": true}', "<|return|>",
               '{"rain": true}'),
    transcript("An answer in the commentary is content.", "text", "<|channel|>commentary<|message|>It rains.", "<|return|>", "It rains."),
    transcript("A header that the limit cuts is nothing.", "cut-header", "<|channel|>fin", None),
    transcript("A call's header that the limit cuts is nothing.", "cut-header", "<|channel|>commentary to=functions.wea", None),
    transcript("A header that the limit cuts after reasoning is nothing.", "cut-header", f"<|channel|>analysis<|message|>Bern.<|end|>{START}<|chan", None,
               "", "Bern."),
    transcript("A part of a marker that the limit cuts in an answer is text.", "cut-marker", "<|channel|>final<|message|>It rains.<|en", None,
               "It rains.<|en"),
    transcript("The arguments' own layout passes as it is.", "call-layout",
               '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{\n  "city": "Bern"\n}', "<|call|>",
               calls=[("weather", '{\n  "city": "Bern"\n}')]),
    transcript("What a tool is told and is no object is content.", "malformed",
               "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>Bern, please", "<|call|>", "Bern, please", degraded=True),
    transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments",
               '<|channel|>commentary to=functions.weather <|constrain|>json<|message|>{"city": Bern}', "<|call|>", "Bern}",
               calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True),
    transcript("Names may have dots.", "unknown", "<|channel|>commentary to=functions.calendar.add <|constrain|>json<|message|>{}", "<|call|>",
               calls=[("calendar.add", "{}")]),
]


@dataclass
class BareObjects(Format):
    def block(self, calls):
        return "; ".join(f'{{"name": "{name}", "parameters": {spaced(args)}}}' for name, args in calls)


JSON = BareObjects(
    name="llama3-json",
    about="A call is an object {\"name\": NAME, \"parameters\": {...}} that begins a reply, white space and <|python_tag|> aside; it is one"
    " as soon as the brace of the parameters has been said. \"type\": \"function\" may come first, and arguments stand for parameters. The"
    " family calls one tool a turn; several objects parted by a semicolon, as other servers ask for them, are read. Another object, or one"
    " further on in the reply, is text: there is no marker, so an answer in JSON must not become a call. A call ends with <|eom_id|>"
    " where the prompt has Environment: ipython, else with <|eot_id|>." + WHITE_SPACE,
    source="Llama 3.1, 3.2 and 3.3 chat templates and prompt guides; vLLM's llama3_json parser", controls=["<|python_tag|>", "<|eom_id|>", "<|eot_id|>"],
    end="<|eot_id|>", call_end="<|eom_id|>", trail="\n",
    malformed=[],
    lookalikes=[
        '{"name": "weather", "parameters": "Bern"}',
        '{"name": "Bern", "population": 134591}', '{"city": "Bern"}', "{}", '{"name": "weather"}', "{ is a brace.", '{"name', '{"name": "Ada"',
        '[{"name": "weather", "parameters": {}}]', 'I would write {"name": "clock", "parameters": {}} here.',
        'Let me look.\n{"name": "weather", "parameters": {"city": "Bern"}}', '{"parameters": {}}',
    ],
    marked_text='{"name": "clock", "parameters": {}}; <|python_tag|>', skip={"text-call"})
JSON.extra = [
    transcript("White space before the object is nothing.", "call-layout", "\n\n" + JSON.block([BERN]), "<|eot_id|>", calls=whole(JSON, [BERN])),
    transcript("The object's own layout is nothing, the arguments' passes as it is.", "call-layout",
               '{\n  "name": "weather",\n  "parameters": {\n    "city": "Bern"\n  }\n}', "<|eom_id|>", calls=[("weather", '{\n    "city": "Bern"\n  }')]),
    transcript("The type may come first.", "call-layout", '{"type": "function", "name": "weather", "parameters": {"city": "Bern"}}', "<|eom_id|>",
               calls=whole(JSON, [BERN])),
    transcript("The arguments may be called arguments.", "call-layout", '{"name": "weather", "arguments": {"city": "Bern"}}', "<|eot_id|>",
               calls=whole(JSON, [BERN])),
    transcript("The tag of built-in tools before an object.", "python-tag", '<|python_tag|>{"name": "weather", "parameters": {"city": "Bern"}}',
               "<|eom_id|>", calls=whole(JSON, [BERN])),
    transcript("Two objects after the tag.", "python-tag", "<|python_tag|>" + JSON.block([THUN, CLOCK]), "<|eom_id|>", calls=whole(JSON, [THUN, CLOCK])),
    transcript("Escapes in the arguments stay escapes.", "escapes", '{"name": "weather", "parameters": {"city": "Z\\u00fcrich \\"}\\""}}', "<|eom_id|>",
               calls=[("weather", '{"city": "Z\\u00fcrich \\"}\\""}')]),
    transcript("What the limit cuts before it is a call is text.", "cut-name", '{"name": "weat', None, '{"name": "weat'),
    transcript("What the limit cuts before the parameters is text.", "cut-name", '{"name": "weather", "para', None, '{"name": "weather", "para'),
    transcript("The end token stands for a brace that is missing.", "unclosed", '{"name": "weather", "parameters": {"city": "Bern"}', "<|eom_id|>",
               calls=whole(JSON, [BERN])),
    transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments",
               '{"name": "weather", "parameters": {"city": Bern}}', "<|eot_id|>", "Bern}}", calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True),
    transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", '{"name": "weather", "parameters": {"city": "Be', "<|eot_id|>",
               calls=[("weather", '{"city": "Be')], finish="tool_calls", degraded=True),
]


@dataclass
class PythonTag(CompactFormat):
    def block(self, calls):
        # The family calls one tool a turn: the shared cases of several calls are skipped.
        return "".join(
            f"<|python_tag|>{name}.call(" + ", ".join(f'{k}="{v}"' for k, v in args.items()) + ")" for name, args in calls)


SEARCH = tool("brave_search", "Searches the web.", {"query": {"type": "string", "description": "What to look for."}}, ["query"])
ASK = ("brave_search", {"query": "snow in Bern"})
TAG = PythonTag(
    name="llama3-python-tag",
    about="Built-in tools of Llama 3.1 and 3.3 (brave_search, wolfram_alpha): <|python_tag|>NAME.call(KEY=\"VALUE\"), one call a turn, ended by"
    " <|eom_id|>. Values are strings between double quotes, with Python's escapes where there are any. An object after the tag is a call"
    " of llama3-json. Code for the interpreter after the tag is text here: no tool of a client stands for it." + WHITE_SPACE,
    source="Llama 3.1 prompt guide and chat template", controls=["<|python_tag|>", "<|eom_id|>", "<|eot_id|>"], end="<|eot_id|>", call_end="<|eom_id|>",
    tools=[*TOOLS, SEARCH], opening="<|python_tag|>", lead="", trail="\n",
    malformed=[
        ("Code for the interpreter is text.", "<|python_tag|>import math\nprint(math.pi)"),
        ("A marker that a text only names is text.", "Before a call the model writes <|python_tag|> and code."),
        ("A name without .call is text.", '<|python_tag|>brave_search(query="snow")'),
        ("An argument without a name is text.", '<|python_tag|>brave_search.call("snow")'),
    ],
    lookalikes=["Write <|python", "<|python_tag", "<python_tag>", 'brave_search.call(query="snow")', "<|eo"],
    marked_text="<|python_tag|>clock.call()", skip={"parallel", "nested", "escapes", "cut-second"})


def single(f):
    yield transcript("A search.", "call", f.block([ASK]), "<|eom_id|>", calls=whole(f, [ASK]))
    yield transcript("Text before a call is content.", "text-call", "I shall search. " + f.block([ASK]), "<|eom_id|>", "I shall search.", calls=whole(f, [ASK]))
    yield transcript("Two arguments.", "call", '<|python_tag|>save_note.call(title="a", body="b, c=\'d\'")', "<|eom_id|>",
                     calls=[("save_note", '{"title":"a","body":"b, c=\'d\'"}')])
    yield transcript("An object after the tag is a call.", "python-tag", '<|python_tag|>{"name": "weather", "parameters": {"city": "Bern"}}', "<|eom_id|>",
                     calls=[("weather", '{"city": "Bern"}')])
    yield transcript("Escapes become the characters.", "escapes", '<|python_tag|>brave_search.call(query="\\"snow\\" \\\\ Zürich\\n")', "<|eom_id|>",
                     calls=[("brave_search", '{"query":"\\"snow\\" \\\\ Zürich\\n"}')])
    yield transcript("The end token stands for a bracket that is missing.", "unclosed", '<|python_tag|>brave_search.call(query="snow"', "<|eom_id|>",
                     calls=[("brave_search", '{"query":"snow"}')])
    yield transcript("What the limit cuts inside the name is text.", "cut-name", "<|python_tag|>brave_se", None, "<|python_tag|>brave_se")


TAG.extra = [*single(TAG)]

FORMATS = [HARMONY, JSON, TAG]
