#!/usr/bin/python3
"""services.py sqlite|postgresql|mariadb: what the Django package has besides: several databases, choosing the collector, plans,
blockers, purges, the command."""
import datetime
import io
import json
import logging
import sys
import threading
import unittest
import uuid

import environment

if __name__ == '__main__':
    environment.start(sys.argv.pop(1), 'museum', aliases=('default', 'other'), LIBCASCADE={'COLLECTOR': True},
                      DATABASE_ROUTERS=['museum.routers.Slots'])

from django.core.exceptions import ImproperlyConfigured  # noqa: E402 (only after the settings)
from django.core.management import CommandError, call_command  # noqa: E402
from django.db import DatabaseError, OperationalError, connection, connections, models  # noqa: E402
from django.db.models import ProtectedError, signals  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

import libcascade  # noqa: E402
from case import Case  # noqa: E402
from libcascade.django import NotExpressible, blockers, blockers_json, collector, delete, plan, purge, refresh  # noqa: E402
from museum.models import (Address, Agent, Album, Artist, Borrower, Event, Loan, Note, Photo, Shelf, Slot,  # noqa: E402
                           Step)


class Databases(Case):
    def test_each_alias_is_its_own(self):
        here, there = Agent.objects.create(), Agent.objects.using('other').create()
        for agent, alias in ((here, 'default'), (there, 'other')):
            Address.objects.using(alias).create(agent=agent)
            Note.objects.using(alias).create(target=agent)
        self.assertEqual(there.delete()[0], 3)
        self.assertEqual((Address.objects.count(), Note.objects.count(), Address.objects.using('other').count()), (1, 1, 0))
        self.assertEqual(purge(Agent.objects.filter(pk=here.pk)).total, 3)
        self.assertOurs()

    def test_a_model_that_the_router_keeps_elsewhere(self):
        """The table of slots is not in the other database."""
        shelf = Shelf.objects.using('other').create(code='a')
        self.assertEqual(purge(shelf, using='other').total, 1)
        self.assertEqual(Shelf.objects.using('other').create(code='b').delete(), (1, {'museum.Shelf': 1}))
        self.assertOurs()

    def test_a_router_that_migrates_nothing(self):
        """It says nothing of where rows are: the tables are there, and Django looks into them."""
        with override_settings(DATABASE_ROUTERS=['museum.routers.Frozen']):
            refresh()
            agent, loan = Agent.objects.create(), Loan.objects.create()
            Address.objects.create(agent=agent)
            Loan.objects.filter(pk=loan.pk).update(agent=agent)
            with self.assertRaises(ProtectedError) as caught:
                agent.delete()
            self.assertEqual(caught.exception.protected_objects, {loan})
            loan.delete()
            Note.objects.create(target=agent)
            self.assertEqual(agent.delete()[1], {'museum.Agent': 1, 'museum.Address': 1, 'museum.Note': 1})
            self.assertOurs(2)
        refresh()

    def test_a_connection_that_was_closed(self):
        for _ in range(3):
            agent = Agent.objects.create()
            Address.objects.create(agent=agent)
            self.assertEqual(agent.delete()[0], 2)
            connection.close()
        self.assertOurs(3)

    def test_threads(self):
        agents = [Agent.objects.create() for _ in range(8)]
        Address.objects.bulk_create(Address(agent=agent) for agent in agents)
        failures = []

        def work(agent):
            try:
                for _ in range(20):  # SQLite has one writer
                    try:
                        agent.delete()
                        break
                    except OperationalError as failure:
                        if 'lock' not in str(failure).lower():
                            raise
            except Exception as failure:
                failures.append(failure)
            finally:
                connections.close_all()
        threads = [threading.Thread(target=work, args=[agent]) for agent in agents]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((failures, Agent.objects.count(), Address.objects.count()), ([], 0, 0))


