#!/usr/bin/env python3
"""Writes which texts Lark itself accepts by grammars of ours.

    python make_lark_fixtures.py [FIXTURES]

FIXTURES is the Tests/Fixtures folder, by default the one above this script. Needs: lark (1.3). Writes grammars/lark.json:
a list of {"name", "grammar", "texts": [[text, accepted], ...]}.

Lark parses with Earley and the lexer "dynamic_complete", which tries every division of the text into terminals, as a
grammar here means it. It takes only the match of an expression that Python prefers and the matches of that match's
beginnings, so the grammars have no lazy quantifiers and no alternatives of which an earlier one begins a later one.
"""

import json
import random
import sys
from pathlib import Path

from lark import Lark
from lark.exceptions import UnexpectedInput

from changed_texts import texts_for

GRAMMARS = {
    "arithmetic": (
        r"""
        ?start: sum
        ?sum: product
            | sum "+" product -> add
            | sum "-" product -> sub
        ?product: atom
            | product "*" atom -> mul
            | product "/" atom -> div
        ?atom: NUMBER -> number
            | "-" atom -> neg
            | NAME -> var
            | "(" sum ")"
        %import common.CNAME -> NAME
        %import common.NUMBER
        %import common.WS_INLINE
        %ignore WS_INLINE
        """,
        ["1", "1+2*3", " ( a - 2.5e1 ) / -x1 ", "((7))", "1.-.5", "a - -b", "1e5e"],
    ),
    "json": (
        r"""
        ?start: value
        ?value: object | array | string | SIGNED_NUMBER -> number
            | "true" -> true | "false" -> false | "null" -> null
        array: "[" [value ("," value)*] "]"
        object: "{" [pair ("," pair)*] "}"
        pair: string ":" value
        string: /"([^"\\\n]|\\.)*"/
        %import common.SIGNED_NUMBER
        %import common.WS
        %ignore WS
        """,
        ['{"a": [1, -2.5, true], "b":{}}', "[]", '["x\\"y", null]', " {\n}\t", '{"é":"😀"}', "[[1],[2]]", "+1.5e3"],
    ),
    "options": (
        r"""
        start: "a"? [b "c"] d* ("e" | "f" "g")+
        b: "b" ~ 2 | "B" ~ 1..3
        d: "d" ~ 0..1 "D"
        """,
        ["e", "abbce", "aBBcdDDfge", "Bcfgfge", "bbcee", "aDdDe"],
    ),
    "terminals": (
        r"""
        start: (KEY "=" VALUE ";")*
        KEY: LETTER (LETTER | DIGIT | "-")*
        VALUE: HEX | DIGIT+ ["." DIGIT+] | "'" /[^'\n]/* "'"
        HEX.2: "0x"i ("0".."9" | "a".."f" | "A".."F")+
        LETTER: /[a-z]/i
        DIGIT: "0".."9"
        """,
        ["a=1;", "A-b=0xFf;c=1.50;", "x='it is';", "", "k1=0X0;k2='';", "b=10;b=0x;"],
    ),
    "comments": (
        r"""
        start: statement*
        statement: NAME "(" (NUMBER ("," NUMBER)*)? ")" ";"
        NAME: /[a-z]+/
        %import common.INT -> NUMBER
        %import common (WS, CPP_COMMENT, C_COMMENT)
        %ignore WS
        %ignore CPP_COMMENT
        %ignore C_COMMENT
        """,
        ["f(1);", "f ( 1 , 22 ) ; // done\n", "/* a * b */ g();h(3);", "f(/**/1);", "f();//", " ", "f(1/*x*/2);"],
    ),
    "ambiguous": (
        r"""
        start: word word? tail
        word: A | B
        tail: "ab" | "b"* "c"
        A: "a"+
        B.5: /[ab]+/
        """,
        ["aab", "abab", "aac", "abbc", "bbb", "aabc", "c", "abcab"],
    ),
    "recursion": (
        r"""
        start: a
        a: b "1" | "x"
        b: c "2" | "y"
        c: a "3" | [start] "z"
        """,
        ["x", "y1", "z21", "x321", "xz21", "y1321", "z2132", "y1z21z21"],
    ),
    "lines": (
        r"""
        start: _NL? section+
        section: "[" NAME "]" _NL entry*
        entry: NAME "=" VALUE? _NL
        NAME: /\w+/
        VALUE: /[^\n=]+/
        _NL: /(\r?\n[ \t]*)+/
        %ignore /[ \t]+/
        """,
        ["[a]\n", "[a]\nx=1\ny =\n", "\n[b1]\r\nkey = some value\n\n[c]\n", "[ü]\né=ß\n", "[a]\nx==\n"],
    ),
    "flags": (
        r"""
        start: /select/i " " /./s /./ | "from"i /[a-c]/ | /\d{2,3}/ /[^\W\d]{1,2}/ "ß"i
        """,
        ["SeLeCT \nx", "select ab", "FROMb", "from\n", "12aß", "123_éß", "٣٤ß", "select a\n"],
    ),
}


def accepts(parser: Lark, text: str) -> bool:
    try:
        parser.parse(text)
    except UnexpectedInput:
        return False
    return True


def main() -> None:
    fixtures = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    source = random.Random(13)
    result = []
    for name, (grammar, seeds) in GRAMMARS.items():
        parser = Lark(grammar, parser="earley", lexer="dynamic_complete")
        texts = [[text, accepts(parser, text)] for text in texts_for(seeds, source)]
        result.append({"name": name, "grammar": grammar, "texts": texts})
        print(f"{name}: {sum(accepted for _, accepted in texts)} of {len(texts)} accepted")
    folder = fixtures / "grammars"
    folder.mkdir(exist_ok=True)
    (folder / "lark.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
