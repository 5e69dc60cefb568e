"""What the DB-API driver has to know of each engine and module: transactions, values, failures."""

from __future__ import annotations

import math
import re
import sqlite3
from decimal import Decimal
from importlib import import_module
from typing import Any, Callable, List, NamedTuple, Optional, Tuple

from ._abi import Capability, Status, TransactionState, ValueType
from ._values import BLOB, DECIMAL, DOUBLE, INT64, NULL, TEXT, UINT64

INT64_ARRAY = int(ValueType.INT64_ARRAY)


class Failed(NamedTuple):
    """What a database has said of a failure."""

    status: Status
    message: str
    transaction: TransactionState
    sqlstate: str = ""
    native_code: int = 0


class Refused(Exception):
    """A value or statement that is not sent."""

    def __init__(self, status: Status, message: str) -> None:
        super().__init__(message)
        self.status = status


ADVICE = {
    Status.BUSY: "; another session holds the lock: try again, or allow a longer lock timeout",
    Status.DEADLOCK: "; roll back and try again",
    Status.SERIALIZATION: "; another session wrote in between: roll back and try again",
    Status.TIMEOUT: "; allow it more time, or smaller steps",
    Status.PRIVILEGE: "; have the privilege granted, or connect as another user",
    Status.READONLY: "; use a database and a transaction that take writes",
}
_BOUND = re.compile(r"SET STATEMENT max_statement_time = [\d.]+ FOR ")  # of MariaDB: what goes before a statement of a purge
_CHANGES = ("DELETE", "UPDATE", "INSERT", "REPLACE", "MERGE", "WITH")


def first_word(sql: str) -> str:
    """The keyword that a statement begins with."""
    bound = _BOUND.match(sql)
    return sql[bound.end() if bound else 0:].lstrip()[:20].split(None, 1)[0].rstrip(";").upper() if sql.strip() else ""


class Engine:
    """One connection of the host, for one engine. Methods are called by the driver, by one thread at a time."""

    name = ""
    label = ""
    flags = Capability.CAN_SAVEPOINT | Capability.TEXT_ROWS
    max_parameters = 65535
    #: A key of the placeholders' patterns.
    quoting = ""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        #: Set by cancel(), until the next statement begins.
        self.stopped = False
        self.version = ""
        #: Whether the connection can say if it is in a transaction; else the host has to.
        self.knows_transactions = True

    def prepare(self, run: Callable[[str], Any]) -> None:
        """Asks the session what it has to know."""

    def cursor(self) -> Any:
        """A cursor that gives rows as tuples, whatever the host has set for its own."""
        return self.connection.cursor()

    def active(self) -> bool:
        """Whether a transaction is open."""
        raise NotImplementedError

    def was_active(self) -> bool:
        """The same, without asking the server: for what is to be said of a failure."""
        return self.active()

    def hosted(self) -> bool:
        """Whether somebody else's COMMIT decides about what runs now."""
        raise NotImplementedError

    def before(self, word: str) -> None:
        """A statement that begins with this word comes."""

    def values(self, parameters: List[Tuple[int, int, float, bytes]]) -> Tuple[List[Any], Tuple[str, ...]]:
        """The parameters (type, integer, real, bytes) for execute(), and the forms they need in the statement."""
        raise NotImplementedError

    def affected(self, cursor: Any, word: str) -> int:
        """Rows that a statement has inserted, updated or deleted."""
        return max(int(cursor.rowcount), 0) if word in _CHANGES else 0

    def check(self, cursor: Any, sql: str, word: str) -> None:
        """Looks at a success, which may be none."""

    def cancel(self) -> None:
        """Stops the running statement. Any thread."""

    def failed(self, exception: BaseException, word: str, before: bool) -> Optional[Failed]:
        """What an exception means, when it is the module's. `before`: a transaction was open when the statement began."""
        raise NotImplementedError

    def fate(self, status: Status, word: str, before: bool, changed: bool) -> TransactionState:
        """What became of the transaction. A lost connection undoes it; of a COMMIT that was under way nobody knows."""
        if status == Status.CONNECTION:
            doubtful = word in ("COMMIT", "END") or (not before and changed)
            return TransactionState.UNKNOWN if doubtful else TransactionState.ROLLED_BACK if before else TransactionState.NONE
        if self.active():
            return TransactionState.OPEN
        return TransactionState.ROLLED_BACK if before else TransactionState.NONE

    def _no_type(self, at: int) -> Refused:
        return Refused(Status.INVALID, f"{self.label}: parameter {at + 1} has no type that can be sent")


