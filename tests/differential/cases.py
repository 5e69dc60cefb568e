"""Random databases: tables, relations with rules, rows that fit them, and the rows that are to be deleted.

make(seed, engine) always gives the same case for the same seed and engine. The profile (seed modulo their number) decides
what a case is rich in; all of them mix in a little of everything.
"""
import datetime
import decimal
import random

import copies
import model
from values import NO_DEFAULT

ODD_NAMES = ['order', 'Group', 'select', 'my table', 'Ta"ble', "it's", 'ÜBER', 'a.b', 'key`s', '[x]', 'from', '1st',
    'x%y', 'q?',
             'Vis-à-vis', 'semi;colon', '--', 'where', '$1', 'value', 'key', '名前', 'NULL', 'p', 's', 'd0', 'd1']
ODD_TEXTS = ["o'x", 'a b', '', '%', 'ü', 'A', 'a', '"q"', 'back\\slash', 'NULL', '-1', '0', '名', 'se;mi', 'a,b',
    '{x}', '[1]', '\x1a', "'; DROP TABLE t0; --", 'x' * 170, '\n', '?1', 'A ', '\\N', '\\x41', '{"a","b"}']
RULES = ['CASCADE', 'SET NULL', 'SET DEFAULT', 'RESTRICT', 'NO ACTION']  # as COMMON['rules'] weighs them
OWN_RULES = ['PROTECT', 'PROTECT', 'SET_VALUE', 'IGNORE']
BASES = [1, 1, 1, 1000, -7, 2 ** 53 + 1, 2 ** 63 - 1500, -2 ** 63 + 5]

# What a profile changes of these. Probabilities where a number, weights where a list.
COMMON = dict(
    tables=(3, 7), rows=(0, 12), empty=.04, relations=[0, 1, 1, 2, 2, 3], self=.12, forward=.12, nullable=.65,
    to_unique=.3, unique=.25, pair_unique=.1,
    keys=dict(rowid=8, number=2, text=3, pair=3, triple=1, weak=2, shared=1, blob=1, none=1, any=.4, real=.3),
    without_rowid=.15, null_key=.03,
    rules=(5, 3, 1.5, 1, 2), own=0, deferred=.25, mixed=.08, collated=.06, odd_names=0, odd_text=.2, partial=.15,
    share=.03, tenant=False,
    loops=.1, chain=0, ring=0, diamond=0, twins=.03, default=(.6, .2), declared=0, generated=.05, deep=0, bases=False,
    roots=[1, 1, 2, 3, 5], implicit=.3,
    notnull_set=.2)
PROFILES = [
    ('mixed', {}),
    ('tenant', dict(tenant=True, relations=[1, 1, 2, 2, 3], rules=(5, .3, .2, .6, 1))),
    ('unique', dict(unique=.8, pair_unique=.5, to_unique=.8)),
    ('self', dict(self=.7, loops=.35, tables=(1, 4), rows=(6, 25), relations=[1, 1, 2], rules=(6, 2, .6, .5, .8))),
    ('ring', dict(ring=1, tables=(3, 6), rows=(3, 12), loops=.3, rules=(7, 1.5, .5, .4, .8))),
    ('diamond', dict(twins=.5, rows=(4, 15), rules=(6, 1.5, .5, .8, 1))),
    ('chain', dict(chain=1, rules=(3, 5, 3, .3, .8))),
    ('names', dict(odd_names=.6, odd_text=.8)),
    ('stored by key', dict(without_rowid=.85, keys=dict(text=4, pair=4, triple=2, weak=3, shared=2, blob=2, number=3))),
    ('keyless', dict(keys=dict(none=6, rowid=4, pair=1), unique=.9, to_unique=.9, rows=(4, 14))),
    ('wide', dict(tables=(3, 5), rows=(60, 400), roots=[1, 5, 50, 200], relations=[1, 1, 2], rules=(6, 3, .5, .1, .3))),
    ('not null', dict(nullable=.25, notnull_set=1, rules=(3, 6, 2, .2, .4))),
    ('defaults', dict(rules=(3, .8, 6, .4, .8), default=(.55, .25))),
    ('partial', dict(partial=.5, nullable=.9, keys=dict(pair=5, triple=3, rowid=2), pair_unique=.5)),
    ('affinity', dict(mixed=.8, keys=dict(rowid=5, number=3, digits=5, any=2, pair=2, real=1))),
    ('collation', dict(collated=.8, keys=dict(text=7, pair=4, rowid=1), odd_text=.5)),
    ('big', dict(bases=True, keys=dict(rowid=4, number=4, pair=2, any=1, real=1), mixed=.2)),
    ('own rules', dict(own=.35, twins=.5, rows=(4, 15), rules=(5, 2, 1, .5, .5))),
    ('declared', dict(declared=1, own=.1, rules=(5, 2, 1, .5, .5))),
    ('null keys', dict(null_key=.4, keys=dict(text=4, pair=4, number=3, blob=2), without_rowid=0)),
    ('shared columns', dict(share=.7, keys=dict(pair=8, triple=1, rowid=1), nullable=.8)),
    ('deep', dict(tables=(1, 3), self=.8, deep=1, rows=(80, 160), relations=[1, 1], rules=(8, 1, .2, .2, .3),
    unique=.1)),
]


