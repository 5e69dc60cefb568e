#!/usr/bin/python3
"""report.py [DIRECTORY]

Makes performance.md and its charts from performance.json, all in lib/doc/pages or the DIRECTORY. figures.py measures, and calls
it."""
import json
import pathlib
import sys

import charts

PAGES = pathlib.Path(__file__).resolve().parents[2] / 'lib/doc/pages'
ENGINES = {'sqlite': 'SQLite', 'postgresql': 'PostgreSQL', 'mariadb': 'MariaDB'}
OWN, PROVEN, DECLARED = 'native_driver', 'native_driver_proven', 'native_driver_delegated'
METHODS = {  # in the order of the tables
    OWN: 'library', 'second_pass': 'library, a second pass', PROVEN: 'library, proven', DECLARED: 'library, actions declared',
    'dbi_driver': 'library through libdbi', 'staged': 'by hand, in batches', 'staged_unchecked': 'by hand, in batches, checks off',
    'limit': 'by hand, one transaction, checks off', 'insert_select': 'by hand, one INSERT ... SELECT',
    'cascade_batched': 'ON DELETE CASCADE, 1,000 roots at a time', 'cascade': 'ON DELETE CASCADE, one statement',
    'first_page': 'first pages, library', 'first_page_dbi': 'first pages, library through libdbi',
    'first_page_union': 'first pages, by hand, UNION ALL', 'first_page_each': 'first pages, by hand, a query for each relation',
    'counts': 'first pages and counts, library', 'counts_by_hand': 'first pages and counts, by hand',
    'probe': 'whether anything refers to it, library',
    'page_1': 'page 1 of one relation, library', 'page_10000': 'a page far behind, library',
    'page_10000_by_hand': 'a page far behind, by hand',
    'trap': "rows at the table's end, library", 'trap_by_hand': "rows at the table's end, by hand",
    'all_keys': 'all keys, library', 'all_keys_by_hand': 'all keys, by hand',
    'django': 'Django, QuerySet.delete()', 'django_libcascade': 'Django, the library as its collector',
    'django_libcascade_proven': 'Django, purge(proven=True) of the library', 'active_record': 'ActiveRecord, destroy of each',
    'pt_archiver': 'pt-archiver, actions declared', 'django_pages': 'Django, a query for each relation',
    'django_libcascade_pages': 'Django, blockers() of the library', 'django_collector': "Django's Collector, all keys",
    'django_fill': 'Django, bulk_create() of 1,000', 'get_or_create': 'Django, get_or_create() of each',
    'hannigan': 'ActiveRecord, nullify, then destroy of each'}
# words, workload, method, and the library's method beside which it stands
DELETES = [
    ('ON DELETE CASCADE, one statement', 'w1', 'cascade', OWN), ('the same, two indexes missing', 'w1b', 'cascade', OWN),
    ('by hand, in batches', 'w1', 'staged', OWN), ('Django, QuerySet.delete()', 'w1', 'django', OWN),
    ('ActiveRecord, destroy of each', 'w1', 'active_record', OWN), ('pt-archiver (1)', 'w1', 'pt_archiver', DECLARED),
    ('ActiveRecord, nullify, destroy each', 'w4h', 'hannigan', OWN), ('library, proven', 'w1', PROVEN, OWN),
    ('library, actions declared', 'w1', DECLARED, OWN), ('library through libdbi', 'w1', 'dbi_driver', OWN),
    ('library, from Django, as its collector', 'w1', 'django_libcascade', OWN),
    ('library, from Django, proven', 'w1', 'django_libcascade_proven', OWN)]
READS = [
    ('by hand, all in UNION ALL', 'w2', 'first_page_union', 'first_page'),
    ('by hand, a query for each relation', 'w2', 'first_page_each', 'first_page'),
    ('Django, a query for each relation', 'w2', 'django_pages', 'first_page'),
    ("Django's Collector, all keys", 'w2', 'django_collector', 'first_page'),
    ('with counts, by hand (1)', 'w2', 'counts_by_hand', 'counts'),
    ('all keys, by hand (1)', 'w2', 'all_keys_by_hand', 'all_keys'),
    ('a page of one relation, far behind, by hand (1)', 'w2', 'page_10000_by_hand', 'page_10000'),
    ('library, from Django', 'w2', 'django_libcascade_pages', 'first_page')]
FILLS = [
    ('by hand, one INSERT ... SELECT', 'w3', 'insert_select', OWN), ('Django, bulk_create() of 1,000', 'w3', 'django_fill', OWN),
    ('Django, get_or_create() of each', 'w3', 'get_or_create', OWN), ('library, a second pass', 'w3', 'second_pass', OWN),
    ('library through libdbi', 'w3', 'dbi_driver', OWN)]
SHORT = [
    ('delete: ON DELETE CASCADE', 'w1', 'cascade', OWN), ('the same, two indexes missing', 'w1b', 'cascade', OWN),
    ('delete: Django, QuerySet.delete()', 'w1', 'django', OWN),
    ('delete: ActiveRecord, destroy of each', 'w1', 'active_record', OWN),
    ('what refers to a row: Django', 'w2', 'django_pages', 'first_page'),
    ('back-fill: Django, get_or_create()', 'w3', 'get_or_create', OWN)]
