"""A small collection: one of each thing that Django's documentation says of deleting."""
import uuid

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models

CASCADE, PROTECT, RESTRICT, SET_NULL = models.CASCADE, models.PROTECT, models.RESTRICT, models.SET_NULL


def sentinel():
    return Agent.objects.get_or_create(name='deleted')[0]


def protect_with_blockers(collector, field, sub_objs, using):
    """As Specify has it; what it does besides is no matter of the database."""
    models.PROTECT(collector, field, sub_objs, using)


def of_its_own(collector, field, sub_objs, using):
    models.CASCADE(collector, field, sub_objs, using)


class Agent(models.Model):
    name = models.CharField(max_length=50)
    notes = GenericRelation('Note', content_type_field='kind', object_id_field='number')


class Borrower(Agent):
    card = models.CharField(max_length=10)


class AgentProxy(Agent):
    class Meta:
        proxy = True


class Crate(models.Model):
    inside = models.ForeignKey('self', RESTRICT, null=True)


class CrateProxy(Crate):
    class Meta:
        proxy = True


class Loan(models.Model):
    agent = models.ForeignKey(Agent, PROTECT, null=True)
    reviewer = models.ForeignKey(Agent, models.SET(sentinel), null=True, related_name='+')


class Visible(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(hidden=False)


class Address(models.Model):
    agent = models.ForeignKey(Agent, CASCADE)
    hidden = models.BooleanField(default=False)
    objects = Visible()


class Note(models.Model):
    kind = models.ForeignKey(ContentType, CASCADE)
    number = models.PositiveIntegerField()
    target = GenericForeignKey('kind', 'number')
    words = models.CharField(max_length=50)


class Tag(models.Model):
    """Refers by text."""
    kind = models.ForeignKey(ContentType, CASCADE)
    number = models.CharField(max_length=40)
    target = GenericForeignKey('kind', 'number')


class Box(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    inside = models.ForeignKey('self', CASCADE, null=True)
    tags = GenericRelation(Tag, content_type_field='kind', object_id_field='number')


class Specimen(models.Model):
    box = models.ForeignKey(Box, CASCADE)
    tags = GenericRelation(Tag, content_type_field='kind', object_id_field='number')
    keepers = models.ManyToManyField(Agent)


class Artist(models.Model):
    """The example of RESTRICT in Django's documentation."""


class Album(models.Model):
    artist = models.ForeignKey(Artist, CASCADE)


class Song(models.Model):
    artist = models.ForeignKey(Artist, CASCADE)
    album = models.ForeignKey(Album, RESTRICT)


class Shelf(models.Model):
    code = models.CharField(max_length=10, unique=True)


class Slot(models.Model):
    shelf = models.ForeignKey(Shelf, SET_NULL, to_field='code', null=True)


class Guarded(models.Model):
    shelf = models.ForeignKey(Shelf, protect_with_blockers)


class Handled(models.Model):
    slot = models.ForeignKey(Slot, of_its_own)


class Hall(models.Model):
    pass


class HiddenBase(models.Model):
    hall = models.ForeignKey(Hall, CASCADE, db_constraint=False)
    hidden = models.BooleanField(default=False)
    objects = Visible()

    class Meta:
        base_manager_name = 'objects'


class Parent(models.Model):
    """Whose rows the database itself deletes what refers to, where somebody has told it to."""


class Part(models.Model):
    parent = models.ForeignKey(Parent, CASCADE)


class Dependent(models.Model):
    parent = models.ForeignKey(Parent, models.DO_NOTHING)


class Event(models.Model):
    """Of every kind of value that a condition may have."""
    when = models.DateTimeField()
    day = models.DateField()
    words = models.CharField(max_length=50)
    flag = models.BooleanField(default=False)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    code = models.UUIDField(default=uuid.uuid4)


class Photo(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    event = models.ForeignKey(Event, CASCADE)


class Programme(models.Model):
    """Of a view, which only some tests make."""
    event = models.OneToOneField(Event, models.DO_NOTHING, primary_key=True, related_name='+')
    words = models.CharField(max_length=50)

    class Meta:
        managed = False


class Step(models.Model):
    previous = models.ForeignKey('self', CASCADE, null=True)


class Outage(models.Model):
    """Whose key is no value that every module takes."""
    length = models.DurationField(primary_key=True)


class Damage(models.Model):
    outage = models.ForeignKey(Outage, CASCADE)
