"""Rates of one model file by pinion and by llama-bench, and the machine's limits that they are held against."""

import json
import pathlib
import statistics
import subprocess
from dataclasses import dataclass

PINION = pathlib.Path(__file__).resolve().parents[1] / ".build/release/pinion"
GIGA = 1e9


@dataclass(frozen=True)
class Load:
    """What both programs are asked to do: tokens of a prompt, and tokens generated in each stream."""

    model: str
    threads: int
    prompt: int
    generate: int
    repetitions: int
    streams: int = 16


def output(command):
    """What a program prints as JSON."""
    command = [str(word) for word in command]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peer_rates(peer, load):
    """Prompt and one-stream tokens per second by llama-bench."""
    command = [peer, "-m", load.model, "-t", load.threads, "-p", load.prompt]
    command += ["-n", load.generate, "-r", load.repetitions, "-o", "json"]
    return {"prompt" if row["n_prompt"] else "1 stream": row["avg_ts"] for row in output(command)}


def pinion_rates(pinion, load):
    """The same and that of the streams by `pinion bench`, medians; and its whole report."""
    command = [pinion, "bench", "--json", "--model", load.model, "--threads", load.threads]
    command += ["--prompt", load.prompt, "--generate", load.generate, "--streams", load.streams]
    command += ["--repetitions", load.repetitions]
    report = output(command)
    figures = {figure["name"]: statistics.median(figure["rates"]) for figure in report["tokensPerSecond"]}
    rates = {"prompt" if name.startswith("prompt") else name: rate for name, rate in figures.items()}
    return rates, report


def shares(limits, load, rates, report):
    """Our rates as shares of what the machine can do now, by name.

    `limits` is the compiled limits.c. A prompt's share is given with attention counted, too.
    """
    most = output([limits, load.threads])
    work = report["perToken"]
    products = work["promptMultiplyAdds"] / most["byteDots"]
    attention = work["promptAttentionMultiplyAdds"] / most["floatFMAs"]
    found = {
        "prompt": rates["prompt"] * products / GIGA,
        "with attention": rates["prompt"] * (products + attention) / GIGA,
        "1 stream": rates["1 stream"] * work["weightBytes"] / max(most["readSmall"], most["readLarge"]) / GIGA,
    }
    # Many streams read weights once for all, so that their limit is that of the products.
    products = work["multiplyAdds"] / most["byteDots"]
    return found | {name: rate * products / GIGA for name, rate in rates.items() if name not in found}
