"""A PostgreSQL server of the tests' own: Debian's programs, a folder of its own, trust on loopback alone, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from interlock.values import Secret
from tests.doors.serving import free_port

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
_numbers = count()


@dataclass(slots=True)
class Server:
    """One server. It refuses to be root, so that root lends it to the user `postgres`."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="interlock-pg-")))
    port: int = field(default_factory=free_port)
    fsync: str = "off"
    settings: dict[str, str] = field(default_factory=dict)

    def create(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        self._program("initdb", "-D", str(self.data), "-A", "trust", "-U", USER, "-N", "-E", "UTF8")
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        # After a crash every file of every database is synced one by one, unless the file system is asked once.
        settings = {
            "listen_addresses": "127.0.0.1",
            "fsync": self.fsync,
            "recovery_init_sync_method": "syncfs",
            **self.settings,
        }
        chosen = " ".join(f"-c {name}={value}" for name, value in settings.items())
        options = f"-p {self.port} -k {self.folder} {chosen}"
        log = str(self.folder / "log")
        self._program("pg_ctl", "-D", str(self.data), "-o", options, "-l", log, "-w", "start")

    def stop(self, how: str = "fast") -> None:
        self._program("pg_ctl", "-D", str(self.data), "-m", how, "-w", "stop")

    def crash(self) -> None:
        """Every process of the server ends at once, without a word to anybody."""
        self.stop("immediate")

    def back_up(self) -> None:
        """A copy of the whole server as it is at this moment, taken while it works."""
        where = ("-h", str(self.folder), "-p", str(self.port), "-U", USER)
        self._program("pg_basebackup", *where, "-D", str(self.backup), "-c", "fast", "-X", "fetch")

    def restore(self) -> None:
        """The copy in place of what there was: whatever was acknowledged since is lost."""
        self.crash()
        shutil.rmtree(self.data)
        self.backup.rename(self.data)
        self.start()

    @property
    def backup(self) -> Path:
        return self.folder / "backup"

    def remove(self) -> None:
        self.crash()
        shutil.rmtree(self.folder)

    def database(self, template: str = "template1") -> str:
        """A new database; its name."""
        name = f"books{os.getpid()}_{next(_numbers)}"
        self.say("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, database: str, password: str = "") -> Secret:
        who = f"{USER}:{password}" if password else USER
        return Secret(f"postgresql://{who}@127.0.0.1:{self.port}/{database}")

    def say(self, database: str, text: str) -> list[tuple[object, ...]]:
        """Runs a statement as somebody else would, in a transaction of its own."""
        url = self.url(database).reveal()
        with closing(psycopg.connect(url, autocommit=True)) as connection:
            cursor = connection.execute(text)
            return cursor.fetchall() if cursor.description else []

    def _program(self, name: str, *words: str) -> None:
        found = sorted(PROGRAMS.glob(f"*/bin/{name}"))
        assert found, "PostgreSQL is not installed; `make test-host` does it"
        user = pwd.getpwnam(USER).pw_name if os.geteuid() == 0 else None
        # Not a pipe: the server inherits it and would keep it open for as long as it lives.
        subprocess.run(
            [str(found[-1]), *words],
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
