"""The benchmark itself, on a few rows: every method does its work, and the object that --json prints is whole."""
import json
import subprocess
import sys
import unittest

METHODS = {
    'sqlite': {'native_driver', 'native_driver_proven', 'dbi_driver', 'dbi_driver_proven', 'staged', 'cascade', 'limit'},
    'postgresql': {'native_driver', 'native_driver_proven', 'native_driver_delegated', 'native_driver_delegated_proven', 'dbi_driver',
                   'dbi_driver_proven', 'dbi_driver_delegated', 'staged', 'staged_unchecked', 'cascade', 'limit'},
    'mariadb': {'native_driver', 'native_driver_delegated', 'dbi_driver', 'dbi_driver_delegated', 'staged', 'cascade', 'limit'},
    'few': {'native_driver', 'native_driver_proven', 'cascade', 'limit'}}
PROGRAM = sys.argv.pop(1)


def bench(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=200, check=False)


class Bench(unittest.TestCase):
    def check(self, workload, engine, size, methods):
        done = bench(workload, '--engine', engine, '--size', str(size), '--rounds', '2' if engine == 'sqlite' else '1', '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result['workload'], result['engine'], result['size']), (workload, engine, size))
        self.assertEqual(set(result['methods']), METHODS[methods])
        for name, numbers in result['methods'].items():
            self.assertEqual(set(numbers), {'seconds', 'statements', 'longest_tx_s', 'rss_growth_kb'}, name)
            self.assertGreater(numbers['seconds'], 0, name)
            self.assertGreater(numbers['statements'], 1, name)
            self.assertGreater(numbers['longest_tx_s'], 0, name)
        self.assertGreater(len(result['ratios']), 2)
        for name, ratio in result['ratios'].items():
            above, below = name.split('/')
            seconds = [result['methods'][n]['seconds'] for n in (above, below)]
            self.assertAlmostEqual(ratio, seconds[0] / seconds[1], delta=.01 * ratio)

    def test_jobs_on_sqlite(self):
        self.check('w1', 'sqlite', 600, 'sqlite')

    def test_jobs_on_postgresql(self):
        self.check('w1', 'postgresql', 200, 'postgresql')

    def test_jobs_on_mariadb(self):
        self.check('w1', 'mariadb', 200, 'mariadb')

    def test_jobs_without_indexes(self):
        self.check('w1b', 'sqlite', 200, 'few')
        self.check('w1b', 'postgresql', 200, 'few')

    def test_census_on_sqlite(self):
        self.check('w4', 'sqlite', 100, 'few')

    def test_census_on_postgresql(self):
        self.check('w4', 'postgresql', 100, 'postgresql')

    def test_census_on_mariadb(self):
        self.check('w4', 'mariadb', 100, 'mariadb')

    def test_table(self):
        done = bench('w1', '--engine', 'sqlite', '--size', '100', '--rounds', '1')
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in METHODS['sqlite']:
            self.assertIn(name, done.stdout)

    def test_usage(self):
        for words in ([], ['w1'], ['w1', '--size', '5'], ['nothing', '--size', '100'], ['w1', '--engine', 'oracle', '--size', '100'],
                      ['w1b', '--engine', 'mariadb', '--size', '100']):
            done = bench(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn('usage', done.stderr)


if __name__ == '__main__':
    unittest.main()