class Choosing(Case):
    def test_by_setting(self):
        for chosen, times in ((False, 0), (['museum.Agent'], 1), (['museum.Loan'], 1), (True, 3)):
            with override_settings(LIBCASCADE={'COLLECTOR': chosen}):
                Agent.objects.create().delete()
                Artist.objects.create().delete()
            self.assertOurs(times)

    def test_by_context(self):
        with override_settings(LIBCASCADE={}):
            with collector(Agent):
                Agent.objects.create().delete()
                Artist.objects.create().delete()
            Agent.objects.create().delete()
            self.assertOurs(1)
            self.assertEqual(delete(Agent.objects.create()), (1, {'museum.Agent': 1}))
        with collector(False):
            Agent.objects.create().delete()
        self.assertOurs(2)

    def test_a_setting_that_is_wrong(self):
        for setting, words in (([], 'no dictionary|not a dictionary'), ({'COLECTOR': True}, "no entry 'COLECTOR'"),
                               ({'COLLECTOR': 'museum.Agent'}, 'list of labels'), ({'HANDLERS': {'x': 'KEEP'}}, "'KEEP'")):
            with override_settings(LIBCASCADE=setting), self.assertRaisesRegex(ImproperlyConfigured, words):
                from libcascade.django import conf
                conf.collected()
                conf.handlers()

    def test_what_the_queryset_refuses(self):
        Agent.objects.create()
        for queryset in (Agent.objects.all()[:1], Agent.objects.distinct(), Agent.objects.values('name')):
            with self.assertRaises((AssertionError, TypeError)):
                delete(queryset)

    def test_a_table_made_later(self):
        Agent.objects.create().delete()

        class Late(models.Model):
            agent = models.ForeignKey(Agent, models.CASCADE)

            class Meta:
                app_label = 'museum'
        from django.apps import apps
        agent = Agent.objects.create()
        try:
            with self.assertLogs('libcascade.django', logging.WARNING), self.assertRaises(DatabaseError):
                agent.delete()
            with connection.schema_editor() as editor:
                editor.create_model(Late)
            Late.objects.create(agent=agent)
            self.assertEqual(agent.delete()[0], 2)
        finally:
            with connection.schema_editor() as editor:
                editor.delete_model(Late)
            del apps.all_models['museum']['late']
            apps.clear_cache()
            refresh()


