"""Families that write all calls of a turn as one JSON list."""

from dataclasses import dataclass

from model import Format, spaced
from suite import BERN, CLOCK, NESTED, THUN, transcript, whole
from tags import WHITE_SPACE


@dataclass
class CallList(Format):
    before: str = ""
    after: str = ""
    item: str = '{{"name": "{name}", "arguments": {arguments}}}'
    between: str = ", "
    # White space within the list's brackets.
    margin: tuple = ("", "")

    def block(self, calls):
        items = [
            self.item.replace("{{", "{").replace("}}", "}").replace("{name}", name).replace("{arguments}", spaced(args))
            .replace("{index}", str(index)).replace("{id}", f"Abc12345{index}")
            for index, (name, args) in enumerate(calls)]
        return f"{self.before}[{self.margin[0]}{self.between.join(items)}{self.margin[1]}]{self.after}"


def of_lists(f, name_key="name", arguments_key="arguments", prefix=""):
    """What only a list of objects can say."""
    o, c, end = f.before + "[", "]" + f.after, f.call_end or f.end
    name, args = f'"{name_key}"', f'"{arguments_key}"'
    item = f'{{{prefix}{name}: "weather", {args}: {{"city": "Bern"}}}}'
    yield transcript("The list's own layout is nothing, the arguments' passes as it is.", "call-layout",
                     o + f'\n  {{\n    {prefix}{name}: "weather",\n    {args}: {{\n      "city": "Bern"\n    }}\n  }}\n' + c, end,
                     calls=[("weather", '{\n      "city": "Bern"\n    }')])
    yield transcript("Three calls of one list.", "parallel", f.block([BERN, CLOCK, THUN]), end, calls=whole(f, [BERN, CLOCK, THUN]))
    yield transcript("Escapes in the arguments stay escapes.", "escapes",
                     o + f'{{{prefix}{name}: "weather", {args}: {{"city": "Z\\u00fcrich \\"Bern\\" \\\\"}}}}' + c, end,
                     calls=[("weather", '{"city": "Z\\u00fcrich \\"Bern\\" \\\\"}')])
    yield transcript("The end token stands for the end of a list that is missing.", "unclosed", o + item, end,
                     calls=[("weather", '{"city": "Bern"}')])
    bad = o + f'{{{prefix}{name}: "weather", {args}: {{"city": '
    yield transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments", bad + "Bern}}" + c,
                     end, "Bern}}" + c, calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True)
    cut = (o + item)[: (o + item).index('"weather') + 5]
    yield transcript("What the limit cuts before the name is known is text.", "cut-name", cut, None, cut)


def malformed(before, after, name_key="name"):
    return [
        ("A marker that a text only names is text.", f"Before its calls the model writes {before} and a list."),
        ("An object without a name is text.", f'{before}[{{"city": "Bern"}}]{after}'),
        ("A list of something else is text.", f"{before}[weather, clock]{after}"),
        ("A name that is no string is text.", f'{before}[{{"{name_key}": 7}}]{after}'),
    ]


MISTRAL_OLD = CallList(
    name="mistral-old",
    about="The calls are a JSON list after [TOOL_CALLS], with a space in between or without one; nothing closes it but the end token."
    " An object may have an id of nine characters, which is no part of the arguments and may serve as the call's id." + WHITE_SPACE,
    source="Mistral 7B v0.3, Mistral Nemo and Mixtral 8x22B: mistral-common's v3 tokenizer and the chat template of Mistral Nemo",
    controls=["[TOOL_CALLS]", "</s>"], end="</s>", lead="", trail="\n", opening="[TOOL_CALLS]", before="[TOOL_CALLS] ",
    malformed=malformed("[TOOL_CALLS]", ""),
    lookalikes=["The list [TOOL", "[TOOL_CALLS", "See [1] and [TOOLS].", "[TOOL_RESULTS]", "[{\"name\": \"clock\", \"arguments\": {}}]", "a["],
    marked_text="[TOOL_CALLS] [{\"name\": \"clock\", \"arguments\": {}}]")
