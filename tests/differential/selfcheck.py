#!/usr/bin/python3
"""Does the differential suite notice what is wrong?

First the set model against SQLite's own cascade. Then purges that make one mistake each: the random cases must be rich
enough to tell every one of them from a right one. Then results that are damaged by hand: all must be reported.
"""
import collections
import os
import pickle
import sqlite3
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
import model  # noqa: E402
import values  # noqa: E402
from values import name, names  # noqa: E402

SEEDS = range(0, 88 if os.environ.get('CASCADE_QUICK') == '1' else 330)
OWN_RULES = [seed for seed in range(660) if cases.PROFILES[seed % len(cases.PROFILES)][0] == 'own rules']
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


def nothing_not_null(case):
    for t in case.tables:
        for c in t.columns.values():
            c.nullable = True


def null_is_a_value(case):
    for f in case.relations:
        f.key_of = lambda found, f=f: None if set(found) == {None} else tuple(
            v if v is None else values.comparable(v, f.parent.columns[c].affinity, f.parent.columns[c].collation)
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
    "the child's collation is used": child_collations,
    'affinity is ignored': no_affinity,
    'NULL in a key of several columns is a value': null_is_a_value,
    'NOT NULL is ignored': nothing_not_null,
}


def seen(frozen, mistake=None):
    """What a test sees: refused or not, and the rows left. A mistake changes the case that the model works on."""
    right, case = pickle.loads(frozen), pickle.loads(frozen)
    if mistake:
        mistake(case)
    m = model.outcome(case)
    m.rows = {mine: m.rows[t] for mine, t in zip(right.tables, case.tables)}
    return m.blocked, copies.expected(right, m)


class Mistakes(unittest.TestCase):
    def test_model_agrees_with_sqlite(self):
        agree = 0
        for seed in SEEDS:
            case = cases.make(seed)
            if not case.native_rules:
                continue
            m = model.outcome(case)
            refused, rows = copies.run_native(case)
            if bool(refused) == m.blocked and rows == copies.expected(case, m):
                agree += 1
                continue
            sound_end = refused and not m.blocked and rows == copies.before(case)
            self.assertTrue(m.flags & {'overlap', 'adopted', 'affinity'} or sound_end
                and m.flags & {'restrict', 'transient'},
                            f'seed {seed}: SQLite says {refused}, the model {m.reasons[:2]}')
        self.assertGreater(agree, len(SEEDS) * .7)

    def test_every_mistake_is_seen(self):
        caught = collections.Counter()
        one_level = 'only one level is followed'
        seeds = sorted({*SEEDS, *OWN_RULES})
        for seed in seeds:
            case = cases.make(seed)
            if sum(len(t.rows) for t in case.tables) > 80:
                continue
            frozen = pickle.dumps(case)
            right = seen(frozen)
            for text, mistake in MISTAKES.items():
                caught[text] += seen(frozen, mistake) != right
            with mock.patch.object(model, 'closure', self.one_level):
                caught[one_level] += seen(frozen) != right
        for text in list(MISTAKES) + [one_level]:
            print(f'{caught[text]:5} of {len(seeds)} seeds show it when {text}')
            self.assertGreater(caught[text], 0, text)

    @staticmethod
    def one_level(case, index, deleted):
        deleted[case.root_table].update(case.roots)
        for f in case.relations:
            if f.parent is case.root_table and f.rule == 'CASCADE':
                for i in case.roots:
                    deleted[f.child].update(index[f].get(f.target(f.parent.rows[i]), ()))


class Damage(unittest.TestCase):
    """Results that are right but for one thing."""
    def check(self, seed):
        check = checks.Check(cases.make(seed), self.directory, None)
        for copy in check.copies():
            os.remove(check.path(copy))
        return check

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(dir='/dev/shm' if os.access('/dev/shm', os.W_OK) else None)
        self.addCleanup(temporary.cleanup)
        self.directory = temporary.name

    def leave(self, check, m, damage=None):
        """Writes the rows that the outcome leaves, then damages them."""
        if os.path.exists(check.work):
            os.remove(check.work)
        con = copies.build(check.case, 'none', check.work)
        if not m.blocked:
            for t in check.case.tables:
                con.execute(f'DELETE FROM {name(t.name)}')
                columns = [c.name for c in t.columns.values() if not c.generated]
                marks = ', '.join('?' * len(columns))
                con.executemany(f'INSERT INTO {name(t.name)} ({names(columns)}) VALUES ({marks})',
                                [[row[c] for c in columns] for row in m.rows[t]])
        if damage:
            damage(con)
        con.close()

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
            check = self.check(seed)
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
        run = lambda sql, *parameters: lambda con: con.execute(sql, parameters)
        for t in case.tables:
            table, seq = name(t.name), name(t.seq)
            left = [row for row in m.rows[t]]
            columns = [c.name for c in t.columns.values() if not c.generated]
            if left:
                yield 'a row too many deleted', run(f'DELETE FROM {table} WHERE {seq} = ?', left[0][t.seq])
                yield 'another type', run(f"UPDATE {table} SET {name(t.note)} = x'00' WHERE {seq} = ?", left[-1][t.seq])
            if m.blocked:
                continue
            for i in list(m.deleted[t])[:1]:
                row = t.rows[i]
                marks = ', '.join('?' * len(columns))
                yield 'a row left behind', run(f'INSERT INTO {table} ({names(columns)}) VALUES ({marks})',
                                               *[row[c] for c in columns])
            for i in list(m.updated[t])[:1]:
                changed = [c for c in columns if next(r for r in m.rows[t]
                    if r[t.seq] == t.rows[i][t.seq])[c] != t.rows[i][c]]
                if changed:
                    yield 'an update undone', run(f'UPDATE {table} SET {name(changed[-1])} = ? WHERE {seq} = ?',
                        t.rows[i][changed[-1]], t.rows[i][t.seq])


if __name__ == '__main__':
    sqlite3.enable_callback_tracebacks(True)
    unittest.main(verbosity=1)
