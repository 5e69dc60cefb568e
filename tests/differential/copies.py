"""The copies of a case's database, as SQL, and what is in them."""
import random

from values import typed


def action(case, relation, copy):
    """The ON DELETE action of a relation in a copy: its rule on `native`, another one on `crossed`."""
    if copy == 'native':
        return relation.rule
    if copy == 'crossed':
        possible = [a for a in case.engine.actions if case.engine.can_act(relation, a)]
        return random.Random(case.seed * 31 + relation.number).choice(possible)
    return 'NO ACTION'


def kinds(case):
    """`native` has the rules as actions, `crossed` other actions; both immediate or deferred as it comes."""
    return [c for c in case.engine.copies if c != 'native' or case.native_rules]


def in_catalog(relation, copy):
    return copy != 'none' and not relation.declared


def declared(case, copy):
    return [f for f in case.relations if in_catalog(f, copy)]


def is_deferred(f, copy):
    return copy == 'deferred' or f.deferred and copy in ('native', 'crossed')


def clause(case, f, copy):
    words = action(case, f, copy) if copy in ('native', 'crossed') else ''
    if copy == 'native' and f.set_columns:
        words += f' ({case.engine.quotes(f.set_columns)})'
    return case.engine.reference(f, words, is_deferred(f, copy))


def indexes(case):
    """About half of the referencing columns have an index."""
    r, quote = random.Random(case.seed), case.engine.quote
    return [f'CREATE INDEX {quote(f"i{f.number}")} ON {quote(f.child.name)} ({case.engine.quotes(f.columns)})'
        for f in case.relations if r.random() < .5]


def inserts(case, rows):
    """Statements that put rows, by table, into empty tables."""
    e = case.engine
    for t in case.tables:
        columns = [c.name for c in t.columns.values() if not c.generated]
        values = [f'({", ".join(e.literal(row[c]) for c in columns)})' for row in rows[t]]
        if values:
            yield f'INSERT INTO {e.quote(t.name)} ({e.quotes(columns)}) VALUES ' + ', '.join(values)


def dump(case, fetch):
    """Table name -> sorted typed rows."""
    e = case.engine
    return {t.name: sorted(typed(r) for r in fetch(f'SELECT {e.quotes(t.columns)} FROM {e.quote(t.name)}'))
        for t in case.tables}


def generated(t, row):
    """The row with what its generated columns hold."""
    for c in t.columns.values():
        if c.generated:
            row[c.name] = c.engine.stored(row[c.generated], c)
    return row


def expected(case, m):
    """The same as dump(), of an outcome of the set model."""
    return {t.name: sorted(typed([row[c] for c in t.columns]) for row in (generated(t, q) for q in m.rows[t]))
        for t in case.tables}


def before(case):
    return {t.name: sorted(typed([row[c] for c in t.columns]) for row in t.rows) for t in case.tables}


def delete(case):
    """What the database's own cascade is asked."""
    e, t = case.engine, case.root_table
    numbers = [str(t.rows[i][t.seq]) for i in case.roots] or ['NULL']
    return f'DELETE FROM {e.quote(t.name)} WHERE {e.quote(t.seq)} IN ({", ".join(numbers)})'


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
