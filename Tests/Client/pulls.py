"""What the tests of hubs share: files to offer, pulls, and what they print."""

import pathlib
import random

import tiny_folder
from conftest import run

MEBIBYTE = 1 << 20


def noise(size, seed=1):
    return random.Random(seed).randbytes(size)


def gguf_files(*labels, size=50_000):
    return {f"Tiny-{label}.gguf": noise(size, seed) for seed, label in enumerate(labels)}


def pull(hub, data, source, *arguments, **extra):
    return run("models", "pull", source, "--data-dir", data, *arguments, **hub.environment(**extra))


def fetched(done):
    """The path that a successful pull printed."""
    assert done.returncode == 0, done.stderr
    return pathlib.Path(done.stdout.strip())


def refusal(done):
    """The one line that a failed pull ends with."""
    assert done.returncode == 1 and done.stdout == "", (done.stdout, done.stderr)
    return done.stderr.splitlines()[-1].removeprefix("pinion: ")


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def folder_files(tmp_path, **options):
    folder = tiny_folder.write(tmp_path / "tiny", **options)
    return {path.name: path.read_bytes() for path in folder.iterdir()}
