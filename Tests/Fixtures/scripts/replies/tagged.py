"""Families that write each argument in markers of its own: a reader makes the JSON."""

from dataclasses import dataclass

from model import CompactFormat, compact
from suite import BERN, CLOCK, NESTED, THUN, transcript, whole
from tags import WHITE_SPACE

TYPES = (
    " Arguments: the tool's schema decides. A parameter of type string is a JSON string of its text; another one is its text where that"
    " is JSON, white space around it left off, and a JSON string otherwise, as is a parameter that no schema knows."
)


@dataclass
class Tagged(CompactFormat):
    """Markers with NAME, KEY, VALUE and KIND in them."""

    before_all: str = ""
    after_all: str = ""
    # Between two calls of a turn.
    between: str = ""
    call_head: str = ""
    argument: str = ""
    call_tail: str = ""
    # A closing marker of a whole call, for the transcripts in which it is missing.
    last: str = ""

    def value(self, value):
        return value if isinstance(value, str) else compact(value)

    def one(self, name, pairs):
        """A call of arguments as (key, text, whether it is a string)."""
        arguments = "".join(
            self.argument.replace("KEY", key).replace("KIND", "true" if is_string else "false").replace("VALUE", text)
            for key, text, is_string in pairs)
        return self.call_head.replace("NAME", name) + arguments + self.call_tail

    def block(self, calls):
        items = [self.one(name, [(k, self.value(v), isinstance(v, str)) for k, v in args.items()]) for name, args in calls]
        return self.before_all + self.between.join(items) + self.after_all

    def raw(self, name, *pairs):
        return self.before_all + self.one(name, pairs) + self.after_all


def of_tags(f, by_schema=True):
    """What only markers around each argument can say."""
    end = f.call_end or f.end

    def case(name, kind, pairs, arguments, tool="weather"):
        return transcript(name, kind, f.raw(tool, *pairs), end, calls=[(tool, arguments)])

    yield case("A string that looks like a number is a string.", "types", [("city", "3000", True)], '{"city":"3000"}')
    yield case("A string that looks like JSON is a string.", "types", [("city", '{"a": [1]}', True)], '{"city":"{\\"a\\": [1]}"}')
    yield case("A string of nothing is a string.", "types", [("city", "", True)], '{"city":""}')
    yield case("Null is JSON where no string is asked for.", "types", [("city", "Bern", True), ("days", "null", False)],
               '{"city":"Bern","days":null}')
    yield case("JSON keeps its own white space and the spelling of its numbers.", "types",
               [("route", '{"from": "Bern",\n "to": "Chur"}', False), ("budget", "42.50", False)],
               '{"route":{"from": "Bern",\n "to": "Chur"},"budget":42.50}', "find_trains")
    if by_schema:
        yield case("What is no JSON is a string after all.", "types", [("city", "Bern", True), ("days", "three or four", False)],
                   '{"city":"Bern","days":"three or four"}')
        yield case("A parameter that no schema knows is JSON where it can be.", "types",
                   [("city", "Bern", True), ("zip", "3011", False), ("near", "the station", True)],
                   '{"city":"Bern","zip":3011,"near":"the station"}')
        yield case("Arguments of a tool that nobody offered are JSON where they can be.", "unknown",
                   [("size", "large", True), ("count", "2", False)], '{"size":"large","count":2}', "order_pizza")
    yield case("A string keeps its line breaks and its indentation.", "escapes",
               [("title", "code", True), ("body", "if x < 3 {\n    print(\"a\")\n}\n", True)],
               '{"title":"code","body":"if x < 3 {\\n    print(\\"a\\")\\n}\\n"}', "save_note")
    yield transcript("Three calls of one turn.", "parallel", f.block([BERN, CLOCK, NESTED]), end, calls=whole(f, [BERN, CLOCK, NESTED]))
    block = f.block([THUN])
    if f.last:
        yield transcript("The end token stands for closing markers that are missing.", "unclosed", block[: block.rindex(f.last)].rstrip(), end,
                         calls=whole(f, [THUN]))
    value = f.raw("weather", ("city", "Bern", True))
    yield transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", value[: value.rindex("Bern") + 2],
                     f.end, calls=[("weather", '{"city":"Be')], finish="tool_calls", degraded=True)
    first = f.raw("weather", ("city", "Thun", True))
    yield transcript("The limit cuts between two arguments: the object stays open.", "cut-arguments",
                     first[: first.index(f.call_tail, first.index("Thun"))].rstrip(), None, calls=[("weather", '{"city":"Thun"')])
    head = f.before_all + f.call_head.replace("NAME", "weather")
    cut = head[: head.rindex("weather") + 4]
    yield transcript("What the limit cuts inside the name is text.", "cut-name", cut, None, cut)


