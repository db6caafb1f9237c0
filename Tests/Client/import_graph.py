"""The import graph of the targets, read from the sources: `python Tests/Client/import_graph.py` prints it.

A row of the table "Targets" in docs/explanation/architecture.md says what a target may import of ours. The rows stand in order, so
that a target imports only from rows above its own: no arrow points upwards.

A second table names the targets whose sources may name the format of model files.
"""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
DOCUMENT = ROOT / "docs/explanation/architecture.md"
IMPORT = re.compile(r"^(?:@\w+(?:\([^)]*\))? )*(?:\w+ )?import (?:struct |enum |class |func )?(\w+)", re.M)
ALL_BUT = "all above but "
NAME = re.compile(r"`(\w+)`")
# The target that makes one package of all formats. Rows after its own stand above the readers of files.
READER = "PinionModelFiles"
FORMAT = re.compile(r"gguf", re.I)
# A comment may hold quotes, so that it is looked for beside strings.
COMMENT_OR_STRING = re.compile(r'//.*|"(?:\\.|[^"\\])*"')
# A string that is compared with a file's name or with metadata says nothing to people.
BARE_FORMAT = re.compile(r'"\W*gguf\W*"', re.I)


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


def table(columns):
    """The table of the document whose rows begin with a target and have so many cells: name to the other cells."""
    rows = {}
    for line in DOCUMENT.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == columns:
            rows[NAME.findall(cells[0])[0]] = cells[1:]
    return rows


def documented():
    """The table of targets: name to the names in its last column, in the order of the rows.

    The last column leaves out the `Pinion` that most names begin with. `all above but A, B` stands for the other rows.
    """
    ours = set(targets())
    rows = {}
    for target, (_, imported) in table(columns=3).items():
        listed = imported.removeprefix(ALL_BUT)
        names = [name if name in ours else "Pinion" + name for name in listed.split(", ") if name]
        rows[target] = [name for name in rows if name not in names] if listed != imported else names
    return rows


def may_name_format():
    """The targets whose sources may name the format of model files."""
    return list(table(columns=2))


def format_namings(target):
    """Lines of a target that name the format of model files though the document does not let them.

    Identifiers, comments and strings count alike, in any letter case, and so do names of files. A target that may name
    the format does so anywhere up to the readers, and above them in strings for people only.
    """
    order = list(table(columns=3))
    may, is_above = target in may_name_format(), order.index(target) > order.index(READER)
    if may and not is_above:
        return []
    found = []
    for file in sorted(path for path in (SOURCES / target).rglob("*") if path.is_file()):
        place = file.relative_to(ROOT)
        if FORMAT.search(file.relative_to(SOURCES).as_posix()):
            found.append(f"{place}: the file's name")
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if FORMAT.search(without_text_for_people(line) if may else line):
                found.append(f"{place}:{number}: {line.strip()}")
    return found


def without_text_for_people(line):
    """A line of Swift without its strings, but for those that are nothing but the format's name."""
    return COMMENT_OR_STRING.sub(
        lambda match: match[0] if match[0].startswith("//") or BARE_FORMAT.fullmatch(match[0]) else '""', line
    )


def main():
    for target in documented():
        print(f"{target}: {', '.join(sorted(imports(target))) or '-'}")


if __name__ == "__main__":
    main()
