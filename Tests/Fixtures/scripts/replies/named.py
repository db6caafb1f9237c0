"""Families that write a call's name in plain text and its arguments as a JSON object, apart by markers."""

from dataclasses import dataclass

from model import Format, spaced
from suite import BERN, CLOCK, ESCAPED, THUN, transcript, whole
from tags import WHITE_SPACE


@dataclass
class NamedObject(Format):
    before_all: str = ""
    after_all: str = ""
    item: str = ""
    between: str = ""

    def block(self, calls):
        items = [
            self.item.replace("NAME", name).replace("ARGUMENTS", spaced(args)).replace("INDEX", str(index))
            for index, (name, args) in enumerate(calls)]
        return self.before_all + self.between.join(items) + self.after_all


def of_named_objects(f):
    """What only a name before an object can say; `f.item` tells what stands around the object."""
    end = f.call_end or f.end
    head, tail = f.item.replace("NAME", "weather").replace("INDEX", "0").split("ARGUMENTS")
    tail += f.after_all
    pretty = '{\n  "city": "Bern",\n  "days": 3\n}'
    yield transcript("The arguments' own layout passes as it is.", "call-layout", f.before_all + head + pretty + tail, end,
                     calls=[("weather", pretty)])
    yield transcript("Escapes in the arguments stay escapes.", "escapes",
                     f.before_all + head + '{"city": "Z\\u00fcrich \\"Bern\\" \\\\ }"}' + tail, end,
                     calls=[("weather", '{"city": "Z\\u00fcrich \\"Bern\\" \\\\ }"}')])
    yield transcript("Braces inside strings do not count.", "escapes", f.before_all + head + '{"city": "}{}}", "days": 1}' + tail, end,
                     calls=[("weather", '{"city": "}{}}", "days": 1}')])
    yield transcript("Three calls of one turn.", "parallel", f.block([BERN, CLOCK, ESCAPED]), end, calls=whole(f, [BERN, CLOCK, ESCAPED]))
    bad = f.before_all + head + '{"city": '
    yield transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments", bad + "Bern}" + tail,
                     f.end, "Bern}" + tail, calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True)
    yield transcript("A call that the end token breaks off keeps its fragment.", "end-in-arguments", bad + '"Be', f.end,
                     calls=[("weather", '{"city": "Be')], finish="tool_calls", degraded=True)
    cut = (f.before_all + head)[: (f.before_all + head).index("weather") + 4]
    yield transcript("What the limit cuts inside the name is text.", "cut-name", cut, None, cut)
    if tail.strip():
        yield transcript("The end token stands for closing markers that are missing.", "unclosed",
                         f.before_all + head + '{"city": "Bern"}', end, calls=whole(f, [BERN]))


def mistral(name, about, source, think, opens=False):
    f = NamedObject(
        name=name, about=about + WHITE_SPACE, source=source,
        controls=["[TOOL_CALLS]", "[ARGS]", "[CALL_ID]", "[THINK]", "[/THINK]", "</s>"], end="</s>", lead="", trail="\n",
        opening="[TOOL_CALLS]", think=think, item="[TOOL_CALLS]NAME[ARGS]ARGUMENTS",
        malformed=[
            ("A marker that a text only names is text.", "Before a call the model writes [TOOL_CALLS] and a name."),
            ("A marker at the end of a reply is text.", "It begins with [TOOL_CALLS]"),
            ("A name without arguments is text.", "[TOOL_CALLS]weather"),
            ("Arguments that are no object are text.", '[TOOL_CALLS]weather[ARGS]"Bern"'),
            ("A call without a name is text.", '[TOOL_CALLS][ARGS]{"city": "Bern"}'),
        ],
        lookalikes=["Write [TOOL", "[TOOL_CALLS", "See [1] and [TOOLS].", "The list [ARGS", "[TH", "a [T", "[INST]"],
        marked_text="[TOOL_CALLS]clock[ARGS]{}")
    f.extra = [
        *of_named_objects(f),
        transcript("An id between the name and the arguments is no part of either.", "call-id",
                   '[TOOL_CALLS]weather[CALL_ID]Zx81mK0aQ[ARGS]{"city": "Bern"}', "</s>", calls=whole(f, [BERN])),
        transcript("Ids of two calls.", "call-id",
                   '[TOOL_CALLS]weather[CALL_ID]000000001[ARGS]{"city": "Thun", "days": 3}[TOOL_CALLS]clock[CALL_ID]000000002[ARGS]{}', "</s>",
                   calls=whole(f, [THUN, CLOCK])),
        transcript("An id that the limit cuts.", "cut-name", "[TOOL_CALLS]weather[CALL_ID]Zx81", None, "[TOOL_CALLS]weather[CALL_ID]Zx81"),
        transcript("The arguments' marker cut by the limit.", "cut-name", "[TOOL_CALLS]weather[AR", None, "[TOOL_CALLS]weather[AR"),
        transcript("A second call whose marker the limit cuts is text.", "cut-second", f.block([BERN]) + "[TOOL_C", None, "[TOOL_C",
                   calls=whole(f, [BERN])),
        transcript("White space between two calls is nothing.", "parallel", f.block([THUN]) + "\n" + f.block([CLOCK]), "</s>",
                   calls=whole(f, [THUN, CLOCK])),
    ]
    return f


