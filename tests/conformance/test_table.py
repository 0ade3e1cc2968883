"""The table of scenarios in tests/README.md names every scenario, and nothing else."""

import ast
import re

import pytest

from conftest import HERE, RECORDED


def scenarios() -> list[str]:
    """Every test of this folder but those of this file."""
    files = [path for path in sorted(HERE.glob("test_*.py")) if path.name != "test_table.py"]
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in files]
    return [
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


@pytest.mark.unrecorded
def test_every_scenario_has_its_row_in_the_table():
    found = scenarios()
    assert len(found) == len(set(found)), "names have to differ across files"
    rows = re.findall(r"^\| `(test_\w+)` \|", (HERE.parent / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(found)


@pytest.mark.unrecorded
def test_what_was_recorded_belongs_to_a_scenario(request):
    recorded = {name.partition("[")[0] for name in request.config.recorded}
    assert recorded <= set(scenarios()), f"run ./run --record without {RECORDED.name}"
