#!/usr/bin/python3
"""The differential suite: random databases, deleted from by the database's own cascade and by the library.

  run.py ENGINE [--seeds A-B] [--keep DIR] [--jobs N] [--no-command]

ENGINE is sqlite, postgresql or mariadb; the latter two need servers: tests/servers run tests/differential/run.py ...
Each seed is a schema with rows and rows to delete. The database runs on a copy with real ON DELETE actions; the library runs
with the same rules as a policy on copies with NO ACTION, with deferred constraints, without constraints, with the
actions (default policy) and with other actions than the rules; by both drivers; whole, in small batches, proven, inside
a transaction of the host, and held to a plan. Rows are compared table by table with the set model, which the database's own
result confirms. Every fourth seed runs in the locale of Turkey, where 1.5 is written 1,5 and I is no capital i.
CASCADE_QUICK=1 runs 40 seeds instead of 300. LIBCASCADE_PATH, LIBCASCADE_DRIVERS and CASCADE say where the library, its
drivers and the command are.
--keep leaves every copy, of a server the databases of the last seed, with the policy, for looking at a failure by hand.
"""
import argparse
import collections
import json
import locale
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'support')]

import cascade_ctypes  # noqa: E402
import cases  # noqa: E402
import checks  # noqa: E402
import engines  # noqa: E402
from scratch import IN_MEMORY  # noqa: E402

TURKISH = 'tr_TR.UTF-8'
PATIENCE = 60  # seconds for one step, under a sanitizer too


def work(seeds, out, options, directory):
    """A worker process: runs seeds, writes one JSON line for every start, step and end."""
    library = cascade_ctypes.Library()
    engine, place = options.engine, engines.place(options.engine, f'{options.started}_{seeds[0]}' if seeds else '')
    say = lambda **what: os.write(out, (json.dumps(what) + '\n').encode())
    for seed in seeds:
        say(start=seed)
        files = os.path.join(directory, str(seed))
        os.makedirs(files, exist_ok=True)
        case = cases.make(seed, engine)
        locale.setlocale(locale.LC_ALL, TURKISH if seed % 4 == 3 else 'C.UTF-8')
        say(step='making the copies')
        check = checks.Check(case, place, files, library)
        check.step = lambda text: say(step=text)
        native = check.native() if case.native_rules else 'rules that it lacks'
        program = options.command if seed % 10 == 0 or options.keep else None
        check.everything(program)
        if options.keep:
            with open(os.path.join(files, 'policy.json'), 'w', encoding='utf-8') as f:
                f.write(check.policy)
        else:
            shutil.rmtree(files)
        place.end()
        say(end=seed, failures=check.failures, refusals=check.refusals, runs=check.runs, native=native,
            profile=case.profile,
            blocked=check.outcome('plain').blocked, deleted=check.outcome('plain').deleted_count)
    place.close()


class Worker:
    def __init__(self, seeds, options, directory):
        self.seeds, self.options, self.directory = seeds, options, directory
        self.seed = self.step = None
        self.buffer = b''
        self.heard = time.time()
        self.start()

    def start(self):
        self.fd, out = os.pipe()
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.fd)
            status = 0
            try:
                work(self.seeds, out, self.options, self.directory)
            except BaseException:
                import traceback
                traceback.print_exc()
                status = 1
            os._exit(status)
        os.close(out)

    def lines(self):
        """Messages that have come; None when the process has ended."""
        data = os.read(self.fd, 1 << 16)
        self.heard = time.time()
        if not data:
            return None
        *lines, self.buffer = (self.buffer + data).split(b'\n')
        return [json.loads(x) for x in lines]

    def ended(self):
        """Reaps the process: what killed it, or None. Seeds after the one that it was at are left in self.seeds."""
        os.close(self.fd)
        _, status = os.waitpid(self.pid, 0)
        if status == 0:
            return None
        at = self.seeds.index(self.seed) if self.seed in self.seeds else len(self.seeds)
        self.seeds = self.seeds[at + 1:]
        code = os.waitstatus_to_exitcode(status)
        return signal.Signals(-code).name if code < 0 else f'exit code {code}'


def run(seeds, options, directory):
    counts, failures = collections.Counter(), []
    workers = [Worker(seeds[i::options.jobs], options, directory) for i in range(options.jobs)
        if seeds[i::options.jobs]]
    while workers:
        ready, _, _ = select.select([w.fd for w in workers], [], [], 1)
        for w in workers:
            if w.fd not in ready and time.time() - w.heard > PATIENCE:
                w.heard = time.time()
                os.kill(w.pid, signal.SIGKILL)
        for w in [w for w in workers if w.fd in ready]:
            messages = w.lines()
            if messages is None:
                killed = w.ended()
                if killed:
                    failures.append(dict(seed=w.seed, profile='', where=w.step, kind='crash', text='no end in sight'
                        if killed == 'SIGKILL' else killed))
                    report(failures[-1])
                if killed and w.seeds:
                    w.buffer = b''
                    w.start()
                else:
                    workers.remove(w)
                continue
            for m in messages:
                if 'start' in m:
                    w.seed, w.step = m['start'], 'generating'
                elif 'step' in m:
                    w.step = m['step']
                else:
                    count(counts, m)
                    failures += m['failures']
                    for f in m['failures'][:3]:
                        report(f)
    return counts, failures


def count(counts, m):
    counts['seeds'] += 1
    counts['runs of the library'] += m['runs']
    counts['seeds that must be refused' if m['blocked'] else 'seeds that must succeed'] += 1
    counts['its own actions: ' + m['native']] += 1
    counts['rows in closures'] += m['deleted']
    for status, n in m['refusals'].items():
        counts[f'small batches: {status}'] += n


def report(f):
    print(f"FAILED seed {f['seed']} ({f['profile']}) {f['where']}: {f['kind']}: {f['text']}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('engine', choices=engines.NAMES)
    parser.add_argument('--seeds', default='0-39' if os.environ.get('CASCADE_QUICK') == '1' else '0-299')
    parser.add_argument('--keep', metavar='DIR')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    parser.add_argument('--no-command', action='store_true')
    options = parser.parse_args()
    options.command = None if options.no_command else os.environ['CASCADE']
    first, _, last = options.seeds.partition('-')
    if 'LIBCASCADE_PATH' not in os.environ:
        parser.error('LIBCASCADE_PATH must name the library')
    if missing := engines.missing(options.engine):
        sys.exit(f'run.py: {missing}')
    options.engine, options.started = engines.find(options.engine), os.getpid()
    seeds = list(range(int(first), int(last or first) + 1))
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
        directory = options.keep
    else:
        directory = tempfile.mkdtemp(prefix='differential-', dir=IN_MEMORY)
    started = time.time()
    subprocess.run(['localedef', '-i', 'tr_TR', '-f', 'UTF-8', os.path.join(directory, TURKISH)], check=True)
    os.environ['LOCPATH'] = directory
    try:
        counts, failures = run(seeds, options, directory)
    finally:
        if not options.keep:
            shutil.rmtree(directory, ignore_errors=True)
    for text, n in sorted(counts.items()):
        print(f'{n:8} {text}')
    kinds = collections.defaultdict(set)
    for f in failures:
        kinds[f['kind']].add(f['seed'])
    for kind, bad in sorted(kinds.items()):
        print(f'{len(bad):8} seeds FAILED: {kind}, the smallest {min(bad)}')
    print(f'{"FAILED" if failures else "passed"} after {time.time() - started:.1f} s')
    return 1 if failures or counts['seeds'] != len(seeds) else 0


if __name__ == '__main__':
    sys.exit(main())
