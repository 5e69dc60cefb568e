"""What a delete has to leave behind, from the rows alone and without a database: the set model.

  deleted   the selected rows, closed over relations that cascade
  updated   rows that stay and refer to a deleted row by a SET rule: their columns are rewritten, all at once
  blocked   if then a row that stays refers to a key that is gone, a column would be NULL that may not be, a unique key
            would be double, or a row refers to a deleted one by PROTECT
"""
import collections

from values import NO_DEFAULT

DEEP = 15


class Outcome:
    """deleted and updated: table -> set of row positions; rows: table -> list of rows left; flags: see outcome()."""
    def __init__(self, case):
        self.deleted = {t: set() for t in case.tables}
        self.updated = {t: set() for t in case.tables}
        self.updates = self.written = 0  # `written` counts rows that would be updated if they did not go, too
        self.reasons, self.flags, self.rows = [], set(), {}

    @property
    def blocked(self):
        return bool(self.reasons)

    @property
    def deleted_count(self):
        return sum(map(len, self.deleted.values()))

    @property
    def updated_count(self):
        return sum(map(len, self.updated.values()))

    @property
    def touched(self):
        return self.deleted_count + self.updated_count


def dangling(relations, rows=None):
    """Pairs of relation and row that refer to nothing."""
    bad = []
    for f in relations:
        have = {f.target(q) for q in (rows[f.parent] if rows else f.parent.rows)}
        bad += [(f, q) for q in (rows[f.child] if rows else f.child.rows) if f.refers(q) is not None
            and f.refers(q) not in have]
    return bad


def set_values(f, listed):
    """Column -> value: what the relation's rule writes. `listed`: into the columns that it names, if it does."""
    if f.rule == 'SET_VALUE':
        return dict(zip(f.columns, f.values))
    if f.rule == 'SET DEFAULT':
        return {c: None if (v := f.child.columns[c].default) is NO_DEFAULT else v for c in f.written(listed)}
    return dict.fromkeys(f.written(listed))


def closure(case, index, deleted):
    to = collections.defaultdict(list)
    for f in case.relations:
        to[f.parent].append(f)
    todo = [(case.root_table, i) for i in case.roots]
    deleted[case.root_table].update(case.roots)
    while todo:
        t, i = todo.pop()
        for f in to[t]:
            if f.rule == 'CASCADE':
                for j in index[f].get(f.target(t.rows[i]), ()):
                    if j not in deleted[f.child]:
                        deleted[f.child].add(j)
                        todo.append((f.child, j))


def outcome(case, enforced=lambda f: False, listed=False):
    """The outcome. `enforced` says of which relations the database itself keeps watch: only there does IGNORE block.
    `listed`: SET NULL and SET DEFAULT write only the columns that their foreign key names, if it names some.

    Flags name what may lead a database, or a way of working statement by statement, to refuse a sound end state:
      restrict      a deleted row refers to a deleted row by RESTRICT
      no action     ... by NO ACTION
      rewritten     a deleted row refers to deleted rows by two rules that rewrite it
      rekeyed       a row that stays gets another key, and another row referred to the one before
      transient     a deleted row would break a constraint before it goes
      unique        a deleted row holds a unique key that a rewritten row gets
      overlap       two relations of one row share columns, and both are concerned: the order decides
      protect       a selected row refers to a deleted one by PROTECT
      adopted       a row refers to a key that another row has got
      deep          the way from a selected row to a deleted one may have more steps than InnoDB goes
      affinity      a key may be written in another type than where it is referred to: SQLite's actions, unlike its
                    checks, do not apply the parent's affinity and may miss the row
    """
    m = Outcome(case)
    index = {}
    for f in case.relations:
        index[f] = collections.defaultdict(list)
        for j, row in enumerate(f.child.rows):
            key = f.refers(row)
            if key is not None:
                index[f][key].append(j)
    closure(case, index, m.deleted)
    after = {t: {i: dict(row) for i, row in enumerate(t.rows) if i not in m.deleted[t]} for t in case.tables}
    concerned = collections.defaultdict(list)
    for f in case.relations:
        for i in m.deleted[f.parent]:
            for j in index[f].get(f.target(f.parent.rows[i]), ()):
                concerned[f.child, j].append(f)
                examine(m, case, f, i, j, after, enforced, listed)
    for (t, j), relations in concerned.items():
        if j in m.deleted[t] and sum(f.rule in ('SET NULL', 'SET DEFAULT') for f in relations) > 1:
            m.flags.add('rewritten')
        for a in relations:
            if any(a is not b and set(a.columns) & set(b.columns) for b in relations):
                m.flags.add('overlap')
    finish(m, case, index, after)
    m.rows = {t: list(after[t].values()) if not m.blocked else t.rows for t in case.tables}
    if m.deleted_count > DEEP:
        m.flags.add('deep')
    return m


