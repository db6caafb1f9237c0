#!/usr/bin/env python3
"""Writes the tokenizer and pattern fixtures from independent implementations.

Usage: make_tokenizer_fixtures.py MODEL.gguf OUTPUT_FOLDER

Needs the packages tokenizers, gguf and regex. The model gives the vocabulary and merges (SmolLM2: 17 special tokens,
the single bytes, then one token per merge, which the script checks). All randomness is seeded.

Files written:
  smollm2-vocab.txt     counts and texts of special and byte tokens, then the merges
  encode.json           texts and their token ids; see `encode_cases`
  spans.json            texts cut into template (t) and request (r) spans
  added.json            the vocabulary with user-defined tokens appended
  decode.json           token sequences, many of them cut inside of characters, and their text
  unicode-classes.json  ranges of \\p{L}, \\p{N}, \\s, unassigned and numeric characters as the tokenizer library has them
  patterns.json         patterns and texts with the first match as UTF-8 offsets
"""
import json
import random
import re
import sys
import unicodedata
from pathlib import Path

import gguf
import regex
from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE

MODERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|NUMBERS| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

SENTENCES = """
The quick brown fox jumps over the lazy dog, doesn't it?
It's 7:45 p.m. and I'd've said we're late; they'll wait, you're sure? IT'S LATE, WE'LL GO, I'M OFF.
Das Straßenfest begann um 18 Uhr; größere Übungen fielen aus.
Où est passée la garçonnière de l'été dernier ?
¿Dónde está el niño pequeño? ¡Mañana será otro día!
A criação não começou até às três da manhã.
Perché no? Città, virtù e così via.
Sås og brød; æbler på øen ligger ved åen.
Jag åker till Örebro på lördag.
Tämä on hyvin pitkä yhdyssana: lentokonesuihkuturbiinimoottori.
Žluťoučký kůň úpěl ďábelské ódy.
Zażółć gęślą jaźń, proszę bardzo.
Árvíztűrő tükörfúrógép.
Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul ılık.
Съешь же ещё этих мягких французских булок да выпей чаю.
Щастя не мають меж: їжак, ґанок, єнот.
Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.
זה מבחן קצר בעברית, בסדר?
هذا اختبار قصير باللغة العربية، أليس كذلك؟ ٣٤٥
این یک آزمایش کوتاه است؛ می‌خواهم ۱۲۳ سیب.
یہ اردو کا ایک چھوٹا سا جملہ ہے۔
यह हिन्दी का एक छोटा वाक्य है। १२३ किताबें।
এটি একটি ছোট বাংলা বাক্য। ৪৫৬
இது ஒரு சிறிய தமிழ் வாக்கியம்.
ఇది ఒక చిన్న తెలుగు వాక్యం.
ಇದು ಒಂದು ಸಣ್ಣ ಕನ್ನಡ ವಾಕ್ಯ.
ഇത് ഒരു ചെറിയ മലയാള വാക്യമാണ്.
ນີ້ແມ່ນປະໂຫຍກສັ້ນໆ
นี่คือประโยคภาษาไทยสั้น ๆ ๑๒๓
ဒါက မြန်မာစာ ဝါကျတိုလေးပါ။
នេះជាប្រយោគខ្មែរខ្លី។
Đây là một câu tiếng Việt ngắn với nhiều dấu.
这是一个简短的中文句子，包含标点符号。共有123个字！
繁體中文也要測試，對吧？
これは日本語の短い文です。カタカナとひらがな、漢字１２３。
이것은 짧은 한국어 문장입니다. 숫자 45도 있어요.
ეს არის მოკლე ქართული წინადადება.
Սա հայերեն կարճ նախադասություն է։
ይህ አጭር የአማርኛ ዓረፍተ ነገር ነው።
ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ
ᠮᠣᠩᠭᠣᠯ ᠬᠡᠯᠡ
བོད་སྐད་ཀྱི་ཚིག་གྲུབ།
𐌰𐌱𐌲 𐎠𐎡 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟙𝟚𝟛 𝕳𝖊𝖑𝖑𝖔
½ ¼ ² ³ ¹ Ⅷ ⅳ ① ⑳ ㊿ ㉑ 〇 一 二 𐄇 ༳ ௰
def f(x: int) -> str:\n    return f"{x!r:>10}"  # don't\n
#include <stdio.h>\nint main(void) {\n\tprintf("%d\\n", 0xFF << 3);\n\treturn 0;\n}\n
for (let i = 0; i < arr.length; i++) { console.log(`${arr[i]}`); }
SELECT COUNT(*) FROM users WHERE name LIKE '%o''brien%' AND id >= 1000;
fn main() { let v: Vec<u8> = vec![0u8; 1_000]; println!("{:?}", &v[..10]); }
<div class="a b">&nbsp;text&amp;more</div><!-- c -->
{"key": [1, 2.5, -3e10, null, true], "né": "\\u00e9"}
https://example.org/path?q=1&r=%20x#frag user@example.org C:\\Temp\\x.txt /usr/local/bin
$ ls -la | grep "^d" && echo $HOME || exit 1
E = mc², ∑ᵢ xᵢ ≤ ∫₀^∞ e^{-x²} dx ≈ √π/2; ∀x∃y: x→y ⇔ ¬(x∧¬y)
👍🏽 👨‍👩‍👧‍👦 🏳️‍🌈 🇩🇪🇯🇵 ❤️ ☕️ 🧑🏿‍🚀 😀😃😄 1️⃣ #️⃣
e\u0301 a\u0308\u0323 \u1112\u1161\u11ab Z\u0351\u036b\u0343\u036a o\u0302\u0323 \u0e33\u0e49 \u212b \u2126 \ufb01 \ufdfa
don't can't won't 'tis 'Twas rock'n'roll O'Neil's 'S 'T 'RE 'VE 'M 'LL 'D 'ſ 's't're've'm'll'd ’s ’t
2024-05-17T08:09:10.123+02:00 +49 (0)30 1234-5678 1.000.000,00 € $1,234.56 №5 100% 3/4 ٪
""".strip().split("\n")

