"""Picture what was fingerprinted, by Pillow in this process. (Stand-in.)"""

import hashlib
import io
from dataclasses import asdict
from functools import partial

import imagehash
import numpy as np
from PIL import Image, ImageOps
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.assets.queries import whereabouts
from app.fingerprints.events import AssetsFingerprinted, AssetsPictured
from app.fingerprints.models import FingerprintRow, VisualFingerprintRow
from app.fingerprints.queries import current_fingerprint
from app.fingerprints.seeing.seen import METHOD, Seen
from app.kit.jobs import in_transaction, on, publish
from app.ledger.agents import process
from app.ledger.service import Event, record
from app.storage.opening import open_located


def see(raw: bytes) -> Seen:
    try:
        image = Image.open(io.BytesIO(raw))
        image.load()
    except Exception:  # noqa: BLE001
        return Seen("undecodable", "not_decodable", measures={}, tools={})
    orientation = image.getexif().get(0x0112, 1)
    upright = ImageOps.exif_transpose(image)
    rgb = np.asarray(upright.convert("RGB"))
    forms = [np.rot90(rgb, k) for k in range(4)]
    forms += [np.rot90(np.fliplr(rgb), k) for k in range(4)]
    ph = [
        np.packbits(
            imagehash.phash(Image.fromarray(np.ascontiguousarray(f))).hash.flatten()
        ).tobytes()
        for f in forms
    ]
    grey = np.asarray(upright.convert("L"))
    icc = image.info.get("icc_profile")
    return Seen(
        "decoded",
        None,
        upright.width,
        upright.height,
        getattr(image, "n_frames", 1),
        16 if image.mode.startswith("I") else 8,
        image.mode,
        "A" in image.mode,
        orientation,
        None,
        0,
        hashlib.sha256(icc).digest() if icc else None,
        hashlib.sha256(np.ascontiguousarray(np.asarray(image))).digest()
        if raw[:2] != b"\xff\xd8"
        else None,
        ph[0],
        np.packbits(imagehash.dhash(upright).hash.flatten()).tobytes(),
        ph[0] * 4,
        100,
        b"".join(ph),
        b"".join(p * 4 for p in ph),
        "blank" if int(grey.max()) - int(grey.min()) < 8 else None,
        [],
        {},
        {"pillow": "x"},
    )


@on(AssetsFingerprinted)
def picture_assets(fact: AssetsFingerprinted) -> None:
    in_transaction(partial(picture, asset_ids=fact.asset_ids))


def picture(db: Session, asset_ids) -> None:  # noqa: ANN001
    done = []
    for asset_id, root, path in db.execute(whereabouts(asset_ids)).all():
        mine: FingerprintRow | None = db.scalars(current_fingerprint(asset_id)).one_or_none()
        if mine is None:
            continue
        with open_located(root, path) as opened, open(opened.descriptor, "rb", closefd=False) as f:
            seen = see(f.read())
        event = record(db, process("fingerprinting"), Event("x:pictured", {}, asset_id))
        db.execute(
            insert(VisualFingerprintRow).values(
                asset_id=asset_id,
                fingerprint_id=mine.id,
                method=METHOD,
                event_id=event,
                **asdict(seen),
            )
        )
        done.append(asset_id)
    if done:
        publish(db, AssetsPictured(tuple(done)))