class Column:
    def __init__(self, engine, name, kind, declared, nullable=True, collation=''):
        self.engine, self.name, self.kind, self.declared = engine, name, kind, declared
        self.nullable, self.collation = nullable, collation
        self.default, self.generated = NO_DEFAULT, None

    def comparable(self, value):
        return self.engine.comparable(value, self)


class Table:
    def __init__(self, name):
        self.name, self.columns, self.key, self.uniques, self.rows = name, {}, [], [], []
        self.without_rowid = self.alias = False

    def unique_sets(self):
        return ([self.key] if self.key else []) + self.uniques


class Relation:
    def __init__(self, number, child, columns, parent, ref_columns, rule):
        self.number, self.rule = number, rule
        self.child, self.columns, self.parent, self.ref_columns = child, columns, parent, ref_columns
        self.deferred = self.declared = self.implicit = False
        self.where = self.values = self.twin = None
        self.set_columns = None  # those that SET NULL or SET DEFAULT writes, where the database can name some

    @property
    def label(self):
        return f'{self.child.name}({", ".join(self.columns)}) -> {self.parent.name}({", ".join(self.ref_columns)})'

    def refers(self, row):
        """The key that a row refers to in a form that compares like the database, or None."""
        if self.where and row[self.where[0]] != self.where[1]:
            return None
        return self.key_of([row[c] for c in self.columns])

    def target(self, row):
        return self.key_of([row[c] for c in self.ref_columns])

    def key_of(self, values):
        if None in values:
            return None
        return tuple(self.parent.columns[c].comparable(v) for c, v in zip(self.ref_columns, values))

    def written(self, listed):
        return self.set_columns if listed and self.set_columns else self.columns


class Case:
    """The result: tables, relations, the table and positions of the rows to delete."""
    def __init__(self, seed, engine):
        self.seed, self.engine = seed, engine
        self.tables, self.relations, self.root_table, self.roots = [], [], None, []

    @property
    def native_rules(self):
        return all(self.engine.can_act(f, f.rule) and not f.declared for f in self.relations)


