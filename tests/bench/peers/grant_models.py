"""Who may see which product: the models, made at run time, for the Django programs that fill the table of pairs."""
import job_models

job_models.connect('grants')

from django.db import models  # noqa: E402 (only after the settings)


def model(title, table, /, *columns):
    """Columns that refer to others are numbers here: what they refer to plays no part."""
    meta = type('Meta', (), {'app_label': 'grants', 'db_table': table})
    fields = {name: models.BigIntegerField() for name in columns}
    return type(title, (models.Model,), {'__module__': __name__, 'Meta': meta, **fields})


Member = model('Member', 'product_member', 'product_id', 'person_id')
Team = model('Team', 'product_team', 'product_id', 'team_id')
TeamMember = model('TeamMember', 'team_member', 'team_id', 'person_id')
Granted = model('Granted', 'granted', 'product_id', 'person_id')


def pairs():
    """Each once, as a migration gathers them."""
    people = {}
    for team, person in TeamMember.objects.values_list('team_id', 'person_id'):
        people.setdefault(team, []).append(person)
    found = set(Member.objects.values_list('product_id', 'person_id'))
    for product, team in Team.objects.values_list('product_id', 'team_id'):
        found.update((product, person) for person in people.get(team, ()))
    return list(found)
