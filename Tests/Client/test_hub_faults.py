"""`pinion models pull` from a hub that is busy, breaks off, lies or is hostile."""

import time

import pytest
from conftest import run
from pulls import MEBIBYTE, fetched, files_below, folder_files, gguf_files, noise, pull, refusal


def test_a_busy_hub_is_asked_again_when_it_says(hub, tmp_path):
    repository = hub.add("m/busy", gguf_files("Q8_0"))
    repository.listing.status, repository.listing.failures, repository.listing.retry_after = 429, 1, "1"
    repository.fault("Tiny-Q8_0.gguf", failures=1, status=503)
    begin = time.monotonic()
    done = pull(hub, tmp_path, "hf:m/busy")
    assert fetched(done) and time.monotonic() - begin > 1
    assert "try again in 1 s" in done.stderr and "answered 503" in done.stderr
    repository.listing.failures, repository.listing.retry_after = -1, "86400"
    assert "try again in 86400 s" in refusal(pull(hub, tmp_path, "hf:m/busy"))


def test_a_reply_that_breaks_off_is_continued(hub, tmp_path):
    size = 3 * MEBIBYTE + 17
    repository = hub.add("m/cut", {"x-Q8_0.gguf": noise(size)})
    repository.fault("x-Q8_0.gguf", cut=3, cut_at=MEBIBYTE + 9)
    path = fetched(pull(hub, tmp_path, "hf:m/cut"))
    assert path.read_bytes() == noise(size) and hub.sent <= size + 3 * (MEBIBYTE + 9)
    repository = hub.add("m/cut2", {"x-Q8_0.gguf": noise(size)})
    repository.fault("x-Q8_0.gguf", cut=-1, cut_at=9)
    assert "closed the connection before the end" in refusal(pull(hub, tmp_path, "hf:m/cut2"))


def test_a_signed_address_that_expired_is_asked_for_anew(hub, tmp_path):
    repository = hub.add("m/signed", gguf_files("Q8_0"))
    repository.fault("Tiny-Q8_0.gguf", expired=2)
    assert fetched(pull(hub, tmp_path, "hf:m/signed")).read_bytes() == noise(50_000, 0)
    assert len(hub.paths("storage")) == 3


def test_a_server_without_ranges_sends_the_whole(hub, tmp_path):
    data = noise(20 * MEBIBYTE)
    repository = hub.add("m/whole", {"x-Q8_0.gguf": data})
    repository.fault("x-Q8_0.gguf", ranges=False)
    done = pull(hub, tmp_path, "hf:m/whole")
    assert fetched(done).read_bytes() == data and "only as a whole" in done.stderr


@pytest.mark.parametrize("name", ["x-Q8_0.gguf", "config.json"])
def test_a_damaged_file_is_discarded(hub, tmp_path, name):
    files = folder_files(tmp_path) if name == "config.json" else {name: noise(50_000)}
    repository = hub.add("m/bad", files)
    repository.fault(name, corrupt=True)
    said = refusal(pull(hub, tmp_path / "data", "hf:m/bad"))
    assert f"'{name}' is not what the hub announces" in said and "another try begins anew" in said
    assert name not in "".join(files_below(tmp_path / "data"))
    repository.faults.clear()
    fetched(pull(hub, tmp_path / "data", "hf:m/bad"))


@pytest.mark.parametrize(("fault", "words"), [
    ({"size": 60_000}, "announces 60000 bytes of 'Tiny-Q8_0.gguf', and the server has 50000"),
    ({"size": 40_000}, "announces 40000 bytes of 'Tiny-Q8_0.gguf', and the server has 50000"),
    ({"size": 1 << 43}, "make room"),
    ({"size": 1 << 60}, "names a size of 1152921504606846976 bytes"),
    ({"size": 1 << 70}, "has no size"),
    ({"size": -5}, "has no size"),
    ({"digest": "zz"}, "has no SHA-256 for 'Tiny-Q8_0.gguf'"),
    ({"digest": "0" * 64}, "expected SHA-256 000000"),
    ({"shift": 7}, "asked for bytes 0 to 49999"),
])  # fmt: skip
def test_a_hub_that_lies_is_told_of(hub, tmp_path, fault, words):
    hub.add("m/lies", gguf_files("Q8_0")).fault("Tiny-Q8_0.gguf", **fault)
    assert words in refusal(pull(hub, tmp_path, "hf:m/lies"))


