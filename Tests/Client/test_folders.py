"""A model in the layout of the Hugging Face hub: named by its folder, served as any other, or refused in one line."""

import pytest
import tiny_folder
from conftest import Server, run


@pytest.mark.parametrize("family", ["llama", "qwen3"])
def test_a_folder_is_served_with_its_own_tokenizer_and_template(tmp_path, new_data, family):
    folder = tiny_folder.write(tmp_path / "tiny", family)
    data = new_data()
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, "--model", f"tiny/{family}={folder}")
    try:
        client = server.client(key)
        question = {"role": "user", "content": "Bär <|im_end|>"}
        reply = client.chat.completions.create(
            model=f"tiny/{family}", messages=[question], seed=1, max_tokens=9, extra_body={"ignore_eos": True}
        )
        written = "<|im_start|>user\nBär <|im_end|><|im_end|>\n<|im_start|>assistant"
        # The template's three control tokens are one token each, the request's own text is bytes throughout; Jinja drops
        # the template's last newline.
        controls = written.count("<|im_start|>") * (len("<|im_start|>") - 1) + len("<|im_end|>") - 1
        assert reply.usage.prompt_tokens == len(written.encode()) - controls
        assert reply.usage.completion_tokens == 9
        stream = client.chat.completions.create(
            model=f"tiny/{family}", messages=[question], seed=1, max_tokens=9, stream=True,
            extra_body={"ignore_eos": True},
        )  # fmt: skip
        text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        assert text == reply.choices[0].message.content
    finally:
        assert server.stop() == 0, server.errors


def refusal(folder, tmp_path):
    done = run("serve", "--model", folder, "--data-dir", tmp_path / "data", "--port", "0")
    assert done.returncode != 0 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model_type": "mamba9"}, "mamba9"),
        ({"hidden_act": "swish9"}, "swish9"),
        ({"quantization_config": {"quant_method": "gptq"}}, "gptq"),
        # The family's default counts for a missing key, and the tensors tell that it is not theirs.
        ({"hidden_size": None}, "model.embed_tokens.weight"),
        ({"num_hidden_layers": 2}, "model.layers.1."),
        ({"intermediate_size": 80}, "mlp."),
    ],
)
def test_a_configuration_that_cannot_be_run_is_refused_by_name(tmp_path, changes, word):
    assert word in refusal(tiny_folder.write(tmp_path / "tiny", **changes), tmp_path)


@pytest.mark.parametrize(
    ("missing", "word"),
    [
        ("tokenizer.json", "tokenizer.json"),
        ("config.json", "config.json"),
        ("model.safetensors", "safetensors"),
    ],
)
def test_a_folder_without_one_of_its_files_is_refused_by_its_name(tmp_path, missing, word):
    folder = tiny_folder.write(tmp_path / "tiny")
    (folder / missing).unlink()
    assert word in refusal(folder, tmp_path)
