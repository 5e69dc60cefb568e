"""What only shows on a terminal: the question, the progress bar, Ctrl-C."""

import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import termios
import time
import unittest

from support import CASCADE, DRIVERS, CascadeTest, after_native_cascade, rows


def on_terminal(arguments, answer=None, interrupt_at=None, patience=60):
    """Runs the command on a terminal of its own; answers its question, or presses Ctrl-C when a text was seen.

    Gives the exit code and what the terminal showed, as bytes of the command's own.
    """
    child, terminal = pty.fork()
    if child == 0:
        termios.tcsetwinsize(0, (24, 120))
        os.execv(CASCADE, [CASCADE, *arguments])
    shown, deadline, pressed = b"", time.monotonic() + patience, False
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(terminal)
            raise TimeoutError(shown)
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            piece = b""
        if not piece:
            break
        shown += piece
        if answer is not None and b"[y/N] " in shown and not pressed:
            os.write(terminal, answer)
            pressed = True
        if interrupt_at is not None and interrupt_at in shown and not pressed:
            os.write(terminal, b"\x03")
            pressed = True
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)
    return code, shown.decode()


class Question(CascadeTest):
    def test_yes(self):
        for form in DRIVERS.values():
            for answer in [b"y\n", b"Y\n", b"yes\n"]:
                path = self.database()
                code, shown = on_terminal(["purge", form.format(path), "agent", "3"], answer)
                self.assertEqual(code, 0, shown)
                self.assertIn("Delete 2 rows in 2 tables? [y/N] ", shown)
                self.assertRegex(shown, r" 1  address\r\n")
                self.assertRegex(shown, r" 1  rewritten\r\n")
                self.assertEqual(rows(path)["agent"], 2)

    def test_no(self):
        for answer in [b"n\n", b"\n", b"yesterday\n", b"\x04", b"\x03"]:
            path = self.database()
            code, shown = on_terminal(["purge", f"sqlite:{path}", "agent", "3"], answer)
            self.assertEqual(code, 1, (answer, shown))
            self.assertIn("nothing was deleted", shown)
            self.assertEqual(rows(path)["agent"], 3)

    def test_no_question_when_there_is_nothing_to_ask(self):
        path = self.database()
        code, shown = on_terminal(["purge", f"sqlite:{path}", "agent", "99"])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("[y/N]", shown)
        code, shown = on_terminal(["purge", f"sqlite:{path}", "agent", "1"])
        self.assertEqual(code, 1, shown)
        self.assertNotIn("[y/N]", shown)