MISTRAL_OLD.extra = [
    *of_lists(MISTRAL_OLD),
    transcript("No space after the marker.", "call-layout", '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Bern"}}]', "</s>",
               calls=whole(MISTRAL_OLD, [BERN])),
    transcript("An id after the arguments is no part of them.", "call-id",
               '[TOOL_CALLS] [{"name": "weather", "arguments": {"city": "Bern"}, "id": "Zx81mK0aQ"}]', "</s>", calls=whole(MISTRAL_OLD, [BERN])),
    transcript("Ids of two calls.", "call-id",
               '[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Bern"}, "id": "Zx81mK0aQ"}, {"name": "clock", "arguments": {}, "id": "Zx81mK0aR"}]',
               "</s>", calls=whole(MISTRAL_OLD, [BERN, CLOCK])),
    transcript("Arguments may stand before the name.", "arguments-first", '[TOOL_CALLS] [{"arguments": {"city": "Bern"}, "name": "weather"}]',
               "</s>", calls=whole(MISTRAL_OLD, [BERN])),
]

GRANITE3 = CallList(
    name="granite3",
    about="The calls are a JSON list after <|tool_call|>; nothing closes it but the end token. Granite 3.3 thinks between <think> and"
    " </think>, which are plain text in its vocabulary, and may then, right after them, put its answer between <response> and </response>,"
    " which belong to the format there. The phrases with which Granite 3.2 opens its thoughts (\"Here is my thought process:\") are left out." + WHITE_SPACE,
    source="IBM Granite 3.0 to 3.3 chat templates; vLLM's granite parser", controls=["<|tool_call|>", "<|end_of_text|>"],
    end="<|end_of_text|>", lead="\n", opening="<|tool_call|>", think=("<think>", "</think>"), before="<|tool_call|>",
    malformed=malformed("<|tool_call|>", ""),
    lookalikes=["Write <|tool", "<|tool_call", "<|tool_call|", "<tool_call>", "<|", "<response", "A <response> may be short."],
    marked_text="<|tool_call|>[{\"name\": \"clock\", \"arguments\": {}}]")
GRANITE3.extra = [
    *of_lists(GRANITE3),
    transcript("Reasoning, then an answer in its markers.", "reasoning-response",
               "<think>The user asks for Bern.</think>\n<response>It rains.</response>", "<|end_of_text|>", "It rains.", "The user asks for Bern."),
    transcript("An answer in its markers that the limit cuts.", "reasoning-response-cut", "<think>Short.</think><response>It rai", None, "It rai", "Short."),
    transcript("A part of the answer's closing marker is text.", "reasoning-response-lookalike",
               "<think>Short.</think><response>a </respon b</response>", "<|end_of_text|>", "a </respon b", "Short."),
    transcript("A space after the marker.", "call-layout", '<|tool_call|> [{"name": "clock", "arguments": {}}]', "<|end_of_text|>", calls=whole(GRANITE3, [CLOCK])),
]

PHI4 = CallList(
    name="phi4-mini",
    about="The calls are a JSON list between <|tool_call|> and <|/tool_call|>, both single tokens. Prompted as vLLM's example template"
    " prompts it (and as FireFunction v2 is trained), the model writes functools[...] instead, in plain text and without a closing marker:"
    " both are read." + WHITE_SPACE,
    source="Phi-4-mini-instruct's model card and Ollama's template (markers); vLLM's phi4_mini_json parser and FireFunction v2's chat template (functools)",
    controls=["<|tool_call|>", "<|/tool_call|>", "<|end|>"], end="<|end|>", opening="<|tool_call|>", close_cut=(5, True),
    before="<|tool_call|>", after="<|/tool_call|>", malformed=malformed("<|tool_call|>", "<|/tool_call|>"),
    lookalikes=["Write <|tool", "<|tool_call", "functools is a module.", "Import functools", "functool", "from functools import reduce"],
    marked_text="<|tool_call|>[]<|/tool_call|> functools[{\"name\": \"clock\"}]")
