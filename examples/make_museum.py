"""Makes the museum's database: make_museum.py museum.sql museum.db"""

import os
import sqlite3
import sys

script, database = sys.argv[1:]
for leftover in (database, database + "-wal", database + "-shm"):
    if os.path.exists(leftover):
        os.remove(leftover)
connection = sqlite3.connect(database, isolation_level=None)
with open(script, encoding="utf-8") as text:
    connection.executescript(text.read())
broken = connection.execute("PRAGMA foreign_key_check").fetchall()
connection.close()
sys.exit(f"{script}: dangling references: {broken[:5]}" if broken else 0)
