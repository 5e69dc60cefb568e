// A small museum in memory, in the host's own SQLite handle, and cmocka for C++.
#ifndef RIG_HPP
#define RIG_HPP

#include <cascade.hpp>

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

extern "C" { // which cmocka leaves to those who include it
#include <cmocka.h>
}
#include <sqlite3.h>

// cmocka's own take what C can cast to an integer.
#undef assert_true
#undef assert_false
#define assert_true(...) _assert_true((__VA_ARGS__) ? 1 : 0, #__VA_ARGS__, __FILE__, __LINE__)
#define assert_false(...) _assert_true((__VA_ARGS__) ? 0 : 1, "not " #__VA_ARGS__, __FILE__, __LINE__)

inline const char *const schema =
    "PRAGMA foreign_keys = ON;"
    "CREATE TABLE agent (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'nobody', boss_id REFERENCES agent);"
    "CREATE TABLE loan (id INTEGER PRIMARY KEY, agent_id REFERENCES agent ON DELETE CASCADE);"
    "CREATE TABLE item (loan_id INTEGER REFERENCES loan ON DELETE CASCADE, lang TEXT, PRIMARY KEY (loan_id, lang)) WITHOUT ROWID;"
    "CREATE TABLE note (id INTEGER PRIMARY KEY, agent_id REFERENCES agent ON DELETE SET NULL);"
    "CREATE TABLE seen (id INTEGER PRIMARY KEY, n INTEGER);"
    "INSERT INTO agent VALUES (1, 'Ada', NULL), (2, 'Bo', NULL), (3, 'Cy', 2);"
    "INSERT INTO loan VALUES (10, 1), (11, 1), (12, 2);"
    "INSERT INTO item VALUES (10, 'de'), (10, 'en'), (11, 'de');"
    "INSERT INTO note VALUES (20, 1), (21, 2);";

class museum {
public:
  museum() {
    assert_int_equal(sqlite3_open(":memory:", &handle_), SQLITE_OK);
    run(schema);
  }
  ~museum() { assert_int_equal(sqlite3_close(handle_), SQLITE_OK); } // everything made from it is gone by then
  museum(const museum &) = delete;
  museum &operator=(const museum &) = delete;

  void run(const char *sql) { assert_int_equal(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), SQLITE_OK); }
  std::int64_t count(const std::string &from) {
    sqlite3_stmt *statement = nullptr;
    assert_int_equal(sqlite3_prepare_v2(handle_, ("SELECT count(*) FROM " + from).c_str(), -1, &statement, nullptr), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t found = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return found;
  }
  sqlite3 *handle() { return handle_; }
  cascade::connection connect(const cascade::context &context) {
    return cascade::connection::adopt(context, "sqlite3", handle_);
  }

private:
  sqlite3 *handle_ = nullptr;
};

/* What a call throws: the exception's own text, or "" when it returns. */
template <class Exception, class Call> std::string thrown(Call &&call) {
  try {
    call();
  } catch (const Exception &caught) {
    return caught.what();
  }
  return "";
}

/* Status of the cascade::error that a call throws; CASCADE_OK when it returns. */
template <class Call> cascade_status status_of(Call &&call) {
  try {
    call();
  } catch (const cascade::error &caught) {
    return caught.status();
  }
  return CASCADE_OK;
}

#endif
