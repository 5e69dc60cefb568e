#!/usr/bin/python3
"""A hub on which two million rows hang over three levels: purged with flat memory, interrupted, killed, and finished.

CASCADE_QUICK=1 takes 200,000 rows. CASCADE names the command.
"""
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

ROWS = 200_000 if os.environ.get('CASCADE_QUICK') == '1' else 2_000_000
GROWTH_KB = 24 * 1024
FLAT_KB = 12 * 1024  # a batch's keys; a tenth of the rows may not fill one
COMMAND = os.environ['CASCADE']
DRIVERS = {'sqlite': 'sqlite:{}', 'dbi': 'dbi:sqlite3?dbname={}'}
TABLES = ['crate', 'parcel', 'label']  # each refers to the one before it; the first to the hub


def generate(path, rows):
    """1 crate : 4 parcels : 15 labels, all on hub 1, and one of each on hub 2."""
    crates = rows // 20
    con = sqlite3.connect(path, isolation_level=None)
    for sql in ('PRAGMA journal_mode=WAL', 'PRAGMA synchronous=OFF', 'PRAGMA cache_size=-200000', 'BEGIN',
                'CREATE TABLE hub(id INTEGER PRIMARY KEY, name TEXT)',
                'CREATE TABLE crate(id INTEGER PRIMARY KEY, hub_id INTEGER NOT NULL REFERENCES hub(id), note TEXT)',
                'CREATE TABLE parcel(id INTEGER PRIMARY KEY, crate_id INTEGER NOT NULL REFERENCES crate, note TEXT)',
                'CREATE TABLE label(id INTEGER PRIMARY KEY, parcel_id INTEGER NOT NULL REFERENCES parcel, note TEXT)',
                "INSERT INTO hub VALUES (1, 'north'), (2, 'south'), (3, 'empty')"):
        con.execute(sql)
    series = ('WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < {}) '
              'INSERT INTO {} SELECT {} FROM s')
    con.execute(series.format(crates, 'crate', "i, 1, 'crate ' || i"))
    con.execute(series.format(crates * 4, 'parcel', "i, (i - 1) / 4 + 1, 'parcel ' || i"))
    con.execute(series.format(crates * 15, 'label', "i, (i - 1) * 4 / 15 + 1, 'label ' || i"))
    for table, parent in zip(TABLES, [2] + [10 ** 9] * 2):
        con.execute(f'INSERT INTO {table} VALUES (?, ?, ?)', (10 ** 9, parent, 'stays'))
    for table, column in zip(TABLES, ('hub_id', 'crate_id', 'parcel_id')):
        con.execute(f'CREATE INDEX {table}_parent ON {table}({column})')
    con.execute('COMMIT')
    con.execute('PRAGMA wal_checkpoint(TRUNCATE)')
    con.close()


class Hub(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix='hub-')
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.policy = os.path.join(cls.directory, 'policy.json')
        with open(cls.policy, 'w', encoding='utf-8') as f:
            json.dump([dict(table=t, column=c, rule='CASCADE') for t, c in zip(TABLES,
                ('hub_id', 'crate_id', 'parcel_id'))], f)
        cls.large, cls.small = os.path.join(cls.directory, 'large.db'), os.path.join(cls.directory, 'small.db')
        generate(cls.large, ROWS)
        generate(cls.small, ROWS // 10)

    def copy(self, original):
        path = os.path.join(self.directory, 'work.db')
        for end in ('-wal', '-shm', '-journal'):
            if os.path.exists(path + end):
                os.remove(path + end)
        shutil.copyfile(original, path)
        return path

    def start(self, path, driver, key):
        return subprocess.Popen(  # says little: the pipe is read at the end
            [COMMAND, 'purge', DRIVERS[driver].format(path), 'hub', str(key), '--policy', self.policy, '--yes'],
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    @staticmethod
    def peak(process):
        """The process's high-water mark in KB, looked at until it ends: wait4 would count Python's before exec."""
        peak = 0
        while process.poll() is None:
            try:
                with open(f'/proc/{process.pid}/status', encoding='ascii') as f:
                    peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith('VmHWM')])
            except (FileNotFoundError, ProcessLookupError):
                break
            time.sleep(.002)
        return peak

    def end(self, process):
        """Exit code (negative: signal), what it said, and its peak memory in KB."""
        peak = self.peak(process)
        with process.stderr:
            said = process.stderr.read().decode(errors='replace')
        return process.wait(), said, peak

    def finish(self, path, driver, key=1):
        code, said, peak = self.end(self.start(path, driver, key))
        self.assertEqual(code, 0, said[-500:])
        return peak

    def counts(self, path):
        con = sqlite3.connect(path)
        try:
            self.assertEqual(con.execute('PRAGMA foreign_key_check').fetchall(), [])
            self.assertEqual(con.execute('PRAGMA integrity_check').fetchall(), [('ok',)])
            return [con.execute(f'SELECT count(*) FROM {t}').fetchone()[0] for t in ['hub'] + TABLES]
        finally:
            con.close()

    def test_memory_is_flat(self):
        for driver in DRIVERS:
            with self.subTest(driver=driver):
                least = self.finish(self.copy(self.small), driver, 3)
                small = self.finish(self.copy(self.small), driver)
                path = self.copy(self.large)
                started = time.time()
                large = self.finish(path, driver)
                print(f'{driver}: {ROWS} rows in {time.time() - started:.1f} s, peak memory {large} KB; '
                      f'{ROWS // 10} rows {small} KB; no rows {least} KB')
                self.assertEqual(self.counts(path), [2, 1, 1, 1])
                self.assertLess(large - least, GROWTH_KB)
                self.assertLess(large - small, FLAT_KB)

    def interrupt(self, number, driver):
        """Stops a purge after some commits; gives exit code, words and the number of rows left."""
        path = self.copy(self.large)
        total = sum(self.counts(path))
        process = self.start(path, driver, 1)
        con = sqlite3.connect(path, timeout=30)
        version, commits = None, 0
        while commits < 3 and process.poll() is None:
            now = con.execute('PRAGMA data_version').fetchone()[0]
            commits += version is not None and now != version
            version = now
            time.sleep(.002)
        con.close()
        self.assertIsNone(process.poll(), 'it ended before it could be interrupted')
        process.send_signal(number)
        code, said, _ = self.end(process)
        left = sum(self.counts(path))
        self.assertLess(left, total)
        self.assertGreater(left, 5)
        self.finish(path, driver)
        self.assertEqual(self.counts(path), [2, 1, 1, 1])
        return code, said

    def test_interrupted(self):
        for driver in DRIVERS:
            with self.subTest(driver=driver):
                code, said = self.interrupt(signal.SIGINT, driver)
                self.assertGreater(code, 0, 'Ctrl-C is not a way to die')
                self.assertTrue(said.strip())

    def test_killed(self):
        for driver in DRIVERS:
            with self.subTest(driver=driver):
                code, _ = self.interrupt(signal.SIGKILL, driver)
                self.assertEqual(code, -signal.SIGKILL)


if __name__ == '__main__':
    unittest.main()
