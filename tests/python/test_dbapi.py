"""The library on DB-API connections of the host: sqlite3, psycopg2, PyMySQL."""

import pytest

import libcascade
from libcascade import Connection, Override, Policy, Rule


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
