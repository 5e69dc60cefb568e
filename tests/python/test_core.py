"""Graph, policy, selection, plan, blockers, purge, queue, back-fill: what each gives in Python, on native drivers."""

import array
import ctypes
import datetime
import decimal
import json
import uuid

import pytest

import libcascade
from libcascade import (Accuracy, Action, BlockerKind, BlockersCut, BlockersProfile, CountMode, Integrity, Override, Policy,
                        ProbeAnswer, RelationFlag, Request, Rule, Status, StepKind, TableKind, TokenKind)


@pytest.fixture
def db(database):
    database.museum()
    with libcascade.connect(database.uri) as made:
        made.database = database
        yield made


@pytest.fixture
def graph(db):
    return db.graph()


def cascading(graph):
    return Policy(graph, [Override("item", "loan_id", Rule.CASCADE)])


# Graph

def test_graph(db, graph):
    assert [table.name for table in graph.tables] == ["agent", "item", "loan"]
    loan = graph.find("loan")
    assert (loan.key, loan.kind, loan.part_of, loan.column_count) == (("id",), TableKind.ORDINARY, None, 3)
    assert [column.name for column in graph.columns(loan)] == ["id", "borrower_id", "note"]
    (relation,) = graph.relations_to("agent")
    assert relation.columns == ("borrower_id",) and relation.ref_columns == ("id",) and relation.set_columns is None
    assert (relation.on_delete, relation.rule) == (Action.CASCADE, Rule.CASCADE)
    assert RelationFlag.NULLABLE in relation.flags
    assert graph.relations_from("loan") == [relation] and relation in graph.relations
    assert [table.name for table in graph.reach("agent")] == ["agent", "loan", "item"]
    assert [table.name for table in graph.reach("agent", cascading_only=True)] == ["agent", "loan"]
    assert [each.columns for each in graph.path("item", "agent")] == [("borrower_id",), ("loan_id",)]
    assert graph.hidden == 0


def test_graph_as_text_and_back(graph):
    again = libcascade.Graph.load(graph.json())
    assert again.json() == graph.json()
    assert "loan" in graph.dot() and "loan" in graph.dot("agent")
    with pytest.raises(libcascade.FormatError, match="line"):
        libcascade.Graph.load("{\n nonsense")


def test_unknown_names_have_a_hint(graph):
    with pytest.raises(libcascade.NotFoundError, match="agent") as caught:
        graph.find("agents")
    assert isinstance(caught.value, LookupError) and caught.value.status == Status.NOT_FOUND
    with pytest.raises(libcascade.NotFoundError):
        graph.path("agent", "item")
    with pytest.raises(libcascade.InvalidError):
        graph.table(99)


# Policy

def test_policies_from_code_and_json_are_the_same(graph):
    code = Policy(graph, [Override("loan", ["borrower_id"], Rule.PROTECT),
                          Override("item", "loan_id", Rule.SET_NULL, ref_table="loan", ref_columns=("id",))], exclude=[])
    text = Policy.load(graph, json.dumps([{"table": "loan", "column": "borrower_id", "rule": "PROTECT"},
                                          {"table": "item", "column": "loan_id", "rule": "SET NULL"}]))
    assert code.relations == text.relations == list(code) and len(code) == 2
    assert {relation.rule for relation in code} == {Rule.PROTECT, Rule.SET_NULL}


def test_declared_relations_values_and_exclusions(graph):
    policy = Policy(graph, [Override("item", "loan_id", Rule.SET_VALUE, values=[5]),
                            Override("agent", "id", Rule.IGNORE, ref_table="loan", ref_columns="id", where="name IS NOT NULL")])
    declared = policy.relation(len(policy) - 1)
    assert RelationFlag.DECLARED in declared.flags and declared.rule == Rule.IGNORE
    excluded = Policy(graph, exclude=["item"])
    assert [relation.rule for relation in excluded if relation.table == graph.find("item").number] == [Rule.IGNORE]