MISTRAL_NEW = mistral(
    "mistral-new",
    "Each call is [TOOL_CALLS], the name, perhaps [CALL_ID] and nine characters, [ARGS] and a JSON object; nothing closes it. The id may"
    " serve as the call's. Some servers lose [ARGS] when they decode without control tokens; that shape is left out here.",
    "Mistral Small 3.2 (ids), Devstral 2507 and Ministral 3 chat templates; mistral-common's v11 and v13 tokenizers", None)

MAGISTRAL = mistral(
    "magistral",
    "As mistral-new, with reasoning between [THINK] and [/THINK], both control tokens; the system prompt asks for it and no template opens"
    " it. The first Magistral (2506) wrote <think> in plain text; that is left out here.",
    "Magistral 2507 and 2509 model cards, the Ministral 3 Reasoning chat template", ("[THINK]", "[/THINK]"))
MAGISTRAL.extra.append(transcript("A call's marker that reasoning only names is reasoning.", "reasoning-lookalike",
                                  "[THINK]I could write [TOOL_CALLS] now.[/THINK]No tool is needed.", "</s>", "No tool is needed.",
                                  "I could write [TOOL_CALLS] now.", degraded=True))

DEEPSEEK_CONTROLS = ["<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>", "<think>",
                     "</think>", "<｜end▁of▁sentence｜>"]
DEEPSEEK_LOOKALIKES = ["Write <｜tool", "<｜tool▁calls▁begin", "<|tool▁calls▁begin|>", "<｜", "a < b", "｜tool▁sep｜"]


def deepseek(name, about, source, item, between, think, opens):
    f = NamedObject(
        name=name, about=about + WHITE_SPACE, source=source, controls=DEEPSEEK_CONTROLS, end="<｜end▁of▁sentence｜>", lead="", trail="\n",
        opening="<｜tool▁calls▁begin｜>", close_cut=(4, True), think=think, opens_reasoning=opens, before_all="<｜tool▁calls▁begin｜>",
        after_all="<｜tool▁calls▁end｜>", item=item, between=between,
        malformed=[
            ("A marker that a text only names is text.", "Before its calls the model writes <｜tool▁calls▁begin｜> and more."),
            ("A call without arguments is text.", "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁call▁end｜><｜tool▁calls▁end｜>"),
            ("A group without calls is text.", "<｜tool▁calls▁begin｜>weather<｜tool▁calls▁end｜>"),
        ],
        lookalikes=DEEPSEEK_LOOKALIKES, marked_text="<｜tool▁calls▁begin｜>``` and <｜tool▁call▁end｜>")
    f.extra = [*of_named_objects(f)]
    f.extra.append(transcript("Text right before the group.", "text-call", "One moment." + f.block([BERN]), f.end, "One moment.", calls=whole(f, [BERN])))
    return f


