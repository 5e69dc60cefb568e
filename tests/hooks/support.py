"""Random databases for the tests of hooks, outbox and archive, on every engine, and what a purge that spares rows has to leave.

Tables have an INTEGER PRIMARY KEY, a text and references to each other; the rules are those of the policy, and the database's own
actions may be the same ones. The servers are those of `tests/servers run`.
"""

import ctypes
import json
import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))

import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402

ENGINE = sys.argv[1]  # the first argument of every script here
QUICK = bool(os.environ.get("CASCADE_QUICK"))


class Library(sessions.Library):
    def archive(self, session, file=None, write=None, suffix=None, schema=None):
        self.kept = ffi.WRITE(write) if write else ffi.WRITE()
        options = ffi.ArchiveOptions(file=file and str(file).encode(), write=self.kept, suffix=suffix and suffix.encode(),
                                     schema=schema and schema.encode())
        return self.make("archive", "archive_new", session.context, ctypes.byref(options))

    def archived(self, archive):
        report = ffi.ArchiveReport()
        self.check("archive_describe", archive, ctypes.byref(report))
        return report


class Purge:
    """A purge with all its hooks; `before`, `after` and `committed` get dictionaries of the keys by table. `before` gives the keys
    to veto."""

    def __init__(self, session, selection, before=None, after=None, committed=None, columns=(), archive=None, **options):
        self.session, self.library, self.trouble = session, session.library, None
        self.cells = {}
        self.hooks = [ffi.HOOK(self.guarded(f, f is before)) if f else ffi.HOOK() for f in (before, after, committed)]
        tables = (ffi.TEXT * max(len(columns), 1))(*[table.encode() for table, _ in columns])
        names = (ffi.TEXT * max(len(columns), 1))(*[name.encode() for _, name in columns])
        settings = ffi.PurgeOptions(before_batch=self.hooks[0], after_batch=self.hooks[1], after_commit=self.hooks[2],
                           column_count=len(columns), column_tables=tables, columns=names, archive=archive and archive.pointer, **options)
        self.handle = self.library.make("purge", "purge_new", session.connection, session.policy, selection,
                                        ctypes.byref(settings))
        self.batches = self.roots_done = 0

    def guarded(self, function, veto):
        def hook(_, tables, count):
            try:
                keys = {self.session.table_name(entry.table): [key[0] for key in ffi.keys(entry.keys.contents)]
                        for entry in tables[:count]}
                self.cells = {name: self.cells_of(position) for position, name in enumerate(keys)}
                answer = function(keys) or 0
                if isinstance(answer, int):
                    return answer
                for position, name in enumerate(keys) if veto else ():
                    rows = [row for row, key in enumerate(keys[name]) if (name, key) in answer]
                    array = (ffi.U64 * max(len(rows), 1))(*rows)
                    self.library.check("purge_veto", self.handle, position, array, len(rows))
                return 0
            except Exception as trouble:  # told by run()
                self.trouble = trouble
                return 99
        return hook

    def cells_of(self, position):
        """Columns besides the keys: one tuple for each row."""
        found = ffi.RowColumns()
        self.library.check("purge_row_columns", self.handle, position, ctypes.byref(found))
        width = found.column_count
        return [tuple(ffi.unvalue(found.cells[i * width + j]) for j in range(width)) for i in range(found.row_count)]

    def run(self):
        batch = ctypes.POINTER(ffi.BatchInfo)()
        try:
            while self.library.call("purge_next", self.handle, ctypes.byref(batch)) == ffi.OK:
                self.batches += 1
                self.roots_done = batch.contents.roots_done
        except ffi.Failure:
            if self.trouble:
                raise self.trouble from None
            raise
        return self.report()

    def report(self):
        report = ffi.PurgeReport()
        self.library.check("purge_describe", self.handle, ctypes.byref(report))
        return report

    def stayed(self):
        """What stayed, as sets of (table, key): vetoed, and with them."""
        found = (set(), set())
        for table in range(self.session.library.lib.cascade_graph_table_count(self.session.graph)):
            lists = [ctypes.POINTER(ffi.Keys)() for _ in found]
            self.library.check("purge_kept", self.handle, table, *[ctypes.byref(keys) for keys in lists])
            for place, keys in zip(found, lists):
                rows = [(self.session.table_name(table), key[0]) for key in ffi.keys(keys.contents)]
                assert len(rows) == len(set(rows)), "a row is reported twice"
                place.update(rows)
        return found

    def free(self):
        self.handle.free()