def test_bad_policies_say_where(graph):
    with pytest.raises(libcascade.NotFoundError):
        Policy(graph, [Override("loan", "nosuch", Rule.CASCADE)])
    with pytest.raises(libcascade.FormatError):
        Policy.load(graph, "[")
    with pytest.raises(ValueError, match="NUL"):
        Policy(graph, [Override("loan\0", "borrower_id", Rule.CASCADE)])


# Selections

def test_keys_in_any_container(db, graph):
    import numpy
    policy = cascading(graph)
    for keys in ([3, 4], (3, 4), {3, 4}, iter([3, 4]), range(3, 5), array.array("q", [3, 4]), array.array("i", [3, 4]),
                 memoryview(array.array("q", [3, 4])), numpy.array([3, 4]), numpy.array([3, 4], dtype="int16"), [(3,), (4,)],
                 numpy.array([9, 3, 9, 4])[1::2], {3: 1, 4: 2}.keys()):
        assert db.plan(policy, graph.select("agent", keys)).roots == 2, keys
    assert db.plan(policy, graph.select("agent", 3)).roots == 1
    assert db.plan(policy, graph.select("agent", [])).roots == 0
    assert db.plan(policy, graph.select("agent", numpy.int64(3))).roots == 1
    assert db.plan(policy, graph.select("item", uuid.UUID(int=3))).roots == 0
    assert db.plan(policy, graph.parse("agent", ["3", "4"])).roots == 2
    assert db.plan(policy, graph.where("agent", "id IN (?, ?) AND name LIKE ?", [3, 4, "agent%"])).roots == 2
    assert db.plan(policy, graph.where(graph.find("agent"), None)).roots == 20
    assert graph.select("loan", 1).table.name == "loan"


def test_texts_as_keys(db, graph):
    policy = Policy(graph)
    assert db.plan(policy, graph.select("item", "c0003")).roots == 1
    assert db.plan(policy, graph.select("item", ["c0003", "c0004", "none"])).roots == 2
    with pytest.raises(libcascade.Error):
        graph.select("agent", [None])
    with pytest.raises(ValueError, match="number of columns"):
        graph.select("item", [("a",), ("b", "c")])
    with pytest.raises(TypeError, match="no value of a database"):
        graph.select("item", [object()])


def test_values_of_python():
    from libcascade._values import Cells, read_cells
    given = [None, 1, -2**63, 2**63, 2**64 - 1, 1.5, "ü", b"\0", bytearray(b"x"), decimal.Decimal("1E+3"), True,
             datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5), uuid.UUID(int=1)]
    cells = Cells(given)
    assert read_cells(cells.pointer, cells.count) == [
        None, 1, -2**63, 2**63, 2**64 - 1, 1.5, "ü", b"\0", b"x", decimal.Decimal(1000), 1, "2024-01-02", "2024-01-02 03:04:05",
        "00000000-0000-0000-0000-000000000001"]


# Plans

def test_plan(db, graph):
    plan = db.plan(cascading(graph), graph.select("agent", [1, 2]))
    assert (plan.roots, plan.deleted, plan.updated, plan.blocking, plan.blocked) == (2, 22, 0, 0, False)
    assert plan.accuracy == Accuracy.EXACT and plan.table.name == "agent" and len(plan.fingerprint) > 10
    assert [(step.kind, step.table.name, step.rows) for step in plan.steps] == [
        (StepKind.DELETE, "item", 10), (StepKind.DELETE, "loan", 10), (StepKind.DELETE, "agent", 2)]
    assert plan.steps[0].relation.columns == ("loan_id",) and plan.steps[2].relation is None
    assert "agent" in plan.text() and "DELETE" in plan.sql().upper() and json.loads(plan.json())
    assert db.plan(Policy(graph), graph.select("agent", [1])).blocked


