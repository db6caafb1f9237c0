"""Compares the prompts of `pinion models render` with what Python's Jinja2 makes of the same conversations.

    python3 renders.py TEMPLATES PINION [--only PART] [--conversation PART] [--verbose] [--lost] [--traits] [--alone]

TEMPLATES is a folder of *.jinja, PINION the program. Jinja2 3.1 has to be installed. Each template is put into a copy
of a small model, so that it finds special tokens; with --alone the program gets the template's file.

The conversation is fitted to each template a second time here, by the rules of docs/reference/tools.md and with probes of its
own, so that a mistake of `TemplateTraits` or `ConversationLayout` shows as a difference. Every text, argument, result,
thought and name of a conversation holds a word that nothing else holds: what a prompt does not show of it is listed as
lost.

Two things are taken from Pinion, as they are no part of the comparison: which format it takes a template for, and the
words in which it tells of tools where a template knows none.
"""

import argparse
import collections
import concurrent.futures
import copy
import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import transformers_jinja  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parents[2]
# Any model will do: a template is put into a copy of it, so that the program tells the format it takes it for.
MODEL = FIXTURES / "models" / "tiny-llama-q4_1.gguf"
TEMPLATE_KEY = b"tokenizer.chat_template" + (8).to_bytes(4, "little")
MODEL_ALIGNMENT = 32

JOINT = "\n\n"
SHORT_IDENTIFIER_LENGTH = 9
SHORT_IDENTIFIER = "abcdefghi"
OTHER_SHORT_IDENTIFIER = "abcdefghj"
LONG_IDENTIFIER = "call_" + "0123456789abcdefABCDEFGH"
IDENTIFIER_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
REASONING_FIELDS = ("reasoning_content", "thinking", "reasoning")
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
# What an assistant says where a template wants an answer and there is none.
BLANK = " "
# That model's special tokens.
SPECIALS = {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>",
            "pad_token": "<|im_end|>"}
TEXT_ARGUMENT = "input"


# MARK: Jinja2 as transformers sets it up


def environment(sandbox):
    return transformers_jinja.environment(sandbox, lambda form: datetime.datetime.now().strftime(form))


class Template:
    """A template as transformers renders it, or, where it changes its lists, as a sandbox that allows that does."""

    def __init__(self, source):
        self.strict = environment(ImmutableSandboxedEnvironment).from_string(source)
        self.loose = environment(SandboxedEnvironment).from_string(source)
        self.changes_lists = False

    def render(self, messages, tools=None, **variables):
        """The text, and what it was refused for; one of the two is None."""
        variables = {**SPECIALS, "add_generation_prompt": True, "documents": None, "tools": tools, **variables}
        for template in (self.strict, self.loose):
            try:
                return template.render(messages=copy.deepcopy(messages), **copy.deepcopy(variables)), None
            except jinja2.exceptions.SecurityError as error:
                self.changes_lists = True
                refusal = f"{type(error).__name__}: {error}"
            except Exception as error:  # A template's work on its values may fail in any way.
                return None, f"{type(error).__name__}: {error}"
        return None, refusal


# MARK: Conversations


@dataclasses.dataclass
class Case:
    """A request and the words that it holds: (kind, word)."""

    name: str
    request: dict
    words: list


class Writer:
    """Builds a request and plants the words."""

    def __init__(self):
        self.words = []
        self.identifiers = 0

    def word(self, kind):
        word = f"zq{kind}{len(self.words):02d}qz"
        self.words.append((kind, word))
        return word

    def text(self, kind):
        return f"The {self.word(kind)}."

    def parts(self, kind, count=2):
        return [{"type": "text", "text": self.text(kind)} for _ in range(count)]

    def message(self, role, **fields):
        return {"role": role, "content": self.text("text"), **fields}

    def system(self, role="system"):
        return {"role": role, "content": self.text("system")}

    def user(self, **fields):
        return self.message("user", **fields)

    def assistant(self, **fields):
        return self.message("assistant", **fields)

    def identifier(self):
        self.identifiers += 1
        return f"call_{self.identifiers:024d}"

    def call(self, name="get_weather", arguments=None, identifier=None):
        if arguments is None:
            arguments = json.dumps({"city": self.word("argument"), "days": 3})
        return {"id": identifier or self.identifier(), "type": "function",
                "function": {"name": name, "arguments": arguments}}

    def calling(self, *calls, content=None, **fields):
        return {"role": "assistant", "content": content, "tool_calls": list(calls), **fields}

    def result(self, call, content=None, **fields):
        content = self.text("result") if content is None else content
        return {"role": "tool", "tool_call_id": call["id"], "content": content, **fields}


WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "Tells the weather.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "A city."},
                                     "days": {"type": "integer", "description": "How many days."}},
    "required": ["city"]}}}
CLOCK = {"type": "function", "function": {"name": "get_time", "description": "Tells the time.", "parameters": {
    "type": "object", "properties": {"zone": {"type": "string"}}, "required": []}}}
TOOLS = [WEATHER, CLOCK]
CONVERSATIONS = {}


def conversation(build):
    """Adds what a function builds: messages, or a pair of messages and the request's other fields."""
    writer = Writer()
    built = build(writer)
    messages, fields = built if isinstance(built, tuple) else (built, {})
    name = build.__name__.replace("_", " ")
    CONVERSATIONS[name] = Case(name, {"messages": messages, **fields}, writer.words)
    return build


def with_tools(messages, **fields):
    return messages, {"tools": TOOLS, **fields}


@conversation
def plain(w):
    return [w.user()]


@conversation
def three_turns(w):
    return [w.system(), w.user(), w.assistant(), w.user()]


@conversation
def tools_only(w):
    tool = copy.deepcopy(WEATHER)
    tool["function"]["name"] = w.word("declaration")
    tool["function"]["description"] = w.text("declaration")
    properties = {w.word("declaration"): {"type": "string", "description": w.text("declaration")}}
    tool["function"]["parameters"] = {"type": "object", "properties": properties, "required": list(properties)}
    return [w.user()], {"tools": [tool, CLOCK]}


