"""Let an image be known by its looks, pairs be measured once, and a likeness say more than equal."""

from alembic import op

revision = "visual"
down_revision = "capture_instant"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE visual_fingerprints (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  fingerprint_id uuid NOT NULL,
  method integer NOT NULL,
  outcome text NOT NULL CONSTRAINT ck_visual_fingerprints_outcome
    CHECK (outcome IN ('decoded', 'undecodable', 'too_large')),
  reason text,
  width integer,
  height integer,
  frames integer,
  bit_depth integer,
  colour text,
  alpha boolean,
  orientation integer,
  colour_space text,
  auxiliary integer,
  icc_sha256 bytea CONSTRAINT ck_visual_fingerprints_icc_sha256 CHECK (length(icc_sha256) = 32),
  pixels_sha256 bytea CONSTRAINT ck_visual_fingerprints_pixels_sha256 CHECK (length(pixels_sha256) = 32),
  phash bytea CONSTRAINT ck_visual_fingerprints_phash CHECK (length(phash) = 8),
  dhash bytea CONSTRAINT ck_visual_fingerprints_dhash CHECK (length(dhash) = 8),
  pdq bytea CONSTRAINT ck_visual_fingerprints_pdq CHECK (length(pdq) = 32),
  pdq_quality integer CONSTRAINT ck_visual_fingerprints_pdq_quality CHECK (pdq_quality BETWEEN 0 AND 100),
  turned_phash bytea CONSTRAINT ck_visual_fingerprints_turned_phash CHECK (length(turned_phash) = 64),
  turned_pdq bytea CONSTRAINT ck_visual_fingerprints_turned_pdq CHECK (length(turned_pdq) = 256),
  low_information text CONSTRAINT ck_visual_fingerprints_low_information
    CHECK (low_information IN ('blank', 'two_tone')),
  words integer[] CONSTRAINT ck_visual_fingerprints_words CHECK (cardinality(words) <= 512),
  measures jsonb NOT NULL,
  tools jsonb NOT NULL,
  computed_at timestamptz NOT NULL,
  computed_xid xid8,
  event_id uuid NOT NULL,
  CONSTRAINT pk_visual_fingerprints PRIMARY KEY (id),
  CONSTRAINT uq_visual_fingerprints_asset_id_id UNIQUE (asset_id, id),
  CONSTRAINT uq_visual_fingerprints_fingerprint_id_method UNIQUE (fingerprint_id, method),
  CONSTRAINT ck_visual_fingerprints_decoded CHECK (CASE outcome WHEN 'decoded'
    THEN width > 0 AND height > 0 AND frames > 0 AND auxiliary >= 0 AND orientation BETWEEN 1 AND 8
      AND alpha IS NOT NULL AND colour IS NOT NULL AND phash IS NOT NULL AND dhash IS NOT NULL AND pdq IS NOT NULL
      AND pdq_quality IS NOT NULL AND turned_phash IS NOT NULL AND turned_pdq IS NOT NULL
    ELSE phash IS NULL AND dhash IS NULL AND pdq IS NULL AND pixels_sha256 IS NULL AND words IS NULL END),
  CONSTRAINT fk_visual_fingerprints_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_visual_fingerprints_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_visual_fingerprints_computed_xid ON visual_fingerprints (computed_xid);
CREATE INDEX ix_visual_fingerprints_pixels_sha256 ON visual_fingerprints (pixels_sha256)
  WHERE pixels_sha256 IS NOT NULL;
CREATE TRIGGER stamp_visual_fingerprint BEFORE INSERT ON visual_fingerprints
  FOR EACH ROW EXECUTE FUNCTION stamp_fingerprint();
CREATE TRIGGER visual_fingerprints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON visual_fingerprints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE visual_fingerprints ENABLE ALWAYS TRIGGER visual_fingerprints_append_only;

CREATE TABLE looked_alike (
  asset_id uuid NOT NULL,
  visual_id uuid NOT NULL,
  method integer NOT NULL,
  nominated integer NOT NULL CONSTRAINT ck_looked_alike_nominated CHECK (nominated >= 0),
  passed_over integer NOT NULL CONSTRAINT ck_looked_alike_passed_over CHECK (passed_over >= 0),
  looked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_looked_alike PRIMARY KEY (visual_id, method),
  CONSTRAINT fk_looked_alike_asset_id_visual_id FOREIGN KEY (asset_id, visual_id)
    REFERENCES visual_fingerprints (asset_id, id),
  CONSTRAINT fk_looked_alike_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER looked_alike_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON looked_alike
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE looked_alike ENABLE ALWAYS TRIGGER looked_alike_append_only;

CREATE TABLE measurements (
  id uuid NOT NULL DEFAULT uuidv7(),
  a_asset_id uuid NOT NULL,
  a_fingerprint_id uuid NOT NULL,
  b_asset_id uuid NOT NULL,
  b_fingerprint_id uuid NOT NULL,
  method integer NOT NULL,
  nominated_by jsonb NOT NULL,
  outcome text NOT NULL CONSTRAINT ck_measurements_outcome
    CHECK (outcome IN ('measured', 'undecodable', 'too_large', 'timed_out', 'crashed', 'out_of_memory')),
  measured jsonb,
  difference_map bytea CONSTRAINT ck_measurements_difference_map CHECK (length(difference_map) <= 262144),
  tools jsonb NOT NULL,
  measured_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_measurements PRIMARY KEY (id),
  CONSTRAINT uq_measurements_pair UNIQUE (a_fingerprint_id, b_fingerprint_id, method),
  CONSTRAINT ck_measurements_order CHECK (a_asset_id < b_asset_id),
  CONSTRAINT ck_measurements_measured CHECK ((outcome = 'measured') = (measured IS NOT NULL)),
  CONSTRAINT fk_measurements_a_asset_id_a_fingerprint_id FOREIGN KEY (a_asset_id, a_fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_measurements_b_asset_id_b_fingerprint_id FOREIGN KEY (b_asset_id, b_fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_measurements_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_measurements_b_fingerprint_id ON measurements (b_fingerprint_id);
CREATE TRIGGER measurements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON measurements
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE measurements ENABLE ALWAYS TRIGGER measurements_append_only;

ALTER TABLE likenesses
  DROP CONSTRAINT ck_likenesses_class,
  ADD CONSTRAINT ck_likenesses_class CHECK (class IN ('exact_bytes', 'identical_image_data', 'derivative_reduced',
    'derivative_converted', 'crop', 'tonal_variant', 'retouched_or_composite', 'sequence', 'capture_pair',
    're_digitisation', 'undetermined', 'unrelated')),
  ADD COLUMN measurement_id uuid,
  ADD COLUMN copy_asset_id uuid,
  ADD COLUMN score double precision CONSTRAINT ck_likenesses_score CHECK (score BETWEEN 0 AND 1),
  ADD CONSTRAINT ck_likenesses_copy CHECK (copy_asset_id IN (a_asset_id, b_asset_id)),
  ADD CONSTRAINT ck_likenesses_measured CHECK ((class = 'exact_bytes') = (measurement_id IS NULL)),
  ADD CONSTRAINT fk_likenesses_measurement_id FOREIGN KEY (measurement_id) REFERENCES measurements (id);
CREATE INDEX ix_likenesses_measurement_id ON likenesses (measurement_id) WHERE measurement_id IS NOT NULL;
-- What compares digests speaks of exact_bytes alone.
DROP TRIGGER likenesses_exact_is_equal ON likenesses;
CREATE TRIGGER likenesses_exact_is_equal BEFORE INSERT ON likenesses
  FOR EACH ROW WHEN (NEW.class = 'exact_bytes') EXECUTE FUNCTION refuse_unequal_exact();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_exact_is_equal;

CREATE FUNCTION refuse_other_measurement() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM FROM public.measurements m WHERE m.id = NEW.measurement_id
     AND m.a_fingerprint_id = NEW.a_fingerprint_id AND m.b_fingerprint_id = NEW.b_fingerprint_id
     AND (m.outcome = 'measured' OR NEW.class IN ('undetermined', 'capture_pair'));
  IF NOT FOUND THEN
    RAISE EXCEPTION 'a likeness rests on a measurement of its own pair, and on none only when undetermined'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'likenesses_measured_pair', TABLE = 'likenesses';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER likenesses_measured_pair BEFORE INSERT ON likenesses
  FOR EACH ROW WHEN (NEW.class <> 'exact_bytes') EXECUTE FUNCTION refuse_other_measurement();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_measured_pair;

-- Here too the database compares for itself. Equal encoded data, or every pixel of every frame equal;
-- and in either case what they are shown by is equal and nothing hangs behind or beside.
CREATE FUNCTION refuse_unequal_image_data() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a record;
  b record;
BEGIN
  SELECT f.image_sha256, f.rendering_sha256, f.trailer_sha256, v.* INTO a
    FROM public.fingerprints f JOIN public.visual_fingerprints v ON v.fingerprint_id = f.id
   WHERE f.id = NEW.a_fingerprint_id ORDER BY v.method DESC LIMIT 1;
  SELECT f.image_sha256, f.rendering_sha256, f.trailer_sha256, v.* INTO b
    FROM public.fingerprints f JOIN public.visual_fingerprints v ON v.fingerprint_id = f.id
   WHERE f.id = NEW.b_fingerprint_id ORDER BY v.method DESC LIMIT 1;
  IF ((a.image_sha256 = b.image_sha256 AND a.rendering_sha256 = b.rendering_sha256
         AND a.trailer_sha256 IS NOT DISTINCT FROM b.trailer_sha256)
      OR (a.pixels_sha256 = b.pixels_sha256 AND a.frames = b.frames AND a.bit_depth = b.bit_depth
         AND a.alpha = b.alpha AND a.auxiliary = 0 AND b.auxiliary = 0
         AND a.trailer_sha256 IS NULL AND b.trailer_sha256 IS NULL)) IS NOT TRUE
     OR (a.orientation = b.orientation AND a.icc_sha256 IS NOT DISTINCT FROM b.icc_sha256
         AND a.colour_space IS NOT DISTINCT FROM b.colour_space) IS NOT TRUE THEN
    RAISE EXCEPTION 'identical_image_data is said of equal images under equal rendering only'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'likenesses_identical_is_equal', TABLE = 'likenesses';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER likenesses_identical_is_equal BEFORE INSERT ON likenesses
  FOR EACH ROW WHEN (NEW.class = 'identical_image_data') EXECUTE FUNCTION refuse_unequal_image_data();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_identical_is_equal;

GRANT SELECT ON visual_fingerprints, looked_alike, measurements TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, asset_id, fingerprint_id, method, outcome, reason, width, height, frames, bit_depth, colour, alpha,
  orientation, colour_space, auxiliary, icc_sha256, pixels_sha256, phash, dhash, pdq, pdq_quality, turned_phash, turned_pdq, low_information,
  words, measures, tools, event_id) ON visual_fingerprints TO catalogue_worker;
GRANT INSERT (asset_id, visual_id, method, nominated, passed_over, event_id) ON looked_alike TO catalogue_worker;
GRANT INSERT (id, a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id, method, nominated_by, outcome,
  measured, difference_map, tools, event_id) ON measurements TO catalogue_worker;
GRANT INSERT (measurement_id, copy_asset_id, score) ON likenesses TO catalogue_worker;
"""
DOWN = """
DROP TRIGGER likenesses_identical_is_equal ON likenesses;
DROP TRIGGER likenesses_measured_pair ON likenesses;
DROP FUNCTION refuse_unequal_image_data();
DROP FUNCTION refuse_other_measurement();
DROP TRIGGER likenesses_exact_is_equal ON likenesses;
CREATE TRIGGER likenesses_exact_is_equal BEFORE INSERT ON likenesses
  FOR EACH ROW EXECUTE FUNCTION refuse_unequal_exact();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_exact_is_equal;
ALTER TABLE likenesses DROP COLUMN measurement_id, DROP COLUMN copy_asset_id, DROP COLUMN score,
  DROP CONSTRAINT ck_likenesses_class,
  ADD CONSTRAINT ck_likenesses_class CHECK (class IN ('exact_bytes'));
DROP TABLE measurements;
DROP TABLE looked_alike;
DROP TABLE visual_fingerprints;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
