class Slots:
    """Slots, and what refers to them, are in the default database alone."""
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return False if db == 'other' and model_name in ('slot', 'handled') else None


class Frozen:
    """Of databases that others migrate."""
    def allow_migrate(self, db, app_label, model_name=None, **hints):
        return False