FENCED = "<｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME\n```json\nARGUMENTS\n```<｜tool▁call▁end｜>"
R1 = deepseek(
    "deepseek-r1",
    "The calls stand between <｜tool▁calls▁begin｜> and <｜tool▁calls▁end｜>, each as the word function, a separator, the name, and the"
    " arguments in a json fence. The template opens the reasoning with <think> and a line break (later ones; the model writes it itself"
    " with the first ones).",
    "DeepSeek R1, its distillations and R1-0528: chat templates; vLLM's deepseek_v3 parser", FENCED, "\n", ("<think>\n", "\n</think>\n\n"), True)
R1.extra.append(transcript("The model opens its reasoning itself.", "reasoning", "<think>\nThe user asks for Bern.\n</think>\n\nIt rains.",
                           "<｜end▁of▁sentence｜>", "It rains.", "The user asks for Bern."))
R1.extra.append(transcript("The fence closes on the line of the arguments' end.", "call-layout",
                           '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city": "Bern"}\n```\n<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
                           "<｜end▁of▁sentence｜>", calls=whole(R1, [BERN])))
R1.extra.append(transcript("A call without the end of its group.", "unclosed", R1.block([BERN]).removesuffix(R1.after_all), "<｜end▁of▁sentence｜>",
                           calls=whole(R1, [BERN])))
V3 = deepseek(
    "deepseek-v3", "As deepseek-r1, without reasoning.", "DeepSeek V3 and V3-0324 chat templates; vLLM's deepseek_v3 parser", FENCED, "\n", None, False)
V31 = deepseek(
    "deepseek-v3.1",
    "The calls stand between <｜tool▁calls▁begin｜> and <｜tool▁calls▁end｜>, each as its name, a separator and a JSON object. The template"
    " opens the reasoning with <think> where thinking is on, and writes <think></think> where it is off.",
    "DeepSeek V3.1 chat template and model card; vLLM's deepseek_v31 parser",
    "<｜tool▁call▁begin｜>NAME<｜tool▁sep｜>ARGUMENTS<｜tool▁call▁end｜>", "", ("<think>", "</think>"), True)

KIMI = NamedObject(
    name="kimi-k2",
    about="The calls stand between <|tool_calls_section_begin|> and <|tool_calls_section_end|>, each as functions.NAME:INDEX and a JSON"
    " object. The index counts over the conversation; the whole of it may serve as the call's id, the name is what stands between. Kimi K2"
    " Thinking writes <think> itself; the template does not open it." + WHITE_SPACE,
    source="Kimi K2 model card (tool call guidance) and the chat templates of Kimi K2 Instruct and Thinking",
    controls=["<|tool_calls_section_begin|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>",
              "<|tool_calls_section_end|>", "<think>", "</think>", "<|im_end|>"],
    end="<|im_end|>", lead="", trail="\n", opening="<|tool_calls_section_begin|>", close_cut=(4, True), think=("<think>", "</think>"),
    before_all="<|tool_calls_section_begin|>", after_all="<|tool_calls_section_end|>",
    item="<|tool_call_begin|>functions.NAME:INDEX<|tool_call_argument_begin|>ARGUMENTS<|tool_call_end|>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <|tool_calls_section_begin|> and more."),
        ("A section without calls is text.", "<|tool_calls_section_begin|>weather<|tool_calls_section_end|>"),
        ("A call without arguments is text.", "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0<|tool_call_end|><|tool_calls_section_end|>"),
    ],
    lookalikes=["Write <|tool", "<|tool_calls_section_begin", "<|tool_call|>", "functions.weather:0", "<|im"],
    marked_text="<|tool_call_end|> <|tool_calls_section_end|> functions.clock:0")
KIMI.extra = [
    *of_named_objects(KIMI),
    transcript("The index goes on from earlier turns.", "call-id",
               '<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:12<|tool_call_argument_begin|>{"city": "Bern"}<|tool_call_end|><|tool_calls_section_end|>',
               "<|im_end|>", calls=whole(KIMI, [BERN])),
    transcript("A name may have dots and colons of its own.", "unknown",
               '<|tool_calls_section_begin|><|tool_call_begin|>functions.notes.save:0<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>',
               "<|im_end|>", calls=[("notes.save", "{}")]),
]

FORMATS = [MISTRAL_NEW, MAGISTRAL, R1, V3, V31, KIMI]
