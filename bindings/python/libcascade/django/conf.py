"""The setting ``LIBCASCADE``: a dictionary, every entry of which may be left out."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, Union

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

#: What each entry is without the setting.
DEFAULTS: Dict[str, Any] = {
    #: Models whose deletes the library does, by label ("shop.Order"), or True for all: see `collector`.
    "COLLECTOR": False,
    #: Handlers of `on_delete` that are neither Django's nor understood by their name: dotted path or bare name, and the rule.
    "HANDLERS": {},
    #: Objects that ProtectedError and RestrictedError carry at most.
    "ERROR_OBJECTS": 1000,
    #: Roots that `purge` takes at a time where receivers of signals are to be told.
    "SIGNAL_BATCH": 500,
    #: How long a token of `blockers` is good, in seconds; 0 for ever.
    "TOKEN_MAX_AGE": 86400,
}

RULES = frozenset({"CASCADE", "PROTECT", "RESTRICT", "SET_NULL", "DO_NOTHING"})


def get(name: str) -> Any:
    """An entry of the setting, or its default."""
    given = getattr(settings, "LIBCASCADE", {})
    if not isinstance(given, Mapping):
        raise ImproperlyConfigured("LIBCASCADE is not a dictionary")
    unknown = sorted(set(given) - set(DEFAULTS))
    if unknown:
        raise ImproperlyConfigured(f"LIBCASCADE has no entry {unknown[0]!r}; there are {', '.join(sorted(DEFAULTS))}")
    return given.get(name, DEFAULTS[name])


def handlers() -> Dict[str, str]:
    """Rules by the handler's path or name. Specify's handler is known without a word."""
    found = {"protect_with_blockers": "PROTECT", **get("HANDLERS")}
    for name, rule in found.items():
        if rule not in RULES:
            raise ImproperlyConfigured(f"LIBCASCADE['HANDLERS'][{name!r}] is {rule!r}; there are {', '.join(sorted(RULES))}")
    return found


def collected() -> Union[bool, FrozenSet[str]]:
    """Labels of the models of which the library does the deletes, in lower case; True for all."""
    models = get("COLLECTOR")
    if isinstance(models, bool):
        return models
    if isinstance(models, str) or not all(isinstance(label, str) for label in models):
        raise ImproperlyConfigured("LIBCASCADE['COLLECTOR'] is neither True nor a list of labels such as 'shop.Order'")
    return frozenset(label.lower() for label in models)
