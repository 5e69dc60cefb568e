"""The same steps in every language, on every engine, give the same results, and leave the same rows.

scenario.py ENGINE SCENARIO NAME=COMMAND... [--record]

COMMAND is a runner: it gets a URI and the scenario. With --record, the results of the last runner are written into the scenario,
to be read before they are kept.
"""

import argparse
import json
import pathlib
import re
import shlex
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import sessions  # noqa: E402


def without_schema(value):
    """Labels as engines without schemas have them."""
    if isinstance(value, str):
        return re.sub(r"\bpublic\.", "", value)
    if isinstance(value, list):
        return [without_schema(each) for each in value]
    if isinstance(value, dict):
        return {without_schema(key): without_schema(each) for key, each in value.items()}
    return value


def written(scenario):
    """One line for each step and each result."""
    lines = {name: ",\n".join("    " + json.dumps(each, ensure_ascii=False) for each in scenario[name])
             for name in ("schema", "steps", "results")}
    parts = [f'  "{name}": [\n{lines[name]}\n  ]' for name in lines]
    return "{\n" + ",\n".join([*parts, '  "left": ' + json.dumps(scenario["left"], ensure_ascii=False)]) + "\n}\n"


def run(command, database, path, scenario):
    """Results and rows that are left."""
    database.clear()
    database.run(*scenario["schema"])
    database.end_sides()
    done = subprocess.run([*shlex.split(command), database.uri("native"), path], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        return f"exit status {done.returncode}: {done.stderr}", None
    tables = re.findall(r"CREATE TABLE (\w+)", " ".join(scenario["schema"]))
    left = {table: sorted((list(row) for row in database.rows(f"SELECT * FROM {table}")), key=json.dumps) for table in tables}
    return without_schema(json.loads(done.stdout)), left


def differences(what, wanted, found):
    return [] if wanted == found else [f"{what}:\n  expected {json.dumps(wanted, ensure_ascii=False)}\n"
                                       f"  but found {json.dumps(found, ensure_ascii=False)}"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=sessions.ENGINES)
    parser.add_argument("scenario", type=pathlib.Path)
    parser.add_argument("runners", nargs="+")
    parser.add_argument("--record", action="store_true")
    given = parser.parse_args()
    scenario = json.loads(given.scenario.read_text())
    database = sessions.ENGINES[given.engine]()
    wrong = []
    try:
        for runner in given.runners:
            name, command = runner.split("=", 1)
            results, left = run(command, database, given.scenario, scenario)
            if isinstance(results, str):
                wrong.append(f"{name}: {results}")
                continue
            if given.record:
                scenario["results"] = results
                scenario["left"] = left
                given.scenario.write_text(written(scenario))
            if len(results) != len(scenario["steps"]):
                wrong.append(f"{name}: {len(results)} results of {len(scenario['steps'])} steps")
            for number, (step, wanted, found) in enumerate(zip(scenario["steps"], scenario["results"], results), 1):
                wrong += differences(f"{name}, step {number}, {json.dumps(step, ensure_ascii=False)}", wanted, found)
            wrong += differences(f"{name}, rows that are left", scenario["left"], left)
    finally:
        database.drop()
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(scenario['steps'])} steps, {len(given.runners)} languages")


main()