class Beside(Case):
    """What Django has not."""
    def collection(self):
        agent = Agent.objects.create()
        Address.objects.bulk_create(Address(agent=agent) for _ in range(30))
        Loan.objects.bulk_create(Loan(agent=agent) for _ in range(45))
        Note.objects.create(target=agent)
        return agent

    def test_blockers_page_by_page(self):
        agent = self.collection()
        page = blockers(agent, limit=20)
        found = {(each.model, each.field): each for each in page}
        self.assertEqual({key: (len(each.keys), each.complete) for key, each in found.items()},
                         {(Loan, 'agent'): (20, False), (Address, 'agent'): (20, False), (Note, 'number'): (1, True)})
        self.assertEqual([each.model for each in page.blocking], [Loan])
        seen, token = list(found[Loan, 'agent'].keys), found[Loan, 'agent'].token
        while token:
            (more,) = blockers(agent, limit=20, token=token)
            seen += more.keys
            token = more.token
        self.assertEqual(sorted(seen), sorted(Loan.objects.values_list('pk', flat=True)))
        self.assertEqual(set(found[Loan, 'agent'].objects()), set(Loan.objects.filter(pk__in=found[Loan, 'agent'].keys)))

    def test_keys_are_those_of_the_model(self):
        event = Event.objects.create(when=timezone.now(), day='2024-02-29', price=1)
        photo = Photo.objects.create(event=event)
        (page,) = blockers(event)
        self.assertEqual((page.keys, set(page.objects())), ([photo.pk], {photo}))

    def test_what_is_no_queryset(self):
        for given in (Agent, [Agent()], 'museum.Agent'):
            with self.assertRaisesRegex(TypeError, 'neither an object of a model nor a queryset'):
                plan(given)

    def test_purge_of_the_first_rows(self):
        steps = [Step.objects.create() for _ in range(5)]
        self.assertEqual(purge(Step.objects.order_by('-pk')[:2]).total, 2)
        self.assertEqual(set(Step.objects.all()), set(steps[:3]))

    def test_one_relation_from_an_offset_on(self):
        agent = self.collection()
        (page,) = blockers(agent, limit=100, field='museum.Loan.agent', offset=40)
        self.assertEqual(list(page.keys), list(Loan.objects.order_by('pk').values_list('pk', flat=True)[40:]))
        for options in ({'field': 'museum.Loan.nothing'}, {'offset': 3}):
            with self.assertRaises(ValueError):
                blockers(agent, **options)

    def test_tokens_are_bound(self):
        agent, other = self.collection(), Agent.objects.create()
        token = blockers(agent, limit=5).token
        with self.assertRaises(libcascade.TokenError):
            blockers(other, token=token)
        with override_settings(SECRET_KEY='another'), self.assertRaises(libcascade.TokenError):
            blockers(agent, token=token)

    def test_blockers_of_a_child_are_its_parent_s_too(self):
        borrower = Borrower.objects.create()
        loan = Loan.objects.create(agent=borrower)
        self.assertEqual([(each.model, list(each.keys), each.depth) for each in blockers(borrower)], [(Loan, [loan.pk], 1)])

    def test_both_profiles(self):
        agent = self.collection()
        native = json.loads(blockers_json(agent, limit=2))
        self.assertTrue(native['pages'])
        specify = json.loads(blockers_json(agent, 'specify', limit=2))
        names = {part: {each['table'].rpartition('.')[2] for each in specify[part]} for part in specify}
        self.assertEqual(names, {'results': {'museum_loan'}, 'next': {'museum_address', 'museum_note'}})

    def test_plan(self):
        agent = self.collection()
        what = plan(agent)
        self.assertTrue(what.blocked)
        self.assertEqual((what.roots, what.blocking), (1, 45))
        Loan.objects.all().delete()
        what = plan(Agent.objects.filter(pk=agent.pk))
        self.assertEqual((what.blocked, what.deleted), (False, 32))
        self.assertIn('museum_address', what.text())

    def test_purge(self):
        agent = self.collection()
        with self.assertRaises(ProtectedError):
            purge(agent)
        Loan.objects.all().delete()
        approved = plan(Agent.objects.filter(name=''))
        done = purge(Agent.objects.filter(name=''), plan=approved)
        self.assertEqual((done.total, done.finished), (32, True))
        self.assertEqual(done.counts, {'museum.Agent': 1, 'museum.Address': 30, 'museum.Note': 1})

    def test_purge_leaves_what_it_nulls(self):
        """The condition comes to be true of rows that the purge itself sets to NULL."""
        shelf = Shelf.objects.create(code='a')
        for _ in range(3):
            Slot.objects.create(shelf=shelf)
        purge(Shelf.objects.filter(code='a'))
        self.assertEqual(Slot.objects.filter(shelf=None).count(), 3)

    def test_conditions_of_every_kind(self):
        now = datetime.datetime(2024, 5, 6, 7, 8, 9, tzinfo=datetime.timezone.utc)
        day, code = datetime.timedelta(days=1), uuid.UUID(int=7)

        def fill():
            Event.objects.all()._raw_delete('default')
            for i, words in enumerate(("it's 50% off?", 'it_s', 'O"Hara', '')):
                Event.objects.create(when=now + i * day, day=(now + i * day).date(), words=words, flag=i % 2, price=i,
                                     code=code if i == 1 else uuid.uuid4())
        for wanted in (models.Q(when__lt=now + day), models.Q(day__gte=(now + 2 * day).date()), models.Q(words__contains='50%'),
                       models.Q(words__startswith="it's 50% off?"), models.Q(words__in=['it_s', 'O"Hara']),
                       models.Q(flag=True), ~models.Q(flag=True), models.Q(price__lte=1) & ~models.Q(words='it_s'),
                       models.Q(price=2), models.Q(code=code), models.Q(when__year=2024, when__day=7),
                       models.Q(words__iexact='IT_S') | models.Q(price__gt=2), models.Q(pk__in=[]), models.Q(words='nothing')):
            fill()
            every, goes = (set(rows.values_list('words', flat=True)) for rows in (Event.objects, Event.objects.filter(wanted)))
            stays = every - goes
            done = purge(Event.objects.filter(wanted))
            self.assertEqual((done.total, set(Event.objects.values_list('words', flat=True))), (4 - len(stays), stays), wanted)

    def test_proven(self):
        if connection.vendor == 'mysql':
            with self.assertRaises(libcascade.Error):
                purge(self.collection(), proven=True)
            return
        artists = [Artist.objects.create() for _ in range(4)]
        Album.objects.bulk_create(Album(artist=artist) for artist in artists for _ in range(10))
        self.assertEqual(purge(Artist.objects.all(), proven=True, allow=libcascade.Allow.NO_FILTER).total, 44)

    def test_options_that_could_not_hold_where_receivers_are_told(self):
        """What bounds a delete, or copies its rows, is not left aside without a word."""
        def receive(**_):
            pass
        artist = Artist.objects.create()
        signals.post_delete.connect(receive, sender=Album)
        self.addCleanup(signals.post_delete.disconnect, receive, sender=Album)
        for options in ({'max_rows': 1}, {'plan': 'x'}, {'row_budget': 1, 'actor': 'jo'}):
            with self.assertRaisesRegex(NotExpressible, f"^{', '.join(sorted(options))} cannot hold.*museum.Album"):
                purge(artist, **options)
        self.assertEqual(purge(artist, max_rows=0, plan=None, allow=libcascade.Allow.HIDDEN).total, 1)

    def test_every_row_is_refused_unless_allowed(self):
        Artist.objects.create()
        with self.assertRaises(libcascade.NoFilterError):
            purge(Artist.objects.all())
        self.assertEqual(purge(Artist.objects.all(), allow=libcascade.Allow.NO_FILTER).total, 1)


