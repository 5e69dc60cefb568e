"""The traps known in the field, each a test, with both drivers on SQLite.

Traps are numbered through; the numbers that are missing concern other engines, or back-fills.

traps.py [WORD]: only the tests whose name has the word.
"""

import sys
import unittest

import trap_actions
import trap_batches
import trap_concurrency
import trap_graph
from support import URIS, Trap


def suite():
    tests = unittest.TestSuite()
    for module in (trap_graph, trap_actions, trap_concurrency, trap_batches):
        found = 0
        for name, case in sorted(vars(module).items()):
            if not (isinstance(case, type) and issubclass(case, Trap) and case is not Trap):
                continue
            for driver in URIS:
                with_driver = type(f"{name}.{driver}", (case,), {"driver": driver})
                tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(with_driver))
                found += 1
        assert found, module.__name__
    return tests


class Selected(unittest.TestSuite):
    def __init__(self, tests, word):
        super().__init__(test for test in tests if word in test.id())


if __name__ == "__main__":
    chosen = suite() if len(sys.argv) < 2 else Selected(suite(), sys.argv[1])
    assert chosen.countTestCases()
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(chosen).wasSuccessful())
