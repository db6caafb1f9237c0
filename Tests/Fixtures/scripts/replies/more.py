"""Further families whose templates show what their replies look like."""

from dataclasses import dataclass

from model import CompactFormat, compact
from named import NamedObject, of_named_objects
from suite import BERN, CLOCK, NESTED, THUN, transcript, whole
from tagged import TYPES, Tagged, of_tags
from tags import WHITE_SPACE, TaggedObject, of_tagged_objects

GIGACHAT = TaggedObject(
    name="gigachat3",
    about="GigaChat 3.1: a call is <|function_call|> and an object of name and arguments, one a turn, ended by <|message_sep|>. GigaChat 3"
    " ends the text's message first: <|message_sep|>, an empty line, function call<|role_sep|>, a line break and the object. Both are read,"
    " the latter where <|message_sep|> does not end generation." + WHITE_SPACE,
    source="GigaChat 3 and 3.1 10B chat templates", controls=["<|function_call|>", "<|role_sep|>", "<|message_sep|>"], end="<|message_sep|>", lead="",
    trail="\n", opening="<|function_call|>", before="<|function_call|>", after="", between="\n",
    malformed=[
        ("A marker that a text only names is text.", "Before a call the model writes <|function_call|> and an object."),
        ("An object without a name is text.", '<|function_call|>{"city": "Bern"}'),
    ],
    lookalikes=["Write <|func", "<|function_call", "<function_call>", "function call"], marked_text='<|function_call|>{"name": "clock"}')
GIGACHAT.extra = [
    *[t for t in of_tagged_objects(GIGACHAT) if t["case"] != "unclosed"],
    transcript("GigaChat 3: the call is a message of its own.", "function-message",
               '<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "weather", "arguments": {"city": "Bern"}}', "<|message_sep|>",
               calls=whole(GIGACHAT, [BERN])),
    transcript("GigaChat 3: text, then the call.", "function-message",
               'Let me look.<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "weather", "arguments": {"city": "Bern"}}', "<|message_sep|>",
               "Let me look.", calls=whole(GIGACHAT, [BERN])),
]

FUNCTIONARY = NamedObject(
    name="functionary-v3.1",
    about="Each call is <function=NAME>, a JSON object and </function>, all plain text; turns with calls end with <|eom_id|>. Code for python"
    " after <|python_tag|> is left out, as are the recipients of version 3.2." + WHITE_SPACE,
    source="MeetKai Functionary v3.1 chat template", controls=["<|eom_id|>", "<|eot_id|>"], end="<|eot_id|>", call_end="<|eom_id|>", lead="\n",
    opening="<function=", close_cut=(4, True), item="<function=NAME>ARGUMENTS</function>",
    malformed=[
        ("A marker that a text only names is text.", "Before a call the model writes <function=NAME> and an object."),
        ("A call without a name is text.", '<function=>{"city": "Bern"}</function>'),
        ("Arguments that are no object are text.", "<function=weather>Bern</function>"),
    ],
    lookalikes=["Write <func", "<function", "a <functions> b", "f(x) <function> g"], marked_text='<function=clock>{}</function>')
FUNCTIONARY.extra = [*of_named_objects(FUNCTIONARY)]

MINIMAX1 = TaggedObject(
    name="minimax-m1",
    about="The calls stand between <tool_calls> and </tool_calls>, each an object of name and arguments on a line of its own. MiniMax M1"
    " thinks between <think> and </think>, which its template does not open. Which markers are single tokens is not verified beyond"
    " <end_of_sentence>." + WHITE_SPACE,
    source="MiniMax M1 chat template and function call guide; vLLM's minimax parser", controls=["<end_of_sentence>"], end="<end_of_sentence>",
    opening="<tool_calls>", close_cut=(4, True), think=("<think>\n", "\n</think>\n\n"), before="<tool_calls>\n", after="\n</tool_calls>", between="\n",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <tool_calls> and objects."),
        ("An object without a name is text.", '<tool_calls>\n{"city": "Bern"}\n</tool_calls>'),
        ("A group of something else is text.", "<tool_calls>\nweather\n</tool_calls>"),
    ],
    lookalikes=["Write <tool", "<tool_calls", "<tool_call>", "</tool_calls>"], marked_text='<tool_calls>\n{"name": "clock"}\n</tool_calls>')


def grouped_objects(f):
    """`block` with one pair of markers around all calls."""
    def block(calls):
        lines = "\n".join(f'{{"name": "{name}", "arguments": {f.arguments(args)}}}' for name, args in calls)
        return f.before + lines + f.after
    f.block = block
    return f


grouped_objects(MINIMAX1)
MINIMAX1.extra = [t for t in of_tagged_objects(MINIMAX1) if t["case"] != "malformed-call"]