class Sqlite(Engine):
    """sqlite3 of Python."""

    name = quoting = "sqlite"
    label = "SQLite"
    flags = Capability.CAN_SAVEPOINT | Capability.CAN_DEFER | Capability.CAN_CANCEL | Capability.TEXT_ROWS
    _WRITES = _CHANGES + ("SAVEPOINT", "CREATE")

    def prepare(self, run: Callable[[str], Any]) -> None:
        self.version = sqlite3.sqlite_version
        limit = getattr(self.connection, "getlimit", None)
        if limit:
            self.max_parameters = limit(9)  # SQLITE_LIMIT_VARIABLE_NUMBER
        else:
            self.max_parameters = 32766 if sqlite3.sqlite_version_info >= (3, 32) else 999
        if run("SELECT sqlite_compileoption_used('ENABLE_UPDATE_DELETE_LIMIT')")[0] in (1, "1"):
            self.flags |= Capability.CAN_DELETE_LIMIT

    def cursor(self) -> Any:
        cursor = self.connection.cursor(sqlite3.Cursor)
        cursor.row_factory = None
        return cursor

    def active(self) -> bool:
        return bool(self.connection.in_transaction)

    def _commits_itself(self) -> bool:
        autocommit = getattr(self.connection, "autocommit", -1)
        if autocommit in (True, False) and autocommit != -1:
            return bool(autocommit)
        return self.connection.isolation_level is None

    def hosted(self) -> bool:
        return self.active() or not self._commits_itself()

    def before(self, word: str) -> None:
        # The module would begin a transaction before a DELETE, but not before the SAVEPOINT that comes first.
        if word in self._WRITES and not self.active() and not self._commits_itself():
            self.connection.execute("BEGIN " + (self.connection.isolation_level or ""))

    def values(self, parameters: List[Tuple[int, int, float, bytes]]) -> Tuple[List[Any], Tuple[str, ...]]:
        made: List[Any] = []
        odd: List[int] = []
        for at, (kind, integer, real, data) in enumerate(parameters):
            if kind == INT64:
                made.append(integer)
            elif kind == NULL:
                made.append(None)
            elif kind == DOUBLE:
                made.append(real)
            elif kind == BLOB:
                made.append(data)
            elif kind in (TEXT, DECIMAL):
                try:
                    made.append(data.decode())
                except UnicodeDecodeError:  # the database may hold it all the same
                    made.append(data)
                    odd.append(at)
            elif kind == UINT64:
                if integer < 0:
                    raise Refused(Status.UNSUPPORTED, f"SQLite: parameter {at + 1} is {integer % (1 << 64)}, but integers end at "
                                                      "9223372036854775807")
                made.append(integer)
            else:
                raise self._no_type(at)
        forms = tuple("CAST({} AS TEXT)" if at in odd else "{}" for at in range(len(made))) if odd else ()
        return made, forms

    def affected(self, cursor: Any, word: str) -> int:
        if word == "WITH":  # which the module takes for a query
            return int(self.connection.execute("SELECT changes()").fetchone()[0])
        return super().affected(cursor, word)

    def cancel(self) -> None:
        self.connection.interrupt()

    def failed(self, exception: BaseException, word: str, before: bool) -> Optional[Failed]:
        if not isinstance(exception, (sqlite3.Error, sqlite3.Warning)):
            return None
        words = str(exception)
        code = int(getattr(exception, "sqlite_errorcode", None) or self._code(exception, words))
        status = self._status(code, words, exception)
        if status == Status.CANCELLED:
            message = "cancelled at the caller's request"
        else:
            message = f"SQLite: {words}{ADVICE.get(status, '')}"
        return Failed(status, message, self.fate(status, word, before, False), native_code=code)

    @staticmethod
    def _code(exception: BaseException, words: str) -> int:
        """SQLite's code, by its words: older versions of Python do not tell it."""
        for text, code in (("FOREIGN KEY constraint", 787), ("UNIQUE constraint", 2067), ("NOT NULL constraint", 1299),
                           ("CHECK constraint", 275), ("schema is locked", 6), ("is locked", 5), ("readonly", 8),
                           ("interrupted", 9), ("unable to open", 14), ("not a database", 26), ("malformed", 11),
                           ("disk is full", 13), ("not authorized", 23), ("prohibited", 23)):
            if text in words:
                return code
        if isinstance(exception, sqlite3.IntegrityError):
            return 19
        return 1 if isinstance(exception, sqlite3.OperationalError) else 0

    @staticmethod
    def _status(code: int, words: str, exception: BaseException) -> Status:
        if code == 517:
            return Status.SERIALIZATION
        if code == 787 or (code == 1811 and words == "FOREIGN KEY constraint failed"):
            return Status.CONSTRAINT_FK
        if code == 0 and isinstance(exception, sqlite3.ProgrammingError):
            return Status.CONNECTION if "closed" in words else Status.INVALID
        return {1: Status.SCHEMA, 3: Status.PRIVILEGE, 23: Status.PRIVILEGE, 5: Status.BUSY, 6: Status.BUSY, 7: Status.NOMEM,
                8: Status.READONLY, 9: Status.CANCELLED, 14: Status.CONNECTION, 26: Status.CONNECTION, 17: Status.SCHEMA,
                19: Status.CONSTRAINT}.get(code & 0xFF, Status.DATABASE)


