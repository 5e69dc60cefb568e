"""The page on performance says what was measured. test_report.py BENCH"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import figures
import report

PROGRAM = sys.argv.pop(1)
HERE = pathlib.Path(__file__).resolve().parent
MACHINE = {'processors': 3, 'memory_gb': 5, 'system': 'A system',
           'engines': {'sqlite': '3.1', 'postgresql': '15.2', 'mariadb': '10.3'}}


def run(workload, engine, seconds, rounds=3):
    return {'workload': workload, 'engine': engine, 'size': 1000, 'rounds': rounds,
            'methods': {name: {'seconds': value, 'statements': 7, 'longest_tx_s': value / 2, 'rss_growth_kb': 9}
                        for name, value in seconds.items()}}


class Report(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.into = pathlib.Path(directory.name)

    def written(self, runs, load=0.1, workers=None):
        told = {'date': '2001-02-03', 'machine': MACHINE, 'load_before': load, 'runs': runs, 'workers': workers}
        (self.into / 'performance.json').write_text(json.dumps(told), encoding='utf-8')
        subprocess.run([HERE / 'report.py', self.into], check=True)
        return (self.into / 'performance.md').read_text(encoding='utf-8')

    def test_ratios(self):
        page = self.written([run('w1', 'sqlite', {'native_driver': 2, 'cascade': 9, 'staged': 1}),
                             run('w1', 'mariadb', {'native_driver': 2, 'cascade': 1.9}),
                             run('w1', 'mariadb', {'native_driver': 4, 'cascade': 40}, 1)])
        self.assertIn('| ON DELETE CASCADE, one statement | 4.5 |  | 0.95 |', page)
        self.assertIn('| by hand, in batches | 0.50 |  |  |', page)
        self.assertIn('| ON DELETE CASCADE, one statement | 4.50 |  | 0.95 |', page, 'the longest transaction')
        self.assertNotIn('| Django, QuerySet.delete() |', page)
        self.assertIn('- by hand, in batches: SQLite 0.50\n', page)
        self.assertNotIn('- ON DELETE CASCADE, one statement:', page)
        self.assertIn('6,000 rows are deleted. Medians of 3 rounds.', page)
        self.assertIn('6,000 rows are deleted. One round.', page)
        self.assertIn('| library | 2.00 | 3,000 | 7 | 1.00 | 9 |', page)
        self.assertIn('3 processors and 5 GB, A system, SQLite 3.1, PostgreSQL 15.2, MariaDB 10.3; before, it was idle.', page)

    def test_reads(self):
        page = self.written([run('w2', 'postgresql', {'first_page': .5, 'django_pages': 6})])
        self.assertIn('| Django, a query for each relation |  | 12 |  |', page)
        self.assertIn('| first pages, library | 500.00 | 7 | 9 |', page)
        self.assertNotIn('## Where others are faster', page)
        self.assertFalse((self.into / 'performance_delete.svg').exists())

    def test_a_machine_that_was_not_idle(self):
        page = self.written([run('w1', 'sqlite', {'native_driver': 2, 'cascade': 9})], load=7.5,
                            workers={'size': 50, 'round_trip_ms': 3.0,
                                     'results': [{'workers': 1, 'seconds': 8}, {'workers': 4, 'seconds': 2.5}]})
        self.assertIn('load 7.5', page)
        self.assertIn('100 rows that were detached, purged by workers on PostgreSQL, 3 ms away', page)
        self.assertIn('| 4 | 2.50 | 3.20 |', page)

    def test_chart(self):
        self.written([run('w1', 'sqlite', {'native_driver': 2, 'cascade': 16, 'staged': 1}),
                      run('w1', 'mariadb', {'native_driver': 2, 'cascade': 2})])
        for name in ('delete', 'short'):
            text = (self.into / f'performance_{name}.svg').read_text(encoding='utf-8')
            self.assertIn('prefers-color-scheme: dark', text)
            svg = xml.etree.ElementTree.fromstring(text)
            space = '{http://www.w3.org/2000/svg}'
            bars = [bar for bar in svg.iter(f'{space}rect') if bar.get('height') == '11']
            one = next(float(line.get('x1')) for line in svg.iter(f'{space}line') if line.get('class') == 'one')
            longer = [bar for bar in bars if float(bar.get('x')) == one and float(bar.get('width')) > 2]
            self.assertEqual([bar.get('class') for bar in longer], ['sqlite'], 'eight times as long')
            shorter = [bar for bar in bars if float(bar.get('x')) < one]
            self.assertEqual(len(shorter), name == 'delete')
            for bar in shorter:  # a half, beside eight times: a third as long on a scale of powers
                self.assertAlmostEqual(float(longer[0].get('width')) / float(bar.get('width')), 3, delta=.01)
            self.assertIn('SQLite 8.0', svg.find(f'{space}desc').text)

    def test_what_bench_prints(self):
        done = subprocess.run([PROGRAM, 'w1b', '--engine', 'sqlite', '--size', '60', '--rounds', '1', '--json'],
                              capture_output=True, text=True, check=True)
        numbers = json.loads(done.stdout)
        page = self.written([numbers])
        for method, of in numbers['methods'].items():
            self.assertIn(f"| {report.METHODS[method]} | {of['seconds']:.2f} | ", page)

    def test_what_is_measured_is_shown(self):
        for workload, engine, _, _, methods, peers in figures.RUNS:
            self.assertIn(workload, report.WORKLOADS)
            self.assertIn(engine, report.ENGINES)
            names = [*methods.split(','), *(peer.lstrip('+') for peer in peers)]
            self.assertEqual(set(names) - report.METHODS.keys(), set())
            self.assertEqual([peer for peer in peers if not os.access(HERE / 'peers' / peer.lstrip('+'), os.X_OK)], [])

    def test_the_page_is_of_its_figures(self):
        """The one in the sources, and its charts."""
        for path in [report.PAGES / 'performance.json', *report.PAGES.glob('performance_*.svg')]:
            (self.into / path.name).write_bytes(path.read_bytes())
        expected = {path.name: path.read_bytes() for path in report.PAGES.glob('performance*')}
        self.assertEqual(len(expected), 5, 'JSON, page and three charts')
        subprocess.run([HERE / 'report.py', self.into], check=True)
        self.assertEqual({path.name: path.read_bytes() for path in self.into.glob('performance*')}, expected,
                         'run tests/bench/report.py')


if __name__ == '__main__':
    unittest.main()
