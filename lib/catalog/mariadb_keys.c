#include "mariadb_catalog.h"
#include "mariadb_reader.h"
#include "names.h"

/* Foreign keys come from InnoDB's own dictionary where the user may read it: that is the whole truth, and takes half
   the time. Other users are shown the keys of tables on which they have privileges. A table of their database that is
   hidden from them is an error; of the keys of databases that they cannot see at all they cannot know, and the graph
   says so. */

/* A key of the database that is being read; NULL when memory is out. */
static casc_mariadb_key *add_key(casc_mariadb_reader *reader, const char *name, const char *table, const char *ref_table,
                                 uint32_t ref_database) {
  casc_mariadb_key *key = CASC_ADD(reader->alloc, &reader->keys);
  if (!key || ref_database == CASC_NONE) return NULL;
  key->database = reader->database;
  key->ref_database = ref_database;
  key->table = table;
  key->relation = (casc_raw_relation){.name = name, .ref_table = ref_table};
  return key;
}

static bool is_named(const casc_mariadb_key *key, const char *name, size_t length) {
  return strncmp(key->relation.name, name, length) == 0 && !key->relation.name[length];
}

/* The key of that name; a database has no two. They are asked for in the order in which they came, or nearly so. */
static casc_mariadb_key *find_key(casc_mariadb_reader *reader, const char *name, size_t length) {
  size_t first = reader->first_key, count = reader->keys.count - first;
  for (size_t i = 0; i < count; i++) {
    size_t at = first + (reader->last_key - first + i) % count;
    if (!is_named(&reader->keys.items[at], name, length)) continue;
    reader->last_key = at;
    return &reader->keys.items[at];
  }
  return NULL;
}

/* Columns of a key come one behind the other. */
static bool add_columns(casc_mariadb_reader *reader, casc_mariadb_key *key, const cascade_value *from, const cascade_value *to) {
  const char **own = CASC_ADD(reader->alloc, &reader->from), **other = CASC_ADD(reader->alloc, &reader->to);
  if (!own || !other) return false;
  if (!key->relation.count++) key->first = (uint32_t)reader->from.count - 1;
  *own = casc_row_text(reader->arena, from);
  *other = casc_row_text(reader->arena, to);
  return *own && *other;
}

/* Where the second part of "database/table" begins, or of the two with NUL between them. */
static size_t second_part(const cascade_value *name) {
  const char *end = memchr(name->data, '\0', name->length);
  if (!end) end = memchr(name->data, '/', name->length);
  return end ? (size_t)(end - name->data) + 1 : name->length;
}

/* Bits of TYPE in InnoDB's dictionary. */
enum {
  DELETE_CASCADE = 1,
  DELETE_SET_NULL = 2,
  UPDATE_CASCADE = 4,
  UPDATE_SET_NULL = 8,
  DELETE_NO_ACTION = 16,
  UPDATE_NO_ACTION = 32
};

static int32_t action_of_bits(int64_t bits, int64_t cascade, int64_t set_null, int64_t no_action) {
  if (bits & cascade) return CASCADE_ACTION_CASCADE;
  if (bits & set_null) return CASCADE_ACTION_SET_NULL;
  return bits & no_action ? CASCADE_ACTION_NO_ACTION : CASCADE_ACTION_RESTRICT;
}

/* The database that the first part names. */
static uint32_t database_of(casc_mariadb_reader *reader, const cascade_value *name) {
  size_t length = second_part(name);
  const char *database = reader->databases.items[reader->database].name;
  if (length && strlen(database) == length - 1 && memcmp(database, name->data, length - 1) == 0) return reader->database;
  const char *text = length ? casc_arena_copy(&reader->passing, name->data, length - 1) : NULL;
  return text ? casc_mariadb_add_database(reader, text) : CASC_NONE;
}

static const char *second_text(casc_mariadb_reader *reader, const cascade_value *name) {
  size_t first = second_part(name);
  return casc_arena_copy(reader->arena, name->data + first, name->length - first);
}

