"""Compile and mask times beside llguidance, one thread each, over the same tokens.

    python time_masks.py jobs CORPUS DIR      # schemas with instances; needs what exact_judge.py needs
    python time_masks.py peer MODEL.gguf DIR  # llguidance; needs llguidance, tokenizers, gguf
    python time_masks.py table DIR

Between the last two, the Swift tests with PINION_SCHEMA_TIMES=DIR and PINION_TEST_MODEL=MODEL.gguf measure Pinion.
CORPUS is that of `gather_schemas.py`. Instances are made of words and common values, written compactly, members in the
schema's order, and valid by the judge. Tables are over the schemas that both compile and the instances
that both let through.

*Cold* is a grammar that was just compiled, in a process that has compiled others; *warm* is the same reply again.
White space is measured in two ways: `compact` allows none on both sides; in `free` each engine has its own default
(Pinion: three ways of writing, the first of which holds; llguidance: any white space anywhere).
"""

import json
import pathlib
import random
import sys
import time

from peers import Pinion, SchemaOrder, text_of

WORDS = (
    "The quick brown fox jumps over the lazy dog while seven wizards quietly boxed a dozen liquor jugs for the "
    "committee meeting in March and nobody remembered to send the invitation to accounting"
).split()
LONGEST_TEXT = 4_000
INSTANCES = 3

try:
    import exact_judge
except ImportError:
    # Only instances need it, and it is not where llguidance is.
    exact_judge = None


# Jobs

TEXTS = {
    "date": "2024-02-29", "date-time": "2024-02-29T12:30:00Z", "time": "12:30:00Z", "email": "ann.lee@example.org",
    "uri": "https://example.org/a/page?with=query", "url": "https://example.org/", "uuid":
    "3f0c8d2e-5b1a-4c77-9e21-0a4b5c6d7e8f", "ipv4": "192.168.0.17", "ipv6": "2001:db8::17", "hostname": "example.org",
    "duration": "P3DT4H", "regex": "^[a-z]+$", "json-pointer": "/a/0", "uri-reference": "/a/page", "binary": "aGVsbG8=",
}
# Of which one may match a pattern.
CANDIDATES = [
    *TEXTS.values(), "2024-02", "12345", "7", "0", "1.0", "10.5", "DE", "FRA", "en-US", "a", "abc", "name-of-it",
    "ABC-1234", "#a0b1c2", "+49 30 123456", "MAX_SIZE", "q1", "@ann", "10.1234/abc", "1234-5", "^1.0", "true",
]
NUMBERS = [7, 0, 1, 2, 3, 42, 0.5, 0.25, 19.5, 6, 12, 100, 1000, 8080, 2024, -1]


