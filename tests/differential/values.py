"""SQLite's values as the suite needs them: affinity, collation, literals, names. Written from SQLite's documentation
of datatypes and foreign keys, so that the set model owes nothing to the library under test."""
import re

INTEGER, TEXT, BLOB, REAL, NUMERIC = 'INTEGER', 'TEXT', 'BLOB', 'REAL', 'NUMERIC'
NUMBER = re.compile(r'[ \t\r\n]*([+-]?)(\d+)(\.\d+)?([eE][+-]?\d+)?[ \t\r\n]*')


class NO_DEFAULT:
    """Stands for a column without DEFAULT; a class, so that copies of a case know it again."""


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


def comparable(value, affinity, collation):
    """Equal exactly when SQLite finds a child's value equal to a parent's, whose affinity and collation hold."""
    value = with_affinity(value, affinity)
    if isinstance(value, (int, float)):
        return ('number', value)
    if isinstance(value, str):
        if collation == 'NOCASE':
            value = ''.join(c.lower() if c.isascii() else c for c in value)
        elif collation == 'RTRIM':
            value = value.rstrip(' ')
        return ('text', value)
    return ('blob', value)


def name(s):
    return '"' + s.replace('"', '""') + '"'


def names(seq):
    return ', '.join(name(s) for s in seq)


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)


def typed(row):
    """A row in a form that keeps 1, 1.0, '1' and x'31' apart and can be sorted."""
    return tuple((type(v).__name__, repr(v)) for v in row)
