"""Runs one example on copies of the museum and checks what it says and what it leaves behind.

test_example.py NAME PROGRAM MUSEUM
"""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

name, program, museum = sys.argv[1:]


def one(database, sql):
    return database.execute(sql).fetchone()[0]


def rows(database):
    """Number of rows of every table that the museum has."""
    tables = [row[0] for row in database.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'lost_file'"
        " AND name NOT LIKE 'cascade_queue%'")]
    return {table: one(database, f'SELECT count(*) FROM "{table}"') for table in tables}


def cascade_by_hand(database, where):
    """Rows after SQLite's own cascade has deleted the same."""
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("BEGIN")
    database.execute(f"DELETE FROM {where}")
    left = rows(database)
    database.execute("ROLLBACK")
    return left


def expected(original):
    """Arguments after the URI; texts that must be printed; rows that must be left."""
    unchanged = rows(original)
    if name == "01_graph":
        return ["preparation"], ["loan_item(preparation_id) -> preparation(id): RESTRICT, loan_item_preparation",
                                 "a delete takes rows of 1 of 23 tables: preparation",
                                 "step 2: preparation(object_id) -> collection_object(id)"], unchanged
    if name == "08_fill":
        pairs = ("SELECT id, leader_id FROM collecting_event WHERE leader_id IS NOT NULL UNION SELECT event_id, cataloguer_id FROM"
                 " collection_object WHERE event_id IS NOT NULL AND cataloguer_id IS NOT NULL")
        new = one(original, f"SELECT count(*) FROM ({pairs} EXCEPT SELECT event_id, agent_id FROM collector)")
        assert new > 60
        left = dict(unchanged, collector=unchanged["collector"] + new)
        return [], ["there already\nstopped: ", f"finished: {new} inserted in all"], left
    if name == "02_policy":
        return [], ["declared: remark(subject_id) -> agent(id) is CASCADE",
                    "overridden: determination(determiner_id) -> agent(id) was RESTRICT, is SET_VALUE",
                    "overridden: field_notebook(author_id) -> agent(id) was RESTRICT, is PROTECT",
                    "refused: ", "author_id"], unchanged
    if name == "03_blockers":
        donated = one(original, "SELECT count(*) FROM accession WHERE donor_id = 7")
        employed = one(original, "SELECT count(*) FROM agent WHERE employer_id = 7")
        assert donated > 3 and employed > 3
        return ["agent", "7"], ["accession(donor_id) -> agent(id) blocks: 3 and more",
                                "agent_address(agent_id) -> agent(id) deleted too: 1",
                                "agent(employer_id) -> agent(id) rewritten or left: 3 and more",
                                f"the first that went on has {donated - 3} after its first 3"], unchanged
    if name == "04_plan":
        gone = sum(unchanged.values()) - sum(cascade_by_hand(original, "accession WHERE id <= 3").values())
        return ["id BETWEEN 1 AND 3"], [f"3 accessions, {gone} rows in all, 0 of them rewritten, nothing in the way",
                                        "delete accession: 3 rows", "without an index", "CASCADE_PLAN_CHANGED: ",
                                        "the approved purge is ready"], unchanged
    if name == "05_purge":
        left = cascade_by_hand(original, "collection_object WHERE id <= 2000")
        return [], ["stopped after 3 batches", "finished after", "collection_object: "], left
    if name == "06_host":
        left = cascade_by_hand(original, "accession WHERE id <= 3")
        gone = unchanged["attachment"] - left["attachment"]
        return [], [f"{gone} attachments deleted, {gone} remembered"], left
    if name == "07_queue":
        left = cascade_by_hand(original, "storage_place WHERE id = 1")
        places = one(original, "SELECT count(*) FROM storage_place WHERE parent_id = 1")
        gone = unchanged["storage_place"] - left["storage_place"] - 1
        assert places > 1 and gone > places
        return [], [f"place 1 is gone, {places} places in it wait", f"the worker deleted {gone} rows", '"state": "done"'], left
    if name == "09_hooks":
        left = cascade_by_hand(original, "accession WHERE id <= 3")
        files = [row[0] for row in original.execute(
            "SELECT file FROM attachment a JOIN collection_object o ON o.id = a.object_id WHERE o.accession_id <= 3 ORDER BY a.id")]
        assert len(files) > 3
        for table in ("attachment", "collection_object", "accession"):
            left[table] += 1
        gone = sum(unchanged.values()) - sum(left.values())
        return [files[1]], [*(f"rm {file}\n" for file in files[:1] + files[2:]),
                            f"{gone} rows deleted, {len(files) - 1} files removed, 1 vetoed, 2 kept with it"], left
    raise SystemExit(f"no expectations of {name}")


def run(directory, form):
    copy = os.path.join(directory, "museum.db")
    shutil.copy(museum, copy)
    with tempfile.TemporaryDirectory() as scratch:
        twin = sqlite3.connect(shutil.copy(museum, scratch), isolation_level=None)
        arguments, said, left = expected(twin)
        twin.close()
    done = subprocess.run([program, form.format(copy), *arguments], capture_output=True, text=True)
    sys.stdout.write(done.stdout)
    sys.stderr.write(done.stderr)
    assert done.returncode == 0, f"exit code {done.returncode}"
    for text in said:
        assert text in done.stdout, f"not said: {text}"
    after = sqlite3.connect(copy, isolation_level=None)
    assert rows(after) == left, "other rows are left than should be"
    assert not after.execute("PRAGMA foreign_key_check").fetchall(), "dangling references"
    assert one(after, "PRAGMA integrity_check") == "ok"
    after.close()


for uri in ["{}"] if name == "06_host" else ["sqlite:{}", "dbi:sqlite3?dbname={}"]:
    with tempfile.TemporaryDirectory() as place:
        run(place, uri)