def test_a_plan_that_was_approved_bounds_the_purge(db, graph):
    policy, agents = cascading(graph), graph.select("agent", [1])
    plan = db.plan(policy, agents)
    with pytest.raises(libcascade.PlanChangedError):
        db.purge(policy, graph.select("agent", [1, 2]), plan=plan)
    assert db.purge(policy, agents, plan=plan.fingerprint).run().deleted == plan.deleted


# Blockers

def test_pages(db, graph):
    policy, agents = Policy(graph), graph.select("agent", [1, 2])
    pages = list(db.blockers(policy, agents, limit=4, depth=2))
    assert [(page.relation.columns[0], page.kind, page.depth, page.complete) for page in pages] == [
        ("borrower_id", BlockerKind.CASCADING, 1, False), ("loan_id", BlockerKind.BLOCKING, 2, False)]
    assert list(pages[0].keys) == [1, 2, 21, 22] == pages[0].keys.array.tolist()
    assert pages[0].keys.columns == ("id",) and pages[0].keys[0] == 1 and pages[0].keys[1:3] == [2, 21] and len(pages[0].keys) == 4
    assert list(pages[1].keys) == ["c0001", "c0002", "c0021", "c0022"] and not pages[1].keys.is_integers
    assert [list(keys) for keys in pages[1].path_keys] == [[1, 2, 21, 22]]
    assert [relation.columns for relation in pages[1].path] == [("borrower_id",)]
    with pytest.raises(TypeError, match="one integer column"):
        pages[1].keys.view


def test_anchors_tokens_counts_and_cuts(db, graph):
    policy, agents, key = Policy(graph), graph.select("agent", [1]), b"0123456789abcdef"
    cursor = db.blockers(policy, agents, limit=2, token_key=key, count=CountMode.EXACT)
    page = next(cursor)
    assert (page.count, page.count_accuracy) == (5, Accuracy.EXACT)
    assert cursor.total() == cursor.total(BlockerKind.CASCADING) == libcascade.Total(1, 5, Accuracy.EXACT)
    token = cursor.token(TokenKind.NEXT)
    assert [list(p.keys) for p in db.blockers(policy, agents, limit=2, token=token, token_key=key)] == [[41, 61]]
    onward = Request(page.relation, anchor=page.last)
    assert [list(p.keys) for p in db.blockers(policy, agents, limit=9, requests=[onward])] == [[41, 61, 81]]
    back = Request(page.relation, anchor=(61,), backward=True, limit=2)
    assert [list(p.keys) for p in db.blockers(policy, agents, requests=[back])] == [[21, 41]]
    assert next(cursor, None) is None and cursor.cut == 0
    everything = db.blockers(policy, agents, limit=2, rounds=libcascade.ALL)
    assert [list(p.keys) for p in everything] == [[1, 21], [41, 61], [81]]
    short = db.blockers(policy, agents, budget_rows=3)
    assert sum(len(p.keys) for p in short) == 3 and short.cut == BlockersCut.ROWS
    with pytest.raises(libcascade.TokenForgedError):
        db.blockers(policy, agents, token=token, token_key=b"another secret key")
    with pytest.raises(libcascade.TokenForeignError):
        db.blockers(policy, graph.select("agent", [2]), token=token, token_key=key)


def test_json_and_probe(db, graph):
    policy, agents = Policy(graph), graph.select("agent", [1])
    document = json.loads(db.blockers_json(policy, agents, BlockersProfile.SPECIFY, limit=3))
    assert document["results"] == [] and len(document["next"]) == 1
    assert json.loads(db.blockers_json(policy, agents))["pages"]
    answer, relation = db.probe(policy, agents)
    assert answer == ProbeAnswer.BLOCKED and relation.columns == ("loan_id",)
    assert db.probe(cascading(graph), agents) == (ProbeAnswer.DELETABLE, None)


