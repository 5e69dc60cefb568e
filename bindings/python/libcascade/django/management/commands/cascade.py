"""manage.py cascade plan|blockers|purge MODEL ...: deletes rows of a model with what depends on them, or says what that would
mean."""

from __future__ import annotations

from typing import Any, List

from django.apps import apps
from django.core.exceptions import FieldError, ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS
from django.db.models import ProtectedError, Q, RestrictedError

from .... import Allow, Error
from ... import NotExpressible, blockers, plan, purge


class Command(BaseCommand):
    help = "Deletes rows of a model with everything that depends on them, by the rules of the models; or says what that would mean."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("plan", "blockers", "purge"),
                            help="plan: what would be deleted, and how; blockers: what refers to the rows; purge: delete, in short "
                                 "transactions")
        parser.add_argument("model", help="label of the model, such as shop.Order")
        parser.add_argument("--pk", nargs="+", default=[], help="primary keys of the rows")
        parser.add_argument("--filter", action="append", default=[], metavar="FIELD=VALUE", dest="filters",
                            help="a lookup of filter(), such as created__lt=2020-01-01; may be given several times")
        parser.add_argument("--all", action="store_true", help="every row of the model")
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="alias of the database")
        parser.add_argument("--limit", type=int, default=20, help="blockers: keys of a page (20)")
        parser.add_argument("--proven", action="store_true",
                            help="purge: the library sees to it that no reference dangles, instead of the database")
        parser.add_argument("--max-rows", type=int, default=0, help="purge: refuse to delete more rows than this")
        parser.add_argument("--approved", metavar="FINGERPRINT", help="purge: only what the plan of this fingerprint says")
        parser.add_argument("--yes", action="store_true", help="purge: do not ask")

    def handle(self, *_: Any, **options: Any) -> None:
        queryset = self._queryset(options)
        try:
            getattr(self, options["action"])(queryset, options)
        except (ProtectedError, RestrictedError) as refused:
            objects = sorted(map(repr, refused.args[1]))
            more = ", ..." if len(objects) > 5 else ""
            raise CommandError(f"{refused.args[0]} {', '.join(objects[:5])}{more}") from refused
        except (Error, NotExpressible) as failure:
            raise CommandError(str(failure)) from failure

    def _queryset(self, options: Any) -> Any:
        try:
            model = apps.get_model(options["model"])
        except (LookupError, ValueError) as failure:
            raise CommandError(str(failure)) from failure
        if not (options["pk"] or options["filters"] or options["all"]):
            raise CommandError("say which rows: by --pk, --filter or --all")
        wanted: List[Q] = []
        for each in options["filters"]:
            name, mark, value = each.partition("=")
            if not mark:
                raise CommandError(f"{each!r} is not FIELD=VALUE")
            wanted.append(Q((name, value)))
        try:
            found = model._base_manager.using(options["database"]).filter(*wanted)
            return found.filter(pk__in=options["pk"]) if options["pk"] else found
        except (FieldError, ValidationError, ValueError) as failure:
            raise CommandError(str(failure)) from failure

    def plan(self, queryset: Any, options: Any) -> None:
        what = plan(queryset, using=options["database"])
        self.stdout.write(what.text().rstrip())
        self.stdout.write(f"fingerprint: {what.fingerprint}")

    def blockers(self, queryset: Any, options: Any) -> None:
        found = list(blockers(queryset, options["limit"], using=options["database"]))
        for each in found:
            keys = ", ".join(map(str, each.keys)) + ("" if each.complete else ", ...")
            self.stdout.write(f"{each.kind.name.lower()}: {each.model._meta.label}.{each.field}: {keys}")
        if not found:
            self.stdout.write("nothing refers to these rows")

    def purge(self, queryset: Any, options: Any) -> None:
        if not options["yes"]:
            self.plan(queryset, options)
            if input("Delete? [y/N] ").strip().lower() != "y":
                raise CommandError("nothing was deleted")

        def progress(deleted: int) -> None:
            self.stderr.write(f"{deleted} rows deleted")
        done = purge(queryset, using=options["database"], progress=progress if options["verbosity"] > 1 else None,
                     proven=options["proven"], max_rows=options["max_rows"], plan=options["approved"],
                     allow=Allow.NO_FILTER if options["all"] else Allow(0))
        for label, count in sorted(done.counts.items()):
            self.stdout.write(f"{label}: {count}")
        self.stdout.write(f"{done.total} rows deleted")
