#!/usr/bin/python3
"""behaviours.py sqlite|postgresql|mariadb: what Django's documentation says of deleting, with the library in the collector's
place."""
import datetime
import logging
import sys
import unittest

import environment

if __name__ == '__main__':
    environment.start(sys.argv.pop(1), 'museum', aliases=('default', 'other'), LIBCASCADE={'COLLECTOR': True},
                      DATABASE_ROUTERS=['museum.routers.Slots'])

from django.db import IntegrityError, connection, models, transaction  # noqa: E402 (only after the settings)
from django.db.models import ProtectedError, RestrictedError, signals  # noqa: E402
from django.test.utils import override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from case import Case  # noqa: E402
from libcascade.django import NotExpressible, collector, plan, purge, refresh  # noqa: E402
from museum.models import (Address, Agent, AgentProxy, Album, Artist, Borrower, Box, Crate, CrateProxy, Damage,  # noqa: E402
                           Dependent, Event, Guarded, Handled, Hall, HiddenBase, Loan, Note, Outage, Parent, Photo,
                           Programme, Shelf, Slot, Song, Specimen, Step, Tag)


class Rules(Case):
    def test_cascade_counts_by_label(self):
        agent = Agent.objects.create()
        Address.objects.create(agent=agent)
        Note.objects.create(target=agent)
        self.assertEqual(agent.delete(), (3, {'museum.Agent': 1, 'museum.Address': 1, 'museum.Note': 1}))
        self.assertIsNone(agent.pk)
        self.assertOurs()

    def test_rows_that_a_manager_hides(self):
        agent = Agent.objects.create()
        Address.objects.create(agent=agent, hidden=True)
        self.assertEqual(Agent.objects.all().delete()[1], {'museum.Agent': 1, 'museum.Address': 1})
        self.assertOurs()

    def test_protect(self):
        agent = Agent.objects.create()
        loans = [Loan.objects.create(agent=agent) for _ in range(3)]
        with self.assertRaises(ProtectedError) as caught:
            Agent.objects.all().delete()
        self.assertEqual(caught.exception.protected_objects, set(loans))
        self.assertEqual(caught.exception.args[0], "Cannot delete some instances of model 'Agent' because they are referenced "
                                                   "through protected foreign keys: 'Loan.agent'.")
        self.assertTrue(Agent.objects.exists())
        self.assertOurs()

    def test_protected_objects_are_bounded(self):
        agent = Agent.objects.create()
        Loan.objects.bulk_create(Loan(agent=agent) for _ in range(30))
        with override_settings(LIBCASCADE={'COLLECTOR': True, 'ERROR_OBJECTS': 7}), self.assertRaises(ProtectedError) as caught:
            agent.delete()
        self.assertEqual(len(caught.exception.protected_objects), 7)

    def test_restrict_as_documented(self):
        one, two = Artist.objects.create(), Artist.objects.create()
        album_one, album_two = Album.objects.create(artist=one), Album.objects.create(artist=two)
        song_one = Song.objects.create(artist=one, album=album_one)
        Song.objects.create(artist=one, album=album_two)
        with self.assertRaises(RestrictedError) as caught:
            album_one.delete()
        self.assertEqual(caught.exception.restricted_objects, {song_one})
        with self.assertRaises(RestrictedError):
            two.delete()
        self.assertEqual(one.delete(), (4, {'museum.Artist': 1, 'museum.Album': 1, 'museum.Song': 2}))
        self.assertOurs(3)

    def test_a_value_is_asked_for_only_where_rows_are_set(self):
        Agent.objects.create()
        Agent.objects.all().delete()
        self.assertEqual(Agent.objects.count(), 0)
        agent = Agent.objects.create()
        loan = Loan.objects.create(reviewer=agent)
        agent.delete()
        loan.refresh_from_db()
        self.assertEqual(loan.reviewer.name, 'deleted')
        self.assertOurs(2)

    def test_set_null_by_another_key(self):
        shelf = Shelf.objects.create(code='a')
        slot = Slot.objects.create(shelf=shelf)
        self.assertEqual(shelf.delete(), (1, {'museum.Shelf': 1}))
        slot.refresh_from_db()
        self.assertIsNone(slot.shelf_id)
        self.assertOurs()

    def test_a_handler_known_by_name(self):
        shelf = Shelf.objects.create(code='a')
        guarded = Guarded.objects.create(shelf=shelf)
        with self.assertRaises(ProtectedError) as caught:
            shelf.delete()
        self.assertEqual(caught.exception.protected_objects, {guarded})
        self.assertOurs()

    def test_a_handler_that_is_not_known(self):
        slot = Slot.objects.create()
        Handled.objects.create(slot=slot)
        with self.assertRaisesRegex(NotExpressible, "museum.models.of_its_own.*HANDLERS"):
            plan(slot)
        with self.assertLogs('libcascade.django', logging.WARNING):
            self.assertEqual(slot.delete(), (2, {'museum.Slot': 1, 'museum.Handled': 1}))
        self.assertOurs(0)
        slot = Slot.objects.create()
        Handled.objects.create(slot=slot)
        with override_settings(LIBCASCADE={'COLLECTOR': True, 'HANDLERS': {'museum.models.of_its_own': 'CASCADE'}}):
            self.assertEqual(slot.delete(), (2, {'museum.Slot': 1, 'museum.Handled': 1}))
        self.assertOurs()

    def test_a_base_manager_that_hides_rows_is_django_s(self):
        hall = Hall.objects.create()
        HiddenBase.objects.create(hall=hall, hidden=True)
        with self.assertLogs('libcascade.django', logging.WARNING):
            hall.delete()
        self.assertEqual(models.QuerySet(HiddenBase).count(), 1)
        models.QuerySet(HiddenBase)._raw_delete('default')

    def test_a_view_is_left_alone(self):
        with connection.cursor() as cursor:
            cursor.execute('CREATE VIEW museum_programme AS SELECT id AS event_id, words FROM museum_event')
            self.addCleanup(connection.cursor().execute, 'DROP VIEW museum_programme')
        refresh()
        event = Event.objects.create(when=timezone.now(), day='2024-02-29', price=1)
        Photo.objects.create(event=event)
        self.assertEqual(Programme.objects.count(), 1)
        self.assertEqual(event.delete(), (2, {'museum.Event': 1, 'museum.Photo': 1}))
        self.assertEqual(Programme.objects.count(), 0)
        self.assertOurs()
        Programme._meta.get_field('event').remote_field.on_delete = models.CASCADE
        self.addCleanup(setattr, Programme._meta.get_field('event').remote_field, 'on_delete', models.DO_NOTHING)
        refresh()
        with self.assertRaisesRegex(NotExpressible, 'museum.Programme.event is a column of a view'):
            plan(Event.objects.all())

    def test_join_tables(self):
        agent, box = Agent.objects.create(), Box.objects.create()
        specimen = Specimen.objects.create(box=box)
        specimen.keepers.add(agent)
        self.assertEqual(agent.delete(), (2, {'museum.Agent': 1, 'museum.Specimen_keepers': 1}))
        self.assertTrue(Specimen.objects.exists())
        self.assertOurs()

    def test_generic_relations_by_text_are_django_s(self):
        box = Box.objects.create()
        inner = Box.objects.create(inside=box)
        specimen = Specimen.objects.create(box=inner)
        for target in (box, inner, specimen):
            Tag.objects.create(target=target)
        Tag.objects.create(kind_id=Tag.objects.first().kind_id, number='no box at all')
        with self.assertLogs('libcascade.django', logging.WARNING):
            self.assertEqual(box.delete(), (6, {'museum.Box': 2, 'museum.Specimen': 1, 'museum.Tag': 3}))
        self.assertEqual(Tag.objects.count(), 1)

    def test_keys_of_other_types(self):
        for days in (1, 2):
            Damage.objects.create(outage=Outage.objects.create(length=datetime.timedelta(days, 5)))
        for objects in (Outage.objects.get(length=datetime.timedelta(1, 5)), Outage.objects.all()):
            self.assertEqual(objects.delete(), (2, {'museum.Outage': 1, 'museum.Damage': 1}))
        self.assertOurs(0 if connection.vendor == 'postgresql' else 2)

    def test_rows_in_a_long_chain(self):
        last = None
        for _ in range(100):
            last = Step.objects.create(previous=last)
        told = []

        def receive(sender, instance, **_):
            told.append(instance.pk)
        signals.post_delete.connect(receive, sender=Step)
        self.addCleanup(signals.post_delete.disconnect, receive, sender=Step)
        self.assertEqual(Step.objects.filter(previous=None).delete()[0], 100)
        self.assertEqual(len(set(told)), 100)
        self.assertOurs()


