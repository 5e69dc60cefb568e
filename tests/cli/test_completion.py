"""What bash and zsh offer is what the command takes, and every option is in the help and in the manual page."""

import functools
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from support import CASCADE, CascadeTest

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPLETION = ROOT / "examples/cli/completion"

# As bash itself prepares a completion: words are split at colons and equal signs too.
BASH = r"""
set -u
completion=$1 && shift
set +u && source /usr/share/bash-completion/bash_completion && source "$completion" && set -u
compopt() { :; }
while [ $# -gt 0 ]; do
  COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
  mapfile -t COMP_WORDS <<<"$2"
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  shift 2
  set +u && _cascade cascade "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" && set -u
  printf '%s\n' "$COMP_LINE" "${COMPREPLY[@]}" ''
done
"""


def environment():
    return dict(os.environ, PATH=os.path.dirname(CASCADE) + os.pathsep + os.environ["PATH"], TERM="dumb", LC_ALL="C.UTF-8",
                LD_PRELOAD="")


def offers(text):
    """What a shell printed: {line: the words offered}."""
    found = {}
    for block in text.strip("\n").split("\n\n"):
        line, *words = block.split("\n")
        found[line] = sorted({word for word in words if word})
    return found


def in_bash(lines, directory):
    words = [["\n".join(re.findall(r"[:=]+|[^\s:=]+", line) + ([""] if line[-1:] in " " else [])) for line in lines]]
    arguments = [part for pair in zip(lines, words[0]) for part in pair]
    done = subprocess.run(["/bin/bash", "--norc", "-c", BASH, "bash", COMPLETION / "cascade.bash", *arguments], cwd=directory,
                          env=environment(), capture_output=True, text=True, timeout=60)
    if done.returncode or done.stderr:
        raise AssertionError(done.stderr)
    return offers(done.stdout)


def in_zsh(lines, directory):
    with tempfile.TemporaryDirectory() as scratch:
        output = os.path.join(scratch, "offers")
        subprocess.run(["zsh", "-f", pathlib.Path(__file__).with_name("complete.zsh"), COMPLETION, output, *lines], cwd=directory,
                       env=dict(environment(), HOME=scratch), check=True, timeout=60)
        return offers(pathlib.Path(output).read_text(encoding="utf-8").split("ready\n", 1)[1])


SHELLS = {"bash": in_bash, "zsh": in_zsh}


def said(*words):
    done = subprocess.run([CASCADE, *words], capture_output=True, text=True)
    return done.stdout + done.stderr


@functools.cache
def commands():
    """As the source has them: the help is under test."""
    text = (ROOT / "examples/cli/options.c").read_text(encoding="utf-8")
    found = [name.split() for name in re.findall(r'^    \{"([a-z ]+)", run_', text, flags=re.M)]
    assert ["purge"] in found and ["queue", "list"] in found
    return found


@functools.cache
def options():
    """For each command the options that it does not refuse."""
    text = (ROOT / "examples/cli/options.c").read_text(encoding="utf-8")
    known = re.findall(r'\{"([a-z-]+)", (?:no|required)_argument', text)
    assert len(known) > 30 and "where" in known
    return {" ".join(words): sorted(f"--{name}" for name in known if "has no option" not in said(*words, f"--{name}", "?"))
            for words in commands()}


class Completion(CascadeTest):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.scratch.cleanup)
        subprocess.run(["/usr/bin/python3", "-c", "import sqlite3; sqlite3.connect('a museum.db').executescript("
                        "'CREATE TABLE agent (id INTEGER PRIMARY KEY); CREATE TABLE loan (id INTEGER PRIMARY KEY, '"
                        "'agent_id INTEGER REFERENCES agent)')"], cwd=cls.scratch.name, check=True)
        os.rename(os.path.join(cls.scratch.name, "a museum.db"), os.path.join(cls.scratch.name, "museum.db"))
        pathlib.Path(cls.scratch.name, "rules.json").touch()
        cls.lines = (["cascade ", "cascade queue ", "cascade pu", "cascade purge ", "cascade purge sqlite:mu",
                      "cascade plan --policy ru",
                      "cascade plan --where id=1 sqlite:museum.db lo", "cascade purge --yes sqlite:museum.db a",
                      "cascade queue retry sqlite:mu", "cascade queue list --state d", "cascade blockers --count e",
                      "cascade fill --mode m", "cascade fill --select x --sel", "cascade purge --max-rows "] +
                     [f"cascade {' '.join(words)} --" for words in commands()] +
                     [f"cascade {' '.join(words)} --format " for words in commands() if "--format" in options()[" ".join(words)]])
        cls.found = {shell: complete(cls.lines, cls.scratch.name) for shell, complete in SHELLS.items()}

    def offered(self, line, words):
        for shell in SHELLS:
            with self.subTest(shell=shell, line=line):
                self.assertEqual(self.found[shell][line], sorted(words))

    def test_options(self):
        for words, taken in options().items():
            self.offered(f"cascade {words} --", taken)

    def test_formats(self):
        for words, taken in options().items():
            if "--format" in taken:
                formats = said(*words.split(), "--format", "?").split("only ")[1].split()
                self.assertIn("text", formats)
                self.offered(f"cascade {words} --format ", formats)

    def test_values(self):
        self.offered("cascade queue list --state d", ["dead", "done"])
        self.offered("cascade blockers --count e", ["estimated", "exact"])
        self.offered("cascade fill --mode m", ["merge"])
        self.offered("cascade fill --select x --sel", ["--select"])
        self.offered("cascade plan --policy ru", ["rules.json"])
        self.offered("cascade purge --max-rows ", [])

    def test_values_are_all_there_are(self):
        for words, option, values in [(["queue", "list"], "state", "ready claimed paused done dead cancelled"),
                                      (["blockers"], "count", "none capped estimated exact"),
                                      (["fill"], "mode", "insert update merge")]:
            text = said(*words, "--help").split(f"  --{option} ")[-1].split("  --")[0]
            told = [word for word in values.split() if word in text]
            self.assertEqual(told, values.split(), text)

    def test_commands(self):
        first = sorted({words[0] for words in commands()})
        self.offered("cascade ", first + ["--help", "--version"])
        self.offered("cascade pu", ["purge"])
        self.offered("cascade queue ", [words[1] for words in commands() if words[0] == "queue"] + ["--help"])

    def test_words(self):
        self.assertEqual(self.found["bash"]["cascade purge "], sorted(
            ["sqlite:", "postgresql://", "mariadb://", "dbi:sqlite3?", "dbi:pgsql?", "dbi:mysql?"]))
        self.assertEqual(len(self.found["zsh"]["cascade purge "]), 6)
        self.offered("cascade purge sqlite:mu", ["museum.db"])
        self.offered("cascade queue retry sqlite:mu", ["museum.db"])
        self.offered("cascade plan --where id=1 sqlite:museum.db lo", ["loan"])
        self.offered("cascade purge --yes sqlite:museum.db a", ["agent"])


if __name__ == "__main__":
    unittest.main()
