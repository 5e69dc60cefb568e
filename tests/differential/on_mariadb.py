"""MariaDB, with InnoDB. Copies are databases."""
import ctypes
import decimal
import os

import pymysql

import copies
from server import ServerEngine, ServerPlace

PLAIN, LOOSE = 'utf8mb4_bin', 'utf8mb4_general_ci'


class MariaDB(ServerEngine):
    name = 'mariadb'
    copies = ['plain', 'none', 'native', 'crossed']
    drivers = ['native', 'dbi']
    actions = ['CASCADE', 'NO ACTION', 'RESTRICT', 'SET NULL']
    names, long_name = ['casc_k', 'casc_p', 'casc_0', 'k', 'rank', 'dual'], 'k' * 64
    texts = ['nul\x00in', 'nul\x00on', 'a\x00']
    collations = [LOOSE]
    declared = {'int': 'bigint', 'text': 'varchar(180)', 'digits': 'decimal(30,2)', 'numeric': 'decimal(30,2)',
                'blob': 'varbinary(40)', 'real': 'double', 'uuid': 'uuid', 'date': 'date'}
    kinds = {'digits': ['numeric'], 'any': ['uuid', 'date'], 'blob': ['blob', 'uuid', 'date', 'numeric']}
    numbers = [('bigint', 64), ('int', 32), ('smallint', 16), ('mediumint', 24)]
    same_collation = checks_rows = True
    implicit = defers = proves = False
    refusals = {'restrict', 'no action', 'rewritten', 'transient', 'overlap', 'deep'}

    @classmethod
    def mixed(cls, parent, r):
        other = {'varchar(180)': ['varchar(220)'], 'varbinary(40)': ['varbinary(60)']}
        return r.choice(other.get(parent.declared, [parent.declared]))

    @classmethod
    def child_collation(cls, parent, r):
        return parent.collation

    @classmethod
    def child_value(cls, value, parent, child, r):
        if isinstance(value, str) and parent.collation and r.random() < .6:
            value = ''.join(c.swapcase() if c.isascii() and r.random() < .5 else c for c in value) + ' ' * r.randint(0, 2)
        return cls.stored(value, child)

    @staticmethod
    def stored(value, column):
        if isinstance(value, (decimal.Decimal, int)) and column.kind == 'numeric':
            return decimal.Decimal(value).quantize(decimal.Decimal('.01'))
        return value

    @staticmethod
    def comparable(value, column):
        if not isinstance(value, str):
            return value
        return (value.lower() if column.collation else value).rstrip(' ')

    @classmethod
    def can_act(cls, f, action):
        return action in cls.actions and (action != 'SET NULL' or all(f.child.columns[c].nullable for c in f.columns))

    @staticmethod
    def key_cell(value):
        return repr(value).replace('e+', 'e').removesuffix('.0') if isinstance(value, float) else ServerEngine.key_cell(value)

    @staticmethod
    def quote(name):
        return '`' + name.replace('`', '``') + '`'

    @classmethod
    def literal(cls, value):
        if isinstance(value, str):
            value = value.replace('\\', '\\\\').replace('\0', '\\0')
        return super().literal(value)

    @classmethod
    def collate(cls, c):
        return f' CHARACTER SET utf8mb4 COLLATE {c.collation or PLAIN}' if c.kind == 'text' else ''

    @classmethod
    def reference(cls, f, action, deferred):
        return f'CONSTRAINT fk{f.number} ' + super().reference(f, action, False)