class Inheritance(Case):
    def test_a_child_takes_its_parent_along(self):
        borrower = Borrower.objects.create()
        Address.objects.create(agent=borrower)
        self.assertEqual(borrower.delete(), (3, {'museum.Borrower': 1, 'museum.Agent': 1, 'museum.Address': 1}))
        self.assertOurs()

    def test_a_parent_takes_its_child_along(self):
        borrower = Borrower.objects.create()
        self.assertEqual(Agent.objects.get(pk=borrower.pk).delete(), (2, {'museum.Borrower': 1, 'museum.Agent': 1}))
        self.assertOurs()

    def test_what_protects_the_parent_protects_the_child(self):
        borrower = Borrower.objects.create()
        loan = Loan.objects.create(agent=borrower)
        with self.assertRaises(ProtectedError) as caught:
            borrower.delete()
        self.assertEqual(caught.exception.protected_objects, {loan})
        self.assertIn("'Loan.agent'", caught.exception.args[0])

    def test_keep_parents(self):
        borrower = Borrower.objects.create()
        Address.objects.create(agent=borrower)
        self.assertEqual(borrower.delete(keep_parents=True), (1, {'museum.Borrower': 1}))
        self.assertEqual((Agent.objects.count(), Address.objects.count()), (1, 1))

    def test_what_is_generic_is_looked_for_by_the_type_of_the_row(self):
        for ours in (False, True):
            borrower = Borrower.objects.create()
            for target in (borrower, Agent.objects.get(pk=borrower.pk)):
                Note.objects.create(target=target)
            with collector(ours):
                self.assertEqual(borrower.delete()[1], {'museum.Borrower': 1, 'museum.Agent': 1, 'museum.Note': 1})
            self.assertEqual(Note.objects.get().kind.model, 'agent')
            Note.objects.all().delete()
            borrower = Borrower.objects.create()
            for target in (borrower, Agent.objects.get(pk=borrower.pk)):
                Note.objects.create(target=target)
            with collector(ours):
                self.assertEqual(Agent.objects.get(pk=borrower.pk).delete()[0], 4)
        self.assertEqual(Note.objects.count(), 0)

    def test_a_proxy_counts_under_its_own_name(self):
        Agent.objects.create()
        self.assertEqual(AgentProxy.objects.all().delete(), (1, {'museum.AgentProxy': 1}))
        self.assertOurs()

    def test_a_proxy_of_a_model_that_restricts_itself_is_left_to_django(self):
        outer = Crate.objects.create()
        Crate.objects.create(inside=outer)
        with self.assertRaises(RestrictedError):  # Django does not see that the row that restricts goes too
            CrateProxy.objects.all().delete()
        self.assertOurs(0)
        self.assertEqual(Crate.objects.all().delete(), (2, {'museum.Crate': 2}))
        self.assertOurs()


