"""The weights of a mixture of experts, one recipe for each matrix, and the tensors that hold several of them.

transformers 5 computes with two tensors a layer, `gate_up_proj` [experts, 2 * inner, width] and `down_proj` [experts,
width, inner]; most folders have three matrices an expert, Granite's have tensors of all experts, and llama.cpp's files
have one tensor for each of gate, up and down. All of them are the same matrices, one behind the other: a stack is its
name, its shape and the list of its parts, and no other change is needed.

gpt-oss is another matter: its folders have the tensors that transformers computes with, [experts, width, 2 * inner] with
the columns of gate and up in turn, and [experts, inner, width]. llama.cpp's converter takes them apart (tiny_gguf.py).
"""

import re
from dataclasses import dataclass

import numpy as np

# The names of an expert's gate, up and down matrix, behind "experts.INDEX.".
MATRICES = ("gate_proj", "up_proj", "down_proj")
MIXTRAL_MATRICES = ("w1", "w3", "w2")


@dataclass(frozen=True)
class Stack:
    """A tensor that consists of others, in row-major order one behind the other."""

    name: str
    shape: tuple[int, ...]
    parts: tuple[str, ...]
    part_shape: tuple[int, ...]

    def described(self) -> dict:
        return {"name": self.name, "shape": list(self.shape), "parts": list(self.parts)}

    def filled(self, weights: dict[str, np.ndarray]) -> np.ndarray:
        return np.concatenate([weights[part].reshape(-1) for part in self.parts]).reshape(self.shape)


def computed(model_class: str, name: str, shape: tuple[int, ...]) -> Stack:
    """How a tensor that transformers computes with is made of the model's matrices; mostly it is one of them."""
    if model_class.startswith("GptOss"):
        # Its folders have the very tensors that transformers computes with.
        return Stack(name, shape, (name,), shape)
    if model_class.startswith("Mixtral"):
        name_in_folder, matrices = name.replace(".mlp.", ".block_sparse_moe."), MIXTRAL_MATRICES
    else:
        name_in_folder, matrices = name.replace(".router.weight", ".router.layer.weight"), MATRICES
    if name.endswith(".experts.gate_up_proj"):
        experts, rows, columns = shape
        kinds, part_shape = matrices[:2], (rows // 2, columns)
    elif name.endswith(".experts.down_proj"):
        experts, *part_shape = shape
        kinds = matrices[2:]
    elif name.endswith(".shared_mlp.input_linear.weight"):
        parts = (name.replace("input_linear", "gate_proj"), name.replace("input_linear", "up_proj"))
        return Stack(name, shape, parts, (shape[0] // 2, shape[1]))
    else:
        return Stack(name, shape, (name_in_folder,), shape)
    before = name_in_folder.rpartition(".")[0]
    parts = tuple(f"{before}.{expert}.{kind}.weight" for expert in range(experts) for kind in kinds)
    return Stack(name, shape, parts, tuple(part_shape))


def stored(model_class: str, stacks: list[Stack], fused: bool) -> list[Stack]:
    """The tensors of a folder that are stacks: Granite's always, the others' if the folder is `fused`."""
    several = [stack for stack in stacks if len(stack.parts) > 1]
    if model_class.startswith("GraniteMoe"):
        return [Stack(granite_name(stack.name), stack.shape, stack.parts, stack.part_shape) for stack in several]
    return several if fused else []


def granite_name(name: str) -> str:
    name = re.sub(r"\.experts\.gate_up_proj$", ".input_linear.weight", name)
    return re.sub(r"\.experts\.down_proj$", ".output_linear.weight", name)
