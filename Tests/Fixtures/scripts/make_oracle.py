#!/usr/bin/env python3
"""Writes what an independent implementation computes from SmolLM2-135M-Instruct, quantised to Q4_1.

    python make_oracle.py MODEL.gguf [FIXTURES]     (FIXTURES: the Tests/Fixtures folder, by default the one above this)

Needs: torch, transformers, gguf, numpy, tokenizers. Reads oracle/text.txt and writes oracle/smollm2-q4_1.json:

    model       file name and SHA-256 of the model
    text        of the first 2,048 tokens of text.txt in one context, without any control token:
      token_ids    [2048]
      perplexity   exp of the mean negative log probability of tokens 1...2047, each given all before it
      int8_activation_perplexity
                   the same with the input of every matrix but the output's rounded to int8 in blocks of 32
      logprobs     [2047] natural log probability of token i + 1 given tokens 0...i
      top1         [2047] the likeliest token after tokens 0...i
      gaps         [2047] best logit less second-best after tokens 0...i
    greedy      for each of ten chat prompts, temperature 0:
      prompt       as rendered by the model's chat template, control tokens included
      prompt_ids, ids (generated, the end token not among them), text (of ids)
      finish       "stop": <|im_end|> came; "length": 48 tokens were generated
      gaps         best logit less second-best at each step, that of the end token included

The reference is transformers' LlamaForCausalLM in float32 with the weights dequantised from the file. The tokens come
from the tokenizers library with the vocabulary and merges of the file.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from gguf import GGUFReader
from make_tiny_llama import load_reference, pre_tokenizer, round_activations
from tokenizers import AddedToken, Tokenizer, decoders, models
from transformers import LlamaForCausalLM

CONTEXT = 2048
GREEDY_TOKENS = 48
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
PROMPTS = [
    "What is the capital of France?",
    "Write a short poem about the sea.",
    "List three fruits.",
    "Explain in two sentences why it rains.",
    "Write a Python function that reverses a string.",
    "Translate to French: Good morning, my friend.",
    "What is 17 + 25?",
    "Write a haiku about autumn leaves.",
    "Define gravity for a ten-year-old.",
    "I can't sleep at night. What should I do?",
]


def load_tokenizer(reader: GGUFReader) -> Tokenizer:
    tokens = reader.get_field("tokenizer.ggml.tokens").contents()
    types = reader.get_field("tokenizer.ggml.token_type").contents()
    merges = reader.get_field("tokenizer.ggml.merges").contents()
    result = Tokenizer(
        models.BPE(
            vocab={token: id for id, token in enumerate(tokens)}, merges=[tuple(merge.split(" ")) for merge in merges]
        )
    )
    result.pre_tokenizer = pre_tokenizer()
    result.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, types) if kind == 3]
    result.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in control])
    return result


def perplexity(logits: torch.Tensor, ids: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The perplexity of ids[1:] and the log probability of each, from logits [tokens, vocab]."""
    logprobs = logits[:-1].double().log_softmax(-1).gather(-1, ids[1:, None]).squeeze(-1)
    return torch.exp(-logprobs.mean()).item(), logprobs


def score_text(model: LlamaForCausalLM, ids: list[int]) -> dict:
    tokens = torch.tensor(ids)
    logits = model(tokens[None]).logits[0]
    value, logprobs = perplexity(logits, tokens)
    best = logits[:-1].topk(2)
    linears = [
        module for name, module in model.named_modules() if isinstance(module, torch.nn.Linear) and name != "lm_head"
    ]
    hooks = [linear.register_forward_pre_hook(round_activations) for linear in linears]
    rounded, _ = perplexity(model(tokens[None]).logits[0], tokens)
    for hook in hooks:
        hook.remove()
    return {
        "token_ids": ids,
        "perplexity": round(value, 5),
        "int8_activation_perplexity": round(rounded, 5),
        "logprobs": [round(p, 5) for p in logprobs.tolist()],
        "top1": best.indices[:, 0].tolist(),
        "gaps": [round(gap, 3) for gap in (best.values[:, 0] - best.values[:, 1]).tolist()],
    }


def generate(model: LlamaForCausalLM, tokenizer: Tokenizer, question: str) -> dict:
    prompt = f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
    prompt_ids = tokenizer.encode(prompt).ids
    end = tokenizer.token_to_id("<|im_end|>")
    ids: list[int] = []
    gaps: list[float] = []
    step = model(torch.tensor([prompt_ids]), use_cache=True)
    while True:
        best = step.logits[0, -1].topk(2)
        token = best.indices[0].item()
        gaps.append(round((best.values[0] - best.values[1]).item(), 3))
        if token == end:
            break
        ids.append(token)
        if len(ids) == GREEDY_TOKENS:
            break
        step = model(torch.tensor([[token]]), past_key_values=step.past_key_values, use_cache=True)
    return {
        "prompt": prompt,
        "prompt_ids": prompt_ids,
        "ids": ids,
        "text": tokenizer.decode(ids, skip_special_tokens=False),
        "finish": "length" if len(ids) == GREEDY_TOKENS else "stop",
        "gaps": gaps,
    }


def main() -> None:
    path = Path(sys.argv[1])
    fixtures = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).resolve().parent.parent
    tokenizer = load_tokenizer(GGUFReader(path))
    model = load_reference(path, torch.float32)
    text = (fixtures / "oracle" / "text.txt").read_text(encoding="utf-8")
    ids = tokenizer.encode(text).ids
    print(f"text.txt: {len(ids)} tokens")
    assert len(ids) >= CONTEXT and tokenizer.decode(ids) == text
    with torch.no_grad():
        record = {
            "model": {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
            "text": score_text(model, ids[:CONTEXT]),
            "greedy": [generate(model, tokenizer, question) for question in PROMPTS],
        }
    target = fixtures / "oracle" / "smollm2-q4_1.json"
    # One line a list of numbers: readable in a diff, small on disk.
    lines = ",\n".join(f' "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in record["text"].items())
    greedy = ",\n".join(" " + json.dumps(entry, ensure_ascii=False) for entry in record["greedy"])
    target.write_text(
        f'{{\n"model": {json.dumps(record["model"])},\n"text": {{\n{lines}\n}},\n"greedy": [\n{greedy}\n]\n}}\n',
        encoding="utf-8",
    )
    assert json.loads(target.read_text(encoding="utf-8")) == record
    print(f"perplexity {record['text']['perplexity']}, int8 {record['text']['int8_activation_perplexity']}")
    for entry in record["greedy"]:
        print(len(entry["ids"]), entry["finish"], min(entry["gaps"]), repr(entry["text"]))


if __name__ == "__main__":
    main()