def test_views_of_keys_are_not_copied_and_never_dangle(db, graph):
    import numpy
    policy, agents = Policy(graph), graph.select("agent", [1, 2])
    cursor = db.blockers(policy, agents, limit=5, rounds=2)
    page = next(cursor)
    numbers = numpy.asarray(page.keys.view)
    assert numbers.dtype == numpy.int64 and numbers.tolist() == list(page.keys)
    assert numbers.__array_interface__["data"][0] == numpy.asarray(page.keys.view).__array_interface__["data"][0]
    with pytest.raises(BufferError, match="array"):
        next(cursor)
    kept = numbers.tolist()
    del numbers
    second = next(cursor)
    assert list(page.keys) == kept and list(second.keys) != kept  # copied, as it is still there
    part = second.keys.view[1:3]
    with pytest.raises(BufferError):
        cursor.close()
    wanted = part.tolist()
    del part
    cursor.close()
    assert second.keys[1:3] == wanted and second.keys.array.tolist() == list(second.keys)


def test_a_view_keeps_the_cursor(db, graph):
    import gc
    view = next(db.blockers(Policy(graph), graph.select("agent", [1]))).keys.view
    gc.collect()
    assert view.tolist() == [1, 21, 41, 61, 81]


# Purges

def test_purge_reports(db, graph):
    policy = cascading(graph)
    batches = []
    purge = db.purge(policy, graph.where("agent", "id < 10"), max_tx_rows=40)
    for batch in purge:
        batches.append(batch)
    report = purge.report()
    assert report.finished and report.batches == len(batches) > 1 and report.deleted == 110 == batches[-1].total_deleted
    assert sorted(report.deleted_by_table.values()) == [10, 50, 50]
    assert {each.table.name for each in report.tables} == {"agent", "loan", "item"}
    assert db.database.counts() == (10, 50, 50)
    assert db.statements > 10


def test_refusals(db, graph):
    with pytest.raises(libcascade.BlockedError) as caught:
        db.purge(Policy(graph), graph.select("agent", [1]))
    error = caught.value
    assert error.status == Status.BLOCKED and "item(loan_id)" in error.relation and "item" in error.table
    assert error.message in str(error)
    assert not error.retryable and isinstance(error, libcascade.RefusedError)
    with pytest.raises(libcascade.NoFilterError):
        db.purge(cascading(graph), graph.where("agent", None))
    with pytest.raises(libcascade.MaxRowsError):
        db.purge(cascading(graph), graph.select("agent", [1, 2]), max_rows=5)
    assert db.purge(cascading(graph), graph.where("agent", None), allow=libcascade.Allow.NO_FILTER).run().deleted == 220


def test_hooks_see_keys_and_their_exceptions_come_out(db, graph):
    policy, seen, kept = cascading(graph), {}, []

    def remember(deleted):
        for each in deleted:
            seen.setdefault(each.table.name, []).extend(each.keys)
            kept.append(each.keys)
    db.purge(policy, graph.select("agent", [1]), after_batch=remember).run()
    assert {name: sorted(keys) for name, keys in seen.items()} == {
        "agent": [1], "loan": [1, 21, 41, 61, 81], "item": ["c0001", "c0021", "c0041", "c0061", "c0081"]}
    assert sum(len(list(keys)) for keys in kept) == 11  # readable after the call too

    class Mine(Exception):
        pass

    def fail(deleted):
        raise Mine("no")
    before = db.database.counts()
    with pytest.raises(Mine):
        db.purge(policy, graph.select("agent", [2]), after_batch=fail).run()
    with pytest.raises(libcascade.HookError):
        db.purge(policy, graph.select("agent", [2]), after_batch=lambda deleted: False).run()
    stolen = []
    with pytest.raises(BufferError):
        db.purge(policy, graph.select("agent", [2]),
                 after_batch=lambda deleted: stolen.extend(d.keys.view[:] for d in deleted if d.keys.is_integers)).run()
    stolen.clear()
    assert db.database.counts() == before


