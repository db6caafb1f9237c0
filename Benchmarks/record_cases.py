"""The requests that record makes, and the servers that it makes them to.

A case is one request; a configuration is a server that is asked all cases of its groups, one after the other in the
order written here, or all at once. The groups:

- `brief`: a few tokens, also for the portable kernels, which make 20 a second of the default model;
- `short`: prompts of some words and replies that fit the context of the tiny models;
- `edge`: replies that end where the context does, which must be small; always asked one after the other;
- `long`: prompts over one chunk of 512 tokens, and prompts that share their beginning;
- `error`: requests that are refused.
"""

import dataclasses
import json
import random

from client import some_words

# The smallest KV pool holds one context: 32 blocks of 16 tokens, where a crowd of 16 sequences wants some 120.
CROWD_CONTEXT = 512


@dataclasses.dataclass(frozen=True)
class Configuration:
    """A server. The replies to a request are the same in all configurations of the same `numbers`."""

    name: str
    groups: dict  # Of each model.
    isa: str | None = None  # Of the kernels; the machine's best without it.
    flags: tuple = ()
    # The memory budget; None for the smallest that the server takes. It is always said, because the default depends on
    # what the machine has free, and with it the blocks that the prefix cache keeps.
    memory: str | None = "2G"
    numbers: str = "f16"
    is_at_once: bool = False
    # Metrics that must have counted something, or the configuration did not come to what it is there for.
    proofs: tuple = ()


CACHE_HITS, GUESSES = "pinion_prompt_tokens_cached_total", "pinion_draft_tokens_accepted_total"
PREEMPTIONS = "pinion_preemptions_total"
HITS_AND_GUESSES = (CACHE_HITS, GUESSES)
DEFAULT = "default/q4_1"
TINY = {name: ("brief", "short", "edge") for name in ("tiny/f16", "tiny/q6_k")}
WHOLE = {DEFAULT: ("brief", "short", "long", "error")} | TINY
CROWD = {DEFAULT: ("brief", "short", "edge")}
NARROW = ("--context", str(CROWD_CONTEXT), "--max-sequences", "16")
Q8 = ("--kv-type", "q8")

CONFIGURATIONS = [
    Configuration("avx512", WHOLE, "avx512", proofs=HITS_AND_GUESSES),
    Configuration("avx2", WHOLE, "avx2", proofs=HITS_AND_GUESSES),
    Configuration("neon", WHOLE, "neon", proofs=HITS_AND_GUESSES),
    Configuration("portable", {DEFAULT: ("brief",)} | TINY, "portable"),
    Configuration("q8", WHOLE, flags=Q8, numbers="q8", proofs=HITS_AND_GUESSES),
    # Long prompts in pieces beside streams, and prompts that share what is being computed.
    Configuration("together", WHOLE, is_at_once=True, proofs=(CACHE_HITS,)),
    Configuration("crowd", CROWD, flags=NARROW, memory=None, is_at_once=True, proofs=(PREEMPTIONS,)),
    Configuration("crowd-q8", CROWD, None, NARROW + Q8, None, "q8", is_at_once=True, proofs=(PREEMPTIONS,)),
]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    group: str
    fields: dict
    prompt: str | None = None
    words: int = 0  # Random ones after the prompt.
    shared: str = ""  # Names the words that it has in common with other cases; empty for words of its own.
    status: int = 200

    def body(self, model, seed):
        """The bytes of the request; words and random numbers depend on `seed`."""
        words = self.words if model.startswith("default/") else self.words // 5  # A tiny model's token is a letter.
        source = random.Random(f"{seed} {self.shared or self.name}")
        text = " ".join(part for part in (some_words(source, words), self.prompt) if part)
        body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 32} | self.fields
        if isinstance(body.get("seed"), int):
            body["seed"] += seed
        return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def short(name, prompt, **fields):
    return Case(name, "short", fields, prompt)


STREAM = {"stream": True, "stream_options": {"include_usage": True}}
SONG = "Row, row, row your boat, gently down the stream. Merrily, merrily, merrily, merrily, life is but a dream."
TALK = [
    {"role": "system", "content": "You answer in <|im_end|> verse \u2713."},
    {"role": "user", "content": [{"type": "text", "text": part} for part in ("Na\u00efve ", "caf\u00e9 \U0001f980?")]},
    {"role": "assistant", "content": "\u4f60\u597d, friend."},
    {"role": "user", "content": "Once more."},
]

