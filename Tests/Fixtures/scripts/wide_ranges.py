"""Writes the table of wide characters, `Sources/PinionTerminal/Text/WideRanges.swift`: `python wide_ranges.py > FILE`.

The source is the property East_Asian_Width of the Unicode Character Database, as Python's `unicodedata` has it: W and F
are two cells wide. Marks and format characters are left out, because they take no cell at all. Code points without a
character count as wide in the blocks of ideographs, as EastAsianWidth.txt says of them.
"""

import unicodedata

IDEOGRAPHS = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD)]


def is_wide(code):
    category = unicodedata.category(chr(code))
    if category == "Cn":
        return any(first <= code <= last for first, last in IDEOGRAPHS)
    return category not in ("Mn", "Me", "Cf", "Cs") and unicodedata.east_asian_width(chr(code)) in "WF"


def ranges():
    start = None
    for code in range(0x110001):
        wide = code < 0x110000 and is_wide(code)
        if wide and start is None:
            start = code
        if not wide and start is not None:
            yield start, code - 1
            start = None


print(f"// Written by Tests/Fixtures/scripts/wide_ranges.py from Unicode {unicodedata.unidata_version}.\n")
print("extension DisplayWidth {")
print("    /// Ranges of scalars that are two cells wide (East_Asian_Width W and F), in order.")
print("    static let wideRanges: [ClosedRange<UInt32>] = [")
line = "       "
for first, last in ranges():
    item = f" 0x{first:X}...0x{last:X},"
    if len(line) + len(item) > 116:
        print(line)
        line = "       "
    line += item
print(line)
print("    ]")
print("}")
