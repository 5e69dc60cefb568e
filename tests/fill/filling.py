"""What tests of back-fills stand on: a database, products with their members, and how a fill is made and refused."""

import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import fills  # noqa: E402
import sessions  # noqa: E402

PAIR = ("product_id", "user_id")
DIRECT = "SELECT product_id, user_id FROM member"
GROUPS = "SELECT g.product_id, m.user_id FROM product_team g JOIN team_member m ON m.team_id = g.team_id"
CHECKPOINT = "CREATE TABLE mark (job VARCHAR(190) PRIMARY KEY, token VARCHAR(400) NOT NULL)"


class Filling(unittest.TestCase):
    engine = driver = None
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = sessions.Library()

    def setUp(self):
        self.database.clear()
        self.addCleanup(self.database.end_sides)

    def make(self, extra="", products=60, users=40):
        """Products and users; direct members, and teams of both. `extra`: what the target has besides its pairs."""
        run = self.database.run
        run("CREATE TABLE product (id INTEGER PRIMARY KEY)", "CREATE TABLE person (id INTEGER PRIMARY KEY)")
        for table in ("member", "granted"):
            more = ", level INTEGER, word VARCHAR(10)" if table == "member" else extra
            run(f"CREATE TABLE {table} (product_id INTEGER NOT NULL, user_id INTEGER NOT NULL{more},"
                " FOREIGN KEY (product_id) REFERENCES product (id), FOREIGN KEY (user_id) REFERENCES person (id))")
        run("CREATE UNIQUE INDEX granted_pair ON granted (product_id, user_id)", "CREATE INDEX member_at ON member (product_id)",
            "CREATE TABLE team_member (team_id INTEGER NOT NULL, user_id INTEGER NOT NULL)",
            "CREATE TABLE product_team (product_id INTEGER NOT NULL, team_id INTEGER NOT NULL)", CHECKPOINT)
        self.insert("product", [(i * 10,) for i in range(1, products + 1)])
        self.insert("person", [(i,) for i in range(1, users + 1)])
        members = [(p * 10, 1 + (p * 7 + k * 3) % users, k % 3, f"w{k}") for p in range(1, products + 1) for k in range(4)]
        teams = [(t, 1 + (t * 5 + k) % users) for t in range(1, 9) for k in range(6)]
        owned = [(p * 10, 1 + p % 8) for p in range(1, products + 1) if p % 2]
        self.insert("member", members)
        self.insert("team_member", teams)
        self.insert("product_team", owned)
        self.pairs = sorted({m[:2] for m in members} | {(p, u) for p, t in owned for team, u in teams if team == t})

    def insert(self, table, rows):
        self.database.run(f"INSERT INTO {table} VALUES " + ", ".join(
            "(" + ", ".join(repr(x) if isinstance(x, str) else str(x) for x in row) + ")" for row in rows))

    def session(self, lock_timeout_ms=0):
        session = ffi.Session(self.library, self.database.uri(self.driver), lock_timeout_ms=lock_timeout_ms)
        self.addCleanup(session.close)
        return session

    def fill(self, sources=(DIRECT, GROUPS), columns=PAIR, key=PAIR, table="granted", session=None, **options):
        fill = fills.Fill(session or self.session(), table, columns, key, sources, **options)
        self.addCleanup(fill.free)
        return fill

    def rows(self, columns="product_id, user_id", table="granted"):
        return sorted(self.database.rows(f"SELECT {columns} FROM {table}"))

    def refused(self, status, *words, finish=True, **fill):
        """It fails with the status, the words are in its message, and the target is as it was."""
        before = self.rows("*")
        with self.assertRaises(sessions.Failure) as caught:
            made = self.fill(**fill)
            if finish:
                made.finish()
        self.assertEqual(caught.exception.status, status, caught.exception)
        self.assertEqual(caught.exception.told, status)
        for word in words:
            self.assertIn(word, caught.exception.message)
        self.assertEqual(self.rows("*"), before)
        self.assertFalse(self.database.transactions())
        return caught.exception


def suite(engine, cases):
    """With both drivers; with one, when CASCADE_QUICK is set."""
    tests = unittest.TestSuite()
    for case in cases:
        for driver in ("native",) if os.environ.get("CASCADE_QUICK") else ("native", "dbi"):
            made = type(f"{case.__name__}.{driver}", (case,), {"engine": engine, "driver": driver})
            tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return tests


def main(cases, own):
    """ENGINE [WORD]: the cases, and the engine's own; with WORD those whose name has it."""
    chosen = suite(sys.argv[1], cases + own.get(sys.argv[1], ()))
    if len(sys.argv) > 2:
        chosen = unittest.TestSuite(test for test in chosen if sys.argv[2] in test.id())
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(chosen).wasSuccessful())
