"""Objects and their end: garbage collection, close(), threads, fork, exit of the interpreter; and the loader."""

import gc
import itertools
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
import weakref

import pytest

import libcascade
from libcascade import Connection, Integrity, Override, Policy, Rule


def cascading(graph):
    return Policy(graph, [Override("item", "loan_id", Rule.CASCADE)])


def family(database, over):
    """One object of every kind, each made from others, in the middle of its work."""
    db = Connection.over(database.dbapi(autocommit=True)) if over else libcascade.connect(database.uri)
    graph = db.graph()
    policy, agents = cascading(graph), graph.select("agent", [1])
    blockers = db.blockers(Policy(graph), agents)
    page = next(blockers)
    purge = db.purge(policy, graph.select("agent", [2]), max_tx_rows=2, after_batch=lambda deleted: purge and None)
    db.queue.install()
    worker = db.queue.worker()
    fill = db.fill(graph, "agent", ["id", "name"], "id").stream(iter([(1, "x")]))
    return dict(db=db, graph=graph, policy=policy, agents=agents, blockers=blockers, page=page, purge=purge, worker=worker,
                fill=fill, plan=db.plan(policy, agents))


@pytest.mark.parametrize("over", [False, True], ids=["native", "dbapi"])
def test_garbage_in_any_order(sqlite, over):
    sqlite.museum()
    names = list(family(sqlite, over))
    for seed in range(12):
        objects = family(sqlite, over)
        alive = [weakref.ref(each) for each in objects.values()]
        random.Random(seed).shuffle(names)
        for name in names:
            del objects[name]
            if seed % 3 == 0:
                gc.collect()
        gc.collect()
        assert not [each() for each in alive if each()]
    assert sqlite.counts() == (20, 100, 100)


@pytest.mark.parametrize("over", [False, True], ids=["native", "dbapi"])
def test_close_in_any_order_and_again(sqlite, over):
    sqlite.museum()
    for seed in range(8):
        objects = [each for each in family(sqlite, over).values() if hasattr(each, "close")]
        random.Random(seed).shuffle(objects)
        for each in objects + objects:
            each.close()
            assert each.closed
    with pytest.raises(ValueError, match="Graph is closed"):
        objects = family(sqlite, over)
        objects["graph"].close()
        objects["graph"].tables


def test_circles_of_objects_are_collected(sqlite):
    sqlite.museum()
    db = libcascade.connect(sqlite.uri)
    graph = db.graph()
    holder = []
    purge = db.purge(cascading(graph), graph.select("agent", [1]), after_batch=lambda deleted: holder and None)
    holder.append(purge)
    holder.append(holder)
    found = weakref.ref(purge)
    del purge, holder
    gc.collect()
    assert found() is None


def test_a_host_that_holds_the_session_is_collected(sqlite):
    """As a framework's wrapper of a connection does, with a cursor of its own."""
    sqlite.museum()

    class Wrapper:
        def __init__(self):
            self.connection = sqlite3.connect(sqlite.path, isolation_level=None)
            self.connection.execute("PRAGMA foreign_keys = ON")
            self.library = Connection.over(self.connection, cursor=self.cursor, paramstyle="qmark")

        def cursor(self):
            return self.connection.cursor()
    wrapper = Wrapper()
    graph = wrapper.library.graph()
    wrapper.purge = wrapper.library.purge(cascading(graph), graph.select("agent", [1]), integrity=Integrity.PROVEN)
    connection, found = wrapper.connection, weakref.ref(wrapper)
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (0,)
    del wrapper
    gc.collect()
    assert found() is None
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)  # put back, though all was thrown away at once


def test_a_page_outlives_its_cursor(sqlite):
    sqlite.museum()
    with libcascade.connect(sqlite.uri) as db:
        graph = db.graph()
        with db.blockers(Policy(graph), graph.select("agent", [1]), depth=2) as cursor:
            pages = list(cursor)
        del cursor
    assert [list(page.keys) for page in pages] == [[1, 21, 41, 61, 81], ["c0001", "c0021", "c0041", "c0061", "c0081"]]


