"""Databases of every engine with as many sessions as a test wants, and purges that are driven step by step beside them.

The servers are those of `tests/servers run`. Sessions of the tests' own speak through Python's drivers, not through ours.
"""

import ctypes
import itertools
import os
import pathlib
import shutil
import sqlite3
import tempfile
import threading
import time

import psycopg2
import pymysql

import cascade_ctypes as ffi
from scratch import IN_MEMORY

PATIENCE = 30  # seconds after which a test gives up


class Refused(Exception):
    """What the database answers to a session of a test. `kind`: one word for what is the same on all engines."""

    def __init__(self, kind, words):
        super().__init__(f"{kind}: {words}")
        self.kind = kind


FOREIGN_KEY, DEADLOCK, BUSY, LOST, OTHER = "foreign key", "deadlock", "busy", "connection lost", "other"


class Database:
    """An empty database. Subclasses are the engines; `drivers` gives the library's URIs."""

    engine = None
    numbers = itertools.count()

    def __init__(self):
        self.name = f"isolation_{os.getpid()}_{next(self.numbers)}"
        self.sides = []
        self.own, self.taken = None, threading.Lock()

    def side(self):
        side = Side(self)
        self.sides.append(side)
        return side

    def end_sides(self):
        for side in self.sides:
            side.close()
        self.sides.clear()
        if self.own:
            self.own.close()
        self.own = None

    def run(self, *statements):
        """By a session for what is looked at and prepared."""
        for statement in statements:
            self.rows(statement)

    def rows(self, sql):
        with self.taken:
            self.own = self.own or Side(self)
            return self.own.run(sql)

    def value(self, sql):
        return self.rows(sql)[0][0]

    def table(self, definition):
        """CREATE TABLE; keys are INTEGER PRIMARY KEY, and references have an index, on every engine."""
        self.run(f"CREATE TABLE {definition}")


class PostgreSQL(Database):
    engine = "postgresql"
    lock = " FOR UPDATE"

    def __init__(self):
        super().__init__()
        self.host = os.environ["CASCADE_TEST_PG_HOST"]
        self.administer(f"CREATE DATABASE {self.name}")

    def uri(self, driver, host=None):
        host = host or self.host
        return {"native": f"postgresql://postgres@/{self.name}?host={host}&port=5432",
                "dbi": f"dbi:pgsql?host={host}&port=5432&username=postgres&dbname={self.name}"}[driver]

    def connect(self, name=None):
        connection = psycopg2.connect(host=self.host, port=5432, user="postgres", dbname=name or self.name)
        connection.autocommit = True
        return connection

    def administer(self, sql):
        connection = self.connect("postgres")
        connection.cursor().execute(sql)
        connection.close()

    def clear(self):
        self.end_sides()
        self.run("SET lock_timeout = '20s'", "SET client_min_messages = error", "DROP SCHEMA public CASCADE",
                 "CREATE SCHEMA public")

    def drop(self):
        self.end_sides()
        self.administer(f"DROP DATABASE {self.name} WITH (FORCE)")

    def kind(self, error):
        if isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)) and not error.pgcode:
            return LOST
        return {"23503": FOREIGN_KEY, "40P01": DEADLOCK, "55P03": BUSY}.get(error.pgcode, OTHER)

    def waiting(self):
        """How many sessions wait for a lock of another one."""
        return self.value("SELECT count(*) FROM pg_stat_activity"
                          " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0")

    def transactions(self):
        """Open ones of other sessions."""
        return self.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                          " AND pid <> pg_backend_pid() AND state <> 'idle'")


class MariaDB(Database):
    engine = "mariadb"
    lock = " FOR UPDATE"

    def __init__(self):
        super().__init__()
        self.host = os.environ["CASCADE_TEST_MARIADB"]
        self.administer(f"CREATE DATABASE {self.name}")

    def uri(self, driver, host=None):
        host = host or self.host
        return {"native": f"mariadb://root@localhost/{self.name}?unix_socket={host}",
                "dbi": f"dbi:mysql?mysql_unix_socket={host}&username=root&dbname={self.name}"}[driver]

    def connect(self, name=None):
        return pymysql.connect(unix_socket=self.host, user="root", database=name or self.name, autocommit=True,
                               charset="utf8mb4")

    def administer(self, sql):
        connection = self.connect("mysql")
        connection.cursor().execute(sql)
        connection.close()

    def clear(self):
        self.end_sides()
        self.administer(f"SET STATEMENT lock_wait_timeout = 20 FOR DROP DATABASE {self.name}")
        self.administer(f"CREATE DATABASE {self.name}")

    def drop(self):
        self.end_sides()
        self.administer(f"SET STATEMENT lock_wait_timeout = 20 FOR DROP DATABASE {self.name}")

    def kind(self, error):
        code = error.args[0] if error.args else 0
        if code in (0, 2006, 2013, 2003) or isinstance(error, pymysql.err.InterfaceError):
            return LOST
        return {1451: FOREIGN_KEY, 1452: FOREIGN_KEY, 1213: DEADLOCK, 1205: BUSY}.get(code, OTHER)

    def count_transactions(self, condition):
        time.sleep(0.11)  # who asks more often than ten times a second gets the same old answer
        return self.value("SELECT count(*) FROM information_schema.innodb_trx AS t JOIN information_schema.processlist AS p"
                          f" ON p.id = t.trx_mysql_thread_id WHERE {condition} AND p.db = DATABASE()")

    def waiting(self):
        return self.count_transactions("t.trx_state = 'LOCK WAIT'")

    def transactions(self):
        return self.count_transactions("1 = 1")


