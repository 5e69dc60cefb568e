"""The scenario through the Python package. README.md says what each step gives.

With --dbapi, over a connection of sqlite3, psycopg2 or PyMySQL.
"""

import collections
import json
import pathlib
import sys
import urllib.parse

import libcascade
from libcascade import ALL, Rule, Status, TokenKind


def connect(uri):
    """A DB-API connection that commits by itself."""
    parts = urllib.parse.urlsplit(uri)
    if parts.scheme == "sqlite":
        import sqlite3
        made = sqlite3.connect(parts.path, isolation_level=None)
        made.execute("PRAGMA foreign_keys = ON")
        return made
    if parts.scheme == "mariadb":
        import pymysql
        return pymysql.connect(unix_socket=urllib.parse.parse_qs(parts.query)["unix_socket"][0], user=parts.username,
                               database=parts.path[1:], autocommit=True)
    import psycopg2
    made = psycopg2.connect(uri)
    made.autocommit = True
    return made


class Runner:
    def __init__(self, db):
        self.db = db
        self.rest = None

    def run(self, step):
        try:
            return getattr(self, step["do"])(step)
        except libcascade.Error as why:
            return {"error": f"CASCADE_{Status(why.status).name}", "table": why.table or None, "relation": why.relation or None}

    def graph(self, step):
        self.read = self.db.graph()
        return {"tables": [[table.label, list(table.key), len(self.read.columns(table))] for table in self.read.tables],
                "relations": [[relation.label, int(relation.on_delete)] for relation in self.read.relations]}

    def policy(self, step):
        self.rules = libcascade.Policy.load(self.read, step["rules"])
        return {"rules": {relation.label: Rule(relation.rule).name for relation in self.rules.relations}}

    def select(self, step):
        if "keys" in step:
            self.rows = self.read.select(step["table"], [tuple(key) if isinstance(key, list) else key for key in step["keys"]])
        else:
            self.rows = self.read.where(step["table"], step["where"], step.get("parameters", ()))
        return {"table": self.rows.table.label}

    def plan(self, step):
        plan = self.db.plan(self.rules, self.rows)
        return {"roots": plan.roots, "deleted": plan.deleted, "updated": plan.updated, "blocking": plan.blocking,
                "blocked": plan.blocked, "steps": [[int(step.kind), step.table.label, step.rows] for step in plan.steps]}

    def probe(self, step):
        answer, relation = self.db.probe(self.rules, self.rows)
        return {"answer": int(answer), "relation": relation and relation.label}

    def blockers(self, step):
        options = {name: step[name] for name in ("limit", "rounds", "depth", "count") if name in step}
        if step.get("resume"):
            options["token"] = self.rest
        cursor, pages = self.db.blockers(self.rules, self.rows, token_key=b"a key for the scenario", **options), []
        stop = step.get("stop_after", ALL)
        while len(pages) < stop and (page := next(cursor, None)) is not None:
            keys = [list(key) if isinstance(key, tuple) else [key] for key in page.keys]
            pages.append({"relation": page.relation.label, "kind": int(page.kind), "keys": keys, "complete": page.complete,
                          "count": page.count, "depth": page.depth, "next": cursor.token(TokenKind.NEXT) is not None})
        self.rest = cursor.token()
        result = {"pages": pages, "rest": self.rest is not None}
        if len(pages) < stop:
            result.update(cut=int(cursor.cut), references=cursor.total().references)
        return result

    def purge(self, step):
        heard = collections.Counter()

        def hook(tables):
            for deleted in tables:
                heard[deleted.table.label] += len(deleted.keys)
            return step["hook"] != "fails"

        purge = self.db.purge(self.rules, self.rows, max_tx_rows=step.get("max_tx_rows", 0),
                              after_batch=hook if "hook" in step else None)
        batches = sum(1 for _ in purge)
        report = purge.report()
        result = {"deleted": report.deleted, "updated": report.updated, "finished": report.finished, "several": batches > 1,
                  "tables": {each.table.label: [each.deleted, each.updated] for each in report.tables}}
        return {**result, "hook": heard} if "hook" in step else result

    def install(self, step):
        self.db.queue.install()
        return {}

    def detach(self, step):
        report = self.db.queue.detach(self.rules, self.rows)
        return {"deleted": report.deleted, "updated": report.updated, "detached": report.detached, "jobs": report.jobs}

    def enqueue(self, step):
        self.db.queue.purge(self.rules, self.rows)
        return {}

    def work(self, step):
        report = self.db.queue.worker().run()
        return {"done": report.done, "failed": report.failed, "deleted": report.deleted, "kept": report.kept}

    def jobs(self, step):
        return {"jobs": [[job["kind"], job["state"]] for job in self.db.queue.jobs()]}

    def fill(self, step):
        fill = self.db.fill(self.read, step["table"], step["columns"], step["key"], mode=step.get("mode", 0))
        for source in step.get("sources", ()):
            fill.select(source["select"], source.get("parameters", ()))
        if "rows" in step:
            fill.stream(step["rows"])
        report = fill.run()
        return {"inserted": report.inserted, "updated": report.updated, "skipped": report.skipped, "finished": report.finished}


def main():
    over = sys.argv[1] == "--dbapi"
    uri, path = sys.argv[1 + over:]
    runner = Runner(libcascade.Connection.over(connect(uri)) if over else libcascade.connect(uri))
    print(json.dumps([runner.run(step) for step in json.loads(pathlib.Path(path).read_text())["steps"]]))


main()
