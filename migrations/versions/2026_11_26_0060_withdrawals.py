"""Let a registration be taken back, or go on under another name; its history stays."""

from alembic import op

revision = "withdrawals"
down_revision = "surroundings"
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

-- Names under which assets were known before their collection moved: they stay theirs.
CREATE TABLE former_identities (
  source_system text NOT NULL,
  source_identifier text NOT NULL,
  asset_id uuid NOT NULL,
  until timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_former_identities PRIMARY KEY (source_system, source_identifier),
  CONSTRAINT fk_former_identities_source_system FOREIGN KEY (source_system) REFERENCES source_systems (code),
  CONSTRAINT fk_former_identities_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_former_identities_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_former_identities_asset_id ON former_identities (asset_id);
CREATE TRIGGER former_identities_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON former_identities
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE former_identities ENABLE ALWAYS TRIGGER former_identities_append_only;

-- An asset is never removed, and of its row nothing changes but its name, which is kept beside.
DROP TRIGGER assets_append_only ON assets;
CREATE TRIGGER assets_append_only BEFORE DELETE OR TRUNCATE ON assets
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_append_only;
CREATE FUNCTION refuse_change_but_of_name() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.id, NEW.department, NEW.original_name, NEW.import_id, NEW.registered_facts, NEW.registered_by,
      NEW.registered_at, NEW.event_id)
     IS DISTINCT FROM
     (OLD.id, OLD.department, OLD.original_name, OLD.import_id, OLD.registered_facts, OLD.registered_by,
      OLD.registered_at, OLD.event_id)
     OR NOT EXISTS (SELECT FROM public.former_identities f WHERE f.asset_id = OLD.id
                    AND f.source_system = OLD.source_system AND f.source_identifier = OLD.source_identifier) THEN
    RAISE EXCEPTION 'nothing of an asset changes but its name, and the former one is kept'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'assets_former_name_kept', TABLE = 'assets';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER assets_former_name_kept BEFORE UPDATE ON assets
  FOR EACH ROW EXECUTE FUNCTION refuse_change_but_of_name();
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_former_name_kept;

-- Once a statement and not once a row: registering by the thousand must not pay for it.
CREATE FUNCTION refuse_former_name_of_another() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM named n JOIN public.former_identities f
             ON f.source_system = n.source_system AND f.source_identifier = n.source_identifier
             WHERE f.asset_id <> n.id) THEN
    RAISE EXCEPTION 'another asset was known by this name'
      USING ERRCODE = 'unique_violation', CONSTRAINT = 'assets_name_of_another', TABLE = 'assets';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER assets_new_name_free AFTER INSERT ON assets REFERENCING NEW TABLE AS named
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_former_name_of_another();
CREATE TRIGGER assets_other_name_free AFTER UPDATE ON assets REFERENCING NEW TABLE AS named
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_former_name_of_another();
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_new_name_free;
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_other_name_free;

GRANT SELECT ON former_identities TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (source_system, source_identifier, asset_id, event_id) ON former_identities TO catalogue_worker;
GRANT UPDATE (source_system, source_identifier) ON assets TO catalogue_worker;

GRANT SELECT ON withdrawals TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (asset_id, reason, withdrawn_by, event_id) ON withdrawals TO catalogue_api;
"""
DOWN = """
REVOKE UPDATE (source_system, source_identifier) ON assets FROM catalogue_worker;
DROP TRIGGER assets_new_name_free ON assets;
DROP TRIGGER assets_other_name_free ON assets;
DROP TRIGGER assets_former_name_kept ON assets;
DROP FUNCTION refuse_former_name_of_another();
DROP FUNCTION refuse_change_but_of_name();
DROP TRIGGER assets_append_only ON assets;
CREATE TRIGGER assets_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON assets
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_append_only;
DROP TABLE former_identities;
DROP TRIGGER seals_not_of_withdrawn ON seals;
DROP FUNCTION refuse_withdrawn();
DROP TABLE withdrawals;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