/* database and name, referencing table, referenced table, rules */
static bool read_decoded_key(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  uint32_t own = database_of(reader, &row[1]), other = database_of(reader, &row[2]);
  if (own == CASC_NONE || other == CASC_NONE) return false;
  if (own != reader->database) return true; /* it comes again with that one's own keys */
  const char *name = second_text(reader, &row[0]), *table = second_text(reader, &row[1]);
  const char *ref_table = second_text(reader, &row[2]);
  casc_mariadb_key *key = name && table && ref_table ? add_key(reader, name, table, ref_table, other) : NULL;
  if (!key) return false;
  int64_t bits = casc_row_integer(&row[3]);
  key->relation.on_delete = action_of_bits(bits, DELETE_CASCADE, DELETE_SET_NULL, DELETE_NO_ACTION);
  key->relation.on_update = action_of_bits(bits, UPDATE_CASCADE, UPDATE_SET_NULL, UPDATE_NO_ACTION);
  key->ruled = true;
  return true;
}

enum { LONGEST_NAME = 192 }; /* in the dictionary's views; what is longer may have been cut */

/* The same, as it is in the dictionary. */
static bool read_innodb_key(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  for (int i = 0; i < 3; i++) {
    if (row[i].length > LONGEST_NAME) reader->cut = true;
    if (i && memchr(row[i].data, '@', row[i].length)) reader->coded = true;
  }
  return reader->cut || reader->coded || read_decoded_key(reader, row);
}

/* database and name, column, referenced column */
static bool read_innodb_columns(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  size_t first = second_part(&row[0]);
  casc_mariadb_key *key = find_key(reader, row[0].data + first, row[0].length - first);
  return !key || add_columns(reader, key, &row[1], &row[2]);
}

/* name, table, column, database, table and column that are referred to */
static bool read_visible_key(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  casc_mariadb_key *key = reader->keys.count > reader->first_key ? &reader->keys.items[reader->keys.count - 1] : NULL;
  if (!key || !is_named(key, row[0].data, row[0].length)) {
    const char *name = casc_row_text(reader->arena, &row[0]), *table = casc_row_text(reader->arena, &row[1]);
    const char *ref_database = casc_row_text(&reader->passing, &row[3]), *ref_table = casc_row_text(reader->arena, &row[4]);
    if (!name || !table || !ref_database || !ref_table) return false;
    key = add_key(reader, name, table, ref_table, casc_mariadb_add_database(reader, ref_database));
  }
  return key && add_columns(reader, key, &row[2], &row[5]);
}

static int32_t action_of(const cascade_value *rule) {
  if (casc_row_text_is(rule, "CASCADE")) return CASCADE_ACTION_CASCADE;
  if (casc_row_text_is(rule, "SET NULL")) return CASCADE_ACTION_SET_NULL;
  return casc_row_text_is(rule, "NO ACTION") ? CASCADE_ACTION_NO_ACTION : CASCADE_ACTION_RESTRICT;
}

/* name, rule on delete, rule on update */
static bool read_rules(void *data, const cascade_value *row) {
  casc_mariadb_reader *reader = data;
  casc_mariadb_key *key = find_key(reader, row[0].data, row[0].length);
  if (!key) return true;
  key->relation.on_delete = action_of(&row[1]);
  key->relation.on_update = action_of(&row[2]);
  key->ruled = true;
  return true;
}

typedef struct name_list {
  casc_mariadb_reader *reader;
  CASC_LIST(const char *) names;
} name_list;

static bool read_names(name_list *list, const cascade_value *row, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const char **name = CASC_ADD(list->reader->alloc, &list->names);
    if (!name || !(*name = casc_row_text(&list->reader->passing, &row[i]))) return false;
  }
  return true;
}

static bool read_name(void *data, const cascade_value *row) {
  return read_names(data, row, 1);
}