QWEN_MARKED = "<tool_call>\n<function=clock>\n</function>\n</tool_call> and <parameter=city> and </param"


def qwen_coder(name, about, source, controls, end, think, opens, **more):
    settings = dict(
        lead="\n", trail="\n", opening="<tool_call>", close_cut=(4, True), think=think, opens_reasoning=opens,
        between="\n", call_head="<tool_call>\n<function=NAME>\n", argument="<parameter=KEY>\nVALUE\n</parameter>\n",
        call_tail="</function>\n</tool_call>", last="</tool_call>",
        malformed=[
            ("A marker that a text only names is text.", "Before a call the model writes <tool_call> and a function."),
            ("A marker at the end of a reply is text.", "It begins with <tool_call>"),
            ("Something else than a function is text.", "<tool_call>\nweather(city=\"Bern\")\n</tool_call>"),
            ("A function without a name is text.", "<tool_call>\n<function=>\n</function>\n</tool_call>"),
        ],
        lookalikes=["Write <tool", "<tool_call", "a <tool_calls> b", "f<functio", "<parameter=city>", "</tool_call>", "</function>"],
        marked_text=QWEN_MARKED)
    f = Tagged(name=name, about=about + TYPES + WHITE_SPACE, source=source, controls=controls, end=end, **{**settings, **more})
    f.extra = [
        *of_tags(f),
        transcript("What does not fit a call that has begun is text, and its arguments close.", "malformed-arguments",
                   f.call_head.replace("NAME", "weather") + "in Bern\n" + f.call_tail, f.end, "in Bern\n" + f.call_tail,
                   calls=[("weather", "{}")], finish="tool_calls", degraded=True),
    ]
    return f


TAG_CONTROLS = ["<tool_call>", "</tool_call>", "<think>", "</think>", "<|im_end|>"]
PYTHON_BOOLEANS = (
    " True, False and None, as the template itself writes booleans and null of earlier calls, count as true, false and null where no"
    " string is asked for."
)
QWEN = qwen_coder(
    "qwen-coder",
    "Each call stands between <tool_call> and </tool_call> as <function=NAME>, a <parameter=KEY> for each argument, one line break after"
    " and one before its value belonging to the markers, and </function>. Qwen3-Coder does not think, and at times leaves out the first"
    " <tool_call>; Qwen3.5's template opens the reasoning; Step 3.5 Flash writes the same." + PYTHON_BOOLEANS,
    "Qwen3-Coder, Qwen3.5 and Step 3.5 Flash chat templates; vLLM's qwen3_coder and qwen3_xml parsers", TAG_CONTROLS, "<|im_end|>",
    ("<think>\n", "\n</think>\n\n"), True)


def python_words(f):
    """What a template that writes Python's words teaches a model to write."""
    yield transcript("Python's words for booleans are JSON's.", "types",
                     f.raw("find_trains", ("route", '{"from":"Bern","to":"Chur"}', False), ("direct", "True", False)), f.end,
                     calls=[("find_trains", '{"route":{"from":"Bern","to":"Chur"},"direct":true}')])
    yield transcript("Python's words in a string stay.", "types", f.raw("weather", ("city", "None", True)), f.end,
                     calls=[("weather", '{"city":"None"}')])


QWEN.extra += [
    *python_words(QWEN),
    transcript("A function without the marker around it is a call.", "bare-call",
               "I shall look.\n<function=weather>\n<parameter=city>\nBern\n</parameter>\n</function>\n</tool_call>", "<|im_end|>", "I shall look.",
               calls=whole(QWEN, [BERN])),
    transcript("A value of several lines that ends with one.", "escapes", QWEN.raw("weather", ("city", "\nBern\n\n", True)), "<|im_end|>",
               calls=[("weather", '{"city":"\\nBern\\n\\n"}')]),
    transcript("A part of the value's closing marker that the limit cuts belongs to the value.", "cut-arguments",
               "<tool_call>\n<function=weather>\n<parameter=city>\nBern\n</para", None, calls=[("weather", '{"city":"Bern\\n</para')]),
]
NEMOTRON3 = qwen_coder(
    "nemotron-v3",
    "As qwen-coder. The template opens the reasoning with <think> and a line break, or writes <think></think> where thinking is off." + PYTHON_BOOLEANS,
    "NVIDIA Nemotron 3 Nano chat template", TAG_CONTROLS, "<|im_end|>", ("<think>\n", "\n</think>\n"), True)
