"""A stand-in for Django's Collector: `QuerySet.delete()` and `Model.delete()` go through the library, for all models or for
some."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, FrozenSet, Iterator, List, Optional, Tuple, Union

import django.db.models.base
import django.db.models.query
from django.db import connections
from django.db.models import deletion

from .. import NotFoundError
from . import conf
from .deletion import Counts, Deletion
from .rules import Model, NotExpressible
from .sessions import VENDORS

log = logging.getLogger("libcascade.django")

#: Set by `collector`; None leaves it to the setting.
_chosen: ContextVar[Union[None, bool, FrozenSet[str]]] = ContextVar("libcascade_collector", default=None)


def takes(model: Model) -> bool:
    """Whether the library does deletes of the model."""
    chosen = _chosen.get()
    labels = conf.collected() if chosen is None else chosen
    return labels if isinstance(labels, bool) else model._meta.label_lower in labels


class Collector(deletion.Collector):
    """Django's Collector, which leaves the deletes of chosen models to the library, and does those itself that the library
    cannot."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._deletion: Optional[Deletion] = None
        self._collected = False

    def _taken(self, objects: Any, keep_parents: bool) -> Optional[Deletion]:
        """The library's delete; None when Django's is as good, or the only one that can."""
        if not (hasattr(objects, "model") or objects):
            return None
        made = Deletion(objects, self.using, keep_parents)
        if not takes(made.model) or connections[self.using].vendor not in VENDORS or self.can_fast_delete(
                objects if made.is_queryset or len(objects) > 1 else objects[0]):
            return None
        try:
            made.check()
        except (NotExpressible, NotFoundError) as reason:  # a model without a table, say: Django has its own words for that
            log.warning("Django's own collector deletes %s: %s", made.model._meta.label, reason)
            return None
        return made

    def collect(self, objs: Any, source: Any = None, *arguments: Any, **options: Any) -> None:
        first, self._collected = not self._collected, True
        if first and source is None and set(options) <= {"keep_parents"} and not arguments:
            self._deletion = self._taken(objs, options.get("keep_parents", False))
            if self._deletion:
                return
        elif self._deletion:  # more than one delete in one collector is more than the library is asked for
            held, self._deletion = self._deletion, None
            super().collect(held.objects, keep_parents=held.keep_parents)
        super().collect(objs, source, *arguments, **options)

    def delete(self) -> Counts:
        if self._deletion:
            return self._deletion.run()
        total, counts = super().delete()
        return total, counts


def install() -> None:
    """Puts the stand-in where QuerySet and Model find their collector. It does nothing until it is chosen."""
    for module in (django.db.models.base, django.db.models.query):
        module.Collector = Collector


@contextmanager
def collector(*models: Union[Model, str, bool]) -> Iterator[None]:
    """Within this, the library does the deletes of these models, or of all without any; with False, of none.

        with collector(Job):
            Job.objects.filter(finished__lt=last_year).delete()
    """
    labels: List[str] = [each.lower() if isinstance(each, str) else each._meta.label_lower for each in models
                         if not isinstance(each, bool)]
    flags: Tuple[bool, ...] = tuple(each for each in models if isinstance(each, bool))
    install()
    token = _chosen.set(all(flags) if not labels else frozenset(labels))
    try:
        yield
    finally:
        _chosen.reset(token)