WHITESPACE = "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2003\u200a\u2028\u2029\u202f\u205f\u3000"
NOT_QUITE_WHITESPACE = "\x00\x01\x08\x1b\x1c\x1d\x1e\x1f\x7f\u180e\u200b\u200c\u200d\u200e\u2060\ufeff\u00ad\ufff9\ufffd"
UNASSIGNED = "\u0378\u0530\u2fe0\U000e0080\ufdd0\uffff\U0001ffff\U0010ffff\ue000\U000f0000"
CODE_BLOCKS = [
    (0x21, 0x7E), (0xA1, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF), (0xE00, 0xEFF),
    (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x20A0, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF),
    (0xA000, 0xABFF), (0xAC00, 0xD7A3), (0xF900, 0xFFEF), (0x10000, 0x10FFF), (0x11000, 0x12FFF),
    (0x1D400, 0x1D7FF), (0x1F000, 0x1FAFF), (0x20000, 0x2FA1F),
]


def read_model(path):
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = fields["tokenizer.ggml.merges"].contents()
    types = fields["tokenizer.ggml.token_type"].contents()
    specials = [token for token, kind in zip(tokens, types) if kind == 3]
    assert tokens[: len(specials)] == specials
    first_merge = len(tokens) - len(merges)
    assert all(tokens[first_merge + i] == merge.replace(" ", "") for i, merge in enumerate(merges))
    return tokens, merges, specials, tokens[len(specials) : first_merge]


def make_tokenizer(tokens, merges, specials, kind):
    pairs = [tuple(merge.split(" ")) for merge in merges]
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(BPE(vocabulary, pairs, ignore_merges=kind == "llama"))
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if kind == "gpt2":
        tokenizer.pre_tokenizer = byte_level
    elif kind == "smollm":
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    else:
        numbers = r"\p{N}{1,3}" if kind == "llama" else r"\p{N}"
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
            pre_tokenizers.Split(Regex(MODERN.replace("NUMBERS", numbers)), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ])
        if kind == "qwen":
            tokenizer.normalizer = normalizers.NFC()
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in specials])
    return tokenizer


def encode(tokenizer, text, special):
    tokenizer.encode_special_tokens = not special
    return tokenizer.encode(text, add_special_tokens=False).ids


