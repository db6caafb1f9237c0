"""Whether a reply is worse because its white space is locked by its first use: `python extract.py URL MODEL STYLE OUT`.

200 synthetic texts, always the same, each with a person's name, age and city and an order of 1 to 3 items. The
conversation holds one worked example, written in STYLE (`line`: json.dumps; `indent`: indent=2; `compact`: no white
space; `padded`, with a space inside of braces; and `odd`, which is none of Pinion's ways, with spaces before colons and
commas). At temperature 0, with at most 256 tokens:

a  response_format json_schema, strict
b  the same language as GBNF, with [ \\t\\n]* at every place
c  structured_outputs with disable_any_whitespace
d  nothing; the reply parsed if it parses

A field is right if it is what the text says (items: the whole list in any order, singular or plural). OUT has a line for
each reply.
"""

import collections
import concurrent.futures
import json
import math
import random
import sys
import time
import urllib.request

MAX_TOKENS = 256
AT_ONCE = 8

FIRST = "Anna Marco Priya Lukas Fatima Oliver Chen Ingrid Tomas Aisha Pedro Yuki Nadia Samuel Greta Ibrahim Clara Dmitri Leila Hugo".split()
LAST = "Keller Rossi Sharma Novak Haddad Bennett Wei Larsen Silva Okafor Moreau Tanaka Petrov Cohen Lindgren Castillo Weber Murphy Farouk Dubois".split()
CITIES = ["Berlin", "Lisbon", "Oslo", "New York", "Nairobi", "Kyoto", "Buenos Aires", "Toronto", "Prague", "Cairo", "Dublin", "Mumbai", "Zürich", "São Paulo", "Cape Town"]
THINGS = ["lamp", "notebook", "blue pen", "coffee mug", "chair", "keyboard", "garden hose", "pillow", "bicycle pump", "desk", "towel", "water bottle", "candle", "backpack", "wall clock"]
WORDS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 12: "twelve"}
TEXTS = [
    "{name} is {age} years old and lives in {city}. The order is {items}.",
    "My name is {name}, I am {age}, and I would like to order {items}. Please send it to my home in {city}.",
    "Order received from {city}: {items}. The customer is {name} (age {age}).",
    "Hi! This is {name} from {city}. I just turned {age} and want to buy {items}.",
    "On Monday a {age}-year-old customer from {city} called {name} bought {items}.",
    "Please ship {items} to {city}. It is for {name}, who is {age}.",
    "{city} branch report: {name}, aged {age}, asked for {items}.",
    "{name}, {age}, of {city}, phoned in this morning. We noted down {items} for delivery.",
    "We got a letter from {city}. The writer, {name}, says she is {age} and needs {items} before the end of the month.",
    "At the age of {age}, {name} still runs a small shop in {city}; this week the shop needs {items}.",
]
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 0, "maximum": 999},
        "city": {"type": "string"},
        "items": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"product": {"type": "string"}, "quantity": {"type": "integer", "minimum": 0, "maximum": 999}},
                "required": ["product", "quantity"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["name", "age", "city", "items"],
    "additionalProperties": False,
}
GRAMMAR = r'''
root ::= ws "{" ws "\"name\"" ws ":" ws string ws "," ws "\"age\"" ws ":" ws number ws "," ws "\"city\"" ws ":" ws string ws "," ws "\"items\"" ws ":" ws "[" ws item (ws "," ws item)* ws "]" ws "}" ws
item ::= "{" ws "\"product\"" ws ":" ws string ws "," ws "\"quantity\"" ws ":" ws number ws "}"
string ::= "\"" ([^"\\\x00-\x1F] | "\\" (["\\bfnrt] | "u00" [01] [0-9a-f]))* "\""
number ::= "0" | [1-9] [0-9]? [0-9]?
ws ::= [ \t\n]*
'''
SYSTEM = "Extract the name, the age, the city and the ordered items from the text. Answer with JSON only."
EXAMPLE_TEXT = "Yesterday Maria Lopez (41) from Madrid ordered 2 red chairs, one teapot and 5 spoons."
EXAMPLE = {
    "name": "Maria Lopez", "age": 41, "city": "Madrid",
    "items": [{"product": "red chairs", "quantity": 2}, {"product": "teapot", "quantity": 1}, {"product": "spoons", "quantity": 5}],
}


def spaced(value, comma, colon, brackets):
    """The value with a blank inside of braces; `brackets` stand around lists."""
    def part(value):
        return spaced(value, comma, colon, brackets)

    if isinstance(value, dict):
        return "{ " + comma.join(f"{json.dumps(name)}{colon}{part(item)}" for name, item in value.items()) + " }"
    if isinstance(value, list):
        return brackets[0] + comma.join(map(part, value)) + brackets[1]
    return json.dumps(value)


STYLES = {
    "line": json.dumps, "indent": lambda value: json.dumps(value, indent=2),
    "compact": lambda value: json.dumps(value, separators=(",", ":")), "padded": lambda value: spaced(value, ", ", ": ", "[]"),
    "odd": lambda value: spaced(value, " , ", " : ", ["[ ", " ]"]),
}


