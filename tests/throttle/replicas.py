"""replicas.py ENGINE: what a throttle sees of real servers: a replica that stands still or is away, load, dead rows, flow control.

Starts a server with a replica of its own, by the classes of tests/servers; the work is done by the cascade command.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import psycopg2
import pymysql

CASCADE = os.environ["CASCADE"]
ROWS = 4000
PATIENCE = 30


def load_servers():
    path = str(pathlib.Path(__file__).resolve().parents[1] / "servers")
    loader = importlib.machinery.SourceFileLoader("test_servers", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("test_servers", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return module


servers = load_servers()


class Primary(servers.PostgreSQL):
    settings = dict(servers.PostgreSQL.settings, wal_level="replica", max_wal_senders=4, autovacuum="on", autovacuum_naptime="1s",
                    autovacuum_vacuum_cost_delay="0", wal_receiver_status_interval="1s")


class Standby(Primary):
    name = "standby"

    def __init__(self, directory, primary):
        self.primary = primary
        super().__init__(directory, False)

    def create(self):
        self.call([self.programs / "pg_basebackup", "-h", self.primary.directory, "-U", "postgres", "-D", self.data, "-R", "-X",
                   "stream",
                   "--checkpoint=fast", "--no-sync"])


def free_port():
    with socket.socket() as at:
        at.bind(("127.0.0.1", 0))
        return at.getsockname()[1]


class LoggingMariaDB(servers.MariaDB):
    more = ()

    def command(self):
        kept = [word for word in super().command() if word not in ("--skip-log-bin", "--skip-networking")]
        return [*kept, "--bind-address=127.0.0.1", f"--port={self.port}", "--binlog-format=ROW", *self.more]

    def __init__(self, directory, lasting):
        self.port = free_port()
        super().__init__(directory, lasting)


class Source(LoggingMariaDB):
    more = ("--log-bin=log", "--server-id=1")


class Replica(LoggingMariaDB):
    name = "replica"
    more = ("--server-id=2", "--skip-log-bin")


class Node(LoggingMariaDB):
    """A Galera cluster of one."""

    name = "node"
    more = ("--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so", "--wsrep-cluster-address=gcomm://",
            "--innodb-autoinc-lock-mode=2", "--skip-log-bin")

    def __init__(self, directory, lasting):
        super().__init__(directory, lasting)
        self.more = (*self.more, f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{free_port()};"
                                 f"ist.recv_addr=127.0.0.1:{free_port()}")


class Throttled(unittest.TestCase):
    """On a database with `ROWS` rows in a table `item` that go one after another, each in a transaction of its own."""

    def command(self, *options, user=None, purge=("--max-tx-rows", "1", "--yes")):
        return subprocess.Popen([CASCADE, "purge", self.uri(user), "item", "--where", "id > 0", *purge, *options],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def refused(self, words, *options, user=None):
        process = self.command(*options, user=user)
        said = process.communicate(timeout=PATIENCE)[1]
        self.assertIn(words, said)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(self.left(), ROWS)

    def finishes(self, *options, words=None):
        process = self.command(*options)
        out, said = process.communicate(timeout=PATIENCE)
        self.assertEqual((process.returncode, self.left()), (0, 0), said)
        self.assertIn(f"Deleted {ROWS:,} rows", out)
        if words:
            self.assertIn(words, said)
        return said

    def ask(self, sql, server=None):
        connection = self.connect(server)
        cursor = connection.cursor()
        cursor.execute(sql)
        value = cursor.fetchone()[0]
        connection.close()
        return value

    def replica(self):
        return "--replica", self.uri(server=self.standby)

    def left(self):
        return self.ask("SELECT count(*) FROM item")

    def until(self, true, what):
        end = time.monotonic() + PATIENCE
        while not true():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.02)

    def stands_still(self):
        """Nothing is deleted for half a second, with work left to do."""
        before = self.left()
        time.sleep(0.5)
        return 0 < self.left() == before

    def pauses_until(self, words, end, *options):
        """The purge pauses and says why; it goes on when `end` was called."""
        process = self.command(*options)
        self.addCleanup(process.kill)
        said = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
        reader.start()
        self.until(lambda: any("Paused: " in line for line in said) or process.poll() is not None, "it never paused")
        self.assertIsNone(process.poll(), said)
        self.assertTrue(self.stands_still())
        end()
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        process.stdout.close()
        self.assertEqual((process.returncode, self.left()), (0, 0), said)
        self.assertIn(words, "".join(said))
        self.assertIn("Going on, after a pause of", "".join(said))

    @classmethod
    def tearDownClass(cls):
        for server in cls.running:
            server.stop()
        shutil.rmtree(cls.directory, ignore_errors=True)

    def setUp(self):
        for statement in self.fill:
            self.run_sql(statement)


class OnPostgreSQL(Throttled):
    fill = ("DROP TABLE IF EXISTS item", "CREATE TABLE item (id int PRIMARY KEY)",
            f"INSERT INTO item SELECT generate_series(1, {ROWS})",
            "ANALYZE item")

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="cascade-replicas-", dir=servers.roomy_place(False)))
        cls.directory.chmod(0o755)
        cls.running = [Primary(cls.directory, False)]
        servers.start_all(cls.running)
        cls.running.append(Standby(cls.directory, cls.running[0]))
        servers.start_all(cls.running[1:])
        cls.primary, cls.standby = cls.running
        cls.run_sql("CREATE USER weak")
        cls.run_sql("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO weak")

    @classmethod
    def connect(cls, server=None):
        connection = psycopg2.connect(host=str((server or cls.primary).directory), port=servers.PORT, user="postgres",
                                      dbname="postgres")
        connection.autocommit = True
        return connection

    @classmethod
    def run_sql(cls, sql, server=None):
        connection = cls.connect(server)
        connection.cursor().execute(sql)
        connection.close()

    def uri(self, user=None, server=None):
        return f"postgresql://{user or 'postgres'}@/postgres?host={(server or self.primary).directory}&port={servers.PORT}"

    def test_a_replica_that_keeps_up(self):
        self.assertNotIn("Paused", self.finishes("--max-lag", "5", *self.replica()))

    def test_a_replica_that_stands_still(self):
        for options in (self.replica(), ()):
            with self.subTest(options=options):
                self.setUp()
                self.run_sql("SELECT pg_wal_replay_pause()", self.standby)
                words = "replica 1 is" if options else "a replica is"
                self.pauses_until(words, lambda: self.run_sql("SELECT pg_wal_replay_resume()", self.standby), "--max-lag", "0.3",
                                  *options)

    def test_lag_is_no_more_than_allowed(self):
        """What is deleted behind a replica that stands still is what takes as long as the lag that is allowed, and a batch."""
        self.run_sql("SELECT pg_wal_replay_pause()", self.standby)
        try:
            process = self.command("--max-lag", "0.2", "--max-pause", "0.5", "--sleep-ratio", "4", *self.replica())
            said = process.communicate(timeout=PATIENCE)[1]
            self.assertEqual(process.returncode, 1)
            self.assertRegex(said, r"no longer pause is allowed: replica 1 is 0\.\d s behind, and 0\.2 s are allowed")
            self.assertLess(0, self.left())
        finally:
            self.run_sql("SELECT pg_wal_replay_resume()", self.standby)

    def test_blockers_of_a_standby(self):
        """Which only reads: it says what the primary says, and deletes nothing."""
        for sql in ("CREATE TABLE box (id int PRIMARY KEY)", "INSERT INTO box VALUES (1), (2)",
                    "CREATE TABLE thing (id int PRIMARY KEY, box_id int REFERENCES box, part_of int REFERENCES thing ON DELETE CASCADE)",
                    "INSERT INTO thing SELECT i, 1 + (i > 9000)::int, CASE WHEN i > 9000 THEN 1 END FROM generate_series(1, 9500) i",
                    "CREATE INDEX ON thing (box_id)"):
            self.run_sql(sql)
        self.until(lambda: self.ask("SELECT to_regclass('thing') IS NOT NULL", self.standby) and
                   self.ask("SELECT count(*) FROM pg_indexes WHERE tablename = 'thing'",
                            self.standby) == 2, "the standby does not follow")
        for options in (["--limit", "7"], ["--limit", "0"], ["--count", "exact"], ["--probe"], ["--transitive", "--limit", "3"]):
            primary, standby = [subprocess.run([CASCADE, "blockers", self.uri(server=server), "box", "1", *options],
                                               capture_output=True,
                                               text=True, timeout=PATIENCE) for server in (self.primary, self.standby)]
            said = [(one.returncode, re.sub(r"host=\S+|--after \S+", "", one.stdout), one.stderr) for one in (primary, standby)]
            self.assertIn("thing", said[0][1])
            self.assertEqual(said[0], said[1])
        refused = subprocess.run([CASCADE, "purge", self.uri(server=self.standby), "thing", "9500", "--yes"], capture_output=True,
                                 text=True,
                                 timeout=PATIENCE)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("recovery", refused.stderr)
        self.run_sql("DROP TABLE thing, box")

    def test_a_replica_that_goes_away(self):
        process = self.standby.process
        process.terminate()
        process.wait()
        self.until(lambda: self.standby.process is not process and self.standby.answers(), "the standby does not come back")
        process = self.command("--max-lag", "0.2", *self.replica())
        said = []
        reader = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
        reader.start()
        self.until(lambda: self.left() < ROWS, "nothing goes")
        self.standby.process.kill()  # tests/servers starts it again
        process.wait(PATIENCE)
        reader.join(PATIENCE)
        process.stdout.close()
        self.assertEqual((process.returncode, self.left()), (0, 0), said)
        self.assertIn("replica 1 cannot be reached", "".join(said))

    def test_refusals(self):
        self.refused("replica 1 is none", "--max-lag", "1", "--replica", self.uri())
        self.refused("how far may the replica be behind", *self.replica())
        self.refused("is of another engine", "--max-lag", "1", "--replica", f"sqlite:{self.empty()}")
        self.refused("GRANT pg_read_all_stats", "--max-lag", "1", user="weak")
        self.refused("GRANT pg_read_all_stats", "--max-load", "1", user="weak")
        self.refused("has no Galera cluster", "--max-flow", "1")

    def empty(self):
        path = self.directory / "empty.db"
        path.touch()
        path.chmod(0o644)
        return path

    def test_load(self):
        asleep = [self.connect() for _ in range(2)]
        threads = [threading.Thread(target=self.sleep, args=(connection,), daemon=True) for connection in asleep]
        for thread in threads:
            thread.start()
        self.until(lambda: self.ask("SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'") == 2,
                   "nobody sleeps")
        wake = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'"
        self.pauses_until("at work for 2 other sessions, and 1 are allowed", lambda: self.run_sql(wake), "--max-load", "1")

    @staticmethod
    def sleep(connection):
        try:
            connection.cursor().execute("SELECT pg_sleep(60)")
        except psycopg2.Error:
            pass

    def test_dead_rows(self):
        """The purge waits for autovacuum, which a transaction of another session keeps from doing anything; and goes on after that."""
        self.run_sql("ALTER TABLE item SET (autovacuum_vacuum_threshold = 100, autovacuum_vacuum_scale_factor = 0)")
        holder = self.connect()
        holder.autocommit = False
        holder.cursor().execute("SELECT txid_current()")
        self.run_sql("DELETE FROM item WHERE id > 0 AND id % 2 = 0")
        self.run_sql(f"INSERT INTO item SELECT 2 * generate_series(1, {ROWS} / 2)")
        self.until(lambda: self.ask("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'item'") > 500, "no rows are dead")
        self.pauses_until("dead rows, and 500 are allowed before autovacuum has been there", holder.close, "--max-dead-rows", "500",
                          "--sleep-ratio", "0.1")

    def test_dead_rows_that_autovacuum_leaves(self):
        self.run_sql("ALTER TABLE item SET (autovacuum_enabled = false)")
        self.run_sql("UPDATE item SET id = id")
        self.assertNotIn("Paused:", self.finishes("--max-dead-rows", "500"))

    def test_sleep(self):
        said = self.finishes("--sleep-ratio", "1.5", "--max-tx-rows", "500")
        self.assertRegex(said, r"Paused \d+\.\d s asleep between transactions\.")


class OnMariaDB(Throttled):
    fill = ("DROP TABLE IF EXISTS item", "CREATE TABLE item (id int PRIMARY KEY)",
            f"INSERT INTO item SELECT seq FROM seq_1_to_{ROWS}")

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="cascade-replicas-", dir=servers.roomy_place(False)))
        cls.directory.chmod(0o755)
        cls.running = [Source(cls.directory, False), Replica(cls.directory, False), Node(cls.directory, False)]
        servers.start_all(cls.running)
        cls.primary, cls.standby, cls.node = cls.running
        cls.run_sql("CREATE USER copy@'127.0.0.1'")
        cls.run_sql("GRANT REPLICATION SLAVE ON *.* TO copy@'127.0.0.1'")
        for server in cls.running:
            cls.run_sql("CREATE DATABASE IF NOT EXISTS shop", server, database=None)
        cls.run_sql(f"CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = {cls.primary.port}, MASTER_USER = 'copy'",
                    cls.standby)
        cls.run_sql("START SLAVE", cls.standby)

    @classmethod
    def connect(cls, server=None, database="shop"):
        return pymysql.connect(unix_socket=f"{(server or cls.primary).directory}/socket", user="root", database=database,
                               autocommit=True)

    @classmethod
    def run_sql(cls, sql, server=None, database="shop"):
        database = database if not sql.startswith(("CREATE USER", "GRANT")) else None
        connection = cls.connect(server, database)
        connection.cursor().execute(sql)
        connection.close()

    def uri(self, user=None, server=None):
        return f"mariadb://{user or 'root'}@/shop?unix_socket={(server or self.primary).directory}/socket"

    def test_a_replica_that_keeps_up(self):
        self.assertNotIn("Paused", self.finishes("--max-lag", "5", *self.replica()))

    def test_a_replica_that_stands_still(self):
        self.run_sql("STOP SLAVE SQL_THREAD", self.standby)
        self.pauses_until("replica 1 is", lambda: self.run_sql("START SLAVE SQL_THREAD", self.standby), "--max-lag", "0.3",
                          *self.replica())
        self.until(lambda: self.ask("SELECT count(*) FROM item", self.standby) == 0, "the replica does not follow")

    def test_refusals(self):
        self.refused("name them, by their URIs", "--max-lag", "1")
        self.refused("replica 1 is none", "--max-lag", "1", "--replica", self.uri())
        self.refused("is in no Galera cluster", "--max-flow", "1")
        self.refused("has no dead rows", "--max-dead-rows", "1")

    def test_no_binary_log(self):
        process = subprocess.run([CASCADE, "purge", self.uri(server=self.standby), "item", "--where", "id > 0", "--yes",
                                  "--max-lag", "1",
                                  *self.replica()], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(process.returncode, 2)
        self.assertIn("writes no binary log", process.stderr)

    def test_load(self):
        connection = self.connect()
        thread = threading.Thread(target=self.sleep, args=(connection, 60), daemon=True)
        thread.start()
        others = self.connect()
        threading.Thread(target=self.sleep, args=(others, 60), daemon=True).start()
        self.until(lambda: self.ask("SELECT count(*) FROM information_schema.processlist WHERE info = 'SELECT sleep(60)'") == 2,
                   "nobody sleeps")

        def wake():
            for at in (connection, others):
                self.run_sql(f"KILL {at.thread_id()}")

        self.pauses_until("other sessions, and 1 are allowed", wake, "--max-load", "1")

    @staticmethod
    def sleep(connection, seconds):
        try:
            connection.cursor().execute(f"SELECT sleep({seconds})")
        except pymysql.Error:
            pass

    def test_flow(self):
        """A node that nobody holds back. What flow control would do is in the tests with a driver that says so."""
        for statement in self.fill:
            self.run_sql(statement, self.node)
        process = subprocess.run([CASCADE, "purge", self.uri(server=self.node), "item", "--where", "id > 0", "--yes", "--max-flow",
                                  "50"],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((process.returncode, process.stderr), (0, ""))


if __name__ == "__main__":
    engine = {"postgresql": OnPostgreSQL, "mariadb": OnMariaDB}[sys.argv.pop(1)]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(engine) if len(sys.argv) == 1 else \
        unittest.TestSuite(engine(name) for name in sys.argv[1:])
    done = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not done.wasSuccessful())