static bool read_pair(void *data, const cascade_value *row) {
  return read_names(data, row, 2);
}

/* Of the other databases that the user sees, those that foreign keys connect with this one, near or far. */
static cascade_status connect_databases(casc_mariadb_reader *reader, name_list *others, name_list *pairs, cascade_error **error) {
  const char *own = reader->databases.items[0].name;
  cascade_status status = casc_mariadb_query(reader, casc_mariadb_other_databases, own, read_name, others, error);
  for (size_t i = 0; status == CASCADE_OK && i < others->names.count; i++)
    status = casc_mariadb_query(reader, casc_mariadb_crossing_keys, others->names.items[i], read_pair, pairs, error);
  if (status < 0) return status;
  for (size_t known = 0; known < reader->databases.count;) { /* until a round adds none */
    known = reader->databases.count;
    for (size_t i = 0; i < pairs->names.count; i++)
      if (casc_mariadb_find_database(reader, pairs->names.items[i ^ 1]) != CASC_NONE &&
          casc_mariadb_add_database(reader, pairs->names.items[i]) == CASC_NONE)
        return casc_nomem(error);
  }
  return CASCADE_OK;
}

static cascade_status read_connections(casc_mariadb_reader *reader, cascade_error **error) {
  name_list others = {.reader = reader}, pairs = {.reader = reader};
  cascade_status status = connect_databases(reader, &others, &pairs, error);
  casc_free(reader->alloc, others.names.items);
  casc_free(reader->alloc, pairs.names.items);
  return status;
}

/* A table that is hidden from the user could refer to one that is not. */
static cascade_status check_sight(casc_mariadb_reader *reader, const char *database, cascade_error **error) {
  bool may;
  cascade_status status = casc_mariadb_probe(reader, casc_mariadb_probe_select, database, &may, error);
  if (status < 0 || may) return status;
  return casc_fail(reader->connection->context, error, CASCADE_PRIVILEGE,
                   "user \"%s\" may not read all of database \"%s\", and tables that it does not see may refer to those that it "
                   "sees; grant it SELECT on the whole database, or PROCESS",
                   reader->user, database);
}

/* Who may read what does not exist may read every database there is. */
static cascade_status check_distance(casc_mariadb_reader *reader, cascade_error **error) {
  bool may = false;
  cascade_status status = casc_mariadb_probe(reader, casc_mariadb_probe_select, "casc no such database", &may, error);
  if (!may) reader->hidden |= CASCADE_HIDDEN_RELATIONS;
  return status;
}

static cascade_status check_rules(const casc_mariadb_reader *reader, const char *database, cascade_error **error) {
  for (size_t i = reader->first_key; i < reader->keys.count; i++) {
    const casc_mariadb_key *key = &reader->keys.items[i];
    if (!key->ruled)
      return casc_fail_at(reader->connection->context, error, CASCADE_PRIVILEGE, key->table, NULL,
                          "what foreign key \"%s\" of table \"%s\" does on delete is hidden from user \"%s\"; grant it DELETE "
                          "on database \"%s\", or PROCESS",
                          key->relation.name, key->table, reader->user, database);
  }
  return CASCADE_OK;
}

static cascade_status read_visible(casc_mariadb_reader *reader, cascade_error **error) {
  const char *database = reader->databases.items[reader->database].name;
  cascade_status status = reader->database ? CASCADE_OK : check_sight(reader, database, error);
  if (status == CASCADE_OK) status = casc_mariadb_query(reader, casc_mariadb_keys, database, read_visible_key, reader, error);
  if (status == CASCADE_OK) status = casc_mariadb_query(reader, casc_mariadb_rules, database, read_rules, reader, error);
  if (status == CASCADE_OK) status = check_rules(reader, database, error);
  if (status == CASCADE_OK && !reader->connected) {
    reader->connected = true;
    status = read_connections(reader, error);
    if (status == CASCADE_OK) status = check_distance(reader, error);
  }
  return status;
}