class Progress(CascadeTest):
    def test_bar(self):
        for form in DRIVERS.values():
            museum = self.museum()
            code, shown = on_terminal(["purge", form.format(museum), "collection_object", "--where", "accession_id = 40",
                                       "--max-tx-rows", "200", "--yes"])
            self.assertEqual(code, 0, shown)
            lines = re.findall(r"\r *(\d+)% \[(#*-*)\] ([\d,]+) rows  ([\d,]+)/s(?:  ETA (\d+):\d\d)?  (\w+)"
                               r"  longest (\d+) ms\x1b\[K", shown)
            self.assertGreater(len(lines), 1, shown)
            shares = [int(line[0]) for line in lines]
            self.assertEqual(shares, sorted(shares))
            self.assertTrue(all(len(line[1]) == 24 for line in lines))
            self.assertIn("\r\x1b[KDeleted ", shown)
            seconds, longest = re.search(r"in (\d+\.\d) s; the longest transaction took (\d+) ms", shown).groups()
            self.assertLessEqual(len(lines), float(seconds) * 10 + 2, "repainted too often")
            self.assertLessEqual(int(lines[-1][6]), int(longest))
            self.assertEqual([int(line[6]) for line in lines], sorted(int(line[6]) for line in lines))

    def test_percent_from_the_plan(self):
        museum = self.museum()
        code, shown = on_terminal(["purge", f"sqlite:{museum}", "accession", "40", "--max-tx-rows", "200"], b"y\n")
        self.assertEqual(code, 0, shown)
        self.assertRegex(shown, r"\r *\d+% \[")

    def test_no_terminal_no_bar(self):
        museum = self.museum()
        said = self.done("purge", f"sqlite:{museum}", "accession", "40", "--max-tx-rows", "200", "--yes")
        self.assertNotIn("\r", said)

    def test_lines_of_json(self):
        for form in DRIVERS.values():
            museum, hold = self.museum(), self.file("hold", "")
            purge = subprocess.Popen([CASCADE, "purge", form.format(museum), "collection_object", "--where", "accession_id = 40",
                                      "--yes", "--max-tx-rows", "200", "--json-progress", "--pause-file", hold],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            paused = json.loads(purge.stderr.readline())
            self.assertTrue(paused["paused"])
            self.assertIn(hold, paused["reason"])
            os.remove(hold)
            said, told = purge.communicate(timeout=60)
            self.assertEqual(purge.returncode, 0, told)
            lines = [json.loads(line) for line in told.splitlines()]
            self.assertIn(False, [line["paused"] for line in lines if "paused" in line])
            lines = [line for line in lines if "rows" in line]
            self.assertGreater(len(lines), 1)
            for name in ["part", "rows", "seconds", "longest_ms"]:
                self.assertEqual([line[name] for line in lines], sorted(line[name] for line in lines), name)
            for line in lines:
                self.assertAlmostEqual(line["rows_per_second"] * line["seconds"] / line["rows"], 1, places=2)
                self.assertIn(line["table"], rows(museum))
            self.assertEqual(lines[-1]["part"], 1)
            self.assertEqual(lines[-1]["seconds_left"], 0)
            self.assertIn(f"Deleted {lines[-1]['rows']:,} rows", said)

    def test_lines_of_json_in_place_of_the_bar(self):
        code, shown = on_terminal(["purge", f"sqlite:{self.museum()}", "accession", "40", "--max-tx-rows", "200", "--yes",
                                   "--json-progress"])
        self.assertEqual(code, 0, shown)
        self.assertNotIn("\x1b", shown)
        self.assertIsNone(json.loads(shown.splitlines()[0])["part"])


class Worker(CascadeTest):
    """A queue with 40,000 recorded rows: three batches at least."""

    def queue(self, form):
        path = self.database()
        with sqlite3.connect(path) as connection:
            connection.execute("INSERT INTO image WITH RECURSIVE n(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 40009) "
                               "SELECT n, 2 FROM n")
        uri = form.format(path)
        rules = self.file("rules.json", json.dumps([{"table": "image", "column": "author_id", "rule": "DETACH"}]))
        self.done("queue", "install", uri)
        self.done("detach", uri, "agent", "2", "--policy", rules, "--yes")
        return path, uri

    def test_bar(self):
        for form in DRIVERS.values():
            path, uri = self.queue(form)
            code, shown = on_terminal(["queue", "work", uri, "--sleep-ratio", "8"])
            self.assertEqual(code, 0, shown)
            lines = re.findall(r"\r *(\d+)% \[(#*-*)\] ([\d,]+) rows  [\d,]+/s(?:  ETA \d+:\d\d)?  image  "
                               r"longest (\d+) ms\x1b\[K", shown)
            self.assertGreater(len(lines), 1, shown)
            done = [int(line[2].replace(",", "")) for line in lines]
            self.assertEqual(done, sorted(set(done)))
            self.assertRegex(shown, r"\r\x1b\[K1 of \d jobs? done: deleted 40,000 rows", shown)
            self.assertRegex(shown, r"Paused \d+\.\d s asleep between transactions\.")
            self.assertEqual(rows(path)["image"], 4)

    def test_lines_of_json(self):
        path, uri = self.queue(DRIVERS["sqlite3"])
        hold = self.file("hold", "")
        worker = subprocess.Popen([CASCADE, "queue", "work", uri, "--json-progress", "--pause-file", hold],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        paused = json.loads(worker.stderr.readline())
        self.assertTrue(paused["paused"])
        time.sleep(1)
        os.remove(hold)
        said, told = worker.communicate(timeout=60)
        self.assertEqual(worker.returncode, 0, told)
        lines = [line for line in map(json.loads, told.splitlines()) if "rows" in line]
        self.assertGreater(len(lines), 0)
        self.assertGreater(lines[0]["rows"], 0)
        self.assertEqual({line["table"] for line in lines}, {"image"})
        self.assertTrue(all(0 <= line["part"] <= 1 for line in lines), lines)
        self.assertLess(lines[0]["longest_ms"], 1000, "the pause is counted as work")
        self.assertIn("deleted 40,000 rows", said)

    def test_no_terminal_no_bar(self):
        path, uri = self.queue(DRIVERS["sqlite3"])
        done = subprocess.run([CASCADE, "queue", "work", uri], capture_output=True, text=True, check=True)
        self.assertEqual(done.stderr, "")
        self.assertNotIn("\r", done.stdout)


class Interrupt(CascadeTest):
    def consistent(self, path):
        connection = sqlite3.connect(path)
        self.assertEqual(connection.execute("PRAGMA foreign_key_check").fetchall(), [])
        self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone()[0], "ok")
        connection.close()

    def test_ctrl_c(self):
        for form in DRIVERS.values():
            museum = self.museum()
            before, left = rows(museum), after_native_cascade(museum, "DELETE FROM accession WHERE id = 40")
            arguments = ["purge", form.format(museum), "accession", "40", "--max-tx-rows", "50", "--yes"]
            code, shown = on_terminal(arguments, interrupt_at=b" rows  ")
            self.assertEqual(code, 1, shown)
            self.assertRegex(shown, r"cascade: cancelled: the [\d,]+ rows that the committed batches deleted are gone")
            self.consistent(museum)
            between = rows(museum)
            self.assertLess(sum(left.values()), sum(between.values()), "it was too fast to be interrupted")
            self.assertLess(sum(between.values()), sum(before.values()), "nothing was deleted before the interrupt")
            reported = int(re.search(r"Deleted ([\d,]+) row", shown)[1].replace(",", ""))
            self.assertEqual(sum(before.values()) - sum(between.values()), reported)
            self.done(*arguments)
            self.consistent(museum)
            self.assertEqual(rows(museum), left)

    def test_signal_without_terminal(self):
        museum = self.museum()
        full, left = rows(museum), after_native_cascade(museum, "DELETE FROM accession WHERE id = 40")
        arguments = ["purge", f"sqlite:{museum}", "accession", "40", "--max-tx-rows", "50", "--yes"]
        purge = subprocess.Popen([CASCADE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while sum(rows(museum).values()) == sum(full.values()) and purge.poll() is None:
            time.sleep(0.01)
        purge.send_signal(signal.SIGINT)
        said, failed = purge.communicate(timeout=30)
        self.assertEqual(purge.returncode, 1, said + failed)
        self.assertRegex(failed, r"\Acascade: cancelled: [^\n]+\n\Z")
        self.assertTrue(said.startswith("Deleted "))
        self.consistent(museum)
        self.done(*arguments)
        self.assertEqual(rows(museum), left)


if __name__ == "__main__":
    unittest.main(verbosity=2)
