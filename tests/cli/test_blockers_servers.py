"""cascade blockers on a server: test_blockers_servers.py postgresql|mariadb, with both drivers."""

import pathlib
import re
import shlex
import sys
import unittest

from support import CascadeTest, checked

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import sessions  # noqa: E402

ENGINE = sys.argv.pop(1)


class Server(CascadeTest):
    @classmethod
    def setUpClass(cls):
        cls.database_ = sessions.ENGINES[ENGINE]()
        cls.addClassCleanup(cls.database_.drop)
        cls.database_.run(
            "CREATE TABLE agent (id INTEGER PRIMARY KEY)",
            "CREATE TABLE loan (id INTEGER PRIMARY KEY, price DECIMAL(9, 2), agent_id INTEGER, "
            "FOREIGN KEY (agent_id) REFERENCES agent (id))",
            "CREATE TABLE address (id INTEGER PRIMARY KEY, agent_id INTEGER, "
            "FOREIGN KEY (agent_id) REFERENCES agent (id) ON DELETE CASCADE)",
            "CREATE TABLE visit (price DECIMAL(9, 2) PRIMARY KEY, address_id INTEGER, "
            "FOREIGN KEY (address_id) REFERENCES address (id))",
            "INSERT INTO agent VALUES (1), (2)",
            "INSERT INTO loan VALUES " + ", ".join(f"({i}, 1, 1)" for i in range(1, 31)),
            "INSERT INTO address VALUES (1, 1), (2, 1)",
            "INSERT INTO visit VALUES (1.50, 1)")

    def test_smoke(self):
        for driver in ["native", "dbi"]:
            uri = self.database_.uri(driver)
            with self.subTest(driver=driver):
                said = self.done("blockers", uri, "agent", "1", "--transitive", "--count", "exact")
                self.assertRegex(said, r"\nblocks\n  \S*loan +agent_id +30  1, 2, 3, ")
                self.assertRegex(said, r"  \S*visit +address_id +1  1.50\n")
                self.assertRegex(said, r"In all 33 references in 3 relations\.")
                command = shlex.split(re.search(r"^To go on with \S*loan\(agent_id\): cascade (.*)$", said, re.M)[1])
                self.assertRegex(self.done(*command), r"loan +agent_id +\d+  21, 22, ")
                said = checked(self.done("blockers", uri, "agent", "1", "--format", "json", "--transitive"), "blockers")
                self.assertEqual([(page["kind"], page["depth"], len(page["keys"])) for page in said["pages"]],
                                 [("blocking", 1, 20), ("cascading", 1, 2), ("blocking", 2, 1)])
                self.assertEqual((said["pages"][2]["keys"], said["pages"][2]["path_keys"]), (["1.50"], [[1]]))
                said = checked(self.done("blockers", uri, "agent", "1", "--format", "specify", "--limit", "0"), "blockers_specify")
                self.assertEqual(said["results"][0]["ids"], list(range(1, 31)))
                self.assertEqual(self.done("blockers", uri, "agent", "2", "--probe"), "deletable\n")
                self.assertEqual(self.cascade("blockers", uri, "agent", "1", "--probe").returncode, 1)
                self.refused(2, ["did you mean loan.agent_id"], "blockers", uri, "agent", "1", "--relation", "loan.agentid")


if __name__ == "__main__":
    unittest.main(verbosity=2)
