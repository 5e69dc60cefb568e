"""Traps in the shape of the schema."""

import json

from support import DATABASE, USAGE, Trap, quoted


class Graph(Trap):
    def test_01_self_references(self):
        """A tree in one table: the whole branch goes, however deep, and a row may be its own parent."""
        self.make("""
            CREATE TABLE taxon (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES taxon ON DELETE CASCADE);
            CREATE INDEX taxon_parent ON taxon (parent_id);
            INSERT INTO taxon VALUES (1, NULL), (2, NULL);
            INSERT INTO taxon WITH RECURSIVE n(n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
              SELECT n, CASE WHEN n = 3 THEN 1 ELSE n - 1 END FROM n;
            INSERT INTO taxon VALUES (1001, 1001), (1002, 1001)""")
        self.purges_as_sqlite_does("taxon", "1", "id = 1")
        self.assertEqual(self.rows("SELECT id FROM taxon"), [2, 1001, 1002])
        self.purges_as_sqlite_does("taxon", "1001", "id = 1001")
        self.assertEqual(self.rows("SELECT id FROM taxon"), [2])

    def test_01_deeper_than_sqlite_itself_goes(self):
        """SQLite's own cascade ends at a thousand levels: nothing is half done then, and without it the purge goes
        beyond."""
        self.make("""
            CREATE TABLE version (id INTEGER PRIMARY KEY, previous_id INTEGER REFERENCES version ON DELETE CASCADE);
            CREATE INDEX version_previous ON version (previous_id);
            INSERT INTO version WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2499)
              SELECT 7 + (n * 1009) % 2503, CASE WHEN n THEN 7 + ((n - 1) * 1009) % 2503 END FROM n;
            INSERT INTO version VALUES (9000, NULL)""")
        with self.assertRaisesRegex(Exception, "too many levels of trigger recursion"):
            self.natively("DELETE FROM version WHERE id = 7")
        self.refuses("version", "7", says=["too many levels"], status=DATABASE)
        self.purge("version", "7", "--proven")
        self.assertEqual(self.rows("SELECT id FROM version"), [9000])

    def test_01_self_reference_that_restricts(self):
        """A row that only refers to itself stands in nobody's way; another that refers to it does."""
        self.make("""
            CREATE TABLE person (id INTEGER PRIMARY KEY, chief_id INTEGER REFERENCES person);
            INSERT INTO person VALUES (1, 1), (2, 2), (3, 2)""")
        self.purge("person", "1")
        self.assertEqual(self.rows("SELECT id FROM person"), [2, 3])
        self.refuses("person", "2", says=["person(chief_id)"])
        self.purge("person", "2", "3")
        self.assertEqual(self.rows("SELECT id FROM person"), [])

    def test_02_cycle_with_a_nullable_edge(self):
        """Album and cover refer to each other; either way in, both go, and the neighbours stay."""
        self.make("""
            CREATE TABLE album (id INTEGER PRIMARY KEY, cover_id INTEGER REFERENCES cover ON DELETE CASCADE);
            CREATE TABLE cover (id INTEGER PRIMARY KEY, album_id INTEGER NOT NULL REFERENCES album ON DELETE CASCADE);
            INSERT INTO album VALUES (1, NULL), (2, NULL);
            INSERT INTO cover VALUES (10, 1), (11, 1), (20, 2);
            UPDATE album SET cover_id = id * 10""")
        self.purges_as_sqlite_does("album", "1", "id = 1")
        self.assertEqual(self.dump(), {"album": ["(2, 20)"], "cover": ["(20, 2)"]})

    def test_02_cycle_of_columns_that_cannot_be_null(self):
        """Nothing can be set to NULL, and the keys are checked at once: it takes checks at COMMIT."""
        self.make("""
            CREATE TABLE hen (id INTEGER PRIMARY KEY,
              egg_id INTEGER NOT NULL REFERENCES egg DEFERRABLE INITIALLY DEFERRED);
            CREATE TABLE egg (id INTEGER PRIMARY KEY,
              hen_id INTEGER NOT NULL REFERENCES hen DEFERRABLE INITIALLY DEFERRED);
            INSERT INTO hen VALUES (1, 1), (2, 2), (3, 4), (4, 3);
            INSERT INTO egg VALUES (1, 1), (2, 2), (3, 3), (4, 4)""")
        both = self.policy("""[{"table": "hen", "column": "egg_id", "rule": "CASCADE"},
                               {"table": "egg", "column": "hen_id", "rule": "CASCADE"}]""")
        self.purge("hen", "1", *both)
        self.assertEqual(self.rows("SELECT id FROM egg"), [2, 3, 4])
        self.purge("hen", "3", *both)
        self.assertEqual((self.rows("SELECT id FROM hen"), self.rows("SELECT id FROM egg")), ([2], [2]))
        self.assert_sound()

    def test_02_cycle_that_is_checked_at_once(self):
        """The same with immediate NO ACTION keys. The plan shows the cycle."""
        connection = self.connect()
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.executescript("""
            CREATE TABLE hen (id INTEGER PRIMARY KEY, egg_id INTEGER NOT NULL REFERENCES egg);
            CREATE TABLE egg (id INTEGER PRIMARY KEY, hen_id INTEGER NOT NULL REFERENCES hen);
            INSERT INTO hen VALUES (1, 1), (2, 2);
            INSERT INTO egg VALUES (1, 1), (2, 2)""")
        both = self.policy("""[{"table": "hen", "column": "egg_id", "rule": "CASCADE"},
                               {"table": "egg", "column": "hen_id", "rule": "CASCADE"}]""")
        plan = json.loads(self.cascade("plan", "hen", "1", *both, "--format", "json").stdout)
        self.assertEqual(plan["deleted"], 2)
        self.assertTrue(plan["cycles"])
        self.assertIn("cycle", [warning for step in plan["steps"] for warning in step["warnings"]])
        self.purge("hen", "1", *both)
        self.assertEqual((self.rows("SELECT id FROM hen"), self.rows("SELECT id FROM egg")), ([2], [2]))
        self.assert_sound()

    def test_02_long_cycle_in_the_data(self):
        """Rows in a ring of three thousand: the walk ends, each row goes once."""
        self.make("""
            CREATE TABLE ring (id INTEGER PRIMARY KEY, next_id INTEGER REFERENCES ring DEFERRABLE INITIALLY DEFERRED);
            CREATE INDEX ring_next ON ring (next_id);
            INSERT INTO ring WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 2999)
              SELECT n, (n + 1) % 3000 FROM n;
            INSERT INTO ring VALUES (5000, NULL)""")
        rule = self.policy('[{"table": "ring", "column": "next_id", "rule": "CASCADE"}]')
        plan = json.loads(self.cascade("plan", "ring", "7", *rule, "--format", "json").stdout)
        self.assertEqual((plan["deleted"], plan["accuracy"]), (3000, "exact"))
        self.purge("ring", "7", *rule)
        self.assertEqual(self.rows("SELECT id FROM ring"), [5000])

    def test_03_diamond(self):
        """A row that is reached by two paths is one row: counted once, deleted once, its trigger fires once."""
        self.make("""
            CREATE TABLE root (id INTEGER PRIMARY KEY);
            CREATE TABLE l (id INTEGER PRIMARY KEY, root_id INTEGER REFERENCES root ON DELETE CASCADE);
            CREATE TABLE r (id INTEGER PRIMARY KEY, root_id INTEGER REFERENCES root ON DELETE CASCADE);
            CREATE TABLE leaf (id INTEGER PRIMARY KEY, l_id INTEGER REFERENCES l ON DELETE CASCADE,
              r_id INTEGER REFERENCES r ON DELETE CASCADE);
            CREATE TABLE gone (id INTEGER);
            CREATE TRIGGER leaf_gone AFTER DELETE ON leaf BEGIN INSERT INTO gone VALUES (old.id); END;
            INSERT INTO root VALUES (1), (2);
            INSERT INTO l VALUES (1, 1), (2, 2);
            INSERT INTO r VALUES (1, 1), (2, 2);
            INSERT INTO leaf VALUES (1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2), (5, NULL, 1)""")
        plan = json.loads(self.cascade("plan", "root", "1", "--format", "json").stdout)
        self.assertEqual((plan["deleted"], plan["accuracy"]), (7, "exact"))
        self.purge("root", "1")
        self.assertEqual(self.rows("SELECT id FROM leaf"), [4])
        self.assertEqual(sorted(self.rows("SELECT id FROM gone")), [1, 2, 3, 5])

    def test_03_diamond_with_a_restricting_side(self):
        """CASCADE on one path, RESTRICT on the other: a row that goes anyway does not block, one that stays does."""
        self.make("""
            CREATE TABLE root (id INTEGER PRIMARY KEY);
            CREATE TABLE box (id INTEGER PRIMARY KEY, root_id INTEGER REFERENCES root ON DELETE CASCADE);
            CREATE TABLE item (id INTEGER PRIMARY KEY, box_id INTEGER REFERENCES box ON DELETE CASCADE,
              root_id INTEGER REFERENCES root);
            INSERT INTO root VALUES (1), (2);
            INSERT INTO box VALUES (1, 1), (2, 2);
            INSERT INTO item VALUES (1, 1, 1), (2, 2, 2)""")
        self.purges_as_sqlite_does("root", "1", "id = 1")
        self.assertEqual(self.rows("SELECT id FROM item"), [2])
        connection = self.connect()
        connection.execute("INSERT INTO item VALUES (3, NULL, 2)")
        self.refuses("root", "2", says=["item(root_id)"])

    def test_04_composite_keys(self):
        """A reference with a NULL in any of its columns is none."""
        self.make("""
            CREATE TABLE place (country TEXT, code INTEGER, PRIMARY KEY (country, code));
            CREATE TABLE visit (id INTEGER PRIMARY KEY, country TEXT, code INTEGER,
              FOREIGN KEY (country, code) REFERENCES place ON DELETE CASCADE);
            CREATE TABLE mark (id INTEGER PRIMARY KEY, code INTEGER, country TEXT,
              FOREIGN KEY (code, country) REFERENCES place (code, country));
            INSERT INTO place VALUES ('de', 1), ('de', 2), ('fr', 1);
            INSERT INTO visit VALUES (1, 'de', 1), (2, 'de', NULL), (3, NULL, 1), (4, NULL, NULL), (5, 'fr', 1),
              (6, 'de', 2);
            INSERT INTO mark VALUES (1, 1, NULL), (2, NULL, 'de'), (3, 1, 'fr')""")
        self.purges_as_sqlite_does("place", "de,1", "country = 'de' AND code = 1")
        self.assertEqual(self.rows("SELECT id FROM visit"), [2, 3, 4, 5, 6])
        self.refuses("place", '["fr", 1]', says=["mark(code, country)"])

    def test_05_reference_to_another_unique_key(self):
        """The referencing rows carry the parent's code, not its primary key; both are integers, so a mix-up would
        delete others."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY, code INTEGER UNIQUE);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_code INTEGER REFERENCES agent (code) ON DELETE CASCADE);
            CREATE TABLE line (id INTEGER PRIMARY KEY, loan_id INTEGER REFERENCES loan ON DELETE CASCADE);
            INSERT INTO agent VALUES (1, 2), (2, 1), (3, NULL);
            INSERT INTO loan VALUES (10, 1), (20, 2), (30, NULL);
            INSERT INTO line VALUES (1, 10), (2, 20)""")
        blockers = json.loads(self.cascade("blockers", "agent", "1", "--format", "json").stdout)
        self.assertEqual([page["keys"] for page in blockers["pages"]], [[20]])
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.assertEqual((self.rows("SELECT id FROM loan"), self.rows("SELECT id FROM line")), ([10, 30], [1]))
        self.purges_as_sqlite_does("agent", "3", "id = 3")

    def test_06_shared_primary_keys(self):
        """A table whose primary key is also its reference: rows of one object in three tables."""
        self.make("""
            CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);
            CREATE TABLE book (item_id INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE);
            CREATE TABLE atlas (item_id INTEGER PRIMARY KEY REFERENCES book ON DELETE CASCADE);
            CREATE TABLE map (id INTEGER PRIMARY KEY, atlas_id INTEGER REFERENCES atlas ON DELETE CASCADE);
            INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c');
            INSERT INTO book VALUES (1), (2);
            INSERT INTO atlas VALUES (1);
            INSERT INTO map VALUES (1, 1), (2, 1), (3, NULL)""")
        self.purges_as_sqlite_does("item", "1", "id = 1")
        self.assertEqual(self.dump(), {"item": ["(2, 'b')", "(3, 'c')"], "book": ["(2,)"], "atlas": [],
                                       "map": ["(3, None)"]})

    def test_08_generated_columns(self):
        """A computed column can refer to something, but cannot be set: whoever asks for that is told before anything
        changes."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, code TEXT,
              agent_id INTEGER GENERATED ALWAYS AS (json_extract(code, '$.agent')) STORED REFERENCES agent);
            CREATE TABLE note (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            INSERT INTO agent VALUES (1), (2), (3);
            INSERT INTO loan (id, code) VALUES (1, '{"agent": 1}'), (2, '{}'), (3, '{"agent": 2}');
            INSERT INTO note VALUES (1, 1), (2, 3)""")
        for rule in ("SET NULL", "SET DEFAULT"):
            policy = self.policy(f'[{{"table": "loan", "column": "agent_id", "rule": "{rule}"}}]')
            self.refuses("agent", "1", *policy, says=["loan(agent_id)", "generated"], status=USAGE)
        self.refuses("agent", "1", says=["loan(agent_id)"])
        self.purge("agent", "3")
        self.purge("agent", "2", *self.policy('[{"table": "loan", "column": "agent_id", "rule": "CASCADE"}]'))
        self.assertEqual(self.dump(), {"agent": ["(1,)"], "note": ["(1, 1)"],
                                       "loan": ["(1, '{\"agent\": 1}', 1)", "(2, '{}', None)"]})

    def test_08_generated_column_that_the_database_would_set(self):
        """ON DELETE SET NULL on one: SQLite then refuses every delete of the parent, with rows that refer to it or
        without."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, code TEXT,
              agent_id INTEGER GENERATED ALWAYS AS (json_extract(code, '$.agent')) STORED
                REFERENCES agent ON DELETE SET NULL);
            INSERT INTO agent VALUES (1), (3);
            INSERT INTO loan (id, code) VALUES (1, '{"agent": 1}')""")
        with self.assertRaisesRegex(Exception, "generated column"):
            self.natively("DELETE FROM agent WHERE id = 3")
        self.refuses("agent", "1", says=["loan(agent_id)"])
        self.refuses("agent", "3", says=["agent_id"], status=DATABASE)

    def test_09_awkward_names(self):
        """Quotes, spaces, reserved words, unicode, 64 bytes and more, and names that differ from each other by one
        quote."""
        names = ["select", "two words", 'q"uote', "it's", "back`tick", "brack]et", "semi;colon--", "ünïcödé",
                 "per%cent %s",
                 "question?", "colon:name", "n" * 70, "back\\slash", "Rowid", "(", " ", "\x1a"]
        script = ""
        for name in names:
            table, key, column = quoted(name), quoted("key " + name), quoted("ref " + name)
            child, index = quoted("child " + name), quoted("index " + name)
            script += f"""
                CREATE TABLE {table} ({key} INTEGER PRIMARY KEY, {quoted("t " + name)} TEXT);
                CREATE TABLE {child} (id INTEGER PRIMARY KEY,
                  {column} INTEGER REFERENCES {table} ({key}) ON DELETE CASCADE,
                  {quoted("n " + name)} INTEGER REFERENCES {table} ON DELETE SET NULL);
                CREATE INDEX {index} ON {child} ({column});
                INSERT INTO {table} VALUES (1, 'a'), (2, 'b');
                INSERT INTO {child} VALUES (1, 1, 2), (2, 2, 1), (3, NULL, NULL);"""
        self.make(script)
        for name in names:
            with self.subTest(name=name):
                expected = self.natively(f"DELETE FROM {quoted(name)} WHERE {quoted('key ' + name)} = 1")
                self.cascade("plan", name, "1")
                self.cascade("blockers", name, "1")
                self.purge(name, "1")
                self.assertEqual(self.dump(), expected)
        self.assert_sound()

    def test_09_keys_that_look_like_sql(self):
        """Text keys are data, whatever is in them, on the way in and on the way through."""
        keys = ["'; DROP TABLE code; --", "a''b", 'a"b', "\x1a", "%s%n", "?1 :a @b $c", "", " ", "line\nbreak",
                "tab\there",
                "ünïcödé", "\\'", "x'00'", "NULL", "7", "007", "ß", "a,b", "[1]"]
        self.make("""
            CREATE TABLE code (code TEXT PRIMARY KEY);
            CREATE TABLE use (id INTEGER PRIMARY KEY, code TEXT REFERENCES code ON DELETE CASCADE);
            CREATE TABLE note (id INTEGER PRIMARY KEY, use_id INTEGER REFERENCES use ON DELETE CASCADE)""")
        connection = self.connect()
        connection.executemany("INSERT INTO code VALUES (?)", [(key,) for key in keys])
        connection.executemany("INSERT INTO use VALUES (?, ?)", enumerate(keys))
        connection.executemany("INSERT INTO note VALUES (?, ?)", [(i, i) for i in range(len(keys))])
        for left, key in reversed(list(enumerate(keys))):
            with self.subTest(key=key):
                self.purge("code", "--", key)
                self.assertEqual((self.count("code"), self.count("use"), self.count("note")), (left, left, left))

    def test_11_table_without_primary_key(self):
        """Its rows can be deleted along, but not be named: a condition selects them."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE link (agent_id INTEGER REFERENCES agent ON DELETE CASCADE, word TEXT);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO link VALUES (1, 'a'), (1, 'a'), (2, 'a'), (NULL, 'a')""")
        self.refuses("link", "1", says=["link", "primary key"])
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.purge("link", "--where", "agent_id = 2")
        self.assertEqual(self.rows("SELECT agent_id FROM link"), [None])

    def test_11_table_whose_rows_cannot_be_told_apart(self):
        """No primary key, and the three names of the rowid taken by columns: refused, with nothing changed."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE blind (rowid TEXT, oid TEXT, _rowid_ TEXT,
              agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO blind VALUES ('a', 'b', 'c', 1)""")
        self.refuses("blind", "--where", "agent_id = 1", says=["blind"])
        self.refuses("agent", "1", says=["blind"])

    def test_11_column_named_rowid(self):
        """A column that is called rowid is not the rowid."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY);
            CREATE TABLE odd (rowid INTEGER, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE key (rowid TEXT PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            CREATE TABLE leaf (id INTEGER PRIMARY KEY, k TEXT REFERENCES key ON DELETE CASCADE);
            INSERT INTO agent VALUES (1), (2);
            INSERT INTO odd VALUES (5, 1), (5, 2), (NULL, 1), (1, 2);
            INSERT INTO key VALUES ('2', 1), ('1', 2);
            INSERT INTO leaf VALUES (1, '1'), (2, '2')""")
        self.purges_as_sqlite_does("agent", "1", "id = 1")
        self.assertEqual(self.dump()["odd"], ["(1, 2)", "(5, 2)"])

    def test_11_without_rowid(self):
        """Tables that are stored by their key, of one column and of several, of numbers, text and bytes."""
        self.make("""
            CREATE TABLE a (k TEXT PRIMARY KEY) WITHOUT ROWID;
            CREATE TABLE b (x INTEGER, y BLOB, a_k TEXT REFERENCES a ON DELETE CASCADE,
              PRIMARY KEY (y, x)) WITHOUT ROWID;
            CREATE TABLE c (n INTEGER PRIMARY KEY, y BLOB, x INTEGER, FOREIGN KEY (y, x) REFERENCES b ON DELETE CASCADE)
              WITHOUT ROWID;
            CREATE TABLE d (c_n INTEGER REFERENCES c ON DELETE SET NULL, id INT PRIMARY KEY) WITHOUT ROWID;
            INSERT INTO a VALUES ('p'), ('q');
            INSERT INTO b VALUES (1, x'00ff', 'p'), (2, x'00ff', 'q'), (1, x'', 'p'), (3, 'text', 'p');
            INSERT INTO c VALUES (1, x'00ff', 1), (2, x'00ff', 2), (3, x'', 1), (4, 'text', 3), (5, NULL, 1);
            INSERT INTO d VALUES (1, 1), (2, 2), (3, 3), (4, 'four'), (NULL, 5)""")
        self.purges_as_sqlite_does("a", "p", "k = 'p'")
        self.assertEqual(len(self.dump()["c"]), 2)

    def test_11_text_in_an_integer_key(self):
        """SQLite lets text stand in an integer column; where that column tells rows apart, no text may turn into a
        number."""
        self.make("""
            CREATE TABLE k (id INTEGER PRIMARY KEY, v INT) WITHOUT ROWID;
            CREATE TABLE c (id INT PRIMARY KEY, k_id INT REFERENCES k ON DELETE CASCADE) WITHOUT ROWID;
            CREATE TABLE d (id INTEGER PRIMARY KEY, c_id INT REFERENCES c ON DELETE CASCADE);
            INSERT INTO k VALUES (0, 0), ('abc', 1), ('1e', 2), (1, 3), (1.5, 4);
            INSERT INTO c VALUES (0, 0), ('zero', 'abc'), (1, 'abc'), (1.5, 'abc'), ('1x', 1);
            INSERT INTO d VALUES (1, 0), (2, 'zero'), (3, 1), (4, '1x'), (5, 1.5)""")
        self.purges_as_sqlite_does("k", "abc", "id = 'abc'")
        self.assertEqual(self.dump()["c"], ["('1x', 1)", "(0, 0)"])

    def test_12_views_and_virtual_tables(self):
        """A view is shown as one and not deleted through; tables of an extension are no trouble for what they are
        beside."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT);
            CREATE VIEW names AS SELECT id, name FROM agent;
            CREATE TRIGGER names_gone INSTEAD OF DELETE ON names BEGIN DELETE FROM agent WHERE id = old.id; END;
            CREATE VIRTUAL TABLE search USING fts5 (body);
            CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id INTEGER REFERENCES agent ON DELETE CASCADE);
            INSERT INTO agent VALUES (1, 'a'), (2, 'b');
            INSERT INTO loan VALUES (1, 1);
            INSERT INTO search VALUES ('some words')""")
        self.refuses("names", "1", says=["names", "view"], status=USAGE)
        self.refuses("names", "--where", "id = 1", says=["names", "view"], status=USAGE)
        self.cascade("graph")
        self.purge("agent", "1")
        self.assertEqual((self.rows("SELECT id FROM agent"), self.count("loan"), self.count("search")), ([2], 0, 1))

    def test_12_reference_to_a_view_or_to_nothing(self):
        """Foreign keys that SQLite takes at CREATE, and fails on when it meets them."""
        self.make("""
            CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT);
            CREATE VIEW names AS SELECT id, name FROM agent;
            CREATE TABLE a (id INTEGER PRIMARY KEY, x INTEGER REFERENCES names (id));
            CREATE TABLE b (id INTEGER PRIMARY KEY, x INTEGER REFERENCES nowhere (id));
            INSERT INTO agent VALUES (1, 'a'), (2, 'b');
            CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES agent (name))""")
        self.cascade("graph")
        with self.assertRaisesRegex(Exception, "foreign key mismatch"):
            self.natively("DELETE FROM agent WHERE id = 1")
        self.refuses("agent", "1", says=["c(x)", "agent"], status=DATABASE)
