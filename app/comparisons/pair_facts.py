"""What judging asks of the two files of a pair beside their measures, in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.comparisons.judging import PairFacts, SideFacts
from app.comparisons.sides import corrected
from app.comparisons.ties import tie_between
from app.fingerprints.seeing.seen import PIXELS_METHOD
from app.provenance.models import VERSIONS
from app.provenance.projection import BITS
from app.provenance.queries import heads
from app.provenance.service import record_of

# Samples count only where nothing hangs behind the image, which no other digest might tell.
# What a file says of its capture is read from the reading that the fingerprint cites. Both sides of
# all pairs at once; `version` and `seen` name the facts that may be others tomorrow.
SHOWN_ALIKE = (
    *("width", "height", "frames", "bit_depth", "alpha", "orientation", "colour_space"),
    "icc_sha256",
)
SIDES = text("""
SELECT f.id, f.asset_id, f.size_bytes, f.image_sha256, f.rendering_sha256, f.trailer_sha256,
       coalesce(r.mime, r.format) AS format, v.width, v.height, v.frames, v.bit_depth, v.colour,
       v.alpha, v.orientation, v.colour_space, v.auxiliary, v.icc_sha256, p.pixels_sha256,
       v.low_information, a.source_system, a.source_identifier AS identifier, l.path, l.kept,
       coalesce(s.companions, '[]') AS companions,
       coalesce(h.version, 0) AS version, coalesce(s.event_id, :none) AS seen,
       sf.digital_source_type, coalesce(
         (SELECT jsonb_object_agg(said->>'field', said->'value')
            FROM jsonb_array_elements(r.statements) said
           WHERE (said->>'picked')::boolean AND said->>'field' = ANY(:fields)), '{}') AS told
  FROM fingerprints f
  JOIN assets a ON a.id = f.asset_id
  JOIN readings r ON (r.asset_id, r.id) = (f.asset_id, f.reading_id)
  LEFT JOIN LATERAL (SELECT * FROM visual_fingerprints
                      WHERE fingerprint_id = f.id ORDER BY method DESC LIMIT 1) v ON true
  LEFT JOIN pixel_digests p ON p.fingerprint_id = f.id
   AND p.method = :pixels AND p.trailing_bytes = 0
  LEFT JOIN LATERAL (SELECT o.path, k.asset_id IS NOT NULL AS kept FROM locations o
                       LEFT JOIN kept_locations k USING (asset_id, ordinal)
                      WHERE o.asset_id = f.asset_id ORDER BY o.ordinal DESC LIMIT 1) l ON true
  LEFT JOIN provenance_heads h ON h.asset_id = f.asset_id
  LEFT JOIN surroundings s ON s.asset_id = f.asset_id
  LEFT JOIN search_facts sf ON sf.asset_id = f.asset_id
 WHERE f.id = ANY(:ids)
""")
NOTHING_SEEN = UUID(int=0)
IDENTITIES = ("burst_id", "sequence_no", "image_unique_id", "content_id")
FIELDS = (
    *(*IDENTITIES, "date_created", "capture_instant", "capture_device"),
    *("digital_source_type", "edit_history"),
)
OF_THE_FILE = (
    *("format", "width", "height", "frames", "bit_depth", "colour", "alpha", "orientation"),
    *("colour_space", "auxiliary", "icc_sha256", "image_sha256", "rendering_sha256"),
    *("trailer_sha256", "pixels_sha256", "low_information", "size_bytes"),
)
# IPTC, digitalsourcetype: what was more than taken or scanned.
EDITED_TYPES = frozenset(
    {
        *("humanEdits", "minorHumanEdits", "compositeCapture", "composite", "compositeSynthetic"),
        *("algorithmicallyEnhanced", "compositeWithTrainedAlgorithmicMedia"),
        *("trainedAlgorithmicMedia", "algorithmicMedia", "dataDrivenMedia"),
    }
)
# C2PA 2.1, 18.15: actions that leave other content than the camera's.
EDITING = frozenset(
    {
        *("c2pa.edited", "c2pa.drawing", "c2pa.placed", "c2pa.removed", "c2pa.filtered"),
        *("c2pa.color_adjustments", "c2pa.adjustedColor", "c2pa.changedSpeed", "c2pa.dubbed"),
    }
)


def sides_of(db: Session, fingerprint_ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Read what judging asks of each of these fingerprints."""
    asked = {"ids": [*fingerprint_ids], "fields": [*FIELDS], "pixels": PIXELS_METHOD}
    rows = [dict(row) for row in db.execute(SIDES, asked | {"none": NOTHING_SEEN}).mappings()]
    said = dates_said(db, [row["asset_id"] for row in rows])
    return {row["id"]: row | {"date_said": said.get(row["asset_id"])} for row in rows}


def dates_said(db: Session, asset_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return what holds of single images where people said when they were made, or chose.

    What was said of a whole series is no word about one of its frames.
    """
    answered = VERSIONS.c.date_created_answer.bitwise_and(BITS["asserted"]) != 0
    shown = {
        row.asset_id: record_of(row).shown("date_created")
        for row in db.scalars(heads(asset_ids).where(answered))
    }
    return {
        asset_id: str(said.value)
        for asset_id, said in shown.items()
        if said is not None and not said.of_series
    }


def pair_facts(a: Mapping[str, Any], b: Mapping[str, Any]) -> PairFacts:
    """Put both sides together with what ties them by their names."""
    return PairFacts(side_facts(a), side_facts(b), tie_between(a, b))


def side_facts(row: Mapping[str, Any]) -> SideFacts:
    """Read one side's row; what nobody told is None."""
    told = row["told"]
    device = told.get("capture_device") or {}
    date = corrected(told.get("date_created"), row["date_said"])
    camera = " ".join(device[part] for part in ("make", "model") if device.get(part))
    return SideFacts(
        **{name: row[name] for name in OF_THE_FILE},
        **{name: told.get(name) for name in IDENTITIES},
        captured_at=captured_at(told | {"date_created": date}),
        camera=camera or None,
        edited=is_edited(told, row["digital_source_type"]),
    )


def captured_at(told: Mapping[str, Any]) -> str | None:
    """Return the file's capture date (EDTF), with the parts of its second where it tells them.

    That is ISO 8601: 2004-05-06T07:08:09.12+08:00.
    """
    date, instant = told.get("date_created"), told.get("capture_instant") or {}
    local, parts = instant.get("local"), instant.get("sub_seconds")
    if not (date and local and parts and date.startswith(local)):
        return date
    return f"{local}.{parts}{date.removeprefix(local)}"


def is_edited(told: Mapping[str, Any], recorded: str | None) -> bool:
    """Tell whether the file's source type, the record's, or its manifest says edited."""
    types = {str(said).rpartition("/")[2] for said in (told.get("digital_source_type"), recorded)}
    history = told.get("edit_history")
    actions = history.get("actions", []) if isinstance(history, dict) else []
    done = {action.get("action") for action in actions if isinstance(action, dict)}
    return bool(types & EDITED_TYPES or done & EDITING)


def may_be_equal(
    a: Mapping[str, Any], b: Mapping[str, Any], measured: Mapping[str, Any] | None
) -> bool:
    """Tell whether all samples of two files could be equal, so that they are worth digesting."""
    if measured is None or a["width"] is None:
        return False
    left = measured.get("coarse", {}).get("differing_share", 0)
    told = a["image_sha256"] is not None and a["image_sha256"] == b["image_sha256"]
    alike = all(a[name] == b[name] for name in SHOWN_ALIKE)
    return alike and not told and not left and a["auxiliary"] == b["auxiliary"] == 0
