"""Let many records be changed in one piece of work, looked at beforehand."""

from alembic import op

revision = "bulk_changes"
down_revision = "withdrawals"
branch_labels = None
depends_on = None

UP = """
-- What is received, cut and counted like an import, and changes records instead of adding assets.
ALTER TABLE imports
  ADD COLUMN instructions jsonb,
  ADD COLUMN sample jsonb NOT NULL DEFAULT '[]';
ALTER TABLE import_results DROP CONSTRAINT ck_import_results_outcome;
ALTER TABLE import_results ADD CONSTRAINT ck_import_results_outcome CHECK (outcome IN
  ('registered', 'already_there', 'moved', 'changed', 'missing', 'edited', 'unchanged', 'refused', 'cancelled'));

GRANT INSERT (instructions) ON imports TO catalogue_api;
GRANT UPDATE (sample) ON imports TO catalogue_worker;
"""
DOWN = """
ALTER TABLE import_results DROP CONSTRAINT ck_import_results_outcome;
ALTER TABLE import_results ADD CONSTRAINT ck_import_results_outcome CHECK (outcome IN
  ('registered', 'already_there', 'moved', 'changed', 'missing', 'refused', 'cancelled')) NOT VALID;
ALTER TABLE imports DROP COLUMN sample, DROP COLUMN instructions;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
