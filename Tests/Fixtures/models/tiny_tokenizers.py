"""Small tokenizers, one for each class that a tiny model needs: a folder's tokenizer files for 320 tokens.

`spm-*` are SentencePiece BPE with byte fallback (`tokenizer.model` and the `tokenizer.json` that says the same),
`bpe-*` are byte-level BPE. All are trained on `oracle/text.txt`, so that nothing has to be fetched.
"""

import io
import json
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VOCABULARY = 320

GPT2_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2_PATTERN = LLAMA3_PATTERN.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
O200K_PATTERN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# Name: (`tokenizer.ggml.pre` of the GGUF file, pattern or None for ByteLevel's own, special tokens, whether they come
# first, whether a BOS is put before a text, ignore_merges). The first special token is BOS where there is one.
BYTE_LEVEL = {
    "bpe-llama": (
        "llama-bpe",
        LLAMA3_PATTERN,
        ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"],
        False,
        True,
        True,
    ),
    "bpe-qwen2": ("qwen2", QWEN2_PATTERN, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], False, False, False),
    "bpe-tekken": ("tekken", TEKKEN_PATTERN, ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"], True, True, True),
    "bpe-smollm3": (
        "smaug-bpe",
        LLAMA3_PATTERN,
        ["<|begin_of_text|>", "<|end_of_text|>", "<|im_end|>"],
        False,
        False,
        True,
    ),
    "bpe-olmo": ("dbrx", LLAMA3_PATTERN, ["<|endoftext|>", "<|pad|>"], False, False, False),
    "bpe-granite": ("refact", None, ["<|end_of_text|>", "<fim_prefix>"], True, False, False),
    "bpe-glm4": ("glm4", LLAMA3_PATTERN, ["<|endoftext|>", "[gMASK]", "<sop>", "<|user|>"], False, False, False),
    # The converter of GLM's mixtures names one special token more than its dense models' does.
    "bpe-glm4moe": (
        "glm4",
        LLAMA3_PATTERN,
        ["<|endoftext|>", "[gMASK]", "<sop>", "<|user|>", "<|observation|>"],
        False,
        False,
        False,
    ),
    "bpe-gptoss": (
        "gpt-4o",
        O200K_PATTERN,
        ["<|startoftext|>", "<|return|>", "<|channel|>", "<|start|>", "<|end|>", "<|message|>", "<|call|>"],
        False,
        False,
        False,
    ),
    "bpe-gpt2": ("gpt-2", None, ["<|endoftext|>"], False, False, False),
}
PHI3_ADDED = ["<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"]


