#!/usr/bin/python3
"""differential.py sqlite|postgresql|mariadb [--seeds FIRST-LAST]

Random models with random rows. Each delete is done by stock Django, and, from the same rows, by the library in its place; rows
that survive, what is returned or raised, with which objects, and signals must be equal. Then once more inside atomic() with a
savepoint that is rolled back, after which nothing may be left, and by purge()."""
import argparse
import logging
import os
import sys
import warnings

import environment

ROUNDS = 3


def identity(objects):
    return sorted((each._meta.concrete_model._meta.label, str(each.pk)) for each in objects)


class Recorder:
    """Receivers of some models' signals, and what they were told."""
    def __init__(self, models):
        from django.db.models import signals
        self.told, self.connected = [], []
        for kind, signal, model in models:
            def receive(sender, instance, kind=kind, **_):
                self.told.append((kind, sender._meta.label, str(instance.pk)))
            chosen = getattr(signals, kind)
            chosen.connect(receive, sender=model, weak=False)
            self.connected.append((chosen, receive, model))

    def close(self):
        for signal, receive, model in self.connected:
            signal.disconnect(receive, sender=model)


def attempt(work):
    """What a delete gave: its result, or its error with the objects."""
    from django.db import IntegrityError
    from django.db.models import ProtectedError, RestrictedError
    try:
        total, counts = work()
        return 'done', total, {label: count for label, count in counts.items() if count}
    except ProtectedError as error:
        return 'protected', error.args[0], identity(error.protected_objects)
    except RestrictedError as error:
        return 'restricted', error.args[0], identity(error.restricted_objects)
    except IntegrityError:
        return ('integrity',)


class Case:
    """One delete: which rows, how they are given, who listens."""
    def __init__(self, schema, pick):
        from libcascade.django import rules
        self.schema, self.model = schema, pick.choice(schema.models)
        if self.model in schema.proxies and pick.random() < 0.5:
            self.model = schema.proxies[self.model]
        keys = schema.keys[self.model._meta.concrete_model]
        self.rules = rules.read(self.model, 'default')
        self.keys = pick.sample(keys, pick.randint(0, len(keys)))
        self.way = pick.choice(['keys', 'keys', 'instance', 'all', 'condition', 'join'])
        if self.way == 'instance' and not self.keys:
            self.way = 'all'
        tables = [m for m in schema.models + list(schema.proxies.values()) + schema.marks()
                  if not m._meta.auto_created]
        listeners = [m for m in tables if pick.random() < 0.2] if pick.random() < 0.5 else []
        self.receivers = [(kind, None, m) for m in listeners for kind in ('pre_delete', 'post_delete') if pick.random() < 0.7]

    def __str__(self):
        return f'{self.model.__name__} {self.way} {[str(k) for k in self.keys]}'

    def queryset(self):
        rows = self.model._default_manager.all()
        if self.way == 'condition':
            name = next(f.name for f in self.model._meta.fields if f.name.startswith('n'))
            return rows.filter(**{f'{name}__lt': 2})
        if self.way == 'join':
            field = next((f for f in self.model._meta.fields if f.remote_field and not f.primary_key), None)
            if field and not field.null:
                return rows.filter(**{f'{field.name}__isnull': False}).filter(pk__in=self.keys)
            if field:
                return rows.filter(**{f'{field.name}__isnull': True})
        return rows if self.way == 'all' else rows.filter(pk__in=self.keys)

    def delete(self):
        if self.way == 'instance':
            return self.model._base_manager.get(pk=self.keys[0]).delete()
        return self.queryset().delete()

    def is_circular(self):
        """Whether rows of the root's table can be reached by a relation: a proxy's are then known to Django under two names."""
        table = self.model._meta.db_table
        return any(r.table == table and r.rule in ('CASCADE', 'RESTRICT') for r in self.rules.relations)

    def sets_what_goes(self):
        """Whether stock Django may write into rows that it deletes afterwards, and fail at that: the library does not write
        them."""
        return any(r.rule == 'SET_VALUE' and r.table in self.rules.deleted for r in self.rules.relations)


class Outcome:
    """What a delete gave, who was told, and what is left."""
    def __init__(self, case, work):
        recorder = Recorder(case.receivers)
        case.schema.called = set()
        try:
            self.result = attempt(work)
        finally:
            recorder.close()
        self.told = sorted(recorder.told)
        self.order = [kind for kind, _, _ in recorder.told]
        self.called = set(case.schema.called)
        self.left = case.schema.snapshot()


def oracle(case, before):
    """Stock Django. Where the server checks row by row, what Django would do if it checked at the end: that is what its rules
    mean."""
    from django.db import IntegrityError, connection
    from libcascade.django import collector

    def stock():
        with collector(False):
            return case.delete()
    found = Outcome(case, stock)
    if connection.vendor != 'mysql' or found.result != ('integrity',):
        return found
    case.schema.restore(before)

    def unchecked():
        with connection.constraint_checks_disabled():
            return stock()
    meant = Outcome(case, unchecked)
    try:
        connection.check_constraints()
    except IntegrityError:
        return found
    meant.failed = found  # what Django does on this server: rows in a circle can be deleted by nobody who is checked row by row
    return meant