def test_vetoes_columns_and_commits(db, graph):
    policy, told, committed = cascading(graph), [], []

    def before(deleted):
        for each in deleted:
            if each.table.name == "agent":
                told.extend(zip(each.keys, each.columns()))
                each.veto([list(each.keys).index(2)] if 2 in each.keys else [])
            else:
                assert each.columns() == [{}] * len(each.keys)
    purge = db.purge(policy, graph.select("agent", [1, 2, 3]), before_batch=before, columns={"agent": ["name"]},
                     after_commit=lambda deleted: committed.extend(len(each.keys) for each in deleted))
    while next(purge, None):
        pass
    assert dict(told) == {1: {"name": "agent 1"}, 2: {"name": "agent 2"}, 3: {"name": "agent 3"}}
    report = purge.report()
    vetoed, kept = purge.kept("agent")
    assert (list(vetoed), list(kept), report.vetoed, report.kept) == ([2], [], 1, 0)
    purge.close()
    assert list(vetoed) == [2] and sum(committed) == report.deleted
    assert {each.table.name: each.vetoed for each in report.tables}["agent"] == 1
    assert db.database.rows("SELECT id FROM agent WHERE id < 4 ORDER BY id") == [(0,), (2,)]

    outside = []
    db.purge(policy, graph.select("agent", [4]), after_batch=outside.extend).run()
    for late_call in (outside[0].columns, lambda: outside[0].veto([0])):
        with pytest.raises(ValueError, match="has ended"):
            late_call()
    with pytest.raises(libcascade.InvalidError):  # too late for a veto
        db.purge(policy, graph.select("agent", [5]), after_batch=lambda deleted: deleted[0].veto([0])).run()
    with pytest.raises(libcascade.NotFoundError):
        db.purge(policy, graph.select("agent", [5]), columns={"agent": ["nosuch"]}, after_batch=lambda deleted: None)

    def late(deleted):
        raise LookupError("after the fact")
    with pytest.raises(LookupError, match="after the fact"):
        db.purge(policy, graph.select("agent", [6]), after_commit=late).run()
    assert db.database.rows("SELECT id FROM agent WHERE id = 6") == []


def test_archives(db, graph, tmp_path):
    policy, told, path = cascading(graph), [], tmp_path / "rows.jsonl"

    def write(event, lines):
        told.append((event, lines))

    archive = db.archive(file=str(path), write=write, suffix="_old")
    with pytest.raises(libcascade.ArchiveError, match="Create Table"):
        db.purge(policy, graph.select("agent", [7]), archive=archive)
    assert "agent_old" in archive.ddl(policy, "agent")
    archive.install(policy, "agent")
    assert archive.ddl(policy, "agent") == ""
    report = db.purge(policy, graph.select("agent", [7]), archive=archive).run()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert archive.report() == libcascade.ArchiveReport(report.deleted, path.stat().st_size, 0) and len(lines) == report.deleted
    assert [line["row"]["id"] for line in lines if line["table"].endswith("agent")] == [7]
    assert db.database.rows("SELECT id FROM agent_old") == [(7,)]
    assert [event.name for event, _ in told] == ["LINES", "FLUSH", "KEEP"]
    assert b"".join(lines for _, lines in told) == path.read_bytes()

    def fail(event, lines):
        raise KeyError("no room")
    with pytest.raises(KeyError, match="no room"):
        db.purge(policy, graph.select("agent", [8]), archive=db.archive(write=fail)).run()
    with pytest.raises(libcascade.HookError):
        db.purge(policy, graph.select("agent", [8]), archive=db.archive(write=lambda event, lines: False)).run()
    with pytest.raises(libcascade.BusyError):
        db.archive(file=str(path))
    with pytest.raises(libcascade.InvalidError):
        db.archive()
    assert db.database.rows("SELECT id FROM agent WHERE id = 8") == [(8,)]