class Postgres(Engine):
    """psycopg2, and psycopg."""

    name = quoting = "postgresql"
    label = "PostgreSQL"
    flags = (Capability.CAN_LOCK_ROWS | Capability.CAN_SKIP_LOCKED | Capability.CAN_SAVEPOINT | Capability.CAN_DEFER
             | Capability.CAN_CANCEL | Capability.TEXT_ROWS)
    _STATES = (
        ("23503", Status.CONSTRAINT_FK), ("23001", Status.CONSTRAINT_FK), ("23", Status.CONSTRAINT), ("44000", Status.CONSTRAINT),
        ("P0001", Status.CONSTRAINT), ("40P01", Status.DEADLOCK), ("40001", Status.SERIALIZATION), ("55P03", Status.BUSY),
        ("57014", Status.TIMEOUT), ("42501", Status.PRIVILEGE), ("25006", Status.READONLY), ("08P01", Status.INVALID),
        ("08", Status.CONNECTION), ("57P", Status.CONNECTION), ("25P03", Status.CONNECTION), ("53300", Status.CONNECTION),
        ("28", Status.CONNECTION), ("3D000", Status.CONNECTION), ("42", Status.SCHEMA), ("3F000", Status.SCHEMA))

    def prepare(self, run: Callable[[str], Any]) -> None:
        info = self.connection.info
        self.version = str(info.server_version)
        # The module's own integers, texts and bytes are half the work of texts; but not every text can be one of the module's.
        of_server, of_client = (info.parameter_status(f"{side}_encoding") for side in ("server", "client"))
        if of_client == "UTF8" and of_server not in (None, "SQL_ASCII"):
            self.flags &= ~Capability.TEXT_ROWS

    def cursor(self) -> Any:
        if type(self.connection).__module__.startswith("psycopg2"):
            return self.connection.cursor(cursor_factory=import_module("psycopg2.extensions").cursor)
        return import_module("psycopg").ClientCursor(self.connection)

    def active(self) -> bool:
        return self.connection.info.transaction_status in (1, 2, 3)

    def hosted(self) -> bool:
        return not self.connection.autocommit or self.active()

    def values(self, parameters: List[Tuple[int, int, float, bytes]]) -> Tuple[List[Any], Tuple[str, ...]]:
        made: List[Any] = []
        forms: List[str] = []
        for at, (kind, integer, real, data) in enumerate(parameters):
            form = "{}"
            if kind == INT64:
                made.append(str(integer))  # the server makes a constant of a cast text, and an expression of a cast number
                form = "{}::bigint"
            elif kind == INT64_ARRAY:
                made.append("{" + ",".join(map(str, memoryview(data).cast("q"))) + "}")
                form = "{}::bigint[]"
            elif kind == NULL:
                made.append(None)
            elif kind in (TEXT, DECIMAL):
                if b"\0" in data:
                    raise Refused(Status.UNSUPPORTED, f"PostgreSQL: parameter {at + 1} is text with a NUL byte, which no text in "
                                                      "this database can hold")
                made.append(data.decode("utf-8", "surrogateescape"))
            elif kind == BLOB:
                made.append(data)
            elif kind == UINT64:
                made.append(str(integer % (1 << 64)))
            elif kind == DOUBLE:
                made.append("NaN" if math.isnan(real) else repr(real).replace("inf", "Infinity"))
            else:
                raise self._no_type(at)
            forms.append(form)
        return made, tuple(forms)

    def check(self, cursor: Any, sql: str, word: str) -> None:
        if word in ("COMMIT", "END") and getattr(cursor, "statusmessage", "") == "ROLLBACK":
            raise Refused(Status.DATABASE, "PostgreSQL: the transaction had failed before, and was rolled back instead of "
                                           "committed")

    def cancel(self) -> None:
        self.connection.cancel()

    def failed(self, exception: BaseException, word: str, before: bool) -> Optional[Failed]:
        if not hasattr(exception, "diag"):
            return None
        sqlstate = getattr(exception, "pgcode", None) or getattr(exception, "sqlstate", None) or ""
        lost = bool(self.connection.closed)
        status = Status.DATABASE
        for state, known in self._STATES:
            if sqlstate.startswith(state):
                status = known
                break
        if lost:
            status = Status.CONNECTION
        elif sqlstate == "57014" and self.stopped:
            status = Status.CANCELLED
        diag = exception.diag
        words = diag.message_primary or str(exception).split("\n", 1)[0] or type(exception).__name__
        detail = diag.message_detail if status in (Status.CONSTRAINT_FK, Status.CONSTRAINT) else None
        if status == Status.CANCELLED:
            message = "cancelled at the caller's request"
        elif status == Status.CONNECTION:
            message = f"PostgreSQL: the connection was lost: {words}; open a new one"
        else:
            message = f"PostgreSQL: {words}{': ' + detail if detail else ''}{ADVICE.get(status, '')}"
        return Failed(status, message, self.fate(status, word, before, word in _CHANGES), sqlstate=sqlstate)