PHI4.extra = [
    *of_lists(PHI4),
    transcript("functools: one call.", "functools", 'functools[{"name": "weather", "arguments": {"city": "Bern"}}]', "<|end|>", calls=whole(PHI4, [BERN])),
    transcript("functools: two calls over several lines.", "functools",
               'functools[\n  {"name": "weather", "arguments": {"city": "Thun", "days": 3}},\n  {"name": "clock", "arguments": {}}\n]', "<|end|>",
               calls=whole(PHI4, [THUN, CLOCK])),
    transcript("functools: text before and a space.", "functools", 'Let me look.\n functools[{"name": "weather", "arguments": {"city": "Bern"}}]',
               "<|end|>", "Let me look.", calls=whole(PHI4, [BERN])),
    transcript("functools: text after.", "functools", 'functools[{"name": "clock", "arguments": {}}]\nAnything else?', "<|end|>", "Anything else?",
               calls=whole(PHI4, [CLOCK]), finish="tool_calls"),
    transcript("functools: the limit cuts the arguments.", "functools", 'functools[{"name": "weather", "arguments": {"city": "Be', None,
               calls=[("weather", '{"city": "Be')]),
    transcript("functools: a marker at the end of a reply is text.", "functools-malformed", "Write functools[", "<|end|>", "Write functools[",
               degraded=True),
    transcript("functools: a list that holds no objects is text.", "functools-malformed", "functools[ reduce ]", "<|end|>", "functools[ reduce ]",
               degraded=True),
]

NEMOTRON2 = CallList(
    name="nemotron-v2",
    about="The calls are a JSON list between <TOOLCALL> and </TOOLCALL>. The template opens the reasoning with <think> and a line break"
    " (or closes it at once where /no_think was said). Which markers are single tokens is not verified beyond <SPECIAL_12>." + WHITE_SPACE,
    source="NVIDIA Nemotron Nano 9B v2 chat template", controls=["<SPECIAL_12>"], end="<SPECIAL_12>",
    opening="<TOOLCALL>", close_cut=(4, True), think=("<think>\n", "\n</think>\n\n"), opens_reasoning=True, before="<TOOLCALL>", after="</TOOLCALL>",
    malformed=malformed("<TOOLCALL>", "</TOOLCALL>"),
    lookalikes=["Write <TOOL", "<TOOLCALL", "<TOOLCALLS> are many.", "<toolcall>[]</toolcall>", "a <T"],
    marked_text="<TOOLCALL>[{\"name\": \"clock\", \"arguments\": {}}]</TOOLCALL>")
NEMOTRON2.extra = [*of_lists(NEMOTRON2)]

HUNYUAN = CallList(
    name="hunyuan",
    about="Hunyuan A13B. The calls are a JSON list between <tool_calls> and </tool_calls>. Reasoning stands between <think> and </think>, a"
    " text right after it between <answer> and </answer>, which belong to the format there, with the white space beside them; all of them are plain text. The words 助手： with which"
    " a text may begin where tools are offered are left out: they are text." + WHITE_SPACE,
    source="vLLM's hunyuan_a13b tool and reasoning parsers and its example template", controls=["<|eos|>"], end="<|eos|>",
    opening="<tool_calls>", close_cut=(4, True), think=("<think>\n", "\n</think>\n"), before="<tool_calls>", after="</tool_calls>",
    malformed=malformed("<tool_calls>", "</tool_calls>"),
    lookalikes=["Write <tool", "<tool_calls", "<tool_call>", "助手：你好", "<answe", "a <answers> b", "An <answer> may be short."],
    marked_text="<tool_calls>[{\"name\": \"clock\", \"arguments\": {}}]</tool_calls>")
HUNYUAN.extra = [
    *of_lists(HUNYUAN),
    transcript("Reasoning, then an answer in its markers.", "reasoning-answer",
               "<think>\nThe user asks for Bern.\n</think>\n<answer>\nIt rains.\n</answer>", "<|eos|>", "It rains.", "The user asks for Bern."),
    transcript("Reasoning of nothing, then an answer in its markers.", "reasoning-answer", "<think>\n\n</think>\n<answer>\nIt rains.\n</answer>", "<|eos|>",
               "It rains."),
    transcript("An answer in its markers that the limit cuts.", "reasoning-answer", "<think>\nShort.\n</think>\n<answer>\nIt rai", None, "It rai", "Short."),
]