class HookTest(unittest.TestCase):
    """A database of the engine, and the library."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.database, cls.library = sessions.ENGINES[ENGINE](), Library()
        cls.addClassCleanup(cls.database.drop)

    def session(self, policy=None, driver="native"):
        session = ffi.Session(self.library, self.database.uri(driver), policy)
        self.addCleanup(session.close)
        return session

    def purges(self, seeds, ways):
        """Random databases, made anew for each way to purge them: the case, a session, the selected rows, those to veto, those that
        go then, and the options."""
        run = 0
        for seed in seeds:
            case = Case(seed)
            closure = case.closure()
            if case.blocked(closure):
                continue
            vetoed = {row for row in sorted(closure) if case.dice.random() < 0.05}
            for way in ways:
                if ENGINE == "mariadb" and "integrity" in way:
                    continue
                options, run = dict(way), run + 1
                self.database.clear()
                case.create(self.database)
                session = self.session(case.policy(), options.pop("driver", "native"))
                selection = session.select_integers("t0", sorted(case.roots))
                yield case, session, selection, vetoed, closure - vetoed - case.spared(closure, vetoed), options
                selection.free()
        self.assertGreater(run, 3)


class Reference:
    def __init__(self, table, column, parent, rule, acts):
        self.table, self.column, self.parent, self.rule, self.acts = table, column, parent, rule, acts


class Case:
    """A random schema with rows. `rows`: by table and key, the referenced keys by column."""

    def __init__(self, seed):
        dice = self.dice = random.Random(seed)
        self.tables = [f"t{i}" for i in range(dice.randint(3, 6))]
        self.references = []
        rules = ["CASCADE"] * 6 + ["SET_NULL"] * 2 + ["RESTRICT"]
        for i, table in enumerate(self.tables):
            parents = [dice.choice(self.tables[:i]) for _ in range(dice.randint(1, 2))] if i else []
            if dice.random() < 0.3:
                parents.append(table)
            for number, parent in enumerate(parents):
                rule = dice.choice(rules)
                self.references.append(Reference(table, f"r{number}", parent, rule, rule != "RESTRICT" and dice.random() < 0.5))
        self.rows = {table: {} for table in self.tables}
        for i, table in enumerate(self.tables):
            count = dice.choice([5, 20, 60, 150])
            for key in range(1, count + 1):
                self.rows[table][key * (1 if i % 2 else 3)] = {
                    r.column: self.target(r, key) for r in self.references if r.table == table}
        self.roots = set(dice.sample(sorted(self.rows["t0"]), max(1, len(self.rows["t0"]) // 2)))

    def target(self, reference, key):
        if self.dice.random() < 0.2:
            return None
        keys = sorted(self.rows[reference.parent])
        if reference.table == reference.parent:  # trees, now and then a circle
            keys = [k for k in keys if self.dice.random() < 0.5] or [None]
        return self.dice.choice(keys)

    def create(self, database):
        for table in self.tables:
            parts, keys = ["id INTEGER PRIMARY KEY", "words VARCHAR(40)"], []
            for r in self.references:
                if r.table != table:
                    continue
                action = " ON DELETE " + r.rule.replace("_", " ") if r.acts else ""
                parts.append(f"{r.column} INTEGER")
                keys.append(f"FOREIGN KEY ({r.column}) REFERENCES {r.parent} (id){action}")
            database.run(f"CREATE TABLE {table} ({', '.join(parts + keys)})")
            for r in self.references:
                if r.table == table:
                    database.run(f"CREATE INDEX i_{table}_{r.column} ON {table} ({r.column})")
            columns = ["id", "words"] + [r.column for r in self.references if r.table == table]
            database.run(*self.checks_off(database))
            values = ", ".join("(" + ", ".join("NULL" if v is None else str(v) for v in
                                               [key, f"'{self.words(table, key)}'", *row.values()])
                               + ")" for key, row in self.rows[table].items())
            database.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}")

    @staticmethod
    def checks_off(database):
        """Rows of a table may refer to ones that come after them, which MariaDB does not take."""
        return ["SET foreign_key_checks = 0"] if database.engine == "mariadb" else []

    @staticmethod
    def words(table, key):
        return f"/{table}/{key}.jpg"

    def policy(self):
        return json.dumps({"relations": [{"table": r.table, "columns": [r.column], "ref_table": r.parent, "rule": r.rule}
                                         for r in self.references]})

    def links(self, rules):
        """(referencing row, referenced row) of relations with these rules."""
        for r in self.references:
            if r.rule in rules:
                for key, row in self.rows[r.table].items():
                    if row[r.column] is not None:
                        yield (r.table, key), (r.parent, row[r.column])

    def closure(self):
        found = {("t0", key) for key in self.roots}
        return spread(found, [(parent, child) for child, parent in self.links({"CASCADE"})])

    def blocked(self, closure):
        return any(parent in closure and child not in closure for child, parent in self.links({"RESTRICT"}))

    def spared(self, closure, vetoed):
        """What stays for the sake of vetoed rows."""
        ways = [(child, parent) for child, parent in self.links({"CASCADE", "RESTRICT"}) if parent in closure]
        return spread(set(vetoed), ways) - vetoed

    def differences(self, database, gone, spared, strict):
        """What is not as it should be, as text. Not `strict`: rows may have been cut off from a row before it was spared."""
        for table in self.tables:
            columns = [r for r in self.references if r.table == table]
            names = ", ".join(["id"] + [r.column for r in columns])
            found = {row[0]: row[1:] for row in database.rows(f"SELECT {names} FROM {table}")}
            expected = {key for key in self.rows[table] if (table, key) not in gone}
            if set(found) != expected:
                return (f"{table}: left {sorted(set(found) - expected)}, lacks {sorted(expected - set(found))}")
            for key, values in found.items():
                for r, value in zip(columns, values):
                    before = self.rows[table][key][r.column]
                    wanted = None if (r.parent, before) in gone else before
                    early = not strict and r.rule == "SET_NULL" and value is None and (r.parent, before) in spared
                    if value != wanted and not early:
                        return f"{table} {key}: {r.column} is {value}, not {wanted}"
        return None


def spread(found, ways):
    onward = {}
    for a, b in ways:
        onward.setdefault(a, []).append(b)
    pending = list(found)
    while pending:
        for row in onward.get(pending.pop(), ()):
            if row not in found:
                found.add(row)
                pending.append(row)
    return found
