"""Back-fills on every engine: what they write, count, refuse and say.

fill.py ENGINE [WORD]: tests on sqlite, postgresql or mariadb, with both drivers (one, when CASCADE_QUICK is set); with WORD
those whose name has it.
"""

import os
import tempfile

import filling
from filling import DIRECT, PAIR, Filling, ffi, fills, sessions
from proxy import Proxy


class Work(Filling):
    def test_merges_sources_and_a_second_pass_inserts_nothing(self):
        self.make()
        first = self.fill().finish()
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(first.counts(), (len(self.pairs), 0, 0))
        self.assertEqual(first.report().permille, 1000)
        self.assertTrue(first.report().finished)
        self.assertEqual(sum(r.rows for r in first.ranges), len(self.pairs))
        second = self.fill().finish()
        self.assertEqual(second.counts(), (0, 0, len(self.pairs)))
        self.assertEqual(self.rows(), self.pairs)

    def test_rows_that_are_there_are_skipped(self):
        self.make()
        there = self.pairs[::3]
        self.insert("granted", there)
        fill = self.fill().finish()
        self.assertEqual(fill.counts(), (len(self.pairs) - len(there), 0, len(there)))
        self.assertEqual(self.rows(), self.pairs)

    def test_ranges_follow_one_another(self):
        self.make()
        fill = self.fill(max_tx_rows=20).finish()
        self.assertGreater(len(fill.ranges), 10)
        for before, after in zip(fill.ranges, fill.ranges[1:]):
            self.assertLessEqual(before.upto, after.after)
            self.assertEqual(after.number, before.number + 1)
            self.assertGreaterEqual(after.permille, before.permille)
        self.assertTrue(all(r.rows <= 20 or r.upto - r.after == 1 for r in fill.ranges))
        self.assertEqual(fill.ranges[-1].total_inserted, len(self.pairs))
        self.assertEqual(self.rows(), self.pairs)

    def test_one_statement_for_a_range(self):
        """Where nothing goes with it; with a checkpoint, a transaction is around it."""
        self.make(products=600)
        used = []
        for more in ({}, {"checkpoint_table": "mark", "job": "grants"}):
            session = self.session()
            fill = self.fill(session=session, max_tx_rows=400, **more)
            fill.step()
            before, ranges = session.statements(), len(fill.ranges)
            self.assertEqual(fill.finish().counts(), (len(self.pairs), 0, 0))
            used.append((session.statements() - before) / (len(fill.ranges) - ranges))
            self.database.run("DELETE FROM granted")
        self.assertLessEqual(used[0], 2)
        self.assertGreater(used[1], used[0] + 1)

    def test_range_that_is_denser(self):
        """Wherever it stops, every row is counted once: those of a range that was too large, too."""
        self.make()
        dense = [(p * 10, u) for p in range(40, 60) for u in range(1, 41)]
        self.database.run("CREATE TABLE dense (product_id INTEGER NOT NULL, user_id INTEGER NOT NULL)")
        self.insert("dense", dense)
        pairs = sorted(set(self.pairs + dense))
        token, steps = None, 0
        while True:
            fill = self.fill([DIRECT, filling.GROUPS, "SELECT product_id, user_id FROM dense"], max_tx_rows=45, token=token)
            if not fill.step():
                break
            self.assertLessEqual(fill.ranges[-1].rows, 45)
            token, steps = fill.token(), steps + 1
        self.assertGreater(steps, len(pairs) // 45)
        self.assertEqual(fill.counts(), (len(pairs), 0, 0))
        self.assertEqual(self.rows(), pairs)

    def test_sources_without_an_index(self):
        """Each range reads all of them: ranges of a thousand rows, the least that late ones shrink to, would do so 300 times."""
        numbers = {"postgresql": "SELECT generate_series(1, 300000) AS n", "mariadb": "SELECT seq AS n FROM seq_1_to_300000",
                   "sqlite": "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 300000) SELECT n FROM n"}
        self.database.run("CREATE TABLE pair (a INTEGER NOT NULL, b INTEGER NOT NULL)", "CREATE UNIQUE INDEX pair_ab ON pair (a, b)",
                          "CREATE TABLE source (a INTEGER NOT NULL, b INTEGER NOT NULL)",
                          f"INSERT INTO source SELECT n % 2000, n FROM ({numbers[self.engine]}) AS s")
        fill = self.fill(["SELECT a, b FROM source"], ("a", "b"), ("a", "b"), "pair", batch_ms=2).finish()
        self.assertEqual(fill.counts(), (300000, 0, 0))
        self.assertLess(len(fill.ranges), 200)

    def test_other_range_column_and_gaps(self):
        self.make()
        far = 2 ** 31 - 5
        self.insert("product", [(far,), (-far,)])
        self.insert("member", [(far, 1, 0, "x"), (-far, 2, 0, "x")])
        pairs = sorted(self.pairs + [(far, 1), (-far, 2)])
        self.assertEqual(self.fill().finish().counts(), (len(pairs), 0, 0))
        self.assertEqual(self.rows(), pairs)
        self.database.run("DELETE FROM granted")
        fill = self.fill(range="user_id").finish()
        self.assertEqual(fill.counts(), (len(pairs), 0, 0))
        self.assertLessEqual(fill.ranges[-1].upto, 40)

    def test_parameters(self):
        self.make()
        fill = self.fill([(DIRECT + " WHERE level = ? OR word = ?", (1, "w0")), (DIRECT + " WHERE level = ?", (2,))]).finish()
        expected = set(self.database.rows("SELECT product_id, user_id FROM member WHERE level = 1 OR word = 'w0' OR level = 2"))
        self.assertEqual(self.rows(), sorted(expected))
        self.assertEqual(fill.counts()[0], len(expected))

    def test_no_rows(self):
        self.make()
        fill = self.fill([DIRECT + " WHERE 1 = 0"]).finish()
        self.assertEqual((fill.counts(), fill.report().finished), ((0, 0, 0), 1))

    def test_dry_run_counts_and_changes_nothing(self):
        self.make()
        self.insert("granted", self.pairs[:7])
        fill = self.fill(dry_run=1, checkpoint_table="mark", job="j").finish()
        self.assertEqual(fill.counts(), (len(self.pairs) - 7, 0, 7))
        self.assertEqual(self.rows(), self.pairs[:7])
        self.assertEqual(self.rows("job", "mark"), [])

    def test_budgets_and_tokens(self):
        self.make()
        fill = self.fill(max_tx_rows=20, row_budget=50).finish()
        inserted = fill.counts()[0]
        self.assertTrue(50 <= inserted < 50 + 20)
        self.assertFalse(fill.report().finished)
        again = self.fill(token=fill.token()).finish()
        self.assertEqual(again.counts(), (len(self.pairs), 0, 0))
        self.assertEqual(again.ranges[0].after, fill.ranges[-1].upto)
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(self.fill(token=again.token()).finish().ranges, [])

    def test_token_of_another_fill(self):
        self.make()
        fill = self.fill(max_tx_rows=20, row_budget=1).finish()
        token = fill.token()
        self.refused("CASCADE_INVALID", "other sources", token=token, sources=[DIRECT])
        self.refused("CASCADE_INVALID", "another target", token=token, range="user_id")
        for wrong in (token[:-1], token + "0", token.replace(".", "-"), "",
                      token[:30] + ("1" if token[30] != "1" else "2") + token[31:]):
            self.refused("CASCADE_INVALID", "damaged", token=wrong)

    def test_token_of_other_values(self):
        """What differs is a parameter, the mode or a column: rows would be passed over."""
        self.make(", level INTEGER")
        levels, columns = "SELECT product_id, user_id, level FROM member WHERE level >= ?", PAIR + ("level",)
        token = self.fill([(levels, (0,))], columns, max_tx_rows=20, row_budget=1).finish().token()
        self.refused("CASCADE_INVALID", "other sources", token=token, sources=[(levels, (1,))], columns=columns)
        self.refused("CASCADE_INVALID", "another target", token=token, sources=[(levels, (0,))], columns=columns, mode=fills.MERGE)
        self.refused("CASCADE_INVALID", "another target", token=token, sources=[(levels.replace(", level FROM", " FROM"), (0,))])
        self.assertTrue(self.fill([(levels, (0,))], columns, token=token).finish().report().finished)

    def test_cancel(self):
        self.make()
        fill = self.fill(max_tx_rows=20)
        fill.step()
        done = self.rows()
        fill.cancel()
        with self.assertRaises(sessions.Failure) as caught:
            fill.step()
        self.assertEqual(caught.exception.status, "CASCADE_CANCELLED")
        self.assertEqual(self.rows(), done)
        self.assertEqual(self.fill(token=fill.token()).finish().counts(), (len(self.pairs), 0, 0))


class Checkpoints(Filling):
    def test_row_is_kept_in_step(self):
        self.make()
        fill = self.fill(max_tx_rows=20, row_budget=40, checkpoint_table="mark", job="grants").finish()
        self.assertEqual(self.rows("job, token", "mark"), [("grants", fill.token())])
        again = self.fill(checkpoint_table="mark", job="grants").finish()
        self.assertEqual(again.counts(), (len(self.pairs), 0, 0))
        self.assertEqual(self.rows(), self.pairs)
        done = self.fill(checkpoint_table="mark", job="grants").finish()
        self.assertEqual((done.ranges, done.counts(), done.report().finished), ([], (len(self.pairs), 0, 0), 1))

    def test_two_runs_of_one_job(self):
        self.make()
        one = self.fill(max_tx_rows=20, checkpoint_table="mark", job="grants")
        two = self.fill(max_tx_rows=20, checkpoint_table="mark", job="grants")
        one.step()
        two.step()
        before = self.rows()
        with self.assertRaises(sessions.Failure) as caught:
            one.step()
        self.assertEqual(caught.exception.status, "CASCADE_CONTENDED")
        self.assertEqual(self.rows(), before)
        self.assertEqual(two.finish().counts(), (len(self.pairs), 0, 0))

    def test_end_at_a_gap(self):
        """The last value's rows are gone by the time that it is reached."""
        self.make()
        fill = self.fill([DIRECT], max_tx_rows=20, checkpoint_table="mark", job="grants")
        fill.step()
        self.database.run("DELETE FROM member WHERE product_id >= 550")
        fill.finish()
        self.assertEqual(self.rows("token", "mark"), [(fill.token(),)])
        self.assertEqual(self.fill([DIRECT], checkpoint_table="mark", job="grants").finish().ranges, [])

    def test_last_checkpoint_meets_a_lock(self):
        """It is tried again, as ranges are, and later on by who goes on."""
        self.make()
        fill = self.fill([DIRECT], session=self.session(300), max_tx_rows=20, checkpoint_table="mark", job="grants")
        fill.step()
        self.database.run("DELETE FROM member WHERE product_id >= 550")
        while len(self.rows()) < 54 * 4:
            fill.step()
        side = self.database.side()
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        side.run("UPDATE mark SET token = token")
        with self.assertRaises(sessions.Failure) as caught:
            fill.step()
        self.assertEqual((caught.exception.status, fill.report().retries), ("CASCADE_BUSY", 2))
        side.run("ROLLBACK")
        again = self.fill([DIRECT], checkpoint_table="mark", job="grants").finish()
        self.assertEqual((again.ranges, self.rows("token", "mark")), ([], [(again.token(),)]))

    def test_refusals(self):
        self.make()
        self.refused("CASCADE_NOT_FOUND", "CREATE TABLE nowhere", checkpoint_table="nowhere", job="j")
        self.refused("CASCADE_NOT_FOUND", "job VARCHAR", checkpoint_table="product", job="j")
        self.refused("CASCADE_INVALID", "needs a job", checkpoint_table="mark")
        self.refused("CASCADE_INVALID", "needs a job", job="j")
        self.database.run("INSERT INTO mark VALUES ('j', 'rubbish')")
        self.refused("CASCADE_INVALID", "damaged", checkpoint_table="mark", job="j")


class Faults(Filling):
    def test_no_key(self):
        self.make()
        self.refused("CASCADE_NO_KEY", "no key", key=())
        self.refused("CASCADE_NO_KEY", "no unique index", key=("product_id",))
        self.refused("CASCADE_NO_KEY", "no unique index", key=PAIR, columns=PAIR, table="member")

    def test_names(self):
        self.make()
        self.refused("CASCADE_NOT_FOUND", "nowhere", table="nowhere")
        self.refused("CASCADE_NOT_FOUND", "colour", columns=("product_id", "colour"))
        self.refused("CASCADE_INVALID", "twice", columns=("product_id", "product_id"))
        self.refused("CASCADE_INVALID", "not among", key=("product_id", "id"))
        self.refused("CASCADE_INVALID", "not of the key", range="colour")
        self.refused("CASCADE_INVALID", "outside the key", mode=fills.UPDATE)
        self.refused("CASCADE_SCHEMA", "source 1", sources=["SELECT product_id, colour FROM member"])

    def test_sources(self):
        self.make()
        self.refused("CASCADE_INVALID", "no source", sources=[])
        self.refused("CASCADE_INVALID", "no SELECT", sources=["DELETE FROM member"])
        self.refused("CASCADE_INVALID", "semicolon", sources=[DIRECT + "; DROP TABLE member"])
        self.refused("CASCADE_INVALID", "placeholder", sources=[(DIRECT + " WHERE level = ?", ())])
        self.refused("CASCADE_SCHEMA", "source 2", sources=[DIRECT, "SELECT product_id FROM member"])
        self.refused("CASCADE_SCHEMA", "source 1", sources=["SELECT product_id, user_id, level FROM member"])

    def test_types(self):
        self.make()
        self.refused("CASCADE_SCHEMA", "user_id", "CAST", sources=["SELECT product_id, word FROM member"])
        self.refused("CASCADE_SCHEMA", "user_id", sources=[DIRECT, "SELECT product_id, word FROM member"])

    def test_foreign_key_names_the_row(self):
        self.make()
        self.insert("product", [(99999,)])
        self.database.run("CREATE TABLE stray (p INTEGER, u INTEGER)")
        self.insert("stray", [(10, 1), (20, 777), (99999, 1)])
        self.refused("CASCADE_CONSTRAINT_FK", "(20, 777)", "granted", sources=["SELECT p, u FROM stray"])
        self.assertEqual(self.rows(), [])

    def test_earlier_ranges_stay(self):
        self.make()
        self.database.run("CREATE TABLE stray (p INTEGER, u INTEGER)")
        self.insert("stray", [(600, 777)])
        fill = self.fill([DIRECT, "SELECT p, u FROM stray"], max_tx_rows=20)
        with self.assertRaises(sessions.Failure) as caught:
            fill.finish()
        self.assertEqual(caught.exception.status, "CASCADE_CONSTRAINT_FK")
        self.assertIn("(600, 777)", caught.exception.message)
        self.assertEqual(len(self.rows()), fill.counts()[0])
        self.assertGreater(fill.counts()[0], 100)
        self.database.run("DELETE FROM stray")
        self.assertEqual(self.fill([DIRECT, "SELECT p, u FROM stray"], token=fill.token()).finish().counts()[0], len(self.rows()))

    def test_not_null_names_the_row(self):
        self.make(", level INTEGER NOT NULL")
        self.database.run("CREATE TABLE stray (p INTEGER, u INTEGER, l INTEGER)")
        self.database.run("INSERT INTO stray VALUES (10, 1, 1), (20, 2, 2), (20, 3, NULL), (30, 1, 4)")
        self.refused("CASCADE_CONSTRAINT", "(20, 3, NULL)", sources=["SELECT p, u, l FROM stray"], columns=PAIR + ("level",))

    def test_other_unique_index_is_no_conflict_of_the_key(self):
        self.make(", level INTEGER")
        self.database.run("CREATE UNIQUE INDEX granted_level ON granted (level)", "INSERT INTO granted VALUES (10, 40, 5)",
                          "CREATE TABLE stray (p INTEGER, u INTEGER, l INTEGER)", "INSERT INTO stray VALUES (10, 1, 1), (30, 2, 5)")
        self.refused("CASCADE_CONSTRAINT", "(30, 2, 5)", sources=["SELECT p, u, l FROM stray"], columns=PAIR + ("level",))

    def test_null_in_the_key(self):
        """It would conflict with nothing, and each pass would insert it once more."""
        self.make()
        self.database.run("CREATE TABLE loose (a INTEGER, b INTEGER)", "CREATE UNIQUE INDEX loose_key ON loose (a, b)",
                          "CREATE TABLE stray (p INTEGER, u INTEGER)", "INSERT INTO stray VALUES (1, 1), (2, NULL), (3, 3)")
        key = ("a", "b")
        self.refused("CASCADE_CONSTRAINT", "(2, NULL)", sources=["SELECT p, u FROM stray"], table="loose", columns=key, key=key)
        self.database.run("UPDATE stray SET p = NULL, u = 2 WHERE p = 2")
        self.refused("CASCADE_CONSTRAINT", "NULL in column a", sources=["SELECT p, u FROM stray"], table="loose", columns=key,
                     key=key)


class Columns(Filling):
    """Columns outside of the key."""

    LEVELS = "SELECT product_id, user_id, level FROM member"
    COLUMNS = PAIR + ("level",)

    def levels(self):
        found = {}
        for product, user, level in self.database.rows(self.LEVELS):
            found[product, user] = max(level, found.get((product, user), level))
        return found

    def test_greatest_wins(self):
        self.make(", level INTEGER")
        self.fill([self.LEVELS, "SELECT product_id, user_id, 1 FROM member"], self.COLUMNS).finish()
        self.assertEqual({row[:2]: row[2] for row in self.rows("product_id, user_id, level")},
                         {pair: max(level, 1) for pair, level in self.levels().items()})

    def test_merge(self):
        self.make(", level INTEGER")
        levels = self.levels()
        there = sorted(levels)[::2]
        self.insert("granted", [pair + (levels[pair] if i % 2 else 9,) for i, pair in enumerate(there)])
        wrong = len(there[::2])
        dry = self.fill([self.LEVELS], self.COLUMNS, mode=fills.MERGE, dry_run=1).finish()
        fill = self.fill([self.LEVELS], self.COLUMNS, mode=fills.MERGE, max_tx_rows=30).finish()
        self.assertEqual(fill.counts(), (len(levels) - len(there), wrong, len(there) - wrong))
        self.assertEqual(dry.counts(), fill.counts())
        self.assertEqual({row[:2]: row[2] for row in self.rows("product_id, user_id, level")}, levels)
        self.assertEqual(self.fill([self.LEVELS], self.COLUMNS, mode=fills.MERGE).finish().counts(), (0, 0, len(levels)))

    def test_flags(self):
        """Only rows that are there, and say otherwise."""
        self.make()
        self.database.run("CREATE TABLE flagged (id INTEGER PRIMARY KEY, owner INTEGER, word VARCHAR(10))",
                          "INSERT INTO flagged SELECT id, NULL, 'same' FROM person WHERE id <= 30")
        roles = "SELECT user_id, CASE WHEN level = 2 THEN 1 ELSE 0 END FROM member"
        fill = self.fill([roles], ("id", "owner"), ("id",), "flagged", mode=fills.UPDATE).finish()
        owners = {user for user, in self.database.rows("SELECT user_id FROM member WHERE level = 2")}
        seen = {user for user, in self.database.rows("SELECT user_id FROM member")}
        self.assertEqual(self.rows("id, owner, word", "flagged"),
                         [(i, int(i in owners) if i in seen else None, "same") for i in range(1, 31)])
        self.assertEqual(fill.counts(), (0, len([i for i in seen if i <= 30]), len([i for i in seen if i > 30])))
        self.assertEqual(self.fill([roles], ("id", "owner"), ("id",), "flagged", mode=fills.UPDATE).finish().counts(),
                         (0, 0, len(seen)))


class Streams(Filling):
    def test_stream(self):
        self.make()
        self.insert("granted", self.pairs[:5])
        fill = self.fill(iter(self.pairs + self.pairs[:3])).finish()
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(fill.counts()[0], len(self.pairs) - 5)
        self.assertEqual(fill.report().permille, -1)
        self.assertTrue(fill.report().finished)

    def test_texts(self):
        self.make()
        self.database.run("CREATE TABLE worded (a VARCHAR(20) NOT NULL PRIMARY KEY, b INTEGER)")
        words = [("x'\"\\\u00e9", 1), ("", 2), ("plain", None)]
        fill = self.fill(iter(words), ("a", "b"), ("a",), "worded").finish()
        self.assertEqual(fill.counts(), (3, 0, 0))
        self.assertEqual(self.rows("a, b", "worded"), sorted(words))
        self.assertEqual(self.fill(iter(words), ("a", "b"), ("a",), "worded").finish().counts(), (0, 0, 3))

    def test_bytes(self):
        self.make()
        kind = {"sqlite": "BLOB", "postgresql": "BYTEA", "mariadb": "VARBINARY(20)"}[self.engine]
        self.database.run(f"CREATE TABLE sealed (a {kind} NOT NULL PRIMARY KEY, b {kind}, c INTEGER)")
        rows = [(b"\x00\xff", b"", 1), (b"", b"\x00", 2), (b"'\\?\"", None, 3), (bytes(range(200, 220)), b"ab", 4)]
        fill = self.fill(iter(rows), ("a", "b", "c"), ("a",), "sealed").finish()
        self.assertEqual(fill.counts(), (4, 0, 0))
        found = [tuple(bytes(x) if isinstance(x, (memoryview, bytearray)) else x for x in row) for row in self.database.rows("SELECT a, b, c FROM sealed ORDER BY c")]
        self.assertEqual(found, rows)
        self.assertEqual(self.fill(iter(rows), ("a", "b", "c"), ("a",), "sealed").finish().counts(), (0, 0, 4))
        if self.engine == "mariadb":
            self.refused("CASCADE_DATABASE", "a", sources=iter([(bytes(21), None, 5)]), columns=("a", "b", "c"), key=("a",),
                         table="sealed")

    def test_resume(self):
        self.make()
        fill = self.fill(iter(self.pairs), max_tx_rows=30, row_budget=60, checkpoint_table="mark", job="s").finish()
        self.assertFalse(fill.report().finished)
        self.assertEqual([r.rows for r in fill.ranges], [30, 30])
        again = self.fill(iter(self.pairs), checkpoint_table="mark", job="s")
        again.page = 7  # fewer than are wanted: what is dropped comes in pages too
        again.finish()
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(again.counts(), (len(self.pairs), 0, 0))
        self.assertEqual(again.pulled, len(self.pairs))
        self.assertEqual(self.fill(iter(self.pairs), checkpoint_table="mark", job="s").finish().pulled, 0)

    def test_faults(self):
        self.make()
        self.refused("CASCADE_CONSTRAINT_FK", "(20, 777)", sources=iter([(10, 1), (20, 777), (30, 1)]))
        self.refused("CASCADE_SCHEMA", "row 2", "user_id", sources=iter([(10, 1), (20, "7")]))
        self.refused("CASCADE_CONSTRAINT", "row 1", "NULL", sources=iter([(None, 1)]))
        self.refused("CASCADE_HOOK", "7", sources=iter(["fail"]))
        self.refused("CASCADE_HOOK", "1 rows at NULL", sources=iter(["at NULL"]))
        self.refused("CASCADE_HOOK", "were wanted", sources=iter(["too many"]))

    def test_values_that_would_be_converted(self):
        self.make()
        exact = {"sqlite": "BLOB", "postgresql": "BYTEA", "mariadb": "VARBINARY(20)"}[self.engine]
        self.database.run(f"CREATE TABLE typed (id INTEGER NOT NULL PRIMARY KEY, word VARCHAR(20), bytes {exact})")
        for column, value in (("id", 2.5), ("id", b"2"), ("word", b"two"), ("bytes", "two"), ("bytes", 2)):
            row = {"id": 2, "word": "two", "bytes": b"two", column: value}
            with self.subTest(column=column, value=value):
                self.refused("CASCADE_SCHEMA", "row 2", column, sources=iter([(1, None, None), tuple(row.values())]),
                             columns=("id", "word", "bytes"), key=("id",), table="typed")
        self.assertEqual(self.rows("id", "typed"), [])

    def test_more_texts_than_a_statement_takes(self):
        self.database.run("CREATE TABLE worded (a VARCHAR(20) NOT NULL PRIMARY KEY, b VARCHAR(20))")
        count = 40000
        fill = self.fill(((f"{i:06}", None) for i in range(count)), ("a", "b"), ("a",), "worded").finish()
        self.assertEqual(fill.counts(), (count, 0, 0))
        self.assertEqual(self.rows("MIN(a), MAX(a), COUNT(*)", "worded"), [("000000", f"{count - 1:06}", count)])

    def test_stream_that_ends_before_where_it_was(self):
        self.make()
        fill = self.fill(iter(self.pairs), max_tx_rows=30, row_budget=60, checkpoint_table="mark", job="s").finish()
        done = fill.counts()[0]
        again = self.fill(iter(self.pairs[:done - 1]), checkpoint_table="mark", job="s").finish()
        self.assertEqual((again.pulled, again.counts()), (done - 1, (done, 0, 0)))
        self.assertTrue(again.report().finished)


class Names(Filling):
    def test_quotes_and_schemas(self):
        mark = "`" if self.engine == "mariadb" else '"'
        schema = ""
        if self.engine == "postgresql":
            self.database.run('CREATE SCHEMA "o.d\'d"')
            schema = '"o.d\'d".'

        def quoted(name):
            return mark + name.replace(mark, mark * 2) + mark
        table, key, word = 'ta"b`le; select', 'k"e`y', "wo'rd %s ?"
        self.database.run(f"CREATE TABLE {schema}{quoted(table)} ({quoted(key)} INTEGER NOT NULL PRIMARY KEY, {quoted(word)} VARCHAR(20))",
                          "CREATE TABLE source (a INTEGER, b VARCHAR(20))")
        self.insert("source", [(1, "one"), (2, "two")])
        label = f'"o.d\'d"."{table.replace(chr(34), chr(34) * 2)}"' if schema else table
        for mode, expected in ((fills.INSERT, (2, 0, 0)), (fills.MERGE, (0, 0, 2))):
            fill = self.fill(["SELECT a, b FROM source"], (key, word), (key,), label, mode=mode).finish()
            self.assertEqual(fill.counts(), expected)
        self.database.run("UPDATE source SET b = 'due' WHERE a = 2")
        fill = self.fill(["SELECT a, b FROM source"], (key, word), (key,), label, mode=fills.UPDATE).finish()
        self.assertEqual(fill.counts(), (0, 1, 1))
        self.assertEqual(sorted(self.database.rows(f"SELECT * FROM {schema}{quoted(table)}")), [(1, "one"), (2, "due")])

    def test_sources_of_other_shapes(self):
        """A SELECT with a WITH, a set operation, an order and a literal."""
        self.make(", level INTEGER")
        columns = PAIR + ("level",)
        for source, count in (("WITH m AS (SELECT product_id AS p, user_id AS u FROM member) SELECT p, u, 5 FROM m", None),
                              ("SELECT 10, 1, 5 UNION ALL SELECT 20, 1, 6", 2),
                              ("SELECT product_id, user_id, level FROM member ORDER BY level LIMIT 3", 3)):
            self.database.run("DELETE FROM granted")
            fill = self.fill([source], columns).finish()
            self.assertEqual(fill.counts()[0], count or len({m[:2] for m in self.database.rows(DIRECT)}))
            self.assertEqual(self.fill([source], columns).finish().counts()[0], 0)


class Beside(Filling):
    """Other sessions, and what was changed beneath a fill."""

    def test_rows_that_come_meanwhile(self):
        self.make()
        fill = self.fill(max_tx_rows=20)
        fill.step()
        after = fill.ranges[-1].upto
        there = set(self.rows())
        coming = [pair for pair in self.pairs if pair[0] > after and pair not in there][::5]
        self.insert("granted", coming)
        fill.finish()
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(fill.counts(), (len(self.pairs) - len(coming), 0, len(coming)))

    def test_writer_of_the_same_rows(self):
        """It inserts what the fill is about to, and commits first: the fill waits for it, and skips its rows."""
        self.make()
        side = self.database.side()
        side.run("BEGIN IMMEDIATE" if self.engine == "sqlite" else "BEGIN")
        pair = self.pairs[3]
        side.run(f"INSERT INTO granted VALUES ({pair[0]}, {pair[1]})")
        fill = self.fill()
        later = sessions.Later(fill.finish)
        if self.engine != "sqlite":
            sessions.until(lambda: self.database.waiting() >= 1, "nobody waits")
        side.run("COMMIT")
        later.result()
        self.assertEqual(self.rows(), self.pairs)
        self.assertEqual(fill.counts(), (len(self.pairs) - 1, 0, 1))

    def test_deferred_foreign_key_names_the_row(self):
        if self.engine == "mariadb":
            return  # it has none
        self.make()
        self.database.run("CREATE TABLE late (a INTEGER NOT NULL PRIMARY KEY, b INTEGER REFERENCES person (id) DEFERRABLE INITIALLY DEFERRED)",
                          "CREATE TABLE stray (a INTEGER, b INTEGER)")
        self.insert("stray", [(i, 1 if i != 7 else 777) for i in range(1, 20)])
        error = self.refused("CASCADE_CONSTRAINT_FK", "(7, 777)", sources=["SELECT a, b FROM stray"], table="late",
                             columns=("a", "b"), key=("a",))
        self.assertIn("late", error.message)
        self.assertEqual(self.rows("*", "late"), [])

    def test_values_that_do_not_fit(self):
        self.make(", level SMALLINT" + (" CHECK (level < 40000)" if self.engine == "sqlite" else ""))
        self.database.run("CREATE TABLE stray (p INTEGER, u INTEGER, l INTEGER)")
        self.insert("stray", [(10, 1, 1), (10, 2, 70000), (20, 1, 2)])
        status = "CASCADE_CONSTRAINT" if self.engine == "sqlite" else "CASCADE_DATABASE"
        self.refused(status, "(10, 2, 70000)", sources=["SELECT p, u, l FROM stray"], columns=PAIR + ("level",))


class Lost(Filling):
    """The answer to a COMMIT does not come: with a checkpoint, each range is applied and counted once."""

    def test_reply_to_commit(self):
        self.make()
        proxy = Proxy(self.database)
        self.addCleanup(proxy.close)
        how = {"max_tx_rows": 40, "checkpoint_table": "mark", "job": "grants"}
        ranges = len(self.fill(**how).finish().ranges)
        self.assertGreater(ranges, 5)
        tries = 1 if os.environ.get("CASCADE_QUICK") else 50 if os.environ.get("CASCADE_LONG") else 10
        for number in range(tries * 2):
            where = ("before", "after")[number % 2]
            self.database.run("DELETE FROM granted", "DELETE FROM mark")
            proxy.disarm()
            session = ffi.Session(self.library, self.database.uri(self.driver, proxy.host))
            fill = self.fill(session=session, **how)
            proxy.arm(1 + number * 3 % ranges, where)
            with self.subTest(number=number, where=where), self.assertRaises(sessions.Failure) as caught:
                fill.finish()
            self.assertEqual((caught.exception.status, caught.exception.transaction), ("CASCADE_CONNECTION", sessions.TX_UNKNOWN))
            self.assertTrue(proxy.cut)
            told = fill.counts()[0]
            fill.free()
            session.close()
            sessions.until(lambda: not self.database.transactions(), "the server goes on")
            self.assertEqual(len(self.rows()) > told, where == "after")
            self.assertEqual(self.fill(**how).finish().counts(), (len(self.pairs), 0, 0))
            self.assertEqual(self.rows(), self.pairs)

    def test_reply_to_a_statement_alone(self):
        """Without a checkpoint nobody knows of it, which is told; the next pass finds what there is."""
        self.make()
        proxy = Proxy(self.database)
        self.addCleanup(proxy.close)
        for where in ("before", "after"):
            self.database.run("DELETE FROM granted")
            proxy.disarm()
            session = ffi.Session(self.library, self.database.uri(self.driver, proxy.host))
            fill = self.fill(session=session, max_tx_rows=200)
            proxy.arm(1, where, Proxy.INSERT)
            with self.subTest(where=where), self.assertRaises(sessions.Failure) as caught:
                fill.finish()
            self.assertEqual((caught.exception.status, caught.exception.transaction), ("CASCADE_CONNECTION", sessions.TX_UNKNOWN))
            self.assertTrue(proxy.cut)
            fill.free()
            session.close()
            sessions.until(lambda: not self.database.transactions(), "the server goes on")
            there = len(self.rows())
            self.assertEqual(self.fill().finish().counts(), (len(self.pairs) - there, 0, there))
            self.assertEqual(self.rows(), self.pairs)



class PostgreSQL(Filling):
    def test_types(self):
        self.database.run("CREATE DOMAIN small AS integer", "CREATE TYPE mood AS ENUM ('good', 'bad')",
                          "CREATE TABLE t (k bigint PRIMARY KEY, n numeric, i small, s varchar(5), b boolean, d date, z timestamptz, m mood)",
                          "CREATE TABLE source (k integer, n integer, i smallint, s text, b boolean, d date, z timestamptz, m mood, x numeric,"
                          " y timestamp)", "INSERT INTO source VALUES (1, 2, 3, 'four', true, '2020-01-01', now(), 'bad', 1.5, now())")
        columns = ("k", "n", "i", "s", "b", "d", "z", "m")
        good = "SELECT k, n, i, s, b, d, z, m FROM source"
        fill = self.fill([good, good.replace("b, d", "false, d")], columns, ("k",), "t").finish()
        self.assertEqual(fill.counts(), (1, 0, 0))
        self.assertEqual(self.rows("b", "t"), [(True,)])
        for column, wrong in (("i", "x"), ("s", "n"), ("b", "i"), ("d", "z"), ("z", "y"), ("m", "s"), ("k", "x")):
            with self.assertRaises(sessions.Failure) as caught:
                self.fill([f"SELECT {', '.join(wrong if name == column else name for name in columns)} FROM source"], columns,
                          ("k",), "t")
            self.assertEqual(caught.exception.status, "CASCADE_SCHEMA")
            self.assertIn(f"column {column} is", caught.exception.message)


    def test_types_without_max(self):
        """The greatest of what has no max(): by its own order, or else by that of its text. NULL is least."""
        self.database.run("CREATE TABLE t (k integer, g uuid, u uuid, b bytea, o jsonb, j json, p point, PRIMARY KEY (k, g))",
                          "CREATE TABLE source (k integer, g uuid, u uuid, b bytea, o jsonb, j json, p point)")
        low, high = ("00000000-0000-0000-0000-00000000000%d" % n for n in (1, 2))
        self.database.run(*(f"INSERT INTO source VALUES (1, '{low}', {values})" for values in (
            f"'{low}', '\\x01', '{{\"a\": 2}}', '1', '(1,2)'", f"'{high}', '\\x02', '{{\"a\": 1}}', '2', '(0,2)'", "NULL, NULL, NULL, NULL, NULL")))
        columns = ("k", "g", "u", "b", "o", "j", "p")
        fill = self.fill(["SELECT k, g, u, b, o, j, p FROM source"], columns, ("k", "g"), "t").finish()
        self.assertEqual(fill.counts(), (1, 0, 0))
        self.assertEqual(self.rows("k, u::text, encode(b, 'hex'), o::text, j::text, p::text", "t"),
                         [(1, high, "02", '{"a": 2}', "2", "(1,2)")])
        self.database.run("CREATE DOMAIN bytes AS bytea", "CREATE DOMAIN note AS json", "CREATE TYPE mood AS ENUM ('z', 'a')",
                          "CREATE TABLE d (k integer PRIMARY KEY, b bytes, n note, m mood, r int4range, v tsvector, l bool, a int[])",
                          "CREATE TABLE e AS SELECT * FROM d",
                          "INSERT INTO e VALUES (1, '\\x01', '1', 'a', '[1,5)', 'a', true, '{1,NULL}')",
                          "INSERT INTO e VALUES (1, '\\x02', '2', 'z', '[2,3)', 'b', false, '{2}')",
                          "INSERT INTO e VALUES (1)")
        columns = ("k", "b", "n", "m", "r", "v", "l", "a")
        fill = self.fill([f"SELECT {', '.join(columns)} FROM e"], columns, ("k",), "d").finish()
        self.assertEqual(fill.counts(), (1, 0, 0))
        self.assertEqual(self.rows("encode(b, 'hex'), n::text, m::text, r::text, v::text, l, a::text", "d"),
                         [("02", "2", "a", "[2,3)", "'b'", True, "{2}")])


class MariaDB(Filling):
    def test_integers_beyond_those_that_are_counted(self):
        """As a range they are refused, by name; beside one they are values like any."""
        self.database.run("CREATE TABLE source (k BIGINT UNSIGNED, u INT)", "INSERT INTO source VALUES (1, 1), (18446744073709551615, 2)",
                          "CREATE TABLE granted (k BIGINT UNSIGNED NOT NULL, u INT NOT NULL, PRIMARY KEY (u, k))")
        how = {"sources": ["SELECT k, u FROM source"], "columns": ("k", "u"), "key": ("k", "u")}
        self.refused("CASCADE_DATABASE", "granted", "value of column k", **how)
        self.assertEqual(self.fill(**how, range="u").finish().counts(), (2, 0, 0))
        self.assertEqual(self.database.value("SELECT max(k) FROM granted"), 18446744073709551615)

    def test_types(self):
        self.database.run("CREATE TABLE t (k BIGINT PRIMARY KEY, n DECIMAL(9,2), s VARCHAR(5), d DATE, x VARBINARY(9), u BIGINT UNSIGNED)",
                          "CREATE TABLE source (k INT, n DOUBLE, s TEXT, d DATE, x BLOB, u INT UNSIGNED)",
                          "INSERT INTO source VALUES (1, 2.5, 'four', '2020-01-01', x'00ff', 3)")
        columns = ("k", "n", "s", "d", "x", "u")
        self.assertEqual(self.fill([f"SELECT {', '.join(columns)} FROM source"], columns, ("k",), "t").finish().counts(), (1, 0, 0))
        for column, wrong in (("k", "s"), ("n", "s"), ("s", "n"), ("d", "s"), ("x", "s"), ("s", "x"), ("u", "s"), ("k", "n"),
                              ("u", "k / 2"),
                              ("u", "1.5"), ("u", "d"), ("d", "k"), ("n", "d"), ("s", "k")):
            with self.subTest(column=column, wrong=wrong), self.assertRaises(sessions.Failure) as caught:
                self.fill([f"SELECT {', '.join(wrong if name == column else name for name in columns)} FROM source"], columns,
                          ("k",), "t")
            self.assertEqual(caught.exception.status, "CASCADE_SCHEMA", (column, wrong))
            self.assertIn(f"column {column} is", caught.exception.message)

    def test_types_of_their_own(self):
        """What no integer stands beside is told apart less closely; bits are numbers; sums are decimals without a fraction."""
        self.database.run("CREATE TABLE t (k BIGINT, g UUID, b BIT(9), y YEAR, n BIGINT, PRIMARY KEY (k, g))",
                          "CREATE TABLE source (k INT, g UUID, b BIT(9), y YEAR, n INT)",
                          "INSERT INTO source VALUES (1, '00000000-0000-0000-0000-000000000001', b'101', 2020, 7)")
        columns = ("k", "g", "b", "y", "n")
        fill = self.fill(["SELECT k, g, b, y, n FROM source"], columns, ("k", "g"), "t").finish()
        self.assertEqual(fill.counts(), (1, 0, 0))
        self.assertEqual(self.rows("k, CAST(g AS CHAR), b + 0, y, n", "t"), [(1, "00000000-0000-0000-0000-000000000001", 5, 2020,
                                                                              7)])
        for column in ("b", "y", "n"):
            fill = self.fill([f"SELECT k, {column} FROM source"], ("k", column), ("k",), self.table_of(column)).finish()
            self.assertEqual(fill.counts(), (1, 0, 0))
        fill = self.fill(["SELECT k + 1, SUM(n) FROM source GROUP BY k"], ("k", "n"), ("k",), "t_n").finish()
        self.assertEqual(fill.counts(), (1, 0, 0))

    def table_of(self, column):
        kind = {"b": "BIT(9)", "y": "YEAR", "n": "BIGINT"}[column]
        self.database.run(f"CREATE TABLE t_{column} (k BIGINT PRIMARY KEY, {column} {kind})")
        return f"t_{column}"

    def test_session_that_is_not_strict(self):
        if self.driver == "dbi":
            return  # libdbi reads no file of options, and to set this for the whole server would disturb other tests
        self.make()
        with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:
            file.write("[client]\ninit-command = SET sql_mode = ''\n")
            file.flush()
            session = ffi.Session(self.library, self.database.uri(self.driver) + "&default_file=" + file.name)
            self.addCleanup(session.close)
        self.refused("CASCADE_UNENFORCED", "sql_mode", session=session)

    def test_engine_without_transactions(self):
        self.make()
        self.database.run("ALTER TABLE team_member ADD PRIMARY KEY (team_id, user_id)", "ALTER TABLE team_member ENGINE = MyISAM")
        self.refused("CASCADE_ENGINE", "InnoDB", table="team_member", columns=("team_id", "user_id"), key=("team_id", "user_id"))


CASES = (Work, Checkpoints, Faults, Columns, Streams, Names, Beside)
OWN = {"postgresql": (PostgreSQL, Lost), "mariadb": (MariaDB, Lost)}


if __name__ == "__main__":
    filling.main(CASES, OWN)