@conversation
def tools_of_all_kinds(w):
    bare = {"type": "function", "function": {"name": w.word("declaration")}}
    deep = {"type": "object", "properties": {
        "kind": {"enum": [w.word("schema"), "b"]}, "point": {"$ref": "#/$defs/point"},
        "either": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "types": {"type": ["string", "null"], "default": None},
        "list": {"type": "array", "items": {"type": "object", "properties": {w.word("schema"): {"type": "number"}}}}},
        "$defs": {"point": {"type": "object", "properties": {"x": {"type": "number"}}}}, "additionalProperties": False}
    nested = {"type": "function", "function": {"name": "nested", "description": None, "parameters": deep}}
    return [w.user()], {"tools": [bare, nested]}


@conversation
def system_and_tools(w):
    return with_tools([w.system(), w.user()])


@conversation
def developer_first(w):
    return [w.system("developer"), w.user()]


@conversation
def developer_and_tools(w):
    return with_tools([w.system("developer"), w.user()])


@conversation
def system_in_the_middle(w):
    return [w.user(), w.assistant(), w.system(), w.user()]


@conversation
def system_first_and_in_the_middle(w):
    return [w.system(), w.user(), w.assistant(), w.system(), w.user()]


@conversation
def system_last(w):
    return [w.user(), w.system()]


@conversation
def system_last_after_an_answer(w):
    return [w.system(), w.user(), w.assistant(), w.system()]


@conversation
def system_alone(w):
    return [w.system()]


@conversation
def system_alone_with_tools(w):
    return with_tools([w.system()])


@conversation
def two_systems_first(w):
    return [w.system(), w.system(), w.user()]


@conversation
def system_and_developer_first(w):
    return [w.system(), w.system("developer"), w.user()]


@conversation
def system_after_a_result(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call), w.system()])


@conversation
def system_between_result_and_user(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call), w.system(), w.user()])


@conversation
def system_between_call_and_result(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.system(), w.result(call)])


@conversation
def one_call(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call)])


@conversation
def one_call_and_system(w):
    call = w.call()
    return with_tools([w.system(), w.user(), w.calling(call), w.result(call)])


@conversation
def one_call_then_more(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call), w.assistant(), w.user()])


@conversation
def two_calls_at_once(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([w.user(), w.calling(*calls), w.result(calls[0]), w.result(calls[1])])


@conversation
def two_calls_answered_in_the_other_order(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([w.user(), w.calling(*calls), w.result(calls[1]), w.result(calls[0])])


@conversation
def two_calls_one_after_the_other(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([w.user(), w.calling(calls[0]), w.result(calls[0]), w.calling(calls[1]), w.result(calls[1])])


@conversation
def two_calling_messages_in_a_row(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([w.user(), w.calling(calls[0]), w.calling(calls[1]), w.result(calls[0]), w.result(calls[1])])


@conversation
def call_without_result(w):
    return with_tools([w.user(), w.calling(w.call()), w.user()])


@conversation
def call_last(w):
    return with_tools([w.user(), w.calling(w.call())])


@conversation
def result_without_call(w):
    return with_tools([w.user(), w.result(w.call(arguments="{}")), w.user()])


@conversation
def result_first(w):
    return with_tools([w.result(w.call(arguments="{}")), w.user()])


@conversation
def result_then_user(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call), w.user()])


@conversation
def content_beside_a_call(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call, content=w.text("text")), w.result(call)])


@conversation
def content_beside_two_calls(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([w.user(), w.calling(*calls, content=w.text("text")), w.result(calls[0]), w.result(calls[1])])


@conversation
def empty_content_beside_a_call(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call, content=""), w.result(call)])


@conversation
def no_content_beside_a_call(w):
    call = w.call()
    message = w.calling(call)
    del message["content"]
    return with_tools([w.user(), message, w.result(call)])


def arguments_case(name, arguments):
    """A conversation around one text of arguments, in which WORD stands for a planted word."""

    def build(w):
        text = arguments.replace("WORD", w.word("argument")) if "WORD" in arguments else arguments
        call = w.call(arguments=text)
        return with_tools([w.user(), w.calling(call), w.result(call)])

    build.__name__ = name
    conversation(build)


arguments_case("arguments in unicode", '{"city": "Zürich 東京 🌦 WORD", "größe": "ä"}')
arguments_case("arguments with escapes", '{"city": "a \\"WORD\\" \\\\ \\n\\t\\u00e9 / </x> <|x|> \'q\'"}')
arguments_case("arguments nested", '{"city": {"a": [1, -2.5, true, false, null, {"b": "WORD"}]}, "days": []}')
arguments_case("arguments with numbers", '{"a": 1.0, "b": 1e5, "c": -7, "d": 1E-7, "e": -0, "f": "WORD"}')
arguments_case("arguments with a big integer", '{"a": 12345678901234567890, "f": "WORD"}')
arguments_case("arguments empty object", "{}")
arguments_case("arguments empty text", "")
arguments_case("arguments cut", '{"city": "WORD')
arguments_case("arguments no object", '["WORD"]')
arguments_case("arguments spaced", ' {\n  "city" : "WORD" }\n')


@conversation
def result_of_parts(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call, content=w.parts("result"))])


@conversation
def result_of_nothing(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call, content="")])


@conversation
def result_of_json(w):
    call = w.call()
    content = '{"rain": [1, 2], "text": "' + w.word("result") + ' \\"é\\""}'
    return with_tools([w.user(), w.calling(call), w.result(call, content=content)])


@conversation
def result_with_a_name(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call, name="get_weather")])


@conversation
def parts_everywhere(w):
    call = w.call()
    return with_tools([
        {"role": "system", "content": w.parts("system")}, {"role": "user", "content": w.parts("text")},
        w.calling(call, content=w.parts("text", 1)), w.result(call, content=w.parts("result", 1)),
        {"role": "assistant", "content": w.parts("text")}, {"role": "user", "content": w.parts("text", 3)}])


@conversation
def thoughts_of_an_earlier_turn(w):
    return [w.user(), w.assistant(reasoning_content=w.text("earlier")), w.user()]


@conversation
def thoughts_before_a_call(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call, reasoning_content=w.text("thought")), w.result(call)])


@conversation
def thoughts_and_content_before_a_call(w):
    call = w.call()
    message = w.calling(call, content=w.text("text"), reasoning_content=w.text("thought"))
    return with_tools([w.user(), message, w.result(call)])


