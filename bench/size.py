"""How long modules and functions are, by room, beside the bars of the house."""

import ast
import json
import math
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"
MEDIAN_MODULE, LONGEST_MODULE, LONGEST_FUNCTION = 100, 400, 40


@dataclass(frozen=True)
class Measured:
    """A module or a function and its length in lines, blank ones and docstrings included."""

    room: str
    name: str
    lines: int


def modules() -> Iterator[tuple[Measured, ast.Module]]:
    """Yield each module of ours with its syntax tree; what the build brings is not ours."""
    for path in sorted(APP.rglob("*.py")):
        inside = path.relative_to(APP)
        if inside.parts[0] == "vendored":
            continue
        room = inside.parts[0] if len(inside.parts) > 1 else "(processes)"
        text = path.read_text("utf-8")
        yield Measured(room, f"app/{inside}", len(text.splitlines())), ast.parse(text)


def functions(module: Measured, tree: ast.Module) -> Iterator[Measured]:
    """Yield each function of a module, inner ones too, without its decorators."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield Measured(module.room, f"{module.name}:{node.lineno} {node.name}", lines)


def figures(found: Sequence[Measured]) -> dict[str, int]:
    """Return how many there are, and their median, ninth decile and longest in lines."""
    lines = sorted(one.lines for one in found)
    ninth = lines[math.ceil(0.9 * len(lines)) - 1] if lines else 0
    return {
        "count": len(lines),
        "median": round(statistics.median(lines)) if lines else 0,
        "p90": ninth,
        "longest": lines[-1] if lines else 0,
    }


def measure() -> dict[str, Any]:
    """Measure everything once."""
    of_modules: list[Measured] = []
    of_functions: list[Measured] = []
    for module, tree in modules():
        of_modules.append(module)
        of_functions.extend(functions(module, tree))
    rooms = sorted({one.room for one in of_modules})
    return {
        "modules": figures(of_modules),
        "functions": figures(of_functions),
        "rooms": {
            room: {
                "modules": figures([one for one in of_modules if one.room == room]),
                "functions": figures([one for one in of_functions if one.room == room]),
            }
            for room in rooms
        },
        "longest_modules": listed(of_modules, at_most=3),
        "longest_functions": listed(of_functions, at_most=3),
        "modules_over_bar": listed([one for one in of_modules if one.lines > LONGEST_MODULE]),
        "functions_over_bar": listed([one for one in of_functions if one.lines > LONGEST_FUNCTION]),
    }


def listed(found: Sequence[Measured], at_most: int | None = None) -> list[dict[str, Any]]:
    """List the longest first."""
    ranked = sorted(found, key=lambda one: (-one.lines, one.name))[:at_most]
    return [{"name": one.name, "lines": one.lines} for one in ranked]


def table(measured: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a table for people."""
    columns = ("count", "median", "p90", "longest")
    form = "{:<14}" + "{:>8}" * 4 + "  |" + "{:>8}" * 4
    yield form.format("", *columns, *columns)
    yield form.format("", "modules", "", "", "", "functs.", "", "", "")
    everything = {**measured["rooms"], "all": measured}
    for room, found in everything.items():
        sizes = [found[kind][column] for kind in ("modules", "functions") for column in columns]
        yield form.format(room, *sizes)
    yield ""
    bars = f"median module {MEDIAN_MODULE}, longest {LONGEST_MODULE}; function {LONGEST_FUNCTION}"
    yield f"Bars: {bars}."
    for kind in ("longest_modules", "longest_functions", "modules_over_bar", "functions_over_bar"):
        yield f"{kind.replace('_', ' ').capitalize()}: {said(measured[kind])}"


def said(found: Sequence[dict[str, Any]]) -> str:
    """Say a list in one line."""
    return ", ".join(f"{one['name']} ({one['lines']})" for one in found) or "none"


def main() -> None:
    """Print the table, or everything as JSON with --json."""
    measured = measure()
    if "--json" in sys.argv[1:]:
        sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(table(measured)) + "\n")


if __name__ == "__main__":
    main()
