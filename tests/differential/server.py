"""What PostgreSQL and MariaDB have in common: databases of one server as the copies, made anew for every case."""
import contextlib

import copies
from values import Engine


class ServerEngine(Engine):
    kinds = {}  # SQLite's kinds of columns -> those that stand for them

    @classmethod
    def kind(cls, kind, r):
        return r.choice(cls.kinds.get(kind, [kind]))

    @classmethod
    def number(cls, base, r):
        fitting = [declared for declared, bits in cls.numbers if -2 ** (bits - 1) <= base < 2 ** (bits - 1) - 500]
        return r.choice(fitting)

    @classmethod
    def create(cls, t, extra=()):
        lines = [cls.column(c) for c in t.columns.values()]
        if t.key:
            lines.append(f'PRIMARY KEY ({cls.quotes(t.key)})')
        lines += [f'UNIQUE ({cls.quotes(u)})' for u in t.uniques]
        return f'CREATE TABLE {cls.quote(t.name)} (' + ', '.join([*lines, *extra]) + ')'

    @classmethod
    def column(cls, c, extra=''):
        extra = cls.collate(c)
        if c.generated:
            return f'{cls.quote(c.name)} {c.declared}{extra} GENERATED ALWAYS AS ({cls.quote(c.generated)}) STORED'
        return super().column(c, extra + ('' if c.nullable else ' NOT NULL'))


class ServerPlace:
    """The copies of one case at a time. What a copy holds is put back before it is used again, if it was changed."""
    def __init__(self, number):
        self.number = number
        self.sessions, self.connections, self.changed = {}, {}, set()

    def begin(self, case, directory):
        self.case = case
        self.refilling = self.fill(case, {t: t.rows for t in case.tables})
        for copy in copies.kinds(case):
            self.execute(copy, self.script(case, copy))
        self.changed = set()

    def end(self):
        for session in self.sessions.values():
            session.close()
        self.sessions = {}

    def close(self):
        self.end()
        for connection in self.connections.values():
            connection.close()

    def connection(self, copy):
        if copy not in self.connections:
            self.connections[copy] = self.connect(self.database(copy))
        return self.connections[copy]

    def database(self, copy):
        return f'differential_{self.number}_{copy}'

    @contextlib.contextmanager
    def session(self, copy, driver, make):
        """make(uri), with the rows as at first. Kept for as long as the case: reading the graph is the greater part."""
        self.refill(copy)
        if (copy, driver) not in self.sessions:
            self.sessions[copy, driver] = make(self.uri(copy, driver))
        self.changed.add(copy)
        yield self.sessions[copy, driver]

    def refill(self, copy):
        if copy in self.changed:
            self.execute(copy, self.refilling)
        self.changed.discard(copy)

    def overwrite(self, copy, rows):
        """Puts these rows into the copy's tables, whatever their constraints."""
        self.changed.add(copy)
        self.execute(copy, self.fill(self.case, rows))

    def dump(self, copy):
        found = copies.dump(self.case, lambda sql: self.fetch(copy, sql))
        if found == copies.before(self.case):
            self.changed.discard(copy)
        return found

    def native(self):
        """(what the database's own actions refuse, or None; rows)"""
        copy, refused = 'native', None
        self.verify(copy)
        self.execute(copy, 'BEGIN')
        try:
            self.execute(copy, copies.delete(self.case))
            self.settle(copy)
            rows = copies.dump(self.case, lambda sql: self.fetch(copy, sql))
        except self.errors as e:
            refused, rows = str(e).strip().replace('\n', ' '), copies.before(self.case)
        self.execute(copy, 'ROLLBACK')
        return refused, rows