@conversation
def thoughts_before_two_calls(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    message = w.calling(*calls, reasoning_content=w.text("thought"))
    return with_tools([w.user(), message, w.result(calls[0]), w.result(calls[1])])


@conversation
def thoughts_before_a_call_while_thinking(w):
    call = w.call()
    thoughtful = w.calling(call, reasoning_content=w.text("thought"))
    return with_tools([w.user(), thoughtful, w.result(call)], enable_thinking=True)


@conversation
def thoughts_before_each_of_two_steps(w):
    calls = w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")}))
    return with_tools([
        w.user(), w.calling(calls[0], reasoning=w.text("thought")), w.result(calls[0]),
        w.calling(calls[1], reasoning=w.text("thought")), w.result(calls[1])])


@conversation
def thoughts_of_a_finished_turn_with_a_call(w):
    call = w.call()
    return with_tools([
        w.user(), w.calling(call, reasoning_content=w.text("earlier")), w.result(call),
        w.assistant(reasoning_content=w.text("earlier")), w.user()])


@conversation
def thoughts_alone(w):
    return [w.user(), {"role": "assistant", "content": None, "reasoning_content": w.text("earlier")}, w.user()]


@conversation
def thoughts_last(w):
    return [w.user(), w.assistant(reasoning_content=w.text("thought"))]


@conversation
def two_users(w):
    return [w.user(), w.user()]


@conversation
def two_users_and_tools(w):
    return with_tools([w.user(), w.user()])


@conversation
def two_assistants(w):
    return [w.user(), w.assistant(), w.assistant(), w.user()]


@conversation
def text_then_call(w):
    call = w.call()
    return with_tools([w.user(), w.assistant(), w.calling(call), w.result(call)])


@conversation
def call_then_text(w):
    call = w.call()
    return with_tools([w.user(), w.calling(call), w.result(call), w.assistant(), w.assistant(), w.user()])


@conversation
def assistant_first(w):
    return [w.assistant(), w.user()]


@conversation
def assistant_first_after_system(w):
    return [w.system(), w.assistant(), w.user()]


@conversation
def assistant_first_and_tools(w):
    return with_tools([w.assistant(), w.user()])


@conversation
def call_first(w):
    call = w.call()
    return with_tools([w.calling(call), w.result(call), w.user()])


@conversation
def assistant_last(w):
    return [w.user(), w.assistant()]


@conversation
def short_identifiers(w):
    call = w.call(identifier="Ab3dEf9hI")
    return with_tools([w.user(), w.calling(call), w.result(call)])


@conversation
def old_functions(w):
    call = {"name": "get_weather", "arguments": json.dumps({"city": w.word("argument")})}
    return [w.user(), {"role": "assistant", "content": None, "function_call": call},
            {"role": "function", "name": "get_weather", "content": w.text("result")}, w.user()], {
                "functions": [WEATHER["function"], CLOCK["function"]]}


@conversation
def custom_tool(w):
    tool = {"type": "custom", "custom": {"name": "run", "description": w.text("declaration"), "format": {
        "type": "grammar", "grammar": {"syntax": "regex", "definition": "[a-z ]+"}}}}
    call = {"id": w.identifier(), "type": "custom", "custom": {"name": "run", "input": w.text("argument")}}
    return [w.user(), w.calling(call), w.result(call)], {"tools": [WEATHER, tool]}


@conversation
def custom_tool_whose_input_is_json(w):
    tool = {"type": "custom", "custom": {"name": "run"}}
    given = {"name": "run", "input": json.dumps({"a": w.word("argument")})}
    call = {"id": w.identifier(), "type": "custom", "custom": given}
    return [w.user(), w.calling(call), w.result(call)], {"tools": [WEATHER, tool]}


@conversation
def calls_without_tools(w):
    call = w.call(name=w.word("called"))
    return [w.user(), w.calling(call), w.result(call)]


@conversation
def two_calls_without_tools(w):
    calls = w.call(name=w.word("called")), w.call(name=w.word("called"))
    return [w.user(), w.calling(*calls), w.result(calls[0]), w.result(calls[1])]


@conversation
def called_what_no_tool_is_called(w):
    call = w.call(name=w.word("called"))
    return with_tools([w.user(), w.calling(call), w.result(call)])


@conversation
def names_of_speakers(w):
    return [w.system(), w.user(name=w.word("name")), w.assistant(), w.user(name=w.word("name"))]


@conversation
def refusal(w):
    return [w.user(), {"role": "assistant", "content": None, "refusal": w.text("text")}, w.user()]


@conversation
def empty_texts(w):
    return [{"role": "system", "content": ""}, w.user(), {"role": "assistant", "content": ""}, w.user()]


@conversation
def no_tool_may_be_called(w):
    return with_tools([w.user()], tool_choice="none")


@conversation
def long_run_with_everything(w):
    calls = [w.call(), w.call("get_time", json.dumps({"zone": w.word("argument")})), w.call()]
    return with_tools([
        w.system(), w.user(),
        w.calling(calls[0], calls[1], content=w.text("text"), reasoning_content=w.text("earlier")),
        w.result(calls[0]), w.result(calls[1]), w.assistant(), w.system("developer"), w.user(), w.user(),
        w.calling(calls[2], reasoning_content=w.text("thought")), w.result(calls[2])])


def option_case(name, **fields):
    """A question beside what the request says of thinking."""

    def build(w):
        call = w.call()
        messages = [w.system(), w.user(), w.calling(call), w.result(call), w.assistant(), w.user()]
        return with_tools(messages, **fields)

    build.__name__ = name
    conversation(build)


option_case("variable enable_thinking false", chat_template_kwargs={"enable_thinking": False})
option_case("variable enable_thinking true", chat_template_kwargs={"enable_thinking": True})
option_case("variable custom", chat_template_kwargs={"clear_thinking": False, "tools_in_user_message": False})
option_case("thinking off", enable_thinking=False)
option_case("thinking on with a budget", thinking={"type": "enabled", "budget_tokens": 512})
for effort in ("none", "minimal", "low", "medium", "high", "xhigh", "max"):
    option_case(f"effort {effort}", reasoning_effort=effort)


# MARK: What a template does


@dataclasses.dataclass
class Traits:
    tool_variable: str = "tools"
    shows_tools: bool = False
    takes_type_lists: bool = True
    shows_messages: bool = True
    arguments: str | None = "object"
    shows_results: bool = True
    system: str = "anywhere"
    takes_last_system: bool = True
    # Without tools, and with tools.
    takes_lone_system: tuple = (True, True)
    takes_assistant_first: tuple = (True, True)
    takes_call_first: tuple = (True, True)
    keeps_system_in_steps: bool = True
    takes_repeated_roles: bool = True
    takes_two_answers: bool = True
    takes_user_after_result: bool = True
    takes_empty_answer: bool = True
    shows_two_calls: bool = True
    # "always", "unanswered" or "never".
    shows_text_with_calls: str = "always"
    takes_text_with_thought: bool = True
    shows_lone_results: bool = True
    shows_results_after_system: bool = True
    wants_names: bool = False
    counts_identifiers: bool = False
    # A field, or "part" for a part of the content.
    reasoning: str | None = None
    efforts: dict = dataclasses.field(default_factory=dict)


def probe_call(arguments, identifier=SHORT_IDENTIFIER, **fields):
    function = {"name": "wvprobe", "arguments": arguments}
    call = {"id": identifier, "type": "function", "function": function}
    return {"role": "assistant", "content": "", "tool_calls": [call], **fields}


PROBE_TOOL = {"type": "function", "function": {"name": "wvprobe", "description": "d", "parameters": {
    "type": "object", "properties": {"wvkey": {"type": "string", "description": "d"}}, "required": ["wvkey"]}}}


def single_types(schema):
    """A schema without lists of types: `anyOf` says the same."""
    if not isinstance(schema, dict):
        return schema
    done = {}
    for key, value in schema.items():
        if key in ("properties", "$defs", "definitions", "patternProperties"):
            done[key] = {name: single_types(inner) for name, inner in value.items()}
        elif key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            done[key] = [single_types(inner) for inner in value]
        elif key in ("items", "additionalProperties", "not"):
            done[key] = single_types(value)
        elif key == "type" and isinstance(value, list) and "anyOf" not in schema:
            done["anyOf"] = [{"type": name} for name in value]
        else:
            done[key] = value
    return done


def with_single_types(tool):
    tool = copy.deepcopy(tool)
    tool["function"]["parameters"] = single_types(tool["function"]["parameters"])
    return tool


def tool_variables(kind, tools):
    """The variables by which a template is told of tools."""
    if kind == "functions":
        day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        return {"tools": None, "functions": compact([tool["function"] for tool in tools]), "datetime": day}
    return {"tools": tools or ([] if kind == "list" else None)}


def traits_of(template):
    """What a template shows and refuses, by rendering small conversations."""
    traits = Traits()
    user, answer = {"role": "user", "content": "wvuser"}, {"role": "assistant", "content": "wvanswer"}
    system, later = {"role": "system", "content": "wvsystem"}, {"role": "user", "content": "wvlater"}
    nobody, blank = {"role": "user", "content": ""}, {"role": "assistant", "content": BLANK}

    def text_of_probe(messages, tools=False, **variables):
        given = tool_variables(traits.tool_variable, [PROBE_TOOL] if tools else [])
        return template.render(messages, **{**given, **variables})[0]

    def shows(messages, *words, tools=False, **variables):
        text = text_of_probe(messages, tools, **variables)
        return text is not None and all(word in text for word in words)

    def cured(refused, kept, *words, tools=False):
        """Whether a template takes one conversation, or takes the one with the cure no better."""
        return shows(refused, *words, tools=tools) or not shows(kept, *words, tools=tools)

    for kind in ("tools", "list", "functions"):
        traits.tool_variable = kind
        if shows([user], "wvuser"):
            break
    else:
        traits.tool_variable = "tools"
    traits.shows_tools = shows([user], "wvprobe", tools=True)
    traits.shows_messages = shows([user], "wvuser")
    optional = copy.deepcopy(PROBE_TOOL)
    optional["function"]["parameters"]["properties"]["wvkey"]["type"] = ["string", "null"]
    refusals = [template.render([user], **tool_variables(traits.tool_variable, [tool]))[1]
                for tool in (optional, with_single_types(optional))]
    traits.takes_type_lists = not (refusals[0] and not refusals[1])
    if not traits.shows_messages:
        return traits

    second = {"role": "system", "content": "wvsecond"}
    one, two = [user, answer, system, later], [system, user, answer, second, later]
    if not (shows(one, "wvuser", "wvanswer", "wvsystem", "wvlater") and shows(two, "wvsystem", "wvsecond", "wvlater")):
        traits.system = "first" if shows([system, user], "wvsystem", "wvuser") else "nowhere"
    traits.takes_last_system = shows([user, system], "wvuser", "wvsystem")
    traits.takes_lone_system = tuple(shows([system], "wvsystem", tools=tools) for tools in (False, True))
    traits.takes_repeated_roles = shows([user, later], "wvuser", "wvlater")
    traits.takes_assistant_first = (cured([answer, user], [nobody, answer, user], "wvanswer", "wvuser"),) * 2
    silent = {"role": "assistant", "content": ""}
    traits.takes_empty_answer = cured([user, silent, later], [user, blank, later], "wvuser")

    traits.arguments = None
    result = {"role": "tool", "content": "wvresult", "tool_call_id": SHORT_IDENTIFIER, "name": "wvprobe"}
    shown = {}
    for form, arguments in (("object", {"wvkey": "wvvalue"}), ("text", '{"wvkey": "wvvalue"}')):
        # Some templates show a call only once it was answered, and some no answers.
        for rest in ([result], [later], []):
            text = text_of_probe([user, probe_call(arguments), *rest], True)
            # The value stands in no declaration, which has the tool's name, too.
            if text is None or "wvvalue" not in text:
                continue
            # A text within a text, or Python's way to write an object, is not what the model was taught.
            shown[form] = '\\"wvvalue' not in text and "'wvvalue'" not in text
            break
    good = [form for form, is_good in shown.items() if is_good]
    traits.arguments = (good or list(shown) or [None])[0]
    given = '{"wvkey": "wvvalue"}' if traits.arguments == "text" else {"wvkey": "wvvalue"}
    call = probe_call(given)

    thinking = {"enable_thinking": True, "thinking": True}
    for field in REASONING_FIELDS:
        thought = {field: "wvthought"}
        called = [user, probe_call(given, **thought), result]
        # Some show thoughts only beside a call that was answered, and some only where the model is to think.
        if any(shows([user, {**answer, **thought}], "wvthought", **variables)
               or shows(called, "wvthought", tools=True, **variables) for variables in ({}, thinking)):
            traits.reasoning = field
            break
    if traits.reasoning is None:
        text = text_of_probe([user, {"role": "assistant", "content": parts_of("wvthought", "wvanswer")}, later])
        if text and "wvthought" in text and "wvanswer" in text and '"type"' not in text and "'type'" not in text:
            traits.reasoning = "part"
    taken = [i for i, effort in enumerate(EFFORTS) if shows([user], "wvuser", reasoning_effort=effort)]
    for i, effort in enumerate(EFFORTS):
        if taken and i not in taken:
            traits.efforts[effort] = EFFORTS[min(taken, key=lambda j: (abs(j - i), -j))]

    if traits.arguments is None:
        traits.shows_results = shows([user, answer, result], "wvresult")
        return traits
    traits.shows_results = shows([user, call, result], "wvresult", tools=True)
    if not traits.shows_results:
        # Results are then told as texts of the user.
        result = {"role": "user", "content": "wvresult"}
    step = [call, result]
    other = copy.deepcopy(call["tool_calls"][0])
    other["id"] = OTHER_SHORT_IDENTIFIER
    if traits.arguments == "text":
        other["function"]["arguments"] = '{"wvkey": "wvother"}'
    else:
        other["function"]["arguments"] = {"wvkey": "wvother"}
    other_result = {**result, "tool_call_id": OTHER_SHORT_IDENTIFIER} if traits.shows_results else result
    both = {**call, "tool_calls": [*call["tool_calls"], other]}
    traits.shows_two_calls = shows([user, both, result, other_result], "wvvalue", "wvother", tools=True)
    told = [user, {**call, "content": "wvtext"}, result]
    if not shows(told, "wvtext", "wvvalue", tools=True):
        traits.shows_text_with_calls = "never"
    elif not shows([*told, answer, later], "wvtext", "wvvalue", tools=True):
        traits.shows_text_with_calls = "unanswered"
    if traits.reasoning not in (None, "part"):
        thought = {traits.reasoning: "wvthought"}
        traits.takes_text_with_thought = (
            text_of_probe([user, {**call, **thought, "content": "wvtext"}, result], True) is not None
            or text_of_probe([user, {**call, **thought}, result], True) is None)

    if traits.shows_results:
        counted = [user, probe_call(given, LONG_IDENTIFIER), {**result, "tool_call_id": LONG_IDENTIFIER}]
        traits.counts_identifiers = text_of_probe(counted, True) is None
        nameless = {key: value for key, value in result.items() if key != "name"}
        other_nameless = {**nameless, "tool_call_id": OTHER_SHORT_IDENTIFIER}
        traits.shows_lone_results = (shows([user, nameless], "wvresult", tools=True)
                                     and shows([nameless, user], "wvresult", "wvuser", tools=True))
        traits.shows_results_after_system = shows([user, call, system, nameless], "wvresult", tools=True)
        row = [user, call, {**call, "tool_calls": [other]}]
        traits.wants_names = (text_of_probe([*row, nameless, other_nameless], True) is None
                              and text_of_probe([*row, result, other_result], True) is not None)
    traits.takes_call_first = tuple(
        cured([*step, user], [nobody, *step, user], "wvvalue", "wvuser", tools=tools) for tools in (False, True))
    if not traits.takes_call_first[1]:
        # Llama 3 takes the first message for the user's, which hides only a call.
        traits.takes_assistant_first = (traits.takes_assistant_first[0], False)
    after = {"role": "assistant", "content": "wvafter"}
    traits.takes_two_answers = shows([user, answer, *step, after], "wvanswer", "wvafter", tools=True)
    traits.takes_user_after_result = cured(
        [user, *step, later], [user, *step, blank, later], "wvuser", "wvlater", tools=True)
    traits.keeps_system_in_steps = traits.system == "nowhere" or shows([system, user, *step], "wvsystem", tools=True)
    return traits


def parts_of(thought, text):
    """The content of a message whose thought is a part of it."""
    parts = [{"type": "thinking", "thinking": thought}]
    return parts + ([{"type": "text", "text": text}] if text else [])


# MARK: The conversation fitted to it


@dataclasses.dataclass
class Call:
    identifier: str
    name: str
    arguments: str
    is_custom: bool


@dataclasses.dataclass
class Message:
    role: str
    text: str
    name: str | None = None
    reasoning: str | None = None
    answers: str | None = None
    calls: list = dataclasses.field(default_factory=list)


def text_of(content):
    if isinstance(content, list):
        return "\n".join(part.get("text", part.get("refusal")) for part in content)
    return content or ""


def read(request):
    """Messages and tools of a request, by the rules of docs/reference/chat-completions.md."""
    tools = request.get("tools") or [{"type": "function", "function": f} for f in request.get("functions", [])]
    custom = {tool["custom"]["name"] for tool in tools if tool["type"] == "custom"}
    messages, latest = [], {}
    for index, entry in enumerate(request["messages"]):
        role = {"developer": "system", "function": "tool"}.get(entry["role"], entry["role"])
        message = Message(role, text_of(entry.get("content")), entry.get("name"))
        if entry.get("refusal"):
            message.text = "\n".join(filter(None, (message.text, entry["refusal"])))
        message.reasoning = entry.get("reasoning_content") or entry.get("reasoning")
        for call in entry.get("tool_calls") or []:
            kind = call.get("type", "function")
            text = call["custom"]["input"] if kind == "custom" else call["function"]["arguments"] or "{}"
            name = call[kind]["name"]
            message.calls.append(Call(call["id"], name, text, name in custom))
        if old := entry.get("function_call"):
            latest[old["name"]] = f"call_{index}"
            message.calls.append(Call(latest[old["name"]], old["name"], old["arguments"] or "{}", False))
        message.answers = entry.get("tool_call_id")
        if entry["role"] == "function":
            message.answers = latest.get(entry["name"])
        messages.append(message)
    return messages, [declaration(tool) for tool in tools]


def declaration(tool):
    """A tool as the templates know it."""
    if tool["type"] == "function":
        function = tool["function"]
        parameters = function.get("parameters") or {"type": "object", "properties": {}}
    else:
        function = tool["custom"]
        grammar = function.get("format", {}).get("grammar")
        text = f"A text that this regular expression matches: {grammar['definition']}" if grammar else "A text"
        parameters = {"type": "object", "properties": {TEXT_ARGUMENT: {"type": "string", "description": text}},
                      "required": [TEXT_ARGUMENT]}
    return {"type": "function", "function": {
        "name": function["name"], "description": function.get("description") or "", "parameters": parameters}}


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def is_object(text):
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


INSTRUCTIONS = """\
You may call functions to help the user. These are the functions, one JSON object a line, between tags:
<tools>
TOOLS</tools>
To call a function, answer with a block like this, with a call on each line of it:
```tool_call
{"tool": "NAME", "arguments": {"ARGUMENT": "VALUE"}}
```
The result of each call is given to you in a later message."""


def instructions(tools):
    """What a model is told of tools whose template knows none."""
    return INSTRUCTIONS.replace("TOOLS", "".join(compact(tool) + "\n" for tool in tools), 1)


def calls_as_text(calls):
    lines = ['{"tool": ' + compact(call.name) + ', "arguments": ' + json_of(call) + "}" for call in calls]
    return "\n".join(["```tool_call", *lines, "```"])


def joined(messages):
    """One message of several of one role."""
    whole = copy.deepcopy(messages[0])
    whole.text = JOINT.join(message.text for message in messages if message.text)
    whole.reasoning = JOINT.join(message.reasoning for message in messages if message.reasoning) or None
    whole.calls = [call for message in messages for call in message.calls]
    return whole


def short_identifier(identifier):
    """Nine letters and digits for an identifier: FNV-1a of 64 bits, written with 62 letters."""
    if len(identifier) == SHORT_IDENTIFIER_LENGTH and identifier.isascii() and identifier.isalnum():
        return identifier
    number = 0xCBF29CE484222325
    for byte in identifier.encode():
        number = (number ^ byte) * 0x100000001B3 % (1 << 64)
    letters = []
    for _ in range(SHORT_IDENTIFIER_LENGTH):
        number, index = divmod(number, len(IDENTIFIER_LETTERS))
        letters.append(IDENTIFIER_LETTERS[index])
    return "".join(letters)


def place_systems(messages, traits):
    """System messages where the template takes them."""
    systems = [message for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    if traits.system == "anywhere":
        if not traits.takes_last_system and others and messages[-1].role == "system":
            return messages[:-1] + [Message("user", messages[-1].text)]
        return messages
    if traits.system == "first":
        return [joined(systems), *others] if systems else others
    result, waiting = [], []
    for message in messages:
        if message.role == "system":
            waiting.append(message)
        elif message.role == "user" and waiting:
            result.append(Message("user", joined([*waiting, message]).text, message.name))
            waiting = []
        else:
            result.append(message)
    return result + [Message("user", message.text) for message in waiting]


def own_form(calls, format):
    """Calls as the models write them whose templates show none; None for other models."""
    if format == "granite3":
        bodies = ['{"name": ' + compact(call.name) + ', "arguments": ' + json_of(call) + "}" for call in calls]
        return "<|tool_call|>[" + ", ".join(bodies) + "]"
    if format == "lfm2":
        bodies = [call.name + "(" + ", ".join(
            f"{key}={python_of(value)}" for key, value in json.loads(json_of(call)).items()) + ")" for call in calls]
        return "<|tool_call_start|>[" + ", ".join(bodies) + "]<|tool_call_end|>"
    return None


def python_of(value):
    """A value as Python writes it, with the quotation marks of JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{compact(key)}: {python_of(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(python_of, value)) + "]"
    return {None: "None", True: "True", False: "False"}[value] if value is None or value is True or value is False \
        else compact(value)


def json_of(call):
    """The arguments of a call as the text of an object."""
    if call.is_custom or not is_object(call.arguments):
        return compact({TEXT_ARGUMENT: call.arguments})
    return call.arguments


def write_calls(messages, traits, format):
    """Calls and results as texts, where the template shows none."""
    for message in messages:
        if message.calls and (traits.arguments is None or format == "generic"):
            calls = [own_form(message.calls, format) or calls_as_text(message.calls)]
            message.text = "\n".join(filter(None, [message.text, *calls]))
            message.calls = []
        knows_results = format != "generic" and (traits.arguments or own_form([], format))
        if message.role == "tool" and not (traits.shows_results and knows_results):
            tell_result(message)


def tell_result(message):
    message.role, message.text = "user", f"<tool_response>\n{message.text}\n</tool_response>"
    message.name = message.answers = None


def is_answer(message):
    return message.role == "assistant" and not message.calls


def steps_of(messages):
    """Runs of calling messages, each with the results behind it, and every other message by itself."""
    steps, index = [], 0
    while index < len(messages):
        end = index
        while end < len(messages) and messages[end].calls:
            end += 1
        if end == index:
            steps.append(([], [messages[index]]))
            index += 1
            continue
        stop = end
        while stop < len(messages) and messages[stop].role == "tool":
            stop += 1
        steps.append((messages[index:end], messages[end:stop]))
        index = stop
    return steps


def place_results(messages, traits):
    """Results where the template finds them: behind their calls, or as texts where there is no call."""
    if not traits.shows_results_after_system:
        for i in range(len(messages)):
            # Each system message sinks behind the results that follow it, from the last to the first.
            i = len(messages) - 1 - i
            if messages[i].role != "system":
                continue
            before = i
            while before > 0 and messages[before - 1].role in ("tool", "system"):
                before -= 1
            if not (before > 0 and messages[before - 1].calls):
                continue
            while i + 1 < len(messages) and messages[i + 1].role == "tool":
                messages[i], messages[i + 1] = messages[i + 1], messages[i]
                i += 1
    if not traits.shows_lone_results:
        for i, message in enumerate(messages):
            if message.role != "tool":
                continue
            known, seen = set(), False
            for earlier in reversed(messages[:i]):
                if earlier.calls:
                    known |= {call.identifier for call in earlier.calls}
                    seen = True
                elif earlier.role in ("user", "assistant") or seen and earlier.role == "tool":
                    # Results that became texts are a user's, and end the step for those behind them.
                    if not (earlier.role == "user" and earlier.text.startswith("<tool_response>")):
                        break
            if not (message.answers in known if message.answers is not None else seen):
                tell_result(message)


def split_calls(messages):
    """One call a message, with its results behind it."""
    done = []
    for calling, rest in steps_of(messages):
        rest = list(rest)
        for message in calling:
            for i, call in enumerate(message.calls):
                done.append(dataclasses.replace(message, calls=[call]) if i == 0
                            else Message("assistant", "", calls=[call]))
                mine = [result for result in rest if result.answers == call.identifier]
                rest = [result for result in rest if result.answers != call.identifier]
                done += mine
        done += rest
    return done


def part_texts(messages, traits):
    """Texts apart from the calls that they would be lost beside."""
    done = []
    for i, message in enumerate(messages):
        is_answered = any(map(is_answer, messages[i + 1:]))
        if message.calls and message.text and (traits.shows_text_with_calls == "never" or is_answered):
            done.append(Message("assistant", message.text, message.name))
            message.text = ""
        done.append(message)
    return done


def turns_of(messages):
    """Messages from one user's to the next; the first turn may have no user."""
    turns = [[]]
    for message in messages:
        if message.role == "user":
            turns.append([])
        turns[-1].append(message)
    return turns


def one_answer_a_turn(messages):
    done = []
    for turn in turns_of(messages):
        answers = [message for message in turn if is_answer(message)]
        for message in turn:
            if not is_answer(message):
                done.append(message)
            elif message is answers[-1]:
                done.append(joined(answers))
    return done


def answer_each_turn(messages):
    """A blank answer at the end of each turn with calls that has none, unless it is the last."""
    done, turns = [], turns_of(messages)
    for i, turn in enumerate(turns):
        done += turn
        has_step = any(message.calls or message.role == "tool" for message in turn)
        if 0 < i < len(turns) - 1 and has_step and not any(map(is_answer, turn)):
            done.append(Message("assistant", BLANK))
    return done


def join_neighbours(messages, traits):
    groups = []
    for message in messages:
        last = groups[-1][-1] if groups else None
        is_lost = message.calls and traits.shows_text_with_calls != "always"
        if last and last.role == message.role != "tool" and not last.calls and not is_lost:
            groups[-1].append(message)
        else:
            groups.append([message])
    return [joined(group) if len(group) > 1 else group[0] for group in groups]


def fit(messages, tools, traits, format):
    """The conversation as the template takes it, and the tools that it is given."""
    messages = copy.deepcopy(messages)
    if tools and (format == "generic" or not traits.shows_tools):
        told = Message("system", instructions(tools))
        if messages[0].role == "system":
            messages[0] = joined([messages[0], told])
        else:
            messages.insert(0, told)
        tools = []
    if not traits.takes_type_lists:
        tools = [with_single_types(tool) for tool in tools]
    write_calls(messages, traits, format)
    place_results(messages, traits)
    others = [i for i, message in enumerate(messages) if message.role != "system"]
    is_call_first = bool(others) and bool(messages[others[0]].calls)
    spoken = [message for message in messages if message.role == "user" or is_answer(message)]
    if (is_call_first and not traits.takes_call_first[bool(tools)]
            or spoken and is_answer(spoken[0]) and not traits.takes_assistant_first[bool(tools)]):
        messages.insert(others[0], Message("user", ""))
    if not others and not traits.takes_lone_system[bool(tools)]:
        messages = [Message("user", joined(messages).text)]
    messages = place_systems(messages, traits)
    if not traits.shows_two_calls:
        messages = split_calls(messages)
    if traits.shows_text_with_calls != "always":
        messages = part_texts(messages, traits)
    if not traits.takes_text_with_thought:
        for message in messages:
            if message.calls and message.reasoning and message.text:
                message.reasoning, message.text = message.reasoning + JOINT + message.text, ""
    if not traits.takes_two_answers and traits.shows_text_with_calls != "always":
        messages = one_answer_a_turn(messages)
    if not traits.takes_repeated_roles:
        messages = join_neighbours(messages, traits)
    if not traits.takes_user_after_result:
        messages = answer_each_turn(messages)
    users = [message for message in messages if message.role == "user"]
    if not traits.keeps_system_in_steps and users and messages[0].role == "system" and messages[-1].role != "user":
        users[-1].text = joined([messages[0], users[-1]]).text
        messages = messages[1:]
    for message in messages:
        if is_answer(message) and not message.text and not traits.takes_empty_answer:
            if not (message.reasoning and traits.reasoning == "part"):
                message.text = BLANK
    if traits.wants_names:
        names = {}
        for message in messages:
            names |= {call.identifier: call.name for call in message.calls}
            if message.role == "tool" and message.name is None:
                message.name = names.get(message.answers)
    if traits.counts_identifiers:
        for message in messages:
            message.answers = message.answers and short_identifier(message.answers)
            for call in message.calls:
                call.identifier = short_identifier(call.identifier)
    return messages, tools


def value_of(message, traits):
    """A message as a template finds it."""
    value = {"role": message.role, "content": message.text}
    if message.name is not None:
        value["name"] = message.name
    if message.answers is not None:
        value["tool_call_id"] = message.answers
    if message.reasoning is not None and traits.reasoning == "part":
        value["content"] = parts_of(message.reasoning, message.text)
    elif message.reasoning is not None and traits.reasoning:
        value[traits.reasoning] = message.reasoning
    if message.calls:
        value["tool_calls"] = []
    for call in message.calls:
        arguments = json_of(call)
        if traits.arguments != "text":
            arguments = json.loads(arguments)
        function = {"name": call.name, "arguments": arguments}
        value["tool_calls"].append({"id": call.identifier, "type": "function", "function": function})
    return value


def variables_of(request, traits):
    """What a template is told beside messages and tools."""
    variables = dict(request.get("chat_template_kwargs", {}))
    effort, thinking = request.get("reasoning_effort"), request.get("thinking")
    is_enabled = request.get("enable_thinking")
    if effort is not None:
        is_enabled = effort != "none"
    if thinking is not None:
        is_enabled = thinking["type"] == "enabled"
        if "budget_tokens" in thinking:
            variables.setdefault("thinking_budget", thinking["budget_tokens"])
    for name in ("enable_thinking", "thinking"):
        if is_enabled is None:
            # A variable of one name says the same of thinking as the field.
            is_enabled = request.get("chat_template_kwargs", {}).get(name)
    if is_enabled is not None:
        for name in ("enable_thinking", "thinking"):
            variables.setdefault(name, is_enabled)
    if effort not in (None, "none"):
        variables.setdefault("reasoning_effort", traits.efforts.get(effort, effort))
    return variables


def oracle(template, traits, format, request):
    messages, tools = fit(*read(request), traits, format)
    given = {**variables_of(request, traits), **tool_variables(traits.tool_variable, tools)}
    return template.render([value_of(message, traits) for message in messages], **given)


# MARK: Pinion's side


def pinion_prompts(pinion, model, requests):
    """A pair of prompt and refusal for each request."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([pinion, "models", "render", model, "--jsonl"], input=lines.encode(), capture_output=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(requests):
        raise SystemExit(f"{model}: {len(answers)} answers to {len(requests)} requests: {done.stderr.decode()}")
    return [(answer.get("prompt"), answer.get("error")) for answer in answers]


def pinion_format(pinion, model):
    """The format that the model is taken to write calls in."""
    done = subprocess.run([pinion, "models", "inspect", model], capture_output=True, text=True)
    lines = [line.partition(": ")[2] for line in done.stdout.splitlines() if line.startswith("tool format: ")]
    return lines[0].partition(",")[0].partition(";")[0] if lines else "?"


def model_with(source):
    """The bytes of a model that has this template."""
    model = MODEL.read_bytes()
    start = model.index(TEMPLATE_KEY) + len(TEMPLATE_KEY)
    length = int.from_bytes(model[start:start + 8], "little")
    # A comment of a length that keeps all that follows aligned.
    space = (length - len(source.encode()) - len("{##}")) % MODEL_ALIGNMENT
    text = source.encode() + b"{#" + b" " * space + b"#}"
    return model[:start] + len(text).to_bytes(8, "little") + text + model[start + 8 + length:]


# MARK: Comparing


@dataclasses.dataclass
class Outcome:
    """What became of a conversation, and the words that the prompt does not show, or shows twice."""

    case: Case
    kind: str
    ours: str | None
    theirs: str | None
    lost: list
    doubled: list
    is_moved: bool


# Names and keys that a prompt rightly repeats, and thoughts of finished turns, which it rightly drops.
REPEATED = {"declaration", "schema", "called", "name"}
DROPPED = {"earlier"}
# System messages may stand elsewhere, and results in the order of their calls.
MOVED = {"system", "declaration", "schema", "result", "thought", "earlier", "name"}


def outcome(case, ours, theirs):
    (prompt, refusal), (expected, other) = ours, theirs
    if prompt is None or expected is None:
        kind = "both refuse" if prompt == expected else "pinion refuses" if prompt is None else "jinja2 refuses"
        return Outcome(case, kind, prompt or refusal, expected or other, [], [], False)
    lost = [(kind, word) for kind, word in case.words if word not in prompt and kind not in DROPPED]
    doubled = [(kind, word) for kind, word in case.words if prompt.count(word) > 1 and kind not in REPEATED]
    said = json.dumps(case.request["messages"])
    order = sorted((said.index(word), word) for kind, word in case.words if word in said and kind not in MOVED)
    places = [prompt.index(word) for _, word in order if word in prompt]
    kind = "equal" if prompt == expected else "different"
    return Outcome(case, kind, prompt, expected, lost, doubled, places != sorted(places))


@dataclasses.dataclass
class Report:
    name: str
    format: str
    traits: Traits
    outcomes: list
    changes_lists: bool


def alone(request):
    """A request that brings the special tokens, which a template without a model has to be told."""
    return {**request, "chat_template_kwargs": {**SPECIALS, **request.get("chat_template_kwargs", {})}}


def examine(pinion, path, cases, is_alone=False):
    source = path.read_text()
    template = Template(source)
    traits = traits_of(template)
    requests = [case.request for case in cases]
    with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        file.write(model_with(source))
        file.flush()
        if is_alone:
            prompts = pinion_prompts(pinion, str(path), [alone(request) for request in requests])
        else:
            prompts = pinion_prompts(pinion, file.name, requests)
        format = pinion_format(pinion, file.name)
    outcomes = [outcome(case, ours, oracle(template, traits, format, request))
                for case, request, ours in zip(cases, requests, prompts)]
    return Report(path.stem, format, traits, outcomes, template.changes_lists)


def first_difference(ours, theirs, width=60):
    """Where two texts part, with what stands around it."""
    place = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
    start = max(0, place - width)
    return f"      pinion {ours[start:place + width]!r}\n      jinja2 {theirs[start:place + width]!r}"


KINDS = ("equal", "different", "both refuse", "pinion refuses", "jinja2 refuses")


def summary(words):
    counts = collections.Counter(kind for kind, _ in words)
    return " ".join(f"{kind}:{count}" for kind, count in sorted(counts.items()))


def write(report, options):
    counts = collections.Counter(outcome.kind for outcome in report.outcomes)
    lost = [word for outcome in report.outcomes for word in outcome.lost]
    cells = [report.name[:46].ljust(46), report.format.ljust(16)]
    cells += [str(counts[kind]).rjust(len(kind)) for kind in KINDS]
    print("  ".join([*cells, summary(lost) or "none"]) + ("  (changes lists)" if report.changes_lists else ""))
    if options.traits:
        print(f"    {report.traits}")
    for outcome in report.outcomes:
        if options.verbose and outcome.kind != "equal":
            print(f"    {outcome.kind}: {outcome.case.name}")
            if outcome.kind == "different":
                print(first_difference(outcome.ours, outcome.theirs))
            else:
                print(f"      pinion {outcome.ours[:200]!r}\n      jinja2 {outcome.theirs[:200]!r}")
        for title, words in (("lost", outcome.lost), ("twice", outcome.doubled)):
            if options.lost and words:
                print(f"    {title}: {outcome.case.name}: {' '.join(word for _, word in words)}")
        if options.lost and outcome.is_moved:
            print(f"    moved: {outcome.case.name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("templates", type=pathlib.Path)
    parser.add_argument("pinion")
    parser.add_argument("--only", default="", help="a part of the templates' names")
    parser.add_argument("--conversation", default="", help="a part of the conversations' names")
    parser.add_argument("--verbose", action="store_true", help="show what differs")
    parser.add_argument("--lost", action="store_true", help="show the words that a prompt misses, doubles or moves")
    parser.add_argument("--traits", action="store_true", help="show what the probes found")
    parser.add_argument("--alone", action="store_true", help="render with the template's file, without a model")
    options = parser.parse_args()
    paths = [path for path in sorted(options.templates.glob("*.jinja")) if options.only in path.stem]
    cases = [case for case in CONVERSATIONS.values() if options.conversation in case.name]
    print(f"{len(paths)} templates, {len(cases)} conversations")
    print("  ".join(["template".ljust(46), "format".ljust(16), *KINDS, "lost words"]))
    totals = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for report in pool.map(lambda path: examine(options.pinion, path, cases, options.alone), paths):
            write(report, options)
            totals.update(outcome.kind for outcome in report.outcomes)
    print("  ".join(f"{kind}: {totals[kind]}" for kind in KINDS))


if __name__ == "__main__":
    main()
