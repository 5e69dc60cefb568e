"""The examples of the README do what they say: readme.py SOURCE LIBRARY MUSEUM COMMAND INCLUDE..."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, library, museum, cascade, *include = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
readme = (source / "README.md").read_text(encoding="utf-8")
blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```", readme, flags=re.S | re.M))


def said(command, folder, status=0, **options):
    """What it prints, on a database of its own: a program that ends without closing leaves its log beside it."""
    for old in folder.glob("museum.db*"):
        old.unlink()
    shutil.copy(museum, folder / "museum.db")
    environment = dict(os.environ, PATH=f"{cascade.parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                          **options)
    if done.returncode != status:
        sys.exit(f"{command}: status {done.returncode}\n{done.stdout}")
    return done.stdout


with tempfile.TemporaryDirectory() as scratch:
    folder = pathlib.Path(scratch)
    said(["gcc", "-std=c17", "-Wall", "-Wextra", "-Werror", *(f"-I{path}" for path in include), "-x", "c", "-", "-x", "none",
          library,
          f"-Wl,-rpath,{library.parent}", "-o", "program"], folder, input=blocks["c"])
    answers = {"C": said(["./program"], folder), "Python": said([sys.executable, "-c", blocks["python"]], folder),
               "Ruby": said(["ruby", "-e", blocks["ruby"]], folder)}
    if len(set(answers.values())) != 1 or not re.fullmatch(r"(\d{3} rows gone\n)+", answers["C"]):
        sys.exit(f"the same purge by three languages: {answers}")

    # What stands under a command is what it prints, as far as it is shown.
    for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", blocks["text"], flags=re.M):
        printed = said(command.split(), folder, 1 if "blocked" in shown else 0)
        if not printed.startswith(shown.replace("...\n", "")):
            sys.exit(f"README.md: '{command}' prints something else:\n{printed}")
print(answers["C"])
