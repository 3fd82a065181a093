"""Every acceptance code of the product has at least one story that tells it, so that none can be forgotten."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

STORIES = Path(__file__).parents[1] / "stories"
CODES = {
    *("1a", "1b", "1c", "2a", "2b", "2c", "3", "4a", "4b", "4c", "5a", "5b", "5c", "6a", "6b", "6c"),
    *("7a", "7b", "7c", "7d", "7e", "7f", "8a", "8b", "8c", "8d", "9", "10a", "10b", "11a", "11b", "11c"),
    *("12a", "12b", "12c", "12d", "13a", "13b", "13c", "13d"),
    *("A1", "A3", "B1", "C1", "N1", "N2", "N3", "N5", "X1", "X2", "X4", "X5", "P1", "P2", "P3", "Resume"),
}
FIRST_WORDS = re.compile(r"((?:\w+, )*\w+)\. ")


def stories() -> Iterator[tuple[str, str]]:
    """Each test function's name with its docstring's first words."""
    for file in sorted(STORIES.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name, ast.get_docstring(node) or ""


def codes_of(docstring: str) -> list[str]:
    """`8b, 8c. Private events...` tells 8b and 8c."""
    found = FIRST_WORDS.match(docstring)
    return found.group(1).split(", ") if found else []


def test_every_acceptance_code_has_a_story():
    told = {code for _, docstring in stories() for code in codes_of(docstring)}

    assert CODES - told == set()


def test_codes_are_read_from_the_first_words_only():
    assert codes_of("8b, 8c. Marked by sign. 9. Held") == ["8b", "8c"]
    assert codes_of("The same as 8b.") == []
    assert codes_of("") == []
