"""The engines by name. Only the module of the one that is asked for is loaded."""
import importlib
import os

NAMES = {'sqlite': 'SQLite', 'postgresql': 'PostgreSQL', 'mariadb': 'MariaDB'}
SERVERS = {'postgresql': 'CASCADE_TEST_PG_HOST', 'mariadb': 'CASCADE_TEST_MARIADB'}


def find(name):
    return getattr(importlib.import_module('on_' + name), NAMES[name])


def place(engine, number):
    """Where an engine's copies are; the number keeps those of several processes apart."""
    return importlib.import_module('on_' + engine.name).Place(number)


def missing(name):
    """What is missing to run on that engine, in words, or None."""
    if name in SERVERS and not os.environ.get(SERVERS[name]):
        return f'no {NAMES[name]} server ({SERVERS[name]} is not set): run this by tests/servers run'
    return None
