"""The library on DB-API connections of the host: sqlite3, psycopg2, PyMySQL."""

import os

import pytest

import libcascade
from libcascade import Connection, Integrity, Override, Policy, Rule


def policy_of(db, graph=None):
    return Policy(graph or db.graph(), [Override("item", "loan_id", Rule.CASCADE)])


def test_purges_in_the_hosts_transaction_which_can_undo_it(database):
    database.museum()
    host = database.dbapi()
    with Connection.over(host) as db:
        assert db.engine == database.engine
        policy = policy_of(db)
        report = db.purge(policy, policy.graph.select("agent", [1, 2])).run()
        assert (report.deleted, report.batches, report.finished) == (22, 1, True)
    host.rollback()
    assert database.counts() == (20, 100, 100)
    with Connection.over(host) as db:
        policy = policy_of(db)
        db.purge(policy, policy.graph.select("agent", [1, 2])).run()
    host.commit()
    assert database.counts() == (18, 90, 90)


def test_commits_by_itself_where_the_connection_does(database):
    database.museum()
    with Connection.over(database.dbapi(autocommit=True)) as db:
        policy = policy_of(db)
        report = db.purge(policy, policy.graph.where("agent", "id < ?", [10]), max_tx_rows=30).run()
        assert report.deleted == 110 and report.batches > 1
    assert database.counts() == (10, 50, 50)


def test_checks_are_on_again_when_a_proven_purge_ends(database):
    """Not only when it is closed, which may be much later."""
    if database.engine == "mariadb":
        return  # which has no proof
    database.museum()
    host = database.dbapi(autocommit=True)
    cursor = host.cursor()

    def checks():
        cursor.execute("PRAGMA foreign_keys" if database.engine == "sqlite" else "SHOW session_replication_role")
        return cursor.fetchone()[0]

    assert checks() in (1, "origin")
    with Connection.over(host) as db:
        policy = policy_of(db)
        purge = db.purge(policy, policy.graph.where("agent", "id < ?", [10]), max_tx_rows=30, integrity=Integrity.PROVEN)
        assert len([*purge]) > 1
        assert checks() in (1, "origin")
        assert purge.report().finished
    assert database.counts() == (10, 50, 50)


def test_savepoints_of_the_host_stay_as_they_are(database):
    database.museum()
    host = database.dbapi(autocommit=True)
    cursor = host.cursor()
    cursor.execute("BEGIN")
    cursor.execute("UPDATE agent SET name = 'kept' WHERE id = 5")
    cursor.execute("SAVEPOINT mine")
    with Connection.over(host) as db:
        policy = policy_of(db)
        db.purge(policy, policy.graph.select("agent", [1])).run()
        with pytest.raises(libcascade.BlockedError):
            db.purge(Policy(policy.graph), policy.graph.select("agent", [2]))
    cursor.execute("ROLLBACK TO SAVEPOINT mine")
    cursor.execute("COMMIT")
    assert database.counts() == (20, 100, 100)
    assert database.rows("SELECT name FROM agent WHERE id = 5") == [("kept",)]


def test_a_host_that_fails_to_say_whether_it_is_in_a_transaction(database):
    database.museum()
    answers = [lambda: False]
    with Connection.over(database.dbapi(autocommit=True), in_transaction=lambda: answers[-1]()) as db:
        policy = policy_of(db)
        purge = db.purge(policy, policy.graph.select("agent", [1]))
        answers.append(lambda: {}["transaction"])
        with pytest.raises(KeyError, match="transaction"):
            purge.run()
        assert database.counts() == (20, 100, 100)
        answers.pop()
        assert db.purge(policy, policy.graph.select("agent", [1])).run().deleted == 11


