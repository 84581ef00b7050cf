"""Keep beside each record what is searched, filtered and sorted by."""

from alembic import op

revision = "search"
down_revision = "simulations"
branch_labels = None
depends_on = None

UP = """
-- What today's version and the newest reading come to, one narrow row an asset. Texts are folded
-- and cut; what has no value stands after every value, so that an index alone gives the order.
CREATE TABLE search_facts (
  asset_id uuid NOT NULL,
  version integer NOT NULL DEFAULT 0,
  indexed boolean NOT NULL DEFAULT false,
  department text NOT NULL,
  source_system text NOT NULL,
  identifier_key text COLLATE "C" NOT NULL,
  name_key text COLLATE "C" NOT NULL,
  title_key text COLLATE "C" NOT NULL DEFAULT U&'\\+10FFFF',
  created_from date NOT NULL DEFAULT '9999-12-31',
  created_to date NOT NULL DEFAULT '0001-01-01',
  legal_status text[] NOT NULL DEFAULT '{}',
  digital_source_type text,
  custodian_kind text,
  outcome text NOT NULL DEFAULT 'unread'
    CONSTRAINT ck_search_facts_outcome CHECK (outcome IN ('unread', 'read', 'nothing_found', 'unreadable')),
  format text,
  mime text,
  size_bytes bigint NOT NULL DEFAULT 9223372036854775807,
  reading_ordinal integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_search_facts PRIMARY KEY (asset_id),
  CONSTRAINT fk_search_facts_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id)
);
-- The words of a record with their places, each behind the letter of its field. No policy of
-- row-level security can ever stand here: its operators are not leakproof, so the index would not
-- be used. Ids are found here and shown only through `assets`.
CREATE TABLE search_words (
  asset_id uuid NOT NULL,
  words tsvector NOT NULL,
  CONSTRAINT pk_search_words PRIMARY KEY (asset_id),
  CONSTRAINT fk_search_words_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id)
);
ALTER TABLE search_words ALTER COLUMN words SET STATISTICS 300;

-- Every record has its row whoever wrote it, and the row says when it lags behind.
CREATE FUNCTION keep_search_facts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO public.search_facts (asset_id, department, source_system, identifier_key, name_key)
    SELECT a.id, a.department, a.source_system, a.source_identifier, left(lower(a.original_name), 200)
      FROM new_heads n JOIN public.assets a ON a.id = n.asset_id
     WHERE NOT EXISTS (SELECT FROM public.search_facts f WHERE f.asset_id = n.asset_id)
    ON CONFLICT (asset_id) DO NOTHING;
  ELSE
    UPDATE public.search_facts f SET indexed = false FROM new_heads n
     WHERE f.asset_id = n.asset_id AND f.version <> n.version AND f.indexed;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_search_facts() FROM PUBLIC;
CREATE TRIGGER provenance_heads_searched AFTER INSERT ON provenance_heads
  REFERENCING NEW TABLE AS new_heads FOR EACH STATEMENT EXECUTE FUNCTION keep_search_facts();
CREATE TRIGGER provenance_heads_searched_anew AFTER UPDATE ON provenance_heads
  REFERENCING NEW TABLE AS new_heads FOR EACH STATEMENT EXECUTE FUNCTION keep_search_facts();

-- In the transaction of the reading: a filter by outcome or format is never behind.
CREATE FUNCTION keep_search_reading() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE public.search_facts f
     SET outcome = n.outcome, format = n.format, mime = n.mime, size_bytes = n.size_bytes,
         reading_ordinal = n.ordinal
    FROM (SELECT DISTINCT ON (asset_id) * FROM new_readings ORDER BY asset_id, ordinal DESC) n
   WHERE f.asset_id = n.asset_id AND f.reading_ordinal < n.ordinal;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION keep_search_reading() FROM PUBLIC;
CREATE TRIGGER readings_searched AFTER INSERT ON readings
  REFERENCING NEW TABLE AS new_readings FOR EACH STATEMENT EXECUTE FUNCTION keep_search_reading();

INSERT INTO search_facts (asset_id, department, source_system, identifier_key, name_key,
  outcome, format, mime, size_bytes, reading_ordinal)
SELECT a.id, a.department, a.source_system, a.source_identifier, left(lower(a.original_name), 200),
       coalesce(r.outcome, 'unread'), r.format, r.mime, coalesce(r.size_bytes, 9223372036854775807),
       coalesce(r.ordinal, 0)
  FROM provenance_heads h JOIN assets a ON a.id = h.asset_id
  LEFT JOIN LATERAL (SELECT * FROM readings r WHERE r.asset_id = h.asset_id
                      ORDER BY r.ordinal DESC LIMIT 1) r ON true;
DO $$ BEGIN
  IF (SELECT count(*) FROM search_facts) <> (SELECT count(*) FROM provenance_heads) THEN
    RAISE EXCEPTION 'not every record has its row to be searched by';
  END IF;
END $$;

CREATE INDEX ix_search_facts_created ON search_facts (created_from, asset_id);
CREATE INDEX ix_search_facts_created_widely ON search_facts (created_from)
  WHERE created_to - created_from > 366;
CREATE INDEX ix_search_facts_title ON search_facts (title_key, asset_id);
CREATE INDEX ix_search_facts_name ON search_facts (name_key, asset_id);
CREATE INDEX ix_search_facts_identifier ON search_facts (identifier_key, asset_id);
CREATE INDEX ix_search_facts_size ON search_facts (size_bytes, asset_id);
CREATE INDEX ix_search_facts_format ON search_facts (format, asset_id);
CREATE INDEX ix_search_facts_mime ON search_facts (mime, asset_id);
CREATE INDEX ix_search_facts_outcome ON search_facts (outcome, asset_id) WHERE outcome <> 'read';
CREATE INDEX ix_search_facts_behind ON search_facts (asset_id) WHERE NOT indexed;
CREATE INDEX ix_search_words_words ON search_words USING gin (words);

GRANT SELECT ON search_facts, search_words TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (asset_id, version, indexed, department, source_system, identifier_key, name_key, title_key,
  created_from, created_to, legal_status, digital_source_type, custodian_kind) ON search_facts
  TO catalogue_api, catalogue_worker;
GRANT UPDATE (version, indexed, department, source_system, identifier_key, name_key, title_key,
  created_from, created_to, legal_status, digital_source_type, custodian_kind) ON search_facts
  TO catalogue_api, catalogue_worker;
GRANT INSERT ON search_words TO catalogue_api, catalogue_worker;
GRANT UPDATE (words) ON search_words TO catalogue_api, catalogue_worker;
"""
DOWN = """
DROP TRIGGER readings_searched ON readings;
DROP TRIGGER provenance_heads_searched_anew ON provenance_heads;
DROP TRIGGER provenance_heads_searched ON provenance_heads;
DROP FUNCTION keep_search_reading();
DROP FUNCTION keep_search_facts();
DROP TABLE search_words;
DROP TABLE search_facts;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
