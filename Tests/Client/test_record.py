"""The recorder of replies must see a difference, and none where there is none."""

import copy
import json
import pathlib
import sys

import pytest

BENCHMARKS = pathlib.Path(__file__).resolve().parents[2] / "Benchmarks"
sys.path.insert(0, str(BENCHMARKS))

from record_cases import CASES, CONFIGURATIONS  # noqa: E402
from record_replies import difference, recorded  # noqa: E402
from record_report import broken_laws, show_difference  # noqa: E402


def plain(text, number=1, **changes):
    """A plain reply; ids, times and fingerprint are of a number."""
    reply = {"id": f"chatcmpl-{number}", "created": number, "system_fingerprint": f"fp_{number}"}
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 16 * number}}
    return json.dumps(reply | {"choices": [choice], "usage": usage} | changes, separators=(",", ":"))


def stream(*deltas, number=1, end="stop", done=True):
    """A stream of pairs of a choice and its next text, in which each piece has a log probability of its own."""
    head = {"id": f"chatcmpl-{number}", "created": number, "system_fingerprint": f"fp_{number}"}
    chunks = []
    for index, text in deltas:
        logprobs = {"content": [{"token": letter, "logprob": -0.5} for letter in text]}
        chunks.append({"index": index, "delta": {"content": text}, "logprobs": logprobs, "finish_reason": None})
    for index in sorted({index for index, _ in deltas}):
        chunks.append({"index": index, "delta": {}, "logprobs": None, "finish_reason": end})
    events = [json.dumps(head | {"choices": [chunk]}, separators=(",", ":")) for chunk in chunks]
    return "".join(f"data: {event}\n\n: ping\n\n" for event in events + ["[DONE]"] * done)


def row(text, is_stream=False, **place):
    place = {"configuration": "crowd", "model": "default/q4_1", "case": "greedy", "expected": 200} | place
    return place | {"request": "r", "status": 200, "type": "t"} | recorded(text, is_stream)


def recording(*rows, preemptions=3):
    configurations = {"crowd": {"counters": {"pinion_preemptions_total": preemptions}}}
    return {"version": "1", "seed": 0, "models": {}, "configurations": configurations, "rows": list(rows)}


def test_ids_times_and_fingerprints_do_not_differ():
    old, new = row(plain("A river.", 1)), row(plain("A river.", 2))
    assert difference(old, new, is_cache_compared=False) is None
    assert difference(old, new) == "cached: 16 / 32"
    assert (old["fingerprint"], new["fingerprint"]) == ("fp_1", "fp_2")


def test_text_that_spells_an_id_is_compared():
    old, new = (row(plain(f'"id":"chatcmpl-{number}","created":{number}')) for number in (1, 2))
    assert difference(old, new).startswith("choices[0].message.content at character 15")


def test_a_change_is_named_by_its_path():
    old = row(plain("A river runs."))
    assert difference(old, row(plain("A rivulet."))) == (
        'choices[0].message.content at character 5: "A river runs." / "A rivulet."'
    )
    usage = row(plain("A river runs.", usage={"completion_tokens": 4}))
    assert difference(old, usage, is_cache_compared=False) == "usage.completion_tokens: 3 / 4"
    assert difference(old, row(plain("A river runs.", choices=[]))) == "choices: 1 / 0 elements"
    assert difference(old, row(plain("A river runs.", error=None))) == "error: only in the newer"
    spaced = row(plain("A river runs.").replace('"index":0', '"index": 0'))
    assert difference(old, spaced).startswith("the spelling at character")


def test_how_a_stream_is_cut_does_not_matter():
    old = row(stream((0, "A ri"), (1, "The"), (0, "ver."), number=1), True)
    new = row(stream((1, "T"), (0, "A river."), (1, "he"), number=2), True)
    assert difference(old, new) is None


@pytest.mark.parametrize(
    "other, place",
    [
        (stream((0, "A rivet.")), "choices.0.content at character 6"),
        (stream((0, "A river."), end="length"), "choices.0.finish_reason"),
        (stream((0, "A river."), done=False), "done: 1 / 0"),
        (stream((0, "A river.")).replace("-0.5", "-0.25"), "choices.0.logprobs.content[0].logprob"),
        (stream((0, "A river.")).replace('"index":0,"delta":{}', '"delta":{},"index":0'), "shapes"),
        (stream((0, "A ")) + stream((0, "river."), number=2), "ids: 1 / 2"),
    ],
)
def test_a_change_within_a_stream_is_named(other, place):
    assert difference(row(stream((0, "A river.")), True), row(other, True)).startswith(place)


def test_two_recordings_differ_in_the_rows_that_changed(capsys):
    old = recording(row(plain("A river.")), row(plain("A town."), case="seed"))
    assert show_difference(old, copy.deepcopy(old)) == 0
    new = copy.deepcopy(old)
    new["rows"][1] = row(plain("A tower.", 2), case="seed")
    assert show_difference(old, new) == 1
    told = capsys.readouterr().out
    assert "2 replies compared, 1 differ" in told
    assert "  crowd default/q4_1 seed: choices[0].message.content at character 5" in told
    assert "fingerprints: differ for crowd default/q4_1" in told
    del new["rows"][1]
    assert show_difference(old, new) == 1


def test_a_reply_depends_on_no_configuration_and_a_crowd_preempts():
    alone = row(plain("A river."), configuration="avx2")
    assert not list(broken_laws(recording(alone, row(plain("A river.", 2)))))
    (told,) = broken_laws(recording(alone, row(plain("A town."))))
    assert told.startswith("crowd default/q4_1 greedy: not as with avx2: choices[0].message.content")
    assert not list(broken_laws(recording(row(plain("A river.")), row(plain("A town."), configuration="q8"))))
    (told,) = broken_laws(recording(preemptions=0))
    assert "pinion_preemptions_total is 0" in told
    (told,) = broken_laws(recording(row(plain("A river.")) | {"status": 503}))
    assert "expected status 200, found 503" in told


def test_requests_are_many_and_of_their_own():
    assert len({case.name for case in CASES}) == len(CASES) >= 40
    for configuration in CONFIGURATIONS:
        for model in configuration.groups:
            bodies = [case.body(model, 0) for case in CASES if case.group in configuration.groups[model]]
            assert len(set(bodies)) == len(bodies)
    assert CASES[0].body("m", 1) != CASES[0].body("m", 2) or CASES[1].body("m", 1) != CASES[1].body("m", 2)
