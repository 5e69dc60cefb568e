"""One case against the library: every copy, both drivers, several ways of asking. Failures are collected."""
import collections
import json
import os
import subprocess

import copies
import model
from values import NO_DEFAULT, typed

import cascade_ctypes as cascade

LENIENT = {'overlap', 'protect', 'adopted'}


def policy_of(case):
    """All rules of a case as a policy document."""
    entries = []
    for f in case.relations:
        entry = dict(table=f.child.name, columns=f.columns, ref_table=f.parent.name, ref_columns=f.ref_columns,
            rule=f.rule)
        if f.where:
            entry['where'] = f'{case.engine.quote(f.where[0])} = {case.engine.literal(f.where[1])}'
        if f.rule == 'SET_VALUE':
            entry['values'] = f.values
        entries.append(entry)
    return json.dumps({'relations': entries}, ensure_ascii=False)


def stuck_cycle(case, m, copy):
    """Whether deleted rows refer to each other in a circle, one of them by a key whose action the database takes at
    once and that must fail: RESTRICT, or a NULL where none may be. Then no order of work and no deferring helps."""
    edges, at_once = references(case, m, lambda f: copies.in_catalog(f, copy)), []
    for f, child, parent in edges['all']:
        if must_fail(f, copies.action(case, f, copy)):
            at_once.append((child, parent))
    return any(reaches(edges, parent, child) for child, parent in at_once)


def references(case, m, wanted):
    """References between deleted rows: row -> rows, and under 'all' the list of (relation, row, row)."""
    edges = collections.defaultdict(set)
    edges['all'] = []
    for f in filter(wanted, case.relations):
        targets = {f.target(f.parent.rows[i]): (f.parent.name, i) for i in m.deleted[f.parent]}
        for j in m.deleted[f.child]:
            key = f.refers(f.child.rows[j])
            if key is not None and key in targets:
                edges[f.child.name, j].add(targets[key])
                edges['all'].append((f, (f.child.name, j), targets[key]))
    return edges


def reaches(edges, start, end):
    seen, todo = set(), [start]
    while todo:
        x = todo.pop()
        if x == end:
            return True
        if x not in seen:
            seen.add(x)
            todo.extend(edges[x])
    return False


def circle(case, m):
    """Whether deleted rows refer to each other in a circle of several rows."""
    edges = references(case, m, lambda f: True)
    return any(child != parent and reaches(edges, parent, child) for _, child, parent in edges['all'])


def must_fail(f, action):
    columns = [f.child.columns[c] for c in f.columns]
    return action == 'RESTRICT' or any(not c.nullable and (action == 'SET NULL' or action == 'SET DEFAULT'
        and c.default is NO_DEFAULT)
                                       for c in columns)