def test_the_outbox_and_the_audit(db, graph):
    policy = cascading(graph)
    with pytest.raises(libcascade.NotFoundError):
        db.purge(policy, graph.select("agent", [1]), outbox=True)
    db.outbox.install()
    report = db.purge(policy, graph.select("agent", [1]), outbox=True, columns={"agent": ["name"]}, actor="jo",
                      reason="tidy").run()
    rows = []
    while read := db.outbox.read(limit=4):
        batch, some = read
        assert db.outbox.ack(batch) == len(some) <= 4
        rows += some
    assert len(rows) == report.deleted == 11
    assert [(row["key"], row["columns"]) for row in rows if row["table"].endswith("agent")] == [([1], {"name": "agent 1"})]
    (entry,) = db.outbox.audit()
    assert (entry["actor"], entry["reason"], entry["deleted"], entry["finished"]) == ("jo", "tidy", 11, True)
    assert db.outbox.audit(after=entry["purge"]) == [] and "cascade_outbox" in libcascade.outbox_ddl(db.engine)


def test_numbers_that_do_not_fit(db, graph):
    policy, agents = cascading(graph), graph.select("agent", [1])
    for options in ({"max_rows": -1}, {"max_rows": 1 << 64}, {"batch_ms": 1 << 32}, {"max_tx_rows": -5}):
        with pytest.raises(OverflowError, match=next(iter(options))):
            db.purge(policy, agents, **options)
    with pytest.raises(OverflowError, match="limit"):
        db.blockers(policy, agents, limit=1 << 32)
    for call in (lambda: db.queue.cancel((1 << 64) + 1), lambda: graph.table(1 << 32), lambda: db.outbox.ack(1 << 63)):
        with pytest.raises(ctypes.ArgumentError, match="is not from"):
            call()
    assert db.database.counts() == (20, 100, 100)


def test_throttles(db, graph, tmp_path):
    policy, asked, told = cascading(graph), [], []
    with libcascade.connect(db.database.uri) as watcher:
        throttle = libcascade.Throttle(watcher, sleep_percent=50, ask=asked.append, told=told.append)
        report = db.purge(policy, graph.where("agent", "id < 6"), max_tx_rows=20, throttle=throttle).run()
        assert report.finished and len(asked) >= report.batches and throttle.report().lag is None

        def stop(last_ns):
            raise KeyError("stop")
        with pytest.raises(KeyError, match="stop"):
            db.purge(policy, graph.select("agent", [7]), throttle=libcascade.Throttle(watcher, ask=stop)).run()
        with pytest.raises(libcascade.CancelledError):
            db.purge(policy, graph.select("agent", [7]), throttle=libcascade.Throttle(watcher, ask=lambda last_ns: -1)).run()
    (tmp_path / "pause").touch()
    over = libcascade.Connection.over(db.database.dbapi(autocommit=True))
    throttle = libcascade.Throttle(over, pause_file=str(tmp_path / "pause"), max_pause_ms=50, told=told.append, check_ms=10)
    with pytest.raises(libcascade.ThrottledError):
        db.purge(policy, graph.select("agent", [7]), throttle=throttle).run()
    assert libcascade.PauseReason.FILE in {pause.reason for pause in told} and throttle.report().pauses == 1
    if db.engine == "postgresql":  # looks through psycopg2 while the purge goes on its own session
        assert db.purge(policy, graph.select("agent", [8]), throttle=libcascade.Throttle(over, max_load=500)).run().deleted == 11
    if db.engine == "sqlite":
        with pytest.raises(libcascade.UnsupportedError):
            libcascade.Throttle(over, max_load=1)
    throttle.close()
    over.close()


def test_proven_integrity(db, graph):
    policy, agents = cascading(graph), graph.select("agent", [1])
    if db.engine == "mariadb":
        with pytest.raises(libcascade.UnsupportedError):
            db.purge(policy, agents, integrity=Integrity.PROVEN).run()
    else:
        assert db.purge(policy, agents, integrity=Integrity.PROVEN).run().deleted == 11


