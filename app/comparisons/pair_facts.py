"""What judging asks of the two files of a pair beside their measures, in one statement."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.comparisons.judging import PairFacts, SideFacts
from app.fingerprints.seeing.seen import PIXELS_METHOD

# Samples count only where nothing hangs behind the image, which no other digest might tell.
# What a file says of its capture is read from the reading that the fingerprint cites: people's
# dates are of the record and as coarse as they know them. Both sides of all pairs at once.
SHOWN_ALIKE = (
    *("width", "height", "frames", "bit_depth", "alpha", "orientation", "colour_space"),
    "icc_sha256",
)
SIDES = text("""
SELECT f.id, f.size_bytes, f.image_sha256, f.rendering_sha256, f.trailer_sha256,
       coalesce(r.mime, r.format) AS format, v.width, v.height, v.frames, v.bit_depth, v.colour,
       v.alpha, v.orientation, v.colour_space, v.auxiliary, v.icc_sha256, p.pixels_sha256,
       v.low_information, a.source_system, l.path, coalesce(s.companions, '[]') AS companions,
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
  LEFT JOIN LATERAL (SELECT path FROM locations
                      WHERE asset_id = f.asset_id ORDER BY ordinal DESC LIMIT 1) l ON true
  LEFT JOIN surroundings s ON s.asset_id = f.asset_id
  LEFT JOIN search_facts sf ON sf.asset_id = f.asset_id
 WHERE f.id = ANY(:ids)
""")
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
    return {row["id"]: dict(row) for row in db.execute(SIDES, asked).mappings()}


def pair_facts(a: Mapping[str, Any], b: Mapping[str, Any]) -> PairFacts:
    """Put both sides together with what ties them by their names."""
    return PairFacts(side_facts(a), side_facts(b), tie_between(a, b))


def side_facts(row: Mapping[str, Any]) -> SideFacts:
    """Read one side's row; what nobody told is None."""
    told = row["told"]
    device = told.get("capture_device") or {}
    camera = " ".join(device[part] for part in ("make", "model") if device.get(part))
    return SideFacts(
        **{name: row[name] for name in OF_THE_FILE},
        **{name: told.get(name) for name in IDENTITIES},
        captured_at=captured_at(told),
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


def tie_between(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """Tell what ties two files of one system by their names, as somebody saw around either."""
    if a["source_system"] != b["source_system"]:
        return None
    for one, other in ((a, b), (b, a)):
        for companion in one["companions"]:
            if companion["location"] == other["path"] and companion["kind"] != "sidecar":
                return str(companion["kind"])
    return None


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
