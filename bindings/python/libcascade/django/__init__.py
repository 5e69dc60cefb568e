"""libcascade for Django: the models stay as they are, and their deletes run set by set.

    from libcascade.django import blockers, delete, plan, purge

    print(plan(Job.objects.filter(finished__lt=last_year)).text())
    purge(Job.objects.filter(finished__lt=last_year), progress=print)

With "libcascade.django" in INSTALLED_APPS and LIBCASCADE = {"COLLECTOR": True}, `QuerySet.delete()` itself goes this way.
"""

from __future__ import annotations

from .collector import collector
from .deletion import Counts
from .operations import Blockers, Purged, Referring, blockers, blockers_json, delete, plan, purge
from .rules import NotExpressible
from .sessions import refresh

__all__ = ["Blockers", "Counts", "NotExpressible", "Purged", "Referring", "blockers", "blockers_json", "collector", "delete",
           "plan", "purge", "refresh"]
