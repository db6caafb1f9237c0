"""The import graph of the targets, read from the sources: `python Tests/Client/import_graph.py` prints it.

A row of the table "Targets" in docs/architecture.md says what a target may import of ours. The rows stand in order, so that
a target imports only from rows above its own: no arrow points upwards.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
DOCUMENT = ROOT / "docs/architecture.md"
IMPORT = re.compile(r"^(?:@\w+(?:\([^)]*\))? )*(?:\w+ )?import (?:struct |enum |class |func )?(\w+)", re.M)
ALL_BUT = "all above but "
NAME = re.compile(r"`(\w+)`")


def targets():
    """The names of our targets, which are the folders of the sources."""
    return sorted(folder.name for folder in SOURCES.iterdir() if folder.is_dir())


def imports(target):
    """What of ours a target's Swift files import, each with the files that do."""
    ours = set(targets())
    found = {}
    for file in sorted((SOURCES / target).rglob("*.swift")):
        for name in IMPORT.findall(file.read_text()):
            if name in ours and name != target:
                found.setdefault(name, []).append(str(file.relative_to(ROOT)))
    return found


def documented():
    """The table of targets: name to the names in its last column, in the order of the rows.

    The last column leaves out the `Pinion` that most names begin with. `all above but A, B` stands for the other rows.
    """
    ours = set(targets())
    rows = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 3:
            listed = cells[2].removeprefix(ALL_BUT)
            names = [name if name in ours else "Pinion" + name for name in listed.split(", ") if name]
            if listed != cells[2]:
                names = [name for name in rows if name not in names]
            rows[NAME.findall(cells[0])[0]] = names
    return rows


def main():
    for target in documented():
        print(f"{target}: {', '.join(sorted(imports(target))) or '-'}")


if __name__ == "__main__":
    main()