CASES = [
    Case("greedy", "brief", {"temperature": 0, "max_tokens": 16}, "Name a river."),
    Case("seed", "brief", {"seed": 7, "max_tokens": 12}, "Name a town."),
    Case("stream-n", "brief", {"seed": 8, "n": 2, "max_tokens": 8, "logprobs": True} | STREAM, "A word."),
    Case("filters", "brief", {"seed": 9, "top_k": 40, "top_p": 0.9, "min_p": 0.02, "max_tokens": 12}, "Name a bird."),
    Case("penalties", "brief", {"temperature": 0, "repetition_penalty": 1.3, "max_tokens": 12}, "Say it again: again."),
    short("greedy-stream", "What is a harbour for?", temperature=0, max_tokens=48, **STREAM),
    short("stream-without-usage", "Who built the bridge?", seed=10, stream=True),
    short("end-token", "What is the capital of France?", temperature=0, max_tokens=200),
    short("seed-large", "Tell me of the sea.", seed=1 << 60, temperature=0.7, max_tokens=160),
    short("seed-negative", "Tell me of the sea.", seed=-1 << 60, temperature=1.6, **STREAM),
    short("n-2-greedy", "Count to nine.", temperature=0, n=2),
    short("n-8", "Invent a name.", seed=11, n=8, max_tokens=20),
    short("n-3-stream", "Invent a colour.", seed=12, n=3, temperature=1.3, top_p=0.95, max_tokens=64, **STREAM),
    short("logprobs", "Who wrote Hamlet?", temperature=0, logprobs=True, top_logprobs=5),
    short("logprobs-alone", "Who wrote Faust?", seed=13, logprobs=True),
    short("logprobs-20-n", "Why is the sky blue?", seed=14, n=2, logprobs=True, top_logprobs=20, max_tokens=24),
    short("logprobs-stream", "Why is grass green?", seed=15, logprobs=True, top_logprobs=3, max_tokens=120, **STREAM),
    short("top-k", "Describe a house.", seed=16, top_k=5, ignore_eos=True, max_tokens=160),
    short("top-p", "Describe a horse.", seed=17, top_p=0.5, temperature=1.2, ignore_eos=True, max_tokens=160),
    short("min-p", "Describe a hat.", seed=18, min_p=0.1, temperature=1.5, ignore_eos=True, max_tokens=160),
    short("penalties-above-0", "Say la la la.", seed=19, presence_penalty=1.5, frequency_penalty=0.7, max_tokens=120),
    short("penalties-below-0", "Say ho ho ho.", seed=20, presence_penalty=-1, frequency_penalty=-0.5, n=2),
    short("bias", "Tell me a joke.", seed=21, logit_bias={"198": -100, "28": 4, "30": 2.5}, logprobs=True),
    short("bias-forces", "Tell me a fact.", temperature=0, logit_bias={"260": 100}, ignore_eos=True),
    short("stop", "List three trees.", temperature=0, stop="\n3", max_tokens=64),
    short("stops-n", "List three birds.", seed=22, n=3, stop=["an", "the ", ".\n", "zebra"], logprobs=True),
    short("stops-stream", "List three fish.", seed=23, stop=["o ", "is", ",", "!!"], max_tokens=48, **STREAM),
    short("no-end", "Say yes.", temperature=0, ignore_eos=True, max_tokens=160),
    short("one-token", "Say no.", temperature=0, max_completion_tokens=1, max_tokens=None),
    short("guesses", f"Repeat this twice: {SONG}", temperature=0, ignore_eos=True, max_tokens=96),
    Case("conversation", "short", {"messages": TALK, "seed": 24, "user": "u", "chat_template_kwargs": {"x": 1}}),
    Case("context-end", "edge", {"seed": 25, "max_tokens": 32_000, "ignore_eos": True}, words=300),
    Case("context-end-n", "edge", {"seed": 26, "n": 3, "max_tokens": None, "ignore_eos": True} | STREAM, words=310),
    Case("two-chunks", "long", {"temperature": 0, "logprobs": True, "top_logprobs": 2}, words=600),
    Case("chunks-n", "long", {"seed": 27, "n": 4, "presence_penalty": 0.5}, words=1500),
    Case("many-chunks", "long", {"temperature": 0, "ignore_eos": True} | STREAM, words=3000),
    Case("prefix", "long", {"temperature": 0}, "Which word came first?", 500, "rules"),
    Case("prefix-again", "long", {"seed": 28, "n": 2}, "Which word came last?", 500, "rules"),
    Case("error-range", "error", {"temperature": 3}, "Hello.", status=400),
    Case("error-length", "error", {}, words=9000, status=400),
    Case("error-field", "error", {"nonsense": 1}, "Hello.", status=400),
    Case("error-type", "error", {"stop": [1], "stream": True}, "Hello.", status=400),
    Case("error-model", "error", {"model": "nobody/knows"}, "Hello.", status=404),
]


def cases(configuration, model):
    """The cases of a model that are asked at once, and those that are asked one after the other, after them."""
    chosen = [case for case in CASES if case.group in configuration.groups[model]]
    at_once = [case for case in chosen if configuration.is_at_once and case.group != "edge"]
    return at_once, [case for case in chosen if case not in at_once]