/* Forgets the keys of the database that is being read. */
static void drop_keys(casc_mariadb_reader *reader) {
  reader->keys.count = reader->first_key;
  reader->coded = reader->cut = false;
}

static cascade_status read_dictionary(casc_mariadb_reader *reader, cascade_error **error) {
  const char *database = reader->databases.items[reader->database].name;
  cascade_status status = casc_mariadb_query(reader, casc_mariadb_innodb_keys, database, read_innodb_key, reader, error);
  if (status < 0 || reader->cut) return status;
  if (reader->coded) { /* rarely, and decoding is slow */
    drop_keys(reader);
    status = casc_mariadb_query(reader, casc_mariadb_innodb_decoded_keys, database, read_decoded_key, reader, error);
  }
  if (status < 0) return status;
  return casc_mariadb_query(reader, casc_mariadb_innodb_key_columns, database, read_innodb_columns, reader, error);
}

cascade_status casc_mariadb_read_keys(casc_mariadb_reader *reader, cascade_error **error) {
  reader->first_key = reader->last_key = reader->keys.count;
  if (reader->visible) return read_visible(reader, error);
  cascade_error *answer = NULL;
  cascade_status status = read_dictionary(reader, &answer);
  if (status < 0 && status != CASCADE_PRIVILEGE) return casc_error_pass(answer, error);
  cascade_error_free(answer);
  if (status == CASCADE_OK && !reader->cut) return CASCADE_OK;
  reader->visible = true; /* from here on */
  drop_keys(reader);
  return read_visible(reader, error);
}

static cascade_status settle_key(casc_mariadb_reader *reader, casc_mariadb_key *key, cascade_error **error) {
  casc_raw_relation *relation = &key->relation;
  uint32_t ref_table;
  if (!casc_mariadb_find_table(reader, key->database, key->table, &relation->table) ||
      !casc_mariadb_find_table(reader, key->ref_database, relation->ref_table, &ref_table))
    return casc_nomem(error);
  const casc_table *table = relation->table == CASC_NONE ? NULL : &reader->tables.items[relation->table];
  bool seen = table && relation->count;
  for (uint32_t i = 0; seen && i < relation->count; i++) seen = casc_find_column(table, relation->columns[i]) != CASC_NONE;
  if (!seen)
    return casc_fail_at(reader->connection->context, error, CASCADE_PRIVILEGE, key->table, NULL,
                        "table \"%s\" of database \"%s\" has the foreign key \"%s\", and user \"%s\" may not see all of it; "
                        "grant it SELECT on that table",
                        key->table, reader->databases.items[key->database].name, relation->name, reader->user);
  relation->ref_schema = key->ref_database ? reader->databases.items[key->ref_database].name : "";
  if (ref_table != CASC_NONE) relation->ref_table = reader->tables.items[ref_table].name;
  return CASCADE_OK;
}

cascade_status casc_mariadb_settle_keys(casc_mariadb_reader *reader, casc_schema *schema, cascade_error **error) {
  cascade_status status = CASCADE_OK;
  const char **from = casc_arena_get(reader->arena, reader->from.count, sizeof *from);
  const char **to = casc_arena_get(reader->arena, reader->to.count, sizeof *to);
  schema->relations = casc_arena_get(reader->arena, reader->keys.count, sizeof *schema->relations);
  if (!from || !to || !schema->relations) return casc_nomem(error);
  if (reader->from.count) {
    memcpy(from, reader->from.items, reader->from.count * sizeof *from);
    memcpy(to, reader->to.items, reader->to.count * sizeof *to);
  }
  for (size_t i = 0; status == CASCADE_OK && i < reader->keys.count; i++) {
    casc_mariadb_key *key = &reader->keys.items[i];
    key->relation.columns = from + key->first;
    key->relation.ref_columns = to + key->first;
    status = settle_key(reader, key, error);
    schema->relations[schema->relation_count++] = key->relation;
  }
  return status;
}
