"""Families that write calls as Python does, or with a notation of their own for values: a reader makes the JSON."""

from dataclasses import dataclass

from model import CompactFormat
from suite import BERN, CLOCK, ESCAPED, NESTED, THUN, transcript, whole
from tags import WHITE_SPACE

PYTHON = (
    " Arguments: strings in single or double quotes with Python's escapes, numbers as they are, True, False and None (and JSON's true,"
    " false and null), lists and objects become compact JSON as they come. An argument without a name is no call."
)


def quoted(text, quote='"'):
    for character, escape in (("\\", "\\\\"), (quote, "\\" + quote), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, escape)
    return quote + text + quote


def literal(value):
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return repr(value)


@dataclass
class Pythonic(CompactFormat):
    before: str = ""
    after: str = ""

    def block(self, calls):
        items = [f"{name}({', '.join(f'{k}={literal(v)}' for k, v in args.items())})" for name, args in calls]
        return f"{self.before}[{', '.join(items)}]{self.after}"

    def group(self, text):
        return f"{self.before}[{text}]{self.after}"


def of_python(f):
    end = f.call_end or f.end
    yield transcript("Single quotes are quotes.", "escapes", f.group("save_note(title='It\\'s \"it\"', body='')"), end,
                     calls=[("save_note", '{"title":"It\'s \\"it\\"","body":""}')])
    yield transcript("Python's escapes become the characters.", "escapes", f.group('weather(city="Z\\u00fcrich\\tSee\\\\")'), end,
                     calls=[("weather", '{"city":"Zürich\\tSee\\\\"}')])
    yield transcript("Python's words become JSON's.", "types", f.group("find_trains(route=None, direct=True, classes=[False, None])"), end,
                     calls=[("find_trains", '{"route":null,"direct":true,"classes":[false,null]}')])
    yield transcript("JSON's words are taken too.", "types", f.group("find_trains(route=null, direct=false)"), end,
                     calls=[("find_trains", '{"route":null,"direct":false}')])
    yield transcript("Numbers keep their spelling.", "types", f.group("find_trains(route={}, budget=-42.50, classes=[1e3])"), end,
                     calls=[("find_trains", '{"route":{},"budget":-42.50,"classes":[1e3]}')])
    yield transcript("White space between the parts is nothing.", "call-layout", f.group('\n  weather( city = "Thun" ,days = 3 ),\n  clock( )\n'), end,
                     calls=whole(f, [THUN, CLOCK]))
    yield transcript("Names may have dots.", "unknown", f.group('calendar.add(day="Friday")'), end, calls=[("calendar.add", '{"day":"Friday"}')])
    yield transcript("Brackets and commas inside strings do not count.", "escapes", f.group('weather(city="Bern)], clock(")'), end,
                     calls=[("weather", '{"city":"Bern)], clock("}')])
    yield transcript("A call that the limit cuts in a number keeps what was said.", "cut-arguments",
                     f.before + '[weather(city="Bern", days=1', None, calls=[("weather", '{"city":"Bern","days":1')])
    yield transcript("The limit cuts between two arguments: the object stays open.", "cut-arguments", f.before + '[weather(city="Thun",', None,
                     calls=[("weather", '{"city":"Thun"')])
    yield transcript("The end token stands for the end of a list that is missing.", "unclosed", f.before + '[weather(city="Bern")', end,
                     calls=whole(f, [BERN]))
    yield transcript("A call that has begun is not taken back: what does not fit is text, and its arguments close.", "malformed-arguments",
                     f.before + '[weather(city="Bern"; days=3)]' + f.after, f.end, "; days=3)]" + f.after, calls=whole(f, [BERN]),
                     finish="tool_calls", degraded=True)
    yield transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", f.before + '[weather(city="Be', f.end,
                     calls=[("weather", '{"city":"Be')], finish="tool_calls", degraded=True)


BARE_LOOKALIKES = [
    "[1, 2, 3] are numbers.", "[link](https://example.org)", "[note(s)] follow.", "[clock]", "[", "[f", "[f(x)] is the mean of f(x).",
    "The call is [clock()].", "[x] done\n[ ] to do", "[f()",
]


def bare(name, about, source, controls, end, **more):
    """Calls without markers: a whole reply."""
    f = Pythonic(
        name=name,
        about=about + " The calls are a reply of their own: a list in square brackets that begins it, white space aside, and is a call as"
        " soon as a name, a bracket and an argument's name and sign (or the closing bracket and a comma or square bracket) have been said."
        " A list further on in a reply is text." + PYTHON + WHITE_SPACE,
        source=source, controls=controls, end=end, lookalikes=BARE_LOOKALIKES, skip={"text-call"}, trail="\n",
        marked_text='[clock()] and [weather(city="x")]', **more)
    f.extra = [
        *of_python(f),
        transcript("White space before the list is nothing.", "call-layout", "\n" + f.block([BERN]), f.call_end or f.end, calls=whole(f, [BERN])),
        transcript("A list after text is text.", "lookalike", "I call " + f.block([BERN]) + " now.", f.end, "I call " + f.block([BERN]) + " now."),
        transcript("An argument without a name is text.", "lookalike", '[weather("Bern")]', f.end, '[weather("Bern")]'),
        transcript("What the limit cuts before it is a call is text.", "cut-name", "[weath", None, "[weath"),
        transcript("What the limit cuts before an argument is named is text.", "cut-name", "[weather(ci", None, "[weather(ci"),
    ]
    return f


