"""`jsonschema` where it says exactly what the standards say; needs `jsonschema[format]` and `regress`.

It differs from `jsonschema` as installed in this:

- Numbers are compared as decimals, not as doubles, in texts and in schemas.
- Patterns are those of ECMA-262 with the `u` flag (`regress`), not Python's.
- `time` knows leap seconds of all offsets, `relative-json-pointer` numbers that hold a zero and `uri-template` names
  that begin with a digit (RFC 3339, the draft of relative JSON pointers, RFC 6570).
- A name may stand once in an object.
"""

import decimal
import functools
import json
import re

import jsonschema
import jsonschema._keywords
import jsonschema._utils
import regress

# Integers of some hundred digits are compared exactly.
decimal.getcontext().prec = 5_000


class ECMAPatterns:
    """Takes the place of `re` inside of `jsonschema`."""

    error = regress.RegressError

    @staticmethod
    @functools.lru_cache(maxsize=None)
    def compile(pattern):
        return regress.Regex(pattern, "u")

    @staticmethod
    def search(pattern, text):
        return ECMAPatterns.compile(pattern).find(text)


jsonschema._keywords.re = ECMAPatterns
jsonschema._utils.re = ECMAPatterns


def is_integer(_, value):
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or isinstance(value, decimal.Decimal) and value == value.to_integral_value()


def multiple_of(validator, divisor, instance, schema):
    if validator.is_type(instance, "number") and decimal.Decimal(instance) % decimal.Decimal(divisor) != 0:
        yield jsonschema.ValidationError(f"{instance} is not a multiple of {divisor}")


FORMATS = jsonschema.FormatChecker(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)

TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(\.\d+)?([zZ]|([+-])([01]\d|2[0-3]):([0-5]\d))", re.ASCII)


def is_time(text):
    match = TIME.fullmatch(text)
    if match is None:
        return False
    if match[3] != "60":
        return True
    minutes = int(match[1]) * 60 + int(match[2])
    if match[6]:
        offset = int(match[7]) * 60 + int(match[8])
        minutes += -offset if match[6] == "+" else offset
    return minutes % (24 * 60) == 24 * 60 - 1


@FORMATS.checks("time")
def time(value):
    return not isinstance(value, str) or is_time(value)


@FORMATS.checks("date-time")
def date_time(value):
    if not isinstance(value, str):
        return True
    return value[10:11] in ("T", "t") and FORMATS.conforms(value[:10], "date") and is_time(value[11:])


RELATIVE_POINTER = re.compile(r"(0|[1-9][0-9]*)(#|(/([^~/]|~[01])*)*)", re.DOTALL)


@FORMATS.checks("relative-json-pointer")
def relative_json_pointer(value):
    return not isinstance(value, str) or RELATIVE_POINTER.fullmatch(value) is not None


# Ranges of RFC 3987's ucschar and iprivate.
UCS = "\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\ue000-\uf8ff" + "".join(
    f"{chr(plane << 16 | (0x1000 if plane == 14 else 0))}-{chr(plane << 16 | 0xFFFD)}" for plane in range(1, 17)
)
NAME = r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+"
VARIABLE = rf"{NAME}(?:\.{NAME})*(?::[1-9][0-9]{{0,3}}|\*)?"
URI_TEMPLATE = re.compile(
    r"(?:[!#$&(-;=?-\[\]_a-z~" + UCS + r"]|%[0-9A-Fa-f]{2}|\{[+#./;?&=,!@|]?" + rf"{VARIABLE}(?:,{VARIABLE})*" + r"\})*"
)


@FORMATS.checks("uri-template")
def uri_template(value):
    return not isinstance(value, str) or URI_TEMPLATE.fullmatch(value) is not None


@FORMATS.checks("regex")
def regex(value):
    if isinstance(value, str):
        try:
            ECMAPatterns.compile(value)
        except regress.RegressError:
            return False
    return True


def extended(validator):
    checker = validator.TYPE_CHECKER.redefine("integer", is_integer)
    return jsonschema.validators.extend(validator, {"multipleOf": multiple_of}, type_checker=checker)


DRAFT_2020_12 = extended(jsonschema.Draft202012Validator)
DRAFT_7 = extended(jsonschema.Draft7Validator)
DRAFT_4 = extended(jsonschema.Draft4Validator)


def validator(schema):
    """By its `$schema`; without one by draft 2020-12."""
    dialect = str(schema.get("$schema", "")) if isinstance(schema, dict) else ""
    kind = DRAFT_4 if "draft-04" in dialect else DRAFT_7 if "draft-0" in dialect else DRAFT_2020_12
    return kind(schema, format_checker=FORMATS)


def _once(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError(f"a name stands twice: {names}")
    return dict(pairs)


def parse(text):
    """Raises ValueError for a text that is no JSON or holds a name twice in an object."""
    return json.loads(text, parse_float=decimal.Decimal, object_pairs_hook=_once)