class Signals(Case):
    def listen(self, signal, sender, receive):
        signal.connect(receive, sender=sender, weak=False)
        self.addCleanup(signal.disconnect, receive, sender=sender)

    def test_pre_and_post_get_the_same_object(self):
        agent = Agent.objects.create()
        address = Address.objects.create(agent=agent)
        told = []
        self.listen(signals.pre_delete, Address, lambda instance, **_: told.append(('pre', instance, instance.pk,
                                                                                    Address.objects.count())))
        self.listen(signals.post_delete, Address, lambda instance, **_: told.append(('post', instance, instance.pk,
                                                                                     Address.objects.count())))
        agent.delete()
        self.assertEqual([(kind, pk, left) for kind, _, pk, left in told], [('pre', address.pk, 1), ('post', address.pk, 0)])
        self.assertIs(told[0][1], told[1][1])
        self.assertOurs()

    def test_the_object_in_hand_is_told(self):
        agent = Agent.objects.create()
        told = []
        self.listen(signals.pre_delete, Agent, lambda instance, **_: told.append(instance))
        agent.delete()
        self.assertIs(told[0], agent)

    def test_nobody_is_told_of_what_is_refused(self):
        agent = Agent.objects.create()
        Loan.objects.create(agent=agent)
        told = []
        self.listen(signals.pre_delete, Agent, lambda instance, **_: told.append(instance))
        with self.assertRaises(ProtectedError):
            agent.delete()
        self.assertEqual(told, [])

    def test_a_receiver_that_raises(self):
        agent = Agent.objects.create()

        def refuse(**_):
            raise KeyError('no')
        self.listen(signals.post_delete, Agent, refuse)
        with self.assertRaises(KeyError):
            agent.delete()
        self.assertTrue(Agent.objects.exists())

    def test_without_receivers_no_object_is_made(self):
        artist, made = Artist.objects.create(), []
        Album.objects.bulk_create(Album(artist=artist) for _ in range(50))
        self.listen(signals.post_init, Album, lambda **_: made.append(1))
        artist.delete()
        self.assertEqual(made, [])
        self.assertOurs()

    def test_purge_tells_in_batches(self):
        Agent.objects.bulk_create(Agent(name=str(i)) for i in range(25))
        told, progress = [], []
        self.listen(signals.post_delete, Agent, lambda instance, **_: told.append(instance.name))
        with override_settings(LIBCASCADE={'SIGNAL_BATCH': 10}):
            done = purge(Agent.objects.all(), progress=progress.append)
        self.assertEqual((done.total, done.counts, progress), (25, {'museum.Agent': 25}, [10, 20, 25]))
        self.assertEqual(len(told), 25)


