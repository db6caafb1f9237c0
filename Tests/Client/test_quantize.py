"""`pinion models quantize`: a file that serves, and nothing half made under its name."""

import os
import resource
import signal
import subprocess
import time

import pytest
import tiny_folder
from conftest import BINARY, Server, environment, run

# Weights of a folder that takes a second or two on one worker.
LARGE_INNER, LARGE_LAYERS = 16384, 12


def quantize(*arguments, **options):
    return run("models", "quantize", *arguments, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_folder.write(tmp_path_factory.mktemp("folder") / "tiny")


@pytest.mark.parametrize("kind", ["f32", "q8_0", "q4_k_m"])
def test_a_folder_becomes_a_file_that_is_served(folder, tmp_path, new_data, kind):
    output = tmp_path / f"tiny-{kind}.gguf"
    done = quantize(folder, output, "--type", kind)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1 and str(output) in done.stdout and "became" in done.stdout
    data = new_data()
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, "--model", f"tiny/folder={folder}", "--model", f"tiny/file={output}")
    try:
        client = server.client(key)
        question = {"role": "user", "content": "Bär <|im_end|>"}
        replies = [
            client.chat.completions.create(
                model=f"tiny/{name}", messages=[question], temperature=0, max_tokens=9, extra_body={"ignore_eos": True}
            )
            for name in ("folder", "file")
        ]
        assert replies[0].usage.prompt_tokens == replies[1].usage.prompt_tokens
        assert replies[1].usage.completion_tokens == 9
        if kind == "f32":
            assert replies[0].choices[0].message.content == replies[1].choices[0].message.content
    finally:
        assert server.stop() == 0, server.errors


def only_line(done, word):
    assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert word in done.stderr, done.stderr


def test_wrong_inputs_and_places_are_one_line(folder, model_path, tmp_path):
    output = tmp_path / "out.gguf"
    only_line(quantize(model_path, output, "--type", "q4_k_m"), "already")
    only_line(quantize(tmp_path / "none.gguf", output, "--type", "q8_0"), "none.gguf")
    only_line(quantize(folder, tmp_path / "no" / "out.gguf", "--type", "q8_0"), "cannot be created")
    assert quantize(folder, output, "--type", "q3_x").returncode == 64
    assert not output.exists()
    assert quantize(folder, output, "--type", "Q8_0").returncode == 0
    only_line(quantize(folder, output, "--type", "q8_0"), "--force")
    assert quantize(folder, output, "--type", "q4_0", "--force").returncode == 0
    only_line(quantize(output, output, "--type", "q4_0", "--force"), "is the model that is read")
    assert os.listdir(tmp_path) == ["out.gguf"]


def test_a_disk_that_is_full_leaves_nothing(folder, tmp_path):
    output = tmp_path / "out.gguf"
    done = subprocess.run(
        [BINARY, "models", "quantize", folder, output, "--type", "f32"],
        env=environment(), capture_output=True, text=True, timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)),
    )  # fmt: skip
    only_line(done, "cannot be written")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("number", "code", "left"), [(signal.SIGINT, 130, []), (signal.SIGKILL, -9, ["out.gguf.part"])])
def test_an_interruption_leaves_nothing_under_the_name(tmp_path, number, code, left):
    large = tiny_folder.write_large(tmp_path / "large", LARGE_INNER, LARGE_LAYERS)
    place = tmp_path / "place"
    place.mkdir()
    process = subprocess.Popen(
        [BINARY, "models", "quantize", large, place / "out.gguf", "--type", "q4_k_m", "--threads", "1"],
        env=environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    part = place / "out.gguf.part"
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline and not part.exists():
        time.sleep(0.005)
    time.sleep(0.1)
    assert process.poll() is None, process.communicate()
    process.send_signal(number)
    assert process.wait(30) == code
    assert os.listdir(place) == left
