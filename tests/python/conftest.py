"""Engines for the tests of the Python package: fresh databases, and connections of every kind to them."""

import itertools
import os
import sqlite3

import pytest

NUMBERS = itertools.count()
SCHEMA = (
    "CREATE TABLE agent (id {key}, name VARCHAR(40))",
    "CREATE TABLE loan (id {key}, borrower_id BIGINT, note VARCHAR(40), "
    "FOREIGN KEY (borrower_id) REFERENCES agent (id) ON DELETE CASCADE)",
    "CREATE TABLE item (code VARCHAR(40) NOT NULL PRIMARY KEY, loan_id BIGINT, FOREIGN KEY (loan_id) REFERENCES loan (id))",
)


class Database:
    """A fresh database of one engine. `uri` opens it with a native driver, dbapi() with a DB-API module."""

    key = "BIGINT NOT NULL PRIMARY KEY"

    def __init__(self, folder, mark="%s"):
        self.folder, self.mark, self.opened = folder, mark, []
        self.make()

    def dbapi(self, autocommit=False):
        made = self.connect(autocommit)
        self.opened.append(made)
        return made

    def run(self, *statements):
        """Statements, or statements with many rows, on a connection that commits them."""
        connection = self.dbapi()
        cursor = connection.cursor()
        for statement in statements:
            if isinstance(statement, tuple):
                cursor.executemany(*statement)
            else:
                cursor.execute(statement)
        connection.commit()
        connection.close()

    def rows(self, sql):
        connection = self.dbapi()
        cursor = connection.cursor()
        cursor.execute(sql)
        found = list(cursor.fetchall())
        connection.close()
        return found

    def museum(self, agents=20, loans=100):
        """Agents with loans, and an item of each loan, which stands in the way of its delete."""
        m = self.mark
        self.run(*(statement.format(key=self.key) for statement in SCHEMA),
                 (f"INSERT INTO agent VALUES ({m}, {m})", [(i, f"agent {i}") for i in range(agents)]),
                 (f"INSERT INTO loan VALUES ({m}, {m}, {m})", [(i, i % agents, None) for i in range(loans)]),
                 (f"INSERT INTO item VALUES ({m}, {m})", [(f"c{i:04}", i) for i in range(loans)]))
        return self

    def counts(self):
        return tuple(self.rows(f"SELECT COUNT(*) FROM {table}")[0][0] for table in ("agent", "loan", "item"))

    def end(self):
        for connection in self.opened:
            try:
                connection.close()
            except Exception:
                pass  # closed already


class Sqlite(Database):
    engine, quote = "sqlite", '"'
    key = "INTEGER PRIMARY KEY"

    def make(self):
        self.path = os.path.join(self.folder, f"{next(NUMBERS)}.db")
        sqlite3.connect(self.path).execute("PRAGMA journal_mode = WAL").close()
        self.mark, self.uri = "?", "sqlite:" + self.path

    def connect(self, autocommit):
        made = sqlite3.connect(self.path, isolation_level=None if autocommit else "", check_same_thread=False)
        made.execute("PRAGMA foreign_keys = ON")
        return made


class Postgres(Database):
    engine, quote = "postgresql", '"'

    def make(self):
        self.name = f"python_{os.getpid()}_{next(NUMBERS)}"
        connection = self.connect(True, "postgres")
        connection.cursor().execute(f"CREATE DATABASE {self.name}")
        connection.close()
        self.uri = os.environ["CASCADE_TEST_PG"].replace("@/?", f"@/{self.name}?")

    def connect(self, autocommit, name=None):
        import psycopg2
        made = psycopg2.connect(host=os.environ["CASCADE_TEST_PG_HOST"], port=5432, user="postgres", dbname=name or self.name)
        made.autocommit = autocommit
        return made


class Mariadb(Database):
    engine, quote = "mariadb", "`"

    def make(self):
        self.name = f"python_{os.getpid()}_{next(NUMBERS)}"
        connection = self.connect(True, "mysql")
        connection.cursor().execute(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4")
        connection.close()
        socket = os.environ["CASCADE_TEST_MARIADB"].replace("/", "%2F")
        self.uri = f"mariadb://root@localhost/{self.name}?unix_socket={socket}"

    def connect(self, autocommit, name=None):
        import pymysql
        return pymysql.connect(unix_socket=os.environ["CASCADE_TEST_MARIADB"], user="root", database=name or self.name,
                               autocommit=autocommit)


ENGINES = {kind.engine: kind for kind in (Sqlite, Postgres, Mariadb)}


def pytest_addoption(parser):
    parser.addoption("--engines", default="sqlite", help="comma-separated: sqlite, postgresql, mariadb")


def pytest_generate_tests(metafunc):
    if "database" in metafunc.fixturenames:
        metafunc.parametrize("database", metafunc.config.getoption("--engines").split(","), indirect=True)


@pytest.fixture
def database(request, tmp_path):
    made = ENGINES[request.param](tmp_path)
    yield made
    made.end()


@pytest.fixture
def sqlite(tmp_path):
    made = Sqlite(tmp_path)
    yield made
    made.end()
