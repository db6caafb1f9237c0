"""Compile and mask times beside llguidance, one thread each, over the same tokens.

    python time_masks.py jobs CORPUS DIR      # schemas with instances; needs what complete_instances.py needs
    python time_masks.py peer MODEL.gguf DIR  # llguidance; needs llguidance, tokenizers, gguf
    python time_masks.py table DIR

Between the last two, the Swift tests with PINION_SCHEMA_TIMES=DIR and PINION_TEST_MODEL=MODEL.gguf measure Pinion.
CORPUS is that of `gather_schemas.py`. An instance's strings become English words where its schema leaves them free, and
it is written compactly, members in the schema's order. Tables are over the schemas that both compile and the instances
that both let through.

*Cold* is a grammar that was just compiled, in a process that has compiled others; *warm* is the same reply again.
White space is measured in two ways: `compact` allows none on both sides; in `free` each engine has its own default
(Pinion: three ways of writing, the first of which holds; llguidance: any white space anywhere).
"""

import json
import pathlib
import signal
import sys
import time

WORDS = (
    "The quick brown fox jumps over the lazy dog while seven wizards quietly boxed a dozen liquor jugs for the "
    "committee meeting in March and nobody remembered to send the invitation to accounting"
).split()
LONGEST_TEXT = 4_000
INSTANCES = 3


# Jobs


def with_words(instance, is_valid):
    """The instance with words in the place of each string that may be anything."""
    holder, position = [instance], 0

    def replace(parent, key):
        nonlocal position
        value = parent[key]
        if isinstance(value, str):
            count = 1 + position * 7 % 12
            parent[key] = " ".join(WORDS[(position + offset) % len(WORDS)] for offset in range(count))
            position += count
            if not is_valid(holder[0]):
                parent[key] = value
        elif isinstance(value, (dict, list)):
            for inner in list(value) if isinstance(value, dict) else range(len(value)):
                replace(value, inner)

    replace(holder, 0)
    return holder[0]


def jobs(corpus, directory):
    import warnings

    import complete_instances
    import exact_judge

    from peers import Pinion, SchemaOrder, text_of

    warnings.simplefilter("ignore")
    signal.signal(signal.SIGALRM, complete_instances.too_slow)
    pinion, lines, count = Pinion(), [], 0
    for line in pathlib.Path(corpus).read_text().split("\n"):
        if not line:
            continue
        entry = json.loads(line)
        schema = entry["schema"]
        if not pinion.answer(schema, []).compiled:
            continue
        judge = exact_judge.validator(exact_judge.parse(json.dumps(schema)))
        texts = []
        try:
            made = complete_instances.instances_of(schema, count=10, seconds=3)
            made.sort(key=lambda instance: -len(json.dumps(instance)))
            for instance in made:
                if len(texts) == INSTANCES:
                    break
                is_valid = lambda value: judge.is_valid(exact_judge.parse(json.dumps(value)))
                instance = complete_instances.plain(instance)
                if len(json.dumps(instance)) > LONGEST_TEXT or not is_valid(instance):
                    continue
                text = text_of(SchemaOrder(schema).ordered(with_words(instance, is_valid)))
                if text not in texts and pinion.answer(schema, [json.loads(text)]).accepted == [True]:
                    texts.append(text)
        except (Exception, complete_instances.TooSlow):
            pass  # The schema is compiled all the same.
        count += len(texts)
        lines.append(json.dumps({"name": entry["name"], "schema": schema, "texts": texts}))
    (pathlib.Path(directory) / "jobs.jsonl").write_text("\n".join(lines) + "\n")
    print(f"{len(lines)} schemas, {count} instances")


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
        slow = sorted(both, key=lambda index: theirs[index]["first"][0] - ours[index]["first"][0])[:8]
        for index in slow:
            print(f"    first: {names[index]}: {ours[index]['first'][0] / 1e3:.0f}, {theirs[index]['first'][0] / 1e3:.0f}")
        for temperature in ("cold", "warm"):
            worst = sorted(whole, key=lambda index: -max(ours[index][temperature]))[:5]
            for index in worst:
                mine, other = ours[index][temperature], theirs[index][temperature]
                place = mine.index(max(mine))
                print(f"    {temperature}: {names[index]}, token {place}: {mine[place] / 1e3:.0f}, {other[place] / 1e3:.0f}")


if __name__ == "__main__":
    {"jobs": jobs, "peer": peer, "table": table}[sys.argv[1]](*sys.argv[2:])
