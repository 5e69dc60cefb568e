"""Types what the pages say: the commands after `$` in the blocks for the shell of each page, one after the other, on a museum of its
own. guide.py SOURCE MUSEUM COMMAND"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, museum, cascade = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
# What the last command says where all before it did what they should: nothing is left to do; rows of a job are in a file.
PAGES = {"guide": r'"deleted": [1-9]\d*, .*"lag": 0', "archive": r"Archived [1-9]\d* rows"}


def typed(name):
    blocks = re.findall(r"^```sh\n(.*?)^```", (source / f"lib/doc/pages/{name}.md").read_text(encoding="utf-8"), flags=re.S | re.M)
    script = "".join(re.sub(r"^\$ ", "", block, flags=re.M) for block in blocks)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copy(museum, os.path.join(scratch, "museum.db"))
        return subprocess.run(["/bin/bash", "-e", "-u", "-x", "-o", "pipefail", "-c", script], cwd=scratch, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=dict(os.environ, PATH=f"{cascade.parent}{os.pathsep}{os.environ['PATH']}"))


told = {path.stem for path in (source / "lib/doc/pages").glob("*.md") if "\n```sh\n" in path.read_text(encoding="utf-8")}
if told != set(PAGES):
    sys.exit(f"pages with commands: {sorted(told)}; expected are {sorted(PAGES)}")
for page, end in PAGES.items():
    done = typed(page)
    print(done.stdout)
    if done.returncode or not re.search(end, done.stdout):
        sys.exit(f"{page}.md: status {done.returncode}, or its end is not there: {end}")
