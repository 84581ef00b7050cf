"""Let a mistaken registration be taken back, with a reason and without losing its history."""

from alembic import op

revision = "withdrawals"
down_revision = "thumbnails"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE withdrawals (
  asset_id uuid NOT NULL,
  reason text NOT NULL CONSTRAINT ck_withdrawals_reason CHECK (reason <> ''),
  withdrawn_by text NOT NULL,
  withdrawn_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_withdrawals PRIMARY KEY (asset_id),
  CONSTRAINT fk_withdrawals_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_withdrawals_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER withdrawals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON withdrawals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE withdrawals ENABLE ALWAYS TRIGGER withdrawals_append_only;

-- What was taken back is never declared complete, by whatever way in.
CREATE FUNCTION refuse_withdrawn() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM public.withdrawals w WHERE w.asset_id = NEW.asset_id) THEN
    RAISE EXCEPTION 'the registration of asset % was withdrawn', NEW.asset_id
      USING ERRCODE = 'check_violation', CONSTRAINT = 'seals_not_of_withdrawn', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER seals_not_of_withdrawn BEFORE INSERT ON seals
  FOR EACH ROW EXECUTE FUNCTION refuse_withdrawn();
ALTER TABLE seals ENABLE ALWAYS TRIGGER seals_not_of_withdrawn;

GRANT SELECT ON withdrawals TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (asset_id, reason, withdrawn_by, event_id) ON withdrawals TO catalogue_api;
"""
DOWN = """
DROP TRIGGER seals_not_of_withdrawn ON seals;
DROP FUNCTION refuse_withdrawn();
DROP TABLE withdrawals;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
