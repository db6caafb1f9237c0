"""The matrix of clients: how it is made, and that the committed one claims what tests show and nothing else."""

import ast
import importlib.metadata
import pathlib
import types

import compatibility
import pytest

TESTS = pathlib.Path(__file__).parent
# Found in a test's parameters, which only a run knows.
FOUND_IN_RUNS = {"plain", "streamed"}


def marks():
    """What marks of the tests say: client and route, and all that is shown of them."""
    found = {}
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.shows":
                client, route, *what = (ast.literal_eval(argument) for argument in node.args)
                found.setdefault((client, route), set()).update(what)
    return found


def test_the_committed_matrix_claims_what_tests_show():
    shown = marks()
    assert len(shown) > 5
    claimed = {}
    for (client, _, route), words in compatibility.rows(compatibility.DOCUMENT.read_text()).items():
        claimed.setdefault((client, route), set()).update(words)
    assert claimed.keys() == shown.keys(), "run `make test` and `make test-agents`, and commit the document"
    for key, words in claimed.items():
        assert words - FOUND_IN_RUNS == shown[key] - FOUND_IN_RUNS, key


def case(*properties, end=""):
    inner = "".join(f'<property name="{name}" value="{value}" />' for name, value in properties)
    return f'<testcase classname="a" name="b"><properties>{inner}</properties>{end}</testcase>'


@pytest.fixture
def report(tmp_path):
    def write(*cases):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.xml"
        path.write_text(f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>")
        return path

    return write


def test_a_cell_is_filled_when_every_test_of_it_passed(report):
    tools, text = ("shows", "openai|3.1|chat|tools"), ("shows", "openai|3.1|chat|plain")
    first = report(case(tools, text), case(text, ("other", "x")), case(text, end="<skipped />"))
    second = report(case(tools, end='<failure message="no" />'), case(("shows", "zoo|1.0|messages|streamed")))
    text = compatibility.document(compatibility.cells([first, second]))
    assert compatibility.rows(text) == {("openai", "3.1", "chat"): {"plain"}, ("zoo", "1.0", "messages"): {"streamed"}}
    assert text.splitlines()[-2:] == ["| openai | 3.1 | chat | yes | | | | | |", "| zoo | 1.0 | messages | | yes | | | | |"]


def test_what_was_only_skipped_has_no_row(report):
    skipped = report(case(("shows", "openai|3.1|chat|tools"), end="<skipped />"))
    assert compatibility.rows(compatibility.document(compatibility.cells([skipped]))) == {}


@pytest.mark.parametrize(
    "arguments, parameters, what",
    [
        (("tools",), {}, {"tools", "plain"}),
        (("tools",), {"stream": True}, {"tools", "streamed"}),
        (("tools",), {"how": "astream"}, {"tools", "streamed"}),
        (("tools",), {"how": "run", "stream": False}, {"tools", "plain"}),
        (("plain", "streamed"), {}, {"plain", "streamed"}),
    ],
)
def test_the_parameters_of_a_test_tell_whether_it_streamed(arguments, parameters, what):
    mark = types.SimpleNamespace(args=("openai", "chat", *arguments))
    item = types.SimpleNamespace(iter_markers=lambda _: [mark], callspec=types.SimpleNamespace(params=parameters))
    found = {value for _, value in compatibility.shown_by(item)}
    assert {value.rsplit("|", 1)[1] for value in found} == what
    assert {tuple(value.split("|")[:3]) for value in found} == {("openai", importlib.metadata.version("openai"), "chat")}
