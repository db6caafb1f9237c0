"""Pinion, llguidance and xgrammar behind one question: which of these texts does a schema let through?

Each engine works in a process of its own, which is begun anew when it crashes or takes longer than a job may.
Needs `llguidance` and `xgrammar`; `PINION` names the program where it is not in `.build/release`.
"""

import json
import multiprocessing
import os
import subprocess
from dataclasses import dataclass, field

SECONDS_OF_A_JOB = 60
PINION = os.environ.get("PINION", ".build/release/pinion")


@dataclass
class Answer:
    compiled: bool
    error: str = ""
    pointer: str = ""
    # A text is accepted as a whole or not at all.
    accepted: list = field(default_factory=list)
    at: list = field(default_factory=list)

    @property
    def is_unsatisfiable(self):
        """Whether the schema was refused because no text could satisfy it."""
        words = self.error.lower()
        return not self.compiled and any(
            word in words for word in ("unsatisfiable", "no value satisfies", "cannot accept any value")
        )


def text_of(instance):
    return json.dumps(instance, ensure_ascii=False, separators=(",", ":"))


class SchemaOrder:
    """Puts the members of an instance into the order in which a schema declares them, through local references."""

    def __init__(self, schema):
        self.root = schema
        self.by_name = {}
        self._index(schema)

    def _index(self, value):
        if isinstance(value, dict):
            for key in ("$id", "$anchor", "$dynamicAnchor"):
                if isinstance(value.get(key), str):
                    self.by_name[value[key] if key == "$id" else "#" + value[key]] = value
            for child in value.values():
                self._index(child)
        elif isinstance(value, list):
            for child in value:
                self._index(child)

    def _target(self, reference):
        if not isinstance(reference, str):
            return None
        if reference in self.by_name:
            return self.by_name[reference]
        if not reference.startswith("#"):
            return None
        value = self.root
        for part in reference[1:].split("/")[1:]:
            part = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
        return value

    def _closure(self, schemas):
        """The schemas with all that applies to the same place, in the order in which they are written."""
        found, seen = [], set()

        def add(schema):
            if not isinstance(schema, dict) or id(schema) in seen:
                return
            seen.add(id(schema))
            found.append(schema)
            for key, value in schema.items():
                if key in ("$ref", "$dynamicRef", "$recursiveRef"):
                    add(self._target(value))
                elif key in ("allOf", "anyOf", "oneOf") and isinstance(value, list):
                    for branch in value:
                        add(branch)
                elif key in ("if", "then", "else", "not"):
                    add(value)
                elif key == "dependentSchemas" and isinstance(value, dict):
                    for branch in value.values():
                        add(branch)

        for schema in schemas:
            add(schema)
        return found

    def ordered(self, instance, schemas=None):
        schemas = self._closure([self.root] if schemas is None else schemas)
        if isinstance(instance, dict):
            names = []
            for schema in schemas:
                properties = schema.get("properties")
                for name in properties if isinstance(properties, dict) else ():
                    if name in instance and name not in names:
                        names.append(name)
            for schema in schemas:
                required = schema.get("required")
                for name in required if isinstance(required, list) else ():
                    if name in instance and name not in names:
                        names.append(name)
            names += [name for name in instance if name not in names]
            return {name: self.ordered(instance[name], self._of_member(schemas, name)) for name in names}
        if isinstance(instance, list):
            return [self.ordered(item, self._of_item(schemas, index)) for index, item in enumerate(instance)]
        return instance

    @staticmethod
    def _of_member(schemas, name):
        found = []
        for schema in schemas:
            properties = schema.get("properties")
            if isinstance(properties, dict) and name in properties:
                found.append(properties[name])
            patterns = schema.get("patternProperties")
            found += patterns.values() if isinstance(patterns, dict) else ()
            found += [schema.get("additionalProperties"), schema.get("unevaluatedProperties")]
        return found

    @staticmethod
    def _of_item(schemas, index):
        found = []
        for schema in schemas:
            prefix = schema.get("prefixItems")
            items = schema.get("items")
            if isinstance(items, list):
                prefix, items = items, schema.get("additionalItems")
            if isinstance(prefix, list) and index < len(prefix):
                found.append(prefix[index])
            else:
                found.append(items)
            found += [schema.get("contains"), schema.get("unevaluatedItems")]
        return found


