"""The job history's models, made at run time, and the measuring that the Django programs share: `start` comes first, or,
with models of another workload, `connect`; `measure` prints seconds, statements, the longest transaction's seconds and the
growth of memory in KB."""
import os
import pathlib
import resource
import sys
import time
import types

import django
from django.conf import settings

ROOT = pathlib.Path(__file__).resolve().parents[3]
Run = None


def find_libcascade():
    """The package of this source tree, on the library of the build whose drivers the benchmark has."""
    sys.path.insert(0, str(ROOT / 'bindings/python'))
    drivers = pathlib.Path(os.environ['LIBCASCADE_DRIVERS'].partition(':')[0])
    os.environ.setdefault('LIBCASCADE_PATH', str(drivers.parents[1] / 'libcascade.so'))


def connect(name):
    """Of the application `name`, which is made here."""
    engine, database = sys.argv[1], sys.argv[2]
    where = {'sqlite': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': database},
             'postgresql': {'ENGINE': 'django.db.backends.postgresql', 'NAME': database, 'USER': 'postgres', 'PORT': 5432,
                            'HOST': os.environ.get('CASCADE_TEST_PG_HOST', '')},
             'mariadb': {'ENGINE': 'django.db.backends.mysql', 'NAME': database, 'USER': 'root',
                         'OPTIONS': {'unix_socket': os.environ.get('CASCADE_TEST_MARIADB', '')}}}
    application = types.ModuleType(name)  # models find what refers to them by an installed application
    application.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[name] = application
    settings.configure(DATABASES={'default': where[engine]}, INSTALLED_APPS=[name],
                       DEFAULT_AUTO_FIELD='django.db.models.BigAutoField')
    django.setup()


def start():
    global Run
    connect('jobs')
    Run = make_models()


def make_models():
    from django.db import models

    def model(title, table, /, **fields):
        meta = type('Meta', (), {'app_label': 'jobs', 'db_table': table})
        return type(title, (models.Model,), {'__module__': __name__, 'Meta': meta, **fields})

    def refers(to, action, column, null=False, one=False, **more):
        kind = models.OneToOneField if one else models.ForeignKey
        return kind(to, action, db_column=column, null=null, related_name='+', **more)

    cascade, set_null = models.CASCADE, models.SET_NULL
    host = model('Host', 'host', name=models.TextField())
    credential = model('Credential', 'credential', name=models.TextField())
    run = model('Run', 'run', created=models.BigIntegerField(), title=models.TextField(), state=models.TextField())
    job = model('Job', 'job', run=refers(run, cascade, 'run_id', one=True, primary_key=True), script=models.TextField(),
                forks=models.BigIntegerField())
    model('Event', 'job_event', job=refers(job, cascade, 'job_id'), host=refers(host, set_null, 'host_id', True),
          position=models.BigIntegerField(), kind=models.TextField(), output=models.TextField())
    model('JobHost', 'job_host', job=refers(job, cascade, 'job_id'), host=refers(host, set_null, 'host_id', True),
          ok=models.BigIntegerField())
    model('Launch', 'job_launch', job=refers(job, cascade, 'job_id', one=True), options=models.TextField())
    model('RunCredential', 'run_credential', run=refers(run, cascade, 'run_id'),
          credential=refers(credential, cascade, 'credential_id'))
    for table in ('schedule', 'workflow', 'project', 'inventory', 'notice'):
        model(table.title(), table, run=refers(run, set_null, 'run_id', True), name=models.TextField())
    return run


def old_runs():
    return Run.objects.filter(created__lte=int(sys.argv[3]) // 2)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(work):
    from django.db import connection
    connection.ensure_connection()
    statements = 0

    def count(execute, sql, params, many, context):
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    before = peak()
    with connection.execute_wrapper(count):
        began = time.monotonic()
        longest = work()
        seconds = time.monotonic() - began
    print(seconds, statements, longest or seconds, peak() - before)
