"""Settings of the example. The database is a file beside this one, or where COLLECTION_DB says."""
import os
import pathlib

SECRET_KEY = 'of an example: tokens are signed with it'
DEBUG = True
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']
INSTALLED_APPS = ['django.contrib.contenttypes', 'libcascade.django', 'collection']
MIDDLEWARE = ['django.middleware.csrf.CsrfViewMiddleware']
ROOT_URLCONF = 'collection.urls'
TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'APP_DIRS': True}]
DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3',
                         'NAME': os.environ.get('COLLECTION_DB', pathlib.Path(__file__).with_name('collection.sqlite3'))}}
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
USE_TZ = True

LIBCASCADE = {'COLLECTOR': True}  # QuerySet.delete() and Model.delete() go through the library
