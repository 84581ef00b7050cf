"""What the embedded server is told at every start; operators change it with ALTER SYSTEM."""

from pathlib import Path

from app.kit.postgres.home import Home
from app.kit.postgres.identity import Identity

SETTINGS = """\
# Written at every start. ALTER SYSTEM wins over this file.
max_connections = 100
shared_buffers = 256MB
synchronous_commit = on
client_connection_check_interval = 5s
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
"""
ADMISSION = "local all all peer map=catalogue\n"


def write_configuration(home: Home, identity: Identity) -> None:
    """Write settings and admission: the one user of this machine may be any database role.

    They lie outside the cluster's folder: where the server is demoted it owns that folder, and
    what a stranger owns, root must not write into.
    """
    home.configuration.mkdir(mode=0o755, exist_ok=True)
    # Quoted: a name with a leading slash would be a pattern.
    mapping = f'catalogue "{identity.client_name}" all\n'
    texts = {"postgresql": SETTINGS, "pg_hba": ADMISSION, "pg_ident": mapping}
    for name, text in texts.items():
        file = home.configuration / f"{name}.conf"
        # Rewritten only when it differs: on a full disk the server must be able to come back.
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, encoding="utf-8")
            file.chmod(0o644)
    home.configuration.chmod(0o755)


def command_line(home: Home, socket_dir: Path) -> list[str]:
    """Return what ALTER SYSTEM may not override: no TCP, a socket that only one user reaches."""
    options = {
        "config_file": home.configuration / "postgresql.conf",
        "hba_file": home.configuration / "pg_hba.conf",
        "ident_file": home.configuration / "pg_ident.conf",
        "listen_addresses": "",
        "port": "5432",
        "unix_socket_directories": socket_dir,
        "unix_socket_permissions": "0700",
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return ["-D", str(home.cluster), *words]
