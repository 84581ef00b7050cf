"""Models, migrations and what is declared beside them say the same of a database."""

import json

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from declare import DECLARED, declaration
from ground import Ground, Urls, connections_dropped
from sqlalchemy import create_engine, text

from app.kit import migrations
from app.kit.roles import create_database

# Until the migrations' env.py tells SQLAlchemy of the type, its columns are compared by name only.
unknown_xid8 = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
LEFT = """
SELECT c.relkind::text || ' ' || c.relname FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace
   AND c.relname NOT IN ('alembic_version', 'alembic_version_pkc')
UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'type ' || typname FROM pg_type
 WHERE typnamespace = 'public'::regnamespace AND typname !~ 'alembic_version$'
UNION ALL SELECT 'grant ' || c.relname || ' ' || a.grantee::regrole::text
  FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
 WHERE c.relnamespace = 'public'::regnamespace AND a.grantee <> c.relowner
UNION ALL SELECT 'schema ' || a.grantee::regrole::text
  FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
 WHERE n.nspname = 'public' AND a.grantee::regrole::text LIKE 'catalogue%'
   AND a.grantee <> n.nspowner
"""


def test_triggers_rights_and_policies_are_those_declared(urls: Urls) -> None:
    declared = json.loads(DECLARED.read_text("utf-8"))
    found = json.loads(json.dumps(declaration(urls("catalogue_owner"))))
    assert found.keys() == declared.keys()
    for name, rows in declared.items():
        assert found[name] == rows, f"{name}: mend it, or write declared.json anew"


def test_every_refusal_is_enabled_always(urls: Urls) -> None:
    """An ordinary stamp is restored as it was; a refusal holds for a restore too."""
    for _, name, enabled, function, _, _ in declaration(urls("catalogue_owner"))["triggers"]:
        assert enabled == ("A" if function.startswith("refuse_") else "O"), name


def test_every_trigger_function_has_a_fixed_search_path(urls: Urls) -> None:
    for name, definer, config, _, grantees in declaration(urls("catalogue_owner"))["functions"]:
        assert config == ["search_path=pg_catalog, pg_temp"], name
        if definer:
            assert grantees == [], f"{name} runs as its owner for {grantees}"


@unknown_xid8
def test_models_match_the_migrated_database(urls: Urls) -> None:
    command.check(migrations.alembic_config(urls("catalogue_owner")))


@unknown_xid8
def test_up_down_up(ground: Ground) -> None:
    name = "up_down_up"
    with connections_dropped():
        create_database(ground.administrator, name)
    owner = ground.url("catalogue_owner", name)
    engine = create_engine(owner)
    try:
        migrations.upgrade(owner)
        first = declaration(owner)
        migrations.downgrade(owner)
        with engine.connect() as connection:
            assert connection.scalars(text(LEFT)).all() == []
        migrations.upgrade(owner)
        assert declaration(owner) == first
        command.check(migrations.alembic_config(owner))
    finally:
        engine.dispose()
        ground.drop(name)


def test_each_revision_goes_down_and_up_by_itself(ground: Ground, database_name: str) -> None:
    owner = ground.url("catalogue_owner", database_name)
    before = declaration(owner)
    scripts = ScriptDirectory.from_config(migrations.alembic_config(owner))
    for script in scripts.walk_revisions():
        migrations.downgrade(owner, str(script.down_revision or "base"))
        migrations.upgrade(owner, script.revision)
        migrations.downgrade(owner, str(script.down_revision or "base"))
    migrations.upgrade(owner)
    assert declaration(owner) == before


def test_there_is_one_line_of_revisions(urls: Urls) -> None:
    config = migrations.alembic_config(urls("catalogue_owner"))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    assert all(not s.is_merge_point and not s.is_branch_point for s in scripts.walk_revisions())
