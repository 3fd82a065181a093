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
OF_EACH_VENDOR = {
    *("P1", "P2", "P3", "4b", "6a", "6c", "7a", "7b", "7c", "7d", "7e", "7f", "8a", "8b", "8c", "8d"),
    *("11a", "11b", "11c", "12a", "12b", "12c", "12d", "13a", "13b", "13c", "13d", "A1", "A3", "C1", "C2"),
}
VENDORS = STORIES / "vendors"
"""Stories in this folder are told of the four calendar systems, or of those that `@only` names."""

FIRST_WORDS = re.compile(r"((?:\w+, )*\w+)\. ")


def story_nodes(folder: Path) -> Iterator[ast.FunctionDef]:
    """Every test function in a folder and below it."""
    for file in sorted(folder.rglob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node


def stories() -> Iterator[tuple[str, str]]:
    """Each test function's name with its docstring's first words."""
    for node in story_nodes(STORIES):
        yield node.name, ast.get_docstring(node) or ""


def kit_names() -> dict[str, tuple[str, ...]]:
    """The tuples of vendors' names that the stories share: THE_FOUR and INVITING."""
    tree = ast.parse((VENDORS / "kit" / "__init__.py").read_text(encoding="utf-8"))
    assignments = [node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple)]
    return {ast.unparse(node.targets[0]): ast.literal_eval(node.value) for node in assignments}


def told_of(node: ast.FunctionDef, named: dict[str, tuple[str, ...]]) -> set[str]:
    """The vendors that a story runs with; none where it asks for no vendor at all."""
    if not {"vendor", "service"} & {argument.arg for argument in node.args.args}:
        return set()
    for each in node.decorator_list:
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "only":
            words = [
                named[ast.unparse(a.value)] if isinstance(a, ast.Starred) else (ast.literal_eval(a),) for a in each.args
            ]
            return {name for names in words for name in names}
    return set(named["THE_FOUR"])


def codes_of(docstring: str) -> list[str]:
    """`8b, 8c. Private events...` tells 8b and 8c."""
    found = FIRST_WORDS.match(docstring)
    return found.group(1).split(", ") if found else []


def test_every_acceptance_code_has_a_story():
    told = {code for _, docstring in stories() for code in codes_of(docstring)}

    assert CODES - told == set()


def test_every_vendor_has_stories_of_its_own():
    named = kit_names()
    told = {
        (vendor, code)
        for node in story_nodes(VENDORS)
        for vendor in told_of(node, named)
        for code in codes_of(ast.get_docstring(node) or "")
    }

    wanted = {(vendor, code) for vendor in named["THE_FOUR"] for code in OF_EACH_VENDOR}
    assert wanted - told - {("icloud", "4b")} == set()  # iCloud shows nobody else's time


def test_a_story_counts_for_those_it_names():
    source = (
        "@only('google', *INVITING)\ndef test_one(vendor): ...\ndef test_two(service): ...\ndef test_three(desk): ..."
    )
    named = {"THE_FOUR": ("google", "icloud"), "INVITING": ("exchange",)}

    found = [told_of(node, named) for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]

    assert found == [{"google", "exchange"}, {"google", "icloud"}, set()]


def test_codes_are_read_from_the_first_words_only():
    assert codes_of("8b, 8c. Marked by sign. 9. Held") == ["8b", "8c"]
    assert codes_of("The same as 8b.") == []
    assert codes_of("") == []
