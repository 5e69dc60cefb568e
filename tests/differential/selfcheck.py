#!/usr/bin/python3
"""Does the differential suite notice what is wrong?    selfcheck.py sqlite|postgresql|mariadb

First the set model against the database's own cascade. Then purges that make one mistake each: the random cases must be rich
enough to tell every one of them from a right one. Then results that are damaged by hand: all must be reported.
"""
import collections
import os
import pickle
import sys
import tempfile
import types
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '..', 'support')]

import cases  # noqa: E402
import cascade_ctypes  # noqa: E402
import checks  # noqa: E402
import copies  # noqa: E402
import engines  # noqa: E402
import model  # noqa: E402
import values  # noqa: E402
from scratch import IN_MEMORY  # noqa: E402

ENGINE = engines.find(sys.argv.pop(1) if sys.argv[1:] and sys.argv[1] in engines.NAMES else 'sqlite')
SEEDS = range(0, 88 if os.environ.get('CASCADE_QUICK') == '1' else 330)
OWN_RULES = [seed for seed in range(1320) if cases.PROFILES[seed % len(cases.PROFILES)][0]
    in ('own rules', 'declared')]
DAMAGED = range(0, 44)


def without(case, unwanted):
    case.relations = [f for f in case.relations if not unwanted(f)]


def ruled(case, rule, instead):
    for f in case.relations:
        if f.rule == rule:
            f.rule = instead


def first_column_only(case):
    for f in case.relations:
        f.columns, f.ref_columns = f.columns[:1], f.ref_columns[:1]


def primary_key_only(case):
    for f in case.relations:
        if f.parent.key and len(f.parent.key) == len(f.ref_columns):
            f.ref_columns = f.parent.key


def predicates_ignored(case):
    for f in case.relations:
        f.where = None


def last_forgotten(case):
    case.relations = case.relations[:-1]


def no_defaults(case):
    for t in case.tables:
        for c in t.columns.values():
            c.default = values.NO_DEFAULT


def no_collations(case):
    for t in case.tables:
        for c in t.columns.values():
            c.collation = ''


def child_collations(case):
    for f in case.relations:
        for c, k in zip(f.columns, f.ref_columns):
            f.parent.columns[k].collation = f.child.columns[c].collation


def no_affinity(case):
    for t in case.tables:
        for c in t.columns.values():
            c.declared = ''


def no_lists(case):
    for f in case.relations:
        f.set_columns = None


def nothing_not_null(case):
    for t in case.tables:
        for c in t.columns.values():
            c.nullable = True


def null_is_a_value(case):
    for f in case.relations:
        f.key_of = lambda found, f=f: None if set(found) == {None} else tuple(
            v if v is None else f.parent.columns[c].comparable(v)
            for v, c in zip(found, f.ref_columns))


MISTAKES = {
    'the last relation is forgotten': last_forgotten,
    'self references are skipped': lambda case: without(case, lambda f: f.child is f.parent),
    'only the first column of a key is compared': first_column_only,
    'every reference is taken to mean the primary key': primary_key_only,
    'SET NULL is forgotten': lambda case: without(case, lambda f: f.rule == 'SET NULL'),
    'SET NULL is taken for CASCADE': lambda case: ruled(case, 'SET NULL', 'CASCADE'),
    'SET DEFAULT is taken for SET NULL': no_defaults,
    'RESTRICT is forgotten': lambda case: without(case, lambda f: f.rule == 'RESTRICT'),
    'NO ACTION is forgotten': lambda case: without(case, lambda f: f.rule == 'NO ACTION'),
    'RESTRICT is taken for PROTECT': lambda case: (ruled(case, 'RESTRICT', 'PROTECT'),
    ruled(case, 'NO ACTION', 'PROTECT')),
    'PROTECT is taken for RESTRICT': lambda case: ruled(case, 'PROTECT', 'RESTRICT'),
    'predicates of relations are ignored': predicates_ignored,
    'collations are ignored': no_collations,
    'NULL in a key of several columns is a value': null_is_a_value,
    'NOT NULL is ignored': nothing_not_null,
}
ONE_LEVEL = 'only one level is followed'

if not ENGINE.same_collation:
    MISTAKES["the child's collation is used"] = child_collations
if ENGINE.name == 'sqlite':
    MISTAKES['affinity is ignored'] = no_affinity
if ENGINE.lists:
    MISTAKES['lists of columns are ignored'] = no_lists


def seen(frozen, mistake=None):
    """What a test sees: refused or not, and the rows left. A mistake changes the case that the model works on."""
    right, case = pickle.loads(frozen), pickle.loads(frozen)
    if mistake:
        mistake(case)
    m = model.outcome(case, listed=True)
    m.rows = {mine: m.rows[t] for mine, t in zip(right.tables, case.tables)}
    return m.blocked, copies.expected(right, m)


class Placed(unittest.TestCase):
    """With copies in a place, and a directory for files."""
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(dir=IN_MEMORY)
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name
        self.place = engines.place(ENGINE, f'self_{os.getpid()}')
        self.addCleanup(self.place.close)


