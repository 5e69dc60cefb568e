"""The command on a server: test_servers.py postgresql|mariadb, with both drivers."""

import json
import pathlib
import re
import shlex
import sys
import unittest

from support import CascadeTest, checked

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import sessions  # noqa: E402

ENGINE = sys.argv.pop(1)


class Blockers(CascadeTest):
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


@unittest.skipIf(ENGINE == "postgresql", "its types are all exact")
class InexactKeys(CascadeTest):
    """A FLOAT is read with fewer digits than it has; a BIT is read as bytes and compared as a number."""

    def setUp(self):
        super().setUp()
        self.database_ = sessions.ENGINES[ENGINE]()
        self.addCleanup(self.database_.drop)
        self.database_.run("CREATE TABLE share (part FLOAT PRIMARY KEY, n INTEGER)",
                           "CREATE TABLE mask (bits BIT(5), n INTEGER NOT NULL, PRIMARY KEY (n, bits))",
                           "CREATE TABLE weight (kilos FLOAT PRIMARY KEY, n INTEGER NOT NULL UNIQUE)",
                           "CREATE TABLE person (id INTEGER PRIMARY KEY)",
                           "CREATE TABLE visit (hours FLOAT PRIMARY KEY, person_id INTEGER, n INTEGER NOT NULL UNIQUE, "
                           "FOREIGN KEY (person_id) REFERENCES person (id))",
                           "CREATE TABLE pass (hours FLOAT PRIMARY KEY, visit INTEGER, "
                           "FOREIGN KEY (visit) REFERENCES visit (n) ON DELETE CASCADE)",
                           "INSERT INTO weight VALUES (0.1, 1), (0.2, 2)")

    def test_the_reason_is_told(self):
        help_ = r"; make it DOUBLE, DECIMAL or an integer, or add a unique index"
        for driver in ["native", "dbi"]:
            uri = self.database_.uri(driver)
            with self.subTest(driver=driver):
                for select in (["0.1"], ["--where", "n = 1"]):
                    self.refused(1, ["share", 'key column "part" of type float', help_], "purge", uri, "share", "--yes", *select)
                self.refused(1, ["mask", 'key column "bits" of type bit(5)', help_], "plan", uri, "mask", "--where", "n = 1")
                self.refused(1, ["pass(visit) -> visit(n)", 'key column "hours" of type float'],
                             "blockers", uri, "visit", "--where", "n = 1")
                self.refused(1, ['key column "kilos" of type float', "select rows by a condition"], "plan", uri, "weight", "0.1")
        policy = self.file("detach.json", '{"relations": [{"table": "visit", "column": "person_id", "rule": "DETACH"}]}')
        self.done("queue", "install", uri)
        self.refused(1, ["detached rows of table visit", 'key column "hours" of type float'],
                     "detach", uri, "person", "1", "--policy", policy, "--yes")

    def test_another_key_is_enough(self):
        self.done("purge", self.database_.uri("native"), "weight", "--where", "n = 1", "--yes")
        self.assertEqual(self.database_.value("SELECT n FROM weight"), 2)


@unittest.skipIf(ENGINE == "postgresql", "its tables have no such columns")
class Stamps(CascadeTest):
    """ON UPDATE CURRENT_TIMESTAMP: InnoDB's own SET NULL leaves such a column as it is, and so do the library's statements, which a
    trigger, keys of several columns, other rules and DETACH need."""

    def setUp(self):
        super().setUp()
        self.database_ = sessions.ENGINES[ENGINE]()
        self.addCleanup(self.database_.drop)
        stamped = "changed TIMESTAMP(3) NOT NULL DEFAULT '2001-02-03' ON UPDATE CURRENT_TIMESTAMP(3), " \
                  "seen DATETIME DEFAULT '2001-02-03' ON UPDATE CURRENT_TIMESTAMP"
        self.database_.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", "INSERT INTO p VALUES (1), (2), (3)")
        for table in ("own", "fired", "other", "later"):
            self.database_.run(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, p INTEGER, {stamped}, "
                               f"FOREIGN KEY (p) REFERENCES p (id){'' if table == 'other' else ' ON DELETE SET NULL'})",
                               f"INSERT INTO {table} (id, p) VALUES " + ", ".join(f"({i}, {i % 3 + 1})" for i in range(60)))
        self.database_.run("CREATE TRIGGER t BEFORE UPDATE ON fired FOR EACH ROW SET NEW.id = OLD.id")

    def changed(self, table):
        return self.database_.value("SELECT SUM(p IS NULL) * 1000 + SUM(changed <> '2001-02-03' OR seen <> '2001-02-03') "
                                    f"FROM {table}")

    def test_they_stay_as_they_are(self):
        rules = [{"table": "other", "column": "p", "rule": "SET_NULL"}]
        policy = self.file("policy.json", json.dumps(rules))
        self.done("purge", self.database_.uri("native"), "p", "1", "--policy", policy, "--yes")
        self.done("purge", self.database_.uri("dbi"), "p", "2", "--policy", policy, "--yes", "--max-tx-rows", "7")
        self.done("queue", "install", self.database_.uri("native"))
        policy = self.file("policy.json", json.dumps([*rules, {"table": "later", "column": "p", "rule": "DETACH"}]))
        self.done("detach", self.database_.uri("native"), "p", "3", "--policy", policy, "--yes")
        self.assertEqual({table: self.changed(table) for table in ("own", "fired", "other", "later")},
                         {"own": 60000, "fired": 60000, "other": 60000, "later": 60000})