def random_scalar(rng):
    """A scalar assigned in every Unicode version in use, so that all implementations class it alike."""
    while True:
        low, high = rng.choice(CODE_BLOCKS)
        scalar = chr(rng.randint(low, high))
        if unicodedata.category(scalar) not in ("Cn", "Cs"):
            return scalar


def corpus(rng, specials):
    sentences = [re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), line) for line in SENTENCES]
    sentences = [line.replace("\\n", "\n").replace("\\t", "\t") for line in sentences]
    words = [word for line in sentences for word in line.split(" ") if word]
    texts = [""] + sentences
    texts += list(WHITESPACE + NOT_QUITE_WHITESPACE + UNASSIGNED)
    for space in WHITESPACE + NOT_QUITE_WHITESPACE:
        for shape in ("a{}b", "a{0}{0}b", "{0}{0}{0}", " {}x", "{} x", "1{}2", "a{0} {0}1", ".{0}!", "{0}{0}1", "{0}{0}٣", "{0}'s"):
            texts.append(shape.format(space))
    for count in (1, 2, 3, 4, 7, 8, 16, 31, 64, 129):
        texts += [" " * count, " " * count + "x", "x" + " " * count, "\n" * count, "\t" * count + "y", " " * count + "7"]
        texts += ["a" * count, "ab" * count, "é" * count, "中" * count, "9" * count, "😀" * (count // 4 + 1), "-" * count, "=" * count]
    for contraction in ("s", "t", "re", "ve", "m", "ll", "d", "S", "T", "RE", "Ve", "M", "lL", "D", "x", "ſ", "K"):
        texts += [f"it'{contraction}", f"it '{contraction}", f"'{contraction}x", f"it’{contraction} ok", f"''{contraction}", f"9'{contraction}"]
    for special in specials + ["<|eot_id|>", "</s>", "<s>", "<|x|>", "<0x0A>", "[INST]"]:
        texts += [special, f"a{special}b", f" {special} ", f"{special}{special}", special[:-1], special[1:], special.upper(),
                  f"<{special}>", f"{special[: len(special) // 2]} {special[len(special) // 2 :]}", f"\n{special}\n7"]
    texts += ["<" * 40, "<|" * 20, "<|im_" * 9 + "<|im_end|>", "<|im_start|" * 3, "<|im_start|><|im_sta<|im_end|>rt|>"]
    for _ in range(420):
        joined = ""
        for _ in range(rng.randint(1, 7)):
            joined += rng.choice(words) + rng.choice([" ", " ", " ", "", "  ", "\n", "\n\n", "\t", " \n", ".", "-", "\u3000"])
        texts.append(joined)
    for _ in range(480):
        texts.append("".join(random_scalar(rng) for _ in range(rng.randint(1, 12))))
    alphabet = WHITESPACE + NOT_QUITE_WHITESPACE + "aB1é中٣Ⅷ½_.'sst!😀\u0301\u200d   \n\n"
    for _ in range(520):
        texts.append("".join(rng.choice(alphabet) for _ in range(rng.randint(2, 14))))
    for _ in range(160):
        texts.append("".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(20, 90))))
    for _ in range(80):
        texts.append("".join(rng.choice([rng.choice(specials), rng.choice(words), " ", "\n"]) for _ in range(rng.randint(2, 6))))
    return list(dict.fromkeys(texts)), words


def encode_cases(texts, tokenizers):
    """Per text: t text, i ids without special tokens; where they differ: p with special tokens, g gpt-2 pattern;
    m the texts also encoded with the llama (l) and qwen (q) patterns, where they differ."""
    cases = []
    for number, text in enumerate(texts):
        plain = encode(tokenizers["smollm"], text, False)
        case = {"t": text, "i": plain}
        parsed = encode(tokenizers["smollm"], text, True)
        if parsed != plain:
            case["p"] = parsed
        other = encode(tokenizers["gpt2"], text, False)
        if other != plain:
            case["g"] = other
        if number % 2 == 0:
            case["m"] = 1
            for key, kind in (("l", "llama"), ("q", "qwen")):
                other = encode(tokenizers[kind], text, False)
                if other != plain:
                    case[key] = other
        cases.append(case)
    return cases