class Mistakes(Placed):
    def test_model_agrees_with_the_database(self):
        """Of MariaDB, which does not look ahead, less is asked."""
        agree = asked = 0
        for seed in SEEDS:
            case = cases.make(seed, ENGINE)
            if not case.native_rules:
                continue
            check = checks.Check(case, self.place, self.directory, None)
            agree += check.native() == 'agree'
            asked += 1
            self.assertEqual(check.failures, [])
            self.place.end()
        self.assertGreater(agree, asked * .7)

    def test_every_mistake_is_seen(self):
        """Each in three cases, or in fewer when so many show no more."""
        missing = dict.fromkeys([*MISTAKES, ONE_LEVEL], 3)
        tried = 0
        for seed in [*SEEDS, *OWN_RULES, *range(SEEDS.stop, 660)]:
            case = cases.make(seed, ENGINE)
            if sum(len(t.rows) for t in case.tables) > 80:
                continue
            tried += 1
            frozen = pickle.dumps(case)
            right = seen(frozen)
            for text in list(missing):
                with mock.patch.object(model, 'closure', self.one_level if text == ONE_LEVEL else model.closure):
                    missing[text] -= seen(frozen, MISTAKES.get(text)) != right
                if not missing[text]:
                    del missing[text]
            if not missing:
                break
        print(f'{tried} cases show every mistake' + ''.join(f', "{text}" {3 - n} times' for text, n in missing.items()))
        self.assertEqual([text for text, n in missing.items() if n == 3], [])

    @staticmethod
    def one_level(case, index, deleted):
        deleted[case.root_table].update(case.roots)
        for f in case.relations:
            if f.parent is case.root_table and f.rule == 'CASCADE':
                for i in case.roots:
                    deleted[f.child].update(index[f].get(f.target(f.parent.rows[i]), ()))


class Damage(Placed):
    """Results that are right but for one thing."""
    def leave(self, check, m, damage=None):
        """Writes the rows that the outcome leaves, then damages them."""
        self.place.refill('none')
        if not m.blocked:
            self.place.overwrite('none', m.rows)
        if damage:
            self.place.execute('none', damage)

    def said(self, check, m, status=None):
        failure = cascade_ctypes.Failure(status, 'made up') if status else None
        tables = {t.name: (len(m.deleted[t]), 0) for t in check.case.tables if m.deleted[t]}
        return types.SimpleNamespace(failure=failure, prepared=not failure, deleted=m.deleted_count,
            updated=m.updates, finished=True, tables=tables,
                                     batches=[(m.deleted_count, m.updates)])

    def found(self, check, purge):
        check.failures = []
        check.result('none', purge)
        return [f['kind'] for f in check.failures]

    def test_damage_is_reported(self):
        done = collections.Counter()
        for seed in DAMAGED:
            check = checks.Check(cases.make(seed, ENGINE), self.place, self.directory, None)
            m = check.outcome('none')
            if m.flags & checks.LENIENT:
                continue
            self.leave(check, m)
            if m.blocked:
                self.assertEqual(self.found(check, self.said(check, m, 'CASCADE_BLOCKED')), [], seed)
                self.assertTrue(self.found(check, self.said(check, m)), f'seed {seed}: success where a refusal was due')
                self.assertTrue(self.found(check, self.said(check, m, 'CASCADE_CYCLE')),
                    f'seed {seed}: refused for another reason')
                done['refusals'] += 1
            else:
                self.assertEqual(self.found(check, self.said(check, m)), [], seed)
                self.numbers(check, m)
                done['numbers'] += 1
            for text, damage in self.damages(check.case, m):
                status = 'CASCADE_BLOCKED' if m.blocked else None
                self.leave(check, m, damage)
                self.assertTrue(self.found(check, self.said(check, m, status)), f'seed {seed}: {text}')
                done[text] += 1
        print(dict(done))
        self.assertGreater(min(done.values()), 2)
        self.assertEqual(len(done), 6)

    def numbers(self, check, m):
        for wrong in (dict(deleted=m.deleted_count + 1), dict(updated=m.updates + 1), dict(finished=False),
                dict(batches=[]), dict(tables={'x': (1, 0)})):
            purge = self.said(check, m)
            vars(purge).update(wrong)
            if wrong != dict(batches=[]) or m.deleted_count:
                self.assertTrue(self.found(check, purge), wrong)

    def damages(self, case, m):
        """(what, how) of everything that can be damaged here."""
        quote, literal = ENGINE.quote, ENGINE.literal
        for t in case.tables:
            table, seq = quote(t.name), quote(t.seq)
            left = [row for row in m.rows[t]]
            columns = [c.name for c in t.columns.values() if not c.generated]
            if left:
                yield 'a row too many deleted', f'DELETE FROM {table} WHERE {seq} = {left[0][t.seq]}'
                other = literal(b'\0') if ENGINE.row_ids else "'x'"
                yield 'another value', f'UPDATE {table} SET {quote(t.note)} = {other} WHERE {seq} = {left[-1][t.seq]}'
            if m.blocked:
                continue
            for i in list(m.deleted[t])[:1]:
                row = ', '.join(literal(t.rows[i][c]) for c in columns)
                yield 'a row left behind', f'INSERT INTO {table} ({ENGINE.quotes(columns)}) VALUES ({row})'
            for i in list(m.updated[t])[:1]:
                changed = [c for c in columns if next(r for r in m.rows[t]
                    if r[t.seq] == t.rows[i][t.seq])[c] != t.rows[i][c]]
                if changed:
                    yield 'an update undone', (f'UPDATE {table} SET {quote(changed[-1])} = {literal(t.rows[i][changed[-1]])} '
                                               f'WHERE {seq} = {t.rows[i][t.seq]}')


if __name__ == '__main__':
    if problem := engines.missing(ENGINE.name):
        sys.exit(f'selfcheck.py: {problem}')
    unittest.main(verbosity=1)
