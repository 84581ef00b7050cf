"""The demo's policy and registers: derived from the packaged ones, published without signatures.

Only a database that was marked a demo when it was made takes them.
"""

from copy import deepcopy
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cli.demo_ground import prove_demo
from app.policies import queries
from app.policies.documents import kind_of
from app.policies.packaged import packaged_documents
from app.policies.service import record_document

POLICY_ID = "demo"
INSTRUMENT_ID = "demo-instrument"
VERSION = "1000.0.0"  # above every edition that a release will package
Document = dict[str, Any]


def load_demo_documents(db: Session) -> None:
    """Record the demo's registers and policy, as the owner; a second time changes nothing.

    Raises:
        NotADemo: the database is marked otherwise.
    """
    prove_demo(db)
    today = db.scalar(select(func.current_date()))
    assert today is not None  # noqa: S101 - the database has a date
    yesterday = (today - timedelta(days=1)).isoformat()
    packaged = {header_in(one)["id"]: one for one in packaged_documents()}
    for document in (
        published(packaged["legal-status"], yesterday),
        with_instrument(published(packaged["legal-instruments"], yesterday), yesterday),
        demo_policy(packaged["hk-city-default"], yesterday),
    ):
        header = header_in(document)
        # Recorded on another day it says another "yesterday", and a version never changes.
        known = queries.version_of(kind_of(document), header["id"], header["version"])
        if db.scalars(known).one_or_none() is None:
            record_document(db, document)


def header_in(document: Document) -> Document:
    """Return what names a document."""
    header: Document = document.get("policy") or document["register"]
    return header


def published(document: Document, since: str) -> Document:
    """Return a demo edition of a document: its own version, in force, published."""
    edition = deepcopy(document)
    header_in(edition).update(version=VERSION, effective_from=since, status="published")
    return edition


def with_instrument(register: Document, since: str) -> Document:
    """Add the one verified instrument, on which demo policy and demo records rest."""
    citation = {
        "en": "Demo instrument: made up for the demonstration, it authorises nothing real",
        "zh-Hant": "示範文書:僅供示範而虛構,不具任何實際效力",
        "zh-Hans": "示范文书:仅供示范而虚构,不具任何实际效力",
    }
    instrument: Document = {
        "id": INSTRUMENT_ID,
        "kind": "policy",
        "jurisdiction": "HK",
        "citation": citation,
        "applies_to": {},
        "requires": [],
        "effective_from": None,
        "effective_to": None,
        "document_digest": None,
        "verified": {"by": "Demo loader", "on": since, "note": "Nobody verified it: it is a demo."},
    }
    register["instruments"].append(instrument)
    return register


def demo_policy(city_default: Document, since: str) -> Document:
    """Return a base policy like the city default, under which one surviving copy is enough."""
    policy = published(city_default, since)
    header_in(policy).update(
        id=POLICY_ID,
        extends=None,
        authority=[INSTRUMENT_ID],
        label={"en": "Demo policy", "zh-Hant": "示範政策", "zh-Hans": "示范政策"},
    )
    policy["duplicate_standard"]["min_verified_copies"] = 1
    return policy