class Rights(CascadeTest):
    """One of many tables from which the user may not delete, and it is the last one that would be deleted from."""

    CHILDREN = 70  # more than one statement asks for
    of = "table public.p" if ENGINE == "postgresql" else "`.`p`"

    def setUp(self):
        super().setUp()
        self.database_ = sessions.ENGINES[ENGINE]()
        self.addCleanup(self.database_.drop)
        children = [f"c{i}" for i in range(self.CHILDREN)]
        self.database_.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", "INSERT INTO p VALUES (1)")
        for child in children:
            self.database_.run(f"CREATE TABLE {child} (id INTEGER PRIMARY KEY, p INTEGER, "
                               "FOREIGN KEY (p) REFERENCES p (id) ON DELETE CASCADE)", f"INSERT INTO {child} VALUES (1, 1)")
        self.user = f"{self.database_.name}_user"
        who = self.user if ENGINE == "postgresql" else f"{self.user}@localhost"
        self.database_.run(f"CREATE USER {who}")
        self.addCleanup(self.drop_user, who)
        if ENGINE == "postgresql":
            self.database_.run(f"GRANT SELECT, UPDATE, DELETE ON {', '.join(children)} TO {who}",
                               f"GRANT SELECT, UPDATE ON p TO {who}")
            return
        self.database_.run(f"GRANT SELECT, UPDATE ON {self.database_.name}.* TO {who}", f"GRANT PROCESS ON *.* TO {who}")
        for child in children:
            self.database_.run(f"GRANT DELETE ON {child} TO {who}")

    def drop_user(self, who):
        if ENGINE == "postgresql":
            self.database_.run(f"DROP OWNED BY {who}")
        self.database_.run(f"DROP USER {who}")

    def uri(self, driver):
        uri = self.database_.uri(driver)
        for own, other in [("//postgres@", f"//{self.user}@"), ("//root@", f"//{self.user}@"),
                           ("username=postgres", f"username={self.user}"), ("username=root", f"username={self.user}")]:
            uri = uri.replace(own, other)
        return uri

    def test_nothing_is_deleted_where_not_all_may_be(self):
        for driver in ["native", "dbi"]:
            with self.subTest(driver=driver):
                self.refused(3, ["DELETE", self.of], "purge", self.uri(driver), "p", "1", "--yes", "--allow-hidden",
                             "--max-tx-rows", "5")
                self.assertEqual([self.database_.value(f"SELECT count(*) FROM c{i}") for i in range(self.CHILDREN)],
                                 [1] * self.CHILDREN)
        self.database_.run(f"GRANT DELETE ON p TO {self.user if ENGINE == 'postgresql' else self.user + '@localhost'}")
        self.done("purge", self.uri("native"), "p", "1", "--yes", "--allow-hidden")
        self.assertEqual(self.database_.value("SELECT count(*) FROM c0"), 0)



class SlowStatements(CascadeTest):
    """Each row takes a third of a second to go."""

    def setUp(self):
        super().setUp()
        self.database_ = sessions.ENGINES[ENGINE]()
        self.addCleanup(self.database_.drop)
        self.database_.run("CREATE TABLE p (id INTEGER PRIMARY KEY)", "INSERT INTO p VALUES (1), (2), (3), (4)")
        if ENGINE == "postgresql":
            self.database_.run("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS"
                               " $$BEGIN PERFORM pg_sleep(0.3); RETURN old; END$$",
                               "CREATE TRIGGER slow BEFORE DELETE ON p FOR EACH ROW EXECUTE FUNCTION slow()")
        else:
            self.database_.run("CREATE TRIGGER slow BEFORE DELETE ON p FOR EACH ROW DO SLEEP(0.3)")

    def test_they_are_given_more_time(self):
        for key, driver in ((1, "native"), (2, "dbi")):
            with self.subTest(driver=driver):
                one = ("purge", self.database_.uri(driver), "p", str(key), "--yes", "--statement-timeout")
                self.refused(3, ["a statement on table", "p took too long; the plan says"], *one, "0.1")
                self.assertEqual(self.database_.value(f"SELECT count(*) FROM p WHERE id = {key}"), 1)
                self.done(*one, "20")
                self.assertEqual(self.database_.value(f"SELECT count(*) FROM p WHERE id = {key}"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
