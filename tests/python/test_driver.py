"""The driver over DB-API connections, by itself: values there and back, placeholders, failures, transactions."""

import ctypes
import decimal
import math

import pytest

import libcascade
from libcascade import _abi, dbapi
from libcascade._abi import Capability, Status, TransactionState, ValueType
from libcascade._placeholders import Placeholders
from libcascade._values import Cells, read_cells
from libcascade.dbapi import Session

TEXTS = ["", "plain", "it's", 'a "quote"', "back\\slash", "100 % %s %(p1)s ?", "$1 $$ :x",
         "ü € 漢字 😀", "line\nbreak\ttab", " " * 5000]
BLOBS = [b"", b"\0", bytes(range(256)), b"'\\%s?", b"x" * 70000]
INTEGERS = [0, 1, -1, 2**31, -2**31 - 1, 2**63 - 1, -2**63]
REALS = [0.0, -1.5, 1e300, 5e-324, 0.1, 1 / 3, -123456789.123456789]
# The expressions in which the library asks for a column of each type.
AS_TEXT = {"sqlite": "Case When {0} Is Null Then Null Else Hex({0}) End",
           "postgresql": "({})::text", "postgresql, texts": "encode(convert_to(({})::text, 'UTF8'), 'hex')",
           "mariadb": "HEX(CONVERT({} USING utf8mb4))"}
AS_BYTES = {"sqlite": "Hex({})", "postgresql": "{}", "postgresql, texts": "encode({}, 'hex')", "mariadb": "HEX({})"}
AS_NUMBER = {"sqlite": "Cast({} As text)", "postgresql": "{}", "postgresql, texts": "({})::text",
             "mariadb": "CAST({} AS CHAR)"}
OF_ANY = ("Typeof({0})||':'||Case Typeof({0}) When 'null' Then '' When 'integer' Then Cast({0} As text) "
          "When 'real' Then Hex(Printf('%!.20g', {0})) Else Hex({0}) End")


class Driver:
    """A session, driven as the library drives it."""

    def __init__(self, connection, **options):
        self.session = Session(connection, **options)
        self.engine = self.session.engine.name
        self.has_text_rows = bool(self.session.engine.flags & Capability.TEXT_ROWS)
        #: By which it finds the expression of a column.
        self.forms = "postgresql, texts" if self.engine == "postgresql" and self.has_text_rows else self.engine
        self.kept = []

    def statement(self, sql, parameters=(), types=()):
        cells = parameters if isinstance(parameters, Cells) else Cells(parameters)
        wanted = (ctypes.c_int32 * len(types))(*types)
        self.kept += [cells, wanted]
        text = sql.encode("utf-8", "surrogateescape")
        return _abi.cascade_statement(sql=text, sql_length=len(text), parameters=cells.pointer, parameter_count=cells.count,
                                      column_count=len(types), column_types=wanted)

    def execute(self, sql, parameters=()):
        return self.session.execute(self.statement(sql, parameters))

    def rows(self, sql, parameters=(), types=(), at_once=1000):
        number = self.session.query(self.statement(sql, parameters, types))
        found = []
        while part := self.fetch(number, len(types), at_once):
            found += part
        self.close(number)
        return found

    @staticmethod
    def fetch(number, width, limit):
        rows = _abi.cascade_rows()
        if not dbapi._results[number].fetch(limit, rows):
            return []
        assert 1 <= rows.count <= limit
        flat = rows.integers[:rows.count * width] if rows.integers else read_cells(rows.cells, rows.count * width)
        return list(zip(*[iter(flat)] * width))

    @staticmethod
    def close(number):
        dbapi._results.pop(number).cursor.close()

    def one(self, expression, form, kind, *values):
        """The value of an expression with one placeholder, `{}`."""
        mark = "$1" if self.engine == "postgresql" else "?"
        if self.engine == "sqlite":  # where one placeholder is one value, and the form names it twice
            sql = f"SELECT {form['sqlite'].format('v')} FROM (SELECT {expression.format(mark)} AS v)"
        else:
            sql = "SELECT " + form[self.forms].format(expression.format(mark))
        ((found,),) = self.rows(sql, values, [kind])
        return found

    def fails(self, call, *arguments):
        with pytest.raises(Exception) as caught:
            call(*arguments)
        return self.session.explain(caught.value)


