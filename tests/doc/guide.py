"""Types what the guide says: the commands after `$` in its blocks for the shell, one after the other. guide.py SOURCE MUSEUM COMMAND"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

source, museum, cascade = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
blocks = re.findall(r"^```sh\n(.*?)^```", (source / "lib/doc/pages/guide.md").read_text(encoding="utf-8"), flags=re.S | re.M)
if len(blocks) < 5:
    sys.exit("guide.md has lost its blocks")
script = "".join(re.sub(r"^\$ ", "", block, flags=re.M) for block in blocks)
with tempfile.TemporaryDirectory() as scratch:
    shutil.copy(museum, os.path.join(scratch, "museum.db"))
    done = subprocess.run(["/bin/bash", "-e", "-u", "-x", "-o", "pipefail", "-c", script], cwd=scratch, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, PATH=f"{cascade.parent}{os.pathsep}{os.environ['PATH']}"))
print(done.stdout)
# The last command has nothing left to do.
sys.exit(done.returncode or not re.search(r'"deleted": [1-9]\d*, .*"lag": 0', done.stdout))