NEMOTRON3.extra += python_words(NEMOTRON3)

SEED = qwen_coder(
    "seed-oss",
    "As qwen-coder, but between <seed:tool_call> and </seed:tool_call>, the value directly between its markers, and the reasoning between"
    " <seed:think> and </seed:think>. Reflections on the budget (<seed:cot_budget_reflect>) are a part of the reasoning. The template also writes objects and lists of"
    " earlier calls as Python does; that is left out, and would be a string." + PYTHON_BOOLEANS,
    "ByteDance Seed-OSS chat template and model card; vLLM's seed_oss parser",
    ["<seed:tool_call>", "</seed:tool_call>", "<seed:think>", "</seed:think>", "<seed:eos>"], "<seed:eos>",
    ("<seed:think>", "</seed:think>\n"), False, opening="<seed:tool_call>", call_head="<seed:tool_call>\n<function=NAME>\n",
    argument="<parameter=KEY>VALUE</parameter>\n", call_tail="</function>\n</seed:tool_call>", last="</seed:tool_call>",
    malformed=[
        ("A marker that a text only names is text.", "Before a call the model writes <seed:tool_call> and a function."),
        ("Something else than a function is text.", '<seed:tool_call>\n{"name": "weather"}\n</seed:tool_call>'),
    ],
    lookalikes=["Write <seed:", "<seed:tool_call", "<tool_call>", "a <seed> b", "<seed:th"],
    marked_text="<seed:tool_call>\n<function=clock>\n</function>\n</seed:tool_call> and </param")
SEED.extra += python_words(SEED)
SEED.extra.append(transcript(
    "Reflections on the budget are reasoning.", "reasoning",
    "<seed:think>Bern.<seed:cot_budget_reflect>I have used 12 tokens.</seed:cot_budget_reflect>So look.</seed:think>\nIt rains.", "<seed:eos>",
    "It rains.", "Bern.<seed:cot_budget_reflect>I have used 12 tokens.</seed:cot_budget_reflect>So look."))

MINIMAX = Tagged(
    name="minimax-m2",
    about="The calls stand between <minimax:tool_call> and </minimax:tool_call>, each as <invoke name=\"NAME\">, a <parameter"
    " name=\"KEY\"> for each argument with its value directly between the markers, and </invoke>. The template opens the reasoning." + TYPES + WHITE_SPACE,
    source="MiniMax M2 chat template and tool calling guide; vLLM's minimax_m2 parser",
    controls=["<minimax:tool_call>", "</minimax:tool_call>", "<think>", "</think>", "[e~["], end="[e~[", opening="<minimax:tool_call>",
    close_cut=(4, True), think=("<think>\n", "\n</think>\n\n"), opens_reasoning=True, before_all="<minimax:tool_call>\n", after_all="</minimax:tool_call>",
    call_head='<invoke name="NAME">\n', argument='<parameter name="KEY">VALUE</parameter>\n', call_tail="</invoke>\n", last="</minimax:tool_call>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <minimax:tool_call> and invokes."),
        ("A group without calls is text.", "<minimax:tool_call>\nweather\n</minimax:tool_call>"),
    ],
    lookalikes=["Write <minimax", "<minimax:tool_call", '<invoke name="clock">', "a <m", "[e~"],
    marked_text='<minimax:tool_call>\n<invoke name="clock">\n</invoke>\n</minimax:tool_call> and </param')
MINIMAX.extra = [*of_tags(MINIMAX)]