@pytest.mark.parametrize("name", [
    "../../../../evil-Q8_0.gguf", "/tmp/evil-Q8_0.gguf", "a/../../evil-Q8_0.gguf", "a\\evil-Q8_0.gguf",
    "a\0evil-Q8_0.gguf", ".evil-Q8_0.gguf", "a//evil-Q8_0.gguf", "a\nevil-Q8_0.gguf", "x" * 300 + "-Q8_0.gguf",
    "/".join("a" * 9) + "/evil-Q8_0.gguf",
])  # fmt: skip
def test_a_name_never_leaves_the_store(hub, tmp_path, name):
    hub.add("m/bad", {name: noise(5_000)})
    done = pull(hub, tmp_path / "data", "hf:m/bad")
    assert "is refused" in refusal(done) and len(done.stderr.splitlines()) == 1
    assert not any("evil" in path.name and path.is_file() for path in tmp_path.rglob("*"))
    assert hub.paths("storage") == []


def test_a_link_in_a_files_place_is_not_followed(hub, tmp_path):
    repository = hub.add("m/link", gguf_files("Q8_0"))
    folder = tmp_path / "data/models/pulled/hf/m/link" / repository.commit
    folder.mkdir(parents=True)
    (tmp_path / "mine").write_text("mine")
    (folder / "Tiny-Q8_0.gguf.part").symlink_to(tmp_path / "mine")
    assert ".part" in refusal(pull(hub, tmp_path / "data", "hf:m/link"))
    assert (tmp_path / "mine").read_text() == "mine"


@pytest.mark.parametrize(("reply", "words"), [
    ((200, b"<html>busy</html>"), "is not JSON"),
    ((200, b"[]"), "is an array"),
    ((200, {"sha": "../..", "siblings": []}), "names the revision '../..'"),
    ((200, {"sha": "0" * 40}), "has no list 'siblings'"),
    ((200, {"sha": "0" * 40, "siblings": [7]}), "has an integer in 'siblings'"),
    ((200, {"sha": "0" * 40, "siblings": [{"rfilename": "a", "blobId": "0" * 40, "size": 1}] * 2}), "lists 'a' twice"),
    ((200, b" " * (9 << 20)), "is answered with more than"),
    ((418, b""), "answered 418"),
])  # fmt: skip
def test_a_listing_that_is_none_is_refused(hub, tmp_path, reply, words):
    hub.override["/api/models/m/odd/revision/main"] = reply
    assert words in refusal(pull(hub, tmp_path, "hf:m/odd"))


def test_redirects_end(hub, tmp_path):
    page = "/api/models/m/odd/revision/main"

    def redirect(location):
        hub.requests.clear()
        hub.hub.RequestHandlerClass = type("Redirecting", (hub.hub.RequestHandlerClass,), {
            "answer": lambda self, path: self.reply(302, Location=location)})  # fmt: skip
        return refusal(pull(hub, tmp_path, "hf:m/odd"))

    assert "redirects follow one another" in redirect(page)
    assert len(hub.requests) < 10
    assert "redirects to 'file:///etc/passwd'" in redirect("file:///etc/passwd")


def test_a_hub_that_is_not_there_is_one_line(hub, tmp_path):
    done = run("models", "pull", "hf:a/b", "--data-dir", tmp_path, HF_ENDPOINT="http://127.0.0.1:9")
    assert "cannot be reached" in refusal(done) and "HF_ENDPOINT" in refusal(done)
    assert "HF_ENDPOINT is 'nonsense'" in refusal(run("models", "pull", "hf:a/b", HF_ENDPOINT="nonsense"))
