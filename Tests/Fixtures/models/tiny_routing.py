"""What a tiny mixture's routers choose, and that the choice is a fair and a firm one.

Fair: every expert of every layer is chosen by some token. Firm: a reader that computes in another order, or that keeps
keys and values as halves, must choose the same experts, or its logits are off by far more than its rounding. A model
that fails takes another `seed` in tiny_families.py.
"""

import sys
from dataclasses import dataclass

import torch
import transformers
from transformers.masking_utils import eager_mask

# The least difference between the score of the last chosen expert and of the first that is not, at any position.
CLOSEST_CHOICE = 1e-5
# Keys and values as halves change no choice at any position: one that many later positions attend to would change
# their logits, too.
HALF_BITS = 11
# Keys and values of so many significant bits, four times as coarse, change none at a position whose logits are stored.
COARSE_BITS = 9


@dataclass
class Choices:
    """Of one router: for each token which experts it chose, and by how much."""

    chosen: torch.Tensor
    margins: torch.Tensor


def rounding(bits: int) -> str:
    """The attention that rounds keys and values to so many significant bits."""

    def attention(module: torch.nn.Module, query, key, value, *arguments, **settings):
        eager = sys.modules[type(module).__module__].eager_attention_forward
        return eager(module, query, rounded(key, bits), rounded(value, bits), *arguments, **settings)

    name = f"eager_{bits}_bits"
    transformers.AttentionInterface.register(name, attention)
    transformers.AttentionMaskInterface.register(name, eager_mask)
    return name


def rounded(values: torch.Tensor, bits: int) -> torch.Tensor:
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2**bits) / 2**bits, exponent)


def margins(router: torch.nn.Module, logits: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """The last chosen expert's score less the best one's that could have been chosen and was not."""
    if not hasattr(router, "e_score_correction_bias"):
        return least(logits.float().softmax(-1), chosen)
    scores = logits.float().sigmoid() + router.e_score_correction_bias
    if router.num_group == 1:
        return least(scores, chosen)
    grouped = scores.view(len(scores), router.num_group, -1)
    totals = grouped.topk(2, dim=-1).values.sum(-1)
    kept = torch.zeros_like(totals, dtype=torch.bool).scatter(1, totals.topk(router.topk_group).indices, True)
    within = grouped.masked_fill(~kept[..., None], -torch.inf).reshape(scores.shape)
    return torch.minimum(least(totals, kept), least(within, chosen))


def least(scores: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    last = scores.masked_fill(~chosen, torch.inf).min(-1).values
    return last - scores.masked_fill(chosen, -torch.inf).max(-1).values


def choices(model: torch.nn.Module, sequences: list[list[int]]) -> dict[str, Choices]:
    """What every router of the model chooses for the sequences, each of which is run alone."""
    found: dict[str, list] = {}

    def listen(name: str):
        def hook(router, _, outputs):
            logits, _, indices = outputs
            chosen = torch.zeros_like(logits, dtype=torch.bool).scatter(1, indices, True)
            found.setdefault(name, []).append((chosen, margins(router, logits, chosen)))

        return hook

    routers = [(name, module) for name, module in model.named_modules() if is_router(module)]
    hooks = [router.register_forward_hook(listen(name)) for name, router in routers]
    with torch.inference_mode():
        for ids in sequences:
            model(input_ids=torch.tensor([ids]), use_cache=False)
    for hook in hooks:
        hook.remove()
    return {name: Choices(*(torch.cat(parts) for parts in zip(*runs))) for name, runs in found.items()}


def is_router(module: torch.nn.Module) -> bool:
    return type(module).__name__.lower().endswith("topkrouter")


def assert_routed(exact: dict[str, Choices], halves: dict, coarse: dict, stored: list[int]) -> None:
    """`halves` and `coarse` are the choices with rounded keys and values, `stored` the tokens with stored logits."""
    for name, choice in exact.items():
        idle = (~choice.chosen.any(0)).nonzero().flatten().tolist()
        assert not idle, f"{name}: no token chooses experts {idle}"
        closest = choice.margins.min().item()
        assert closest >= CLOSEST_CHOICE, f"{name}: two scores are {closest} apart"
        changed = (choice.chosen != halves[name].chosen).any(-1).sum().item()
        assert not changed, f"{name}: halves change {changed} choices"
        changed = (choice.chosen != coarse[name].chosen).any(-1)[stored].sum().item()
        assert not changed, f"{name}: coarse keys and values change {changed} of {len(stored)} stored choices"
