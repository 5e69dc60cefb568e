"""What the suite knows of every engine: its names, literals and types, and how its foreign keys compare values. Written from
the engines' documentation, so that the set model owes nothing to the library under test.

An engine is a class that is never instantiated: columns keep it, and copies of cases know it again.
"""


class NO_DEFAULT:
    """Stands for a column without DEFAULT; a class, so that copies of a case know it again."""


class Engine:
    name = ''                # as the library calls it
    copies = []              # of the database, that the library works on
    drivers = []
    actions = ['CASCADE', 'NO ACTION', 'RESTRICT', 'SET DEFAULT', 'SET NULL']  # that a foreign key can have
    names, long_name = [], ''  # that only this engine minds, and the longest
    texts = []               # that can be stored nowhere else, or mean something here
    collations = []          # besides the plain one
    declared = {}            # kind of column -> type
    numbers = []             # further types of integers
    implicit = True          # a foreign key need not name the primary key that it refers to
    same_collation = False   # a foreign key's columns must have the collation of those that they refer to
    null_keys = False        # a primary key may hold NULL
    row_ids = False          # rows without a key can be told apart
    lists = False            # SET NULL and SET DEFAULT may name some of the columns
    checks_rows = False      # checks are made row by row, not at the end of a statement
    defers = True            # a session can put all checks off to COMMIT
    proves = True            # deleting with the checks off is offered
    refusals = set()         # flags of the model for which its own actions may refuse what ends well

    # ---- how cases are made

    @staticmethod
    def kind(kind, r):
        """The kind of column that stands for one of SQLite's here."""
        return kind

    @classmethod
    def mixed(cls, parent, r):
        """Another declared type that may refer to a column of this one."""
        return parent.declared

    @classmethod
    def child_collation(cls, parent, r):
        return parent.collation

    @classmethod
    def child_value(cls, value, parent, child, r):
        """One of the ways in which a child may write its parent's key."""
        return cls.stored(value, child)

    @staticmethod
    def stored(value, column):
        """What the value becomes when the column takes it."""
        return value

    @staticmethod
    def comparable(value, column):
        """Equal exactly when the database finds a child's value equal to one of this column, which it refers to."""
        raise NotImplementedError

    @staticmethod
    def is_integer(column):
        return column.kind == 'int'

    @staticmethod
    def mixes(child, parent):
        """Whether the database's own actions may miss rows that its checks find."""
        return False

    @classmethod
    def number(cls, base, r):
        """A type, other than the plain one, of a key of integers from `base` on."""
        return r.choice(cls.numbers)

    @classmethod
    def can_act(cls, f, action):
        """Whether a foreign key like this relation can have that action."""
        return action in cls.actions

    # ---- SQL

    @staticmethod
    def quote(name):
        return '"' + name.replace('"', '""') + '"'

    @classmethod
    def quotes(cls, names):
        return ', '.join(map(cls.quote, names))

    @classmethod
    def literal(cls, value):
        if value is None:
            return 'NULL'
        if isinstance(value, bytes):
            return f"x'{value.hex()}'"
        if isinstance(value, (int, float)):
            return repr(value)
        return "'" + str(value).replace("'", "''") + "'"

    @classmethod
    def column(cls, c, extra=''):
        """A column of CREATE TABLE; `extra` comes before its default."""
        line = f'{cls.quote(c.name)} {c.declared}'.rstrip() + extra
        if c.default is not NO_DEFAULT:
            line += f' DEFAULT {cls.default(c.default)}'
        return line

    @classmethod
    def default(cls, value):
        return f'({cls.literal(value)})' if isinstance(value, (int, float)) and value < 0 else cls.literal(value)

    @classmethod
    def reference(cls, f, action, deferred):
        sql = f'FOREIGN KEY ({cls.quotes(f.columns)}) REFERENCES {cls.quote(f.parent.name)}'
        if not f.implicit:
            sql += f' ({cls.quotes(f.ref_columns)})'
        if action:
            sql += f' ON DELETE {action}'
        return sql + (' DEFERRABLE INITIALLY DEFERRED' if deferred else '')

    @staticmethod
    def key_cell(value):
        """How the library shows a value of a key."""
        return value if isinstance(value, (int, float, bytes, type(None))) else str(value)


def typed(row):
    """A row in a form that keeps 1, 1.0, '1' and x'31' apart and can be sorted."""
    return tuple((type(v).__name__, repr(v)) for v in row)