def test_mysqlclient(database):
    if database.engine != "mariadb":
        return
    import MySQLdb
    database.museum()
    host = MySQLdb.connect(unix_socket=os.environ["CASCADE_TEST_MARIADB"], user="root", database=database.name, charset="utf8mb4")
    with Connection.over(host) as db:
        policy = policy_of(db)
        db.purge(policy, policy.graph.select("agent", [1])).run()
        host.rollback()
        assert database.counts() == (20, 100, 100)
        host.autocommit(True)
        agents = policy.graph.where("agent", "id < ? AND name LIKE ?", [10, "agent%"])
        assert db.purge(policy, agents, max_tx_rows=30).run().batches > 1
        assert database.counts() == (10, 50, 50)
        host.query("BEGIN")  # which the connection does not tell
        db.purge(policy, policy.graph.select("agent", [11])).run()
        host.rollback()
        assert database.counts() == (10, 50, 50)
        with pytest.raises(libcascade.SchemaError) as caught:
            db.plan(policy, policy.graph.where("agent", "nosuch = 1"))
        assert type(caught.value.__cause__).__module__.startswith("MySQLdb")
    host.close()


#: Types of keys, and values that are hard on whoever carries them.
KINDS = {
    "integers": ({"sqlite": "INTEGER", "postgresql": "BIGINT", "mariadb": "BIGINT"}, [0, -1, 2**63 - 1, -2**63, 7]),
    "texts": ({"sqlite": "TEXT", "postgresql": "VARCHAR(60) COLLATE \"C\"", "mariadb": "VARCHAR(60) COLLATE utf8mb4_bin"},
              ["", "a", "it's", 'say "x"', "back\\slash", "100 % %s %(p1)s ?", "$1", "ü € 漢字 😀", "line\nbreak", "x'0f'", "[1,2]"]),
    "bytes": ({"sqlite": "BLOB", "postgresql": "BYTEA", "mariadb": "VARBINARY(60)"},
              [b"\0", b"\0\1\xff", b"'\\%s?", bytes(range(50))]),
    "decimals": ({"sqlite": "NUMERIC", "postgresql": "NUMERIC(30, 10)", "mariadb": "DECIMAL(30, 10)"},
                 ["12345678901234567890.0123456789", "-0.5", "3"]),
    "dates": ({"sqlite": "TEXT", "postgresql": "DATE", "mariadb": "DATE"}, ["2024-02-29", "1000-01-01", "9999-12-31"]),
    "times": ({"sqlite": "TEXT", "postgresql": "TIMESTAMP", "mariadb": "DATETIME(6)"},
              ["2024-02-29 23:59:59.999999", "1999-01-01 00:00:00"]),
    "unsigned": ({"sqlite": "TEXT", "postgresql": "NUMERIC(20)", "mariadb": "BIGINT UNSIGNED"},
                 ["18446744073709551615", "9223372036854775808", "9223372036854775807", "7"]),
    "lists": ({"sqlite": "TEXT", "postgresql": "TEXT[]", "mariadb": "VARCHAR(60)"},
              ["{}", "{1,2}", '{a,NULL,"it\'s, \\"x\\""}']),
    "pairs": ({"sqlite": "TEXT", "postgresql": '"a pair"', "mariadb": "VARCHAR(60)"}, ["(1,)", "(,a)", '(-7,"it\'s, ""x"" \\\\")']),
}