@pytest.fixture
def driver(database):
    return Driver(database.dbapi(autocommit=True))


def cell(kind, integer=0, real=0.0, data=b""):
    made = Cells([data] if data else [None])
    value = made.pointer.contents
    value.type, value.integer, value.real = int(kind), integer, real
    return made


@pytest.mark.parametrize("value", TEXTS)
def test_texts(driver, value):
    typed = "{}::text" if driver.engine == "postgresql" else "{}"
    assert driver.one(typed, AS_TEXT, ValueType.TEXT, value) == value


@pytest.mark.parametrize("value", BLOBS, ids=len)
def test_bytes(driver, value):
    assert driver.one("{}", AS_BYTES, ValueType.BLOB, value) == value


@pytest.mark.parametrize("value", INTEGERS)
def test_integers(driver, value):
    assert driver.one("{}", AS_NUMBER, ValueType.INT64, value) == value


@pytest.mark.parametrize("value", REALS)
def test_reals(driver, value):
    typed = {"sqlite": "Printf('%!.20g', {})", "postgresql": "{}::float8", "mariadb": "{} + 0e0"}[driver.engine]
    assert float(driver.one(typed, AS_TEXT, ValueType.TEXT, value)) == pytest.approx(value, rel=1e-15)


def test_null_is_null_in_every_type(driver):
    mark = "CAST(NULL AS CHAR)" if driver.engine == "mariadb" else "NULL"
    kinds = [ValueType.INT64, ValueType.UINT64, ValueType.TEXT, ValueType.BLOB]
    assert driver.rows("SELECT " + ", ".join([mark] * 4), (), kinds) == [(None,) * 4]
    typed = "{}::text" if driver.engine == "postgresql" else "{}"
    assert driver.one(typed, AS_TEXT, ValueType.TEXT, None) is None


def test_nul_in_texts(driver):
    if driver.engine == "postgresql":
        failed = driver.fails(driver.one, "{}::text", AS_TEXT, ValueType.TEXT, "a\0b")
        assert failed.status == Status.UNSUPPORTED and "NUL" in failed.message
    else:
        assert driver.one("{}", AS_TEXT, ValueType.TEXT, "a\0b") == "a\0b"


def test_unsigned_integers(driver):
    large = cell(ValueType.UINT64, integer=-1)
    if driver.engine == "sqlite":
        assert driver.fails(driver.rows, "SELECT Cast(? As text)", large, [ValueType.UINT64]).status == Status.UNSUPPORTED
    else:
        typed = "{}::numeric::text" if driver.engine == "postgresql" else "{}"
        ((found,),) = driver.rows("SELECT " + AS_NUMBER[driver.forms].format(
            typed.format("$1" if driver.engine == "postgresql" else "?")), large, [ValueType.UINT64])
        assert found == 2**64 - 1
    assert driver.rows("SELECT " + AS_NUMBER[driver.forms].format("17"), (), [ValueType.UINT64]) == [(17,)]


def test_decimals_keep_all_their_digits(driver):
    value = decimal.Decimal("12345678901234567890.123456789")
    typed = {"sqlite": "{}", "postgresql": "{}::numeric", "mariadb": "{}"}[driver.engine]
    assert decimal.Decimal(driver.one(typed, AS_TEXT, ValueType.TEXT, value)) == value


def test_infinity_and_nan(driver):
    for value in (math.inf, -math.inf, math.nan):
        if driver.engine == "mariadb":
            assert driver.fails(driver.one, "{}", AS_TEXT, ValueType.TEXT, value).status == Status.UNSUPPORTED
        elif driver.engine == "postgresql":
            found = float(driver.one("{}::float8", AS_TEXT, ValueType.TEXT, value))
            assert found == value or math.isnan(found) and math.isnan(value)


def test_any_on_sqlite(sqlite):
    driver = Driver(sqlite.dbapi(autocommit=True))
    for value in [None, 5, -2**63, 1.5, 0.1, "text ü", "", b"\0\1", b""]:
        ((found,),) = driver.rows("SELECT " + OF_ANY.format("v") + " FROM (SELECT ? AS v)", [value], [ValueType.ANY])
        assert (found, type(found)) == (value, type(value))


