"""What a family's replies look like, and the tools that the transcripts call.

A `Format` renders calls as its family writes them. What a reader is to make of a reply comes from the same arguments, never
from a reader: `arguments` is the text between the braces where the family writes JSON, and compact JSON elsewhere.
"""

import json
from dataclasses import dataclass, field


def tool(name, description, properties, required):
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties, "required": required},
        },
    }


TOOLS = [
    tool(
        "weather", "Tells the weather of a city.",
        {"city": {"type": "string", "description": "The city."},
         "days": {"type": "integer", "description": "How many days ahead."}},
        ["city"]),
    tool("clock", "Tells the time.", {}, []),
    tool(
        "save_note", "Keeps a note.",
        {"title": {"type": "string", "description": "The title."},
         "body": {"type": "string", "description": "The text."}},
        ["title", "body"]),
    tool(
        "find_trains", "Looks for trains.",
        {"route": {"type": "object", "description": "Where from and where to.",
                   "properties": {"from": {"type": "string"}, "to": {"type": "string"}}},
         "classes": {"type": "array", "description": "First or second class.", "items": {"type": "integer"}},
         "direct": {"type": "boolean", "description": "Whether to leave out changes."},
         "budget": {"type": "number", "description": "The highest price."}},
        ["route"]),
]


def spaced(value):
    """JSON as models write it: a space after commas and colons."""
    return json.dumps(value, ensure_ascii=False)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@dataclass
class Format:
    name: str
    about: str
    source: str
    controls: list
    end: str
    # The end token after a call, where it differs from the one after text.
    call_end: str | None = None
    # Markers of the reasoning with the white space that the family writes beside them.
    think: tuple | None = None
    opens_reasoning: bool = False
    # What the family writes between text and a call, and between a call and text.
    lead: str = "\n"
    trail: str = "\n"
    # The text with which a call or a group of calls opens.
    opening: str = ""
    # What to leave off a call so that it is cut inside its last marker, and whether its arguments are whole by then.
    close_cut: tuple | None = None
    # Replies that look like a call and are none: (name, reply). All of it is content.
    malformed: list = field(default_factory=list)
    # Texts with parts of markers, in the midst and at the end.
    lookalikes: list = field(default_factory=list)
    # A text for an argument with the family's markers in it.
    marked_text: str = ""
    # Which shared cases the family cannot have.
    skip: set = field(default_factory=set)
    tools: list = field(default_factory=lambda: TOOLS)
    extra: list = field(default_factory=list)

    def block(self, calls):
        """The calls of one turn as the family writes them."""
        raise NotImplementedError

    def arguments(self, args):
        """The arguments of a whole call as a client gets them."""
        return spaced(args)

    def say(self, text):
        """A text as the whole answer."""
        return text


class CompactFormat(Format):
    """A family whose arguments are no JSON in the reply."""

    def arguments(self, args):
        return compact(args)
