"""PostgreSQL. Copies are databases; the rows go into their schema `public`."""
import decimal
import os

import psycopg2

import copies
from server import ServerEngine, ServerPlace

COLLATION = 'ignores case'
SETUP = f"CREATE COLLATION \"{COLLATION}\" (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"


class PostgreSQL(ServerEngine):
    name = 'postgresql'
    copies = ['plain', 'deferred', 'none', 'native', 'crossed']
    drivers = ['native', 'dbi']
    names, long_name = ['user', 'oid', 'Ctid', '$1$', "E'x"], 'k' * 63
    collations = [COLLATION]
    declared = {'int': 'bigint', 'text': 'text', 'digits': 'numeric', 'numeric': 'numeric', 'blob': 'bytea',
                'real': 'double precision', 'uuid': 'uuid', 'date': 'date'}
    kinds = {'digits': ['numeric'], 'any': ['uuid', 'date'], 'blob': ['blob', 'uuid', 'date', 'numeric']}
    numbers = [('bigint', 64), ('integer', 32), ('smallint', 16)]
    lists = True
    refusals = {'restrict', 'no action', 'rewritten', 'transient', 'overlap'}
    defers = False

    @classmethod
    def mixed(cls, parent, r):
        other = {'bigint': ['integer', 'smallint'], 'integer': ['bigint', 'smallint'], 'smallint': ['bigint'],
                 'text': ['varchar(400)', 'varchar'], 'numeric': ['numeric(30,3)', 'bigint']}
        return r.choice(other.get(parent.declared, [parent.declared]))

    @classmethod
    def child_collation(cls, parent, r):
        return r.choice([COLLATION, '', parent.collation])

    @classmethod
    def child_value(cls, value, parent, child, r):
        if isinstance(value, str) and parent.collation and r.random() < .6:
            value = ''.join(c.swapcase() if c.isascii() and r.random() < .5 else c for c in value)
        if isinstance(value, decimal.Decimal) and child.declared == 'numeric' and r.random() < .5:
            value = decimal.Decimal(f'{value}{"" if value.as_tuple().exponent else "."}00')
        return cls.stored(value, child)

    @staticmethod
    def stored(value, column):
        if value is None:
            return None
        if column.declared in ('bigint', 'integer', 'smallint'):
            bits = {'bigint': 63, 'integer': 31, 'smallint': 15}[column.declared]
            return int(value) if value == int(value) and -2 ** bits <= value < 2 ** bits else None
        if column.declared == 'numeric(30,3)':
            return decimal.Decimal(value).quantize(decimal.Decimal('.001'))
        return value

    @staticmethod
    def comparable(value, column):
        return value.lower() if column.collation and isinstance(value, str) else value

    @classmethod
    def collate(cls, c):
        return f' COLLATE {cls.quote(c.collation)}' if c.collation else ''

    @staticmethod
    def key_cell(value):
        return repr(value).removesuffix('.0') if isinstance(value, float) else ServerEngine.key_cell(value)

    @classmethod
    def literal(cls, value):
        if isinstance(value, bytes):
            return f"'\\x{value.hex()}'"
        return super().literal(value)


class Host:
    """The suite's own connection, which the library adopts inside a transaction."""
    driver = 'pq'

    def __init__(self, connection):
        self.connection, self.handle = connection, connection.pgconn_ptr

    def execute(self, sql):
        self.connection.cursor().execute(sql)

    def close(self):
        pass


class Place(ServerPlace):
    errors = psycopg2.Error

    def connect(self, database):
        host = os.environ['CASCADE_TEST_PG_HOST']
        for name in ('postgres', database):
            con = psycopg2.connect(host=host, user='postgres', dbname=name)
            con.autocommit = True
            with con.cursor() as cursor:
                if name == database:
                    cursor.execute('SET client_min_messages = error')
                    continue
                cursor.execute(f'DROP DATABASE IF EXISTS {database}')
                cursor.execute(f'CREATE DATABASE {database} TEMPLATE template0')
            con.close()
        return con

    def uri(self, copy, driver):
        host, name = os.environ['CASCADE_TEST_PG_HOST'], self.database(copy)
        return {'native': f'postgresql://postgres@/{name}?host={host}&port=5432',
                'dbi': f'dbi:pgsql?host={host}&port=5432&dbname={name}&username=postgres'}[driver]

    @staticmethod
    def script(case, copy):
        e = case.engine
        lines = [f'DROP SCHEMA public CASCADE; CREATE SCHEMA public; {SETUP}']
        lines += [e.create(t) for t in case.tables]
        lines += copies.inserts(case, {t: t.rows for t in case.tables})
        lines += [f'ALTER TABLE {e.quote(f.child.name)} ADD {copies.clause(case, f, copy)}'
            for f in copies.declared(case, copy)]
        return '; '.join(lines + copies.indexes(case))

    @staticmethod
    def fill(case, rows):
        lines = [f'DELETE FROM {case.engine.quote(t.name)}' for t in case.tables] + list(copies.inserts(case, rows))
        return 'BEGIN; SET LOCAL session_replication_role = replica; ' + '; '.join(lines) + '; COMMIT'

    def execute(self, copy, sql):
        with self.connection(copy).cursor() as cursor:
            cursor.execute(sql)

    def fetch(self, copy, sql):
        with self.connection(copy).cursor() as cursor:
            cursor.execute(sql)
            return [[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()]

    def verify(self, copy):
        """The foreign keys were added behind the rows."""

    def settle(self, copy):
        self.execute(copy, 'SET CONSTRAINTS ALL IMMEDIATE')

    def host(self, copy):
        return Host(self.connection(copy))
