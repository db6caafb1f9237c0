"""`pinion models tokenize`, `render` and `inspect`: what a model's files make of texts."""

import json
import subprocess

import pytest
import tiny_folder
from conftest import BINARY, environment, run

REQUEST = {"messages": [{"role": "developer", "content": "Be kind."}, {"role": "user", "content": "Bär"}]}
PROMPT = "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nBär<|im_end|>\n<|im_start|>assistant"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_folder.write(tmp_path_factory.mktemp("models") / "tiny")


def piped(text, *arguments):
    command = [BINARY, "models", *map(str, arguments)]
    return subprocess.run(command, env=environment(), input=text, capture_output=True, text=True, timeout=60)


def test_tokenize_prints_ids_and_texts(folder):
    rows = run("models", "tokenize", folder, "a <|im_end|>").stdout.splitlines()
    assert rows[0].split() == ["ID", "TEXT"]
    # A control token's name is ordinary text, of which this vocabulary knows single bytes.
    assert [json.loads(row.split(maxsplit=1)[1]) for row in rows[1:]] == list("a <|im_end|>")
    parsed = run("models", "tokenize", folder, "--parse-special", "ä<|im_end|>").stdout.splitlines()
    assert [row.split(maxsplit=1)[1] for row in parsed[1:]] == ["<0xC3>", "<0xA4>", '"<|im_end|>"']
    assert parsed[-1].split()[0] == "258"


def test_tokenize_reads_standard_input(folder):
    assert piped("a\n", "tokenize", folder).stdout.splitlines()[1:] == ['97  "a"', '10  "\\n"']
    lines = ["", "a", 'say "ä"\n', "\N{GRINNING FACE}"]
    done = piped("".join(json.dumps(line) + "\n" for line in lines), "tokenize", folder, "--jsonl")
    ids = [json.loads(line) for line in done.stdout.splitlines()]
    assert [len(line) for line in ids] == [len(line.encode()) for line in lines]


def test_a_line_that_is_no_string_ends_with_its_number(folder):
    done = piped('"a"\n[1]\n"b"\n', "tokenize", folder, "--jsonl")
    assert done.returncode != 0 and done.stdout == "[97]\n"
    assert done.stderr.splitlines() == ["pinion: line 2 of standard input: a line is not a JSON string"]


def test_render_prints_the_prompt_of_a_request(folder, tmp_path):
    (tmp_path / "request.json").write_text(json.dumps(REQUEST))
    assert run("models", "render", folder, tmp_path / "request.json").stdout == PROMPT
    assert piped(json.dumps(REQUEST | {"model": "x"}), "render", folder).stdout == PROMPT
    (tmp_path / "t.jinja").write_text("{{ bos_token is defined }} {{ mode }} {{ messages[1].content }}")
    given = REQUEST | {"chat_template_kwargs": {"mode": "calm"}}
    assert piped(json.dumps(given), "render", tmp_path / "t.jinja").stdout == "False calm Bär"
    assert piped(json.dumps(given), "render", folder, "--chat-template", tmp_path / "t.jinja").stdout == (
        "False calm Bär"
    )


def test_render_answers_each_line_with_a_prompt_or_an_error(folder):
    requests = [json.dumps(REQUEST), '{"messages": []}', "nonsense", json.dumps(REQUEST)]
    done = piped("\n".join(requests), "render", folder, "--jsonl")
    assert done.returncode == 0, done.stderr
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(reply) for reply in replies] == [["prompt"], ["error"], ["error"], ["prompt"]]
    assert replies[0]["prompt"] == replies[3]["prompt"] == PROMPT
    assert "messages" in replies[1]["error"]