def comparable(result):
    """Which of several ways to one row an error names depends on which was taken first."""
    if result[0] not in ('protected', 'restricted'):
        return result
    start, mark, names = result[1].partition('foreign keys: ')
    return result[0], start + mark, bool(names), result[2]


def differences(case, stock, ours):
    """What differs, by name."""
    mine = case.model._meta.proxy and case.is_circular()
    found = {}
    if stock.left != ours.left:
        found['rows'] = [(table, [r for r in stock.left[table] if r not in ours.left[table]],
                          [r for r in ours.left[table] if r not in stock.left[table]])
                         for table in stock.left if stock.left[table] != ours.left[table]]
    if comparable(stock.result) != comparable(ours.result) and not (
            mine and (stock.result[:2] == ours.result[:2] or stock.result[0] == ours.result[0] == 'restricted')):
        found['result'] = (stock.result, ours.result)
    if stock.result[0] == 'done' and stock.told != ours.told and not mine:
        found['signals'] = (stock.told, ours.told)
    if stock.result[0] != 'done' and stock.result != ('integrity',) and ours.told:
        found['signals before a refusal'] = ours.told
    if 'pre_delete' in ours.order and 'post_delete' in ours.order and not mine:
        if ours.order != sorted(ours.order, reverse=True):
            found['order of signals'] = ours.order
    if stock.result[0] == 'done' and ours.called - stock.called:  # stock asks for those too of which all rows are deleted
        found['values asked for'] = (stock.called, ours.called)
    return found


def rolled_back(case, before):
    """Inside atomic(), in a savepoint that is rolled back: nothing is left behind, and the transaction goes on."""
    from django.db import IntegrityError, connection, transaction
    from libcascade.django import collector
    with transaction.atomic():
        try:
            with transaction.atomic(), collector():
                attempt(case.delete)
                transaction.set_rollback(True)
        except IntegrityError:
            pass  # what the database puts off to the end
        inside = case.schema.snapshot()
        with connection.cursor() as cursor:
            cursor.execute('SELECT 1')
    return {} if inside == case.schema.snapshot() == before else {'left behind after a rollback': True}


def purged(case, stock):
    """purge() leaves the same rows, and counts the same, where nothing stands in the way."""
    from libcascade.django import purge
    if case.way == 'instance' or case.model._meta.proxy:
        return {}

    def work():
        done = purge(case.queryset(), allow=1)
        return done.total, done.counts
    ours = Outcome(case, work)
    if comparable(stock.result) != comparable(ours.result) or stock.left != ours.left:
        return {'purge': (stock.result, ours.result, stock.left == ours.left)}
    return {}


def run(seed, tally):
    import random
    from random_models import Schema
    from libcascade.django import collector
    schema, failures = Schema(seed), []
    try:
        schema.fill()
        before, pick = schema.snapshot(), random.Random(seed + 1)
        for _ in range(ROUNDS):
            case = Case(schema, pick)
            stock = oracle(case, before)
            schema.restore(before)
            tally[stock.result[0]] = tally.get(stock.result[0], 0) + 1

            def ours():
                with collector():
                    return case.delete()
            done = Outcome(case, ours)
            if done.result == ('integrity',):
                stock = getattr(stock, 'failed', stock)
            if stock.result == ('integrity',) and done.result[0] == 'done' and case.sets_what_goes():
                tally['done where Django fails'] = tally.get('done where Django fails', 0) + 1
                found = {}
            else:
                found = differences(case, stock, done)
            schema.restore(before)
            found.update(rolled_back(case, before))
            schema.restore(before)
            if stock.result != ('integrity',):
                found.update(purged(case, stock))
                schema.restore(before)
            failures += [f'seed {seed}: {case}: {name}: {what}' for name, what in found.items()]
    finally:
        schema.close()
    return failures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('engine', choices=environment.ENGINES)
    parser.add_argument('--seeds')
    arguments = parser.parse_args()
    environment.start(arguments.engine, 'randomapp')
    warnings.simplefilter('ignore', RuntimeWarning)  # models of earlier seeds have the same names
    logging.getLogger('libcascade.django').addHandler(logging.NullHandler())
    count = 300 if os.environ.get('CASCADE_LONG') else {'sqlite': 50}.get(arguments.engine, 15)
    if os.environ.get('CASCADE_QUICK'):
        count = 10
    first, _, last = (arguments.seeds or f'1-{count}').partition('-')
    tally, failures, seeds = {}, [], range(int(first), int(last or first) + 1)
    for seed in seeds:
        try:
            failures += run(seed, tally)
        except Exception as error:
            failures.append(f'seed {seed}: {type(error).__name__}: {error}')
            if len(seeds) == 1:
                raise
    print(f'{len(seeds)} seeds on {arguments.engine}: ' + ', '.join(f'{n} {what}' for what, n in sorted(tally.items())))
    for failure in failures[:20]:
        print(failure)
    print(f'{len(failures)} differences')
    sys.exit(1 if failures or (len(seeds) > 9 and not {'done', 'protected', 'restricted'} <= set(tally)) else 0)


if __name__ == '__main__':
    main()
