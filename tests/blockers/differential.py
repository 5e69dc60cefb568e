"""Pages of blockers, put together in every way that a host can page, against what plain SQL says.

differential.py ENGINE [SEED]
"""

import os
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
from model import CASCADING, Schema  # noqa: E402

KEY = b"a secret of thirty-two bytes ..."
REST, NEXT, PREVIOUS, DOWN = range(4)
NONE, CAPPED, ESTIMATED, EXACT = range(4)
IS_EXACT, AT_LEAST, IS_ESTIMATED = range(3)
DELETABLE, BLOCKED, UNKNOWN = 1, 2, 3
ALL = 1 << 30


class Case:
    """One random database and one selection of its rows."""

    def __init__(self, test, seed, most):
        self.test, self.seed, self.random = test, seed, random.Random(seed)
        self.database = test.database
        self.schema = Schema(self.random, test.engine)
        self.schema.fill(most)
        self.database.clear()
        self.database.run(*self.schema.statements())
        if self.database.engine == "postgresql" and self.random.random() < .5:
            self.database.run("ANALYZE")
        self.schema.read(self.database)
        self.session = ffi.Session(test.library, self.database.uri(test.driver), policy=self.schema.policy())
        self.schema.number(self.session)
        self.by_number = {r.number: r for r in self.schema.relations}
        self.select()

    def select(self):
        r, schema = self.random, self.schema
        self.table = r.choice([relation.parent for relation in schema.relations])
        keys = schema.keys[self.table.name]
        way = r.choice(["one", "several", "condition", "all"])
        if way in ("one", "several"):
            hubs = [to for relation in schema.into(self.table) for to in relation.links.values()]
            picked = r.choices(hubs + keys, k=1 if way == "one" else r.randint(2, len(keys)))
            self.selection = self.session.select(self.table.name, picked, len(self.table.key))
            self.selected = set(picked)
        else:
            condition = "1 = 1" if way == "all" else f"u % {r.randint(2, 4)} = 0"
            self.selection = self.session.select_where(self.table.name, condition)
            self.selected = set(self.database.rows(f"SELECT {', '.join(self.table.key)} FROM {self.table.name} WHERE {condition}"))

    def close(self):
        self.selection.free()
        self.session.close()

    # ---- cursors

    def cursor(self, requests=(), **options):
        return self.session.cursor(self.selection, requests, token_key=KEY, **options)

    def pages(self, requests=(), **options):
        with self.cursor(requests, **options) as cursor:
            return cursor.pages()

    def by_rest(self, **options):
        """Pages by tokens: a few of each cursor, then a fresh one."""
        token, found = None, []
        for _ in range(3000):
            with self.cursor(token=token, **options) as cursor:
                for _ in range(self.random.choice([1, 2, 3, ALL])):
                    page = cursor.next()
                    if not page:
                        break
                    found.append(page)
                token = cursor.token(REST)
            if not token:
                return found
        raise AssertionError(f"seed {self.seed}: the tokens do not end")

    def chain(self, cursor, kind):
        """Page by page of one relation: the first of this cursor, each other by a token in a cursor of its own."""
        found = []
        while cursor:
            with cursor:
                page = cursor.next()
                token = cursor.token(kind) if page else None
                self.equal(cursor.next(), None, "more than one page")
            found += [page] if page else []
            cursor = self.cursor(token=token) if token else None
            if len(found) > 3000:
                raise AssertionError(f"seed {self.seed}: the tokens do not end")
        return found

    # ---- what is expected

    def equal(self, a, b, words):
        self.test.assertEqual(a, b, f"seed {self.seed}, {self.database.engine} {self.test.driver}: {words}")

    def put_together(self, pages):
        found = {}
        for page in pages:
            found.setdefault((page.path, page.relation), []).extend(page.keys)
            self.equal(page.depth, len(page.path) + 1, "depth")
            self.equal(page.kind, self.by_number[page.relation].kind, "kind")
            self.equal((page.first is None, page.last is None), (not page.keys,) * 2, "anchors")
        return found

    def check_paths(self, pages):
        """The rows that lead to a page's rows do: each refers to the next, and the last to a selected one."""
        for page in pages:
            for position, key in enumerate(page.keys):
                below, numbers = key, [page.relation, *reversed(page.path)]
                for number, level in zip(numbers, reversed(page.path_keys)):
                    above = self.by_number[number].links[below]
                    self.equal(level[position], above, f"row that leads to {key} of relation {page.relation}")
                    below = above
                self.test.assertIn(self.by_number[numbers[-1]].links[below], self.selected)

    def check_complete(self, pages, limit):
        """By relation: full pages, of which only the last is complete."""
        by_entry = {}
        for page in pages:
            by_entry.setdefault((page.path, page.relation), []).append(page)
        for entry in by_entry.values():
            self.equal([p.complete for p in entry], [False] * (len(entry) - 1) + [True], "complete")
            self.equal([len(p.keys) for p in entry[:-1]], [limit] * (len(entry) - 1), "full pages")
            self.equal([p.partial for p in entry], [False] * len(entry), "partial")

    # ---- the ways

    def first_level(self):
        wanted = self.schema.walk(self.table, self.selected, 1)
        limits = {1, 2, 7, 1000, 5000} | {len(keys) for keys in wanted.values()}
        for limit in self.random.sample(sorted(limits), min(4, len(limits))):
            pages = self.pages(limit=limit, rounds=ALL)
            self.equal(self.put_together(pages), wanted, f"by rounds of {limit}")
            self.check_complete(pages, limit)
            self.in_order(pages)
            pages = self.by_rest(limit=limit)
            self.equal(self.put_together(pages), wanted, f"by tokens of the rest, {limit}")
            self.check_complete(pages, limit)
        for r in self.schema.into(self.table):
            self.one_relation(r, wanted.get(((), r.number), []))

    def in_order(self, pages):
        """Round by round, and within a round by kind and label."""
        seen, order = {}, []
        for page in pages:
            seen[page.relation] = seen.get(page.relation, 0) + 1
            order.append((seen[page.relation], page.kind, self.by_number[page.relation].label))
        self.equal(order, sorted(order), "order of the pages")

    def one_relation(self, r, rows):
        limit = self.random.choice([1, 3, len(rows) or 1, max(len(rows) - 1, 1), len(rows) + 1, 5000])
        what = f"relation {r.number}, {limit} a page"
        request = {"relation": r.number, "limit": limit}
        pages, anchor = [], None
        while True:
            more = self.pages([dict(request, anchor=anchor)])
            pages += more
            if not more or more[0].complete:
                break
            anchor = more[0].last
        self.equal([key for page in pages for key in page.keys], rows, f"by anchors: {what}")
        self.check_complete(pages, limit)
        pages = self.chain(self.cursor([request]), NEXT)
        self.equal([key for page in pages for key in page.keys], rows, f"by tokens: {what}")
        self.check_complete(pages, limit)
        pages = self.chain(self.cursor([dict(request, backward=1)]), PREVIOUS)
        self.equal([key for page in reversed(pages) for key in page.keys], rows, f"backward: {what}")
        self.check_complete(pages, limit)
        if rows:
            self.from_the_middle(r, rows, limit)
            offset = self.random.choice([0, 1, len(rows) - 1, len(rows), len(rows) + 1, self.random.randrange(len(rows))])
            pages = self.pages([dict(request, offset=offset)], rounds=ALL)
            self.equal([key for page in pages for key in page.keys], rows[offset:], f"offset {offset}: {what}")

    def from_the_middle(self, r, rows, limit):
        """From a page in between, tokens lead to its neighbours, back and forth."""
        at = self.random.randrange(len(rows))
        anchor = self.schema.anchors[r.child.name][rows[at]]
        with self.cursor([{"relation": r.number, "limit": limit, "anchor": anchor}]) as cursor:
            page = cursor.next()
            if page is None:
                self.equal(at, len(rows) - 1, "nothing comes behind an anchor")
                return
            self.equal(page.keys, rows[at + 1:at + 1 + limit], "behind an anchor")
            before = cursor.token(PREVIOUS)
        with self.cursor(token=before) as cursor:
            page = cursor.next()
            start = max(at + 1 - limit, 0)
            self.equal((page.keys, page.complete), (rows[start:at + 1], start == 0), "before a page")
            forth = cursor.token(NEXT)
        with self.cursor(token=forth) as cursor:
            self.equal(cursor.next().keys, rows[at + 1:at + 1 + limit], "forth again")
        with self.cursor([{"relation": r.number, "limit": limit, "anchor": anchor, "backward": 1}]) as cursor:
            page = cursor.next()
            if at:
                self.equal((page.keys, page.complete), (rows[max(at - limit, 0):at], at <= limit), "before an anchor")
            else:
                self.equal(page, None, "before the first row")

    def deep(self):
        depth = self.random.choice([2, 3, 9])
        wanted = self.schema.walk(self.table, self.selected, depth)
        limit = self.random.choice([1, 3, 1000, 5000])
        with self.cursor(limit=limit, rounds=ALL, depth=depth) as cursor:
            pages = cursor.pages()
            deepest = any(len(path) + 1 == depth and self.by_number[number].kind == CASCADING for path, number in wanted)
            self.equal(cursor.cut(), 1 if deepest else 0, "cut at the last level")
        self.equal(self.put_together(pages), wanted, f"levels to {depth}, {limit} a page")
        self.check_complete(pages, limit)
        self.check_paths(pages)
        depths = [page.depth for page in pages]
        self.equal(depths, sorted(depths), "levels in their order")
        pages = self.by_rest(limit=limit, rounds=ALL, depth=depth)
        self.equal(self.put_together(pages), wanted, f"levels to {depth} by tokens, {limit} a page")
        self.check_paths(pages)
        self.below_a_page(limit)

    def below_a_page(self, limit):
        with self.cursor(limit=limit) as cursor:
            for page in iter(cursor.next, None):
                r = self.by_number[page.relation]
                if r.kind != CASCADING:
                    self.refused("CASCADE_INVALID", cursor.token, DOWN)
                    continue
                token = cursor.token(DOWN)
                wanted = self.schema.walk(self.table, self.selected, 2, [(r.child, (r.number,), set(page.keys))])
                with self.cursor(token=token, limit=limit, rounds=ALL) as below:
                    pages = below.pages()
                self.equal(self.put_together(pages), wanted, f"below a page of relation {r.number}")
                self.check_paths(pages)
                for page_below in pages:
                    for level in page_below.path_keys[0]:
                        self.test.assertIn(level, page.keys)

    def refused(self, status, call, *arguments):
        with self.test.assertRaises(ffi.Failure) as caught:
            call(*arguments)
        self.equal(caught.exception.status, status, str(caught.exception))

    def counts(self):
        wanted = {number: len(keys) for (_, number), keys in self.schema.walk(self.table, self.selected, 1).items()}
        for mode in (NONE, CAPPED, ESTIMATED, EXACT):
            cap = self.random.choice([1, 5, 1000])
            with self.cursor(limit=self.random.choice([1, 4, 1000, 5000]), count=mode, count_cap=cap) as cursor:
                pages = cursor.pages()
                total = cursor.total()
            for page in pages:
                rows, told = wanted[page.relation], (page.count, page.accuracy)
                words = f"count of relation {page.relation}, mode {mode}, cap {cap}, page {len(page.keys)}"
                if mode == EXACT or (mode and (rows < cap or page.complete)):
                    self.equal(told, (rows, IS_EXACT), words)
                elif mode and told[1] == IS_EXACT:  # what is left out was counted, and taken off again
                    self.equal(told[0], rows, words)
                elif mode == CAPPED:
                    self.equal(told[1], AT_LEAST, words)
                    self.test.assertTrue(min(cap, rows) <= told[0] <= rows, f"seed {self.seed}: {words}: {told}, {rows}")
                elif mode == ESTIMATED:
                    self.test.assertIn(told[1], (AT_LEAST, IS_ESTIMATED), words)
                    self.test.assertTrue(told[0] >= min(cap, rows), f"seed {self.seed}: {words}: {told}, {rows}")
                else:
                    self.equal(told[0], 0, words)
            if mode == EXACT:
                self.equal(total, (len(wanted), sum(wanted.values()), IS_EXACT), "total")

    def budgets(self):
        depth = self.random.choice([1, 3])
        wanted = self.schema.walk(self.table, self.selected, depth)
        rows = sum(map(len, wanted.values()))
        budget, limit = self.random.choice([1, 2, 5, rows or 1]), self.random.choice([1, 3, 1000])
        token, found = None, []
        for _ in range(rows + len(wanted) + 3):
            with self.cursor(token=token, limit=limit, rounds=ALL, depth=depth, budget_rows=budget) as cursor:
                pages = cursor.pages()
                given = sum(len(page.keys) for page in pages)
                self.test.assertLessEqual(given, budget)
                self.equal(any(page.partial for page in pages[:-1]), False, "only the last page may be cut")
                token = cursor.token(REST)
                if token:
                    self.equal(cursor.cut() & 4, 4, "cut by rows")
                    self.equal(given, budget, "the budget is used up")
            found += pages
            if not token:
                break
        self.equal(token, None, "the rest ends")
        self.equal(self.put_together(found), wanted, f"budgets of {budget} rows, {limit} a page, {depth} levels")

    def probe(self):
        """Last: the purge is made."""
        answer, relation = self.session.probe(self.selection)
        small = self.session.probe(self.selection, 1)[0]
        self.test.assertIn(small, (answer, UNKNOWN))
        purge = self.session.purge(self.selection)
        status = purge.failure.status if purge.failure else None
        self.test.assertIn(status, (None, "CASCADE_BLOCKED"), f"seed {self.seed}: {purge.failure}")
        self.equal(answer, BLOCKED if status else DELETABLE, f"probe, and a purge that says {purge.failure}")
        self.equal(relation is not None, answer == BLOCKED, "the relation that blocks")
        if relation is not None:
            self.equal(self.by_number[relation].kind, 1, "its kind")


