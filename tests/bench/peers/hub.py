"""The collection's models, made at run time, and the measuring that the Django programs share. `start` comes first. What they print:
seconds, statements, the longest transaction's seconds, the growth of memory in KB, how many keys were found and the keys' sum."""
import importlib.util
import os
import resource
import statistics
import sys
import time
import types

import django
from django.conf import settings

AGENT = 1
TABLES, REVIEWED_TABLES = 190, 135
Agent = None
_relations = []


def start(blocks=None):
    """Connects. `blocks` is the on_delete of relations that block; by default that of a foreign key without an action."""
    global Agent
    engine, database = sys.argv[1], sys.argv[2]
    where = {'sqlite': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': database},
             'postgresql': {'ENGINE': 'django.db.backends.postgresql', 'NAME': database, 'USER': 'postgres', 'PORT': 5432,
                            'HOST': os.environ.get('CASCADE_TEST_PG_HOST', '')},
             'mariadb': {'ENGINE': 'django.db.backends.mysql', 'NAME': database, 'USER': 'root',
                         'OPTIONS': {'unix_socket': os.environ.get('CASCADE_TEST_MARIADB', '')}}}
    application = types.ModuleType('collection')  # models find what refers to them by an installed application
    application.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules['collection'] = application
    if engine == 'mariadb':
        stand_in_for_mysqldb()
    settings.configure(DATABASES={'default': where[engine]}, INSTALLED_APPS=['collection'], SECRET_KEY='of the benchmark',
                       DEFAULT_AUTO_FIELD='django.db.models.BigAutoField')
    django.setup()
    from django.db import models
    Agent = model(models, 'Agent', 'agent', name=models.TextField())
    for number in range(1, TABLES + 1):
        add_table(models, number, blocks or models.PROTECT)


def stand_in_for_mysqldb():
    """The driver in Python, where the one in C is not installed."""
    if importlib.util.find_spec('MySQLdb') is None:
        import pymysql
        pymysql.version_info = (1, 4, 0, 'final', 0)
        pymysql.install_as_MySQLdb()


def model(models, title, table, /, **fields):
    meta = type('Meta', (), {'app_label': 'collection', 'db_table': table, 'managed': False})
    return type(title, (models.Model,), {'__module__': __name__, 'Meta': meta, **fields})


def add_table(models, number, blocks):
    columns = ['created_by', 'edited_by'] + ['reviewed_by'] * (number <= REVIEWED_TABLES)
    fields = {}
    for column in columns:
        cascades = column == 'reviewed_by' and 10 < number <= 30
        fields[f'{column}_agent'] = models.ForeignKey(Agent, models.CASCADE if cascades else blocks, db_column=column, null=True,
                                                      related_name='+')
    table = model(models, f'Collection{number}', f'collection_{number:03d}', remarks=models.TextField(),
                  number=models.BigIntegerField(null=True), **fields)
    for column in columns:
        _relations.append((len(_relations), table, column))


def relations():
    """Number, model and column of each, in the benchmark's order."""
    return _relations


class Found:
    def __init__(self):
        self.count = self.sum = 0

    def keys(self, relation, keys):
        self.count += len(keys)
        self.sum += (relation + 1) * (sum(keys) + len(keys))


def measure(work, passes):
    from django.db import connection
    connection.ensure_connection()
    seconds, statements = [], 0

    def count(execute, sql, params, many, context):
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with connection.execute_wrapper(count):
        for _ in range(passes + (passes > 1)):  # the first of several warms up
            found, statements = Found(), 0
            began = time.monotonic()
            work(found)
            seconds.append(time.monotonic() - began)
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(statistics.median(seconds[1:] or seconds), statements, 0, growth, found.count, found.sum)
