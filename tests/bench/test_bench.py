"""The benchmark itself, on a few rows: every method does its work, and the object that --json prints is whole."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

READERS = ('django_pages', 'django_collector', 'django_libcascade_pages', 'python_keys')
PYTHON = ('python_purge',)
DELETES = ('python_purge', 'django', 'django_libcascade', 'django_libcascade_proven')
FILLS = ('django_fill', 'get_or_create')
FIRST_PAGES = {'first_page', 'first_page_dbi', 'first_page_union', 'first_page_each'}
READS = FIRST_PAGES | {'page_1', 'page_10000', 'page_10000_by_hand', 'all_keys', 'all_keys_dbi', 'all_pages', 'all_keys_by_hand',
                       'trap',
                       'trap_by_hand', 'probe', 'probe_unreferred', 'counts', 'counts_by_hand', 'counts_capped',
                       'counts_capped_by_hand'}
METHODS = {
    'sqlite': {'native_driver', 'native_driver_proven', 'dbi_driver', 'dbi_driver_proven', 'staged', 'cascade', 'limit'},
    'postgresql': {'native_driver', 'native_driver_proven', 'native_driver_delegated', 'native_driver_delegated_proven',
                   'dbi_driver', 'dbi_driver_proven', 'dbi_driver_delegated', 'staged', 'staged_unchecked', 'cascade',
                   'cascade_batched', 'limit'},
    'mariadb': {'native_driver', 'native_driver_delegated', 'dbi_driver', 'dbi_driver_delegated', 'staged', 'cascade',
                'cascade_batched',
                'limit'},
    'reads': READS,
    'reads of postgresql': READS | {'trap_stale', 'trap_unknown'},
    'first pages': FIRST_PAGES,
    'detach': {'native_driver', 'dbi_driver', 'insert_update'},
    'queue': {'native_driver', 'native_driver_proven'},
    'fill': {'native_driver', 'dbi_driver', 'second_pass', 'insert_select'},
    'few': {'native_driver', 'native_driver_proven', 'cascade', 'limit'}}
PROGRAM = sys.argv.pop(1)


def bench(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=200, check=False)


class Bench(unittest.TestCase):
    def check(self, workload, engine, size, methods, peers=()):
        words = [word for peer in peers for word in ('--peer', str(pathlib.Path(__file__).with_name('peers') / peer))]
        rounds = '2' if engine == 'sqlite' and not workload.startswith(('w2', 'w3')) else '1'
        done = bench(workload, '--engine', engine, '--size', str(size), '--rounds', rounds, '--json', *words)
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result['workload'], result['engine'], result['size']), (workload, engine, size))
        self.assertEqual(set(result['methods']), METHODS[methods].union(peers))
        for name, numbers in result['methods'].items():
            self.assertEqual(set(numbers), {'seconds', 'statements', 'longest_tx_s', 'rss_growth_kb'}, name)
            self.assertGreater(numbers['seconds'], 0, name)
            self.assertGreater(numbers['statements'], 0 if workload.startswith('w2') else 1, name)
            self.assertEqual(numbers['longest_tx_s'] > 0, not workload.startswith('w2'), name)
        self.assertGreater(len(result['ratios']), 2)
        for name, ratio in result['ratios'].items():
            above, below = name.split('/')
            seconds = [result['methods'][n]['seconds'] for n in (above, below)]
            self.assertAlmostEqual(ratio, seconds[0] / seconds[1], delta=.01 * ratio)

    def test_jobs_on_sqlite(self):
        self.check('w1', 'sqlite', 600, 'sqlite', DELETES)

    def test_jobs_on_postgresql(self):
        self.check('w1', 'postgresql', 200, 'postgresql', DELETES)

    def test_jobs_on_mariadb(self):
        self.check('w1', 'mariadb', 200, 'mariadb', PYTHON)

    def test_scattered_jobs(self):
        self.check('w1s', 'sqlite', 300, 'sqlite')
        self.check('w1s', 'postgresql', 200, 'postgresql')
        self.check('w1s', 'mariadb', 200, 'mariadb')

    def test_jobs_without_indexes(self):
        self.check('w1b', 'sqlite', 200, 'few')
        self.check('w1b', 'postgresql', 200, 'few')

    def test_grants(self):
        self.check('w3', 'sqlite', 20, 'fill', FILLS)
        self.check('w3', 'postgresql', 20, 'fill', FILLS)
        self.check('w3', 'mariadb', 40, 'fill')

    def test_detach(self):
        self.check('w4d', 'sqlite', 100, 'detach')
        self.check('w4d', 'postgresql', 100, 'detach')
        self.check('w4d', 'mariadb', 100, 'detach')

    def test_detach_and_purge(self):
        self.check('w4h', 'sqlite', 20, 'queue', ('hannigan',))
        self.check('w4h', 'postgresql', 20, 'queue', ('hannigan',))

    def test_census_on_sqlite(self):
        self.check('w4', 'sqlite', 100, 'few')

    def test_census_on_postgresql(self):
        self.check('w4', 'postgresql', 100, 'postgresql')

    def test_census_on_mariadb(self):
        self.check('w4', 'mariadb', 100, 'mariadb')

    def test_what_refers_to_one_row(self):
        self.check('w2', 'sqlite', 1800, 'reads', READERS)
        self.check('w2', 'postgresql', 1800, 'reads of postgresql', READERS)
        self.check('w2', 'mariadb', 1800, 'reads', READERS)

    def test_what_refers_without_indexes(self):
        self.check('w2u', 'sqlite', 1800, 'first pages')
        self.check('w2u', 'postgresql', 1800, 'first pages')

    def test_reader_that_finds_too_little(self):
        for last_line, complaint in (('print(0.5, 7, 0, 3, 10, 20)', 'found other keys: 10 with the sum 20'),
                                     ('print(0.5, 7, 0, 3)', 'did not print its numbers')):
            program = pathlib.Path(self.directory.name) / 'few'
            program.write_text(f'#!/usr/bin/python3\n{last_line}\n', encoding='utf-8')
            program.chmod(0o755)
            done = bench('w2', '--engine', 'sqlite', '--size', '1800', '--rounds', '1', '--methods', 'first_page', '--peer',
                         str(program))
            self.assertEqual(done.returncode, 1)
            self.assertIn(complaint, done.stderr)

    def test_table(self):
        done = bench('w1', '--engine', 'sqlite', '--size', '100', '--rounds', '1')
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in METHODS['sqlite']:
            self.assertIn(name, done.stdout)

    def peer(self, name, statement):
        """A tool that deletes by itself, in SQLite."""
        program = pathlib.Path(self.directory.name) / name
        program.write_text(f"""#!/usr/bin/python3
