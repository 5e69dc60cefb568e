#!/usr/bin/python3
"""The example's manage.py. Needs the package libcascade, and Django:

    python3 manage.py migrate --run-syncdb && python3 manage.py sample && python3 manage.py runserver
"""
import os
import sys

if __name__ == '__main__':
    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
