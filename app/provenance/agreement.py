"""Which statements of a field disagree, and what several true ones say together."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

from app.kit.chinese import to_simplified
from app.provenance.fields import FIELDS, Kind
from app.provenance.normalise import fold, names, normalise, same, terms
from app.provenance.statements import Statement

MANY = frozenset({Kind.TEXT, Kind.AGENTS, Kind.CODES, Kind.OBJECT})  # may hold several values


def sources(said: Iterable[Statement]) -> list[list[Statement]]:
    """Group what was said by who said it: the file, people, each series and catalogue for itself.

    Each sidecar is a source of its own, for another program wrote it than the file.

    What is derived is left out: it contradicts nobody.
    """
    groups: dict[tuple[str, str], list[Statement]] = {}
    for s in said:
        if s.source_kind != "derived":
            groups.setdefault((s.source_kind, place_of(s)), []).append(s)
    return list(groups.values())


def place_of(s: Statement) -> str:
    """Return what tells two sources of one kind apart: series, catalogue's record, or sidecar."""
    if s.of_series or s.source_kind == "imported":
        return s.locator
    return s.locator.partition(" ")[0] if s.of_sidecar else ""


def contradict(field: str, groups: Sequence[Sequence[Statement]], *, within: int) -> bool:
    """Tell whether two sources say nothing in common, though they could.

    Moments within so many seconds are the same.
    """
    told = [[(normalise(field, s.value), s.lang) for s in group] for group in groups]
    return any(differ(field, one, other, within=within) for one, other in combinations(told, 2))


def differ(
    field: str,
    one: Sequence[tuple[str, str | None]],
    other: Sequence[tuple[str, str | None]],
    *,
    within: int,
) -> bool:
    """Tell whether two sources speak one language, or none that is told, and never agree."""
    pairs = [(a, b) for a, la in one for b, lb in other if comparable(la, lb)]
    return bool(pairs) and not any(same(field, a, b, within=within) for a, b in pairs)


def comparable(one: str | None, other: str | None) -> bool:
    """Tell whether values in two languages can contradict each other; scripts of one can."""
    if one is None or other is None:
        return True
    return "und" in (primary(one), primary(other)) or primary(one) == primary(other)


def primary(lang: str) -> str:
    """Return a tag's language without script and region (BCP 47)."""
    return lang.partition("-")[0].casefold()


def said_before(statement: Statement, values: Iterable[str], *, within: int) -> bool:
    """Tell whether a statement says one of these normalised values."""
    told = normalise(statement.field, statement.value)
    return any(same(statement.field, told, value, within=within) for value in values)


def values_of(said: Iterable[Statement]) -> tuple[str, ...]:
    """Return the normalised values of statements, each once, in order."""
    return tuple(sorted({normalise(s.field, s.value) for s in said}))


def merged(field: str, values: Sequence[Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Say several true values as one: every name, every term, every object; of texts the first."""
    match FIELDS[field].kind:
        case Kind.AGENTS:
            every: dict[str, str] = {}
            for name in (name for value in values for name in names(value)):
                every.setdefault(to_simplified(fold(name)), name)
            return list(every.values())
        case Kind.CODES:
            return list(dict.fromkeys(term for value in values for term in terms(value)))
        case Kind.OBJECT:
            parts = [p for v in values for p in (v if isinstance(v, list) else [v])]
            return [part for at, part in enumerate(parts) if part not in parts[:at]]
        case _:
            return values[0]