@pytest.mark.parametrize("kind", KINDS)
def test_keys_of_every_type_are_those_of_the_native_driver(database, kind):
    """Pages, keys that hooks are told, and rows that go, with keys as they were read."""
    types, values = KINDS[kind]
    declared, mark = types[database.engine], database.mark
    if database.engine == "postgresql" and kind == "bytes":
        import psycopg2
        given = [psycopg2.Binary(value) for value in values]
    else:
        given = values
    if database.engine == "postgresql":
        database.run('CREATE TYPE "a pair" AS (number INTEGER, word TEXT)')
    database.run(f"CREATE TABLE root (k {declared} NOT NULL, part INTEGER NOT NULL, PRIMARY KEY (k, part))",
                 f"CREATE TABLE leaf (k {declared} NOT NULL PRIMARY KEY, up {declared}, part INTEGER, "
                 "FOREIGN KEY (up, part) REFERENCES root (k, part) ON DELETE CASCADE)",
                 (f"INSERT INTO root VALUES ({mark}, {mark})", [(value, i) for value in given for i in (1, 2)]),
                 (f"INSERT INTO leaf VALUES ({mark}, {mark}, {mark})", [(value, value, 1) for value in given]))

    def read(db):
        graph = db.graph()
        pages = list(db.blockers(Policy(graph), graph.where("root", "part = 1"), limit=100))
        return graph, [(page.relation.label, page.kind, list(page.keys), page.first, page.last) for page in pages]
    host = database.dbapi()
    with libcascade.connect(database.uri) as native, Connection.over(host) as over:
        graph, expected = read(native)
        _, found = read(over)
        assert found == expected and len(expected[0][2]) == len(values)
        keys = expected[0][2]
        told = []
        over.purge(Policy(graph), graph.select("root", [(key, 1) for key in keys]),
                   after_batch=lambda deleted: told.extend((each.table.name, list(each.keys)) for each in deleted)).run()
        assert {name: len(rows) for name, rows in told} == {"leaf": len(values), "root": len(values)}
        assert sorted(map(str, dict(told)["leaf"])) == sorted(map(str, keys))
        host.rollback()
        assert len(read(native)[1][0][2]) == len(values)
        over.purge(Policy(graph), graph.select("leaf", keys[:1])).run()
        host.commit()
        assert read(native)[1][0][2] == keys[1:]


def test_a_refused_purge_leaves_the_hosts_transaction_as_it_was(database):
    database.museum()
    host = database.dbapi()
    cursor = host.cursor()
    cursor.execute("UPDATE agent SET name = 'mine' WHERE id = 1")
    with Connection.over(host) as db:
        graph = db.graph()
        with pytest.raises(libcascade.BlockedError):
            db.purge(Policy(graph), graph.select("agent", [1])).run()
        with pytest.raises(ZeroDivisionError):
            db.purge(policy_of(db, graph), graph.select("agent", [1]), after_batch=lambda deleted: 1 / 0).run()
        with pytest.raises(libcascade.NotAtomicError):
            db.purge(policy_of(db, graph), graph.where("agent", "id < ?", [10]), max_tx_rows=20).run()
    host.commit()
    assert database.counts() == (20, 100, 100)
    assert database.rows("SELECT name FROM agent WHERE id = 1") == [("mine",)]


def test_failures_of_the_module_are_the_cause(database):
    database.museum()
    with Connection.over(database.dbapi(autocommit=True)) as db:
        graph = db.graph()
        with pytest.raises(libcascade.SchemaError) as caught:
            db.plan(Policy(graph), graph.where("agent", "nosuch = 1"))
        assert type(caught.value.__cause__).__module__.split(".")[0] in ("sqlite3", "psycopg2", "pymysql")
        assert "nosuch" in caught.value.message


def test_a_temporary_table_of_the_same_name_is_left_alone(database):
    if database.engine == "mariadb":
        return  # which has no other name for the table that it hides
    database.museum()
    host = database.dbapi()
    cursor = host.cursor()
    for statement in ("CREATE TEMP TABLE item (code TEXT, loan_id INTEGER)", "INSERT INTO item SELECT 'mine', id FROM loan",
                      "CREATE TEMP TABLE loan (id INTEGER, borrower_id INTEGER)", "INSERT INTO loan VALUES (1, 1)"):
        cursor.execute(statement)
    with Connection.over(host) as db:
        policy = policy_of(db)
        agents = policy.graph.select("agent", [1, 2])
        assert db.plan(policy, agents).deleted == 22
        assert [len(page.keys) for page in db.blockers(policy, agents, limit=50)] == [10]
        assert db.purge(policy, agents).run().deleted == 22
        archive = db.archive(suffix="_old")
        archive.install(policy, "agent")
        assert db.purge(policy, policy.graph.select("agent", [3]), archive=archive).run().deleted == 11
        fill = db.fill(policy.graph, "loan", ["id", "borrower_id"], "id")
        assert fill.stream([(500, 4)]).run().inserted == 1
    cursor.execute("SELECT (SELECT COUNT(*) FROM item), (SELECT COUNT(*) FROM loan)")
    assert cursor.fetchone() == (100, 1)
    host.commit()
    assert database.counts() == (17, 86, 85)


