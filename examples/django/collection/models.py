from django.db import models


def protect_with_blockers(collector, field, sub_objs, using):
    """A handler of one's own: libcascade knows it by its name, and others by LIBCASCADE['HANDLERS']."""
    models.PROTECT(collector, field, sub_objs, using)


class Agent(models.Model):
    name = models.CharField(max_length=60)


class Loan(models.Model):
    borrower = models.ForeignKey(Agent, protect_with_blockers)


class Accession(models.Model):
    received_from = models.ForeignKey(Agent, models.PROTECT)


class Address(models.Model):
    agent = models.ForeignKey(Agent, models.CASCADE)
    town = models.CharField(max_length=60)


class Specimen(models.Model):
    collector = models.ForeignKey(Agent, models.SET_NULL, null=True)