def span_cases(rng, tokenizer, specials, words):
    """Control tokens are cut out of template stretches by hand; each stretch between them is encoded without them."""
    pattern = re.compile("|".join(re.escape(s) for s in sorted(specials, key=len, reverse=True)))
    cases = []
    for _ in range(220):
        spans = []
        for _ in range(rng.randint(1, 6)):
            parts = [rng.choice([rng.choice(specials), rng.choice(words), " ", "\n", "<|im_", "end|>", "start|>", "<|"])
                     for _ in range(rng.randint(0, 4))]
            spans.append([rng.choice("tr"), "".join(parts)])
        runs = []
        for origin, text in spans:
            if text and runs and runs[-1][0] == origin:
                runs[-1][1] += text
            elif text:
                runs.append([origin, text])
        ids, pending = [], ""
        for origin, text in runs:
            end = 0
            for match in pattern.finditer(text) if origin == "t" else []:
                pending += text[end : match.start()]
                ids += encode(tokenizer, pending, False) + [specials.index(match[0])]
                pending, end = "", match.end()
            pending += text[end:]
        ids += encode(tokenizer, pending, False)
        cases.append({"s": spans, "i": ids})
    return cases


def added_cases(rng, tokens, merges, specials, words):
    added = ["<think>", "</think>", "<think>x", "<tool_call>", "    ", "\n\n\n", "[X]", "zebra", "<|im_end|>!"]
    tokenizer = make_tokenizer(tokens, merges, specials, "smollm")
    tokenizer.add_tokens([AddedToken(token, special=False, normalized=False) for token in added])
    texts = list(added)
    for _ in range(120):
        texts.append("".join(rng.choice([rng.choice(added), rng.choice(words), " ", "<|im_end|>", "<thi", "nk>"])
                             for _ in range(rng.randint(2, 7))))
    # A control token that is skipped hides shorter matches inside of it in the library, so none is tried there.
    return {"added": added, "cases": [
        {"t": t, "i": encode(tokenizer, t, False), "p": encode(tokenizer, t, True)} for t in texts if "<|im_end|>!" not in t
    ]}


def decode_cases(rng, tokenizer, texts, tokens, specials, byte_tokens):
    first_byte = len(specials)
    cases = []
    for number in range(500):
        if number % 3 == 0:
            ids = [rng.randrange(first_byte, first_byte + len(byte_tokens)) for _ in range(rng.randint(1, 9))]
        else:
            text = rng.choice(texts) + "".join(random_scalar(rng) for _ in range(rng.randint(0, 3)))
            ids = []
            for piece in tokenizer.pre_tokenizer.pre_tokenize_str(text[:24]):
                if rng.random() < 0.7:
                    ids += [tokens.index(c) for c in piece[0] if c in byte_tokens]
                else:
                    ids += encode(tokenizer, text[piece[1][0] : piece[1][1]], False)
            low = rng.randint(0, min(3, len(ids)))
            ids = ids[low : len(ids) - rng.randint(0, 3)]
            for _ in range(rng.randint(0, 2)):
                ids.insert(rng.randint(0, len(ids)), rng.choice([rng.randrange(first_byte), rng.randrange(len(tokens))]))
            if ids and rng.random() < 0.4:
                del ids[rng.randrange(len(ids))]
        case = {"i": ids, "t": tokenizer.decode(ids, skip_special_tokens=True)}
        whole = tokenizer.decode(ids, skip_special_tokens=False)
        if whole != case["t"]:
            case["w"] = whole
        cases.append(case)
    return cases


def unicode_classes():
    def ranges(members):
        result = []
        for scalar in members:
            if result and scalar == result[-1][1] + 1:
                result[-1][1] = scalar
            else:
                result.append([scalar, scalar])
        return result

    def members(splitter):
        found = []
        scalars = [s for s in range(0x110000) if not 0xD800 <= s <= 0xDFFF]
        for start in range(0, len(scalars), 20000):
            chunk = scalars[start : start + 20000]
            kept = set()
            for _, (low, high) in splitter.pre_tokenize_str("".join(map(chr, chunk))):
                kept.update(range(low, high))
            found += [scalar for i, scalar in enumerate(chunk) if i not in kept]
        return found

    digits = pre_tokenizers.Digits(individual_digits=True)
    classes = {name: ranges(members(pre_tokenizers.Split(Regex(pattern), "removed")))
               for name, pattern in (("L", r"\p{L}"), ("N", r"\p{N}"), ("s", r"\s"), ("Cn", r"\p{Cn}"))}
    classes["numeric"] = ranges(
        s for s in range(0x110000) if not 0xD800 <= s <= 0xDFFF and len(digits.pre_tokenize_str("a" + chr(s))) == 2)
    return classes


