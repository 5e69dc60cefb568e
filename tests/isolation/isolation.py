"""What the library does beside other sessions: each fact of the engines' isolation, as one of a purge.

isolation.py ENGINE [WORD]: tests on sqlite, postgresql or mariadb, with both drivers (one, when CASCADE_QUICK is set); with WORD
those whose name has it.
"""

import os
import sys
import unittest

from engines import MariaDB, PostgreSQL, SQLite
from locks import Locks
from rows import Rows

CASES = {"sqlite": (Rows, SQLite), "postgresql": (Rows, Locks, PostgreSQL), "mariadb": (Rows, Locks, MariaDB)}


def suite(engine):
    tests = unittest.TestSuite()
    for case in CASES[engine]:
        for driver in ("native",) if os.environ.get("CASCADE_QUICK") else ("native", "dbi"):
            made = type(f"{case.__name__}.{driver}", (case,), {"engine": engine, "driver": driver})
            tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return tests


if __name__ == "__main__":
    chosen = suite(sys.argv[1])
    if len(sys.argv) > 2:
        chosen = unittest.TestSuite(test for part in chosen for test in (part if isinstance(part, unittest.TestSuite) else [part])
                                    if sys.argv[2] in test.id())
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(chosen).wasSuccessful())
