#!/usr/bin/python3
"""figures.py [--percent N] [--only WORKLOAD,...] [--into DIRECTORY]

Measures what the page on performance shows, on servers that it starts, and writes performance.json, the page and its charts into
lib/doc/pages or the DIRECTORY. Takes about ten minutes on a quiet machine with two processors; --percent makes the data smaller,
or larger. A tool whose Debian packages are missing is left out, and named."""
import argparse
import datetime
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import time

import report

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LEAST = 60  # of any size
PACKAGES = {'django': ['python3-django', 'python3-psycopg2', 'python3-mysqldb'], 'active_record': ['ruby-activerecord', 'ruby-pg'],
            'hannigan': ['ruby-activerecord', 'ruby-pg', 'ruby-sqlite3'], 'get_or_create': ['python3-django'],
            'pt_archiver': ['percona-toolkit']}
OWN = 'native_driver,dbi_driver,staged,cascade,limit'
PROVEN, DECLARED = 'native_driver_proven', 'native_driver_delegated'
BARE = f'native_driver,cascade,{PROVEN}'
DJANGO = ['django', 'django_libcascade', 'django_libcascade_proven']
DJANGO_READS = ['django_pages', 'django_collector', 'django_libcascade_pages']
READS = 'first_page,first_page_dbi,first_page_union,first_page_each,page_1,page_10000,page_10000_by_hand,all_keys,' \
        'all_keys_by_hand,counts,counts_by_hand,probe,trap,trap_by_hand'
FILL = 'native_driver,dbi_driver,second_pass,insert_select'
# workload, engine, size, rounds, methods, peers; what goes row by row, and is slow, has a smaller size of its own
RUNS = [
    ('w1', 'sqlite', 40000, 3, f'{OWN},{PROVEN}', []),
    ('w1', 'postgresql', 30000, 3, f'native_driver,dbi_driver,staged,cascade,{DECLARED},{PROVEN}', []),
    ('w1', 'mariadb', 20000, 3, f'native_driver,staged,cascade,cascade_batched,{DECLARED}', []),
    ('w1', 'sqlite', 10000, 3, f'native_driver,{PROVEN}', DJANGO),
    ('w1', 'postgresql', 10000, 1, f'native_driver,{PROVEN}', DJANGO),
    ('w1', 'postgresql', 2000, 1, 'native_driver', ['active_record']),
    ('w1', 'mariadb', 10000, 1, DECLARED, ['+pt_archiver']),
    ('w1b', 'sqlite', 4000, 1, BARE, []),
    ('w1b', 'postgresql', 4000, 1, BARE, []),
    ('w2', 'sqlite', 300000, 3, READS, DJANGO_READS),
    ('w2', 'postgresql', 300000, 3, READS, DJANGO_READS),
    ('w2', 'mariadb', 150000, 3, READS, DJANGO_READS),
    ('w3', 'sqlite', 4000, 3, FILL, ['django_fill']),
    ('w3', 'postgresql', 2000, 3, FILL, ['django_fill']),
    ('w3', 'mariadb', 2000, 3, FILL, []),
    ('w3', 'sqlite', 60, 1, FILL, ['get_or_create']),
    ('w3', 'postgresql', 60, 1, FILL, ['get_or_create']),
    ('w4h', 'sqlite', 500, 1, f'native_driver,{PROVEN}', ['hannigan']),
    ('w4h', 'postgresql', 500, 1, f'native_driver,{PROVEN}', ['hannigan'])]
WORKERS = 100000


def is_there(package):
    done = subprocess.run(['dpkg-query', '-W', '-f', '${db:Status-Status}', package], capture_output=True, text=True, check=False)
    if done.stdout != 'installed':
        print(f'figures.py: the package {package} is missing', file=sys.stderr)
    return done.stdout == 'installed'


def usable(peer):
    return all(is_there(package) for package in PACKAGES[peer.lstrip('+') if peer.lstrip('+') in PACKAGES else 'django'])


def said(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def bench(workload, engine, size, rounds, methods, peers):
    words = []
    for peer in filter(usable, peers):
        words += ['--peer-on-actions' if peer.startswith('+') else '--peer', str(HERE / 'peers' / peer.lstrip('+'))]
    return json.loads(said(HERE / 'bench', workload, '--engine', engine, '--size', str(size), '--rounds', str(rounds),
                           '--methods', methods, '--json', *words))


def workers(size):
    drivers = ':'.join(str(ROOT / f'build-bench/lib/driver/{name}') for name in ('sqlite3', 'pq', 'mariadb'))
    os.environ['LIBCASCADE_DRIVERS'] = drivers
    return json.loads(said(HERE / 'workers.py', str(ROOT / 'build-bench/examples/cli/cascade'), '--size', str(size),
                           '--workers', '1,2,4', '--json'))


def machine():
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    postgres = sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin/postgres'), key=lambda path: int(path.parts[4]))[-1]
    maria = re.search(r'[\d.]+-MariaDB', said('mariadbd', '--version'))[0]
    system = dict(line.rstrip().split('=', 1) for line in open('/etc/os-release', encoding='utf-8') if '=' in line)
    return {'processors': os.cpu_count(), 'memory_gb': round(memory), 'system': system.get('PRETTY_NAME', 'Linux').strip('"'),
            'engines': {'sqlite': sqlite3.sqlite_version, 'postgresql': said(postgres, '--version').split()[2],
                        'mariadb': maria.removesuffix('-MariaDB')}}


def measure(percent, only):
    load, runs, queue = os.getloadavg()[0], [], None
    for workload, engine, size, rounds, methods, peers in RUNS:
        if only and workload not in only:
            continue
        began, outcome = time.monotonic(), ''
        try:
            runs.append(bench(workload, engine, max(LEAST, size * percent // 100), rounds, methods, peers))
        except subprocess.CalledProcessError:
            outcome = ', FAILED and left out'
        print(f'{workload} on {engine}: {time.monotonic() - began:.0f} s{outcome}', file=sys.stderr, flush=True)
    if not only or 'workers' in only:
        queue = workers(max(LEAST, WORKERS * percent // 100))
    return {'date': datetime.date.today().isoformat(), 'machine': machine(), 'load_before': round(load, 1), 'runs': runs,
            'workers': queue}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument('--percent', type=int, default=100)
    parser.add_argument('--only', type=lambda text: text.split(','), default=[])
    parser.add_argument('--into', type=pathlib.Path, default=report.PAGES)
    given = parser.parse_args()
    if not (os.environ.get('CASCADE_TEST_PG') and os.environ.get('CASCADE_TEST_MARIADB')):
        os.execv(ROOT / 'tests/servers', ['servers', 'run', '--for', 'benchmarks', *sys.argv])
    figures = measure(given.percent, given.only)
    (given.into / 'performance.json').write_text(json.dumps(figures, indent=1) + '\n', encoding='utf-8')
    report.write(given.into)


if __name__ == '__main__':
    main()
