#!/usr/bin/python3
"""report.py [--into DIRECTORY] [--note TEXT] FILE.json...

Turns what `bench --json` prints into performance.md and performance.svg, in lib/doc/pages or the DIRECTORY. Files of the same
workload, engine and size are put together. The TEXT is said about the machine."""
import html
import json
import os
import pathlib
import sys

PAGES = pathlib.Path(__file__).resolve().parents[2] / 'lib/doc/pages'
ENGINES = {'sqlite': 'SQLite', 'postgresql': 'PostgreSQL', 'mariadb': 'MariaDB'}
PEERS = {'django': 'Django, QuerySet.delete()', 'django_libcascade': 'Django, the library as collector',
         'django_libcascade_proven': 'Django, purge(proven=True)', 'django_libcascade_pages': 'Django, blockers()',
         'active_record': 'ActiveRecord, destroy of each',
         'pt_archiver': 'pt-archiver, actions declared', 'django_pages': 'Django, a query for each relation',
         'django_collector': "Django's Collector, all keys",
         'django_fill': 'Django, bulk_create() of 1,000', 'get_or_create': 'Django, get_or_create() of each',
         'hannigan': 'ActiveRecord, nullify, then destroy of each'}
SAMPLED = {'get_or_create', 'hannigan'}  # peers/run gives them a size of their own
READS = {  # in the order of the report
    'first_page': 'first pages, library',
    'first_page_dbi': 'first pages, library through libdbi',
    'first_page_union': 'first pages, by hand, UNION ALL',
    'first_page_each': 'first pages, by hand, a query for each relation',
    'counts_capped': 'first pages and counts to 1,000, library',
    'counts_capped_by_hand': 'first pages and counts to 1,000, by hand',
    'counts': 'first pages and counts, library',
    'counts_by_hand': 'first pages and counts, by hand',
    'probe': 'whether anything refers to it, library',
    'probe_unreferred': 'the same of a row to which nothing does',
    'page_1': 'page 1 of one relation, library',
    'page_10000': 'page 10,000 of it, library',
    'page_10000_by_hand': 'page 10,000 of it, by hand',
    'trap': "rows at the table's end, library",
    'trap_stale': 'the same, statistics stale',
    'trap_unknown': 'the same, no statistics',
    'trap_by_hand': "rows at the table's end, by hand",
    'all_keys': 'all keys, library',
    'all_keys_dbi': 'all keys, library through libdbi',
    'all_pages': 'all keys in pages of 20,000, library',
    'all_keys_by_hand': 'all keys, by hand'}
METHODS = {  # in the order of the report
    'native_driver': 'library',
    'second_pass': 'library, a second pass',
    'insert_select': 'by hand, one INSERT ... SELECT',
    'native_driver_delegated': 'library, actions declared',
    'native_driver_proven': 'library, proven',
    'native_driver_delegated_proven': 'library, proven, actions declared',
    'dbi_driver': 'library through libdbi',
    'dbi_driver_delegated': 'library through libdbi, actions declared',
    'dbi_driver_proven': 'library through libdbi, proven',
    'staged': 'by hand, in batches',
    'staged_unchecked': 'by hand, in batches, checks off',
    'limit': 'by hand, one transaction, checks off',
    'cascade_batched': 'ON DELETE CASCADE, 1,000 roots at a time',
    'cascade': 'ON DELETE CASCADE, one statement', **READS, **PEERS}