def test_texts_on_sqlite_that_are_no_utf8(sqlite):
    driver = Driver(sqlite.dbapi(autocommit=True))
    value = b"\xff\xfe broken".decode("utf-8", "surrogateescape")
    ((kind, found),) = driver.rows("SELECT Hex(Typeof(v)), Hex(v) FROM (SELECT ? AS v)", [value], [ValueType.TEXT, ValueType.TEXT])
    assert (kind, found) == ("text", value)


def test_types_of_parameters_on_postgresql(database, driver):
    if driver.engine != "postgresql":
        return  # only there, parameters have types
    array = Cells([b"".join(i.to_bytes(8, "little", signed=True) for i in (1, -5, 2**63 - 1))])
    array.pointer.contents.type = int(ValueType.INT64_ARRAY)
    as_text = "SELECT " + AS_TEXT[driver.forms]
    assert driver.rows(as_text.format("$1"), array, [ValueType.TEXT]) == [("{1,-5,9223372036854775807}",)]
    assert driver.rows(as_text.format("$1"), cell(ValueType.INT64_ARRAY), [ValueType.TEXT]) == [("{}",)]
    assert driver.rows(as_text.format("pg_typeof($1)"), [1], [ValueType.TEXT]) == [("bigint",)]
    sums = "SELECT -$1, $1 + $2, ($1)::text"
    assert driver.rows(sums, [-5, 2**40], [ValueType.INT64] * 3) == [(5, 2**40 - 5, -5)]
    assert driver.rows("SELECT count(*) FROM (SELECT 1 WHERE 'a' = $1 OR $1 = 'b') x", ["a"], [ValueType.INT64]) == [(1,)]


