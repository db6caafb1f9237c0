#!/usr/bin/env python3
"""Writes which texts xgrammar accepts by GBNF grammars of ours.

    python make_gbnf_fixtures.py [FIXTURES]

FIXTURES is the Tests/Fixtures folder, by default the one above this script. Needs: xgrammar (0.1). Writes
grammars/gbnf.json: a list of {"name", "grammar", "texts": [[text, accepted], ...]}.

xgrammar reads GBNF without left recursion and without an empty alternative at a rule's beginning, so the grammars have
neither; the tests of `GBNFGrammar` have them.
"""

import json
import random
import sys
from pathlib import Path

from xgrammar import Grammar
from xgrammar.testing import _is_grammar_accept_string

from changed_texts import texts_for

GRAMMARS = {
    "arithmetic": (
        r"""
root ::= sum
sum ::= product ([-+] product)*
product ::= atom ([*/] atom)*
atom ::= "-" atom | number | "(" ws sum ws ")"
number ::= [0-9]+ ("." [0-9]+)?
ws ::= [ \t]*
""",
        ["1", "1+2*3", "(1-2.5)/-4", "(( 7 ))", "1--1", "12.5*-(3)"],
    ),
    "json": (
        r"""
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::= "{" ws ( string ":" ws value ("," ws string ":" ws value)* )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::= "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4})
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= (" " | "\n" [ \t]{0,20})?
""",
        ['{"a": [1, -2.5e+1,true]}', "{}", '{"é\\n":"\\u00e9😀", "b":null}', "{\n \"x\":{}}", '{"a":[[]]}'],
    ),
    "chess": (
        r"""
root ::= turn+
turn ::= [1-9] [0-9]? ". " move " " move "\n"
move ::= (pawn | piece | castling) [+#]?
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBRQ])?
piece ::= [NBRQK] [a-h]? [1-8]? "x"? [a-h] [1-8]
castling ::= "O-O" "-O"?
""",
        ["1. e4 e5\n", "1. e4 c5\n2. Nf3 Nbxd7+\n", "3. O-O O-O-O#\n", "12. exd8=Q R1xa3\n"],
    ),
    "counts": (
        r"""
root ::= a{2} "-" b{1,3} "-" ("c" | "dd"){2,} "-" [x-z]{0,2} "." {3}
a ::= [0-9] | "aa"
b ::= "b"+ | "B"?
""",
        ["12-b-cc-x...", "aa3-bbb-cddc-...", "1aa-BB-cc-zy...", "aaaa--ddc-..."],
    ),
    "unicode": (
        r"""
root ::= (kana | emoji | other)+ "!"
kana ::= [ぁ-ゟ]+ "ー"?
emoji ::= [\U0001F600-\U0001F64F] | "\u2764\uFE0F"
other ::= [^\x00-\x7Fぁ-ゟ!\U0001F600-\U0001F64F] "é"
""",
        ["あいうー!", "😀か!", "❤️!", "日é語é!", "ゟ😀😁!"],
    ),
    "recursion": (
        r"""
root ::= "<" (pair | root | leaf)* ">"
pair ::= leaf "=" (leaf | root)
leaf ::= [a-c]+ | "\"" [^"]* "\""
""",
        ["<>", "<a=b>", "<<a>b=<c>>", "<abc=\"x<\"\"\">", "<\"a\"=<>c<>>"],
    ),
    "ambiguous": (
        r"""
root ::= x x? y
x ::= "a"+ | [ab]+
y ::= "ab" | "b"* "c" | "a" y "b"
""",
        ["aab", "aac", "abbc", "aaabb", "babcab", "aaabbcbb", "ac"],
    ),
}


def main() -> None:
    fixtures = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    source = random.Random(17)
    result = []
    for name, (grammar, seeds) in GRAMMARS.items():
        parser = Grammar.from_ebnf(grammar)
        texts = [[text, bool(_is_grammar_accept_string(parser, text))] for text in texts_for(seeds, source)]
        result.append({"name": name, "grammar": grammar, "texts": texts})
        print(f"{name}: {sum(accepted for _, accepted in texts)} of {len(texts)} accepted")
    folder = fixtures / "grammars"
    folder.mkdir(exist_ok=True)
    (folder / "gbnf.json").write_text(json.dumps(result, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