class Differential(unittest.TestCase):
    engine = driver = None
    seeds = ()
    maxDiff = 3000

    @classmethod
    def setUpClass(cls):
        cls.database = sessions.ENGINES[cls.engine]()
        cls.addClassCleanup(cls.database.drop)
        cls.library = ffi.Library()

    def run_case(self, seed, *ways):
        case = Case(self, seed, 30)
        try:
            for way in ways or (case.first_level, case.counts, case.budgets, case.deep, case.probe):
                way()
        finally:
            case.close()

    def test_random_databases(self):
        for seed in self.seeds:
            with self.subTest(seed=seed):
                self.run_case(seed)


def suite(engine, seeds, drivers):
    tests = unittest.TestSuite()
    for driver in drivers:
        mine = seeds if driver == "native" else seeds[:len(seeds) // 4 + 1]
        made = type(f"Differential.{driver}", (Differential,), {"engine": engine, "driver": driver, "seeds": mine})
        tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return tests


if __name__ == "__main__":
    quick = bool(os.environ.get("CASCADE_QUICK"))
    numbers = [int(word) for word in sys.argv[2:]] or list(range(6 if quick else 30))
    chosen = suite(sys.argv[1], numbers, ("native",) if quick else ("native", "dbi"))
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(chosen).wasSuccessful())
