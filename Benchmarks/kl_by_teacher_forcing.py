#!/usr/bin/env python3
"""Tells how far llama.cpp's logits are from transformers', on the same weights and by teacher forcing.

    python kl_by_teacher_forcing.py WORK LLAMA_CPP LLAMA_CPP_BUILD [NAME ...]

WORK is the folder that Tests/Fixtures/models/make_models.py has filled, LLAMA_CPP the sources of llama.cpp and
LLAMA_CPP_BUILD their build (llama-quantize and the shared libraries). Needs what make_models.py
needs, and a C compiler.

For each model it quantises model-f32.gguf to Q8_0 and Q4_K_M where the columns allow it, dequantises that file, lets
transformers compute with the dequantised weights (the oracle of this file: WORK/NAME/oracle-TYPE.f32, float32
[3 + 17 + 600, 320]) and compares llama.cpp's logits for the same file. A quantised weight's own error is so in neither
number: what remains is the arithmetic, rounded activations above all. kl.json in WORK/NAME has, for each type,

    rms, largest        error of the logits over their standard deviation, over all positions of the three texts
    kl, kl_exact        mean KL divergence in nats of the 600 tokens, from the oracle to llama.cpp: as it starts
                        (attention and KV cache in F16), and with both in F32

rms and largest are those of the second.

F32 and F16 files are compared with the logits of the unquantised model: that shows that a GGUF file says what its
folder says.

PINION_TEST_ORACLE=WORK lets Tests/PinionModelsTests/DivergenceTests.swift hold our engine against the same files.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS.parent / "Tests" / "Fixtures" / "models"))

FLOATS = ("f32", "f16")
QUANTS = ("Q8_0", "Q4_K_M")
# The first row or column, of every second one, that a change takes of the folder's tensor.
TURNS = {"even rows": 0, "odd rows": 1, "even columns": 0, "odd columns": 1}


def log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def divergence(reference: np.ndarray, other: np.ndarray) -> float:
    """Mean KL(reference || other) over the rows."""
    p, q = log_softmax(reference), log_softmax(other)
    return float((np.exp(p) * (p - q)).sum(-1).mean())


def built(build: Path, sources: Path, work: Path) -> Path:
    program = work / "llama_logits"
    libraries = build / "bin"
    command = [
        "cc",
        "-O2",
        "-o",
        program,
        TOOLS / "llama_logits.c",
        f"-I{sources}/include",
        f"-I{sources}/ggml/include",
    ]
    command += [f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-lllama", "-lggml", "-lggml-base"]
    subprocess.run(command, check=True)
    return program


def computed(program: Path, model: Path, sequences: list[list[int]], attention: str) -> np.ndarray:
    rows = []
    for ids in sequences:
        given = np.asarray(ids, np.int32).tobytes()
        output = subprocess.run([program, model, attention], input=given, stdout=subprocess.PIPE, check=True).stdout
        rows.append(np.frombuffer(output, np.float32).reshape(len(ids), -1))
    return np.concatenate(rows)


def dequantised(path: Path, entries: list[dict]) -> dict:
    """The file's tensors as the text model stores them."""
    import torch
    from gguf import GGUFReader, quants
    from tiny_gguf import restored

    stored = {tensor.name: tensor for tensor in GGUFReader(path).tensors}
    weights = {}
    for entry in entries:
        if "values" in entry:
            continue
        tensor = stored[entry["name"]]
        value = quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32).reshape(entry["shape"])
        if entry["change"] in TURNS:
            # gpt-oss's folders have the columns of gate and up in turn, and matrices on their side.
            half = value.swapaxes(-1, -2) if entry["change"].endswith("rows") else value
            whole = weights.setdefault(entry["from"], torch.empty(*half.shape[:-1], 2 * half.shape[-1]))
            whole[..., TURNS[entry["change"]] :: 2] = torch.from_numpy(half)
        elif entry["change"] == "matrices transposed":
            weights[entry["from"]] = torch.from_numpy(np.ascontiguousarray(value.swapaxes(-1, -2)))
        elif "parts" in entry:
            weights |= {name: torch.from_numpy(part.copy()) for name, part in zip(entry["parts"], value)}
        else:
            weights[entry["from"]] = torch.from_numpy(np.ascontiguousarray(restored(value, entry)))
    return weights


def compared(tiny, work: Path, program: Path, build: Path, sequences: list[list[int]]) -> dict:
    import make_models

    entries = json.loads((work / "fixture.json").read_text())["gguf"]["tensors"]
    changes = (tiny.gguf_config or {}) | (tiny.llama_cpp_config or {})
    if "longrope" in str(tiny.config.get("rope_parameters")):
        # The context of llama_logits.c is longer than the original one.
        changes |= make_models.long_rope(tiny, "long_factor")
    report = {}
    for kind in FLOATS + (QUANTS if tiny.is_wide else ()):
        path = work / f"model-{kind.lower()}.gguf"
        if kind in QUANTS:
            command = [build / "bin" / "llama-quantize", work / "model-f32.gguf", path, kind, "2"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        weights = dequantised(path, entries)
        reference = make_models.logits(make_models.oracle(tiny, weights, **changes), sequences)
        if kind in QUANTS:
            own = {key: value for key, value in changes.items() if key not in (tiny.llama_cpp_config or {})}
            saved = (
                reference if own == changes else make_models.logits(make_models.oracle(tiny, weights, **own), sequences)
            )
            saved.astype("<f4").tofile(work / f"oracle-{kind.lower()}.f32")
        usual, exact = (computed(program, path, sequences, attention) for attention in ("default", "exact"))
        error = (exact - reference) / reference.std()
        long = slice(-len(sequences[-1]), None)
        report[kind] = {
            "rms": float(np.sqrt((error**2).mean())),
            "largest": float(np.abs(error).max()),
            "kl": divergence(reference[long], usual[long]),
            "kl_exact": divergence(reference[long], exact[long]),
        }
        line = "  ".join(f"{key} {value:.3e}" for key, value in report[kind].items())
        print(f"{tiny.name:14} {kind:7} {line}", flush=True)
    return report


def main() -> None:
    work, sources, build = (Path(argument).resolve() for argument in sys.argv[1:4])
    # The gguf package of the same release knows every type that llama-quantize writes.
    sys.path.insert(0, str(sources / "gguf-py"))
    import make_models
    import torch
    from tiny_families import TINY

    torch.set_num_threads(1)
    program = built(build, sources, work)
    sequences = make_models.inputs()["sequences"]
    for tiny in TINY:
        if tiny.gguf and tiny.llama_cpp_loads and (not sys.argv[4:] or tiny.name in sys.argv[4:]):
            report = compared(tiny, work / tiny.name, program, build, sequences)
            (work / tiny.name / "kl.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
