"""Django over a database of its own, on SQLite or on a server that tests/servers has started. Imported before any model."""
import atexit
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ENGINES = ('sqlite', 'postgresql', 'mariadb')
DATABASE = 'cascade_django'


def _sqlite(alias):
    directory = tempfile.mkdtemp(prefix='cascade-django-')
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return {'ENGINE': 'django.db.backends.sqlite3', 'NAME': f'{directory}/{alias}.db'}


def _postgresql(alias):
    import psycopg2
    place = {'host': os.environ['CASCADE_TEST_PG_HOST'], 'port': 5432, 'user': 'postgres'}
    server = psycopg2.connect(dbname='postgres', **place)
    server.autocommit = True
    name = f'{DATABASE}_{alias}_{os.getpid()}'
    server.cursor().execute(f'CREATE DATABASE {name}')
    server.close()
    return {'ENGINE': 'django.db.backends.postgresql', 'NAME': name, 'HOST': place['host'], 'PORT': '5432', 'USER': place['user']}


def _mariadb(alias):
    import MySQLdb
    place = {'unix_socket': os.environ['CASCADE_TEST_MARIADB'], 'user': 'root'}
    name = f'{DATABASE}_{alias}_{os.getpid()}'
    server = MySQLdb.connect(**place)
    server.cursor().execute(f'CREATE DATABASE {name} CHARACTER SET utf8mb4')
    server.close()
    return {'ENGINE': 'django.db.backends.mysql', 'NAME': name, 'USER': 'root',
            'OPTIONS': {'unix_socket': place['unix_socket'], 'charset': 'utf8mb4'}}


def start(engine, *apps, aliases=('default',), **settings):
    """Configures Django and makes its tables, in a database for each alias. A server that is missing is a failure."""
    if engine not in ENGINES:
        sys.exit(f'no engine {engine!r}; there are {", ".join(ENGINES)}')
    sys.path.insert(0, str(HERE))
    import django
    from django.conf import settings as configured
    make = {'sqlite': _sqlite, 'postgresql': _postgresql, 'mariadb': _mariadb}[engine]
    configured.configure(
        DATABASES={alias: make(alias) for alias in aliases},
        INSTALLED_APPS=['django.contrib.contenttypes', 'libcascade.django', *apps], SECRET_KEY='of the tests',
        DEFAULT_AUTO_FIELD='django.db.models.BigAutoField', USE_TZ=True, TIME_ZONE='UTC', **settings)
    django.setup()
    from django.core.management import call_command
    for alias in aliases:
        call_command('migrate', 'contenttypes', database=alias, verbosity=0)
        call_command('migrate', database=alias, verbosity=0, run_syncdb=True)
