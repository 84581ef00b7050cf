"""Keep uploaded content under keys that say nothing of it, referred to before it is relied on."""

from alembic import op

revision = "uploads"
down_revision = "large_imports"
branch_labels = None
depends_on = None

UP = """
-- What lies in the keep. A row is written after its object is durable and before anything refers to
-- it; an object is removed only after its row was committed as given up.
CREATE TABLE kept_objects (
  key uuid NOT NULL,
  keep text NOT NULL CONSTRAINT ck_kept_objects_keep CHECK (keep ~ '^(file|s3)://' AND keep LIKE '%/'),
  size_bytes bigint NOT NULL CONSTRAINT ck_kept_objects_size_bytes CHECK (size_bytes >= 0),
  kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  given_up_at timestamptz,
  removed_at timestamptz,
  CONSTRAINT pk_kept_objects PRIMARY KEY (key),
  CONSTRAINT ck_kept_objects_removed CHECK (removed_at IS NULL OR given_up_at IS NOT NULL)
);
CREATE INDEX ix_kept_objects_to_remove ON kept_objects (given_up_at)
  WHERE given_up_at IS NOT NULL AND removed_at IS NULL;

CREATE TABLE uploads (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  state text NOT NULL DEFAULT 'open' CONSTRAINT ck_uploads_state
    CHECK (state IN ('open', 'kept', 'refused', 'superseded', 'expired')),
  total_bytes bigint CONSTRAINT ck_uploads_total_bytes CHECK (total_bytes >= 0),
  received_bytes bigint NOT NULL DEFAULT 0,
  claims jsonb NOT NULL,
  begun_by text NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_part_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  content_key uuid,
  settled_at timestamptz,
  event_id uuid,
  CONSTRAINT pk_uploads PRIMARY KEY (id),
  CONSTRAINT uq_uploads_asset_id_id UNIQUE (asset_id, id),
  CONSTRAINT fk_uploads_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_uploads_content_key FOREIGN KEY (content_key) REFERENCES kept_objects (key),
  CONSTRAINT fk_uploads_event_id FOREIGN KEY (event_id) REFERENCES events (id),
  CONSTRAINT ck_uploads_received_bytes
    CHECK (received_bytes >= 0 AND (total_bytes IS NULL OR received_bytes <= total_bytes)),
  CONSTRAINT ck_uploads_content CHECK ((state IN ('kept', 'refused')) = (content_key IS NOT NULL)),
  CONSTRAINT ck_uploads_whole CHECK (content_key IS NULL OR received_bytes = total_bytes),
  CONSTRAINT ck_uploads_told CHECK ((state = 'open') = (event_id IS NULL)),
  CONSTRAINT ck_uploads_settled CHECK ((state = 'open') = (settled_at IS NULL))
);
-- One content at a time: on its way, or kept.
CREATE UNIQUE INDEX uq_uploads_living ON uploads (asset_id) WHERE state IN ('open', 'kept');
CREATE UNIQUE INDEX uq_uploads_content_key ON uploads (content_key);
CREATE INDEX ix_uploads_last_part_at ON uploads (last_part_at) WHERE state = 'open';
CREATE INDEX ix_uploads_set_aside ON uploads (settled_at) WHERE state = 'refused';

CREATE TABLE upload_parts (
  upload_id uuid NOT NULL,
  start_byte bigint NOT NULL CONSTRAINT ck_upload_parts_start_byte CHECK (start_byte >= 0),
  key uuid NOT NULL,
  CONSTRAINT pk_upload_parts PRIMARY KEY (upload_id, start_byte),
  CONSTRAINT uq_upload_parts_key UNIQUE (key),
  CONSTRAINT fk_upload_parts_upload_id FOREIGN KEY (upload_id) REFERENCES uploads (id),
  CONSTRAINT fk_upload_parts_key FOREIGN KEY (key) REFERENCES kept_objects (key)
);

-- Which locations are contents that we keep; the others are by reference.
CREATE TABLE kept_locations (
  asset_id uuid NOT NULL,
  ordinal integer NOT NULL,
  upload_id uuid NOT NULL,
  CONSTRAINT pk_kept_locations PRIMARY KEY (asset_id, ordinal),
  CONSTRAINT uq_kept_locations_upload_id UNIQUE (upload_id),
  CONSTRAINT fk_kept_locations_asset_id_ordinal FOREIGN KEY (asset_id, ordinal)
    REFERENCES locations (asset_id, ordinal),
  CONSTRAINT fk_kept_locations_asset_id_upload_id FOREIGN KEY (asset_id, upload_id)
    REFERENCES uploads (asset_id, id)
);

ALTER TABLE sightings DROP CONSTRAINT ck_sightings_state;
ALTER TABLE sightings ADD CONSTRAINT ck_sightings_state
  CHECK (state IN ('present', 'unreachable', 'missing', 'changed', 'refused'));

-- The sweep for objects without a row removes what is far older than this. A process that slept
-- between writing an object and its row must not come back and refer to what is gone.
CREATE FUNCTION refuse_old_key() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF coalesce(uuid_extract_timestamp(NEW.key) < clock_timestamp() - interval '12 hours', true) THEN
    RAISE EXCEPTION 'an object enters the books soon after its key was drawn'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'kept_objects_young_key', TABLE = 'kept_objects';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kept_objects_young_key BEFORE INSERT ON kept_objects
  FOR EACH ROW EXECUTE FUNCTION refuse_old_key();
ALTER TABLE kept_objects ENABLE ALWAYS TRIGGER kept_objects_young_key;

CREATE FUNCTION refuse_giving_up_content() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.key <> OLD.key OR NEW.keep <> OLD.keep OR NEW.size_bytes <> OLD.size_bytes
     OR (OLD.given_up_at IS NOT NULL AND NEW.given_up_at IS NULL) THEN
    RAISE EXCEPTION 'what was kept where does not change, and what was given up stays so'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'kept_objects_referenced', TABLE = 'kept_objects';
  END IF;
  IF NEW.given_up_at IS NOT NULL AND OLD.given_up_at IS NULL AND EXISTS (
       SELECT FROM public.uploads u WHERE u.content_key = NEW.key AND u.state = 'kept') THEN
    RAISE EXCEPTION 'the content of an asset is not given up'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'kept_objects_referenced', TABLE = 'kept_objects';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kept_objects_referenced BEFORE UPDATE ON kept_objects
  FOR EACH ROW EXECUTE FUNCTION refuse_giving_up_content();
ALTER TABLE kept_objects ENABLE ALWAYS TRIGGER kept_objects_referenced;

-- The row is locked, so that giving the object up and referring to it cannot pass each other.
CREATE FUNCTION refuse_content_given_up() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone timestamptz;
  length bigint;
BEGIN
  IF TG_OP = 'UPDATE' AND OLD.state <> 'open' AND NOT (OLD.state = 'kept' AND NEW.state = 'refused') THEN
    RAISE EXCEPTION 'an upload that ended stays so'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'uploads_end_once', TABLE = 'uploads';
  END IF;
  IF NEW.content_key IS NOT NULL THEN
    SELECT given_up_at, size_bytes INTO gone, length FROM public.kept_objects
     WHERE key = NEW.content_key FOR SHARE;
    IF gone IS NOT NULL OR length IS DISTINCT FROM NEW.total_bytes THEN
      RAISE EXCEPTION 'a content is one whole object that is kept'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'uploads_content_kept', TABLE = 'uploads';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER uploads_content_kept BEFORE INSERT OR UPDATE ON uploads
  FOR EACH ROW EXECUTE FUNCTION refuse_content_given_up();
ALTER TABLE uploads ENABLE ALWAYS TRIGGER uploads_content_kept;

CREATE TRIGGER kept_objects_stay BEFORE DELETE OR TRUNCATE ON kept_objects
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE kept_objects ENABLE ALWAYS TRIGGER kept_objects_stay;
CREATE TRIGGER uploads_stay BEFORE DELETE OR TRUNCATE ON uploads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE uploads ENABLE ALWAYS TRIGGER uploads_stay;
CREATE TRIGGER upload_parts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON upload_parts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE upload_parts ENABLE ALWAYS TRIGGER upload_parts_append_only;
CREATE TRIGGER kept_locations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON kept_locations
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE kept_locations ENABLE ALWAYS TRIGGER kept_locations_append_only;

GRANT SELECT ON kept_objects, uploads, upload_parts, kept_locations TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (key, keep, size_bytes), UPDATE (given_up_at, removed_at) ON kept_objects
  TO catalogue_api, catalogue_worker;
GRANT INSERT (id, asset_id, total_bytes, claims, begun_by) ON uploads TO catalogue_api;
GRANT UPDATE (state, total_bytes, received_bytes, claims, last_part_at, content_key, settled_at, event_id)
  ON uploads TO catalogue_api, catalogue_worker;
GRANT INSERT ON upload_parts TO catalogue_api;
GRANT INSERT ON kept_locations TO catalogue_api, catalogue_worker;
"""
DOWN = """
ALTER TABLE sightings DROP CONSTRAINT ck_sightings_state;
ALTER TABLE sightings ADD CONSTRAINT ck_sightings_state
  CHECK (state IN ('present', 'unreachable', 'missing', 'changed'));
DROP TABLE kept_locations;
DROP TABLE upload_parts;
DROP TABLE uploads;
DROP TABLE kept_objects;
DROP FUNCTION refuse_old_key();
DROP FUNCTION refuse_giving_up_content();
DROP FUNCTION refuse_content_given_up();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
