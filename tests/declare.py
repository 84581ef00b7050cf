"""What no model says: triggers, rights and policies of a freshly migrated database.

`python tests/declare.py > migrations/declared.json` writes what `test_declared.py` compares with.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from ground import Ground, open_ground
from sqlalchemy import create_engine, text

DECLARED = Path(__file__).parents[1] / "migrations" / "declared.json"
QUERIES = {
    # `enabled`: O as the origin of changes only, A always, R as a replica only, D never.
    "triggers": """
        SELECT c.relname, t.tgname, t.tgenabled::text, p.proname, t.tgdeferrable,
               pg_get_triggerdef(t.oid)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE NOT t.tgisinternal AND n.nspname = 'public'
           AND c.relname NOT LIKE 'procrastinate%' ORDER BY 1, 2""",
    "functions": """
        SELECT p.proname, p.prosecdef, p.proconfig, md5(p.prosrc), ARRAY(
               SELECT coalesce(r.rolname, 'PUBLIC')::text
                 FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                 LEFT JOIN pg_roles r ON r.oid = a.grantee
                WHERE r.rolname IS DISTINCT FROM 'catalogue_owner' ORDER BY 1)
          FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = 'public' AND p.proname NOT LIKE 'procrastinate%' ORDER BY 1""",
    "table_grants": """
        SELECT coalesce(r.rolname, 'PUBLIC'), c.relname,
               string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE n.nspname = 'public' AND r.rolname IS DISTINCT FROM 'catalogue_owner'
         GROUP BY 1, 2 ORDER BY 1, 2""",
    "column_grants": """
        SELECT coalesce(r.rolname, 'PUBLIC'), c.relname, a.privilege_type,
               string_agg(t.attname, ', ' ORDER BY t.attname)
          FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid
          JOIN pg_namespace n ON n.oid = c.relnamespace
          CROSS JOIN aclexplode(t.attacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE n.nspname = 'public' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
    "schema_grants": """
        SELECT coalesce(r.rolname, 'PUBLIC'),
               string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type)
          FROM pg_namespace n CROSS JOIN aclexplode(n.nspacl) a
          LEFT JOIN pg_roles r ON r.oid = a.grantee
         WHERE n.nspname = 'public' AND r.rolname IS DISTINCT FROM 'catalogue_owner'
         GROUP BY 1 ORDER BY 1""",
    "row_security": """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relname NOT LIKE 'procrastinate%'
           AND (c.relrowsecurity OR c.relforcerowsecurity) ORDER BY 1""",
    "policies": """
        SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check
          FROM pg_policies WHERE schemaname = 'public' ORDER BY 1, 2""",
}


def declaration(owner_url: str) -> dict[str, list[list[Any]]]:
    """Read a database's triggers, rights and policies, each as one row."""
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        found = {
            name: [list(row) for row in connection.execute(text(query))]
            for name, query in QUERIES.items()
        }
    engine.dispose()
    return found


def written(declared: dict[str, list[list[Any]]]) -> str:
    """Write a declaration with one row a line, so that a change reads as one."""
    parts = [
        f"  {json.dumps(name)}: [\n"
        + ",\n".join(f"    {json.dumps(row)}" for row in rows)
        + "\n  ]"
        for name, rows in declared.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def declare(ground: Ground) -> str:
    """Return the declaration of a newly migrated database."""
    name = ground.clone()
    try:
        return written(declaration(ground.url("catalogue_owner", name)))
    finally:
        ground.drop(name)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, open_ground(Path(folder)) as opened:
        sys.stdout.write(declare(opened))
