#include "postgres.h"

#include <stdio.h>
#include <string.h>

#include "session.h"

const char *fixture_driver = "pq";

fixture begin(const char *script) {
  fixture f = {.database = test_database_new("postgresql")};
  test_database_run(f.database, script);
  f.m = memory_connect(strcmp(fixture_driver, "dbi") == 0 ? f.database->dbi : f.database->uri);
  return f;
}

void end(fixture f) {
  memory_close(f.m);
  test_database_free(f.database);
}

void control(const fixture *f, const char *sql) {
  cascade_error *error = NULL;
  if (casc_control(f->m->connection, sql, &error) < 0) fail_msg("%s: %s", sql, cascade_error_message(error));
}

void again(const fixture *f, const char *script) {
  test_database_run(f->database, script);
  memory_read(f->m);
}

void assert_text(const char *text, const char *wanted) {
  if (!text != !wanted || (text && strcmp(text, wanted) != 0))
    fail_msg("%s is not %s", text ? text : "NULL", wanted ? wanted : "NULL");
}

void assert_names(const char *const *names, uint32_t count, const char *joined) {
  char all[200] = "";
  for (uint32_t i = 0; i < count; i++) snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? "," : "", names[i]);
  assert_string_equal(all, joined);
}