LLAMA = bare(
    "llama3-pythonic",
    "Llama 3.2 (prompted) and Llama 4. Llama 4 may write the list between <|python_start|> and <|python_end|>.",
    "Llama 3.2 and Llama 4 prompt guides; vLLM's pythonic and llama4_pythonic parsers",
    ["<|python_start|>", "<|python_end|>", "<|eot_id|>", "<|eot|>"], "<|eot_id|>")
LLAMA.extra += [
    transcript("Llama 4: the list in its markers.", "python-start", '<|python_start|>[weather(city="Bern"), clock()]<|python_end|>', "<|eot|>",
               calls=whole(LLAMA, [BERN, CLOCK])),
    transcript("Llama 4: the limit cuts the list in its markers.", "python-start", '<|python_start|>[weather(city="Be', None,
               calls=[("weather", '{"city":"Be')]),
]

GEMMA3 = bare(
    "gemma3-prompted",
    "Gemma 3 has no notation of its own and its template knows no tools: a prompt asks for a list of calls, as Google's guide to function"
    " calling with Gemma shows. (The guide's other choice, a bare JSON object, and the ```tool_code fences of earlier examples are left"
    " out.)",
    "Google's guide to function calling with Gemma 3; vLLM's example template for Gemma 3 with the pythonic parser",
    ["<end_of_turn>"], "<end_of_turn>")

LFM2 = Pythonic(
    name="lfm2",
    about="The calls are a Python list between <|tool_call_start|> and <|tool_call_end|>, both single tokens; text may follow. LFM2.5"
    " thinks between <think> and </think>, which its template does not open. Asked for JSON by its system prompt the model writes JSON"
    " calls in the same markers; that is left out here." + PYTHON + WHITE_SPACE,
    source="Liquid AI's LFM2 and LFM2.5 model cards and chat templates; vLLM's lfm2 parser",
    controls=["<|tool_call_start|>", "<|tool_call_end|>", "<think>", "</think>", "<|im_end|>"], end="<|im_end|>", lead="", trail="",
    opening="<|tool_call_start|>", close_cut=(4, True), think=("<think>", "</think>"), before="<|tool_call_start|>", after="<|tool_call_end|>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <|tool_call_start|> and a list."),
        ("A list of something else is text.", "<|tool_call_start|>[1, 2]<|tool_call_end|>"),
        ("An argument without a name is text.", '<|tool_call_start|>[weather("Bern")]<|tool_call_end|>'),
    ],
    lookalikes=["Write <|tool", "<|tool_call_start", "[clock()]", "<|tool_list_start|>", "Use [link text](url)."],
    marked_text='<|tool_call_start|>[clock()]<|tool_call_end|> and "quotes"')
LFM2.extra = [
    *of_python(LFM2),
    transcript("A line break inside quotes, as the template writes it, is a part of the string.", "escapes",
               "<|tool_call_start|>[save_note(title='two', body='first\nsecond')]<|tool_call_end|>", "<|im_end|>",
               calls=[("save_note", '{"title":"two","body":"first\\nsecond"}')]),
]


@dataclass
class Keyed(CompactFormat):
    """Gemma's notation: call:NAME{KEY:VALUE,...} with a mark of its own around strings."""

    before: str = ""
    after: str = ""
    quote: str = ""

    def value(self, value):
        if isinstance(value, str):
            return self.quote + value + self.quote
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, dict):
            return "{" + self.pairs(value) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(self.value, value)) + "]"
        return "null" if value is None else str(value)

    def pairs(self, args):
        return ",".join(f"{k}:{self.value(v)}" for k, v in args.items())

    def block(self, calls):
        return "".join(f"{self.before}call:{name}{{{self.pairs(args)}}}{self.after}" for name, args in calls)