def records():
    made, source = [], random.Random(7)
    for index in range(200):
        record = {
            "name": f"{source.choice(FIRST)} {source.choice(LAST)}", "age": source.randint(18, 90), "city": source.choice(CITIES),
            "items": [
                {"product": thing, "quantity": source.choice(list(WORDS))}
                for thing in source.sample(THINGS, source.randint(1, 3))
            ],
        }
        in_words = source.random() < 0.3
        phrases = []
        for item in record["items"]:
            count = item["quantity"]
            thing = item["product"] + ("" if count == 1 else "es" if item["product"].endswith("ch") else "s")
            phrases.append(f"{WORDS[count] if in_words else count} {thing}")
        items = phrases[0] if len(phrases) == 1 else ", ".join(phrases[:-1]) + " and " + phrases[-1]
        made.append((TEXTS[index % len(TEXTS)].format(**{**record, "items": items}), record))
    return made


def singular(text):
    return text.strip().lower().rstrip("s")


def right(record, reply):
    """Which of the fields are right; all wrong for what is no object."""
    reply = reply if isinstance(reply, dict) else {}
    fields = {}
    for name in ("name", "city"):
        fields[name] = isinstance(reply.get(name), str) and reply[name].strip() == record[name]
    fields["age"] = not isinstance(reply.get("age"), bool) and reply.get("age") == record["age"]
    try:
        found = sorted((singular(item["product"]), item["quantity"]) for item in reply["items"])
        fields["items"] = found == sorted((singular(item["product"]), item["quantity"]) for item in record["items"])
    except (KeyError, TypeError, AttributeError):
        fields["items"] = False
    return fields


def ask(url, model, style, text, extra):
    body = {
        "model": model, "temperature": 0, "max_tokens": MAX_TOKENS,
        "messages": [
            {"role": "system", "content": SYSTEM}, {"role": "user", "content": EXAMPLE_TEXT},
            {"role": "assistant", "content": STYLES[style](EXAMPLE)}, {"role": "user", "content": text},
        ],
        **extra,
    }
    request = urllib.request.Request(
        url + "/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=600) as answer:
        answer = json.load(answer)
    choice = answer["choices"][0]
    return choice["message"]["content"] or "", choice["finish_reason"], answer["usage"]["completion_tokens"]


def layout(text):
    """How the white space of a reply is written, as far as one can tell without parsing."""
    outside, inside, escaped = "", False, False
    for character in text:
        if inside:
            inside = escaped or character != '"'
            escaped = not escaped and character == "\\"
        else:
            inside = character == '"'
            outside += "s" if inside else character
    if "\n" in outside.strip():
        return "lines"
    if " " not in outside:
        return "none"
    return "spaces" if outside.replace(", ", ",").replace(": ", ":").find(" ") < 0 else "other"


VARIANTS = {
    "a": {"response_format": {"type": "json_schema", "json_schema": {"name": "order", "strict": True, "schema": SCHEMA}}},
    "b": {"grammar": GRAMMAR},
    "c": {"structured_outputs": {"json": SCHEMA, "disable_any_whitespace": True}},
    "d": {},
}


def sign_test(better, worse):
    count = better + worse
    tail = sum(math.comb(count, index) for index in range(min(better, worse) + 1)) / 2**count
    return min(1, 2 * tail)


def main(url, model, style, output):
    made, lines, scores = records(), [], {}
    for variant, extra in VARIANTS.items():
        began = time.time()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            replies = list(pool.map(lambda pair: ask(url, model, style, pair[0], extra), made))
        took, scores[variant] = time.time() - began, []
        cut, parsed, tokens, layouts = 0, 0, 0, collections.Counter()
        for (text, record), (reply, reason, count) in zip(made, replies):
            try:
                value = json.loads(reply)
                parsed += 1
            except ValueError:
                value = None
            fields = right(record, value)
            scores[variant].append((fields, value))
            cut += reason == "length"
            tokens += count
            layouts[layout(reply)] += 1
            lines.append(json.dumps(
                {"variant": variant, "text": text, "reply": reply, "reason": reason, "tokens": count, "right": fields},
                ensure_ascii=False))
        by_field = {name: sum(fields[name] for fields, _ in scores[variant]) for name in ("name", "age", "city", "items")}
        whole = sum(all(fields.values()) for fields, _ in scores[variant])
        print(
            f"{style} {variant}: fields {sum(by_field.values()) / len(made) / 4:.1%} {by_field} whole {whole / len(made):.1%} "
            f"parsed {parsed} cut {cut} tokens {tokens} layouts {dict(layouts)} {took:.0f} s", flush=True)
    for other in "bcd":
        pairs = [(sum(one[0].values()), sum(two[0].values())) for one, two in zip(scores["a"], scores[other])]
        better, worse = sum(one > two for one, two in pairs), sum(one < two for one, two in pairs)
        same = sum(one[1] == two[1] for one, two in zip(scores["a"], scores[other]))
        print(f"{style} a against {other}: better {better} worse {worse} (sign test p {sign_test(better, worse):.2f}), same value {same}")
    with open(output, "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
