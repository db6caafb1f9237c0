"""Which chat template a model is served with, and how its tokens are chosen by default."""

import contextlib
import json

import openai
import pytest
import tiny_folder
from conftest import Server, run
from vitals import eventually

PLAIN = "{% for m in messages %}{{ bos_token }}{{ m.role }}: {{ m.content }}{% endfor %}"
ASK = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 8, "seed": 3, "extra_body": {"ignore_eos": True}}


@contextlib.contextmanager
def served(data, folder, *arguments):
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, "--model", f"tiny={folder}", *arguments)
    try:
        yield server, server.client(key)
    finally:
        assert server.stop() == 0, server.errors


def prompt_tokens(client):
    return client.chat.completions.create(model="tiny", **ASK).usage.prompt_tokens


def test_a_model_whose_format_is_known_by_its_tokens_gets_that_format(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny", template=None)
    with served(new_data(), folder) as (server, client):
        # Of <|im_start|>user, a line end, Hi, <|im_end|>, a line end, <|im_start|>assistant, a line end.
        assert prompt_tokens(client) == 1 + 4 + 1 + 2 + 1 + 1 + 1 + 9 + 1
        assert eventually(lambda: any("ChatML" in line for line in server.errors), 20)


def test_a_model_without_any_format_is_served_and_refuses_messages_with_a_way_out(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny", template=None, controls=["<|endoftext|>", "<a>", "<b>"])
    with served(new_data(), folder) as (server, client):
        with pytest.raises(openai.BadRequestError, match="--chat-template FILE") as refusal:
            client.chat.completions.create(model="tiny", **ASK)
        assert (refusal.value.param, refusal.value.code) == ("messages", "no_chat_template")
        assert eventually(lambda: any("--chat-template FILE" in line for line in server.errors), 20)
        assert [model.id for model in client.models.list()] == ["tiny"]


def test_a_template_file_counts_before_the_models_own(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny")
    template = tmp_path / "plain.jinja"
    template.write_text(PLAIN)
    with served(new_data(), folder) as (_, client):
        own = client.chat.completions.create(model="tiny", **ASK)
    with served(new_data(), folder, "--chat-template", template) as (_, client):
        # This tokenizer has no bos_token, which the template finds undefined.
        given = client.chat.completions.create(model="tiny", **ASK)
        assert given.usage.prompt_tokens == len("user: Hi")
        assert given.system_fingerprint != own.system_fingerprint


def test_a_named_template_is_chosen_by_its_name(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny")
    (folder / "additional_chat_templates").mkdir()
    (folder / "additional_chat_templates/plain.jinja").write_text(PLAIN)
    with served(new_data(), folder, "--chat-template", "plain") as (_, client):
        assert prompt_tokens(client) == len("user: Hi")
    unknown = run("serve", "--model", folder, "--chat-template", "plaim", "--data-dir", new_data(), "--port", "0")
    assert unknown.returncode != 0 and "plain" in unknown.stderr and len(unknown.stderr.splitlines()) == 1


def test_with_several_models_a_template_says_for_which_it_is(tmp_path, new_data):
    first, second = tiny_folder.write(tmp_path / "one"), tiny_folder.write(tmp_path / "two")
    template = tmp_path / "plain.jinja"
    template.write_text(PLAIN)
    models = ["--model", f"tiny={first}", "--model", f"other={second}"]
    data = new_data()
    refused = run("serve", *models, "--chat-template", template, "--data-dir", data, "--port", "0")
    assert refused.returncode != 0 and "ID=FILE" in refused.stderr
    key = run("keys", "create", "--data-dir", data).stdout.strip()
    server = Server("--data-dir", data, *models, "--chat-template", f"other={template}")
    try:
        client = server.client(key)
        assert client.chat.completions.create(model="other", **ASK).usage.prompt_tokens == len("user: Hi")
        assert prompt_tokens(client) > len("user: Hi")
    finally:
        assert server.stop() == 0


def test_the_advice_of_a_models_files_counts_only_where_the_operator_said_so(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny")
    (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.7, "top_k": 1}))

    def texts(client, **fields):
        body = ASK | {"seed": None, "n": 4} | fields
        return {choice.message.content for choice in client.chat.completions.create(model="tiny", **body).choices}

    with served(new_data(), folder) as (_, client):
        assert len(texts(client)) > 1
    with served(new_data(), folder, "--generation-config", "model") as (_, client):
        # The likeliest token is the only one left, until the request asks for more.
        assert len(texts(client)) == 1
        assert len(texts(client, extra_body={"ignore_eos": True, "top_k": 0})) > 1


def test_weights_are_packed_as_they_are_asked_for(tmp_path, new_data):
    folder = tiny_folder.write(tmp_path / "tiny")

    def reply(*arguments):
        with served(new_data(), folder, *arguments) as (_, client):
            reply = client.chat.completions.create(model="tiny", logprobs=True, **ASK)
            return reply.system_fingerprint, [token.logprob for token in reply.choices[0].logprobs.content]

    whole, eight, four = reply(), reply("--quantize", "q8_0"), reply("--quantize", "Q4_0")
    assert len({whole[0], eight[0], four[0]}) == 3
    # Eight bits are nearer to the whole weights than four; the first token's number depends on nothing chosen before.
    assert 0 < abs(eight[1][0] - whole[1][0]) < abs(four[1][0] - whole[1][0])
    refused = run("serve", "--model", folder, "--quantize", "q9", "--data-dir", new_data(), "--port", "0")
    assert refused.returncode != 0 and "q8_0" in refused.stderr