def test_texts_of_other_encodings_on_postgresql_come_as_digits(database):
    if database.engine != "postgresql":
        return  # elsewhere they do always
    assert not Driver(database.dbapi()).has_text_rows
    host = database.dbapi(autocommit=True)
    host.set_client_encoding("LATIN9")
    driver = Driver(host)
    assert driver.has_text_rows
    for text in TEXTS[:6]:
        assert driver.one("{}::text", AS_TEXT, ValueType.TEXT, text) == text
    assert driver.one("{}::text || chr(28450)", AS_TEXT, ValueType.TEXT, "ü€") == "ü€漢"  # which LATIN9 does not have
    assert driver.one("{}", AS_BYTES, ValueType.BLOB, b"\0\xff") == b"\0\xff"
    assert driver.one("{}", AS_NUMBER, ValueType.INT64, -2**63) == -2**63
    bare = f"{database.name}_bare"
    host.cursor().execute(f"CREATE DATABASE {bare} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    assert Driver(database.connect(True, bare)).has_text_rows


def test_what_does_not_fit_its_type_is_said(driver):
    for expression, kind in (("1.5", ValueType.INT64), ("'x'", ValueType.INT64), ("9223372036854775808", ValueType.INT64),
                             ("-1", ValueType.UINT64)):
        failed = driver.fails(driver.rows, "SELECT " + AS_NUMBER[driver.forms].format(expression), (), [kind])
        assert failed.status == Status.DATABASE and "column 1 of the result holds" in failed.message
    if not driver.has_text_rows:
        for expression, kind in (("1", ValueType.TEXT), ("1", ValueType.BLOB), ("'x'::text", ValueType.BLOB)):
            assert driver.fails(driver.rows, "SELECT " + expression, (), [kind]).status == Status.DATABASE


def test_what_is_quoted_is_no_placeholder(driver):
    quote = "`" if driver.engine == "mariadb" else '"'
    mark = "$1" if driver.engine == "postgresql" else "?"
    name = f"{quote}a ? $1 %s %(p1)s 100%{quote}"
    driver.execute(f"CREATE TABLE {name} ({quote}c%?{quote} INTEGER)")
    assert driver.execute(f"INSERT INTO {name} VALUES ({mark})", [7]) == 1
    number = AS_NUMBER[driver.forms]
    found = driver.rows(f"SELECT {number.format('COUNT(*)')} FROM {name} WHERE {quote}c%?{quote} = {mark} "
                        "AND '? $1 %s' <> 'it''s %'", [7], [ValueType.INT64])
    assert found == [(1,)]
    assert driver.rows(f"SELECT {number.format(mark + '%4')}", [10], [ValueType.INT64]) == [(2,)]


@pytest.mark.parametrize("style", ["qmark", "format", "pyformat"])
@pytest.mark.parametrize("engine, sql, values, there", [
    ("postgresql", "a = $2 and b = $1 or c = $2", [1, 2], "a = ‹2› and b = ‹1› or c = ‹2›"),
    ("postgresql", "$$ $1 $$ || $x$ $1 $y$ $x$ || e'\\' $1' || $1 || a$1", [1],
     "$$ $1 $$ || $x$ $1 $y$ $x$ || e'\\' $1' || ‹1› || a$1"),
    ("sqlite", "'?' || \"?\" || `?` || [?] || ? /* ? */ -- ?", [1], "'?' || \"?\" || `?` || [?] || ‹1› /* ? */ -- ?"),
    ("mariadb", "'\\'?' || \"\\\"?\" || `?` || ? # ?", [1], "'\\'?' || \"\\\"?\" || `?` || ‹1› # ?"),
])
def test_placeholders(engine, sql, values, there, style):
    made, arguments = Placeholders(engine, style).rewrite(sql, values)
    if style == "pyformat":
        assert made == there.replace("‹", "%(p").replace("›", ")s") and arguments == {f"p{v}": v for v in values}
    elif engine != "postgresql" and style == "qmark":
        assert (made, arguments) == (sql, values)
    else:
        mark = "?" if style == "qmark" else "%s"
        assert made == there.replace("‹1›", mark).replace("‹2›", mark)
        assert arguments == [int(part[0]) for part in there.split("‹")[1:]]


def test_rows_by_chunks_and_two_cursors_at_once(driver):
    driver.execute("CREATE TABLE many (id INTEGER NOT NULL PRIMARY KEY, t VARCHAR(20))")
    cursor = driver.session.engine.connection.cursor()
    mark = "?" if driver.engine == "sqlite" else "%s"
    cursor.executemany(f"INSERT INTO many VALUES ({mark}, {mark})", [(i, None if i % 3 else f"t{i}") for i in range(2500)])
    sql = f"SELECT {AS_NUMBER[driver.forms].format('id')}, {AS_TEXT[driver.forms].format('t')} FROM many ORDER BY many.id"
    kinds = [ValueType.INT64, ValueType.TEXT]
    expected = [(i, None if i % 3 else f"t{i}") for i in range(2500)]
    for at_once in (1, 7, 1000, 5000):
        assert driver.rows(sql, (), kinds, at_once) == expected
    numbers = [driver.session.query(driver.statement(sql, (), kinds)) for _ in range(2)]
    for at in range(0, 1500, 300):
        for number in numbers:
            assert driver.fetch(number, 2, 300) == expected[at:at + 300]
    for number in numbers:
        driver.close(number)


def test_integers_come_as_plain_numbers(driver):
    driver.execute("CREATE TABLE pairs (a BIGINT NOT NULL PRIMARY KEY, b BIGINT)")
    cursor = driver.session.engine.connection.cursor()
    mark = "?" if driver.engine == "sqlite" else "%s"
    pairs = [(i, None if i == 23 else -i * 2**40) for i in range(40)]
    cursor.executemany(f"INSERT INTO pairs VALUES ({mark}, {mark})", pairs)
    sql = f"SELECT {AS_NUMBER[driver.forms].format('a')}, {AS_NUMBER[driver.forms].format('b')} FROM pairs ORDER BY pairs.a"
    number = driver.session.query(driver.statement(sql, (), [ValueType.INT64] * 2))
    for first in range(0, 40, 10):
        rows = _abi.cascade_rows()
        assert dbapi._results[number].fetch(10, rows) and rows.count == 10
        assert bool(rows.integers) == (first != 20) and bool(rows.cells) == (first == 20)  # where a NULL is among them
        found = rows.integers[:20] if rows.integers else read_cells(rows.cells, 20)
        assert found == [value for pair in pairs[first:first + 10] for value in pair]
    assert not dbapi._results[number].fetch(10, _abi.cascade_rows())
    driver.close(number)


def test_counts_of_changes(driver):
    driver.execute("CREATE TABLE counted (id INTEGER NOT NULL PRIMARY KEY, v INTEGER)")
    assert driver.execute("INSERT INTO counted VALUES (1, 1), (2, 2), (3, 3)") == 3
    assert driver.execute("UPDATE counted SET v = 9 WHERE id < 3") == 2
    assert driver.execute("DELETE FROM counted WHERE id = 17") == 0
    assert driver.execute("BEGIN") == 0
    assert driver.execute("DELETE FROM counted WHERE id = 3") == 1
    assert driver.execute("COMMIT") == 0
    if driver.engine == "sqlite":
        assert driver.execute("WITH gone AS (SELECT 1 AS id) DELETE FROM counted WHERE id IN (SELECT id FROM gone)") == 1


def test_what_does_not_fit_is_told(driver):
    form = AS_NUMBER[driver.forms]
    for text in ("'abc'", "'1.5'", "'99999999999999999999'", "''"):
        failed = driver.fails(driver.rows, "SELECT " + form.format(text), (), [ValueType.INT64])
        assert failed.status == Status.DATABASE and "column 1" in failed.message


def test_failures_have_their_class(database, driver):
    database.museum(2, 4)
    run, fails = driver.execute, driver.fails
    assert fails(run, "DELETE FROM nosuch").status == Status.SCHEMA
    assert fails(run, "SELEKT 1").status == Status.SCHEMA
    assert fails(run, "DELETE FROM loan WHERE id = 1").status == Status.CONSTRAINT_FK
    unique = fails(run, "INSERT INTO agent (id) VALUES (1)")
    assert unique.status == Status.CONSTRAINT and unique.transaction == TransactionState.NONE
    assert fails(run, "INSERT INTO item (code) VALUES (NULL)").status == Status.CONSTRAINT
    if driver.engine == "postgresql":
        assert unique.sqlstate == "23505"
    else:
        assert unique.native_code == {"sqlite": 1555, "mariadb": 1062}[driver.engine]
    run("BEGIN")
    assert fails(run, "DELETE FROM loan WHERE id = 1").transaction == TransactionState.OPEN
    if driver.engine == "postgresql":
        assert fails(run, "COMMIT").message.endswith("rolled back instead of committed")
    else:
        run("COMMIT")


def test_failures_of_sqlite_by_words_alone(sqlite):
    from libcascade._engines import Sqlite
    import sqlite3
    for kind, words, code in ((sqlite3.IntegrityError, "FOREIGN KEY constraint failed", 787),
                              (sqlite3.OperationalError, "database is locked", 5),
                              (sqlite3.OperationalError, "no such table: x", 1),
                              (sqlite3.OperationalError, "attempt to write a readonly database", 8)):
        assert Sqlite._code(kind(words), words) == code


def test_locks(database, driver):
    database.museum(2, 4)
    other = database.dbapi(autocommit=True)
    cursor = other.cursor()
    cursor.execute({"sqlite": "BEGIN IMMEDIATE"}.get(database.engine, "BEGIN"))
    cursor.execute("UPDATE agent SET name = 'locked' WHERE id = 1")
    setting = {"sqlite": "PRAGMA busy_timeout = 50", "postgresql": "SET lock_timeout = 50",
               "mariadb": "SET innodb_lock_wait_timeout = 1"}[database.engine]
    driver.execute(setting)
    failed = driver.fails(driver.execute, "UPDATE agent SET name = 'mine' WHERE id = 1")
    assert failed.status == Status.BUSY and "try again" in failed.message
    cursor.execute("ROLLBACK")


def test_a_lost_connection_is_told(database):
    connection = database.dbapi(autocommit=True)
    driver = Driver(connection)
    connection.close()
    failed = driver.fails(driver.execute, "DELETE FROM anything")
    assert failed is not None and failed.status == Status.CONNECTION


def test_rows_of_another_shape_than_tuples(sqlite):
    import sqlite3
    sqlite.museum(3, 3)
    host = sqlite.dbapi(autocommit=True)
    host.row_factory = sqlite3.Row
    host.text_factory = bytes
    with libcascade.Connection.over(host) as db:
        graph = db.graph()
        pages = list(db.blockers(libcascade.Policy(graph), graph.select("agent", [1])))
        assert [list(page.keys) for page in pages] == [[1]]


def test_unknown_connections_are_refused():
    with pytest.raises(TypeError, match="no connection of"):
        Session(object())
    with pytest.raises(ValueError, match="not known"):
        Session(object(), engine="oracle")
