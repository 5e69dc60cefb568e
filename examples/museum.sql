-- A natural-history collection of about 200,000 rows, for the examples and the tour. Every run makes the same rows.
--
--   sqlite3 museum.db < museum.sql
--
-- What to look at: agents are referred to from almost everywhere; taxa, agents and storage places refer to themselves;
-- an accession takes its objects with it, and they their preparations, determinations and images; what is on loan or
-- cited protects itself; one foreign key, condition_report(object_id), has no index.

PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF; -- while it is being made
BEGIN;

CREATE TABLE agent (
  id INTEGER PRIMARY KEY,
  last_name TEXT NOT NULL,
  first_name TEXT,
  kind TEXT NOT NULL DEFAULT 'person',
  employer_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE agent_address (
  id INTEGER PRIMARY KEY,
  agent_id INTEGER NOT NULL REFERENCES agent ON DELETE CASCADE,
  city TEXT NOT NULL
);
CREATE TABLE storage_place (
  id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES storage_place ON DELETE CASCADE,
  name TEXT NOT NULL
);
CREATE TABLE taxon (
  id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES taxon ON DELETE RESTRICT,
  rank TEXT NOT NULL,
  name TEXT NOT NULL,
  author_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE locality (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  latitude REAL,
  longitude REAL
);
CREATE TABLE collecting_event (
  id INTEGER PRIMARY KEY,
  locality_id INTEGER NOT NULL REFERENCES locality ON DELETE RESTRICT,
  leader_id INTEGER REFERENCES agent,
  date TEXT NOT NULL
);
CREATE TABLE collector ( -- who was there: a join table
  event_id INTEGER NOT NULL REFERENCES collecting_event ON DELETE CASCADE,
  agent_id INTEGER NOT NULL REFERENCES agent ON DELETE RESTRICT,
  position INTEGER NOT NULL,
  PRIMARY KEY (event_id, agent_id)
);
CREATE TABLE field_notebook (
  id INTEGER PRIMARY KEY,
  author_id INTEGER NOT NULL REFERENCES agent,
  title TEXT NOT NULL
);
CREATE TABLE accession (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  received TEXT NOT NULL,
  donor_id INTEGER REFERENCES agent,
  received_by_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE permit (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  holder_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE accession_permit (
  accession_id INTEGER NOT NULL REFERENCES accession ON DELETE CASCADE,
  permit_id INTEGER NOT NULL REFERENCES permit ON DELETE CASCADE,
  PRIMARY KEY (accession_id, permit_id)
) WITHOUT ROWID;
CREATE TABLE collection_object (
  id INTEGER PRIMARY KEY,
  catalogue_number TEXT NOT NULL UNIQUE,
  accession_id INTEGER NOT NULL REFERENCES accession ON DELETE CASCADE,
  event_id INTEGER REFERENCES collecting_event ON DELETE SET NULL,
  cataloguer_id INTEGER REFERENCES agent
);
CREATE TABLE object_measurement (
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE CASCADE,
  what TEXT NOT NULL,
  millimetres REAL NOT NULL,
  PRIMARY KEY (object_id, what)
) WITHOUT ROWID;
CREATE TABLE preparation (
  id INTEGER PRIMARY KEY,
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE CASCADE,
  kind TEXT NOT NULL,
  storage_place_id INTEGER REFERENCES storage_place ON DELETE SET NULL,
  preparator_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE determination (
  id INTEGER PRIMARY KEY,
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE CASCADE,
  taxon_id INTEGER NOT NULL REFERENCES taxon ON DELETE RESTRICT,
  determiner_id INTEGER REFERENCES agent,
  is_current INTEGER NOT NULL
);
CREATE TABLE attachment (
  id INTEGER PRIMARY KEY,
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE CASCADE,
  file TEXT NOT NULL,
  photographer_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE condition_report (
  id INTEGER PRIMARY KEY,
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE CASCADE,
  conservator_id INTEGER REFERENCES agent,
  state TEXT NOT NULL
);
CREATE TABLE loan (
  id INTEGER PRIMARY KEY,
  number TEXT NOT NULL UNIQUE,
  borrower_id INTEGER NOT NULL REFERENCES agent ON DELETE RESTRICT,
  approved_by_id INTEGER NOT NULL REFERENCES agent ON DELETE RESTRICT,
  lent TEXT NOT NULL
);
CREATE TABLE loan_item (
  id INTEGER PRIMARY KEY,
  loan_id INTEGER NOT NULL REFERENCES loan ON DELETE CASCADE,
  preparation_id INTEGER NOT NULL REFERENCES preparation ON DELETE RESTRICT,
  returned TEXT
);
CREATE TABLE publication (
  id INTEGER PRIMARY KEY,
  title TEXT NOT NULL,
  year INTEGER NOT NULL,
  editor_id INTEGER REFERENCES agent ON DELETE SET NULL
);
CREATE TABLE authorship (
  publication_id INTEGER NOT NULL REFERENCES publication ON DELETE CASCADE,
  agent_id INTEGER NOT NULL REFERENCES agent ON DELETE RESTRICT,
  PRIMARY KEY (publication_id, agent_id)
) WITHOUT ROWID;
CREATE TABLE citation (
  id INTEGER PRIMARY KEY,
  publication_id INTEGER NOT NULL REFERENCES publication ON DELETE CASCADE,
  object_id INTEGER NOT NULL REFERENCES collection_object ON DELETE NO ACTION
);
CREATE TABLE remark ( -- on any row: the database knows nothing of subject_kind and subject_id
  id INTEGER PRIMARY KEY,
  subject_kind TEXT NOT NULL,
  subject_id INTEGER NOT NULL,
  author_id INTEGER REFERENCES agent,
  text TEXT NOT NULL
);

-- Numbers from 1, and the names to be combined.
CREATE TEMP TABLE n AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 60000) SELECT n FROM s;
CREATE TEMP TABLE word (kind TEXT, n INTEGER, text TEXT, PRIMARY KEY (kind, n));
INSERT INTO word
  SELECT 'last', key, value FROM json_each('["Hale","Brandt","Okafor","Lindqvist","Moreau","Tanaka","Ferreira","Novak",
    "Whitcombe","Jansen","Adeyemi","Kowalski","Rossi","Petrov","Gruber","Sato","Delgado","Nilsen","Abbott","Horvath"]')
  UNION ALL SELECT 'first', key, value FROM json_each('["Margaret","Otto","Ngozi","Ingrid","Clement","Yuki","Beatriz",
    "Jan","Eleanor","Pieter","Tunde","Zofia","Luca","Irina","Franz","Kenji","Carmen","Arne","Harriet"]')
  UNION ALL SELECT 'city', key, value FROM json_each('["Leiden","Oslo","Lagos","Vienna","Lisbon","Kyoto","Lima"]')
  UNION ALL SELECT 'genus', key, value FROM json_each('["Carabus","Salmo","Parus","Quercus","Viola","Apis","Lacerta",
    "Rana","Sorex","Helix","Cicindela","Turdus","Perca"]')
  UNION ALL SELECT 'epithet', key, value FROM json_each('["alpinus","borealis","communis","dubius","elegans","fuscus",
    "gracilis","hirtus","insularis","littoralis","major","niger"]')
  UNION ALL SELECT 'place', key, value FROM json_each('["Lake","Mount","Bay","Forest","Valley","Island",
    "River","Cape"]')
  UNION ALL SELECT 'preparation', key, value FROM json_each('["skin","skeleton","alcohol","pinned","slide","sheet"]')
  UNION ALL SELECT 'state', key, value FROM json_each('["good","faded","pest damage","label loose"]')
  UNION ALL SELECT 'measure', key, value FROM json_each('["length","width"]');

-- 2,500 agents. The first fifty are institutions; Margaret Hale, 7, has had a hand in every fifth thing.
INSERT INTO agent SELECT n,
    CASE WHEN n = 7 THEN 'Hale'
         WHEN n <= 50 THEN 'Museum of ' || (SELECT text FROM word WHERE kind = 'city' AND n = s.n % 7)
         ELSE (SELECT text FROM word WHERE kind = 'last' AND n = s.n % 20) END,
    CASE WHEN n = 7 THEN 'Margaret'
         WHEN n > 50 THEN (SELECT text FROM word WHERE kind = 'first' AND n = s.n * 7 % 19) END,
    iif(n <= 50 AND n <> 7, 'institution', 'person'),
    CASE WHEN n > 50 AND n % 3 = 0 THEN n % 6 + 1 WHEN n > 50 AND n % 40 = 1 THEN 7 END
  FROM n AS s WHERE n <= 2500;
CREATE TEMP TABLE hand AS -- hand(n): whose work the nth thing is
  SELECT n, iif(n % 5 = 0, 7, 51 + n * 7919 % 2400) AS agent_id FROM n;
CREATE UNIQUE INDEX temp.hand_n ON hand (n);
INSERT INTO agent_address
  SELECT n, n, (SELECT text FROM word WHERE kind = 'city' AND n = s.n % 7) FROM n AS s WHERE n <= 2500;

-- Storage: 4 buildings, 36 rooms, 460 cabinets.
INSERT INTO storage_place SELECT n,
    CASE WHEN n > 40 THEN 5 + n % 36 WHEN n > 4 THEN 1 + n % 4 END,
    CASE WHEN n > 40 THEN 'Cabinet ' WHEN n > 4 THEN 'Room ' ELSE 'Building ' END || n
  FROM n WHERE n <= 500;

-- Taxa, breadth first: a kingdom, 10 orders, 90 families, 900 genera, 4,999 species.
INSERT INTO taxon SELECT n,
    CASE WHEN n > 1001 THEN 102 + n % 900 WHEN n > 101 THEN 12 + n % 90 WHEN n > 11 THEN 2 + n % 10
         WHEN n > 1 THEN 1 END,
    CASE WHEN n > 1001 THEN 'species' WHEN n > 101 THEN 'genus' WHEN n > 11 THEN 'family' WHEN n > 1 THEN 'order'
         ELSE 'kingdom' END,
    CASE WHEN n = 1 THEN 'Animalia' ELSE
    (SELECT text FROM word WHERE kind = 'genus' AND n = s.n % 900 % 13)
      || CASE WHEN n > 1001 THEN ' ' || (SELECT text FROM word WHERE kind = 'epithet' AND n = s.n / 900 * 5 % 12)
              WHEN n > 11 AND n <= 101 THEN 'idae' WHEN n > 1 AND n <= 11 THEN 'iformes' ELSE '' END END,
    iif(n > 1001, (SELECT agent_id FROM hand WHERE hand.n = s.n), NULL)
  FROM n AS s WHERE n <= 6000;

INSERT INTO locality SELECT n,
    (SELECT text FROM word WHERE kind = 'place' AND n = s.n % 8) || ' ' ||
      (SELECT text FROM word WHERE kind = 'last' AND n = s.n % 20),
    n * 37 % 17000 / 100.0 - 85, n * 91 % 36000 / 100.0 - 180
  FROM n AS s WHERE n <= 1500;
INSERT INTO collecting_event
  SELECT n, 1 + n * 31 % 1500, (SELECT agent_id FROM hand WHERE hand.n = s.n + 1),
    date('1850-01-01', (n * 7) || ' days')
  FROM n AS s WHERE n <= 8000;
INSERT INTO collector SELECT n, (SELECT agent_id FROM hand WHERE hand.n = s.n), 1 FROM n AS s WHERE n <= 8000;
INSERT OR IGNORE INTO collector
  SELECT n * 2, (SELECT agent_id FROM hand WHERE hand.n = s.n + 13), 2 FROM n AS s WHERE n <= 4000;
INSERT INTO field_notebook
  SELECT n, (SELECT agent_id FROM hand WHERE hand.n = s.n), 'Notebook ' || n FROM n AS s WHERE n <= 150;

-- 300 accessions. Number 40 came in by an import of 10,000 objects; the other 30,000 are spread over the rest, but
-- for the first ten, of the museum's early days, which have 12 to 30 objects each.
INSERT INTO accession SELECT n, printf('%d-%03d', 1850 + n / 2, n), date('1850-01-01', (n * 183) || ' days'),
    (SELECT agent_id FROM hand WHERE hand.n = s.n + 2), 51 + n % 8
  FROM n AS s WHERE n <= 300;
INSERT INTO permit
  SELECT n, 'P-' || (1000 + n), (SELECT agent_id FROM hand WHERE hand.n = s.n) FROM n AS s WHERE n <= 200;
INSERT OR IGNORE INTO accession_permit SELECT 1 + n * 3 % 300, 1 + n * 7 % 200 FROM n WHERE n <= 400;
CREATE TEMP TABLE early AS
  SELECT a.n AS accession_id FROM n AS a, n AS k WHERE a.n <= 10 AND k.n <= 10 + 2 * a.n
  ORDER BY a.n;
INSERT INTO collection_object SELECT n, printf('NH-%06d', n),
    CASE WHEN n <= 10000 THEN 40
         WHEN n <= 10000 + (SELECT count(*) FROM early) THEN (SELECT accession_id FROM early WHERE rowid = n - 10000)
         ELSE iif(11 + n * 17 % 290 = 40, 41, 11 + n * 17 % 290) END,
    iif(n % 11 = 0, NULL, 1 + n * 13 % 8000), (SELECT agent_id FROM hand WHERE hand.n = s.n)
  FROM n AS s WHERE n <= 40000;
INSERT INTO object_measurement
  SELECT s.n * 2, w.text, 5 + s.n * (w.n + 3) % 400 FROM n AS s JOIN word AS w ON w.kind = 'measure' WHERE s.n <= 10000;
INSERT INTO preparation
  SELECT n, iif(n <= 40000, n, (n - 40000) * 3), (SELECT text FROM word WHERE kind = 'preparation' AND n = s.n % 6),
    41 + n % 460, (SELECT agent_id FROM hand WHERE hand.n = s.n / 2 + 1)
  FROM n AS s WHERE n <= 48000;
INSERT INTO determination
  SELECT n, iif(n <= 40000, n, (n - 40000) * 2), 1002 + n * 19 % 4999,
    (SELECT agent_id FROM hand WHERE hand.n = s.n / 3 + 3), n > 40000 OR n % 2 = 1 OR n > 24000
  FROM n AS s WHERE n <= 52000;
INSERT INTO attachment
  SELECT n, n * 3, printf('images/%05d.jpg', n), (SELECT agent_id FROM hand WHERE hand.n = s.n / 4 + 1)
  FROM n AS s WHERE n <= 12000;
INSERT INTO condition_report
  SELECT n, n * 25, (SELECT agent_id FROM hand WHERE hand.n = s.n),
    (SELECT text FROM word WHERE kind = 'state' AND n = s.n % 4)
  FROM n AS s WHERE n <= 1600;

-- Loans and citations, of nothing that came with accession 40 or with one of the first four.
INSERT INTO loan
  SELECT n, printf('L-%04d', n), 1 + n * 11 % 50, iif(n % 4 = 0, 7, 51 + n % 30),
    date('1960-01-01', (n * 50) || ' days')
  FROM n WHERE n <= 400;
INSERT INTO loan_item SELECT n, 1 + n % 400, 10066 + n * 9, iif(n % 5 = 0, NULL, date('1970-01-01', (n * 5) || ' days'))
  FROM n WHERE n <= 3000;
INSERT INTO publication SELECT n,
    'Notes on ' || (SELECT text FROM word WHERE kind = 'genus' AND n = s.n % 13) || ', part ' || (1 + n / 13),
    1880 + n % 140, (SELECT agent_id FROM hand WHERE hand.n = s.n + 4)
  FROM n AS s WHERE n <= 300;
INSERT INTO authorship SELECT n, (SELECT agent_id FROM hand WHERE hand.n = s.n + 1) FROM n AS s WHERE n <= 300;
INSERT OR IGNORE INTO authorship SELECT n, 60 + n % 40 FROM n WHERE n <= 300;
INSERT INTO citation SELECT n, 1 + n % 300, 10100 + n * 19 FROM n WHERE n <= 1500;
INSERT INTO remark SELECT n,
    iif(n % 3 = 0, 'agent', 'collection_object'), iif(n % 3 = 0, 1 + n * 7 % 2500, n * 20),
    (SELECT agent_id FROM hand WHERE hand.n = s.n), 'Checked against the ledger, page ' || n
  FROM n AS s WHERE n <= 1200;

CREATE INDEX agent_employer ON agent (employer_id);
CREATE INDEX agent_address_agent ON agent_address (agent_id);
CREATE INDEX storage_place_parent ON storage_place (parent_id);
CREATE INDEX taxon_parent ON taxon (parent_id);
CREATE INDEX taxon_author ON taxon (author_id);
CREATE INDEX collecting_event_locality ON collecting_event (locality_id);
CREATE INDEX collecting_event_leader ON collecting_event (leader_id);
CREATE INDEX collector_agent ON collector (agent_id);
CREATE INDEX field_notebook_author ON field_notebook (author_id);
CREATE INDEX accession_donor ON accession (donor_id);
CREATE INDEX accession_received_by ON accession (received_by_id);
CREATE INDEX permit_holder ON permit (holder_id);
CREATE INDEX accession_permit_permit ON accession_permit (permit_id);
CREATE INDEX collection_object_accession ON collection_object (accession_id);
CREATE INDEX collection_object_event ON collection_object (event_id);
CREATE INDEX collection_object_cataloguer ON collection_object (cataloguer_id);
CREATE INDEX preparation_object ON preparation (object_id);
CREATE INDEX preparation_storage_place ON preparation (storage_place_id);
CREATE INDEX preparation_preparator ON preparation (preparator_id);
CREATE INDEX determination_object ON determination (object_id);
CREATE INDEX determination_taxon ON determination (taxon_id);
CREATE INDEX determination_determiner ON determination (determiner_id);
CREATE INDEX attachment_object ON attachment (object_id);
CREATE INDEX attachment_photographer ON attachment (photographer_id);
CREATE INDEX condition_report_conservator ON condition_report (conservator_id);
CREATE INDEX loan_borrower ON loan (borrower_id);
CREATE INDEX loan_approved_by ON loan (approved_by_id);
CREATE INDEX loan_item_loan ON loan_item (loan_id);
CREATE INDEX loan_item_preparation ON loan_item (preparation_id);
CREATE INDEX publication_editor ON publication (editor_id);
CREATE INDEX authorship_agent ON authorship (agent_id);
CREATE INDEX citation_publication ON citation (publication_id);
CREATE INDEX citation_object ON citation (object_id);
CREATE INDEX remark_author ON remark (author_id);
CREATE INDEX remark_subject ON remark (subject_kind, subject_id);

COMMIT;
ANALYZE;