WORKLOADS = {
    'w1': ('Job history', 6, 'The older half of {size:,} runs of an automation server goes: 12 rows each in 8 tables, and 5 more '
           'tables whose references become NULL.'),
    'w1s': ('Scattered job history', 6, 'The same with {size:,} runs, where the older ones are strewn among the younger.'),
    'w1b': ('Job history without two indexes', 6, 'The same with {size:,} runs; two of the referencing columns have no index.'),
    'w2': ('What refers to one row', 0, 'One agent of 10,000 to whom 515 relations of 190 tables refer, {size:,} references in all. '
           'Nothing is deleted; a page has 20 keys. The time is that of a warm session, without reading the schema.'),
    'w2u': ('What refers to one row, without indexes', 0, 'The same with {size:,} references and no index on any referencing '
            'column.'),
    'w3': ('Back-fill', 58, 'A table takes who may see {size:,} products, as members or by their teams: 58 rows each.'),
    'w4': ('Census', 16, '{size:,} households that belong to no area any more go, with 15 rows each on two more levels; as many '
           'stay.'),
    'w4h': ('Detached census', 16, '{size:,} households are cut from an area that goes, and then purged, with 15 rows each on two more '
            'levels; as many stay. The library does it by its queue.')}
TOP = """# Performance {#performance}

What the library takes for a delete, beside what one would write by hand and the database's own ON DELETE CASCADE. Every method
works on a fresh copy of the same data, in a process of its own, and must leave exactly the rows that have to be left. The methods
take turns; seconds and statements are medians of the rounds, the longest transaction and the growth of the process's memory are the
worst round's. The library's time includes reading the schema. Where nothing is deleted, one database serves all methods, which must
find the same keys. Servers run with `fsync` on; their own memory does not count.

- **library**: integrity checked by the database, its foreign keys NO ACTION, every row deleted by the library's own statements.
  Where actions are **declared**, the database does what its ON DELETE actions say, batch by batch.
- **proven**: CASCADE_INTEGRITY_PROVEN, foreign keys NO ACTION unless actions are declared.
- **by hand, in batches**: 10,000 roots at a time with their keys in a list (SQLite: in a table); with the checks **off**, after
  their rows were locked.
- **by hand, one transaction, checks off**: the least that any way has to do with sets of keys.
- **ON DELETE CASCADE**: one DELETE of the roots in one long transaction.

![Seconds of each method](performance.svg)
"""
PURGE = """InnoDB clears up behind a COMMIT in the background. After ON DELETE CASCADE in one transaction it has all of that still
to do when the clock has stopped; behind batches it does it while they run, on the same processors.
"""


def label(method):
    return METHODS.get(method, method)


def order(method):
    return list(METHODS).index(method) if method in METHODS else len(METHODS)


def read(paths):
    runs = {}
    for path in paths:
        run = json.loads(pathlib.Path(path).read_text(encoding='utf-8'))
        known = runs.setdefault((run['workload'], run['engine'], run['size']), run)
        known['methods'].update(run['methods'])
    rank = list(WORKLOADS), list(ENGINES)
    return sorted(runs.values(), key=lambda run: (rank[0].index(run['workload']), rank[1].index(run['engine']), run['size']))


def methods_of(run):
    return sorted(run['methods'].items(), key=lambda item: order(item[0]))


def reads(run):
    return not WORKLOADS[run['workload']][1]


def title(run):
    return f"{WORKLOADS[run['workload']][0]} on {ENGINES[run['engine']]}, {run['size']:,}"


def done(run):
    return 'inserted' if run['workload'] == 'w3' else 'deleted'


def table(run):
    if reads(run):
        yield '| method | milliseconds | statements | memory, KB |'
        yield '|---|---:|---:|---:|'
        for name, numbers in methods_of(run):
            yield f"| {label(name)} | {1000 * numbers['seconds']:,.2f} | {numbers['statements']:,} | {numbers['rss_growth_kb']:,} |"
        return
    cascade = run['methods'].get('cascade', {}).get('seconds')
    rows = WORKLOADS[run['workload']][1] * run['size']
    yield '| method | seconds | rows a second | to ON DELETE CASCADE | statements | longest transaction, s | memory, KB |'
    yield '|---|---:|---:|---:|---:|---:|---:|'
    for name, numbers in methods_of(run):
        share = f"{numbers['seconds'] / cascade:.3g}" if cascade else ''
        yield (f"| {label(name)} | {numbers['seconds']:.2f} | {rows / numbers['seconds']:,.0f} | {share} | {numbers['statements']:,} | "
               f"{numbers['longest_tx_s']:.2f} | {numbers['rss_growth_kb']:,} |")