class Examples:
    """Instances as people might write them: all members, few elements, words where a string may be anything."""

    def __init__(self, schema, seed):
        self.order = SchemaOrder(schema)
        self.random = random.Random(seed)

    def of(self, schema, depth=0):
        """Raises ValueError where none is found."""
        if not isinstance(schema, dict):
            if schema is False:
                raise ValueError("nothing")
            return self.words(3)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if "$ref" in schema:
            return self.of(self.order._target(schema["$ref"]), depth + 1)
        if depth > 12:
            raise ValueError("too deep")
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self.any_of(schema[key], depth)
        if "allOf" in schema:
            parts = [self.of(part, depth + 1) for part in schema["allOf"]]
            own = {key: value for key, value in schema.items() if key != "allOf"}
            parts += [self.of(own, depth + 1)] if "type" in own or "properties" in own else []
            if all(isinstance(part, dict) for part in parts):
                return {name: value for part in parts for name, value in part.items()}
            return parts[0]
        kind = schema.get("type", "object" if "properties" in schema else "array" if "items" in schema else "string")
        if isinstance(kind, list):
            kind = self.random.choice([one for one in kind if one != "null"] or kind)
        return getattr(self, "of_" + kind)(schema, depth)

    def any_of(self, branches, depth):
        branches = list(branches)
        self.random.shuffle(branches)
        # Recursion ends where there is a choice.
        branches.sort(key=lambda branch: branch == {"type": "null"} if depth < 6 else "$ref" in str(branch))
        for branch in branches:
            try:
                return self.of(branch, depth + 1)
            except ValueError:
                continue
        raise ValueError("no branch")

    def of_object(self, schema, depth):
        required, found = schema.get("required", []), {}
        for name, value in schema.get("properties", {}).items():
            if name not in required and (depth > 4 or self.random.random() < 0.3):
                continue
            try:
                found[name] = self.of(value, depth + 1)
            except ValueError:
                if name in required:
                    raise
        further = schema.get("additionalProperties")
        if isinstance(further, dict) and depth < 6:
            for name in ("first", "second"):
                found[name] = self.of(further, depth + 1)
        for name in required:
            if name not in found:
                found[name] = self.words(2)
        return found

    def of_array(self, schema, depth):
        prefix = schema.get("prefixItems", [])
        least = schema.get("minItems", 0)
        count = max(least, min(self.random.randint(1, 3) if depth < 6 else 0, schema.get("maxItems", 3)))
        items = schema.get("items", {})
        parts = [self.of(part, depth + 1) for part in prefix]
        if items is not False:
            parts += [self.of(items, depth + 1) for _ in range(count - len(parts))]
        return parts

    def of_string(self, schema, depth):
        lengths = range(schema.get("minLength", 0), schema.get("maxLength", 10_000) + 1)
        if "pattern" in schema:
            for text in CANDIDATES:
                if len(text) in lengths and exact_judge.ECMAPatterns.search(schema["pattern"], text):
                    return text
            raise ValueError("no text for the pattern")
        text = TEXTS.get(schema.get("format")) or self.words(self.random.randint(1, 14))
        while len(text) < lengths.start:
            text += " and " + self.words(5)
        return text[:lengths.stop - 1]

    def of_number(self, schema, depth):
        judge = exact_judge.validator(schema)
        numbers = [one for one in NUMBERS if judge.is_valid(one)]
        if not numbers:
            raise ValueError("no number")
        return self.random.choice(numbers[:4])

    of_integer = of_number

    def of_boolean(self, schema, depth):
        return self.random.random() < 0.5

    def of_null(self, schema, depth):
        return None

    def words(self, count):
        start = self.random.randrange(len(WORDS))
        return " ".join(WORDS[(start + offset) % len(WORDS)] for offset in range(count))


def jobs(corpus, directory):
    pinion, lines, valid, count, used = Pinion(), [], 0, 0, 0
    for line in pathlib.Path(corpus).read_text().split("\n"):
        if not line:
            continue
        entry = json.loads(line)
        schema = entry["schema"]
        if not pinion.answer(schema, []).compiled:
            continue
        judge, texts = exact_judge.validator(exact_judge.parse(json.dumps(schema))), []
        for seed in range(4 * INSTANCES):
            if len(texts) == INSTANCES:
                break
            examples = Examples(schema, seed)
            try:
                text = text_of(examples.order.ordered(examples.of(schema)))
                if len(text) > LONGEST_TEXT or text in texts or not judge.is_valid(exact_judge.parse(text)):
                    continue
            except Exception:  # A keyword that the examples do not know.
                continue
            valid += 1
            if pinion.answer(schema, [json.loads(text)]).accepted == [True]:
                texts.append(text)
            else:
                print(f"refused: {entry['name']}: {text[:200]}")
        count += len(texts)
        used += bool(texts)
        lines.append(json.dumps({"name": entry["name"], "schema": schema, "texts": texts}))
    (pathlib.Path(directory) / "jobs.jsonl").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} schemas; {valid} valid instances, {count} accepted, of {used} schemas")


# llguidance


