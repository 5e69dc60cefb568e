"""The application: ``"libcascade.django"`` in INSTALLED_APPS."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


def _forget(**_: Any) -> None:
    from .sessions import refresh
    refresh()


class LibcascadeConfig(AppConfig):
    """Puts the stand-in for the collector in place, and forgets the schema when it changes."""

    name = "libcascade.django"
    label = "libcascade"
    verbose_name = "libcascade"

    def ready(self) -> None:
        from django.core.signals import setting_changed
        from django.db.models.signals import post_migrate

        from . import conf
        from .collector import install

        conf.collected()
        conf.handlers()
        install()
        post_migrate.connect(_forget, dispatch_uid="libcascade.django")
        setting_changed.connect(_forget, dispatch_uid="libcascade.django")