def test_cancel(db, graph):
    purge = db.purge(cascading(graph), graph.where("agent", "id < 10"), max_tx_rows=20)
    next(purge)
    purge.cancel()
    with pytest.raises(libcascade.CancelledError):
        next(purge)
    assert not purge.report().finished
    purge.close()
    purge.cancel()  # does nothing any more
    db.cancel()
    with pytest.raises(libcascade.CancelledError):
        db.graph()
    assert db.graph()


# Queue and back-fill

def test_queue(db, graph):
    db.queue.install()
    policy = Policy(graph, [Override("loan", "borrower_id", Rule.DETACH), Override("item", "loan_id", Rule.CASCADE)])
    detached = db.queue.detach(policy, graph.select("agent", [1]))
    assert (detached.deleted, detached.detached, detached.jobs) == (1, 5, 1)
    job = db.queue.purge(cascading(graph), graph.select("agent", [2]), libcascade.JobOptions(max_attempts=3))
    (first, second) = db.queue.jobs()
    assert (first["job"], first["state"], second["job"], second["max_attempts"]) == (detached.job, "ready", job, 3)
    db.queue.cancel(job)
    assert [each["job"] for each in db.queue.jobs("cancelled")] == [job]
    db.queue.retry(job)
    assert db.queue.metrics()["jobs"]["ready"] == 2
    with db.queue.worker(owner="tests") as worker:
        report = worker.run()
    assert (report.done, report.deleted, report.job) == (2, 10 + 11, None)
    assert db.database.counts() == (18, 90, 90)
    assert db.queue.jobs(after=job) == []
    assert "cascade_queue" in libcascade.queue_ddl(db.engine)


def test_hooks_of_workers(db, graph):
    db.queue.install()
    db.outbox.install()
    policy, told = cascading(graph), []

    def keep(tables):
        assert {each.table.name for each in tables} <= {"agent", "loan", "item"}
        for each in tables:
            told.extend(row["name"] for row in each.columns() if each.table.name == "agent")
            if each.table.name == "loan":
                each.veto([list(each.keys).index(1)] if 1 in list(each.keys) else [])

    options = libcascade.JobOptions(outbox=True, columns={"agent": ["name"]}, actor="jo", reason="tidy", max_attempts=2)
    db.queue.purge(policy, graph.select("agent", [1]), options)
    with db.queue.worker(before_batch=keep) as worker:
        report = worker.run()
    (job,) = db.queue.jobs()
    assert (report.done, report.kept, job["kept"], job["deleted"]) == (1, 2, 2, report.deleted) and len(told) == 1
    batch, rows = db.outbox.read()
    assert len(rows) == report.deleted and not any(row["table"].endswith("agent") for row in rows)
    (entry,) = db.outbox.audit()
    assert (entry["actor"], entry["deleted"], entry["kept"], entry["finished"]) == ("jo", report.deleted, 2, True)

    def fail(_):
        raise ValueError("not today")
    number = db.queue.purge(policy, graph.select("agent", [2]), options)
    with db.queue.worker(after_batch=fail) as worker:
        assert worker.run().failed == 1
    (job,) = db.queue.jobs(after=number - 1)
    assert job["state"] == "ready" and "ValueError('not today')" in job["error"]
    db.queue.cancel(number)

    def stop(_):
        raise KeyboardInterrupt
    db.queue.purge(policy, graph.select("agent", [2]), options)
    with pytest.raises(KeyboardInterrupt), db.queue.worker(after_batch=stop) as worker:
        worker.run()
    with pytest.raises(libcascade.NotFoundError):
        db.queue.worker(columns={"agent": ["no_such_column"]})


