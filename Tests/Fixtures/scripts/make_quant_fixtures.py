#!/usr/bin/env python3
"""Writes a small matrix in every quantised format and the numbers the gguf package reads from it.

    python make_quant_fixtures.py [FIXTURES]     (FIXTURES: the Tests/Fixtures folder, by default the one above this)

Needs: gguf, numpy. For every format it writes quants/NAME.json:

    type     GGML's name of the format
    rows, columns
    bytes    base64 of the rows as they lie in a file, one after the other
    values   base64 of float32, little-endian, [rows, columns]: the same rows dequantised

The bytes are random, from a fixed seed, and so reach every code, every bit of a packed scale and every sign. Only the
half-precision scales and minima are chosen: ordinary numbers of both signs, of 2^-10 to 1 in size, and here and there
a zero or a subnormal one. Of scales that are powers of two the first blocks have the least and the largest.
"""

import json
import sys
from base64 import b64encode
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, quants
from gguf import GGMLQuantizationType as Q

ROWS, COLUMNS = 3, 512
SEED = 20
# Where in a block its halves lie: the scale, then the minimum if it has one.
HALVES = {
    Q.Q4_0: [0],
    Q.Q4_1: [0, 2],
    Q.Q5_0: [0],
    Q.Q5_1: [0, 2],
    Q.Q8_0: [0],
    Q.Q4_K: [0, 2],
    Q.Q5_K: [0, 2],
    Q.Q6_K: [208],
    Q.Q3_K: [108],
    Q.Q2_K: [80, 82],
    Q.IQ4_NL: [0],
    Q.IQ4_XS: [0],
    Q.MXFP4: [],
    Q.IQ1_S: [0],
    Q.IQ1_M: [],
    Q.IQ2_XXS: [0],
    Q.IQ2_XS: [0],
    Q.IQ2_S: [0],
    Q.IQ3_XXS: [0],
    Q.IQ3_S: [0],
    Q.TQ1_0: [52],
    Q.TQ2_0: [64],
}
# Where a block has a power of two for a scale: a byte, of which all up to the one with which the largest weight is a float.
EXPONENTS = {Q.MXFP4: (0, 252)}
# Halves of particular blocks: of the scale, of the minimum. No block has two of them, and of the six blocks that a K
# matrix consists of, two have none.
SPECIAL = [
    {1: 0x0000, 3: 0x82AA},  # zero, a negative subnormal
    {0: 0x0000, 5: 0x03FF},  # zero, the largest subnormal
]


def random_halves(rng: np.random.Generator, negative: np.ndarray) -> np.ndarray:
    """Bit patterns of normal halves: any mantissa, exponents -10...-1, and the given signs."""
    exponent = rng.integers(5, 15, len(negative))
    mantissa = rng.integers(0, 1024, len(negative))
    return (negative << 15 | exponent << 10 | mantissa).astype("<u2")


def random_rows(kind: Q) -> np.ndarray:
    """uint8 [rows, bytes of a row]."""
    rng = np.random.default_rng([SEED, kind.value])
    columns, size = GGML_QUANT_SIZES[kind]
    blocks = rng.integers(0, 256, (ROWS * COLUMNS // columns, size), dtype=np.uint8)
    numbers = np.arange(len(blocks))
    negatives = [numbers // 2 % 2, numbers % 2]  # so that scale and minimum meet with every pair of signs
    for offset, negative, special in zip(HALVES[kind], negatives, SPECIAL):
        halves = random_halves(rng, negative)
        for block, pattern in special.items():
            halves[block] = pattern
        blocks[:, offset : offset + 2] = halves.view(np.uint8).reshape(-1, 2)
    if kind == Q.IQ1_M:
        # The half lies in the upper nibbles of the last four words, its lowest bits first.
        words = blocks[:, 48:].copy().view("<u2")
        halves = random_halves(rng, negatives[0])
        words = words & 0x0FFF | (halves[:, None] >> np.array([0, 4, 8, 12], dtype="<u2") & 0xF) << 12
        blocks[:, 48:] = words.astype("<u2").view(np.uint8)
    if kind in EXPONENTS:
        offset, largest = EXPONENTS[kind]
        blocks[:, offset] = rng.integers(0, largest + 1, len(blocks))
        blocks[:4, offset] = [0, 1, 2, largest]
    return blocks.reshape(ROWS, -1)


def main() -> None:
    fixtures = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    folder = fixtures / "quants"
    folder.mkdir(parents=True, exist_ok=True)
    for kind in HALVES:
        rows = random_rows(kind)
        values = quants.dequantize(rows, kind)
        assert values.shape == (ROWS, COLUMNS) and values.dtype == np.float32 and np.isfinite(values).all()
        record = {
            "type": kind.name,
            "rows": ROWS,
            "columns": COLUMNS,
            "bytes": b64encode(rows.tobytes()).decode(),
            "values": b64encode(values.astype("<f4").tobytes()).decode(),
        }
        lines = ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in record.items())
        (folder / f"{kind.name.lower()}.json").write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        print(f"{kind.name}: {rows.nbytes} bytes, largest value {np.abs(values).max():.4g}")


if __name__ == "__main__":
    main()
