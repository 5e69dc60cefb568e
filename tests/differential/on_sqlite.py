"""SQLite: values have types, columns affinities; every copy is a file."""
import contextlib
import ctypes
import os
import re
import shutil
import sqlite3
import urllib.parse

import copies
from values import Engine

INTEGER, TEXT, BLOB, REAL, NUMERIC = 'INTEGER', 'TEXT', 'BLOB', 'REAL', 'NUMERIC'
NUMBER = re.compile(r'[ \t\r\n]*([+-]?)(\d+)(\.\d+)?([eE][+-]?\d+)?[ \t\r\n]*')


def affinity_of(declared):
    d = declared.upper()
    if 'INT' in d:
        return INTEGER
    if any(x in d for x in ('CHAR', 'CLOB', 'TEXT')):
        return TEXT
    if 'BLOB' in d or not d:
        return BLOB
    if any(x in d for x in ('REAL', 'FLOA', 'DOUB')):
        return REAL
    return NUMERIC


def with_affinity(value, affinity):
    """What the value becomes when a column of that affinity takes it or compares with it."""
    if affinity == TEXT and isinstance(value, int):
        return str(value)
    if affinity in (INTEGER, NUMERIC, REAL) and isinstance(value, str):
        m = NUMBER.fullmatch(value)
        if not m:
            return value
        if not m.group(3) and not m.group(4) and -2 ** 63 <= int(value) < 2 ** 63:
            return int(value)
        number = float(value)
        return int(number) if number.is_integer() and abs(number) < 2 ** 51 else number
    return value


class SQLite(Engine):
    name = 'sqlite'
    copies = ['plain', 'deferred', 'none', 'native', 'crossed']
    drivers = ['native', 'dbi']
    names, long_name = ['rowid', 'oid', ':p', 'json_each', 'sql', 'sql'], 'k' * 70
    texts = ['nul\x00in', 'nul\x00on', 'a\x00']
    collations = ['NOCASE', 'RTRIM']
    declared = {'int': 'INTEGER', 'text': 'TEXT', 'digits': 'TEXT', 'blob': 'BLOB', 'real': 'REAL', 'any': ''}
    numbers = ['BIGINT', 'INT', 'NUMERIC(20)']
    null_keys = row_ids = checks_rows = True
    refusals = {'restrict', 'transient', 'overlap', 'affinity'}

    @classmethod
    def mixed(cls, parent, r):
        return r.choice({'int': ['TEXT', '', 'NUMERIC', 'BIGINT', 'VARCHAR(9)'], 'digits': ['INTEGER', '', 'NUMERIC'],
                         'text': ['', 'VARCHAR'], 'any': [''], 'blob': ['', 'TEXT'], 'real': ['', 'NUMERIC']}[parent.kind])

    @classmethod
    def child_collation(cls, parent, r):
        return r.choice(['NOCASE', 'RTRIM', ''])

    @classmethod
    def child_value(cls, value, parent, child, r):
        to = affinity_of(child.declared)
        if isinstance(value, int) and affinity_of(parent.declared) != TEXT and parent.kind != 'any':
            if to == TEXT:
                ways = [str(value)] * 3 + ([f'0{value}', f'+{value}'] if value >= 0 else [])
                value = r.choice(ways + ([f'{value}.0'] if abs(value) < 2 ** 50 else []))
            elif child.declared == '' and r.random() < .5:
                value = str(value)
        elif parent.kind == 'digits' and to in (INTEGER, NUMERIC) and r.random() < .5:
            value = int(value)
        elif isinstance(value, str) and parent.collation == 'NOCASE' and r.random() < .6:
            value = ''.join(c.swapcase() if c.isascii() and r.random() < .5 else c for c in value)
        elif isinstance(value, str) and parent.collation == 'RTRIM' and r.random() < .6:
            value += ' ' * r.randint(1, 3)
        return with_affinity(value, to)

    @staticmethod
    def stored(value, column):
        return with_affinity(value, affinity_of(column.declared))

    @staticmethod
    def comparable(value, column):
        value = with_affinity(value, affinity_of(column.declared))
        if isinstance(value, (int, float)):
            return ('number', value)
        if isinstance(value, str):
            if column.collation == 'NOCASE':
                value = ''.join(c.lower() if c.isascii() else c for c in value)
            elif column.collation == 'RTRIM':
                value = value.rstrip(' ')
            return ('text', value)
        return ('blob', value)

    @staticmethod
    def is_integer(column):
        return affinity_of(column.declared) == INTEGER

    @staticmethod
    def mixes(child, parent):
        return affinity_of(child.declared) != affinity_of(parent.declared)

    @staticmethod
    def key_cell(value):
        return value

    @classmethod
    def create(cls, case, t, copy):
        lines = []
        for c in t.columns.values():
            extra = ' PRIMARY KEY' if t.alias and c.name == t.key[0] else ''
            if not c.nullable and (not t.alias or c.name not in t.key):
                extra += ' NOT NULL'
            if c.collation:
                extra += f' COLLATE {c.collation}'
            lines.append(cls.column(c, extra) + (f' GENERATED ALWAYS AS ({cls.quote(c.generated)})' if c.generated else ''))
        if t.key and not t.alias:
            lines.append(f'PRIMARY KEY ({cls.quotes(t.key)})')
        lines += [f'UNIQUE ({cls.quotes(u)})' for u in t.uniques]
        lines += [copies.clause(case, f, copy) for f in copies.declared(case, copy) if f.child is t]
        return f'CREATE TABLE {cls.quote(t.name)} (\n  ' + ',\n  '.join(lines) + '\n)' + (' WITHOUT ROWID'
            if t.without_rowid else '')


