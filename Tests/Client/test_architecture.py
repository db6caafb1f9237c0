"""The house as it is built is the house as docs/explanation/architecture.md draws it."""

import import_graph
import pytest

# What makes text knows no wire: neither a dialect nor HTTP.
GENERATORS = ["TextGeneration", "PinionGeneration", "PinionEngine"]
WIRES = {"AnthropicAPI", "OpenAIAPI", "PinionServer", "PinionWire"}
ROWS = import_graph.documented()


def test_every_target_has_a_row_and_every_row_a_target():
    assert sorted(ROWS) == import_graph.targets()


@pytest.mark.parametrize("target", ROWS)
def test_a_target_imports_what_its_row_names(target):
    assert sorted(import_graph.imports(target)) == sorted(ROWS[target])


@pytest.mark.parametrize("target", ROWS)
def test_no_import_points_upwards(target):
    order = list(ROWS)
    above = order[: order.index(target)]
    assert [name for name in import_graph.imports(target) if name not in above] == []


@pytest.mark.parametrize("target", GENERATORS)
def test_a_generator_knows_no_wire(target):
    assert WIRES.isdisjoint(import_graph.imports(target))


@pytest.mark.parametrize("target", ROWS)
def test_a_target_names_the_format_of_model_files_only_where_the_document_says_so(target):
    assert import_graph.format_namings(target) == []


@pytest.mark.parametrize("target", import_graph.may_name_format())
def test_a_target_that_may_name_the_format_does(target):
    files = (import_graph.SOURCES / target).rglob("*.swift")
    assert any(import_graph.FORMAT.search(file.read_text()) for file in files)


@pytest.mark.parametrize(
    ("line", "is_text"),
    [
        ('@Option(help: "A GGUF file.") var model: String', True),
        ('Console.line("serve --model FILE.gguf")', True),
        ('Console.line("\\"quoted\\" GGUF")', True),
        ("let isGGUF = true", False),
        ("/// Reads a gguf file.", False),
        ('let a = "x" // "a GGUF file"', False),
        ('path.hasSuffix(".gguf")', False),
        ('format == "GGUF"', False),
    ],
)
def test_only_strings_that_tell_people_something_are_texts_for_people(line, is_text):
    assert (import_graph.FORMAT.search(import_graph.without_text_for_people(line)) is None) == is_text
