"""What the tests of the Django package share: a database of the museum, and whether the library was at work."""
import contextlib

from django.db import connections, transaction
from django.test import TransactionTestCase

from libcascade.django import deletion


class Case(TransactionTestCase):
    available_apps = ['django.contrib.contenttypes', 'museum', 'libcascade.django']
    databases = {'default', 'other'}

    def setUp(self):
        self.done = 0
        run = deletion.Deletion.run

        def counted(delete):
            self.done += 1
            return run(delete)
        deletion.Deletion.run = counted
        self.addCleanup(setattr, deletion.Deletion, 'run', run)

    def _fixture_teardown(self):
        """As a flush, but quick."""
        for alias in self.databases:
            there = connections[alias]
            tables = [there.ops.quote_name(name) for name in there.introspection.table_names() if name.startswith('museum_')]
            unchecked = there.constraint_checks_disabled() if there.vendor == 'mysql' else contextlib.nullcontext()
            with unchecked, transaction.atomic(using=alias), there.cursor() as cursor:
                for table in tables:
                    cursor.execute(f'DELETE FROM {table}')

    def assertOurs(self, times=1):
        """The library has done it, and not Django's collector."""
        self.assertEqual(self.done, times)