class SQLite(Database):
    engine = "sqlite"
    lock = ""

    def __init__(self):
        super().__init__()
        self.directory = tempfile.mkdtemp(dir=IN_MEMORY)
        self.path = pathlib.Path(self.directory) / "isolation.db"
        self.clear()

    def uri(self, driver):
        return {"native": f"sqlite:{self.path}", "dbi": f"dbi:sqlite3?dbname={self.path}"}[driver]

    def connect(self):
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=PATIENCE, check_same_thread=False)
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def clear(self):
        self.end_sides()
        for file in pathlib.Path(self.directory).iterdir():
            file.unlink()
        connection = self.connect()
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()

    def drop(self):
        self.end_sides()
        shutil.rmtree(self.directory)

    def kind(self, error):
        words = str(error)
        return FOREIGN_KEY if "FOREIGN KEY" in words else BUSY if "locked" in words else OTHER

    def transactions(self):
        """Only that of a writer would be in the way."""
        try:
            with Side(self) as side:
                side.connection.execute("PRAGMA busy_timeout = 1")
                side.run("BEGIN IMMEDIATE")
                side.run("ROLLBACK")
        except Refused:
            return 1
        return 0


ENGINES = {kind.engine: kind for kind in (SQLite, PostgreSQL, MariaDB)}


class Side:
    """Another session, in autocommit mode until it says BEGIN."""

    def __init__(self, database):
        self.database = database
        self.connection = database.connect()

    def run(self, sql):
        """Runs a statement; gives its rows, or the number of rows that it changed."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else cursor.rowcount
        except (psycopg2.Error, pymysql.err.Error, sqlite3.Error) as error:
            raise Refused(self.database.kind(error), f"{sql}: {error}") from None
        finally:
            cursor.close()

    def later(self, *statements):
        """The same in a thread."""
        return Later(lambda: [self.run(statement) for statement in statements])

    def close(self):
        try:
            self.connection.close()
        except (psycopg2.Error, pymysql.err.Error):
            pass  # it was lost with its server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Later(threading.Thread):
    """Something that goes on beside the test."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.outcome, self.failure = work, None, None
        self.start()

    def run(self):
        try:
            self.outcome = self.work()
        except Exception as failure:  # told by result()
            self.failure = failure

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "still waiting"
        if self.failure:
            raise self.failure
        return self.outcome

    def refusal(self):
        """Why it was refused, in one word; None when it was not."""
        try:
            self.result()
        except Refused as refused:
            return refused.kind
        return None


class Failure(ffi.Failure):
    transaction = None


class Library(ffi.Library):
    """With what became of the transaction."""

    def failure(self, status, error):
        transaction = self.lib.cascade_error_transaction(error)
        told = self.lib.cascade_status_name(self.lib.cascade_error_status(error)).decode()
        plain = super().failure(status, error)
        failure = Failure(plain.status, plain.message)
        failure.transaction, failure.told = transaction, told
        return failure


TX_NONE, TX_OPEN, TX_ROLLED_BACK, TX_UNKNOWN = range(4)


class Purge:
    """A purge that is driven step by step. `hook` is called before each COMMIT, with the purge; what it returns is the answer, and
    what it raises is raised by the step."""

    def __init__(self, session, selection, hook=None, **options):
        self.library, self.session = session.library, session
        self.hook, self.trouble, self.told, self.pending = hook, None, {}, {}
        self.commits_tried = 0
        self.called = ffi.HOOK(self.answer) if hook else ffi.HOOK()
        settings = ffi.PurgeOptions(after_batch=self.called, **options)
        self.handle = self.library.make("purge", "purge_new", session.connection, session.policy, selection,
                                        ctypes.byref(settings))
        self.batches = []
        self.running = threading.Lock()

    def answer(self, _, tables, count):
        self.commits_tried += 1
        self.pending = {self.session.table_name(table.table): [key[0] for key in ffi.keys(table.keys.contents)]
                        for table in tables[:count]}
        try:
            return self.hook(self) or 0
        except Exception as trouble:
            self.trouble = trouble
            return 1

    def step(self):
        """One batch: its numbers as (deleted, updated), or None at the end."""
        batch = ctypes.POINTER(ffi.BatchInfo)()
        try:
            with self.running:
                status = self.library.call("purge_next", self.handle, ctypes.byref(batch))
        except Failure:
            if self.trouble:
                raise self.trouble from None
            raise
        if status != ffi.OK:
            return None
        for name, keys in self.pending.items():
            self.told.setdefault(name, []).extend(keys)
        self.pending = {}
        self.retries = batch.contents.retries
        self.roots_done, self.roots_expected = batch.contents.roots_done, batch.contents.roots_expected
        self.batches.append((batch.contents.deleted, batch.contents.updated))
        return self.batches[-1]

    def finish(self):
        while self.step():
            pass
        return self

    def report(self):
        report = ffi.PurgeReport()
        self.library.check("purge_describe", self.handle, ctypes.byref(report))
        return report

    def tables(self):
        """What was done by table, as (deleted, updated)."""
        found, table = {}, ffi.TableReport()
        for position in range(self.report().table_count):
            self.library.check("purge_table", self.handle, position, ctypes.byref(table))
            found[self.session.table_name(table.table)] = (table.deleted, table.updated)
        return found

    def deleted(self):
        return {name: deleted for name, (deleted, _) in self.tables().items() if deleted}

    def free(self):
        """One that another thread drives is stopped first."""
        self.library.lib.cascade_purge_cancel(self.handle)
        with self.running:
            self.handle.free()


def until(condition, what):
    """Waits for something that another session brings about."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)