PATTERN_ALPHABET = "aaabbbcAB01 _-\nßſéж中😀K"


def random_pattern(rng, letters, depth=0):
    def atom():
        roll = rng.random()
        if roll < 0.5 or depth >= 3:
            return re.escape(rng.choice(letters))
        if roll < 0.62:
            return rng.choice([r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", r"\p{L}", r"\p{Lu}", r"\P{L}", r"\p{N}", r"\p{Ll}"])
        if roll < 0.74:
            members = "".join(rng.choice(["a", "b", "A-B", "a-c", "0-1", r"\s", r"\d", r"\p{Lu}", "é", "ж-中", r"\-", "ß"])
                              for _ in range(rng.randint(1, 3)))
            return f"[{rng.choice(['', '^'])}{members}]"
        if roll < 0.78:
            return rng.choice(["^", "$", r"\b", r"\B"])
        kind = rng.choice(["(", "(?:", "(?:", "(?:", "(?=", "(?!", "(?>", "(?i:", "(?s:", "(?m:"])
        return f"{kind}{random_pattern(rng, letters, depth + 1)})"

    branches = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        branch = ""
        for _ in range(rng.randint(1, 4)):
            item = atom()
            if rng.random() < 0.4 and item not in ("^", "$", r"\b", r"\B") and not item.startswith(("(?=", "(?!")):
                item += rng.choice(["*", "+", "?", "{2}", "{1,2}", "{0,3}", "{1,}"]) + rng.choice(["", "", "", "?", "+"])
            branch += item
        branches.append(branch)
    return "|".join(branches)


def pattern_cases(rng):
    cases = []
    while len(cases) < 900:
        letters = [rng.choice(PATTERN_ALPHABET) for _ in range(4)]
        source = random_pattern(rng, letters)
        multiline = "(?m:" in source
        if multiline and "$" in source:
            continue
        # Python's $ also matches before a last newline; \Z does not.
        compiled = regex.compile(source.replace("$", r"\Z"), regex.V0)
        for _ in range(3):
            text = "".join(rng.choice(letters if rng.random() < 0.8 else PATTERN_ALPHABET) for _ in range(rng.randint(0, 14)))
            match = compiled.search(text, timeout=2)
            span = [len(text[:i].encode()) for i in match.span()] if match else None
            cases.append({"p": source, "t": text, "m": span})
    return cases


def write(folder, name, value):
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


def main():
    model, folder = sys.argv[1], Path(sys.argv[2])
    rng = random.Random(20240517)
    tokens, merges, specials, byte_tokens = read_model(model)
    lines = [str(len(specials)), *specials, str(len(byte_tokens)), *byte_tokens, *merges]
    (folder / "smollm2-vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    tokenizers = {kind: make_tokenizer(tokens, merges, specials, kind) for kind in ("smollm", "gpt2", "llama", "qwen")}
    texts, words = corpus(rng, specials)
    cases = encode_cases(texts, tokenizers)
    write(folder, "encode.json", cases)
    write(folder, "spans.json", span_cases(rng, tokenizers["smollm"], specials, words))
    write(folder, "added.json", added_cases(rng, tokens, merges, specials, words))
    write(folder, "decode.json", decode_cases(rng, tokenizers["smollm"], texts, tokens, specials, byte_tokens))
    write(folder, "unicode-classes.json", unicode_classes())
    patterns = pattern_cases(rng)
    write(folder, "patterns.json", patterns)
    print(len(cases), "texts,", len(patterns), "pattern cases,", sum(1 for c in patterns if c["m"]), "of them match")


if __name__ == "__main__":
    main()
