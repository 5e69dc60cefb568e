"""Traps in what happens to referencing rows."""

import json

from support import Trap


class Actions(Trap):
    def test_13_the_three_ways_to_refuse(self):
        """PROTECT blocks even for rows that go anyway, RESTRICT only for rows that stay; the database's own RESTRICT
        and NO ACTION count as the latter."""
        schema = """
            CREATE TABLE root (id INTEGER PRIMARY KEY);
            CREATE TABLE box (id INTEGER PRIMARY KEY, root_id INTEGER NOT NULL REFERENCES root ON DELETE CASCADE);
            CREATE TABLE item (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box ON DELETE CASCADE,
              root_id INTEGER REFERENCES root %s);
            INSERT INTO root VALUES (1), (2);
            INSERT INTO box VALUES (1, 1), (2, 2);
            INSERT INTO item VALUES (1, 1, 1), (2, 2, NULL), (3, NULL, 2)"""
        protect = self.policy('[{"table": "item", "column": "root_id", "rule": "PROTECT"}]')
        actions = ("", "ON DELETE RESTRICT", "ON DELETE NO ACTION", "ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED")
        for action in actions:
            with self.subTest(action=action):
                connection = self.connect()
                for table in ("item", "box", "root"):
                    connection.execute(f"DROP TABLE IF EXISTS {table}")
                connection.close()
                self.make(schema % action)
                self.refuses("root", "1", *protect, says=["item(root_id)", "PROTECT"])
                self.refuses("root", "2", says=["item(root_id)", "RESTRICT"])
                self.refuses("root", "1", "2", says=["item(root_id)", "RESTRICT"])
                self.purge("root", "1")
                self.assertEqual(self.dump(), {"root": ["(2,)"], "box": ["(2, 2)"],
                                               "item": ["(2, 2, None)", "(3, None, 2)"]})

    def test_13_refusals_are_found_at_the_bottom(self):
        """What blocks four levels down is found before the first row is deleted, whatever the size above it."""
        self.make("""
            CREATE TABLE a (id INTEGER PRIMARY KEY);
            CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a ON DELETE CASCADE);
            CREATE TABLE c (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b ON DELETE CASCADE);
            CREATE TABLE d (id INTEGER PRIMARY KEY, c_id INTEGER REFERENCES c ON DELETE CASCADE);
            CREATE TABLE e (id INTEGER PRIMARY KEY, d_id INTEGER REFERENCES d);
            CREATE INDEX b_a ON b (a_id);
            CREATE INDEX c_b ON c (b_id);
            CREATE INDEX d_c ON d (c_id);
            CREATE INDEX e_d ON e (d_id);
            INSERT INTO a VALUES (1);
            INSERT INTO b WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)
              SELECT n, 1 FROM n;
            INSERT INTO c SELECT id, id FROM b;
            INSERT INTO d SELECT id, id FROM b;
            INSERT INTO e VALUES (7, 2999)""")
        self.refuses("a", "1", "--max-tx-rows", "100", says=["e(d_id)", "7"])
        self.refuses("a", "--where", "id = 1", "--max-tx-rows", "100", says=["e(d_id)", "7"])

    def test_13_rows_that_go_by_a_long_way(self):
        """A row restricts what goes, in a batch before its own, and goes itself: by a chain of rows of one table."""
        self.make("""
            CREATE TABLE node (id INTEGER PRIMARY KEY, up INTEGER REFERENCES node ON DELETE CASCADE);
            CREATE TABLE note (id INTEGER PRIMARY KEY, node_id INTEGER NOT NULL REFERENCES node ON DELETE CASCADE,
              watched INTEGER REFERENCES node);
            CREATE INDEX node_up ON node (up);
            CREATE INDEX note_node ON note (node_id);
            CREATE INDEX note_watched ON note (watched);
            INSERT INTO node WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30)
              SELECT n, nullif(n - 1, 0) FROM n;
            INSERT INTO node VALUES (100, NULL);
            INSERT INTO note SELECT id, id, 31 - id FROM node WHERE id <= 30""")
        self.purge("node", "1", "--max-tx-rows", "5")
        self.assertEqual(self.dump(), {"node": ["(100, None)"], "note": []})
        self.make("INSERT INTO node VALUES (1, NULL), (2, 1), (3, 2), (4, 3); INSERT INTO note VALUES (1, 4, 100), (2, 100, 4)")
        self.refuses("node", "1", "--max-tx-rows", "2", says=["note(watched)"])

    def test_14_deferred_keys_fail_at_commit(self):
        """A trigger leaves a dangling row that only COMMIT sees: the batch is undone, the session is free again."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE log (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO loan VALUES (1, 1), (2, 1), (3, 2);
            CREATE TRIGGER agent_gone AFTER DELETE ON agent WHEN old.id = 1
              BEGIN INSERT INTO log VALUES (NULL, old.id); END""")
        self.refuses("agent", "1", says=["FOREIGN KEY"])
        session = self.session()
        before = self.dump()
        purge = session.purge(session.select_integers("agent", [1]))
        self.assertEqual((purge.failure.status, purge.deleted, purge.finished), ("CASCADE_BLOCKED", 0, False))
        self.assertEqual(self.dump(), before)
        self.assert_finished(session.purge(session.select_integers("agent", [2])))
        self.assertEqual(self.rows("SELECT id FROM agent"), [1])
        self.assert_sound()

    def test_15_default_without_a_parent(self):
        """SET DEFAULT to a row that does not exist, or that is itself to be deleted, blocks; NULL is always allowed."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE task (id INTEGER PRIMARY KEY,
              owner_id INTEGER DEFAULT 9 REFERENCES agent ON DELETE SET DEFAULT);
            CREATE TABLE hint (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES agent ON DELETE SET DEFAULT);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO task VALUES (1, 1), (2, NULL);
            INSERT INTO hint VALUES (1, 2), (2, NULL)""")
        self.refuses("agent", "1", says=["task(owner_id)"])
        self.purges_as_sqlite_does("agent", "2", "id = 2")
        self.make("INSERT INTO agent VALUES (9), (3)")
        self.refuses("agent", "1", "9", says=["task(owner_id)"])
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.assertEqual(self.rows("SELECT owner_id FROM task WHERE id = 1"), [9])
        self.refuses("agent", "9", says=["task(owner_id)"])

    def test_15_defaults_are_expressions(self):
        """The database computes them: text that looks like a number, arithmetic, a quoted word."""
        self.make("""
            CREATE TABLE code (code TEXT PRIMARY KEY);
            CREATE TABLE use (id INTEGER PRIMARY KEY, a TEXT DEFAULT '007' REFERENCES code ON DELETE SET DEFAULT,
              b TEXT DEFAULT (lower('NONE')) REFERENCES code ON DELETE SET DEFAULT,
              c TEXT DEFAULT 'it''s' REFERENCES code ON DELETE SET DEFAULT);
            INSERT INTO code VALUES ('007'), ('none'), ('it''s'), ('x');
            INSERT INTO use VALUES (1, 'x', 'x', 'x'), (2, 'none', '007', NULL)""")
        self.purges_as_sqlite_does("code", "x", "code = 'x'")
        self.assertEqual(self.rows("SELECT a, b, c FROM use WHERE id = 1"), [("007", "none", "it's")])

    def test_15_set_value(self):
        """Given values: their parent must exist and must stay."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE task (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES agent);
            INSERT INTO agent VALUES (1), (2), (3);
            INSERT INTO task VALUES (1, 1), (2, 2), (3, 1)""")
        to = '[{"table": "task", "column": "owner_id", "rule": "SET", "values": [%s]}]'
        self.refuses("agent", "1", *self.policy(to % "9"), says=["task(owner_id)"])
        self.refuses("agent", "1", "3", *self.policy(to % "3"), says=["task(owner_id)"])
        self.refuses("agent", "1", *self.policy(to % "null"), says=["task(owner_id)"])
        self.purge("agent", "1", *self.policy(to % "3"))
        self.assertEqual(self.dump(), {"agent": ["(2,)", "(3,)"], "task": ["(1, 3)", "(2, 2)", "(3, 3)"]})
        self.assert_sound()

    def test_15_null_where_none_may_be(self):
        """SET NULL on a NOT NULL column: rows that it meets block, and the plan warns when there are none."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE task (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL REFERENCES agent ON DELETE SET NULL);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO task VALUES (1, 1)""")
        self.refuses("agent", "1", says=["task(owner_id)"])
        plan = json.loads(self.cascade("plan", "agent", "1", "--format", "json").stdout)
        self.assertTrue(plan["blocked"])
        self.assertIn("not null", [warning for step in plan["steps"] if step["table"] == "task"
                                   for warning in step["warnings"]])
        self.purge("agent", "2")
        self.assertEqual(self.rows("SELECT id FROM agent"), [1])

    def test_16_rewritten_columns_are_referenced_themselves(self):
        """Setting a column that others refer to sets theirs too, through ON UPDATE: as SQLite's own delete would."""
        self.make("""
            CREATE TABLE team (code TEXT PRIMARY KEY);
            CREATE TABLE member (id INTEGER PRIMARY KEY, team_code TEXT UNIQUE REFERENCES team ON DELETE SET NULL);
            CREATE TABLE badge (id INTEGER PRIMARY KEY, team_code TEXT REFERENCES member (team_code) ON UPDATE CASCADE);
            CREATE TABLE photo (id INTEGER PRIMARY KEY, team_code TEXT DEFAULT 'none'
              REFERENCES member (team_code) ON UPDATE SET DEFAULT);
            INSERT INTO team VALUES ('a'), ('b'), ('none');
            INSERT INTO member VALUES (1, 'a'), (2, 'b'), (3, 'none');
            INSERT INTO badge VALUES (1, 'a'), (2, 'b'), (3, NULL);
            INSERT INTO photo VALUES (1, 'a'), (2, 'b')""")
        plan = json.loads(self.cascade("plan", "team", "a", "--format", "json").stdout)
        self.assertIn("rewrites key", [warning for step in plan["steps"] for warning in step["warnings"]])
        self.refuses("team", "a", "--max-tx-rows", "1", says=["only one transaction can prove sound"])
        self.purges_as_sqlite_does("team", "a", "code = 'a'")
        self.assertEqual(self.rows("SELECT team_code FROM badge WHERE id = 1"), [None])
        self.assertEqual(self.rows("SELECT team_code FROM photo WHERE id = 1"), ["none"])

    def test_16_rewritten_columns_that_restrict(self):
        """The same with ON UPDATE NO ACTION: what would dangle makes the purge fail as a whole."""
        self.make("""
            CREATE TABLE team (code TEXT PRIMARY KEY);
            CREATE TABLE member (id INTEGER PRIMARY KEY, team_code TEXT UNIQUE REFERENCES team ON DELETE SET NULL);
            CREATE TABLE badge (id INTEGER PRIMARY KEY, team_code TEXT REFERENCES member (team_code));
            INSERT INTO team VALUES ('a'), ('b');
            INSERT INTO member VALUES (1, 'a'), (2, 'b');
            INSERT INTO badge VALUES (1, 'a')""")
        with self.assertRaisesRegex(Exception, "FOREIGN KEY constraint failed"):
            self.natively("DELETE FROM team WHERE code = 'a'")
        before = self.dump()
        for proven in ((), ("--proven",)):
            session = self.session()
            purge = session.purge(session.select_texts("team", ["a"]), integrity=len(proven))
            self.assertIsNotNone(purge.failure)
            self.assertEqual(self.dump(), before)
        self.purges_as_sqlite_does("team", "b", "code = 'b'")

    def test_16_rewritten_columns_that_must_be_unique(self):
        """Two rows would get the same value in a unique column: nothing is changed."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE seat (id INTEGER PRIMARY KEY, agent_id INTEGER UNIQUE DEFAULT 9
              REFERENCES agent ON DELETE SET DEFAULT);
            INSERT INTO agent VALUES (1), (2), (9);
            INSERT INTO seat VALUES (1, 1), (2, 2)""")
        self.refuses("agent", "1", "2", says=["UNIQUE"])
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.refuses("agent", "2", says=["UNIQUE"])

    def test_17_triggers(self):
        """They fire for every row that goes and every row that is rewritten, once, as in SQLite's own cascade."""
        schema = """
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE line (id INTEGER PRIMARY KEY, loan_id INTEGER REFERENCES loan ON DELETE CASCADE);
            CREATE TABLE task (id INTEGER PRIMARY KEY, owner_id INTEGER REFERENCES agent ON DELETE SET NULL);
            CREATE TABLE log (what TEXT, id INTEGER);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO loan VALUES (1, 1), (2, 2), (3, 1);
            INSERT INTO line VALUES (1, 1), (2, 1), (3, 2), (4, 3);
            INSERT INTO task VALUES (1, 1), (2, 2);"""
        for table in ("agent", "loan", "line"):
            schema += f"""
                CREATE TRIGGER {table}_gone AFTER DELETE ON {table}
                  BEGIN INSERT INTO log VALUES ('{table}', old.id); END;"""
        schema += """
            CREATE TRIGGER task_set AFTER UPDATE OF owner_id ON task
              BEGIN INSERT INTO log VALUES ('task', old.id); END;"""
        self.make(schema)
        plan = json.loads(self.cascade("plan", "agent", "1", "--format", "json").stdout)
        self.assertIn("triggers", [warning for step in plan["steps"] for warning in step["warnings"]])
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.assertEqual(self.count("log"), 7)

    def test_17_triggers_forbid_to_switch_checks_off(self):
        """With the database's checks off, what a trigger writes would go unchecked: refused."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE log (agent_id INTEGER REFERENCES agent);
            INSERT INTO agent VALUES (1);
            INSERT INTO loan VALUES (1, 1);
            CREATE TRIGGER loan_gone AFTER DELETE ON loan BEGIN INSERT INTO log VALUES (old.agent_id); END""")
        self.refuses("agent", "1", "--proven", says=["trigger"])
        session = self.session()
        purge = session.purge(session.select_integers("agent", [1]), integrity=1)
        self.assertEqual((purge.failure.status, purge.prepared), ("CASCADE_TRIGGERS", False))

    def test_17_trigger_that_keeps_rows_below(self):
        """Of rows that nothing but a policy holds to their parent, none is left behind without it."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER);
            CREATE INDEX loan_agent ON loan (agent_id);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO loan VALUES (1, 1), (2, 1), (3, 2);
            CREATE TRIGGER loan_stays BEFORE DELETE ON loan WHEN old.id = 2 BEGIN SELECT raise(IGNORE); END""")
        policy = self.policy('[{"table": "loan", "column": "agent_id", "ref_table": "agent", "rule": "CASCADE"}]')
        self.refuses("agent", "1", *policy, says=["loan", "a trigger or rule holds them back"])
        self.purge("agent", "2", *policy)
        self.assertEqual(self.dump(), {"agent": ["(1,)"], "loan": ["(1, 1)", "(2, 1)"]})

    def test_17_trigger_that_keeps_rows(self):
        """A trigger that silently keeps a row makes no endless loop."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO loan VALUES (1, 1);
            CREATE TRIGGER agent_stays BEFORE DELETE ON agent WHEN old.id = 2 BEGIN SELECT raise(IGNORE); END""")
        before = self.dump()
        session = self.session()
        purge = session.purge(session.select_integers("agent", [2]))
        self.assertEqual(purge.failure.status, "CASCADE_NO_PROGRESS")
        self.assertEqual(self.dump(), before)

    def test_18_enforcement_off(self):
        """SQLite's default: then nothing guards against what the purge does not know. Refused, unless told
        otherwise."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE task (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE SET NULL);
            CREATE TABLE bill (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO loan VALUES (1, 1), (2, 2);
            INSERT INTO task VALUES (1, 1), (2, 2);
            INSERT INTO bill VALUES (1, 2)""")
        off = self.uri("foreign_keys=off")
        self.cascade("plan", "agent", "1", uri=off)
        self.refuses("agent", "1", uri=off, says=["foreign key"])
        self.refuses("agent", "2", "--allow-unenforced", uri=off, says=["bill(agent_id)"])
        expected = self.natively("DELETE FROM agent WHERE id = 1")
        self.purge("agent", "1", "--allow-unenforced", uri=off)
        self.assertEqual(self.dump(), expected)