def remove(path):
    for end in ('', '-wal', '-shm', '-journal'):
        if os.path.exists(path + end):
            os.remove(path + end)


def build(case, copy, path):
    remove(path)
    con = sqlite3.connect(path, isolation_level=None)
    con.execute('PRAGMA journal_mode=WAL' if case.seed % 2 and path != ':memory:' else 'PRAGMA journal_mode=DELETE')
    con.execute('PRAGMA synchronous=OFF')
    con.execute('BEGIN')
    for t in case.tables:
        con.execute(SQLite.create(case, t, copy))
    for sql in copies.indexes(case):
        con.execute(sql)
    for t in case.tables:
        fill(con, t, t.rows)
    con.execute('COMMIT')
    return con


def fill(con, t, rows):
    columns = [c.name for c in t.columns.values() if not c.generated]
    con.executemany(f'INSERT INTO {SQLite.quote(t.name)} ({SQLite.quotes(columns)}) VALUES ({", ".join("?" * len(columns))})',
                    [[row[c] for c in columns] for row in rows])


class Host:
    """A handle of SQLite's C interface, which the library adopts inside a transaction."""
    driver = 'sqlite3'

    def __init__(self, path):
        self.lib = ctypes.CDLL('libsqlite3.so.0')
        self.lib.sqlite3_exec.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
        self.lib.sqlite3_close.argtypes = [ctypes.c_void_p]
        self.handle = ctypes.c_void_p()
        if self.lib.sqlite3_open(path.encode(), ctypes.byref(self.handle)):
            raise RuntimeError(f'{path} cannot be opened')
        self.execute('PRAGMA foreign_keys=ON')

    def execute(self, sql):
        if self.lib.sqlite3_exec(self.handle, sql.encode(), None, None, None):
            raise RuntimeError(f'the host cannot run {sql}')

    def close(self):
        self.lib.sqlite3_close(self.handle)


class Place:
    """The copies of one case at a time, as files in a directory."""
    def __init__(self, number):
        self.number = number

    def begin(self, case, directory):
        self.case, self.directory = case, directory
        self.work = os.path.join(directory, 'work.db')
        for copy in copies.kinds(case):
            build(case, copy, self.path(copy)).close()

    def end(self):
        pass

    close = end

    def path(self, copy):
        return os.path.join(self.directory, copy + '.db')

    def uri(self, copy, driver):
        return {'native': 'sqlite:{}', 'dbi': 'dbi:sqlite3?dbname={}'}[driver].format(urllib.parse.quote(self.work))

    @contextlib.contextmanager
    def session(self, copy, driver, make):
        """make(uri), on a copy with its rows as at first."""
        self.refill(copy)
        with make(self.uri(copy, driver)) as session:
            yield session

    def refill(self, copy):
        remove(self.work)
        shutil.copyfile(self.path(copy), self.work)

    def host(self, copy):
        return Host(self.work)

    def dump(self, copy):
        con = sqlite3.connect(self.work)
        try:
            return copies.dump(self.case, lambda sql: con.execute(sql).fetchall())
        finally:
            con.close()

    def overwrite(self, copy, rows):
        """Puts these rows into the copy's tables, whatever their constraints."""
        con = sqlite3.connect(self.work, isolation_level=None)
        con.execute('BEGIN')
        for t in self.case.tables:
            con.execute(f'DELETE FROM {SQLite.quote(t.name)}')
            fill(con, t, rows[t])
        con.execute('COMMIT')
        con.close()

    def execute(self, copy, sql):
        con = sqlite3.connect(self.work, isolation_level=None)
        con.execute(sql)
        con.close()

    def native(self):
        """(what SQLite's own actions refuse, or None; rows)"""
        case, con = self.case, build(self.case, 'native', ':memory:')
        con.execute('PRAGMA foreign_keys=ON')
        wrong = con.execute('PRAGMA foreign_key_check').fetchall()
        if wrong:
            raise AssertionError(f'seed {case.seed}: the generated rows break a foreign key: {wrong[:3]}')
        refused = None
        try:
            con.execute('BEGIN')
            con.execute(copies.delete(case))
            con.execute('COMMIT')
        except sqlite3.Error as e:
            refused = str(e)
            if con.in_transaction:
                con.execute('ROLLBACK')
        return refused, copies.dump(case, lambda sql: con.execute(sql).fetchall())