class Check:
    """A case with its copies in a place; `directory` is for files of its own."""
    def __init__(self, case, place, directory, library):
        self.case, self.place, self.directory, self.library = case, place, directory, library
        self.outcomes = {}
        self.policy = policy_of(case)
        self.failures, self.refusals, self.runs = [], collections.Counter(), 0
        self.step = lambda text: None
        self.where = ''
        place.begin(case, directory)
        self.before = copies.before(case)

    def copies(self):
        return copies.kinds(self.case)

    def outcome(self, copy):
        """Without constraints nobody minds what a policy ignores; columns are listed only where the rules are actions."""
        kind = copy if copy in ('none', 'native') else 'plain'
        if kind not in self.outcomes:
            m = model.outcome(self.case, lambda f: kind != 'none' and not f.declared, kind == 'native')
            self.outcomes[kind] = (m, copies.expected(self.case, m))
        return self.outcomes[kind][0]

    def after(self, copy):
        self.outcome(copy)
        return self.outcomes[copy if copy in ('none', 'native') else 'plain'][1]

    def fail(self, kind, text):
        self.failures.append(dict(seed=self.case.seed, profile=self.case.profile, where=self.where, kind=kind,
            text=text))

    def session(self, copy, driver):
        self.runs += 1
        policy = None if copy == 'native' else self.policy
        return self.place.session(copy, driver, lambda uri: cascade.Session(self.library, uri, policy))

    def dump(self, copy):
        return self.place.dump(copy)

    # ---- selections

    def ways(self):
        """In how many ways the roots can be named."""
        t, engine = self.case.root_table, self.case.engine
        columns, keys = [t.columns[k] for k in t.key], self.keys(self.case.roots)
        ways = ['where']
        if t.key and not any(v is None for key in keys for v in key):
            ways.append('keys')
            if len(columns) == 1 and (t.alias if engine.row_ids else engine.is_integer(columns[0])):
                ways.append('integers')
            plain = all(isinstance(v, (int, str)) and '\0' not in str(v) and c.kind in ('int', 'text', 'uuid', 'date', 'numeric')
                        for key in keys for c, v in zip(columns, key))
            if all(map(engine.is_integer, columns)) or plain and (len(columns) > 1 or columns[0].kind not in ('int', 'text')):
                ways.append('texts')
        return ways

    def keys(self, roots):
        t = self.case.root_table
        return [tuple(self.case.engine.key_cell(t.rows[i][k]) for k in t.key) for i in roots]

    def select(self, session, way, roots=None):
        t, roots = self.case.root_table, self.case.roots if roots is None else roots
        keys = self.keys(roots)
        if way == 'where':
            values = [t.rows[i][t.seq] for i in roots]
            marks = ', '.join('?' * len(values)) or 'NULL'
            return session.select_where(t.name, f'{self.case.engine.quote(t.seq)} IN ({marks})', values)
        if way == 'integers':
            return session.select_integers(t.name, [k[0] for k in keys])
        if way == 'texts':
            return session.select_texts(t.name, [json.dumps(list(k)) if len(k) > 1 else str(k[0]) for k in keys])
        return session.select(t.name, keys, len(t.key))

    # ---- what must have come of it

    def result(self, copy, purge, batches=0):
        """Compares what a purge said and left with the model; `batches` is the bound of a transaction's rows."""
        m, rows = self.outcome(copy), self.dump(copy)
        unchanged = copies.difference(self.case, rows, self.before)
        different = copies.difference(self.case, rows, self.after(copy))
        status = purge.failure.status if purge.failure else 'CASCADE_OK'
        said = purge.failure.message if purge.failure else ''
        only_unique = m.blocked and all(r[0] == 'UNIQUE' for r in m.reasons)
        stuck = self.case.engine.defers and copy in ('native', 'crossed') and stuck_cycle(self.case, m, copy)
        if batches and stuck and status != 'CASCADE_OK':
            self.refusals[f'{status}, for a circle that the database never lets go'] += 1
        elif status == 'CASCADE_NOT_ATOMIC' and m.deleted_count + m.written > batches > 0 and self.hazardous(copy) \
                and not unchanged:
            self.refusals[status] += 1
        elif status == 'CASCADE_NO_KEY' and self.keyless(copy) and not unchanged:
            self.refusals[status] += 1
        elif status != 'CASCADE_OK' and unchanged and not (batches and purge.prepared and only_unique):
            self.fail('failed yet changed', f'{status} {said}; {unchanged}')
        elif m.blocked:
            fine = {'CASCADE_BLOCKED'} | ({'CASCADE_CONSTRAINT'} if any(r[0] == 'UNIQUE' for r in m.reasons) else set())
            if status == 'CASCADE_OK' and not m.flags & LENIENT:
                self.fail('not refused', f'expected a refusal for {m.reasons[:2]}; {unchanged or "nothing changed"}')
            elif status not in fine and status != 'CASCADE_OK':
                self.fail('refused otherwise', f'expected {m.reasons[:2]}, got {status} {said}')
        elif status != 'CASCADE_OK':
            excused = stuck or m.flags & (LENIENT | {'unique'})
            if not excused:
                self.fail('refused', f'expected success, got {status} {said}')
        elif different:
            self.fail('wrong rows', different)
        else:
            self.numbers(copy, purge, batches)

    def numbers(self, copy, purge, batches):
        m = self.outcome(copy)
        deleted = {t.name: len(m.deleted[t]) for t in self.case.tables if m.deleted[t]}
        got = {t: d for t, (d, _) in purge.tables.items() if d}
        if got != deleted or purge.deleted != m.deleted_count:
            self.fail('wrong report', f'deleted {got}, in all {purge.deleted}; expected {deleted}')
        twice = batches and purge.updated > m.updates  # a row may be rewritten by one batch and deleted by a later one
        if purge.updated not in (m.updates, m.updated_count) and not twice:
            self.fail('wrong report', f'updated {purge.updated}, expected {m.updates}')
        if not purge.finished:
            self.fail('wrong report', 'done, but not finished')
        if sum(d for d, _ in purge.batches) != purge.deleted or sum(u for _, u in purge.batches) != purge.updated:
            self.fail('wrong report', f'batches {purge.batches} do not add up to {purge.deleted} and {purge.updated}')

    def hooked(self, copy, purge):
        """The hook was given every deleted row once."""
        m = self.outcome(copy)
        if purge.failure:
            return
        for t in self.case.tables:
            got = purge.keys.get(t.name, [])
            if not t.key:
                if len(set(got)) != len(m.deleted[t]) or len(got) != len(m.deleted[t]):
                    self.fail('hook', f'table {t.name!r}: {len(got)} keys, expected {len(m.deleted[t])}')
                continue
            want = sorted(typed([self.case.engine.key_cell(t.rows[i][k]) for k in t.key]) for i in m.deleted[t])
            if sorted(map(typed, got)) != want:
                self.fail('hook', f'table {t.name!r}: keys {sorted(map(typed, got))[:3]}, expected {want[:3]}')

    # ---- ways of asking

    def whole(self, copy, driver, way, **options):
        with self.session(copy, driver) as session, self.select(session, way) as selection:
            purge = session.purge(selection, **options)
        self.result(copy, purge)

    def batched(self, copy, driver, way, rows, hook, **options):
        with self.session(copy, driver) as session, self.select(session, way) as selection:
            purge = session.purge(selection, max_tx_rows=rows, collect=hook, **options)
        self.result(copy, purge, batches=rows)
        over = [b for b in purge.batches if sum(b) > rows]
        if over and circle(self.case, self.outcome(copy)):
            self.refusals['and yet in one transaction, for a circle'] += 1
        elif over:
            self.fail('batch over its bound', f'{over[:3]} rows, at most {rows} are allowed')
        if hook:
            self.hooked(copy, purge)

    def planned(self, copy, driver, way):
        """Plan, then purge held to it; the plan of other roots is not accepted."""
        m = self.outcome(copy)
        with self.session(copy, driver) as session, self.select(session, way) as selection:
            plan = session.plan(selection)
            if len(self.case.roots) > 1 and not m.blocked and not m.flags & LENIENT:
                with self.select(session, way, self.case.roots[:-1]) as other:
                    stale = session.plan(other).fingerprint
                refused = session.purge(selection, plan=stale.encode())
                if not refused.failure or refused.failure.status != 'CASCADE_PLAN_CHANGED':
                    self.fail('stale plan accepted', str(refused.failure))
                    return
            purge = session.purge(selection, plan=plan.fingerprint.encode(), collect=True)
        self.result(copy, purge)
        self.hooked(copy, purge)
        self.foretold(m, plan, purge)

    def foretold(self, m, plan, purge):
        if plan.accuracy != 0 or plan.roots != len(self.case.roots):
            self.fail('wrong plan', f'accuracy {plan.accuracy}, {plan.roots} roots instead of {len(self.case.roots)}')
        if m.flags & LENIENT or any(r[0] == 'UNIQUE' for r in m.reasons):
            return
        if m.blocked and not plan.blocked and all(self.unforeseen(r) for r in m.reasons):
            self.refusals['not foreseen: some columns get a default, and with the others refer to nothing'] += 1
        elif bool(plan.blocked) != m.blocked or bool(plan.blocking) != m.blocked:
            self.fail('wrong plan',
                f'blocked {plan.blocked} by {plan.blocking} rows, expected {m.reasons[:2] or "no blockers"}')
        elif not m.blocked and not purge.failure:
            deleted = collections.Counter()
            for kind, table, _, rows in plan.steps:
                if kind == 1:
                    deleted[table] += rows
            updated = sum(rows for kind, _, _, rows in plan.steps if kind == 2)
            want = {t.name: len(m.deleted[t]) for t in self.case.tables if m.deleted[t]}
            if (plan.deleted, plan.updated) != (purge.deleted,
                    purge.updated) or updated != plan.updated or +deleted != want:
                self.fail('wrong plan',
                    f'planned {plan.deleted} {dict(+deleted)} and {plan.updated} ({updated}) updates, '
                    f'done {purge.deleted} and {purge.updated}')

    def unforeseen(self, reason):
        """A dangling reference of which only a part is written, so that every row's is another."""
        return any(f.rule == 'SET DEFAULT' and f.set_columns and reason[:2] == (f.rule, f.label) for f in self.case.relations)

    def blockers(self, copy, driver, way, limit):
        """Every row outside the selection that refers to it comes once, in pages that are no longer than the limit."""
        case, root = self.case, self.case.root_table
        with self.session(copy, driver) as session, self.select(session, way) as selection:
            pages = session.blockers(selection, limit=limit, rounds=10 ** 6)
            labels = [(info.label.decode(), info.rule) for info in map(session.relation,
                range(session.relation_count()))]
            names = {r: (session.table_name(i.table), tuple(i.columns[k].decode() for k in range(i.column_count)),
                session.table_name(i.ref_table),
                         tuple(i.ref_columns[k].decode() for k in range(i.column_count)))
                         for r in {p[0] for p in pages} for i in [session.relation(r)]}
        if copies.difference(case, self.dump(copy), self.before):
            self.fail('blockers', 'looking changed the database')
        got, last = collections.defaultdict(list), {}
        for relation, kind, keys, complete, depth in pages:
            if depth != 1 or not keys or len(keys) > limit or last.get(relation, (0, 0))[1] == 1:
                self.fail('blockers',
                    f'{labels[relation][0]}: page of {len(keys)} keys at depth {depth} after {last.get(relation)}')
            last[relation] = (kind, complete)
            got[relation] += keys
        unfinished = [labels[r][0] for r, (_, complete) in last.items() if not complete]
        if unfinished:
            self.fail('blockers', f'last page is not complete: {unfinished[:2]}')
        want = collections.Counter()
        keyless = collections.Counter()
        inner, inner_keyless = collections.Counter(), collections.Counter()
        for f in case.relations:
            if f.parent is not root:
                continue
            targets = {f.target(root.rows[i]) for i in case.roots} - {None}
            for j, row in enumerate(f.child.rows):
                if f.refers(row) in targets:
                    inside = f.child is root and j in case.roots
                    self.count(f, row, (inner if inside else want), (inner_keyless if inside else keyless))
        have = collections.Counter()
        have_keyless = collections.Counter()
        for relation, keys in got.items():
            t = next(t for t in case.tables if t.name == names[relation][0])
            for key in keys:
                if t.key:
                    have[names[relation] + typed(key)] += 1
                else:
                    have_keyless[names[relation]] += 1
        allowed = self.outcome(copy).flags & {'protect'}  # selected rows that refer by PROTECT may be shown
        if want - have or keyless - have_keyless or (have - want) - (inner if allowed else collections.Counter()) or (
                have_keyless - keyless) - (inner_keyless if allowed else collections.Counter()):
            self.fail('blockers', f'too many {list(((have - want) + (have_keyless - keyless)).items())[:2]}, missing '
                                  f'{list(((want - have) + (keyless - have_keyless)).items())[:2]}')
        self.kinds(last, labels)

    def count(self, f, row, want, keyless):
        identity = (f.child.name, tuple(f.columns), f.parent.name, tuple(f.ref_columns))
        if f.child.key:
            want[identity + typed([self.case.engine.key_cell(row[k]) for k in f.child.key])] += 1
        else:
            keyless[identity] += 1

    def kinds(self, last, labels):
        right = {'CASCADE': {cascade.CASCADING}, 'PROTECT': {cascade.BLOCKING}, 'RESTRICT': {cascade.BLOCKING},
                 'IGNORE': {cascade.LEFT_ALONE, cascade.BLOCKING}}
        for relation, (kind, _) in last.items():
            label, rule = labels[relation]
            if kind not in right.get(cascade.RULES[rule], {cascade.UPDATING, cascade.BLOCKING}):
                self.fail('blockers', f'{label}: {cascade.RULES[rule]} shown as kind {kind}')

    def hosted(self, copy, way):
        """Inside a transaction of the host, on its own handle; the host commits, or takes everything back."""
        self.place.refill(copy)
        host = self.place.host(copy)
        self.runs += 1
        try:
            policy = None if copy == 'native' else self.policy
            with cascade.Session(self.library, '', policy, adopted=(host.driver, host.handle)) as session:
                host.execute('BEGIN')
                with self.select(session, way) as selection:
                    purge = session.purge(selection, collect=True)
            host.execute('COMMIT' if self.case.seed % 3 else 'ROLLBACK')
        except cascade.Failure:
            host.execute('ROLLBACK')
            raise
        finally:
            host.close()
        if self.case.seed % 3:
            self.result(copy, purge)
            self.hooked(copy, purge)
        elif found := copies.difference(self.case, self.dump(copy), self.before):
            self.fail('not rolled back', found)

    def command(self, program, copy):
        """The same by the command, with a policy file."""
        self.place.refill(copy)
        m, t = self.outcome(copy), self.case.root_table
        policy = os.path.join(self.directory, 'policy.json')
        with open(policy, 'w', encoding='utf-8') as f:
            f.write(self.policy)
        seqs = [t.rows[i][t.seq] for i in self.case.roots]
        how = ['--where', f'{self.case.engine.quote(t.seq)} IN ({", ".join(map(str, seqs)) or "NULL"})']
        if 'texts' in self.ways() and seqs:
            how = [json.dumps(k) if len(k) > 1 else str(k[0]) for k in self.keys(self.case.roots)]
            if any(k.startswith('-') for k in how):
                how = ['--'] + how
        order = ['--policy', policy, '--yes']
        done = subprocess.run([program, 'purge', self.place.uri(copy, 'native'), *order, t.name, *how], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, check=False)
        self.place.changed = getattr(self.place, 'changed', set()) | {copy}
        rows = self.dump(copy)
        if m.flags & (LENIENT | {'unique'}) or self.keyless(copy) and done.returncode == 1 and rows == self.before:
            return
        if done.returncode != (1 if m.blocked else 0):
            self.fail('command', f'exit code {done.returncode}: {done.stderr.strip()[-300:]}')
        elif different := copies.difference(self.case, rows, self.after(copy)):
            self.fail('command', different)

    # ---- all of it

    def native(self):
        """The database's own actions against the set model; gives whether they agree."""
        self.where, engine = 'native cascade', self.case.engine
        m = self.outcome('native')
        refused, rows = self.place.native()
        if bool(refused) == m.blocked and not copies.difference(self.case, rows, self.after('native')):
            return 'agree'
        if refused and not m.blocked and rows == self.before and m.flags & engine.refusals:
            return 'refuses what ends well'
        if m.flags & {'overlap', 'adopted', 'affinity'}:
            return 'leaves other rows'
        self.fail('model',
            f'{engine.name} {refused or "accepts"}, the model {m.reasons[:2] or "accepts"}, flags {sorted(m.flags)}; '
            f'{copies.difference(self.case, rows, self.after("native"))}')
        return 'DISAGREE'

    def hazardous(self, copy):
        """Whether a rule may write what others refer to, what must be unique, or a part of a reference: only the end of one
        transaction shows that all is well."""
        listed, case = copy == 'native', self.case
        reached, todo = set(), [case.root_table]
        while todo:
            reached.add(t := todo.pop())
            todo += [f.child for f in case.relations if f.parent is t and f.rule == 'CASCADE' and f.child not in reached]
        for f in case.relations:
            if f.parent not in reached or f.rule not in ('SET NULL', 'SET DEFAULT', 'SET_VALUE'):
                continue
            values = model.set_values(f, listed)
            onto = [g.ref_columns for g in case.relations if g.parent is f.child]
            unique = f.child.unique_sets() if f.rule != 'SET NULL' else []
            if any(set(f.columns) & set(columns) for columns in onto + unique):
                return True
            if len(values) < len(f.columns) and None not in values.values():
                return True
        return False

    def keyless(self, copy):
        """Whether rows that are concerned cannot be told apart: a table without a key, where rows have no number."""
        if self.case.engine.row_ids:
            return False
        apart = lambda t: any(all(not t.columns[c].nullable for c in columns) for columns in t.unique_sets())
        reached, concerned = set(), [self.case.root_table]
        while concerned:
            t = concerned.pop()
            if not apart(t):
                return True
            if t in reached:
                continue
            reached.add(t)
            for f in self.case.relations:
                if f.parent is t and (f.rule != 'IGNORE' or copy != 'none' and not f.declared):
                    if not apart(f.child):
                        return True
                    if f.rule == 'CASCADE':
                        concerned.append(f.child)
        return False

    def everything(self, program=None):
        """Every copy by every driver, in ways that take turns. On a server, where a session costs more, both drivers have
        their turn on one of the copies only."""
        seed, ways, engine = self.case.seed, self.ways(), self.case.engine
        way = lambda n: ways[(seed // 22 + n) % len(ways)]
        touched = self.outcome('plain').touched
        for n, copy in enumerate(self.copies()):
            both = engine.row_ids or n == seed % len(self.copies())
            for k, driver in enumerate(engine.drivers if both else [engine.drivers[(seed + n) % 2]]):
                turn = (seed + n + k) % 2 == 0
                rows = max(1 + (seed * 7 + n + k) % 9, touched // 40)
                hook = (seed // 2 + n) % 2 == 0
                if turn or engine.row_ids:
                    self.attempt(copy, driver, way(n + k), self.whole)
                    if engine.proves and turn != engine.row_ids:
                        self.attempt(copy, driver, way(n), self.whole, integrity=cascade.PROVEN)
                if turn:
                    self.attempt(copy, driver, way(n), self.batched, rows, hook)
                    self.attempt(copy, driver, way(n + 1), self.planned)
                elif engine.proves and (seed + n) % 3 == 0:
                    self.attempt(copy, driver, way(n), self.batched, rows, hook, integrity=cascade.PROVEN)
                elif not engine.row_ids:
                    self.attempt(copy, driver, way(n), self.batched, rows, not hook)
                if (seed + n) % 3 == 0:
                    self.attempt(copy, driver, way(n + 2), self.blockers, 1 + seed % 3)
            if (seed + n) % 4 == 0:
                self.attempt(copy, 'adopted', way(n), self.hosted)
        if program:
            self.where = 'command'
            self.step(self.where)
            self.command(program, self.copies()[seed % 3])

    def attempt(self, copy, driver, way, what, *arguments, **options):
        details = ''.join(f' {a}' for a in arguments) + (' proven' if options else '')
        self.where = f'{copy} {driver} {what.__name__}{details} by {way}'
        self.step(self.where)
        try:
            what(copy, *([driver] if driver != 'adopted' else []), way, *arguments, **options)
        except cascade.Failure as e:
            if e.status == 'CASCADE_NO_KEY' and self.keyless(copy):
                self.refusals[e.status] += 1
            else:
                self.fail('unexpected failure', str(e))
