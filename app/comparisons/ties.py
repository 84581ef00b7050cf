"""Which registered files travel together: as somebody saw around them, or by how both are named."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from app.assets import companions
from app.assets.surrounding_models import SurroundingsRow
from app.fingerprints.registration.aligner import METHOD as MEASURING
from app.kit.settings import settings

SIDECAR = "sidecar"
Tie = tuple[UUID, UUID, UUID, str]  # fingerprint, its companion's, that one's asset, the kind
# Either side may have been looked around first, and one may be registered by any identifier. What
# is registered under the place that was seen need not have been looked around itself.
TRAVELLING = """
    SELECT s.asset_id, c.said->>'kind' AS kind
      FROM surroundings s CROSS JOIN jsonb_array_elements(s.companions) AS c (said)
     WHERE cardinality(s.companion_kinds) > 0 AND c.said->>'location' = mine.path
       AND s.companions @> jsonb_build_array(jsonb_build_object('location', mine.path))
    UNION
    SELECT o.id, c.said->>'kind'
      FROM surroundings s CROSS JOIN jsonb_array_elements(s.companions) AS c (said)
      JOIN assets o ON o.source_system = mine.source_system
       AND o.source_identifier = c.said->>'location'
     WHERE s.asset_id = mine.asset_id
"""
MINE = """
  SELECT f.id, f.asset_id, a.source_system, l.path
    FROM fingerprints f JOIN assets a ON a.id = f.asset_id
   CROSS JOIN LATERAL (SELECT path FROM locations WHERE asset_id = a.id
                        ORDER BY ordinal DESC LIMIT 1) l
"""
SEEN = text(f"""
SELECT mine.id, f.id, f.asset_id, tied.kind FROM ({MINE} WHERE f.id = ANY(:ids)) AS mine
 CROSS JOIN LATERAL ({TRAVELLING}) AS tied
  JOIN assets o ON o.id = tied.asset_id AND o.source_system = mine.source_system
  JOIN fingerprints f ON f.asset_id = o.id
 WHERE o.id <> mine.asset_id AND tied.kind <> 'sidecar'
""")  # noqa: S608 - our own words
# In a statement over surroundings: something travels with the newest bytes and is not measured.
UNMEASURED = text(f"""
EXISTS (
  SELECT FROM ({MINE} WHERE f.asset_id = surroundings.asset_id ORDER BY f.id DESC LIMIT 1) AS mine
   CROSS JOIN LATERAL ({TRAVELLING}) AS tied
    JOIN assets o ON o.id = tied.asset_id AND o.source_system = mine.source_system
   CROSS JOIN LATERAL (SELECT id FROM fingerprints WHERE asset_id = o.id
                        ORDER BY id DESC LIMIT 1) AS f
   WHERE o.id <> mine.asset_id AND tied.kind <> 'sidecar'
     AND NOT EXISTS (SELECT FROM measurements m WHERE m.method = :measuring
       AND ((m.a_fingerprint_id, m.b_fingerprint_id) IN ((mine.id, f.id), (f.id, mine.id)))))
""")  # noqa: S608
# Nobody can look around a content of ours: there the identifier stands for the place.
KEPT = text("""
SELECT f.id, a.source_system, a.source_identifier AS identifier FROM fingerprints f
  JOIN assets a ON a.id = f.asset_id
 WHERE f.id = ANY(:ids) AND EXISTS (SELECT FROM kept_locations k WHERE k.asset_id = a.id)
""")
NAMED_ALIKE = text("""
SELECT a.source_identifier AS identifier, f.id, f.asset_id FROM assets a
  JOIN fingerprints f ON f.asset_id = a.id
 WHERE a.source_system = :system AND a.source_identifier >= :start
   AND a.source_identifier < :behind AND a.source_identifier <> :mine
   AND EXISTS (SELECT FROM kept_locations k WHERE k.asset_id = a.id)
 ORDER BY a.source_identifier LIMIT 100
""")
LAST_SIGN = "\U0010ffff"


def ties_of(db: Session, fingerprint_ids: Sequence[UUID]) -> Iterator[Tie]:
    """Yield what travels with these files and was fingerprinted; sidecars are no images."""
    for mine, other, asset_id, kind in db.execute(SEEN, {"ids": [*fingerprint_ids]}).all():
        yield mine, other, asset_id, kind
    for kept in db.execute(KEPT, {"ids": [*fingerprint_ids]}).all():
        for start in starts_of(kept.identifier):
            asked = {"system": kept.source_system, "mine": kept.identifier, "start": start}
            for other in db.execute(NAMED_ALIKE, asked | {"behind": start + LAST_SIGN}).all():
                kind = tie_by_name(kept.identifier, other.identifier)
                if kind is not None:
                    yield kept.id, other.id, other.asset_id, kind


def unmet() -> Select[UUID]:
    """Select images whose companions were found after their likes were looked for."""
    travelling = func.cardinality(SurroundingsRow.companion_kinds) > 0
    unmeasured = UNMEASURED.bindparams(measuring=MEASURING)
    return select(SurroundingsRow.asset_id).where(travelling, unmeasured)


def tie_between(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """Tell what ties two files of one system, as somebody saw around either, or by their names.

    The names of two contents of ours count, which were sent as they lay in one folder.
    """
    if a["source_system"] != b["source_system"]:
        return None
    for one, other in ((a, b), (b, a)):
        for companion in one["companions"]:
            if companion["location"] == other["path"] and companion["kind"] != SIDECAR:
                return str(companion["kind"])
    return tie_by_name(a["identifier"], b["identifier"]) if a["kept"] and b["kept"] else None


def tie_by_name(one: str, other: str) -> str | None:
    """Tell what ties two identifiers that are paths, if they are of one folder."""
    folder, name = parted(one)
    other_folder, other_name = parted(other)
    if folder != other_folder:
        return None
    tie = companions.tie_between(name, other_name, sides())
    return tie[0] if tie is not None and tie[0] != SIDECAR else None


def starts_of(identifier: str) -> list[str]:
    """Return what the identifiers of all possible companions begin with."""
    folder, name = parted(identifier)
    starts = companions.starts_of(name, sides())
    return [folder + start.decode("utf-8", "surrogateescape") for start in starts]


def parted(identifier: str) -> tuple[str, bytes]:
    """Part an identifier into its folder and the name in it."""
    folder, slash, name = identifier.rpartition("/")
    return folder + slash, name.encode()


def sides() -> re.Pattern[str]:
    """Return by what the two sides of one sheet are told apart in names."""
    return companions.sides_in(settings().sides_pattern)