MINICPM = Tagged(
    name="minicpm5",
    about="Each call is <function name=\"NAME\">, a <param name=\"KEY\"> for each argument with its value directly between the markers, and"
    " </function>, all plain text. A value with <, & or a line break stands in <![CDATA[ and ]]>, which are no part of it, and may then hold"
    " </param>. The template opens the reasoning where enable_thinking is true." + TYPES + WHITE_SPACE,
    source="MiniCPM5 1B chat template", controls=["<think>", "</think>", "<|im_end|>"], end="<|im_end|>", opening='<function name="', close_cut=(4, False),
    think=("<think>\n", "\n</think>\n\n"), opens_reasoning=True, between="\n", call_head='<function name="NAME">',
    argument='<param name="KEY">VALUE</param>', call_tail="</function>", last="</function>",
    malformed=[
        ("A marker that a text only names is text.", 'Before a call the model writes <function name=" and a name.'),
        ("A call without a name is text.", '<function name=""></function>'),
    ],
    lookalikes=["Write <func", "<function", "<function>", "</function>", "<param name", "Write <function name="], marked_text='<function name="clock"></function>',
    skip={"cut-second"})


def cdata(value):
    return f"<![CDATA[{value}]]>" if isinstance(value, str) and any(c in value for c in "<&\n") else value if isinstance(value, str) else compact(value)


MINICPM.value = cdata
MINICPM.extra = [
    *[t for t in of_tags(MINICPM) if t["case"] != "escapes"],
    transcript("CDATA holds line breaks and the value's own closing marker.", "escapes",
               '<function name="save_note"><param name="title">a</param><param name="body"><![CDATA[<a href="x">\n</param> & more]]></param></function>',
               "<|im_end|>", calls=[("save_note", '{"title":"a","body":"<a href=\\"x\\">\\n</param> & more"}')]),
    transcript("CDATA that the limit cuts keeps its fragment.", "cut-arguments",
               '<function name="save_note"><param name="title"><![CDATA[a < b\nc', None, calls=[("save_note", '{"title":"a < b\\nc')]),
]


@dataclass
class Elements(CompactFormat):
    """MiniMax M3: each argument an element of its own name, objects and lists of elements within."""

    mark: str = "]<]minimax[>["

    def inner(self, value):
        m = self.mark
        if isinstance(value, dict):
            return "".join(f"{m}<{k}>{self.inner(v)}{m}</{k}>" for k, v in value.items())
        if isinstance(value, list):
            return "".join(f"{m}<item>{self.inner(v)}{m}</item>" for v in value)
        return value if isinstance(value, str) else compact(value)

    def block(self, calls):
        m = self.mark
        return f"{m}<tool_call>\n" + "".join(f'{m}<invoke name="{n}">{self.inner(a)}{m}</invoke>\n' for n, a in calls) + f"{m}</tool_call>"


M = "]<]minimax[>["
MINIMAX3 = Elements(
    name="minimax-m3",
    about="The calls stand between ]<]minimax[>[<tool_call> and ]<]minimax[>[</tool_call>, each as <invoke name=\"NAME\">; ]<]minimax[>[ is a"
    " single token and stands before every tag. Each argument is an element of its own name; objects are elements within it, lists elements"
    " item. The schema tells an object from a list, and decides string or JSON for what has no elements within: this goes down into"
    " properties and items; an element with elements within that no schema knows is a list where all are called item, else an object."
    " Reasoning stands between <mm:think> and </mm:think>; without it the model begins with </mm:think> alone. null is never written."
    + WHITE_SPACE,
    source="MiniMax M3 chat template", controls=["]<]minimax[>[", "<mm:think>", "</mm:think>", "[e~["], end="[e~[", lead="", opening=f"{M}<tool_call>",
    close_cut=(4, True), think=("<mm:think>", "</mm:think>"),
    malformed=[
        ("A marker that a text only names is text.", f"Before its calls the model writes {M}<tool_call> and invokes."),
        ("A group without calls is text.", f"{M}<tool_call>\nweather\n{M}</tool_call>"),
    ],
    lookalikes=["Write ]<]", "]<]minimax", "<tool_call>", "<invoke name=\"clock\">", "a ] b", "<mm"], marked_text="<tool_call> and </body> and ]<]minimax")
MINIMAX3.extra = [
    transcript("Three calls of one turn.", "parallel", MINIMAX3.block([BERN, CLOCK, NESTED]), "[e~[", calls=whole(MINIMAX3, [BERN, CLOCK, NESTED])),
    transcript("A string that looks like a number is a string.", "types", MINIMAX3.block([("weather", {"city": "3000"})]), "[e~[",
               calls=[("weather", '{"city":"3000"}')]),
    transcript("The end token stands for closing markers that are missing.", "unclosed",
               MINIMAX3.block([THUN]).removesuffix(f"{M}</tool_call>").rstrip(), "[e~[", calls=whole(MINIMAX3, [THUN])),
    transcript("A list of one item is a list.", "nested",
               f'{M}<tool_call>\n{M}<invoke name="find_trains">{M}<classes>{M}<item>2{M}</item>{M}</classes>{M}</invoke>\n{M}</tool_call>', "[e~[",
               calls=[("find_trains", '{"classes":[2]}')]),
]