def test_threads_wait_for_each_other(sqlite):
    """Many threads on one session, garbage collected in all of them."""
    sqlite.museum(50, 500)
    failures = []
    with Connection.over(sqlite.dbapi(autocommit=True)) as db, libcascade.connect(sqlite.uri) as native:
        graph = db.graph()
        policy = cascading(graph)

        def work(session, seed):
            r = random.Random(seed)
            try:
                for _ in range(25):
                    key = r.randrange(50)
                    purge = session.purge(policy, graph.select("agent", [key]))
                    assert session.plan(policy, graph.select("agent", [key])).deleted == 21
                    cycle = [purge]
                    cycle.append(cycle)
                    del purge, cycle
                    if r.random() < 0.2:
                        gc.collect()
            except BaseException as exception:
                failures.append(exception)
        threads = [threading.Thread(target=work, args=(session, seed)) for seed, session in enumerate([db, native] * 4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert not failures


#: What SQLite is busy with for ever, and the servers wait for.
ENDLESS = "id = 1 AND 0 < (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n)"


def test_close_while_another_thread_is_in_a_call(sqlite):
    """What a call works on lives until it ends, whoever closes it."""
    sqlite.museum(200, 4000)
    for seed in range(20):
        db = Connection.over(sqlite.dbapi(autocommit=True)) if seed % 2 else libcascade.connect(sqlite.uri)
        graph = db.graph()
        policy, agents = cascading(graph), graph.where("agent", "id < 150")
        outcome = []

        def work():
            try:
                while True:
                    outcome.append(db.plan(policy, agents).deleted)
            except (ValueError, libcascade.CancelledError) as error:
                outcome.append(error)
        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.01 * (seed % 5))
        for each in random.Random(seed).sample([db, graph, policy, agents], 4):
            each.close()
        thread.join()
        assert "is closed" in str(outcome[-1]) and {6150} >= set(outcome[:-1])


@pytest.mark.parametrize("over", [False, True], ids=["native", "dbapi"])
def test_other_threads_run_during_calls_and_can_cancel_them(database, over):
    if over and database.engine == "mariadb":
        return  # its modules cannot: a cancel takes effect between statements
    database.museum()
    cursor = database.dbapi(autocommit=True).cursor()
    if database.engine != "sqlite":
        cursor.execute("BEGIN")
        cursor.execute("UPDATE agent SET name = 'mine' WHERE id = 1")
    host = database.dbapi(autocommit=True)
    with (Connection.over(host) if over else libcascade.connect(database.uri, lock_timeout_ms=20000)) as db:
        graph = db.graph()
        done, outcome = threading.Event(), []

        def work():
            try:
                db.purge(cascading(graph), graph.where("agent", ENDLESS if db.engine == "sqlite" else "id = 1")).run()
            except Exception as error:
                outcome.append(error)
            done.set()
        thread = threading.Thread(target=work)
        thread.start()
        turns = 0
        while turns < 20 and not done.wait(0.01):
            turns += 1
        assert turns == 20, outcome
        db.cancel()
        thread.join(10)
        assert [type(error) for error in outcome] == [libcascade.CancelledError]
        assert db.graph()  # goes on
    if database.engine != "sqlite":
        cursor.execute("ROLLBACK")
    assert database.counts() == (20, 100, 100)


def test_exceptions_that_are_no_failures_come_out_of_the_driver(sqlite):
    """A signal's exception, say, which Python raises in the middle of the module's work."""
    sqlite.museum()
    host = sqlite.dbapi(autocommit=True)
    calls = itertools.count()
    raising = [None]

    class Cursor:
        def __init__(self):
            self.inner = host.cursor()

        def execute(self, *arguments):
            if next(calls) == raising[0]:
                raise KeyboardInterrupt
            return self.inner.execute(*arguments)

        def __getattr__(self, name):
            return getattr(self.inner, name)
    with Connection.over(host, cursor=Cursor, paramstyle="qmark") as db:
        graph = db.graph()
        policy = cascading(graph)
        for at in range(400):
            raising[0], calls = at, itertools.count()
            try:
                db.purge(policy, graph.select("agent", [at % 20])).run()
            except KeyboardInterrupt:
                if host.in_transaction:
                    host.rollback()
            else:
                break
        assert at > 5 and sqlite.counts()[0] < 20


def test_what_is_thrown_away_while_an_exception_is_on_its_way(sqlite):
    """Between the hook that raises and the end of the call, in which it comes out."""
    sqlite.museum()
    host, thrown = sqlite.dbapi(autocommit=True), []

    class Cursor:
        def __init__(self):
            self.inner = host.cursor()

        def execute(self, sql, *arguments):
            if sql.upper().startswith("ROLLBACK"):
                thrown.append(holder.clear())
            return self.inner.execute(sql, *arguments)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    def fail(deleted):
        raise LookupError("mine")
    with Connection.over(host, cursor=Cursor, paramstyle="qmark") as db:
        holder, graph = [db.graph()], db.graph()
        with pytest.raises(LookupError, match="^mine$"):
            db.purge(cascading(graph), graph.select("agent", [1]), after_batch=fail).run()
    assert thrown


FORK = """
import os, sys
sys.path.insert(0, {tests!r})
import conftest, libcascade
database = conftest.ENGINES[{engine!r}]({folder!r})
database.museum()
db = libcascade.connect(database.uri)
over = libcascade.Connection.over(database.dbapi(autocommit=True))
graph = db.graph()
policy = libcascade.Policy(graph, [libcascade.Override("item", "loan_id", libcascade.Rule.CASCADE)])
purges = [session.purge(policy, graph.select("agent", [1])) for session in (db, over)]
cursor = db.blockers(policy, graph.select("agent", [1]))
page = next(cursor)
child = os.fork()
if child == 0:
    try:
        assert graph.find("loan").name == "loan"
        for session in (db, over):
            try:
                session.graph()
            except RuntimeError as error:
                assert "forked" in str(error)
            else:
                raise SystemExit(3)
        with libcascade.connect(database.uri) as mine:
            assert mine.plan(policy, graph.select("agent", [2])).deleted == 11
        for session, purge in zip((db, over), purges):
            with session, purge, cursor:
                pass
        del db, over, session, purges, purge, cursor, mine
        sys.exit(0)  # with all finalizers
    except Exception:
        import traceback
        traceback.print_exc()
        os._exit(4)
_, status = os.waitpid(child, 0)
assert status == 0, status
assert sum(purge.run().deleted for purge in purges) == 11
for session in (db, over):
    assert session.plan(policy, graph.select("agent", [3])).deleted == 11
database.end()
print("fine")
"""


def script(text, **extra):
    environment = {**os.environ, **extra}
    return subprocess.run([sys.executable, "-X", "faulthandler", "-c", text], timeout=100,
                          capture_output=True, text=True, env=environment)


def test_fork(request, database, tmp_path):
    done = script(FORK.format(tests=os.path.dirname(__file__), engine=database.engine, folder=str(tmp_path)))
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


EXIT = """
import sys, threading, time
sys.path.insert(0, {tests!r})
import conftest, libcascade
database = conftest.ENGINES[{engine!r}]({folder!r})
database.museum()
keep = []
for host in (None, database.dbapi(autocommit=True)):
    quiet = libcascade.Context(lambda *a: None, 3)
    db = libcascade.Connection.over(host, context=quiet) if host else libcascade.connect(database.uri, context=quiet)
    graph = db.graph()
    policy = libcascade.Policy(graph, [libcascade.Override("item", "loan_id", libcascade.Rule.CASCADE)])
    purge = db.purge(policy, graph.where("agent", "id < 10"), max_tx_rows=20, after_batch=lambda deleted: None)
    next(purge)
    page = next(db.blockers(policy, graph.select("agent", [15])))
    keep.append((db, graph, policy, purge, page))
{more}
print("fine")
"""


WORK = """
def work(times):
    try:
        for _ in range(times):
            db.plan(policy, graph.select("agent", [17]))
    except ValueError as error:  # closed at exit
        assert "is closed" in str(error)
"""
ENDS = {
    "plain": "",
    "builtins": "import builtins; builtins.kept = keep",
    "circle": "keep.append(keep); del keep, db, graph, policy, purge, page",
    "thread": WORK + "threading.Thread(target=work, args=(200,)).start()",
    "daemon": WORK + "threading.Thread(target=work, args=(10**6,), daemon=True).start(); time.sleep(0.2)",
}


@pytest.mark.parametrize("more", ENDS.values(), ids=ENDS)
def test_exit_with_open_handles(database, tmp_path, more):
    done = script(EXIT.format(tests=os.path.dirname(__file__), engine=database.engine, folder=str(tmp_path), more=more))
    assert (done.returncode, done.stdout, done.stderr) == (0, "fine\n", "")


# The loader

def load(path=None, prelude="", **extra):
    environment = {**extra, **({"LIBCASCADE_PATH": str(path)} if path else {})}
    return script(prelude + "import libcascade; print(libcascade.__version__)", **environment)


def test_the_library_is_loaded_from_where_it_is_said():
    done = load(os.environ["LIBCASCADE_PATH"])
    assert (done.stdout.strip(), done.returncode) == (libcascade.__version__, 0)


def test_what_was_tried_is_told(tmp_path):
    done = load(tmp_path / "nowhere.so")
    assert "ImportError" in done.stderr and "nowhere.so (LIBCASCADE_PATH)" in done.stderr
    done = script("import ctypes\ndef fail(name): raise OSError('no such file')\nctypes.CDLL = fail\nimport libcascade",
                  LIBCASCADE_PATH="")
    assert "libcascade.so.0 (the system's libraries): no such file" in done.stderr


def test_the_process_itself_is_never_loaded(tmp_path):
    """Not even when the library is in it already, as in a host that is linked with it, and LIBCASCADE_PATH is empty."""
    done = script("import ctypes, os; ctypes.CDLL(os.environ['REAL'], mode=ctypes.RTLD_GLOBAL); seen = []\n"
                  "real = ctypes.CDLL\n"
                  "class Spy(real):\n    def __init__(self, name, *a, **k):\n        assert name, 'the process'\n"
                  "        seen.append(name)\n        super().__init__(name, *a, **k)\n"
                  "ctypes.CDLL = Spy\n"
                  "try:\n    import libcascade\nexcept ImportError: pass\nassert seen, seen\nprint('fine')",
                  LIBCASCADE_PATH=" ", REAL=os.environ["LIBCASCADE_PATH"])
    assert (done.stdout, done.stderr) == ("fine\n", "")


FAKE = """
#include <stdint.h>
uint32_t cascade_version(void) {{ return {number}; }}
const char *cascade_version_string(void) {{ return "{text}"; }}
"""


@pytest.mark.parametrize("number, text", [(1_000_000, "1.0.0"), (2_001, "0.2.1")])
def test_a_library_of_another_version_is_refused(tmp_path, number, text):
    path = tmp_path / "libcascade.so.0"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=FAKE.format(number=number, text=text), text=True,
                   check=True)
    done = load(path)
    assert done.returncode != 0
    assert re.search(rf"is libcascade {text}, but this package is for {libcascade.__version__}", done.stderr)


def test_another_library_is_refused(tmp_path):
    path = tmp_path / "libcascade.so.0"
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input="int nothing;", text=True, check=True)
    assert "is not libcascade" in load(path).stderr


def test_a_library_in_the_package_comes_first(tmp_path):
    package = os.path.dirname(libcascade.__file__)
    shutil.copytree(package, tmp_path / "libcascade", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(os.environ["LIBCASCADE_PATH"], tmp_path / "libcascade/libcascade.so.0")
    done = script("import libcascade; from libcascade._loader import _places; print(next(_places())[1])", LIBCASCADE_PATH="",
                  PYTHONPATH=str(tmp_path))
    assert done.stdout == "in the package\n", done.stderr