def test_queue_and_workers(database):
    database.museum()
    host = database.dbapi()
    with Connection.over(database.dbapi(autocommit=True)) as db:
        db.queue.install()
    with Connection.over(host) as db:
        graph = db.graph()
        policy = Policy(graph, [Override("loan", "borrower_id", Rule.DETACH), Override("item", "loan_id", Rule.CASCADE)])
        assert db.queue.detach(policy, graph.select("agent", [1])).detached == 5
        host.rollback()  # and with it the job
        assert db.queue.jobs() == []
        db.queue.detach(policy, graph.select("agent", [1]))
        host.commit()
    with Connection.over(database.dbapi(autocommit=True)) as db, db.queue.worker() as worker:
        assert worker.run().done == 1
    assert database.counts() == (19, 95, 95)


def test_dates_are_detached_in_one_style_and_deleted_in_another(database):
    """1 February in the style of the host's session would be 2 January in the worker's."""
    day = "TEXT" if database.engine == "sqlite" else "DATE"
    database.run("CREATE TABLE person (id INTEGER PRIMARY KEY)",
                 f"CREATE TABLE visit (day {day} NOT NULL PRIMARY KEY, person_id INTEGER REFERENCES person (id))"
                 if database.engine != "mariadb" else
                 "CREATE TABLE visit (day DATE PRIMARY KEY, person_id INTEGER, FOREIGN KEY (person_id) REFERENCES person (id))",
                 "INSERT INTO person VALUES (1)", "INSERT INTO visit VALUES ('2000-02-01', 1), ('2000-01-02', NULL)")
    host = database.dbapi()
    if database.engine == "postgresql":
        host.cursor().execute("SET DateStyle = 'German'")
    with Connection.over(database.dbapi(autocommit=True)) as db:
        db.queue.install()
    with Connection.over(host) as db:
        graph = db.graph()
        db.queue.detach(Policy(graph, [Override("visit", "person_id", Rule.DETACH)]), graph.select("person", [1]))
        host.commit()
    with Connection.over(database.dbapi(autocommit=True)) as db, db.queue.worker() as worker:
        assert worker.run().done == 1
    assert [str(row[0]) for row in database.rows("SELECT day FROM visit")] == ["2000-01-02"]


def test_keys_beyond_63_bits_are_detached(database):
    if database.engine != "mariadb":
        return  # the others have no unsigned integers
    database.run("CREATE TABLE person (id INTEGER PRIMARY KEY)",
                 "CREATE TABLE visit (id BIGINT UNSIGNED PRIMARY KEY, person_id INTEGER, "
                 "FOREIGN KEY (person_id) REFERENCES person (id))",
                 "INSERT INTO person VALUES (1)",
                 "INSERT INTO visit VALUES (18446744073709551615, 1), (9223372036854775808, 1), (7, 1)",
                 "INSERT INTO visit VALUES (9223372036854775809, NULL)")
    with libcascade.connect(database.uri) as db:
        db.queue.install()
        graph = db.graph()
        db.queue.detach(Policy(graph, [Override("visit", "person_id", Rule.DETACH)]), graph.select("person", [1]))
        db.queue.purge(Policy(graph), graph.parse("visit", ["9223372036854775809"]))
        with db.queue.worker() as worker:
            assert (worker.run().done, db.queue.jobs("dead")) == (2, [])
    assert database.rows("SELECT id FROM visit") == []


def test_a_session_that_gives_only_some_rows_is_refused(database):
    if database.engine != "mariadb":
        return
    database.museum()
    host = database.dbapi()
    host.cursor().execute("SET sql_select_limit = 2")
    with Connection.over(host) as db, pytest.raises(libcascade.InvalidError, match="sql_select_limit"):
        db.graph()
