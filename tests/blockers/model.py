"""Random databases for the cursor over blockers, and what plain SQL says about their rows."""

import json

KINDS = {"PROTECT": 1, "RESTRICT": 1, "CASCADE": 2, "SET_NULL": 3}
CASCADING, ROOT_LIMIT = 2, 100000


class Table:
    def __init__(self, name, types):
        self.name, self.types = name, types
        self.key = ["id"] if len(types) == 1 else ["k0", "k1"]
        self.columns = {}  # those that refer: name -> type
        self.unique = False  # a column u that others may refer to
        self.rowid = False  # on SQLite: that is what tells rows apart, and orders them

    def target(self, columns):
        return dict(zip(self.key, self.types)).get(columns[0], "int")


class Relation:
    def __init__(self, child, columns, parent, ref_columns, rule):
        self.child, self.columns, self.parent, self.ref_columns, self.rule = child, columns, parent, ref_columns, rule
        self.number = self.links = None

    @property
    def kind(self):
        return KINDS[self.rule]


class Schema:
    """Keys of one integer, of one text or of two columns; relations to keys and to unique columns, in circles and diamonds."""

    def __init__(self, random, engine):
        self.random, self.engine = random, engine
        shapes = [["int"], ["int"], ["int"], ["text"], ["int", "text"], ["int", "int"]]
        self.tables = [Table(f"t{i}", random.choice(shapes)) for i in range(random.randint(3, 6))]
        self.relations = []
        for table in self.tables:
            table.unique = random.random() < .4
            table.rowid = engine == "sqlite" and random.random() < .7
        for position, child in enumerate(self.tables):
            for number in range(random.randint(1, 2) if position else random.randint(0, 1)):
                parent = random.choice(self.tables[:position] if position and random.random() < .75 else self.tables)
                self.relate(child, parent, f"r{number}", random.choice(["CASCADE", "CASCADE", "CASCADE", "PROTECT", "RESTRICT", "SET_NULL"]))

    def relate(self, child, parent, name, rule):
        if parent.unique and self.random.random() < .5:
            ref_columns, types = ["u"], ["int"]
        else:
            ref_columns, types = parent.key, parent.types
        columns = [f"{name}_{i}" for i in range(len(ref_columns))]
        child.columns.update(zip(columns, types))
        self.relations.append(Relation(child, columns, parent, ref_columns, rule))

    def policy(self):
        return json.dumps([{"table": r.child.name, "columns": r.columns, "ref_table": r.parent.name, "ref_columns": r.ref_columns,
                            "rule": r.rule} for r in self.relations])

    # ---- rows

    def fill(self, most):
        r = self.random
        self.rows = {}
        for table in self.tables:
            keys = set()
            for _ in range(r.randint(most // 3, most)):
                keys.add(tuple(r.randint(-20, 4 * most) if kind == "int" else "".join(r.choices("abcXY zé'\\", k=r.randint(1, 6))).rstrip()
                               for kind in table.types))
            keys = {key for key in keys if "" not in key}
            self.rows[table.name] = [dict(zip(table.key, key), u=number * 3) for number, key in
                                     enumerate(r.sample(list({tuple(str(c).lower() for c in key): key for key in sorted(keys)}.values()), k=len({tuple(str(c).lower() for c in key) for key in keys})))]
        for relation in self.relations:
            hub = r.choices(self.rows[relation.parent.name], k=3)
            for row in self.rows[relation.child.name]:
                parent = r.choice(hub if r.random() < .5 else self.rows[relation.parent.name])
                values = [parent[column] for column in relation.ref_columns]
                if r.random() < .2:
                    values[r.randrange(len(values))] = None
                row.update(zip(relation.columns, values))

    def statements(self):
        """That make the database: foreign keys behind the rows, where that can be."""
        engine = self.engine
        texts = {"sqlite": "TEXT", "postgresql": "text", "mariadb": "varchar(40) COLLATE utf8mb4_bin"}
        types = {"int": "bigint" if engine != "sqlite" else "INTEGER", "text": texts[engine]}
        last = []
        if engine == "sqlite":
            yield "PRAGMA foreign_keys = OFF"
        for table in self.tables:
            lines = [f"{name} {types[kind]} NOT NULL" for name, kind in zip(table.key, table.types)]
            lines += [f"{name} {types[kind]}" for name, kind in table.columns.items()]
            lines += ["u bigint NOT NULL UNIQUE"] if table.unique else ["u bigint"]
            lines.append(f"PRIMARY KEY ({', '.join(table.key)})")
            for r in self.relations:
                if r.child is not table:
                    continue
                clause = (f"FOREIGN KEY ({', '.join(r.columns)}) REFERENCES {r.parent.name} ({', '.join(r.ref_columns)})")
                if engine == "sqlite":
                    lines.append(clause)
                else:
                    last.append(f"ALTER TABLE {table.name} ADD {clause}")
                if self.random.random() < .7:
                    more = r.child.key if self.random.random() < .3 else []
                    last.append(f"CREATE INDEX x_{table.name}_{r.columns[0]} ON {table.name} ({', '.join(r.columns + more)})")
            yield (f"CREATE TABLE {table.name} ({', '.join(lines)})" +
                   (" WITHOUT ROWID" if engine == "sqlite" and not table.rowid else ""))
            rows = self.rows[table.name]
            columns = table.key + list(table.columns) + ["u"]
            if rows:
                yield (f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES " +
                       ", ".join("(" + ", ".join(self.literal(engine, row.get(c)) for c in columns) + ")" for row in rows))
        yield from last

    @staticmethod
    def literal(engine, value):
        if value is None:
            return "NULL"
        if isinstance(value, int):
            return str(value)
        if engine == "mariadb":
            value = value.replace("\\", "\\\\")
        return "'" + value.replace("'", "''") + "'"

    # ---- what plain SQL says

    def read(self, database):
        """The keys in the database's order, and for each relation which row refers to which."""
        self.keys, self.anchors = {}, {}
        for t in self.tables:
            identity = ["rowid"] if t.rowid else t.key
            rows = database.rows(f"SELECT {', '.join(t.key + identity)} FROM {t.name} ORDER BY {', '.join(identity)}")
            self.keys[t.name] = [row[:len(t.key)] for row in rows]
            self.anchors[t.name] = {row[:len(t.key)]: row[len(t.key):] for row in rows}
        for r in self.relations:
            child, parent = [f"c.{name}" for name in r.child.key], [f"p.{name}" for name in r.parent.key]
            on = " AND ".join(f"c.{a} = p.{b}" for a, b in zip(r.columns, r.ref_columns))
            links = {row[:len(child)]: row[len(child):] for row in
                     database.rows(f"SELECT {', '.join(child + parent)} FROM {r.child.name} c JOIN {r.parent.name} p ON {on}")}
            r.links = {key: links[key] for key in self.keys[r.child.name] if key in links}

    def number(self, session):
        """Takes the numbers of the relations from the policy."""
        for i in range(session.relation_count()):
            info = session.relation(i)
            found = [r for r in self.relations if r.child.name == session.table_name(info.table) and
                     r.columns == [info.columns[j].decode() for j in range(info.column_count)] and
                     r.parent.name == session.table_name(info.ref_table)]
            if len(found) != 1:
                raise AssertionError(f"relation {i}, {info.label.decode()}: {len(found)} in the model")
            found[0].number, found[0].label = i, info.label.decode()

    def into(self, table):
        return sorted((r for r in self.relations if r.parent is table), key=lambda r: r.number)

    def referring(self, relation, group, visited):
        """Rows that refer to the group's, in their order, without those that go anyway."""
        gone = visited[relation.child.name] if relation.rule != "PROTECT" else ()
        return [key for key, to in relation.links.items() if to in group and key not in gone]

    def walk(self, table, selected, depth, first=None):
        """All pages together, as {(path, relation): rows}. `first`: goes on below these groups instead, as (table, path, rows)."""
        visited = {t.name: set() for t in self.tables}
        visited[table.name] |= set(selected)
        groups = [(table, (), set(selected))]
        for down, path, rows in first or ():
            visited[down.name] |= rows
            groups = [(down, path, rows)]
        found = {}
        for here, path, rows in groups:
            for r in self.into(here):
                keys = self.referring(r, rows, visited)
                if keys:
                    found[path, r.number] = keys
            if len(path) + 1 >= depth:
                continue
            for r in self.into(here):
                if r.kind != CASCADING:
                    continue
                fresh = {key for key, to in r.links.items() if to in rows} - visited[r.child.name]
                visited[r.child.name] |= fresh
                if fresh:
                    groups.append((r.child, path + (r.number,), fresh))
        return found