class Host:
    """A handle of MariaDB's C interface, which the library adopts inside a transaction."""
    driver = 'mariadb'

    def __init__(self, database):
        self.lib = lib = ctypes.CDLL('libmariadb.so.3')
        text, handle = ctypes.c_char_p, ctypes.c_void_p
        lib.mysql_init.restype, lib.mysql_init.argtypes = handle, [handle]
        lib.mysql_real_connect.restype = handle
        lib.mysql_real_connect.argtypes = [handle, text, text, text, text, ctypes.c_uint, text, ctypes.c_ulong]
        lib.mysql_set_character_set.argtypes = lib.mysql_query.argtypes = [handle, text]
        lib.mysql_close.argtypes = [handle]
        self.handle = lib.mysql_init(None)
        if not lib.mysql_real_connect(self.handle, None, b'root', None, database.encode(), 0,
                                      os.environ['CASCADE_TEST_MARIADB'].encode(), 0):
            raise RuntimeError('the host cannot connect')
        lib.mysql_set_character_set(self.handle, b'utf8mb4')

    def execute(self, sql):
        if self.lib.mysql_query(self.handle, sql.encode()):
            raise RuntimeError(f'the host cannot run {sql}')

    def ask(self, sql):
        """The first value of a query, as text."""
        self.execute(sql)
        pointer = ctypes.c_void_p
        for name, result in (('store_result', pointer), ('fetch_row', ctypes.POINTER(ctypes.c_char_p)), ('free_result', None)):
            function = getattr(self.lib, 'mysql_' + name)
            function.argtypes, function.restype = [pointer], result
        rows = self.lib.mysql_store_result(self.handle)
        value = self.lib.mysql_fetch_row(rows)[0]
        self.lib.mysql_free_result(rows)
        return value

    def close(self):
        self.lib.mysql_close(self.handle)


class Place(ServerPlace):
    errors = pymysql.Error

    def connect(self, database):
        con = pymysql.connect(unix_socket=os.environ['CASCADE_TEST_MARIADB'], user='root', autocommit=True, charset='utf8mb4',
                              client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS)
        self.run(con, f'DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database} CHARACTER SET utf8mb4; USE {database}')
        return con

    def uri(self, copy, driver):
        socket, name = os.environ['CASCADE_TEST_MARIADB'], self.database(copy)
        return {'native': f'mariadb://root@localhost/{name}?unix_socket={socket}',
                'dbi': f'dbi:mysql?mysql_unix_socket={socket}&dbname={name}&username=root'}[driver]

    def script(self, case, copy):
        e, name = case.engine, self.database(copy)
        lines = [f'DROP DATABASE {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4; USE {name}; SET foreign_key_checks = 0']
        for t in case.tables:
            lines.append(e.create(t, [copies.clause(case, f, copy) for f in copies.declared(case, copy) if f.child is t]))
        lines += copies.inserts(case, {t: t.rows for t in case.tables})
        return '; '.join(lines + copies.indexes(case) + ['SET foreign_key_checks = 1'])

    @staticmethod
    def fill(case, rows):
        lines = [f'DELETE FROM {case.engine.quote(t.name)}' for t in case.tables] + list(copies.inserts(case, rows))
        return 'SET foreign_key_checks = 0; BEGIN; ' + '; '.join(lines) + '; COMMIT; SET foreign_key_checks = 1'

    @staticmethod
    def run(con, sql):
        with con.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass

    def execute(self, copy, sql):
        self.run(self.connection(copy), sql)

    def fetch(self, copy, sql):
        with self.connection(copy).cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def verify(self, copy):
        """The rows came in unchecked: InnoDB must find what the model finds."""
        e = self.case.engine
        for f in copies.declared(self.case, copy):
            on = ' AND '.join(f'p.{e.quote(k)} = c.{e.quote(c)}' for c, k in zip(f.columns, f.ref_columns))
            some = ' AND '.join(f'c.{e.quote(c)} IS NOT NULL' for c in f.columns)
            found = self.fetch(copy, f'SELECT 1 FROM {e.quote(f.child.name)} c WHERE {some} AND NOT EXISTS '
                                     f'(SELECT 1 FROM {e.quote(f.parent.name)} p WHERE {on}) LIMIT 1')
            if found:
                raise AssertionError(f'seed {self.case.seed}: the generated rows break {f.label}')

    def settle(self, copy):
        """Nothing was put off."""

    def host(self, copy):
        return Host(self.database(copy))
