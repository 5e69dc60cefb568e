"""Random Django models with random rows: every rule, every kind of relation."""
import random
import uuid
from contextlib import nullcontext

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models, transaction

LABEL = 'randomapp'
RULES = ('CASCADE', 'CASCADE', 'CASCADE', 'PROTECT', 'RESTRICT', 'SET_NULL', 'SET_DEFAULT', 'SET', 'SET_CALL', 'DO_NOTHING')


class Visible(models.Manager):
    """Hides rows from those who use it; Django's collector does not."""
    def get_queryset(self):
        return super().get_queryset().filter(n__lt=2)


class Schema:
    """The models of one seed, in the database until close()."""
    def __init__(self, seed, rules=RULES):
        self.random = random.Random(seed)
        self.rules = rules
        self.models, self.children, self.proxies, self.keys = [], {}, {}, {}
        self.kinds, self.parents, self.codes = {}, {}, set()
        self.called = set()  # fields whose SET(callable) or callable default was asked
        self.tag = self.note = None
        self.make()
        self.by_name = {model.__name__: model for model in self.models}
        self.tables = [m for m in apps.get_app_config(LABEL).get_models(include_auto_created=True) if not m._meta.proxy]
        with connection.schema_editor() as editor:
            for model in self.models + self.marks():
                editor.create_model(model)

    def marks(self):
        """Models that refer to any other, by numbers and by texts."""
        return [model for model in (self.tag, self.note) if model]

    # ---- models ----

    def model(self, name, bases=(models.Model,), **members):
        meta = type('Meta', (), {'app_label': LABEL, **members.pop('meta', {})})
        return type(name, bases, {'__module__': f'{LABEL}.models', 'Meta': meta, **members})

    def make(self):
        pick = self.random
        names = [f'M{i}' for i in range(pick.randint(3, 7))]
        for i, name in enumerate(names):
            self.parents[name] = pick.choice(names[:i]) if i and pick.random() < 0.2 else None
            kind = pick.choice(['auto', 'auto', 'auto', 'integer', 'text', 'uuid'])
            self.kinds[name] = self.kinds.get(self.parents[name]) or kind
            if not self.parents[name] and pick.random() < 0.3:
                self.codes.add(name)
        if pick.random() < 0.4:
            self.tag = self.mark('Tag', models.PositiveIntegerField())
        if pick.random() < 0.4:
            self.note = self.mark('Note', pick.choice([models.CharField(max_length=99), models.TextField()]))
        for i, name in enumerate(names):
            self.make_model(i, name, names)

    def mark(self, name, object_id):
        return self.model(name, content_type=models.ForeignKey(ContentType, models.CASCADE, related_name='+'), object_id=object_id,
                          target=GenericForeignKey('content_type', 'object_id'))

    def make_model(self, i, name, names):
        pick, parent = self.random, next((m for m in self.models if m.__name__ == self.parents[name]), None)
        members = {f'n{i}' if parent else 'n': models.IntegerField(default=0)}
        if not parent and self.kinds[name] != 'auto':
            members['key'] = {'integer': models.IntegerField, 'uuid': models.UUIDField, 'text': models.CharField}[self.kinds[name]](
                primary_key=True, **({'max_length': 20} if self.kinds[name] == 'text' else {}))
        if name in self.codes:
            members['code'] = models.IntegerField(unique=True)
        if not parent and pick.random() < 0.2:
            members['objects'] = Visible()
        for j in range(pick.choice([0, 1, 1, 2, 2, 3])):
            target = pick.choice(names[:i + 1] if pick.random() < 0.8 else names)
            members[f'f{i}_{j}'] = self.foreign_key(f'{name}.f{i}_{j}', target)
        if pick.random() < 0.25:
            members[f'many{i}'] = models.ManyToManyField(f'{LABEL}.{pick.choice(names)}', related_name='+')
        if self.tag and not parent and self.kinds[name] in ('auto', 'integer') and pick.random() < 0.6:
            members['tags'] = GenericRelation(self.tag)
        if self.note and not parent and self.kinds[name] == 'text':
            members['tags'] = GenericRelation(self.note)
        model = self.model(name, (parent or models.Model,), **members)
        self.models.append(model)
        if parent:
            self.children.setdefault(parent, []).append(model)
        if pick.random() < 0.3:
            self.proxies[model] = self.model(f'{name}Proxy', (model,), meta={'proxy': True})

    def foreign_key(self, label, target):
        pick = self.random
        rule = pick.choice(self.rules)
        null = rule == 'SET_NULL' or pick.random() < 0.5
        options = {'null': null, 'related_name': '+'}
        to_code = target in self.codes and pick.random() < 0.5
        if to_code:
            options['to_field'] = 'code'
        if pick.random() < 0.15 and not rule.startswith('SET_D') and not rule.endswith(('SET', 'CALL')):
            options['db_constraint'] = False  # what is set must not dangle: there Django writes what the library refuses
        kind = models.OneToOneField if pick.random() < 0.15 else models.ForeignKey
        first = 100 if to_code else self.key_value(target, 1)

        def value():
            self.called.add(label)
            return None if null and len(label) % 2 else self.last(target, to_code)

        if rule == 'SET_DEFAULT':
            options['default'] = pick.choice([value, first, None] if null else [value, first])
        on_delete = models.SET(first) if rule == 'SET' else models.SET(value) if rule == 'SET_CALL' else getattr(models, rule)
        return kind(f'{LABEL}.{target}', on_delete, **options)

    def key_value(self, name, number):
        return {'uuid': lambda: uuid.UUID(int=number * 7919), 'text': lambda: f'k{number}'}.get(self.kinds[name], lambda: number)()

    def last(self, target, to_code):
        keys = self.keys[self.by_name[target]]
        return None if not keys else 99 + len(keys) if to_code else keys[-1]

    # ---- rows ----

    def fill(self):
        for model in self.models:
            self.choose_keys(model)
        while any([self.drop_impossible(model) for model in self.models]):
            pass
        with connection.constraint_checks_disabled() if connection.vendor == 'mysql' else nullcontext(), transaction.atomic():
            for model in self.models:
                self.fill_model(model)
            for model in self.models:
                for field in model._meta.local_many_to_many:
                    self.fill_many(model, field)
            self.fill_marks()

    def choose_keys(self, model):
        pick, parent = self.random, next((p for p, children in self.children.items() if model in children), None)
        if parent is None:
            self.keys[model] = [self.key_value(model.__name__, number) for number in range(1, pick.randint(1, 9))]
        else:  # a row of the parent has one child's row at most
            taken = {key for child in self.children[parent] for key in self.keys.get(child, [])}
            free = [key for key in self.keys[parent] if key not in taken]
            self.keys[model] = pick.sample(free, min(len(free), pick.randint(0, 4)))

    def drop_impossible(self, model):
        """Rows that need others which are not there. Whether there were any."""
        before = len(self.keys[model])
        for field in model._meta.local_fields:
            if field.remote_field and not field.null and not field.primary_key:
                targets = len(self.keys[self.target_of(field)])
                self.keys[model] = self.keys[model][:targets if field.unique else before if targets else 0]
        for child in self.children.get(model, []):
            self.keys[child] = [key for key in self.keys[child] if key in self.keys[model]]
        return len(self.keys[model]) < before

    def target_of(self, field):
        return self.by_name[field.remote_field.model.__name__]

    def fill_model(self, model):
        unique = {}
        for number, key in enumerate(self.keys[model]):
            row = model(**{model._meta.pk.attname: key})
            for field in model._meta.local_fields:
                if not field.primary_key:
                    setattr(row, field.attname, self.value_of(field, number, unique))
            row.save_base(raw=True, force_insert=True)

    def value_of(self, field, number, unique):
        pick = self.random
        if field.name == 'code':
            return 100 + number
        if not field.remote_field:
            return pick.randint(0, 3)
        keys = self.keys[self.target_of(field)]
        targets = [100 + i for i in range(len(keys))] if field.target_field.name == 'code' else keys
        if field.unique:
            targets = unique.setdefault(field.name, pick.sample(targets, len(targets)))
        if not targets or (field.null and pick.random() < 0.3):
            return None
        return targets.pop() if field.unique else pick.choice(targets)

    def fill_many(self, model, field):
        pick, through = self.random, field.remote_field.through
        a, b = (f.attname for f in through._meta.local_fields if f.remote_field)
        here, there = self.keys[model], self.keys[self.target_of(field)]
        pairs = {(pick.choice(here), pick.choice(there)) for _ in range(5) if here and there}
        through.objects.bulk_create(through(**{a: x, b: y}) for x, y in sorted(pairs, key=str))

    def fill_marks(self):
        for model in self.models:
            root = model
            while root in [child for children in self.children.values() for child in children]:
                root = next(p for p, children in self.children.items() if root in children)
            marks = next((field.remote_field.model for field in root._meta.private_fields if field.name == 'tags'), None)
            if not marks:
                continue
            kind = ContentType.objects.get_for_model(model)
            for key in self.keys[model]:
                if not any(key in self.keys[child] for child in self.children.get(model, [])):  # the child's row has the tags
                    for _ in range(self.random.choice([0, 0, 1, 2])):
                        marks.objects.create(content_type=kind, object_id=key)

    # ---- the database ----

    def snapshot(self):
        """All rows, by table."""
        found = {}
        with connection.cursor() as cursor:
            for model in self.tables:
                cursor.execute(f'SELECT * FROM {connection.ops.quote_name(model._meta.db_table)}')
                found[model._meta.db_table] = sorted(cursor.fetchall(), key=repr)
        return found

    def restore(self, snapshot):
        unchecked = connection.constraint_checks_disabled() if connection.vendor == 'mysql' else nullcontext()
        with unchecked, transaction.atomic(), connection.cursor() as cursor:
            for table in snapshot:
                cursor.execute(f'DELETE FROM {connection.ops.quote_name(table)}')
            for table, rows in snapshot.items():
                if rows:
                    marks = ', '.join(['%s'] * len(rows[0]))
                    cursor.executemany(f'INSERT INTO {connection.ops.quote_name(table)} VALUES ({marks})', rows)

    def close(self):
        from libcascade.django import refresh
        with connection.constraint_checks_disabled(), connection.schema_editor() as editor:
            for model in reversed(self.models + self.marks()):
                if connection.vendor == 'postgresql':
                    for each in [model, *(f.remote_field.through for f in model._meta.local_many_to_many)]:
                        editor.execute(f'DROP TABLE IF EXISTS {connection.ops.quote_name(each._meta.db_table)} CASCADE')
                else:
                    editor.delete_model(model)
        apps.all_models[LABEL].clear()
        apps.clear_cache()
        ContentType.objects.filter(app_label=LABEL).delete()
        ContentType.objects.clear_cache()
        refresh()