def machine():
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    system = dict(line.rstrip().split('=', 1) for line in open('/etc/os-release', encoding='utf-8') if '=' in line)
    return f"{os.cpu_count()} processors, {memory:.0f} GB, {system.get('PRETTY_NAME', 'Linux').strip(chr(34))}"


def page(runs, note):
    lines = [TOP, ' '.join([f'Measured on a machine with {machine()}.', *note]), '']
    for run in runs:
        _, rows, about = WORKLOADS[run['workload']]
        told = f" {rows * run['size']:,} rows are {done(run)}." if rows else ''
        lines += [f'## {title(run)}', '', about.format(size=run['size']) + told, '']
        lines += [*table(run), '']
        lines += [PURGE] if run['engine'] == 'mariadb' and 'native_driver_delegated' in run['methods'] else []
    lines += ['## To measure again', '', '    cd libcascade', *commands(runs), '']
    return '\n'.join(lines)


def commands(runs):
    files, told, sampled = [], [], []
    for run in runs:
        if SAMPLED & run['methods'].keys():
            files.append(f"peers-{run['workload']}-{run['engine']}{'-sample' * (run['workload'] == 'w3')}.json")
            sampled = ['    tests/bench/peers/run']
            continue
        if PEERS.keys() & run['methods'].keys():
            files.append(f"peers-{run['workload']}-{run['engine']}.json")
            line = f"    tests/bench/peers/run {int(run['size'] * {'w2': 1 / 90, 'w3': 10}.get(run['workload'], 1))}"
        else:
            files.append(f"{run['workload']}-{run['engine']}-{run['size']}.json")
            line = (f"    tests/bench/bench {run['workload']} --engine {run['engine']} --size {run['size']} "
                    f"--rounds {run['rounds']} --json > {files[-1]}")
        told += [line] if line not in told else []
    if not any(sampled[0] in line for line in told for _ in sampled):
        told += sampled
    return [*told, f"    tests/bench/report.py {' '.join(files)}"]


def color(method):
    return '#2f6db5' if method.startswith(('native', 'dbi')) or method in ('first_page', 'first_page_dbi') else '#b5542f' if method == 'cascade' else '#8a8f98'


def chart(runs):
    """A panel of bars for each run, on a scale of its own; of those that read, for the first pages."""
    left, width, step, top = 310, 520, 22, 12
    parts, y = [], top
    for run in runs:
        y += step
        parts.append(f'<text x="8" y="{y}" font-weight="bold">{html.escape(title(run))}</text>')
        shown = [(name, numbers) for name, numbers in methods_of(run)
                 if not reads(run) or name.startswith('first_page') or name == 'django_pages']
        longest = max((numbers['seconds'] for _, numbers in shown), default=1)
        for name, numbers in shown:
            y += step
            bar = max(1, width * numbers['seconds'] / longest)
            parts.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{html.escape(label(name))}</text>')
            parts.append(f'<rect x="{left}" y="{y - 13}" width="{bar:.1f}" height="16" fill="{color(name)}"/>')
            parts.append(f'<text x="{left + bar + 6:.1f}" y="{y}">{numbers["seconds"]:.{3 if reads(run) else 2}f} s</text>')
        y += step // 2
    size = f'width="{left + width + 90}" height="{y + top}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13" fill="#24292f">\n'
            '<rect width="100%" height="100%" fill="#ffffff"/>\n' + '\n'.join(parts) + '\n</svg>\n')


def main(paths):
    pages, note = PAGES, []
    while len(paths) > 1 and paths[0] in ('--into', '--note'):
        if paths[0] == '--into':
            pages = pathlib.Path(paths[1])
        else:
            note = [paths[1]]
        paths = paths[2:]
    if not paths or paths[0].startswith('-'):
        print(__doc__, file=sys.stderr)
        return 2
    runs = read(paths)
    (pages / 'performance.md').write_text(page(runs, note), encoding='utf-8')
    (pages / 'performance.svg').write_text(chart(runs), encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
