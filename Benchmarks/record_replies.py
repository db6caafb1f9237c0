"""Replies without what differs from run to run, and where two of them differ; for record."""

import hashlib
import http.client
import json
import re
import urllib.parse

TIMEOUT = 600  # Seconds to a reply's end; the portable kernels are slow, and a crowd waits.
SHOWN = 60  # Characters of a value in a report.
LEAD = 20  # Characters before the first differing one that a report shows of a text.

# What differs between two runs of one build, beside the count of cached tokens. A quote within a string has a backslash
# before it, so that no text of a reply matches.
VARYING = [
    (re.compile(r'"id":"chatcmpl-[^"]+"'), '"id":"chatcmpl-"'),
    (re.compile(r'"created":\d+'), '"created":0'),
    (re.compile(r'"system_fingerprint":"fp_[^"]+"'), '"system_fingerprint":"fp_"'),
]
FINGERPRINT = re.compile(r'"system_fingerprint":"(fp_[^"]+)"')
CACHED = re.compile(r'"cached_tokens":(\d+)')


def ask(url, body):
    """Sends the bytes of a chat completion's body; returns its row: what a recording keeps of the reply."""
    row = {"request": hashlib.sha256(body).hexdigest()[:16]}
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=TIMEOUT)
    try:
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        text = reply.read().decode()
    except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
        return row | {"status": 0, "type": None, "fingerprint": None, "cached": None, "reply": repr(error)}
    finally:
        connection.close()
    kind = reply.getheader("content-type")
    return row | {"status": reply.status, "type": kind} | recorded(text, is_stream=kind == "text/event-stream")


def recorded(text, is_stream):
    """A reply's fingerprint, cached tokens, and the rest of it; a stream's deltas are joined."""
    fingerprint, cached = FINGERPRINT.search(text), CACHED.search(text)
    masked = CACHED.sub('"cached_tokens":0', text)
    for pattern, blank in VARYING:
        masked = pattern.sub(blank, masked)
    return {
        "fingerprint": fingerprint and fingerprint[1],
        "cached": cached and int(cached[1]),
        "reply": joined(masked, len(set(re.findall(r'"id":"(chatcmpl-[^"]+)"', text)))) if is_stream else masked,
    }


def joined(text, ids):
    """A stream as one object: how its tokens were dealt to chunks is a matter of time, everything else is not.

    `shapes` are the names in the chunks, in their order; `ids` is how many ids the chunks have.
    """
    whole = {"ids": ids, "choices": {}, "shapes": [], "other": [], "done": 0}
    for event in text.split("\n\n"):
        if not event or event.startswith(":"):
            continue  # The end, or a ping.
        name, _, data = event.partition(": ")
        if name != "data":
            whole["other"].append(event)
        elif data == "[DONE]":
            whole["done"] += 1
        else:
            add(json.loads(data), whole)
    whole["shapes"] = sorted(set(whole["shapes"]))
    return whole


def add(chunk, whole):
    """Adds a chunk to the joined stream."""
    whole["shapes"].append(shape(chunk))
    for part in chunk.pop("choices", []):
        choice = whole["choices"].setdefault(str(part.pop("index")), {})
        for name, value in part.pop("delta").items():
            # The role comes once; what comes again would be seen.
            choice[name] = choice.get(name, "") + value if isinstance(value, str) else value
        for name, value in (part.pop("logprobs") or {}).items():
            logprobs = choice.setdefault("logprobs", {})
            logprobs[name] = logprobs.get(name, []) + value if isinstance(value, list) else value
        choice.update({name: value for name, value in part.items() if value is not None})
    whole.update({name: value for name, value in chunk.items() if value is not None})


def shape(value):
    """The names of a chunk in their order, down to the delta of its choices."""
    if isinstance(value, dict):
        deeper = ("choices", "delta")
        return "{" + ",".join(name + (shape(item) if name in deeper else "") for name, item in value.items()) + "}"
    return "[" + ",".join(map(shape, value)) + "]" if isinstance(value, list) else ""


def difference(old, new, is_cache_compared=True):
    """Says where two rows first differ, and both values there; None where they do not.

    Requests that run beside each other may or may not find each other's blocks: their count of cached tokens varies.
    """
    for name in ("request", "status", "type", *(["cached"] if is_cache_compared else [])):
        if old[name] != new[name]:
            return f"{name}: {brief(old[name])} / {brief(new[name])}"
    if old["reply"] == new["reply"]:
        return None
    try:
        pair = [json.loads(row["reply"]) if isinstance(row["reply"], str) else row["reply"] for row in (old, new)]
    except ValueError:
        return in_text("reply", old["reply"], new["reply"])
    return in_value("", *pair) or in_text("the spelling", old["reply"], new["reply"])


def in_value(path, old, new):
    """The first difference of two JSON values, or None."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            inner = f"{path}.{name}" if path else name
            if name not in old or name not in new:
                return f"{inner}: only in the {'older' if name in old else 'newer'}"
            if found := in_value(inner, old[name], new[name]):
                return found
    elif isinstance(old, list) and isinstance(new, list):
        for index, pair in enumerate(zip(old, new)):
            if found := in_value(f"{path}[{index}]", *pair):
                return found
        if len(old) != len(new):
            return f"{path}: {len(old)} / {len(new)} elements"
    elif isinstance(old, str) and isinstance(new, str) and old != new:
        return in_text(path, old, new)
    elif old != new or type(old) is not type(new):
        return f"{path}: {brief(old)} / {brief(new)}"
    return None


def in_text(path, old, new):
    """The place where two different texts part."""
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    start = max(at - LEAD, 0)
    return f"{path} at character {at}: {brief(old[start:])} / {brief(new[start:])}"


def brief(value):
    """A value's JSON, cut to what a report shows."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."