DSML = Tagged(
    name="deepseek-v3.2",
    about="The calls stand between <｜DSML｜function_calls> and </｜DSML｜function_calls>, each as <｜DSML｜invoke name=\"NAME\">, a"
    " <｜DSML｜parameter name=\"KEY\" string=\"true|false\"> for each argument with its value directly between the markers, and"
    " </｜DSML｜invoke>. DeepSeek V4 writes tool_calls for function_calls: both are read. Arguments: the attribute decides, not the schema;"
    " string=\"false\" that is no JSON is a string. The template opens the reasoning with <think> where thinking is on, and closes it"
    " where it is off. ｜DSML｜ is a single token, the tags around it are plain text." + WHITE_SPACE,
    source="DeepSeek V3.2 and V4 encoding descriptions and chat templates; vLLM's deepseek_v32 parser",
    controls=["｜DSML｜", "<think>", "</think>", "<｜end▁of▁sentence｜>"], end="<｜end▁of▁sentence｜>", lead="\n\n", opening="<｜DSML｜function_calls>",
    close_cut=(4, True), think=("<think>", "</think>"), opens_reasoning=True, before_all="<｜DSML｜function_calls>\n",
    after_all="</｜DSML｜function_calls>", call_head='<｜DSML｜invoke name="NAME">\n',
    argument='<｜DSML｜parameter name="KEY" string="KIND">VALUE</｜DSML｜parameter>\n', call_tail="</｜DSML｜invoke>\n", last="</｜DSML｜function_calls>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <｜DSML｜function_calls> and invokes."),
        ("A group without calls is text.", "<｜DSML｜function_calls>\nweather\n</｜DSML｜function_calls>"),
    ],
    lookalikes=["Write <｜DSML", "<｜DSML｜function", "<function_calls>", "a < b", "<｜"],
    marked_text='<｜DSML｜function_calls>\n<｜DSML｜invoke name="clock">\n</｜DSML｜invoke> and </｜DSML｜param')
DSML.extra = [
    *of_tags(DSML, by_schema=False),
    transcript("The attribute counts, whatever the schema says.", "types",
               DSML.raw("weather", ("city", "3011", False), ("days", "3", True)), DSML.end, calls=[("weather", '{"city":3011,"days":"3"}')]),
    transcript("What is no JSON is a string after all.", "types", DSML.raw("weather", ("city", "Bern", False)), DSML.end,
               calls=[("weather", '{"city":"Bern"}')]),
    transcript("DeepSeek V4's name of the group.", "v4", DSML.block([THUN, CLOCK]).replace("function_calls", "tool_calls"), DSML.end,
               calls=whole(DSML, [THUN, CLOCK])),
    transcript("DeepSeek V4 leaves an empty line in a call without arguments.", "v4",
               '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="clock">\n\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>', DSML.end, calls=whole(DSML, [CLOCK])),
]


def glm(name, about, source, controls, end, think, opens, **more):
    settings = dict(
        opening="<tool_call>", close_cut=(4, False), think=think, opens_reasoning=opens, between="\n", call_head="<tool_call>NAME\n",
        argument="<arg_key>KEY</arg_key>\n<arg_value>VALUE</arg_value>\n", call_tail="</tool_call>", last="</tool_call>",
        malformed=[
            ("A marker that a text only names is text.", "Before a call the model writes <tool_call> and a name."),
            ("A marker at the end of a reply is text.", "It begins with <tool_call>"),
            ("An object is no name.", '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>'),
            ("A call without a name is text.", "<tool_call>\n<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n</tool_call>"),
        ],
        lookalikes=["Write <tool", "<tool_call", "a <tool_calls> b", "<arg_key>city</arg_key>", "</tool_call>", "<arg"],
        marked_text="<tool_call>clock\n</tool_call> and <arg_key>a</arg_key> and </arg_val")
    f = Tagged(name=name, about=about + TYPES + WHITE_SPACE, source=source, controls=controls, end=end, **{**settings, **more})
    f.extra = [*of_tags(f)]
    return f


GLM = glm(
    "glm4",
    "Each call stands between <tool_call> and </tool_call> as its name and, for each argument, <arg_key> and <arg_value>, on lines of their"
    " own (GLM 4.5, 4.6; Laguna XS) or directly one after the other (GLM 4.7; Laguna S, Spark 2.5); white space between them is nothing,"
    " within them text. GLM 4.5 and 4.6 write <think> themselves, GLM 4.7's template opens the reasoning. A turn ends with the next role's"
    " token, <|user|> or <|observation|>. Ling 3 writes the same with <|role_end|>.",
    "GLM 4.5, 4.6 and 4.7 Flash chat templates; vLLM's glm45 and glm47 parsers; the chat templates of Laguna, Spark 2.5 and Ling 3",
    ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", "<think>", "</think>", "<|user|>", "<|observation|>"],
    "<|user|>", ("<think>", "</think>\n"), False, call_end="<|observation|>")
