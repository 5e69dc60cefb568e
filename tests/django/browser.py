#!/usr/bin/python3
"""browser.py EXAMPLE SCHEMAS: the example project in a browser without a window: the page about an agent, and the requests behind
it."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import jsonschema
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'support'))
import chromium  # noqa: E402

EXAMPLE = pathlib.Path(sys.argv.pop(1))
SCHEMAS = pathlib.Path(sys.argv.pop(1))
SECONDS = 30


class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix='cascade-example-')
        cls.addClassCleanup(shutil.rmtree, cls.directory, ignore_errors=True)
        cls.environment = {**os.environ, 'COLLECTION_DB': f'{cls.directory}/collection.sqlite3', 'PYTHONUNBUFFERED': '1'}
        cls.manage('migrate', '--run-syncdb', '--verbosity', '0')
        assert cls.manage('sample') == 'agents 1 and 2\n'
        cls.server = subprocess.Popen([sys.executable, EXAMPLE / 'manage.py', 'runserver', '--noreload', '127.0.0.1:0'],
                                      env=cls.environment, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, text=True)
        cls.addClassCleanup(cls.end)
        cls.address = cls.find_address()
        cls.browser = chromium.start(f'--user-data-dir={cls.directory}/profile')
        cls.addClassCleanup(cls.browser.quit)

    @classmethod
    def manage(cls, *words):
        return subprocess.run([sys.executable, EXAMPLE / 'manage.py', *words], env=cls.environment, check=True, text=True,
                              stdout=subprocess.PIPE).stdout

    @classmethod
    def find_address(cls):
        """What the system gave for port 0 is asked of the system: the server does not tell."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            inodes = set()
            for entry in pathlib.Path(f'/proc/{cls.server.pid}/fd').iterdir():
                with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                    inodes.add(os.readlink(entry))
            for line in pathlib.Path(f'/proc/{cls.server.pid}/net/tcp').read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == '0A' and f'socket:[{fields[9]}]' in inodes:
                    return f"http://127.0.0.1:{int(fields[1].partition(':')[2], 16)}"
            time.sleep(0.1)
        raise AssertionError('the server does not listen')

    @classmethod
    def end(cls):
        cls.server.terminate()
        cls.server.communicate(timeout=SECONDS)

    def wait(self, condition):
        return WebDriverWait(self.browser, SECONDS).until(lambda _: condition())

    def said(self):
        return self.browser.find_element(By.ID, 'said').text

    def items(self, kind):
        return {item.get_attribute('data-table'): item for item in self.browser.find_elements(By.CSS_SELECTOR, f'#{kind} li')}

    def ask(self, path):
        try:
            with urllib.request.urlopen(self.address + path) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error) if 'json' in error.headers['Content-Type'] else None

    def test_1_what_is_in_the_way_page_by_page(self):
        self.browser.get(f'{self.address}/')
        self.browser.find_element(By.LINK_TEXT, 'Ada').click()
        self.wait(lambda: self.said() == 'It cannot be deleted.')
        self.assertEqual(set(self.items('blocking')), {'collection_loan', 'collection_accession'})
        self.assertEqual(set(self.items('cascading')), {'collection_address'})
        loan = self.items('blocking')['collection_loan']
        for more in (20, 40):
            self.assertEqual(len(loan.text.split(',')), more)
            loan.find_element(By.TAG_NAME, 'button').click()
            self.wait(lambda: len(loan.text.split(',')) > more)
        self.assertEqual(len(loan.text.split(',')), 45)
        self.assertFalse(loan.find_elements(By.TAG_NAME, 'button'))
        self.browser.find_element(By.ID, 'delete').click()
        self.wait(lambda: 'protected foreign keys' in self.said())

    def test_2_a_delete(self):
        self.browser.get(f'{self.address}/agent/2/')
        self.wait(lambda: self.said() == 'It can be deleted.')
        self.assertEqual(set(self.items('updating')), {'collection_specimen'})
        self.browser.find_element(By.ID, 'delete').click()
        self.wait(lambda: self.said() == '3 rows deleted.')
        self.assertEqual(self.ask('/delete_blockers/agent/2/')[0], 404)

    def test_3_both_profiles(self):
        for profile, schema in (('native', 'blockers'), ('specify', 'blockers_specify')):
            status, found = self.ask(f'/delete_blockers/agent/1/?profile={profile}')
            self.assertEqual(status, 200)
            jsonschema.validate(found, json.loads((SCHEMAS / f'{schema}.json').read_text()))
        first = {each['table']: each for each in found['results']}['collection_loan']
        self.assertEqual((len(first['ids']), first['complete']), (20, False))
        _, found = self.ask('/delete_blockers/agent/1/?profile=specify&table=collection_loan&field=borrower_id&offset=40')
        self.assertEqual([(len(each['ids']), each['complete']) for each in found['results']], [(5, True)])
        _, found = self.ask('/delete_blockers/agent/1/?profile=specify&limit=0')
        self.assertEqual(sorted(len(each['ids']) for each in found['results']), [3, 45])

    def test_4_bad_input_is_told(self):
        for query in ('?limit=x', '?limit=-1', '?profile=other', '?token=forged', '?field=nothing&table=collection_loan'):
            status, found = self.ask(f'/delete_blockers/agent/1/{query}')
            self.assertEqual(status, 400, query)
            self.assertTrue(found['error'])


if __name__ == '__main__':
    unittest.main()