def _codes(status: Status, *codes: int) -> dict[int, Status]:
    return dict.fromkeys(codes, status)


class Mariadb(Engine):
    """PyMySQL and mysqlclient, on MariaDB and MySQL."""

    name = quoting = "mariadb"
    label = "MariaDB"
    flags = Capability.CAN_LOCK_ROWS | Capability.CAN_SAVEPOINT | Capability.CAN_DELETE_LIMIT | Capability.TEXT_ROWS
    _CODES = {
        **_codes(Status.NOMEM, 1037, 1038, 2008),
        **_codes(Status.DEADLOCK, 1213, 1614, 3058),
        **_codes(Status.BUSY, 1205, 1206, 1615, 3572),
        **_codes(Status.SERIALIZATION, 1020, 1180, 1637, 3101),
        **_codes(Status.CONSTRAINT_FK, 1216, 1217, 1451, 1452, 1761, 1762),
        **_codes(Status.CONSTRAINT, 1022, 1048, 1062, 1169, 1263, 1364, 1557, 1586, 1644, 3819, 4025),
        **_codes(Status.CANCELLED, 1317),
        **_codes(Status.TIMEOUT, 1969, 3024),
        **_codes(Status.PRIVILEGE, 1044, 1045, 1142, 1143, 1227, 1370, 1449),
        **_codes(Status.READONLY, 1036, 1290, 1792, 1836),
        **_codes(Status.CONNECTION, 0, 1040, 1047, 1053, 1129, 1152, 1158, 1159, 1160, 1161, 1184, 1203, 1226, 1927, 3169, 4031,
                 2002, 2003, 2005, 2006, 2013, 2014, 2026, 2027, 2055),
        **_codes(Status.SCHEMA, 1046, 1049, 1051, 1052, 1054, 1064, 1065, 1066, 1072, 1103, 1109, 1136, 1146, 1149, 1166, 1176,
                 1222, 1241, 1412, 1630),
    }

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._status_known = hasattr(connection, "server_status")  # of PyMySQL's
        self._ask: Callable[[str], Any] = lambda sql: None
        self._inside = False
        self.packet = 0

    def prepare(self, run: Callable[[str], Any]) -> None:
        self._ask = run
        version, packet, modes = run("SELECT VERSION(), @@max_allowed_packet, @@sql_mode")
        self.version, self.packet = str(version), int(packet)
        self.knows_transactions = self._status_known or "MariaDB" in self.version
        numbers = [int("".join(filter(str.isdigit, part)) or 0) for part in self.version.split("-")[0].split(".")]
        newest = numbers[:2] >= [10, 6] if "MariaDB" in self.version else numbers[:1] >= [8]
        if newest:
            self.flags |= Capability.CAN_SKIP_LOCKED
        if "NO_BACKSLASH_ESCAPES" in str(modes):
            self.quoting = "mariadb, no backslashes"

    def cursor(self) -> Any:
        module = "pymysql" if self._status_known else "MySQLdb"
        return self.connection.cursor(import_module(f"{module}.cursors").Cursor)

    def active(self) -> bool:
        if self._status_known:
            return bool(self.connection.server_status & 1)
        if self.knows_transactions:
            self._inside = str(self._ask("SELECT @@in_transaction")[0]) == "1"
        return self._inside

    def was_active(self) -> bool:
        return self.active() if self._status_known else self._inside

    def check(self, cursor: Any, sql: str, word: str) -> None:
        if word in ("BEGIN", "START"):
            self._inside = True
        elif word == "COMMIT" or (word == "ROLLBACK" and " TO " not in sql.upper()):
            self._inside = False

    def hosted(self) -> bool:
        return not self.connection.get_autocommit() or self.active()

    def values(self, parameters: List[Tuple[int, int, float, bytes]]) -> Tuple[List[Any], Tuple[str, ...]]:
        made: List[Any] = []
        size = 0
        for at, (kind, integer, real, data) in enumerate(parameters):
            size += 32 + len(data)
            if kind == INT64:
                made.append(integer)
            elif kind == NULL:
                made.append(None)
            elif kind == TEXT:
                made.append(data.decode("utf-8", "surrogateescape"))
            elif kind == BLOB:
                made.append(data)
            elif kind == DECIMAL:
                made.append(Decimal(data.decode("ascii")))
            elif kind == UINT64:
                made.append(integer % (1 << 64))
            elif kind == DOUBLE:
                if not math.isfinite(real):
                    raise Refused(Status.UNSUPPORTED, f"MariaDB: parameter {at + 1} is no finite number, and MariaDB has none "
                                                      "that are not")
                made.append(real)
            else:
                raise self._no_type(at)
        if self.packet and size >= self.packet:  # the server would hang up
            raise Refused(Status.DATABASE, f"MariaDB: values of {size} bytes are too long, the server takes {self.packet}; raise "
                                           "its max_allowed_packet")
        return made, ()

    def failed(self, exception: BaseException, word: str, before: bool) -> Optional[Failed]:
        module = type(exception).__module__
        if not (module.startswith("pymysql") or module.startswith("MySQLdb") or module.startswith("_mysql")):
            return None
        code = exception.args[0] if exception.args and isinstance(exception.args[0], int) else 0
        words = str(exception.args[1]) if len(exception.args) > 1 else str(exception) or "the connection is closed"
        status = self._CODES.get(code, Status.DATABASE)
        alive = status != Status.CONNECTION
        if alive:
            try:
                self._ask("SELECT 0")  # a failure brings no news of the transaction
            except Exception:
                alive, status = False, Status.CONNECTION
        advice = "; another session has killed the statement" if status == Status.CANCELLED else ADVICE.get(status, "")
        return Failed(status, f"MariaDB: {words}{advice}", self.fate(status, word, before, word in _CHANGES and code != 2006),
                      native_code=code)


def engine_of(connection: Any, name: Optional[str] = None) -> Engine:
    """The engine behind a connection, by name or by the module that the connection is of."""
    kinds = {"sqlite": Sqlite, "postgresql": Postgres, "mariadb": Mariadb}
    if name is not None:
        if name not in kinds:
            raise ValueError(f"engine {name!r} is not known: there are {', '.join(kinds)}")
        return kinds[name](connection)
    for parent in type(connection).__mro__:
        module = parent.__module__.split(".")[0]
        for modules, kind in ((("sqlite3", "pysqlite3"), Sqlite), (("psycopg2", "psycopg"), Postgres),
                              (("pymysql", "MySQLdb"), Mariadb)):
            if module in modules:
                return kind(connection)
    given = f"{type(connection).__module__}.{type(connection).__qualname__}"
    raise TypeError(f"a {given} is no connection of sqlite3, psycopg2, psycopg, pymysql or MySQLdb; give the one that it wraps, or "
                    "its `engine`")