GLM.extra += [
    transcript("GLM 4.5: a line break before the reasoning is nothing.", "reasoning", "\n<think>The user asks for Bern.</think>\nIt rains.",
               "<|user|>", "It rains.", "The user asks for Bern."),
    transcript("GLM 4.7: nothing stands between the markers.", "call-layout",
               "<tool_call>weather<arg_key>city</arg_key><arg_value>Thun</arg_value><arg_key>days</arg_key><arg_value>3</arg_value></tool_call>",
               "<|observation|>", calls=whole(GLM, [THUN])),
    transcript("GLM 4.7: a call without arguments.", "no-arguments", "<tool_call>clock</tool_call>", "<|observation|>", calls=whole(GLM, [CLOCK])),
    transcript("GLM 4.7: two calls.", "parallel",
               "<tool_call>clock</tool_call><tool_call>weather<arg_key>city</arg_key><arg_value>Bern</arg_value></tool_call>", "<|observation|>",
               calls=whole(GLM, [CLOCK, BERN])),
    transcript("GLM 4.7: the template opened the reasoning.", "reasoning-opened",
               "The user asks for Bern.</think><tool_call>weather<arg_key>city</arg_key><arg_value>Bern</arg_value></tool_call>", "<|observation|>",
               "", "The user asks for Bern.", whole(GLM, [BERN]), open=True),
    transcript("GLM 4.7: the reply goes on after the reasoning.", "reasoning-opened", "The user asks for Bern.</think>It rains.", "<|user|>",
               "It rains.", "The user asks for Bern.", open=True),
    transcript("Ling 3: an empty line in a call without arguments.", "no-arguments", "<tool_call>clock\n\n</tool_call>", "<|observation|>",
               calls=whole(GLM, [CLOCK])),
    transcript("Ling 3: a line break between key and value only.", "call-layout",
               "<tool_call>weather<arg_key>city</arg_key>\n<arg_value>Bern</arg_value>\n</tool_call>", "<|observation|>", calls=whole(GLM, [BERN])),
]

HY3 = glm(
    "hy3",
    "Tencent Hy3. The calls stand between <tool_calls:opensource> and </tool_calls:opensource>, each as <tool_call:opensource>, its name,"
    " <tool_sep:opensource> and keys and values in markers; every marker has the ending :opensource. The template opens the reasoning with"
    " <think:opensource> for the efforts low and high.",
    "Tencent Hy3 chat template; vLLM's hy_v3 parser",
    ["<tool_calls:opensource>", "</tool_calls:opensource>", "<tool_call:opensource>", "</tool_call:opensource>", "<tool_sep:opensource>",
     "<arg_key:opensource>", "</arg_key:opensource>", "<arg_value:opensource>", "</arg_value:opensource>", "<think:opensource>",
     "</think:opensource>", "<｜hy_eos:opensource｜>"],
    "<｜hy_eos:opensource｜>", ("<think:opensource>", "</think:opensource>"), True, lead="", opening="<tool_calls:opensource>", close_cut=(4, True),
    before_all="<tool_calls:opensource>\n", after_all="</tool_calls:opensource>", between="",
    call_head="<tool_call:opensource>NAME<tool_sep:opensource>\n",
    argument="<arg_key:opensource>KEY</arg_key:opensource>\n<arg_value:opensource>VALUE</arg_value:opensource>\n",
    call_tail="</tool_call:opensource>\n", last="</tool_calls:opensource>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <tool_calls:opensource> and more."),
        ("A group without calls is text.", "<tool_calls:opensource>\nweather\n</tool_calls:opensource>"),
    ],
    lookalikes=["Write <tool", "<tool_calls", "<tool_calls>", "<tool_calls:open", "<tool_call>clock</tool_call>"],
    marked_text="<tool_call:opensource>clock<tool_sep:opensource> and </arg_value")

FORMATS = [QWEN, NEMOTRON3, SEED, MINIMAX, DSML, GLM, HY3]
