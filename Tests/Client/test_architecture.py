"""The house as it is built is the house as docs/architecture.md draws it."""

import import_graph
import pytest

# What makes text knows no wire: neither a dialect nor HTTP.
GENERATORS = ["TextGeneration", "PinionGeneration", "PinionEngine"]
WIRES = {"OpenAIAPI", "PinionServer"}
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