class Transactions(Case):
    def test_rolled_back(self):
        agent = Agent.objects.create()
        Address.objects.create(agent=agent)
        with transaction.atomic():
            agent.delete()
            self.assertFalse(Address.objects.exists())
            transaction.set_rollback(True)
        self.assertTrue(Address.objects.exists())
        self.assertOurs()

    def test_a_savepoint_rolled_back(self):
        Address.objects.create(agent=Agent.objects.create())
        with transaction.atomic():
            Agent.objects.create(name='kept')
            savepoint = transaction.savepoint()
            Agent.objects.all().delete()
            transaction.savepoint_rollback(savepoint)
            self.assertEqual(Agent.objects.count(), 2)
        self.assertEqual((Agent.objects.count(), Address.objects.count()), (2, 1))

    def test_a_refusal_leaves_the_transaction_usable(self):
        agent = Agent.objects.create()
        Loan.objects.create(agent=agent)
        with transaction.atomic():
            with self.assertRaises(ProtectedError):
                agent.delete()
            Agent.objects.create(name='after')
        self.assertTrue(Agent.objects.filter(name='after').exists())

    def test_on_commit(self):
        agent, done = Agent.objects.create(), []
        with transaction.atomic():
            transaction.on_commit(lambda: done.append(1))
            agent.delete()
            self.assertEqual(done, [])
        self.assertEqual(done, [1])

    def test_do_nothing(self):
        parent = Parent.objects.create()
        Dependent.objects.create(parent=parent)
        with self.assertRaises(IntegrityError):
            parent.delete()
        self.assertTrue(Parent.objects.exists())

    def test_do_nothing_that_the_host_mends(self):
        if not connection.features.can_defer_constraint_checks:
            return
        parent = Parent.objects.create()
        Dependent.objects.create(parent=parent)
        with transaction.atomic():
            parent.delete()
            Dependent.objects.all().delete()
        self.assertFalse(Parent.objects.exists())

    def test_do_nothing_where_the_database_acts(self):
        if connection.vendor != 'postgresql':
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = 'museum_dependent'::regclass AND contype = 'f'")
            (name,), = cursor.fetchall()
            cursor.execute(f'ALTER TABLE museum_dependent DROP CONSTRAINT "{name}", '
                           f'ADD CONSTRAINT "{name}" FOREIGN KEY (parent_id) '
                           'REFERENCES museum_parent ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED')
        refresh()
        parent = Parent.objects.create()
        Dependent.objects.create(parent=parent)
        self.assertEqual(parent.delete(), (1, {'museum.Parent': 1}))
        self.assertFalse(Dependent.objects.exists())
        self.assertOurs()


if __name__ == '__main__':
    unittest.main(argv=[sys.argv[0], *sys.argv[1:]])