def orders_of(schema, instance):
    """The texts of an instance that a peer may choose from: as it is written, and in the schema's order."""
    texts = [text_of(instance), text_of(SchemaOrder(schema).ordered(instance))]
    return texts[:1] if texts[0] == texts[1] else texts


# Engines: each is made inside its own process, and answers (schema, instances).


class LLGuidance:
    def __init__(self):
        import llguidance

        self.library = llguidance
        self.tokenizer = llguidance.LLTokenizer("byte")

    def answer(self, schema, instances):
        matcher_of = self.library.LLMatcher
        try:
            grammar = matcher_of.grammar_from_json_schema(json.dumps(schema))
        except ValueError as error:
            return Answer(False, str(error))
        matcher = matcher_of(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            return Answer(False, matcher.get_error())
        accepted = []
        for instance in instances:
            accepted.append(any(self._accepts(matcher.deep_copy(), text) for text in orders_of(schema, instance)))
        return Answer(True, accepted=accepted)

    def _accepts(self, matcher, text):
        try:
            tokens = self.tokenizer.tokenize_str(text)
        except UnicodeEncodeError:
            return False
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


class XGrammar:
    def __init__(self):
        import xgrammar

        self.library = xgrammar
        tokens = [b"</s>"] + [bytes([byte]) for byte in range(256)]
        information = xgrammar.TokenizerInfo(tokens, vocab_size=len(tokens), stop_token_ids=[0])
        self.compiler = xgrammar.GrammarCompiler(information, max_threads=1, cache_enabled=False)

    def answer(self, schema, instances):
        try:
            compiled = self.compiler.compile_json_schema(json.dumps(schema), strict_mode=False)
        except Exception as error:
            return Answer(False, str(error))
        return Answer(
            True,
            accepted=[any(self._accepts(compiled, text) for text in orders_of(schema, one)) for one in instances],
        )

    def _accepts(self, compiled, text):
        matcher = self.library.GrammarMatcher(compiled)
        try:
            return matcher.accept_string(text) and matcher.accept_token(0)
        except UnicodeEncodeError:
            return False


class Pinion:
    def __init__(self):
        command = [PINION, "schema", "check", "--jsonl"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self, schema, instances):
        self.process.stdin.write(json.dumps({"schema": schema, "instances": instances}) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        verdicts = reply["instances"]
        return Answer(
            reply["compiled"], reply["error"] or "", reply["pointer"] or "",
            [one["accepted"] for one in verdicts], [one["at"] for one in verdicts],
        )


ENGINES = {"pinion": Pinion, "llguidance": LLGuidance, "xgrammar": XGrammar}


def _serve(name, connection):
    engine = ENGINES[name]()
    while True:
        schema, instances = connection.recv()
        connection.send(engine.answer(schema, instances))


class Engine:
    """One of the engines in a process of its own."""

    def __init__(self, name):
        self.name = name
        self.process = None

    def _begin(self):
        self.connection, theirs = multiprocessing.Pipe()
        self.process = multiprocessing.get_context("fork").Process(
            target=_serve, args=(self.name, theirs), daemon=True
        )
        self.process.start()
        theirs.close()

    def answer(self, schema, instances):
        if self.process is None:
            self._begin()
        try:
            self.connection.send((schema, instances))
            if self.connection.poll(SECONDS_OF_A_JOB):
                return self.connection.recv()
            error = f"no answer in {SECONDS_OF_A_JOB} s"
        except (EOFError, BrokenPipeError, ConnectionResetError):
            error = "the engine crashed"
        self.process.kill()
        self.process.join()
        self.process = None
        return Answer(False, error)