class Command(Case):
    def run_command(self, *words):
        out = io.StringIO()
        call_command('cascade', *words, stdout=out, stderr=io.StringIO())
        return out.getvalue()

    def test_plan_and_purge(self):
        kept, gone = Artist.objects.create(), Artist.objects.create()
        Album.objects.create(artist=kept)
        Album.objects.create(artist=gone)
        said = self.run_command('plan', 'museum.Artist', '--pk', str(gone.pk))
        fingerprint = said.rpartition('fingerprint: ')[2].strip()
        said = self.run_command('purge', 'museum.Artist', '--pk', str(gone.pk), '--approved', fingerprint, '--yes')
        self.assertEqual(said, 'museum.Album: 1\nmuseum.Artist: 1\n2 rows deleted\n')
        self.assertEqual((Artist.objects.get(), Album.objects.get().artist), (kept, kept))

    def test_blockers(self):
        agent = Agent.objects.create(name='x')
        loans = [Loan.objects.create(agent=agent).pk for _ in range(3)]
        said = self.run_command('blockers', 'museum.Agent', '--filter', 'name=x', '--limit', '2')
        self.assertEqual(said, f'blocking: museum.Loan.agent: {loans[0]}, {loans[1]}, ...\n')
        with self.assertRaisesRegex(CommandError, "protected foreign keys: 'Loan.agent'.*Loan object"):
            self.run_command('purge', 'museum.Agent', '--filter', 'name=x', '--yes')

    def test_a_lookup_that_is_given_twice(self):
        for name in ('ab', 'a', 'b'):
            Agent.objects.create(name=name)
        said = self.run_command('purge', 'museum.Agent', '--filter', 'name__contains=a', '--filter', 'name__contains=b', '--yes')
        self.assertIn('museum.Agent: 1\n', said)
        self.assertEqual(sorted(Agent.objects.values_list('name', flat=True)), ['a', 'b'])

    def test_words_that_are_wrong(self):
        for words, complaint in ((('plan', 'museum.Artist'), 'which rows'), (('plan', 'museum.Nobody', '--all'), 'Nobody'),
                                 (('plan', 'museum.Artist', '--filter', 'x'), 'FIELD=VALUE'),
                                 (('plan', 'museum.Artist', '--filter', 'x=1'), 'Cannot resolve'),
                                 (('plan', 'museum.Artist', '--pk', 'x'), 'expected a number'),
                                 (('plan', 'museum.Slot', '--all'), 'HANDLERS')):
            with self.assertRaisesRegex(CommandError, complaint):
                self.run_command(*words)


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
