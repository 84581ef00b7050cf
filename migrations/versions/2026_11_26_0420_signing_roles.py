"""Let keys be given the roles whose signatures the policies ask for."""

from alembic import op

revision = "signing_roles"
down_revision = "looked_in_full"
branch_labels = None
depends_on = None

CHECK = """
ALTER TABLE api_keys DROP CONSTRAINT ck_api_keys_roles;
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
  'registrar', 'cataloguer', 'records_manager', 'curator', {}'policy_officer', 'auditor', 'dashboard',
  'operator']) {};
"""


def upgrade() -> None:
    """Know three more roles; all are of one department."""
    op.execute(CHECK.format("'conservator', 'picture_editor', 'legal_officer', ", ""))


def downgrade() -> None:
    """Know them no more; keys that hold one stay and are refused by the release of before."""
    op.execute(CHECK.format("", "NOT VALID"))
