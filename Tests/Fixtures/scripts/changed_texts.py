"""Texts of a language and texts near them, for the fixtures of grammars.

Each text written by hand is changed at random: a character left out, doubled, put in, exchanged with its neighbour, or
the rest cut off.
"""

import random

CHANGES = 30
LONGEST = 40


def changed(text: str, alphabet: str, source: random.Random) -> str:
    place = source.randrange(len(text) + 1)
    kind = source.randrange(5)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place : place + 1] * 2 + text[place + 1 :]
    if kind == 2:
        return text[:place] + source.choice(alphabet) + text[place:]
    if kind == 3:
        return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    return text[:place]


def texts_for(seeds: list[str], source: random.Random) -> list[str]:
    alphabet = "".join(sorted(set("".join(seeds)))) + "#"
    texts = list(seeds)
    for seed in seeds:
        for number in range(CHANGES):
            text = changed(seed, alphabet, source)
            texts.append(changed(text, alphabet, source) if number % 3 == 0 else text)
    return [text for text in dict.fromkeys(texts) if len(text) <= LONGEST]