def test_fill(db, graph):
    db.database.run("CREATE TABLE holder (agent_id BIGINT NOT NULL, loan_id BIGINT NOT NULL, PRIMARY KEY (agent_id, loan_id))")
    graph = db.graph()
    fill = db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"], max_tx_rows=30)
    fill.select("SELECT borrower_id, id FROM loan WHERE id < ?", [70])
    ranges = list(fill)
    assert sum(part.inserted for part in ranges) == 70 and len(ranges) > 1 and ranges[-1].permille == 1000
    assert fill.report().finished and fill.token()
    streamed = db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"]).stream((i % 20, i) for i in range(100))
    report = streamed.run()
    assert (report.inserted, report.skipped, report.permille) == (30, 70, None)
    db.database.run("CREATE TABLE called (word VARCHAR(30) NOT NULL PRIMARY KEY)")
    words = db.fill(db.graph(), "called", ["word"], ["word"], max_tx_rows=1)
    ranges = list(words.select("SELECT 'b' UNION ALL SELECT 'a' UNION ALL SELECT 'c'"))
    assert (ranges[0].after, ranges[-1].upto) == (None, "c") and sum(part.inserted for part in ranges) == 3
    assert all(before.upto == after.after for before, after in zip(ranges, ranges[1:]))

    def broken():
        yield (1, 1000)
        raise KeyError("mine")
    with pytest.raises(KeyError, match="mine"):
        db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"]).stream(broken()).run()
    with pytest.raises(ValueError, match="3 values"):
        db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"]).stream([(1, 2, 3)]).run()
    for row in ({"agent_id": 1, "loan_id": 2000}, "ab", b"ab"):
        with pytest.raises(TypeError, match="sequence of values"):
            db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"]).stream([row]).run()
    twice = db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"]).stream([(1, 2000)])
    with pytest.raises(libcascade.InvalidError):
        twice.stream([(1, 2001)])
    assert twice.run().inserted == 1  # what was given first is still the source
    with libcascade.connect(db.database.uri) as other:
        other.queue.install()
        job = other.queue.fill(db.fill(graph, "holder", ["agent_id", "loan_id"], ["agent_id", "loan_id"])
                               .select("SELECT 1, 3000"))
        assert [each["job"] for each in db.queue.jobs()] == [job]


def test_logs(database):
    database.museum(3, 3)
    lines = []
    context = libcascade.Context(log=lambda level, line: lines.append((level, line)), log_level=libcascade.LogLevel.DEBUG)
    with libcascade.connect(database.uri, context=context) as db:
        db.graph()
    assert lines and all(level <= libcascade.LogLevel.DEBUG for level, _ in lines)

    def fail(level, line):
        raise RuntimeError("in the log")
    with pytest.raises(RuntimeError, match="in the log"):
        libcascade.connect(database.uri, context=libcascade.Context(fail, libcascade.LogLevel.DEBUG))


def test_a_chain_of_tables_longer_than_the_database_cascades(database):
    """InnoDB's own actions end at 15 levels."""
    key = "FOREIGN KEY (up) REFERENCES t{} (id) ON DELETE {}"
    database.run("CREATE TABLE t0 (id INTEGER PRIMARY KEY)",
                 *(f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, up INTEGER, {key.format(i - 1, 'CASCADE')})" for i in range(1, 40)),
                 f"CREATE TABLE last (id INTEGER PRIMARY KEY, up INTEGER, {key.format(39, 'SET NULL')})",
                 "INSERT INTO t0 VALUES (1), (2)", *(f"INSERT INTO t{i} VALUES (1, 1), (2, 2)" for i in range(1, 40)),
                 "INSERT INTO last VALUES (1, 1), (2, 2)")
    with libcascade.connect(database.uri) as db:
        policy = Policy(db.graph())
        report = db.purge(policy, policy.graph.select("t0", [1])).run()
    assert (report.deleted, report.updated) == (40, 1)
    assert [database.rows(f"SELECT id FROM {table}") for table in ("t0", "t20", "t39")] == [[(2,)]] * 3
    assert database.rows("SELECT up FROM last ORDER BY id") == [(None,), (2,)]