def special_ids(kind: str) -> dict[str, int | None]:
    """The ids of BOS, EOS and padding that the model's configuration names."""
    if kind == "spm-gemma":
        return {"bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0}
    if kind == "spm-llama":
        return {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}
    if kind == "spm-phi3":
        end = VOCABULARY - len(PHI3_ADDED)
        return {"bos_token_id": 1, "eos_token_id": end, "pad_token_id": end}
    _, _, specials, first, adds_bos, _ = BYTE_LEVEL[kind]
    start = 0 if first else VOCABULARY - len(specials)
    if kind == "bpe-tekken":
        return {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": None}
    if adds_bos or kind in ("bpe-smollm3", "bpe-gptoss"):
        return {"bos_token_id": start, "eos_token_id": start + 1, "pad_token_id": None}
    return {"bos_token_id": None, "eos_token_id": start, "pad_token_id": None}


def write_tokenizer(kind: str, text: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if kind in BYTE_LEVEL:
        write_byte_level(kind, text, folder)
    else:
        write_sentencepiece(kind, text, folder)


def write_byte_level(kind: str, text: list[str], folder: Path) -> None:
    _, pattern, specials, first, adds_bos, ignore_merges = BYTE_LEVEL[kind]
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if pattern is None:
        steps = [pre_tokenizers.Digits(individual_digits=True)] if kind == "bpe-granite" else []
        steps.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True))
    else:
        steps = [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY if first else VOCABULARY - len(specials),
        special_tokens=specials if first else [],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(text, trainer)
    tokenizer.add_special_tokens(specials)
    if adds_bos:
        name = specials[1] if kind == "bpe-tekken" else specials[0]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{name}:0 $A:0", pair=f"{name}:0 $A:0 $B:1", special_tokens=[(name, tokenizer.token_to_id(name))]
        )
    assert tokenizer.get_vocab_size() == VOCABULARY, (kind, tokenizer.get_vocab_size())
    tokenizer.save(str(folder / "tokenizer.json"))
    write_settings(kind, folder, lambda index: tokenizer.id_to_token(index), {"add_bos_token": adds_bos})


def write_sentencepiece(kind: str, text: list[str], folder: Path) -> None:
    added = PHI3_ADDED if kind == "spm-phi3" else []
    is_gemma = kind == "spm-gemma"
    ids = dict(pad_id=0, eos_id=1, bos_id=2, unk_id=3) if is_gemma else dict(unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(text),
        model_writer=written,
        model_type="bpe",
        vocab_size=VOCABULARY - len(added),
        byte_fallback=True,
        # The bytes stand for every character beyond the few most frequent ones.
        character_coverage=0.98,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=not is_gemma,
        user_defined_symbols=["<start_of_turn>", "<end_of_turn>"] if is_gemma else [],
        num_threads=1,
        minloglevel=2,
        **ids,
    )
    (folder / "tokenizer.model").write_bytes(written.getvalue())
    processor = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
    tokenizer = from_sentencepiece(processor, is_gemma)
    tokenizer.add_special_tokens([AddedToken(piece, rstrip=True, normalized=False) for piece in added])
    bos = "<bos>" if is_gemma else "<s>"
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos}:0 $A:0", pair=f"{bos}:0 $A:0 {bos}:1 $B:1", special_tokens=[(bos, processor.piece_to_id(bos))]
    )
    assert tokenizer.get_vocab_size() == VOCABULARY, (kind, tokenizer.get_vocab_size())
    for line in text[:40]:
        assert tokenizer.encode(line, add_special_tokens=False).ids == processor.encode(line), line
    tokenizer.save(str(folder / "tokenizer.json"))
    write_settings(kind, folder, lambda index: tokenizer.id_to_token(index), {"add_bos_token": True})


def from_sentencepiece(processor: sentencepiece.SentencePieceProcessor, is_gemma: bool) -> Tokenizer:
    """The `tokenizers` pipeline that says what a SentencePiece BPE model says."""
    pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    merges = []
    for index, piece in enumerate(pieces):
        if processor.is_control(index) or processor.is_byte(index) or processor.is_unknown(index):
            continue
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in vocabulary and right in vocabulary:
                merges.append((processor.get_score(index), vocabulary[left], vocabulary[right], left, right))
    merges.sort(key=lambda merge: (-merge[0], merge[1], merge[2]))
    model = models.BPE(
        vocabulary,
        [(left, right) for *_, left, right in merges],
        unk_token="<unk>",
        fuse_unk=True,
        byte_fallback=True,
    )
    tokenizer = Tokenizer(model)
    space = normalizers.Replace(" ", "▁")
    tokenizer.normalizer = space if is_gemma else normalizers.Sequence([normalizers.Prepend("▁"), space])
    steps = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps if is_gemma else steps + [decoders.Strip(" ", 1, 0)])
    special = [
        piece for index, piece in enumerate(pieces) if processor.is_control(index) or processor.is_unknown(index)
    ]
    tokenizer.add_special_tokens([AddedToken(piece, normalized=False) for piece in special])
    if is_gemma:
        turns = ["<start_of_turn>", "<end_of_turn>"]
        tokenizer.add_special_tokens([AddedToken(piece, normalized=False) for piece in turns])
    return tokenizer


def write_settings(kind: str, folder: Path, text_of, settings: dict) -> None:
    ids = special_ids(kind)
    for name in ("bos", "eos", "pad"):
        index = ids[f"{name}_token_id"]
        if index is not None:
            settings[f"{name}_token"] = text_of(index)
    if kind.startswith("spm") or kind == "bpe-tekken":
        settings["unk_token"] = "<unk>"
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