LONGEST = [('library', OWN), ('library, proven', PROVEN), ('by hand, in batches', 'staged'),
           ('ON DELETE CASCADE, one statement', 'cascade')]
WORKLOADS = {  # title, rows of each, what it is
    'w1': ('Job history', 6, 'The older half of {size:,} runs of an automation server goes: 12 rows each in 8 tables, and 5 more '
           'tables whose references become NULL.'),
    'w1b': ('Job history without two indexes', 6, 'The same with {size:,} runs; two of the referencing columns have no index.'),
    'w2': ('What refers to one row', 0, 'One agent of 10,000 to whom 515 relations of 190 tables refer, {size:,} references in '
           'all. Nothing is deleted; a page has 20 keys, and one far behind is where page 10,000 is of 1,800,000 references. '
           'The time is that of a warm session, without reading the schema.'),
    'w3': ('Back-fill', 58, 'A table takes who may see {size:,} products, as members or by their teams: 58 rows each.'),
    'w4h': ('Detached census', 16, '{size:,} households are cut from an area that goes, and then purged, with 15 rows each on two '
            'more levels; as many stay. The library does it by its queue.')}
TOP = """# Performance {#performance}

How long the library takes, beside what one would write by hand, the database's own ON DELETE CASCADE, and other tools.
Everything on this page was written by one command, which also says on what machine: see @ref performance_again.

![Bars to the right of the line take longer than the library, bars to the left less long](performance_delete.svg)

![The same for reading what refers to a row, where nothing is deleted](performance_read.svg)

Every method works on a fresh copy of the same data, in a process of its own, and must leave exactly the rows that have to be
left. The methods take turns; seconds and statements are medians of the rounds, the longest transaction and the growth of the
process's memory are the worst round's. The library's time includes reading the schema. Where nothing is deleted, one database
serves all methods, which must find the same keys. Servers run with `fsync` on; their own memory does not count.

- **library**: integrity checked by the database, its foreign keys NO ACTION, every row deleted by the library's own statements.
  Where actions are **declared**, the database does what its ON DELETE actions say, batch by batch.
- **proven**: CASCADE_INTEGRITY_PROVEN, foreign keys NO ACTION unless actions are declared.
- **by hand, in batches**: 10,000 roots at a time with their keys in a list (SQLite: in a table); with the checks **off**, after
  their rows were locked.
- **by hand, one transaction, checks off**: the least that any way has to do with sets of keys.
- **ON DELETE CASCADE**: one DELETE of the roots in one long transaction.
"""
AHEAD = """\
SQL that was written by hand knows its tables beforehand: it reads no schema, looks at nothing before it begins, and refuses
nothing. ON DELETE CASCADE in one statement holds its locks to the end. On MariaDB, InnoDB clears up behind a COMMIT in the
background: after one long transaction it has all of that still to do when the clock has stopped; behind batches it does it
while they run, on the same processors.
"""
AGAIN = """## To measure again {#performance_again}

    tests/bench/figures.py

builds the benchmark, starts private servers, measures, and writes `performance.json`, this page and the charts into
`lib/doc/pages`. It takes about ten minutes; `--percent 10` makes the data smaller, `--only w2,workers` measures a part.
`tests/bench/report.py` makes the page from the JSON alone. One workload by itself, with all its methods: `tests/bench/bench w1
--engine postgresql --size 100000`; on servers that are there already, or for several runs on the same ones, `tests/servers run
--for benchmarks COMMAND`.
"""


def find(runs, workload, engine, *methods):
    return next((run for run in runs if (run['workload'], run['engine']) == (workload, engine) and
                 run['methods'].keys() >= set(methods)), None)


def ratios(runs, rows):
    """Of each row its words and, by engine, how many times as long as the library it takes."""
    for words, workload, method, beside in rows:
        found = {engine: find(runs, workload, engine, method, beside) for engine in ENGINES}
        yield words, {engine: run['methods'][method]['seconds'] / run['methods'][beside]['seconds']
                      for engine, run in found.items() if run}


def columns(head, rows):
    yield f"| {head} | {' | '.join(ENGINES.values())} |"
    yield f"|---|{'---:|' * len(ENGINES)}"
    for words, values in rows:
        if values:
            yield f"| {words} | {' | '.join(values.get(engine, '') for engine in ENGINES)} |"


def ratio_table(runs, rows):
    told = [(words, {engine: charts.number(ratio) for engine, ratio in values.items()}) for words, values in ratios(runs, rows)]
    return [*columns('times as long as the library', told), '']


def longest_table(runs):
    found = [(words, {engine: find(runs, 'w1', engine, method) for engine in ENGINES}, method) for words, method in LONGEST]
    told = [(words, {engine: f"{run['methods'][method]['longest_tx_s']:.2f}" for engine, run in of.items() if run})
            for words, of, method in found]
    return [*columns('seconds', told), '']