import sqlite3, sys
db = sqlite3.connect(sys.argv[2])
db.execute('PRAGMA foreign_keys = ON')
db.execute({statement!r}, (int(sys.argv[3]) // 2,))
db.commit()
print(0.5, 7, 0.25, 3)
""", encoding='utf-8')
        program.chmod(0o755)
        return str(program)

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def test_peer(self):
        words = ('w1', '--engine', 'sqlite', '--size', '100', '--rounds', '1', '--methods', 'limit', '--json')
        right = self.peer('right', 'DELETE FROM run WHERE created <= ?')
        done = bench(*words, '--peer-on-actions', right)
        self.assertEqual(done.returncode, 0, done.stderr)
        methods = json.loads(done.stdout)['methods']
        self.assertEqual(set(methods), {'limit', 'right'})
        self.assertEqual(methods['right'], {'seconds': .5, 'statements': 7, 'longest_tx_s': .25, 'rss_growth_kb': 3})
        wrong = self.peer('wrong', 'DELETE FROM run WHERE created < ?')
        for kind, program, complaint in (('--peer-on-actions', wrong, 'instead of'), ('--peer', right, 'failed'),
                                         ('--peer', '/none', 'failed')):
            done = bench(*words, kind, program)
            self.assertEqual(done.returncode, 1, program)
            self.assertIn(complaint, done.stderr)

    def test_usage(self):
        for words in ([], ['w1'], ['w1', '--size', '5'], ['nothing', '--size', '100'],
                      ['w1', '--engine', 'oracle', '--size', '100'], ['w1b', '--engine', 'mariadb', '--size', '100'],
                      ['w2u', '--engine', 'mariadb', '--size', '100']):
            done = bench(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn('usage', done.stderr)


if __name__ == '__main__':
    unittest.main()