def tokenizer_of(model):
    import gguf
    import tokenizers

    fields = gguf.GGUFReader(model).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE({text: id for id, text in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([
        tokenizers.pre_tokenizers.Digits(individual_digits=True),
        tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    # 3: a control token.
    tokenizer.add_special_tokens([text for text, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer, int(fields["tokenizer.ggml.eos_token_id"].contents())


def peer(model, directory):
    import llguidance
    import numpy

    tokenizer, end = tokenizer_of(model)
    inner = llguidance.LLTokenizer(
        tokenizer.to_str(), eos_token=end, slices=llguidance.LLTokenizer.json_slices()
    )
    count = inner.vocab_size
    mask = numpy.zeros((count + 31) // 32, dtype=numpy.int32)
    place, size, now = mask.ctypes.data, mask.nbytes, time.perf_counter_ns
    directory = pathlib.Path(directory)
    entries = [json.loads(line) for line in (directory / "jobs.jsonl").read_text().split("\n") if line]
    for name, options in (("compact", {"whitespace_flexible": False}), ("free", {})):
        lines = []
        for entry in entries:
            replies = [tokenizer.encode(text, add_special_tokens=False).ids for text in entry["texts"]]
            times = {"first": [], "cold": [], "warm": [], "coldAdvance": [], "warmAdvance": [], "refused": 0}
            schema = json.dumps(entry["schema"])
            began = now()
            try:
                grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=options)
                matcher = llguidance.LLMatcher(inner, grammar, log_level=0)
                if matcher.is_error():
                    raise ValueError(matcher.get_error())
                matcher.unsafe_compute_mask_ptr(place, size)
                times["first"].append(now() - began)
            except ValueError:
                lines.append(json.dumps(times))
                continue
            for temperature in ("cold", "warm"):
                for reply in replies:
                    matcher.reset()
                    for token in reply:
                        began = now()
                        matcher.unsafe_compute_mask_ptr(place, size)
                        masked = now()
                        is_allowed = matcher.consume_token(token)
                        ended = now()
                        if not is_allowed:
                            times["refused"] += 1
                            break
                        times[temperature].append(masked - began)
                        times[temperature + "Advance"].append(ended - masked)
            lines.append(json.dumps(times))
        (directory / f"llguidance-{name}.jsonl").write_text("\n".join(lines) + "\n")


# Tables


def table(directory):
    directory = pathlib.Path(directory)

    def read(name):
        return [json.loads(line) for line in (directory / name).read_text().split("\n") if line]

    names = [entry["name"] for entry in read("jobs.jsonl")]
    for policy in ("compact", "free"):
        ours = read("pinion-compact.jsonl" if policy == "compact" else "pinion.jsonl")
        theirs = read(f"llguidance-{policy}.jsonl")
        assert len(ours) == len(theirs) == len(names)
        both = [index for index in range(len(names)) if ours[index]["first"] and theirs[index]["first"]]
        whole = [
            index for index in both
            if ours[index]["cold"] and len(ours[index]["cold"]) == len(theirs[index]["cold"])
            and not ours[index]["refused"] and not theirs[index]["refused"]
        ]
        tokens = sum(len(ours[index]["cold"]) for index in whole)
        print(f"\n{policy}: {len(both)} schemas; masks of {len(whole)} schemas, {tokens} tokens (microseconds)")
        for title, engine in (("Pinion", ours), ("llguidance", theirs)):
            rows = {"schema to first mask": [time for index in both for time in engine[index]["first"]]}
            for temperature in ("cold", "warm"):
                rows[temperature] = [time for index in whole for time in engine[index][temperature]]
                rows[temperature + ", with the token's reading"] = [
                    mask + step for index in whole
                    for mask, step in zip(engine[index][temperature], engine[index][temperature + "Advance"])
                ]
            for row, values in rows.items():
                values = sorted(value / 1_000 for value in values)
                at = lambda share: values[min(int(len(values) * share), len(values) - 1)]
                mean = sum(values) / len(values)
                print(
                    f"  {title:10} {row:32} mean {mean:9.1f}  p50 {at(0.5):9.1f}  p99 {at(0.99):9.1f}  "
                    f"worst {values[-1]:9.1f}"
                )
        def show(kind, index, mine, other):
            print(f"    {kind}: {names[index]}: {mine / 1_000:.0f}, {other / 1_000:.0f}")

        for index in sorted(both, key=lambda index: theirs[index]["first"][0] - ours[index]["first"][0])[:8]:
            show("first", index, ours[index]["first"][0], theirs[index]["first"][0])
        for temperature in ("cold", "warm"):
            for index in sorted(whole, key=lambda index: -max(ours[index][temperature]))[:5]:
                mine = ours[index][temperature]
                place = mine.index(max(mine))
                show(f"{temperature}, token {place}", index, mine[place], theirs[index][temperature][place])


if __name__ == "__main__":
    {"jobs": jobs, "peer": peer, "table": table}[sys.argv[1]](*sys.argv[2:])