def slower(runs):
    """What others do faster, in words; whatever its size, by more than a tenth."""
    for words, values in ratios(runs, [*DELETES, *READS, *FILLS]):
        ahead = [f'{ENGINES[engine]} {charts.number(ratio)}' for engine, ratio in values.items() if ratio < .9]
        if ahead and not words.startswith('library'):
            yield f"- {words.removesuffix(' (1)')}: {', '.join(ahead)}"


def title(run):
    return f"{WORKLOADS[run['workload']][0]} on {ENGINES[run['engine']]}, {run['size']:,}"


def table(run):
    rows, order = WORKLOADS[run['workload']][1] * run['size'], list(METHODS)
    methods = sorted(run['methods'].items(), key=lambda item: order.index(item[0]))
    if not rows:
        yield '| method | milliseconds | statements | memory, KB |'
        yield '|---|---:|---:|---:|'
        for name, of in methods:
            yield f"| {METHODS[name]} | {1000 * of['seconds']:,.2f} | {of['statements']:,} | {of['rss_growth_kb']:,} |"
        return
    yield '| method | seconds | rows a second | statements | longest transaction, s | memory, KB |'
    yield '|---|---:|---:|---:|---:|---:|'
    for name, of in methods:
        yield (f"| {METHODS[name]} | {of['seconds']:.2f} | {rows / of['seconds']:,.0f} | {of['statements']:,} | "
               f"{of['longest_tx_s']:.2f} | {of['rss_growth_kb']:,} |")


def about(run):
    _, rows, words = WORKLOADS[run['workload']]
    told = f" {rows * run['size']:,} rows are {'inserted' if run['workload'] == 'w3' else 'deleted'}." if rows else ''
    rounds = f" Medians of {run['rounds']} rounds." if run['rounds'] > 1 else ' One round.'
    return words.format(size=run['size']) + told + rounds


def workers(measured):
    yield (f"{2 * measured['size']:,} rows that were detached, purged by workers on PostgreSQL, "
           f"{measured['round_trip_ms']:g} ms away from it:")
    yield ''
    yield '| workers | seconds | times as fast as one |'
    yield '|---:|---:|---:|'
    for of in measured['results']:
        yield f"| {of['workers']} | {of['seconds']:.2f} | {measured['results'][0]['seconds'] / of['seconds']:.2f} |"
    yield ''


def machine(figures):
    on, engines = figures['machine'], figures['machine']['engines']
    load = figures['load_before']
    idle = 'idle' if load <= on['processors'] / 2 else f'at work for others: load {load:g}, so that the figures say little'
    return (f"Measured on {figures['date']} on a machine with {on['processors']} processors and {on['memory_gb']} GB, "
            f"{on['system']}, "
            f"{', '.join(f'{name} {engines[engine]}' for engine, name in ENGINES.items())}; before, it was {idle}.")


def page(figures):
    runs, ahead = figures['runs'], list(slower(figures['runs']))
    lines = [TOP, machine(figures), '', '## Deletes', '', *ratio_table(runs, DELETES),
             '(1) beside the library with actions declared.', '',
             'The longest transaction, which is how long others may have to wait. Up to `max_tx_rows`, 50,000 rows, a purge is'
             ' one;',
             'beyond that, its batches do not grow with the data, and ON DELETE CASCADE does:', '',
             *longest_table(runs), '## What refers to a row', '', *ratio_table(runs, READS),
             '(1) beside the same from the library; all others beside its first page of each relation.', '',
             '## Back-fill', '', *ratio_table(runs, FILLS)]
    if figures['workers']:
        lines += ['## Several workers', '', *workers(figures['workers'])]
    if ahead:
        lines += ['## Where others are faster', '', 'Times as long as the library, of what takes less than nine tenths:', '',
                  *ahead, '', AHEAD]
    lines += ['## All figures', '']
    for run in runs:
        lines += [f'### {title(run)}', '', about(run), '', *table(run), '']
    return '\n'.join([*lines, AGAIN])


def write(folder):
    figures = json.loads((folder / 'performance.json').read_text(encoding='utf-8'))
    (folder / 'performance.md').write_text(page(figures), encoding='utf-8')
    for name, words, rows in (('delete', 'Deletes: how many times as long as the library', DELETES),
                              ('read', 'What refers to a row: how many times as long as the library', READS),
                              ('short', 'How many times as long as the library', SHORT)):
        told = [(words.removesuffix(' (1)'), values) for words, values in ratios(figures['runs'], rows)]
        if any(values for _, values in told):
            (folder / f'performance_{name}.svg').write_text(charts.chart(words, told, ENGINES), encoding='utf-8')


if __name__ == '__main__':
    if len(sys.argv) > 2 or sys.argv[1:2] in (['-h'], ['--help']):
        sys.exit(__doc__)
    write(pathlib.Path(sys.argv[1]) if sys.argv[1:] else PAGES)