def examine(m, case, f, i, j, after, enforced, listed):
    """One reference from row j of f.child to the deleted row i of f.parent."""
    inside = j in m.deleted[f.child]
    itself = f.child is f.parent and i == j
    changes = f.rule in ('SET NULL', 'SET DEFAULT', 'SET_VALUE')
    m.written += changes
    if f.rule == 'PROTECT':
        if f.child is case.root_table and j in case.roots:
            m.flags.add('protect')
        else:
            m.reasons.append(('PROTECT', f.label, j))
    elif inside:
        if f.rule == 'RESTRICT':
            m.flags.add('restrict')
        if f.rule == 'NO ACTION':
            m.flags.add('no action')
        if changes and any(v is None and not f.child.columns[c].nullable for c, v in set_values(f, listed).items()):
            m.flags.add('transient')
        rewritten = f.refers(dict(f.child.rows[j], **set_values(f, listed))) if changes else None
        if rewritten is not None and rewritten not in {f.target(q) for k, q in enumerate(f.parent.rows)
                if k not in m.deleted[f.parent]}:
            m.flags.add('transient')
        if changes and not itself and any(c in g.ref_columns for g in case.relations if g.parent is f.child
                for c in f.columns):
            m.flags.add('transient')
        if changes and any(c in k for k in f.child.unique_sets() for c in f.columns):
            m.flags.add('transient')
    elif changes:
        for c, v in set_values(f, listed).items():
            after[f.child][j][c] = v
        m.updated[f.child].add(j)
        m.updates += 1
    elif f.rule == 'IGNORE' and enforced(f):
        m.reasons.append(('IGNORE', f.label, j))


def finish(m, case, index, after):
    """The state at the end, and where the way to it is longer than one statement's."""
    if any(case.engine.mixes(f.child.columns[c], f.parent.columns[k]) for f in case.relations if m.deleted[f.parent]
           for c, k in zip(f.columns, f.ref_columns)):
        m.flags.add('affinity')
    for t in case.tables:
        for j in m.updated[t]:
            m.reasons += [('NOT NULL', t.name, j, c.name) for c in t.columns.values()
                if after[t][j].get(c.name) is None and not c.nullable]
        for columns in t.unique_sets():
            keys = collections.Counter(k for row in after[t].values() if (k := own_key(t, columns, row)) is not None)
            m.reasons += [('UNIQUE', t.name, columns, k) for k, n in keys.items() if n > 1]
            rewritten = [j for j in m.updated[t] if own_key(t, columns, after[t][j]) != own_key(t, columns, t.rows[j])]
            held = {own_key(t, columns, row) for row in t.rows}
            if any(own_key(t, columns, after[t][j]) in held - {None} for j in rewritten):
                m.flags |= {'unique', 'transient'}
            for f in case.relations:
                if f.parent is t and f.ref_columns == columns and any(index[f].get(f.target(t.rows[j]))
                        for j in rewritten):
                    m.flags |= {'rekeyed', 'transient'}
    watched = [f for f in case.relations if f.rule != 'IGNORE']
    left = {t: list(after[t].values()) for t in case.tables}
    broken = dangling(watched, left)
    m.reasons += [(f.rule, f.label, [row[c] for c in f.columns]) for f, row in broken]
    for f in watched:
        if f.rule in ('RESTRICT', 'NO ACTION'):
            gone = {f.target(f.parent.rows[i]) for i in m.deleted[f.parent]}
            failed = {id(row) for g, row in broken if g is f}
            for j, row in after[f.child].items():
                before = f.refers(f.child.rows[j])
                if before is not None and before in gone and id(row) not in failed:
                    m.flags.add('overlap' if j in m.updated[f.child] else 'adopted')


def own_key(t, columns, row):
    values = [row.get(c) for c in columns]
    if None in values:
        return None
    return tuple(t.columns[c].comparable(v) for c, v in zip(columns, values))