def test_a_model_without_a_template_is_told_what_to_do(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny", template=None, controls=["<|endoftext|>", "<a>", "<b>"])
    done = piped(json.dumps(REQUEST), "render", folder)
    assert done.returncode != 0 and "--chat-template FILE" in done.stderr
    assert run("models", "render", tmp_path / "no.jinja").returncode != 0


def test_inspect_says_what_a_folder_is(folder):
    lines = run("models", "inspect", folder).stdout.splitlines()
    assert {"family: llama", "context: 512 tokens", "vocabulary: 259 tokens", "chat templates: default"} <= set(lines)


def test_inspect_shows_a_model_that_cannot_be_run_with_the_reason(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny", model_type="mamba9")
    done = run("models", "inspect", folder)
    assert done.returncode == 0
    assert any(line.startswith("family: ") and "mamba9" in line for line in done.stdout.splitlines())


def rendered(folder, template, **fields):
    (folder / "chat_template.jinja").write_text(template)
    done = piped(json.dumps(REQUEST | fields), "render", folder)
    return done.stdout or done.stderr


def test_templates_are_told_of_special_tokens_and_of_what_a_request_lacks(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny")
    configuration = {
        "bos_token": None, "eos_token": {"content": "<|im_end|>"}, "add_bos_token": False, "image_token": "<image>",
        "extra_special_tokens": {"audio_token": "<audio>", "messages": "x", "add_generation_prompt": "", "tools": "T"},
        "additional_special_tokens": ["<a>", {"content": "<b>"}, "<a>"],
    }  # fmt: skip
    (folder / "tokenizer_config.json").write_text(json.dumps(configuration))
    (folder / "special_tokens_map.json").write_text(json.dumps({"eos_token": "<|endoftext|>"}))
    told = "{{ bos_token is defined }} {{ eos_token }} {{ image_token }} {{ audio_token }} {{ additional_special_tokens }}"
    # The map counts before the configuration, unless that lists the added tokens.
    assert rendered(folder, told) == "False <|endoftext|> <image> <audio> ['<a>', '<b>']"
    listed = configuration | {"added_tokens_decoder": {}}
    (folder / "tokenizer_config.json").write_text(json.dumps(listed))
    assert rendered(folder, told).startswith("False <|im_end|> <image>")
    # What a model's files name cannot hide what every template finds.
    own = "{{ messages | length }} {{ add_generation_prompt }} {{ tools is none }} {{ documents is none }}"
    assert rendered(folder, own) == "2 True True True"
    given = {"chat_template_kwargs": {"documents": ["d"], "add_generation_prompt": False}}
    assert rendered(folder, own, **given) == "2 False True False"
    refused = rendered(folder, own, chat_template_kwargs={"image_token": "mine"})
    assert refused.startswith("pinion: ") and "chat_template_kwargs.image_token" in refused


def test_a_model_with_named_templates_only_has_no_default_one(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny", template=None)
    named = folder / "additional_chat_templates"
    named.mkdir()
    (named / "rag.jinja").write_text("rag")
    refused = piped(json.dumps(REQUEST), "render", folder)
    assert refused.returncode != 0 and "--chat-template takes one of rag" in refused.stderr
    assert piped(json.dumps(REQUEST), "render", folder, "--chat-template", "rag").stdout == "rag"
    # The file of that name is the default one, before any other.
    (named / "default.jinja").write_text("first")
    (folder / "chat_template.jinja").write_text("second")
    assert piped(json.dumps(REQUEST), "render", folder).stdout == "first"
    assert piped(json.dumps(REQUEST), "render", folder, "--chat-template", "default").stdout == "first"


def test_a_template_that_cannot_be_read_is_named(tmp_path, folder):
    bad = tmp_path / "bad.jinja"
    bad.write_text("{% bad %}")
    for arguments in [(bad,), (folder, "--chat-template", bad)]:
        done = piped(json.dumps(REQUEST), "render", *arguments)
        assert done.returncode != 0 and done.stderr.startswith(f"pinion: {bad}: "), done.stderr
    assert run("models", "render", bad, "--chat-template", bad).returncode != 0


def test_names_of_a_models_files_do_not_drive_the_terminal(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny", template=None)
    entry = {"name": "a\x1b[31mred\nline", "template": "x"}
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": "<|im_end|>", "chat_template": [entry]}))
    shown = run("models", "inspect", folder).stdout + run("models", "render", folder, "--chat-template", "b").stderr
    assert "red" in shown and "\x1b" not in shown and "\nline" not in shown


@pytest.mark.parametrize(
    "advice", [{"temperature": "hot"}, {"top_k": 1.5}, {"min_p": [1]}, {"repetition_penalty": True}, {"top_p": 2}]
)
def test_advice_that_cannot_be_followed_is_refused_by_name(tmp_path, advice):
    folder = tiny_folder.write(tmp_path / "tiny")
    (folder / "generation_config.json").write_text(json.dumps(advice))
    arguments = ["--model", folder, "--generation-config", "model", "--data-dir", tmp_path / "data", "--port", "0"]
    done = run("serve", *arguments)
    assert done.returncode != 0 and next(iter(advice)) in done.stderr and len(done.stderr.splitlines()) == 1


def test_end_tokens_of_another_type_are_refused_by_name(tmp_path):
    folder = tiny_folder.write(tmp_path / "tiny")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": "257"}))
    done = run("models", "tokenize", folder, "x")
    assert done.returncode != 0 and "eos_token_id" in done.stderr