APRIEL = CallList(
    name="apriel",
    about="The calls are a JSON list between <tool_calls> and </tool_calls>, each perhaps with an id after its arguments. Apriel 1.6 thinks"
    " first (its template opens the reasoning with the words \"Here are my reasoning steps:\") and ends its thoughts with"
    " [BEGIN FINAL RESPONSE]; 1.5 is asked to think so too, and may end with [END FINAL RESPONSE], which is left out here." + WHITE_SPACE,
    source="ServiceNow Apriel 1.5 and 1.6 chat templates", controls=["<|end|>"], end="<|end|>", opening="<tool_calls>", close_cut=(4, True),
    think=("", "\n[BEGIN FINAL RESPONSE]\n"), opens_reasoning=True, before="<tool_calls>", after="</tool_calls>",
    malformed=malformed("<tool_calls>", "</tool_calls>"), lookalikes=["Write <tool", "<tool_calls", "<tool_call>", "[BEGIN", "a [ b"],
    marked_text="<tool_calls>[{\"name\": \"clock\", \"arguments\": {}}]</tool_calls>")
APRIEL.extra = [
    *of_lists(APRIEL),
    transcript("An id after the arguments is no part of them.", "call-id",
               '<tool_calls>[{"name": "weather", "arguments": {"city": "Bern"}, "id": "call_17"}]</tool_calls>', "<|end|>", calls=whole(APRIEL, [BERN])),
]

COMMAND = CallList(
    name="command-r7b",
    about="Reasoning between <|START_THINKING|> and <|END_THINKING|>, then either an answer between <|START_RESPONSE|> and <|END_RESPONSE|>"
    " or a JSON list of calls between <|START_ACTION|> and <|END_ACTION|>, each with a tool_call_id, which counts from 0 over the"
    " conversation and is no part of the arguments, tool_name and parameters. Text between an answer's markers stays as it is; text outside them is content. (Command A and the"
    " later models write <|START_TEXT|> and <|END_TEXT|> around answers; their template opens the reasoning.)" + WHITE_SPACE,
    source="Cohere Command R7B 12-2024 and Cohere2 MoE chat templates",
    controls=["<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>", "<|START_TEXT|>", "<|END_TEXT|>",
              "<|START_ACTION|>", "<|END_ACTION|>", "<|END_OF_TURN_TOKEN|>"],
    end="<|END_OF_TURN_TOKEN|>", lead="", trail="", opening="<|START_ACTION|>", close_cut=(5, True), think=("<|START_THINKING|>", "<|END_THINKING|>"),
    before="<|START_ACTION|>", after="<|END_ACTION|>",
    item='{{"tool_call_id": "{index}", "tool_name": "{name}", "parameters": {arguments}}}', between=",\n    ", margin=("\n    ", "\n"),
    malformed=malformed("<|START_ACTION|>", "<|END_ACTION|>", "tool_name"), lookalikes=["Write <|START", "<|START_ACTION", "<START_ACTION>"],
    marked_text="<|START_ACTION|>[]<|END_ACTION|>")
