"""Read what was read before again, when people ask, and keep what came of it."""

from alembic import op

revision = "rereadings"
down_revision = "thumbnails"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE rereadings (
  id uuid NOT NULL,
  asked jsonb NOT NULL,
  reason text NOT NULL,
  event_id uuid NOT NULL,
  CONSTRAINT pk_rereadings PRIMARY KEY (id),
  CONSTRAINT fk_rereadings_id FOREIGN KEY (id) REFERENCES operations (id),
  CONSTRAINT fk_rereadings_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER rereadings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rereadings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE rereadings ENABLE ALWAYS TRIGGER rereadings_append_only;

CREATE TABLE reread_assets (
  rereading_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  before_reading_id uuid NOT NULL,
  after_reading_id uuid,
  result text CONSTRAINT ck_reread_assets_result CHECK (result IN ('read_again', 'same', 'not_reached')),
  changes jsonb NOT NULL DEFAULT '[]',
  done_at timestamptz,
  CONSTRAINT pk_reread_assets PRIMARY KEY (rereading_id, asset_id),
  CONSTRAINT fk_reread_assets_rereading_id FOREIGN KEY (rereading_id) REFERENCES rereadings (id),
  CONSTRAINT fk_reread_assets_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_reread_assets_asset_id_before_reading_id FOREIGN KEY (asset_id, before_reading_id)
    REFERENCES readings (asset_id, id),
  CONSTRAINT fk_reread_assets_after_reading_id FOREIGN KEY (after_reading_id) REFERENCES readings (id),
  CONSTRAINT ck_reread_assets_done CHECK ((done_at IS NULL) = (result IS NULL)),
  CONSTRAINT ck_reread_assets_after CHECK ((result = 'read_again') = (after_reading_id IS NOT NULL))
);
CREATE INDEX ix_reread_assets_waiting ON reread_assets (rereading_id, asset_id) WHERE done_at IS NULL;

GRANT SELECT ON rereadings, reread_assets TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON rereadings TO catalogue_api;
GRANT INSERT (rereading_id, asset_id, before_reading_id) ON reread_assets TO catalogue_api;
GRANT UPDATE (after_reading_id, result, changes, done_at) ON reread_assets TO catalogue_worker;
"""
DOWN = """
DROP TABLE reread_assets;
DROP TABLE rereadings;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