def of_keys(f):
    q, end = f.quote, f.call_end or f.end

    def case(name, kind, said, arguments, tool="weather"):
        return transcript(name, kind, f"{f.before}call:{tool}{{{said}}}{f.after}", end, calls=[(tool, arguments)])

    yield case("Numbers keep their spelling.", "types", "route:{},budget:-42.50,classes:[1e3]", '{"route":{},"budget":-42.50,"classes":[1e3]}', "find_trains")
    yield case("Booleans and null.", "types", "route:null,direct:false", '{"route":null,"direct":false}', "find_trains")
    yield case("Lists of strings and objects.", "nested", f"route:{{from:{q}Bern{q},via:[{q}Olten{q},{{at:{q}Baar{q}}}]}}",
               '{"route":{"from":"Bern","via":["Olten",{"at":"Baar"}]}}', "find_trains")
    yield case("A string of nothing is a string.", "types", f"city:{q}{q}", '{"city":""}')
    yield case("Quotes, brackets and colons inside a string are text.", "escapes", f'city:{q}"Bern", [a:b] {{c}} \\n{q}',
               '{"city":"\\"Bern\\", [a:b] {c} \\\\n"}')
    yield transcript("Three calls of one turn.", "parallel", f.block([BERN, CLOCK, NESTED]), end, calls=whole(f, [BERN, CLOCK, NESTED]))
    yield transcript("The end token stands for a closing marker that is missing.", "unclosed", f.block([ESCAPED]).removesuffix(f.after), end,
                     calls=whole(f, [ESCAPED]))
    yield transcript("The limit cuts between two arguments: the object stays open.", "cut-arguments", f"{f.before}call:weather{{city:{q}Thun{q},", None,
                     calls=[("weather", '{"city":"Thun"')])
    yield transcript("What the limit cuts inside the name is text.", "cut-name", f.before + "call:weat", None, f.before + "call:weat")
    yield transcript("A call that has begun is not taken back: what does not fit is text, and its arguments close.", "malformed-arguments",
                     f"{f.before}call:weather{{city:{q}Bern{q};days:3}}{f.after}", f.end, ";days:3}" + f.after, calls=whole(f, [BERN]),
                     finish="tool_calls", degraded=True)
    yield transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", f"{f.before}call:weather{{city:{q}Be", f.end,
                     calls=[("weather", '{"city":"Be')], finish="tool_calls", degraded=True)


GEMMA4 = Keyed(
    name="gemma4",
    about="Each call stands between <|tool_call> and <tool_call|> as call:NAME{KEY:VALUE,...}. Strings stand between two <|\"|>, a single"
    " token, and have no escapes; numbers, true, false and null are JSON's; keys have no quotes. Arguments become compact JSON as they"
    " come. Reasoning stands between <|channel>thought, a line break, and <channel|>; the template does not open it, and writes an empty"
    " one where thinking is off. After calls generation stops at <|tool_response>." + WHITE_SPACE,
    source="Gemma 4 chat template and prompt guide; vLLM's gemma4 parser",
    controls=["<|tool_call>", "<tool_call|>", "<|\"|>", "<|channel>", "<channel|>", "<turn|>", "<|tool_response>"], end="<turn|>",
    call_end="<|tool_response>", lead="", trail="\n", opening="<|tool_call>", close_cut=(4, True), think=("<|channel>thought\n", "<channel|>"),
    before="<|tool_call>", after="<tool_call|>", quote='<|"|>',
    malformed=[
        ("A marker that a text only names is text.", "Before a call the model writes <|tool_call> and call:."),
        ("Something else than a call is text.", '<|tool_call>{"name": "weather"}<tool_call|>'),
        ("A call without arguments' braces is text.", "<|tool_call>call:clock<tool_call|>"),
    ],
    lookalikes=["Write <|tool", "<|tool_call", "<tool_call>", "call:clock{}", "<|chan", "<|\""], marked_text="<|tool_call>call:clock{}<tool_call|> }")
GEMMA4.extra = [
    *of_keys(GEMMA4),
    transcript("Reasoning that closes on a line of its own.", "reasoning", "<|channel>thought\nBern.\n<channel|>It rains.", "<turn|>", "It rains.", "Bern."),
    transcript("Reasoning of nothing without its line break is none.", "reasoning-empty", "<|channel>thought<channel|>It rains.", "<turn|>", "It rains."),
]

FUNCTIONGEMMA = Keyed(
    name="functiongemma",
    about="Each call stands between <start_function_call> and <end_function_call> as call:NAME{KEY:VALUE,...}. Strings stand between two"
    " <escape>, a single token, and have no escapes; numbers, true, false and null are JSON's. Arguments become compact JSON as they come."
    " (vLLM's parser also makes JSON of text between two <escape>; here it is a string, as the format's guide has it.) After calls"
    " generation stops at <start_function_response>." + WHITE_SPACE,
    source="Google's FunctionGemma formatting guide; vLLM's functiongemma parser",
    controls=["<start_function_call>", "<end_function_call>", "<escape>", "<end_of_turn>", "<start_function_response>"], end="<end_of_turn>",
    call_end="<start_function_response>", lead="", trail="\n", opening="<start_function_call>", close_cut=(4, True), before="<start_function_call>",
    after="<end_function_call>", quote="<escape>",
    malformed=[
        ("A marker that a text only names is text.", "Before a call the model writes <start_function_call> and call:."),
        ("Something else than a call is text.", '<start_function_call>{"name": "weather"}<end_function_call>'),
    ],
    lookalikes=["Write <start", "<start_function_call", "<function_call>", "call:clock{}", "<esc", "<escape"],
    marked_text="<start_function_call>call:clock{}<end_function_call> }")
FUNCTIONGEMMA.extra = [*of_keys(FUNCTIONGEMMA)]

FORMATS = [LLAMA, GEMMA3, LFM2, GEMMA4, FUNCTIONGEMMA]
