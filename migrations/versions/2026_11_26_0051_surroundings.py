"""Know which files travel together and which belong to a package."""

from alembic import op

revision = "surroundings"
down_revision = "rereadings"
branch_labels = None
depends_on = None

# No department's policy: these facts forbid, and are judged for whoever asks. One row an asset, for
# every answer reads it; what it said before stands in the events.
UP = """
CREATE TABLE surroundings (
  asset_id uuid NOT NULL,
  location_ordinal integer NOT NULL,
  companion_kinds text[] NOT NULL,
  container_kinds text[] NOT NULL,
  companions jsonb NOT NULL,
  containers jsonb NOT NULL,
  looked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid,
  CONSTRAINT pk_surroundings PRIMARY KEY (asset_id),
  CONSTRAINT fk_surroundings_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_surroundings_event_id FOREIGN KEY (event_id) REFERENCES events (id),
  CONSTRAINT ck_surroundings_event CHECK (
    event_id IS NOT NULL OR (cardinality(companion_kinds) = 0 AND cardinality(container_kinds) = 0))
);
GRANT SELECT ON surroundings TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON surroundings TO catalogue_worker;
GRANT UPDATE (location_ordinal, companion_kinds, container_kinds, companions, containers, looked_at, event_id)
  ON surroundings TO catalogue_worker;
"""
DOWN = """
DROP TABLE surroundings;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
