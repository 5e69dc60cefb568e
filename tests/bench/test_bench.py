"""The benchmark itself, on a few rows: every method does its work, and the object that --json prints is whole."""
import json
import subprocess
import sys
import unittest

METHODS = {'native_driver', 'native_driver_proven', 'dbi_driver', 'dbi_driver_proven', 'staged', 'cascade', 'limit'}
PROGRAM = sys.argv.pop(1)


def bench(*words):
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=100, check=False)


class Bench(unittest.TestCase):
    def test_json(self):
        done = bench('w1', '--engine', 'sqlite', '--size', '600', '--rounds', '2', '--json')
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result['workload'], result['engine'], result['size']), ('w1', 'sqlite', 600))
        self.assertEqual(set(result['methods']), METHODS)
        for name, numbers in result['methods'].items():
            self.assertEqual(set(numbers), {'seconds', 'statements', 'longest_tx_s', 'rss_growth_kb'}, name)
            self.assertGreater(numbers['seconds'], 0, name)
            self.assertGreater(numbers['statements'], 1, name)
            self.assertGreater(numbers['longest_tx_s'], 0, name)
        for name, ratio in result['ratios'].items():
            above, below = name.split('/')
            seconds = [result['methods'][n]['seconds'] for n in (above, below)]
            self.assertAlmostEqual(ratio, seconds[0] / seconds[1], delta=.01 * ratio)

    def test_table(self):
        done = bench('w1', '--engine', 'sqlite', '--size', '100', '--rounds', '1')
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in METHODS:
            self.assertIn(name, done.stdout)

    def test_usage(self):
        for words in ([], ['w1'], ['w1', '--size', '5'], ['nothing', '--size', '100'], ['w1', '--engine', 'oracle', '--size', '100']):
            done = bench(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn('usage', done.stderr)


if __name__ == '__main__':
    unittest.main()
