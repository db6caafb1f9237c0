#!/usr/bin/env python3
"""Writes Sources/CPinionKernels/pn_codebooks.c: the points from which the IQ formats choose, taken from the gguf package.

    python make_codebooks.py [FILE]

Needs: gguf, numpy. A point is 8 or 4 values of a few bits; what is written is each value's index among the values that
occur in the codebook, the first in the lowest bits.
"""

import sys
from pathlib import Path

import numpy as np
from gguf import quants

# Name here, class in the package, bits of one value's index.
BOOKS = [
    ("iq1", quants.IQ1_S, 2),
    ("iq2_xxs", quants.IQ2_XXS, 2),
    ("iq2_xs", quants.IQ2_XS, 2),
    ("iq2_s", quants.IQ2_S, 2),
    ("iq3_xxs", quants.IQ3_XXS, 3),
    ("iq3_s", quants.IQ3_S, 3),
]
PER_LINE = 14
HEAD = """// The points of the IQ formats' codebooks. Written by Tests/Fixtures/scripts/make_codebooks.py; do not edit.
#include "pn_codebooks.h"
"""


def points(book: type, bits: int) -> list[int]:
    book.init_grid()
    grid = book.grid.reshape(book.grid_shape)
    indices = np.searchsorted(np.array(book.grid_map, dtype=np.float32), grid)
    return [sum(int(index) << bits * place for place, index in enumerate(row)) for row in indices]


def main() -> None:
    root = Path(__file__).resolve().parents[3]
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "Sources/CPinionKernels/pn_codebooks.c"
    parts = [HEAD]
    for name, book, bits in BOOKS:
        numbers = points(book, bits)
        lines = [
            "    " + ", ".join(f"0x{number:04x}" for number in numbers[start : start + PER_LINE]) + ","
            for start in range(0, len(numbers), PER_LINE)
        ]
        values = ", ".join(f"{value:g}" for value in book.grid_map)
        parts.append(f"\n// {len(numbers)} points of {book.grid_shape[1]} values: {values}")
        parts.append(f"\nconst uint16_t pn_points_{name}[{len(numbers)}] = {{\n" + "\n".join(lines) + "\n};\n")
    file.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
