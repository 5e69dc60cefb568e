#!/usr/bin/python3
"""Vetoes against a model, on random databases: veto.py ENGINE [SEED]

The vetoed rows and those that they need stay and are reported, everything else goes, whatever the size of the batches, with the
database's own checks and proven, and a row that stays is not asked about again.
"""

import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]

import cascade_ctypes as ffi  # noqa: E402
import sessions  # noqa: E402
import support  # noqa: E402
from support import ENGINE, Case, HookTest, Purge  # noqa: E402

SEEDS = range(6 if support.QUICK else 20)


class Vetoes(HookTest):
    def run_case(self, case, vetoed, driver="native", **options):
        self.database.clear()
        case.create(self.database)
        closure = case.closure()
        spared = case.spared(closure, vetoed)
        gone = closure - vetoed - spared
        stays, told, pending = set(), set(), []

        def before(keys):
            asked = {(table, key) for table, found in keys.items() for key in found}
            self.assertEqual(asked & stays, set(), "asked again about a row that stays")
            self.assertEqual(asked - closure, set(), "asked about a row that is not concerned")
            pending[:] = [asked]
            return vetoed

        def after(keys):
            for table, found in keys.items():
                pending.append({(table, key) for key in found})
                self.assertEqual(purge.cells[table], [(case.words(table, key),) for key in found])
                left = self.database.rows(f"SELECT count(*) FROM {table} WHERE id = {found[0]}")[0][0]
                self.assertEqual(left, 1, "seen outside before COMMIT")

        def committed(keys):
            rows = {(table, key) for table, found in keys.items() for key in found}
            self.assertEqual(rows & told, set())
            told.update(rows)
            stays.update(pending[0] & vetoed)
            for table, found in keys.items():
                left = self.database.rows(f"SELECT count(*) FROM {table} WHERE id = {found[0]}")[0][0]
                self.assertEqual(left, 0)

        columns = [(table, "words") for table in case.tables]
        with ffi.Session(self.library, self.database.uri(driver), case.policy()) as session:
            selection = session.select_integers("t0", sorted(case.roots)) if case.dice.random() < 0.5 else \
                session.select_where("t0", f"id IN ({', '.join(map(str, sorted(case.roots)))})")
            purge = Purge(session, selection, before, after, committed, columns, **options)
            report = purge.run()
            self.assertEqual((purge.batches, report.finished), (report.batches, 1))
            self.assertEqual(report.deleted, len(gone))
            self.assertEqual(told, gone)
            by_word, with_them = purge.stayed()
            self.assertEqual((by_word | with_them, by_word - vetoed), (vetoed | spared, set()))
            if not options.get("max_tx_rows"):  # else some are found to be needed before they are asked about
                self.assertEqual(by_word, vetoed)
            self.assertEqual((report.vetoed, report.kept, by_word & with_them), (len(by_word), len(with_them), set()))
            selection.free()
            purge.free()
        self.assertIsNone(case.differences(self.database, gone, spared, not options.get("max_tx_rows")))

    def test_vetoes_stay_and_everything_else_goes(self):
        run = 0
        for seed in (SEEDS if SEED is None else [SEED]):
            case = Case(seed)
            closure = case.closure()
            if case.blocked(closure):
                continue
            share = case.dice.choice([0.02, 0.1, 0.5, 1])
            vetoed = {row for row in sorted(closure) if case.dice.random() < share}
            for options in ({}, {"max_tx_rows": 7}, {"max_tx_rows": 40}, {"max_tx_rows": 11, "integrity": ffi.PROVEN},
                            {"driver": "dbi", "max_tx_rows": 30}):
                if ENGINE == "mariadb" and "integrity" in options:
                    continue
                with self.subTest(seed=seed, options=options):
                    self.run_case(case, vetoed, **options)
                    run += 1
        self.assertGreater(run, 0 if SEED is not None else len(SEEDS))

    def museum(self):
        self.database.clear()
        self.database.run(
            "CREATE TABLE agent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER NOT NULL, FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE)",
            "CREATE INDEX loan_agent ON loan (agent_id)", "INSERT INTO agent VALUES (1), (2), (3)",
            "INSERT INTO loan VALUES " + ", ".join(f"({i}, {1 + i // 1000})" for i in range(1, 2000)))

    def test_a_range_does_not_outrun_a_veto(self):
        """Keys without a gap travel as a range; those that stay lie within, and at its ends."""
        for options in ({}, {"max_tx_rows": 150}):
            self.museum()
            vetoed = {("loan", key) for key in (1, 2, 500, 999, 1999)}
            with ffi.Session(self.library, self.database.uri("native")) as session:
                purge = Purge(session, session.select_where("agent", "id < 4"), lambda _: vetoed, **options)
                report = purge.run()
                self.assertEqual((report.finished, report.deleted, report.vetoed, report.kept), (1, 1995, 5, 2))
                self.assertEqual(purge.roots_done, 1)
                self.assertEqual(purge.stayed(), (vetoed, {("agent", 1), ("agent", 2)}))
                purge.free()
            self.assertEqual([key for key, in self.database.rows("SELECT id FROM loan ORDER BY id")], [1, 2, 500, 999, 1999])
            self.assertEqual([key for key, in self.database.rows("SELECT id FROM agent ORDER BY id")], [1, 2])

    def test_everything_vetoed_ends(self):
        for options in ({}, {"max_tx_rows": 100}):
            self.museum()
            with ffi.Session(self.library, self.database.uri("native")) as session:
                purge = Purge(session, session.select_where("agent", "id < 3"),
                              lambda keys: {(table, key) for table, found in keys.items() for key in found}, **options)
                report = purge.run()
                self.assertEqual((report.finished, report.deleted, report.batches, report.vetoed + report.kept), (1, 0, 0, 2001))
                purge.free()
            self.assertEqual(self.database.value("SELECT count(*) FROM loan"), 1999)

    def test_rows_that_there_are_not(self):
        """A veto of one says so, and keeps no other."""
        self.museum()
        answers = []

        def before(keys):
            for position, found in enumerate(keys.values()):
                for rows in ([len(found)], [0, len(found)], [2 ** 64 - 1]):
                    array = (ffi.U64 * len(rows))(*rows)
                    answers.append(self.library.lib.cascade_purge_veto(purge.handle, position, array, len(rows)))
            answers.append(self.library.lib.cascade_purge_veto(purge.handle, len(keys), (ffi.U64 * 1)(0), 1))

        with ffi.Session(self.library, self.database.uri("native")) as session:
            purge = Purge(session, session.select_integers("agent", [1]), before)
            report = purge.run()
            self.assertEqual((report.deleted, report.vetoed, report.kept), (1000, 0, 0))
            self.assertEqual({self.library.lib.cascade_status_name(answer) for answer in answers}, {b"CASCADE_INVALID"})
            self.assertEqual(len(answers), 2 * 3 + 1)
            purge.free()

    def test_a_hook_that_fails(self):
        """The failure names the hook and what it says; what was not committed is there again."""
        for moment in ("before", "after", "committed"):
            self.museum()
            calls = []

            def fail(_, calls=calls):
                calls.append(1)
                if len(calls) < 3:
                    return 0
                self.library.lib.cascade_purge_blame(purge.handle, b"loan", b"the shelf is full")
                return 7

            with ffi.Session(self.library, self.database.uri("native")) as session:
                purge = Purge(session, session.select_where("agent", "id < 3"), max_tx_rows=150, **{moment: fail})
                with self.assertRaises(sessions.Failure) as caught:
                    purge.run()
                name = {"before": "before-batch", "after": "after-batch", "committed": "after-commit"}[moment]
                self.assertEqual(caught.exception.status, "CASCADE_HOOK")
                self.assertRegex(caught.exception.message,
                                 f"the {name} hook returned 7 for table (public[.])?loan, the shelf is full: ")
                report = purge.report()
                purge.free()
            left = self.database.value("SELECT count(*) FROM loan") + self.database.value("SELECT count(*) FROM agent")
            self.assertEqual((left, report.finished, report.batches), (2002 - report.deleted, 0, 3 if moment == "committed" else 2))

    def test_a_hook_that_fails_after_the_last_commit(self):
        """All is gone, and the host has not heard of it: the purge is not finished."""
        self.museum()
        with ffi.Session(self.library, self.database.uri("native")) as session:
            purge = Purge(session, session.select_where("agent", "id < 3"), committed=lambda _: 7)
            with self.assertRaises(sessions.Failure) as caught:
                purge.run()
            report = purge.report()
            self.assertEqual((caught.exception.status, report.finished, report.batches, report.deleted), ("CASCADE_HOOK", 0, 1, 2001))
            purge.free()
        self.assertEqual(self.database.value("SELECT count(*) FROM loan"), 0)

    def test_cancelled_by_a_hook(self):
        """The batch of the hook goes back, the last one too."""
        for moment in ("before", "after"):
            self.museum()

            def cancel(_):
                self.library.lib.cascade_purge_cancel(purge.handle)
                return 0

            with ffi.Session(self.library, self.database.uri("native")) as session:
                purge = Purge(session, session.select_where("agent", "id < 3"), **{moment: cancel})
                with self.assertRaises(sessions.Failure) as caught:
                    purge.run()
                self.assertEqual(caught.exception.status, "CASCADE_CANCELLED")
                self.assertEqual((purge.report().batches, purge.report().deleted), (0, 0))
                purge.free()
            self.assertEqual(self.database.value("SELECT count(*) FROM loan") + self.database.value("SELECT count(*) FROM agent"),
                             2002)


if __name__ == "__main__":
    SEED = int(sys.argv[2]) if len(sys.argv) > 2 else None
    unittest.main(argv=sys.argv[:1])