class Builder:
    def __init__(self, seed, engine):
        self.engine = engine
        self.r = random.Random(seed * 7919 + 17)
        name, changes = PROFILES[seed % len(PROFILES)]
        self.k = dict(COMMON, **changes)
        self.case = Case(seed, engine)
        self.case.profile = name
        self.base = self.r.choice(BASES) if self.k['bases'] or self.r.random() < .08 else 1

    def chance(self, knob):
        return self.r.random() < self.k[knob]

    def named(self, taken, plain):
        if self.chance('odd_names'):
            odd = self.r.choice(ODD_NAMES + self.engine.names + [self.engine.long_name])
            if odd.lower() not in {x.lower() for x in taken}:
                return odd
        return plain

    def column(self, table, plain, kind, nullable=True, declared=None, collation=''):
        declared = declared if declared is not None else self.engine.declared[kind]
        c = Column(self.engine, self.named(table.columns, plain), kind, declared, nullable, collation)
        table.columns[c.name] = c
        return c.name

    def kind(self, kinds):
        return self.engine.kind(self.r.choice(kinds), self.r)

    # ---- tables and their keys

    def add_table(self):
        taken = [t.name for t in self.case.tables]
        t = Table(self.named(taken, f't{len(taken)}'))
        kinds = self.k['keys']
        kind = 'tenant' if self.k['tenant'] else self.r.choices(list(kinds), list(kinds.values()))[0]
        parents = [p for p in self.case.tables if p.key]
        if kind in ('weak', 'shared') and not parents:
            kind = 'rowid' if 'rowid' in kinds else 'text'
        self.case.tables.append(t)
        collation = lambda: self.r.choice(self.engine.collations) if self.chance('collated') else ''
        key = lambda plain, kind, **more: self.column(t, plain, kind, self.r.random() < .4, collation=collation()
            if kind == 'text' else '', **more)
        if kind == 'rowid':
            t.key, t.alias = [self.column(t, 'id', 'int', False)], True
        elif kind == 'number':
            t.key = [key('id', 'int', declared=self.engine.number(self.base, self.r))]
        elif kind == 'tenant':
            t.key = [self.column(t, 'tenant', 'int', False), self.column(t, 'id', 'int', False)]
        elif kind == 'pair':
            t.key = [key('k1', self.kind(['int', 'int', 'text'])), key('k2', self.kind(['int', 'text', 'blob']))]
            self.r.shuffle(t.key)
        elif kind == 'triple':
            t.key = [key(f'k{i}', x) for i, x in enumerate(['int', 'text', 'int'])]
        elif kind in ('text', 'digits', 'blob', 'real', 'any'):
            t.key = [key('code', self.engine.kind(kind, self.r))]
        elif kind in ('weak', 'shared'):
            parent = self.r.choice(parents)
            columns = [self.child_column(t, parent, c, f'p_{i}', False) for i, c in enumerate(parent.key)]
            t.key = columns + ([self.column(t, 'n', 'int', False)] if kind == 'weak' else [])
            if len(t.key) == 1 and t.columns[t.key[0]].declared == 'INTEGER':
                t.alias = True
            self.relate(t, columns, parent, parent.key, self.rule((5, 0, 0, .5, 1)))
        if t.key and not t.alias and self.chance('without_rowid'):
            t.without_rowid = True
            for c in t.key:
                t.columns[c].nullable = False
        if not self.engine.null_keys:
            for c in t.key:
                t.columns[c].nullable = False
        nameless = not t.key and not self.engine.row_ids and self.r.random() < .85  # its rows shall be told apart
        if nameless or not self.k['tenant'] and self.chance('unique'):
            t.uniques.append([key('u', self.kind(['int', 'text', 'blob', 'text']))])
            t.columns[t.uniques[-1][0]].nullable &= not nameless
        if not self.k['tenant'] and self.chance('pair_unique'):
            t.uniques.append([key('v1', 'int'), key('v2', 'text')])

    def child_column(self, table, parent, parent_column, plain, nullable):
        p = parent.columns[parent_column]
        declared = self.engine.mixed(p, self.r) if self.chance('mixed') else p.declared
        collation = p.collation if self.engine.same_collation else ''
        if p.kind == 'text' and self.chance('collated'):
            collation = self.engine.child_collation(p, self.r)
        return self.column(table, plain, p.kind, nullable, declared, collation)

    # ---- relations

    def rule(self, weights=None):
        """A rule that the engine has not as an action is rare: a case without any can be checked by the engine itself."""
        if self.r.random() < self.k['own']:
            return self.r.choice(OWN_RULES)
        if 'SET DEFAULT' not in self.engine.actions and self.case.seed % 5:
            weights = [w * (rule != 'SET DEFAULT') for w, rule in zip(weights or self.k['rules'], RULES)]
        return self.r.choices(RULES, weights or self.k['rules'])[0]

    def relate(self, child, columns, parent, ref_columns, rule):
        f = Relation(len(self.case.relations), child, list(columns), parent, list(ref_columns), rule)
        f.deferred = self.chance('deferred')
        f.implicit = self.engine.implicit and f.ref_columns == parent.key and self.chance('implicit')
        if self.engine.lists and rule in ('SET NULL', 'SET DEFAULT') and len(columns) > 1 and self.r.random() < .7:
            f.set_columns = [c for c in columns if child.columns[c].nullable and self.r.random() < .8] or None
        unfit = any(not child.columns[c].nullable for c in f.written(True))
        wanted = self.chance('notnull_set') if unfit else True
        if unfit and rule == 'SET NULL' and not self.engine.can_act(f, rule):
            wanted = wanted and self.case.seed % 5 == 0
        if rule in ('SET NULL', 'SET DEFAULT', 'SET_VALUE') and not wanted:
            f.rule, f.set_columns = 'CASCADE' if self.r.random() < .8 else 'NO ACTION', None
        self.case.relations.append(f)
        return f

    def add_relation(self, child, parent, rule=None):
        keys = parent.unique_sets()
        if not keys:
            return None
        key = self.r.choice(keys[1:]) if len(keys) > 1 and self.chance('to_unique') else keys[0]
        nullable = self.chance('nullable')
        number = sum(f.child is child for f in self.case.relations)
        columns = []
        earlier = [f for f in self.case.relations if f.child is child and f.ref_columns == key and f.parent is parent
            and len(key) > 1 and not f.declared]
        for i, c in enumerate(key):
            if self.k['tenant'] and i == 0:
                columns.append(child.key[0])
            elif earlier and i == 0 and self.chance('share'):
                columns.append(earlier[0].columns[0])
            else:
                columns.append(self.child_column(child, parent, c, f'f{number}' + (f'_{i}' if len(key) > 1 else ''),
                    nullable))
        return self.relate(child, columns, parent, key, rule or self.rule())

    def relations(self):
        tables = self.case.tables
        for i, t in enumerate(tables):
            for _ in range(self.r.choice(self.k['relations'])):
                if self.chance('self'):
                    parent = t
                elif self.chance('forward') or not i:
                    parent = self.r.choice(tables)
                else:
                    parent = self.r.choice(tables[:i])
                self.add_relation(t, parent)
        if self.k['ring']:
            ring = self.r.sample(tables, self.r.randint(2, len(tables)))
            for a, b in zip(ring, ring[1:] + ring[:1]):
                self.add_relation(a, b, 'CASCADE' if self.r.random() < .75 else None)
        if self.k['diamond'] and len(tables) >= 3:
            top, bottom = tables[0], tables[-1]
            for middle in tables[1:-1]:
                self.add_relation(middle, top, 'CASCADE' if self.r.random() < .8 else None)
                self.add_relation(bottom, middle)
        for f in [f for f in self.case.relations if self.chance('twins') and f.columns != f.child.key]:
            g = self.add_relation(f.child, f.parent, self.r.choice(['PROTECT', 'RESTRICT', 'CASCADE']
                if self.k['own'] else ['RESTRICT', 'NO ACTION', 'CASCADE']))
            if g.ref_columns == f.ref_columns:
                g.twin = f
        if self.k['chain']:
            for f in [f for f in self.case.relations if f.rule in ('SET NULL', 'SET DEFAULT')
                    and f.columns != f.child.key][:2]:
                f.child.uniques.append(list(f.columns))
                child = self.r.choice(tables)
                columns = [self.child_column(child, f.child, c, f'g{len(child.columns)}', True) for c in f.columns]
                self.relate(child, columns, f.child, f.columns, self.r.choice(['CASCADE', 'NO ACTION', 'SET NULL']))
        if self.k['declared']:
            self.declare()

    def declare(self):
        """Relations that only the policy knows: plain ones, and pairs of type and number."""
        single = [t for t in self.case.tables if len(t.key) == 1 and t.columns[t.key[0]].kind == 'int']
        for f in self.case.relations:
            f.declared = self.r.random() < .3
        for child in self.r.sample(self.case.tables, min(2, len(self.case.tables))):
            if len(single) < 2:
                break
            kind, number = self.column(child, 'object_type', 'text'), self.column(child, 'object_id', 'int')
            for parent in self.r.sample(single, 2):
                f = self.relate(child, [number], parent, parent.key, self.rule())
                f.declared, f.where = True, (kind, f"it's {parent.name}")

    # ---- rows

    def fresh(self, column, i):
        """Different for every i, under the column's own collation."""
        kind = column.kind if column.kind != 'any' else ['int', 'text', 'blob'][i % 3]
        if kind == 'int':
            return self.base + i
        if kind == 'digits':
            return str(self.base + i)
        if kind == 'numeric':
            return decimal.Decimal(f'{self.base + i}{["", ".0", ".00", ".5"][i % 4]}')
        if kind == 'real':
            return [.1, .30000000000000004, 1e300, 2.5][i % 4] + i
        if kind == 'blob':
            return bytes([i % 256, 0, 255 - i % 256, 39]) + i.to_bytes(2, 'big')
        if kind == 'date':
            return datetime.date(1999, 12, 25) + datetime.timedelta(days=i)
        if kind == 'uuid':
            return f'{i * 7919 % 2 ** 32:08x}-{i:04x}-4abc-8def-{2 ** 48 - 1 - i:012x}'
        texts = ODD_TEXTS + self.engine.texts
        if not column.collation and i < len(texts) and self.odd:
            return texts[i]
        return f'Key {i}'

    def fill(self):
        self.odd = self.chance('odd_text')
        tables, relations = self.case.tables, self.case.relations
        referencing = {t: {c for f in relations if f.child is t for c in f.columns} for t in tables}
        for t in tables:
            count = 0 if self.chance('empty') else self.r.randint(*self.k['rows'])
            keyed = {c for k in t.unique_sets() for c in k}
            for i in range(count):
                row = {}
                for c in t.columns.values():
                    if self.k['tenant'] and c.name == t.key[0]:
                        row[c.name] = 1 + i % 3
                    elif c.name in referencing[t]:
                        row[c.name] = None
                    elif c.name in keyed:
                        nulls = c.nullable and self.r.random() < (self.k['null_key'] if c.name in t.key else .2)
                        row[c.name] = None if nulls else self.engine.stored(self.fresh(c, i), c)
                    elif c.generated is None:
                        row[c.name] = i if c.name == t.seq else None
                t.rows.append(row)
        for f in relations:
            if f.where:
                for row in f.child.rows:
                    others = [g for g in relations if g.child is f.child and g.where and g.where[0] == f.where[0]]
                    row[f.where[0]] = self.r.choice(others).where[1]
        late = lambda t: any(c in referencing[t] for k in t.unique_sets() for c in k)
        for t in sorted(tables, key=late):
            self.refer(t)
        self.prune()

    def refer(self, t):
        mine = [f for f in self.case.relations if f.child is t]
        candidates = {f: [q for q in f.parent.rows if None not in [q[c] for c in f.ref_columns]] for f in mine}
        kept = []
        seen = [set() for _ in t.unique_sets()]
        for i, row in enumerate(t.rows):
            if all(self.point(f, row, i, candidates[f]) for f in mine) and self.unique(t, copies.generated(t, row), seen):
                kept.append(row)
        t.rows = kept

    def point(self, f, row, i, candidates):
        """Makes a row refer to something, or to nothing; False when it must and cannot."""
        if f.where and row[f.where[0]] != f.where[1]:
            return True
        own = [c for c in f.columns if row[c] is None]
        nullable = all(f.child.columns[c].nullable for c in own) and own
        if f.parent is f.child and f.child.rows:
            rows = f.child.rows
            if self.r.random() < self.k['loops']:
                candidates = [row] if self.r.random() < .4 else candidates
            else:
                candidates = rows[max(0, i - 1):i] if self.k['deep'] else rows[:i]
            candidates = [q for q in candidates if None not in [q[c] for c in f.ref_columns]]
        taken = [(c, k) for c, k in zip(f.columns, f.ref_columns) if c not in own]
        if taken:
            fits = lambda q: all(f.parent.columns[k].comparable(row[c]) == f.parent.columns[k].comparable(q[k])
                                 for c, k in taken)
            candidates = [q for q in candidates if fits(q)]
        if nullable and (not candidates or self.r.random() < (.03 if self.k['deep'] else .22)):
            return True
        if not candidates:
            return False
        if f.twin and self.r.random() < .9:
            candidates = [q for q in candidates if f.target(q) == f.twin.refers(row)] or candidates
        parent = self.r.choice(candidates)
        for c, k in zip(f.columns, f.ref_columns):
            if c in own:
                row[c] = self.engine.child_value(parent[k], f.parent.columns[k], f.child.columns[c], self.r)
                if row[c] is None and not f.child.columns[c].nullable:
                    return False
        if nullable and len(f.columns) > 1 and self.chance('partial'):
            row[self.r.choice(own)] = None
        return True

    @staticmethod
    def unique(t, row, seen):
        found = []
        for columns in t.unique_sets():
            values = [row[c] for c in columns]
            if None in values:
                if columns is t.key and any(row[c] is None and not t.columns[c].nullable for c in columns):
                    return False
                found.append(None)
                continue
            found.append(tuple(t.columns[c].comparable(v) for c, v in zip(columns, values)))
        if any(v is not None and v in s for v, s in zip(found, seen)):
            return False
        for v, s in zip(found, seen):
            s.add(v)
        return True

    def prune(self):
        """Drops or nulls what refers to rows that were not kept, until everything holds."""
        while True:
            bad = model.dangling(self.case.relations)
            if not bad:
                return
            for f, row in bad:
                if any(row is q for q in f.child.rows):
                    free = [c for c in f.columns if f.child.columns[c].nullable
                        and not any(c in k for k in f.child.unique_sets())]
                    if free:
                        row[free[0]] = None
                    else:
                        f.child.rows = [q for q in f.child.rows if q is not row]

    def defaults(self):
        for f in self.case.relations:
            written = f.written(True)
            own = [c for c in written if sum(c in g.columns for g in self.case.relations if g.child is f.child) == 1]
            if f.rule in ('SET DEFAULT', 'SET_VALUE') and own != written:
                f.rule, f.set_columns = 'CASCADE', None
            if f.rule not in ('SET DEFAULT', 'SET_VALUE'):
                continue
            pairs = [(f.child.columns[c], k) for c, k in zip(f.columns, f.ref_columns) if c in written]
            parents = [q for q in f.parent.rows if None not in [q[k] for _, k in pairs]]
            exists, missing = self.k['default']
            x = self.r.random()
            columns = [c for c, _ in pairs]
            if parents and x < exists:
                q = self.r.choice(parents)
                chosen = [self.engine.child_value(q[k], f.parent.columns[k], c, self.r) for c, k in pairs]
            elif x < exists + missing:
                chosen = [self.engine.stored(self.absent(c), c) for c in columns]
            else:
                chosen = [None] * len(columns)
            if f.rule == 'SET_VALUE':
                portable = all(isinstance(v, (int, str, type(None))) for v in chosen)
                f.values = chosen if portable else [None] * len(columns)
            else:
                for c, v in zip(columns, chosen):
                    c.default = v if v is not None else NO_DEFAULT

    @staticmethod
    def absent(column):
        """A value that no row has."""
        return {'int': 24242, 'real': .5, 'blob': b'zz', 'digits': '424242', 'numeric': decimal.Decimal('424242.25'),
                'date': datetime.date(1970, 1, 1), 'uuid': '00000000-0000-0000-0000-000000000001'}.get(column.kind, 'zz')

    def build(self):
        for _ in range(self.r.randint(*self.k['tables'])):
            self.add_table()
        self.relations()
        for t in self.case.tables:
            t.seq = self.column(t, 'seq', 'int')
            t.note = self.column(t, 'note', 'text')
            if t.key and self.chance('generated'):
                base = t.key[-1]
                copy = self.column(t, 'made', t.columns[base].kind, True, t.columns[base].declared,
                                   t.columns[base].collation if self.engine.same_collation else '')
                t.columns[copy].generated = base
        self.fill()
        self.defaults()
        self.choose()
        return self.case

    def choose(self):
        """More often than not roots that nothing blocks; of several tries the one that touches most."""
        case, best = self.case, None
        wanted = self.r.random() < .6
        full = [t for t in case.tables if t.rows]
        if not full:
            case.root_table, case.roots = case.tables[0], []
            return
        for _ in range(12 if self.k['rows'][1] < 50 else 5):
            t = self.r.choice(full)
            count = min(len(t.rows), self.r.choice(self.k['roots']))
            case.root_table, case.roots = t, sorted(self.r.sample(range(len(t.rows)), count))
            m = model.outcome(case)
            score = ((not m.blocked) == wanted, m.touched + 3 * sum(map(bool, m.deleted.values())) + self.r.random())
            if best is None or score > best[0]:
                best = (score, t, case.roots)
        case.root_table, case.roots = best[1], best[2]


def make(seed, engine):
    return Builder(seed, engine).build()
