#!/usr/bin/python3
"""How much faster several workers empty a queue than one, on PostgreSQL, with a network between them and the server.

  tests/servers run --only postgresql --for benchmarks tests/bench/workers.py CASCADE [--size N] [--workers 1,2,4,8]
      [--round-trip-ms 3] [--proven] [--json]

CASCADE is the command. One parent has N children, and each of them a row that depends on it: the parent is detached, and
the workers purge the rest. Between them and the server stands a relay that keeps every byte for half a round trip.
"""

import argparse
import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import psycopg2

IDLE_S = 2  # seconds without work after which a worker ends
RULES = [{"table": "child", "column": "parent_id", "rule": "DETACH"}, {"table": "part", "column": "child_id", "rule": "CASCADE"}]
SCHEMA = """
DROP TABLE IF EXISTS part, child, parent, cascade_queue, cascade_queue_job, cascade_queue_number, cascade_queue_text;
CREATE TABLE parent (id integer PRIMARY KEY);
CREATE TABLE child (id integer PRIMARY KEY, parent_id integer REFERENCES parent, name text);
CREATE INDEX child_parent ON child (parent_id);
CREATE TABLE part (id integer PRIMARY KEY, child_id integer NOT NULL REFERENCES child);
CREATE INDEX part_child ON part (child_id);
INSERT INTO parent VALUES (1), (2);
INSERT INTO child SELECT i, 1, 'child number ' || i FROM generate_series(1, {size}) i;
INSERT INTO child SELECT i, NULL, 'nobody''s' FROM generate_series({size} + 1, {size} + 10) i;
INSERT INTO part SELECT i, i FROM generate_series(1, {size} + 10) i;
"""


class End(asyncio.Protocol):
    """One end of a connection through the relay: what comes in goes out of the other end half a round trip later."""

    def __init__(self, delay):
        self.loop, self.delay = asyncio.get_running_loop(), delay
        self.last, self.other, self.transport, self.early = 0, None, None, []

    def connection_made(self, transport):
        self.transport = transport

    def later(self, call, *arguments):
        self.last = max(self.loop.time() + self.delay, self.last + 1e-6)  # never two at once, which might change places
        self.loop.call_at(self.last, call, *arguments)

    def data_received(self, data):
        if self.other:
            self.later(self.other.transport.write, data)
        else:
            self.early.append(data)

    def connection_lost(self, _):
        if self.other:
            self.later(self.other.transport.close)


class Entrance(End):
    def __init__(self, server, delay):
        super().__init__(delay)
        self.server = server

    def connection_made(self, transport):
        super().connection_made(transport)
        self.opening = self.loop.create_task(self.open())

    async def open(self):
        self.other = (await self.loop.create_unix_connection(lambda: End(self.delay), self.server))[1]
        self.other.other = self
        for data in self.early:
            self.later(self.other.transport.write, data)


async def relay(server, own, delay):
    listener = await asyncio.get_running_loop().create_unix_server(lambda: Entrance(server, delay), own)
    print("ready", flush=True)
    await listener.serve_forever()


class Bench:
    def __init__(self, given, directory):
        self.given, self.directory = given, directory
        self.host = os.environ["CASCADE_TEST_PG_HOST"]
        self.session = psycopg2.connect(host=self.host, port=5432, user="postgres", dbname="postgres")
        self.session.autocommit = True
        self.rules = pathlib.Path(directory, "rules.json")
        self.rules.write_text(json.dumps(RULES))

    def run(self, sql):
        with self.session.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    def uri(self, host):
        return f"postgresql://postgres@/postgres?host={host}&port=5432"

    def cascade(self, *arguments):
        subprocess.run([self.given.cascade, *arguments], check=True, stdout=subprocess.DEVNULL)

    def prepare(self):
        self.run(SCHEMA.format(size=self.given.size))
        for table in ["parent", "child", "part"]:
            self.run(f"VACUUM ANALYZE {table}")
        direct = self.uri(self.host)
        self.cascade("queue", "install", direct)
        proven = ["--proven"] if self.given.proven else []
        self.cascade("detach", direct, "parent", "1", "--policy", str(self.rules), "--yes", *proven)
        self.run("VACUUM ANALYZE child")
        self.run("CHECKPOINT")

    def measure(self, workers):
        """Seconds from the first claim to the end of the last job."""
        self.prepare()
        command = [self.given.cascade, "queue", "work", self.uri(self.directory), "--wait", str(IDLE_S), "--format", "json"]
        start = time.time()
        running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(workers)]
        reports = [json.loads(process.communicate()[0]) for process in running]
        ended = self.run("SELECT max(changed) / 1000.0 FROM cascade_queue_job")
        self.verify(reports)
        return float(ended) - start, sum(report["claimed"] > 0 for report in reports)

    def verify(self, reports):
        rows = 2 * self.given.size
        done = sum(report["deleted"] for report in reports)
        counted = self.run("SELECT sum(deleted) FROM cascade_queue_job")
        left = self.run("SELECT (SELECT count(*) FROM child) + (SELECT count(*) FROM part)")
        open_jobs = self.run("SELECT count(*) FROM cascade_queue_job WHERE state <> 'done'")
        if (done, int(counted), left, open_jobs) != (rows, rows, 20, 0):
            sys.exit(f"wrong: {done} and {counted} of {rows} rows deleted, {left} left, {open_jobs} jobs not done")


def main():
    if sys.argv[1:2] == ["--relay"]:
        return asyncio.run(relay(sys.argv[2], sys.argv[3], float(sys.argv[4])))
    parser = argparse.ArgumentParser()
    parser.add_argument("cascade")
    parser.add_argument("--size", type=int, default=200000)
    parser.add_argument("--workers", default="1,2,4,8")
    parser.add_argument("--round-trip-ms", type=float, default=3)
    parser.add_argument("--proven", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(given, directory)
        sockets = [f"{place}/.s.PGSQL.5432" for place in (bench.host, directory)]
        between = subprocess.Popen([sys.executable, __file__, "--relay", *sockets, str(given.round_trip_ms / 2000)],
                                   stdout=subprocess.PIPE)
        try:
            between.stdout.readline()
            results = []
            for workers in map(int, given.workers.split(",")):
                seconds, busy = bench.measure(workers)
                results.append({"workers": workers, "seconds": round(seconds, 3)})
                if not given.json:
                    print(f"{workers} workers ({busy} of them at work): {seconds:.2f} s, {2 * given.size / seconds:,.0f} rows/s, "
                          f"{results[0]['seconds'] / seconds:.2f} times the first", flush=True)
            if given.json:
                print(json.dumps({"size": given.size, "round_trip_ms": given.round_trip_ms, "results": results}))
        finally:
            between.terminate()
            between.wait()


main()