COMMAND.say = lambda text: f"<|START_RESPONSE|>{text}<|END_RESPONSE|>"
COMMAND.extra = [
    *of_lists(COMMAND, "tool_name", "parameters", '"tool_call_id": "0", '),
    transcript("The list on one line, and an id that goes on from earlier turns.", "call-layout",
               '<|START_ACTION|>[{"tool_call_id": "3", "tool_name": "weather", "parameters": {"city": "Bern"}}]<|END_ACTION|>',
               "<|END_OF_TURN_TOKEN|>", calls=whole(COMMAND, [BERN])),
    transcript("A call without an id.", "call-layout", '<|START_ACTION|>[{"tool_name": "clock", "parameters": {}}]<|END_ACTION|>',
               "<|END_OF_TURN_TOKEN|>", calls=whole(COMMAND, [CLOCK])),
    transcript("An answer without markers is content.", "text", "It rains.", "<|END_OF_TURN_TOKEN|>", "It rains."),
    transcript("An answer whose closing marker the limit cuts.", "text-cut", "<|START_RESPONSE|>It rains.<|END_", None, "It rains.<|END_"),
    transcript("Text in the later markers.", "text", "<|START_TEXT|>It rains.<|END_TEXT|>", "<|END_OF_TURN_TOKEN|>", "It rains."),
    transcript("The later template opened the reasoning.", "reasoning-opened",
               "The user asks for Bern.<|END_THINKING|><|START_TEXT|>It rains.<|END_TEXT|>", "<|END_OF_TURN_TOKEN|>", "It rains.",
               "The user asks for Bern.", open=True),
    transcript("The later template opened the reasoning before a call.", "reasoning-opened", "Bern.<|END_THINKING|>" + COMMAND.block([BERN]),
               "<|END_OF_TURN_TOKEN|>", "", "Bern.", whole(COMMAND, [BERN]), open=True),
]


@dataclass
class Apertus(CallList):
    """The name is the key."""

    def block(self, calls):
        items = ", ".join(f'{{"{name}": {spaced(args)}}}' for name, args in calls)
        return f"{self.before}[{items}]{self.after}"


APERTUS = Apertus(
    name="apertus",
    about="The calls are a JSON list between <|tools_prefix|> and <|tools_suffix|> whose objects have the tool's name as their only key and"
    " the arguments as its value. Reasoning stands between <|inner_prefix|> and <|inner_suffix|>. Whether generation ends with"
    " <|tools_suffix|> itself or with <|assistant_end|> after it depends on the model's generation settings: both are read." + WHITE_SPACE,
    source="Swiss AI Apertus 8B and 70B chat template and format description; vLLM's apertus parser",
    controls=["<|inner_prefix|>", "<|inner_suffix|>", "<|tools_prefix|>", "<|tools_suffix|>", "<|assistant_end|>"], end="<|assistant_end|>",
    lead="", trail="", opening="<|tools_prefix|>", close_cut=(5, True), think=("<|inner_prefix|>", "<|inner_suffix|>"), before="<|tools_prefix|>",
    after="<|tools_suffix|>",
    malformed=[
        ("A marker that a text only names is text.", "Before its calls the model writes <|tools_prefix|> and a list."),
        ("A list of something else is text.", "<|tools_prefix|>[weather]<|tools_suffix|>"),
        ("Arguments that are no object are text.", '<|tools_prefix|>[{"weather": "Bern"}]<|tools_suffix|>'),
        ("An empty object is text.", "<|tools_prefix|>[{}]<|tools_suffix|>"),
    ],
    lookalikes=["Write <|tools", "<|tools_prefix", "<tools_prefix>", "<|inner"], marked_text='<|tools_prefix|>[{"clock": {}}]<|tools_suffix|>')
APERTUS.extra = [
    transcript("The closing marker may be the end token.", "unclosed", '<|tools_prefix|>[{"weather": {"city": "Bern"}}]', "<|tools_suffix|>",
               calls=whole(APERTUS, [BERN])),
    transcript("Three calls of one list.", "parallel", APERTUS.block([BERN, CLOCK, NESTED]), "<|assistant_end|>", calls=whole(APERTUS, [BERN, CLOCK, NESTED])),
    transcript("What the limit cuts before the name is known is text.", "cut-name", '<|tools_prefix|>[{"weat', None, '<|tools_prefix|>[{"weat'),
    transcript("A call that has begun is not taken back: what does not fit is text.", "malformed-arguments",
               '<|tools_prefix|>[{"weather": {"city": Bern}}]<|tools_suffix|>', "<|assistant_end|>", "Bern}}]<|tools_suffix|>",
               calls=[("weather", '{"city": ')], finish="tool_calls", degraded=True),
]

FORMATS = [MISTRAL_OLD, GRANITE3, PHI4, NEMOTRON2, HUNYUAN, APRIEL, COMMAND, APERTUS]
