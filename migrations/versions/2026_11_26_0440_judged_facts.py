"""Know by which facts of its two files a pair was judged, and find companions by where they lie."""

from alembic import op

revision = "judged_facts"
down_revision = "signing_roles"
branch_labels = None
depends_on = None

# A pair that is judged as before gets no new likeness, and must not be judged again each night.
# Few files have companions, so the index is small and costs the others nothing.
UP = """
CREATE TABLE judged_facts (
  measurement_id uuid NOT NULL,
  a_version integer NOT NULL CONSTRAINT ck_judged_facts_a_version CHECK (a_version >= 0),
  a_seen uuid NOT NULL,
  b_version integer NOT NULL CONSTRAINT ck_judged_facts_b_version CHECK (b_version >= 0),
  b_seen uuid NOT NULL,
  judged_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_judged_facts PRIMARY KEY (measurement_id, a_version, a_seen, b_version, b_seen),
  CONSTRAINT fk_judged_facts_measurement_id FOREIGN KEY (measurement_id) REFERENCES measurements (id)
);
CREATE TRIGGER judged_facts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON judged_facts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE judged_facts ENABLE ALWAYS TRIGGER judged_facts_append_only;
GRANT SELECT ON judged_facts TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (measurement_id, a_version, a_seen, b_version, b_seen) ON judged_facts TO catalogue_worker;

CREATE INDEX ix_surroundings_companions ON surroundings USING gin (companions jsonb_path_ops)
  WHERE cardinality(companion_kinds) > 0;
"""
DOWN = """
DROP INDEX ix_surroundings_companions;
DROP TABLE judged_facts;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
