"""Writes `Tests/Fixtures/replies/FORMAT.json`; refuses what contradicts itself.

    python3 Tests/Fixtures/scripts/replies/write.py [FORMAT]...
"""

import json
import pathlib
import sys

from suite import shared

# Formats that nothing here reads yet.
UNREAD = {"llama3-python-tag", "minimax-m3", "minicpm5", "kimi-k3"}
FOLDER = pathlib.Path(__file__).resolve().parents[2] / "replies"


def is_subsequence(part, text):
    """Whether the characters of `part` stand in `text`, in their order."""
    rest = iter(text)
    return all(character in rest for character in part)


def check(format, transcript):
    reply, expected, where = transcript["reply"], transcript["expected"], f"{format.name}: {transcript['name']}"
    assert is_subsequence(expected["content"], reply), f"{where}: content that was not said"
    assert is_subsequence(expected["reasoning"] or "", reply), f"{where}: reasoning that was not said"
    assert expected["reasoning"] != "", f"{where}: reasoning of nothing is null"
    assert (transcript["end"] is None) == (expected["finish"] == "length"), f"{where}: cut and finish contradict each other"
    for call in expected["calls"]:
        assert call["name"] in reply, f"{where}: a name that was not said"
    whole = expected["calls"] if not expected["degraded"] and expected["finish"] != "length" else expected["calls"][:-1]
    for call in whole:
        assert isinstance(json.loads(call["arguments"]), dict), f"{where}: arguments that are no object"
    said = sum(len(call["name"]) for call in expected["calls"]) + len(expected["content"]) + len(expected["reasoning"] or "")
    assert said <= len(reply), f"{where}: more than was said"


def document(format):
    transcripts = []
    for transcript in [*(t for t in shared(format) if t["case"] not in format.skip), *format.extra]:
        check(format, transcript)
        used = [control for control in format.controls if control in transcript["reply"] or control == transcript["end"]]
        transcript = {"name": transcript["name"], "case": transcript["case"], "reply": transcript["reply"], "controls": used,
                      "end": transcript["end"], "reasoning_open": transcript["reasoning_open"],
                      "expected": transcript["expected"]}
        transcripts.append(transcript)
    names = [transcript["name"] for transcript in transcripts]
    for index, transcript in enumerate(transcripts):
        # A second transcript of one name tells which of them it is.
        count = names[:index].count(transcript["name"])
        if count:
            transcript["name"] += f" ({count + 1})"
    return {"format": format.name, "about": format.about, "source": format.source, "tools": format.tools,
            "opens_reasoning": format.opens_reasoning, "transcripts": transcripts}


def text(result):
    """JSON with a line for each tool and each transcript, so that a change shows as the transcript that it is."""
    lines = []
    for key, value in result.items():
        if isinstance(value, list):
            items = ",\n".join("  " + json.dumps(item, ensure_ascii=False) for item in value)
            lines.append(f"{json.dumps(key)}: [\n{items}\n ]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def main(wanted):
    import channels, lists, more, named, pythonic, tagged, tags
    FOLDER.mkdir(exist_ok=True)
    for module in (tags, lists, named, tagged, pythonic, channels, more):
        for format in module.FORMATS:
            if format.name in UNREAD or wanted and format.name not in wanted:
                continue
            result = document(format)
            path = FOLDER / f"{format.name}.json"
            path.write_text(text(result))
            print(f"{format.name}: {len(result['transcripts'])} transcripts, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
