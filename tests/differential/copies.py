"""The copies of a case's database, and what SQLite itself makes of the delete."""
import random
import sqlite3

import cases
from values import NO_DEFAULT, literal, name, names, typed

ACTIONS = {'CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION'}


def action(case, relation, copy):
    """The ON DELETE action of a relation in a copy: its rule on `native`, another one on `crossed`."""
    if copy == 'native':
        return relation.rule
    if copy == 'crossed':
        return random.Random(case.seed * 31 + relation.number).choice(sorted(ACTIONS))
    return 'NO ACTION'


def in_catalog(relation, copy):
    return copy != 'none' and not relation.declared


def clause(case, f, copy):
    sql = f'FOREIGN KEY ({names(f.columns)}) REFERENCES {name(f.parent.name)}'
    if not f.implicit:
        sql += f' ({names(f.ref_columns)})'
    if copy in ('native', 'crossed'):
        sql += f' ON DELETE {action(case, f, copy)}'
    if copy == 'deferred' or f.deferred and copy in ('native', 'crossed'):
        sql += ' DEFERRABLE INITIALLY DEFERRED'
    return sql


def create(case, t, copy):
    lines = []
    for c in t.columns.values():
        line = f'{name(c.name)} {c.declared}'.rstrip()
        if t.alias and c.name == t.key[0]:
            line += ' PRIMARY KEY'
        if not c.nullable and not t.alias or not c.nullable and c.name not in t.key:
            line += ' NOT NULL'
        if c.collation:
            line += f' COLLATE {c.collation}'
        if c.default is not NO_DEFAULT:
            line += f' DEFAULT {default(c.default)}'
        if c.generated:
            line += f' GENERATED ALWAYS AS ({name(c.generated)})'
        lines.append(line)
    if t.key and not t.alias:
        lines.append(f'PRIMARY KEY ({names(t.key)})')
    lines += [f'UNIQUE ({names(u)})' for u in t.uniques]
    lines += [clause(case, f, copy) for f in case.relations if f.child is t and in_catalog(f, copy)]
    return f'CREATE TABLE {name(t.name)} (\n  ' + ',\n  '.join(lines) + '\n)' + (' WITHOUT ROWID'
        if t.without_rowid else '')


def default(value):
    return f'({literal(value)})' if isinstance(value, (int, float)) and value < 0 else literal(value)


def indexes(case):
    """About half of the referencing columns have an index."""
    r = random.Random(case.seed)
    return [f'CREATE INDEX {name(f"i{f.number}")} ON {name(f.child.name)} ({names(f.columns)})'
        for f in case.relations if r.random() < .5]


def build(case, copy, path):
    con = sqlite3.connect(path, isolation_level=None)
    con.execute('PRAGMA journal_mode=WAL' if case.seed % 2 and path != ':memory:' else 'PRAGMA journal_mode=DELETE')
    con.execute('PRAGMA synchronous=OFF')
    con.execute('BEGIN')
    for t in case.tables:
        con.execute(create(case, t, copy))
    for sql in indexes(case):
        con.execute(sql)
    for t in case.tables:
        columns = [c.name for c in t.columns.values() if not c.generated]
        con.executemany(f'INSERT INTO {name(t.name)} ({names(columns)}) VALUES ({", ".join("?" * len(columns))})',
                        [[row[c] for c in columns] for row in t.rows])
    con.execute('COMMIT')
    return con


def dump(case, con):
    """Table name -> sorted typed rows."""
    return {t.name: sorted(typed(r) for r in con.execute(f'SELECT {names(t.columns)} FROM {name(t.name)}'))
        for t in case.tables}


def expected(case, m):
    """The same of an outcome of the set model."""
    for t in case.tables:
        for row in m.rows[t]:
            cases.Builder.generate(t, row)
    return {t.name: sorted(typed([row[c] for c in t.columns]) for row in m.rows[t]) for t in case.tables}


def before(case):
    return {t.name: sorted(typed([row[c] for c in t.columns]) for row in t.rows) for t in case.tables}


def condition(case):
    """The roots as a predicate with parameters."""
    t = case.root_table
    values = [t.rows[i][t.seq] for i in case.roots]
    return f'{name(t.seq)} IN ({", ".join("?" * len(values))})', values


def run_native(case):
    """(refused, message, rows) of SQLite's own cascade."""
    con = build(case, 'native', ':memory:')
    con.execute('PRAGMA foreign_keys=ON')
    wrong = con.execute('PRAGMA foreign_key_check').fetchall()
    if wrong:
        raise AssertionError(f'seed {case.seed}: the generated rows break a foreign key: {wrong[:3]}')
    where, values = condition(case)
    refused = None
    try:
        con.execute('BEGIN')
        con.execute(f'DELETE FROM {name(case.root_table.name)} WHERE {where}', values)
        con.execute('COMMIT')
    except sqlite3.Error as e:
        refused = str(e)
        if con.in_transaction:
            con.execute('ROLLBACK')
    return refused, dump(case, con)


def difference(case, got, wanted):
    """The smallest difference: one table, a row too many and a row too few; None when there is none."""
    best = None
    for t in case.tables:
        have, want = list(got[t.name]), list(wanted[t.name])
        extra = subtract(have, want)
        missing = subtract(want, have)
        if extra or missing:
            show = lambda rows: [', '.join(v for _, v in r) for r in sorted(rows)[:2]]
            text = f'table {t.name!r}: {len(extra)} rows too many {show(extra)}, {len(missing)} missing {show(missing)}'
            if best is None or len(extra) + len(missing) < best[0]:
                best = (len(extra) + len(missing), text)
    return best[1] if best else None


def subtract(a, b):
    left = list(b)
    out = []
    for x in a:
        if x in left:
            left.remove(x)
        else:
            out.append(x)
    return out