@dataclass
class Sections(Tagged):
    """Kimi K3: sections, calls and arguments between <|open|>TAG<|sep|> and <|close|>TAG<|sep|>."""

    def say(self, text):
        return f"<|open|>response<|sep|>{text}<|close|>response<|sep|><|close|>message<|sep|>"

    def one(self, name, pairs):
        def kind(text, is_string):
            if is_string:
                return "string"
            return {"{": "object", "[": "array", "t": "boolean", "f": "boolean", "n": "null"}.get(text[:1], "number")

        arguments = "".join(
            f'<|open|>argument key="{key}" type="{kind(text, is_string)}"<|sep|>{text}<|close|>argument<|sep|>' for key, text, is_string in pairs)
        return f'<|open|>call tool="{name}" index="1"<|sep|>{arguments}<|close|>call<|sep|>'

    def block(self, calls):
        first, *others = super().block(calls).split(' index="1"')
        return first + "".join(f' index="{number}"{other}' for number, other in enumerate(others, 1))


RESPONSE = "<|open|>response<|sep|>{}<|close|>response<|sep|>"
KIMI3 = Sections(
    name="kimi-k3",
    about="A reply is sections think, response and tools, each <|open|>TAG<|sep|> to <|close|>TAG<|sep|>, then <|close|>message<|sep|>. The template"
    " opens think, or response where thinking is off; text in no section is content. A call has its name and a number in attributes (the"
    " number counts the calls of the turn and is no part of it), an argument its key and type: type string is the text as it is, another one is"
    " JSON, and a string where it is none. In attributes & and \" are written as &amp; and &quot;. <|open|>json type=\"object\"<|sep|> holds"
    " the arguments as one object. Only <|open|>, <|close|>, <|sep|> and <|end_of_msg|> are control tokens. Text in a section stays as it is.",
    source="Kimi K3 chat template", controls=["<|open|>", "<|close|>", "<|sep|>", "<|end_of_msg|>"], end="<|end_of_msg|>", lead="", trail="",
    opening="<|open|>tools<|sep|>", close_cut=(4, True), think=("<|open|>think<|sep|>", "<|close|>think<|sep|>"), opens_reasoning=True,
    before_all="<|open|>tools<|sep|>", after_all="<|close|>tools<|sep|><|close|>message<|sep|>", call_head='<|open|>call tool="NAME" index="1"<|sep|>',
    call_tail="<|close|>call<|sep|>", last="<|close|>tools<|sep|>",
    malformed=[("A group without calls is text.", "<|open|>tools<|sep|>weather<|close|>tools<|sep|>")],
    lookalikes=["Write <|op", "<|open", "Use the response tag, then message the handler.", "tools<"],
    marked_text="<|open|> and <|close|>arg and <|sep|>", skip={"text-call", "call-text", "reasoning-text-call", "reasoning-stray"})
KIMI3.extra = [
    *of_tags(KIMI3, by_schema=False),
    transcript("Text before a call stands in a section of its own.", "text-call", RESPONSE.format("Let me look.") + KIMI3.block([BERN]), KIMI3.end,
               "Let me look.", calls=whole(KIMI3, [BERN])),
    transcript("Reasoning, an answer of nothing and a call.", "reasoning-call",
               "The user asks for Bern.<|close|>think<|sep|>" + RESPONSE.format("") + KIMI3.block([BERN]), KIMI3.end, "", "The user asks for Bern.",
               whole(KIMI3, [BERN]), open=True),
    transcript("Reasoning, text and two calls.", "reasoning-text-call",
               "The user asks for Bern.<|close|>think<|sep|>" + RESPONSE.format("One moment.") + KIMI3.block([BERN, CLOCK]), KIMI3.end, "One moment.",
               "The user asks for Bern.", whole(KIMI3, [BERN, CLOCK]), open=True),
    transcript("The template opened the response.", "text", "It rains.<|close|>response<|sep|><|close|>message<|sep|>", KIMI3.end, "It rains."),
    transcript("The template opened the response: a call follows.", "text-call", "Let me look.<|close|>response<|sep|>" + KIMI3.block([BERN]), KIMI3.end,
               "Let me look.", calls=whole(KIMI3, [BERN])),
    transcript("The arguments as one object.", "call-layout",
               '<|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|><|open|>json type="object"<|sep|>{"city": "Bern"}<|close|>json<|sep|>'
               "<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>", KIMI3.end, calls=[("weather", '{"city": "Bern"}')]),
    transcript("Escapes in an attribute.", "escapes",
               '<|open|>tools<|sep|><|open|>call tool="weather" index="1"<|sep|><|open|>argument key="a&amp;b&quot;" type="number"<|sep|>1<|close|>argument<|sep|>'
               "<|close|>call<|sep|><|close|>tools<|sep|><|close|>message<|sep|>", KIMI3.end, calls=[("weather", '{"a&b\\"":1}')]),
]

FORMATS = [GIGACHAT, FUNCTIONARY, MINIMAX1, MINICPM, MINIMAX3, KIMI3]
