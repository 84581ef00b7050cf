"""The demo's answers for people."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.demo_answers import OUTCOMES
from app.cli.demo_backlog import Completed
from app.cli.demo_folder import outcomes, why_unreadable
from app.storage.locations import decode_location, display_name

WIDTH = 150  # where no terminal says how wide it is
FIRST_REASONS = 3
LACKS = {
    "missing:": "these facts are missing",
    "source:": "said, but not by whom or as the policy asks",
    "conflict:": "sources differ and nobody has chosen",
}


def console() -> Console:
    """Return where people read; a pipe is wide enough for every table."""
    return Console(width=None if sys.stdout.isatty() else WIDTH, soft_wrap=False, highlight=False)


def show_eligibility(
    out: Console, assets: Sequence[dict[str, Any]], answers: Mapping[str, dict[str, Any]]
) -> None:
    """Show each image's status, its first reasons and the copy that would stay, by system."""
    names = {asset["asset_id"]: shown(asset) for asset in assets}
    for system in dict.fromkeys(asset["source_system"] for asset in assets):
        table = Table(title=f"May it be disposed of? {system}", title_justify="left")
        table.add_column("Image", overflow="fold")
        table.add_column("Status", no_wrap=True)
        table.add_column("First reasons", overflow="fold")
        table.add_column("Keeper", overflow="fold")
        for asset_id in (a["asset_id"] for a in assets if a["source_system"] == system):
            answer = answers[asset_id]
            keeper = answer["keeper"] and name_of(answer["keeper"]["asset_id"], names)
            reasons = in_brief(answer["reasons"]).replace(", ", "\n")
            table.add_row(*map(escape, (names[asset_id], answer["status"], reasons, keeper or "")))
        out.print(table)
    show_incomplete(out, names, answers)
    show_candidates(out, names, answers)


def name_of(asset_id: str, names: Mapping[str, str]) -> str:
    """Name the copy that would stay; it may lie in a folder of another run."""
    return names.get(asset_id, f"asset {asset_id}")


def shown(asset: Mapping[str, Any]) -> str:
    """Name an image for people by where it lies beneath its system's root."""
    return display_name(b"/".join(decode_location(asset["location"])))


def in_brief(reasons: Sequence[str]) -> str:
    """Write the first reasons, and how many more there are."""
    more = f", +{len(reasons) - FIRST_REASONS} more" if len(reasons) > FIRST_REASONS else ""
    return ", ".join(reasons[:FIRST_REASONS]) + more


def show_incomplete(
    out: Console, names: Mapping[str, str], answers: Mapping[str, dict[str, Any]]
) -> None:
    """Say which facts each incomplete record lacks."""
    for asset_id, answer in answers.items():
        said = [
            f"{words}: {', '.join(facts)}"
            for kind, words in LACKS.items()
            if (facts := [r.partition(":")[2] for r in answer["reasons"] if r.startswith(kind)])
        ]
        if answer["status"] == "blocked_incomplete" and said:
            out.print(f"{escape(names[asset_id])}: not deletable: {'; '.join(said)}.")


def show_candidates(
    out: Console, names: Mapping[str, str], answers: Mapping[str, dict[str, Any]]
) -> None:
    """Say of each candidate which copy stays, and what ranks it first."""
    for asset_id, answer in answers.items():
        if answer["status"] == "candidate" and answer["keeper"] is not None:
            [decides] = [one for one in answer["keeper"]["reasons"] if one["decides"]]
            keeper = name_of(answer["keeper"]["asset_id"], names)
            said = f"{decides['criterion']} ({decides['keeper']} before {decides['this']})"
            still = ", ".join(answer["reasons"])
            out.print(
                f"{escape(names[asset_id])}: candidate; {escape(keeper)} stays, by {said};"
                f" still needed: {still}."
            )


def show_completed(out: Console, completed: Completed | None) -> None:
    """Say how completing one record changed its answer."""
    if completed is None:
        return
    before, after = completed.before, completed.after
    out.print(
        f"{escape(completed.name)}: completed by PATCH, from {before['status']}"
        f" ({in_brief(before['reasons'])}) to {after['status']} ({in_brief(after['reasons'])})."
    )


def show_outcomes(out: Console, assets: Sequence[dict[str, Any]]) -> None:
    """Show how the reading of each file came out, by source system."""
    table = Table(title="What became of every file")
    stated = (*OUTCOMES, "not there or not reachable")
    for column in ("System", "Files", *stated):
        table.add_column(column, justify="left" if column == "System" else "right")
    by_system = outcomes(assets)
    for system, counted in sorted(by_system.items()):
        row = [str(counted[one]) for one in stated]
        table.add_row(escape(system), str(counted.total()), *row)
    every = [str(sum(counted[one] for counted in by_system.values())) for one in stated]
    table.add_section()
    table.add_row("all", str(len(assets)), *every)
    out.print(table)
    reasons = ", ".join(f"{why} {n}" for why, n in why_unreadable(assets).most_common())
    if reasons:
        out.print(f"Unreadable: {escape(reasons)}.")


def show_classes(out: Console, classes: Mapping[str, int]) -> None:
    """Show how many direct pairs are proposed to be of each class; a person decides."""
    if not classes:
        return
    table = Table(title="Pairs by proposed class", title_justify="left")
    table.add_column("Class")
    table.add_column("Pairs", justify="right")
    for class_, count in sorted(classes.items(), key=lambda told: (-told[1], told[0])):
        table.add_row(class_, str(count))
    out.print(table)


def show_totals(out: Console, told: Mapping[str, Any], log_index: int) -> None:
    """Show counts, times and peaks in a few lines."""
    statuses = ", ".join(f"{n} {status}" for status, n in told["eligibility"].items())
    seconds = ", ".join(f"{what} {s} s" for what, s in told["seconds"].items())
    peaks = ", ".join(f"{kind} {mb:.0f} MB" for kind, mb in told["peak_rss_mb"].items())
    out.print(f"{told['assets']} images: {statuses}; {told['fingerprinted']} fingerprinted.")
    out.print(f"Hashed before their reading: {told['order_violations']}. Log index {log_index}.")
    out.print(f"Time: {seconds}. Peak memory: {peaks}.")
