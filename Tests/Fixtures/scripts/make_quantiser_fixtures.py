#!/usr/bin/env python3
"""Writes weights, and what others' quantisers make of them.

    python make_quantiser_fixtures.py LIBGGML_BASE [FIXTURES]    (FIXTURES: the Tests/Fixtures folder)

LIBGGML_BASE is llama.cpp's libggml-base.so, whose quantisers of K types the gguf package does not have. Needs: gguf,
numpy. Writes quantisers.json:

    columns   of each row
    values    base64 of float32, little-endian, [rows, columns]
    bytes     by type, base64 of the rows as the gguf package rounds them
    errors    by type, the root mean square of what llama.cpp's quantiser changes in each row, without importance matrix

The rows: normal weights of several sizes, weights with long tails, and blocks that a fit of scales may stumble over:
zeros, one number only, numbers of one sign, one large number among small ones, numbers too small for a half.
"""

import ctypes
import json
import sys
from base64 import b64encode
from pathlib import Path

import numpy as np
from gguf import GGML_QUANT_SIZES, quants
from gguf import GGMLQuantizationType as Q

COLUMNS = 512
SEED = 22


def rows() -> np.ndarray:
    rng = np.random.default_rng(SEED)
    normal = [rng.standard_normal(COLUMNS) * size for size in (1, 0.02, 0.001)]
    tails = [rng.standard_t(degrees, COLUMNS) * 0.02 for degrees in (3, 5)]
    outlier = rng.standard_normal(COLUMNS) * 0.02
    outlier[100] = 3
    special = [
        np.zeros(COLUMNS),
        np.full(COLUMNS, 0.37),
        np.full(COLUMNS, -0.37),
        np.abs(rng.standard_normal(COLUMNS)) + 0.5,
        -np.abs(rng.standard_normal(COLUMNS)) - 0.5,
        outlier,
        rng.standard_normal(COLUMNS) * 1e-9,
    ]
    return np.array(normal + tails + special, np.float32)


def error(library: ctypes.CDLL, values: np.ndarray, kind: Q) -> list[float]:
    elements, size = GGML_QUANT_SIZES[kind]
    out = np.zeros((len(values), COLUMNS // elements * size), np.uint8)
    library.ggml_quantize_chunk(
        ctypes.c_int(kind.value), ctypes.c_void_p(values.ctypes.data), ctypes.c_void_p(out.ctypes.data),
        ctypes.c_int64(0), ctypes.c_int64(len(values)), ctypes.c_int64(COLUMNS), None,
    )  # fmt: skip
    difference = quants.dequantize(out, kind).reshape(values.shape) - values
    return [float(number) for number in np.sqrt(np.mean(difference.astype(np.float64) ** 2, axis=1))]


def main() -> None:
    library = ctypes.CDLL(sys.argv[1])
    here = Path(__file__).resolve().parents[1]
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else here
    values = rows()
    document = {
        "columns": COLUMNS,
        "values": b64encode(values.tobytes()).decode(),
        "bytes": {kind.name: b64encode(quants.quantize(values, kind).tobytes()).decode() for kind in (Q.Q8_0, Q.Q4_0)},
        "errors": {kind.name: error(library, values, kind) for kind in (Q.Q4_K, Q.Q5_K, Q.Q6_K, Q.Q5_0, Q.Q5_1)},
    }
    (folder / "quantisers.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
