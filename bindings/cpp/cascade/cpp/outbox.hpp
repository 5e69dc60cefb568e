/**
 * @file outbox.hpp
 * @brief What purges wrote of what they deleted, for those who have to follow.
 */
#ifndef CASCADE_CPP_OUTBOX_HPP
#define CASCADE_CPP_OUTBOX_HPP

#include <cascade/cpp/connection.hpp>

namespace cascade {

/** @brief The outbox of a database. */
namespace outbox {

/** @brief Options of read(): those of C. */
struct read_options : cascade_outbox_options {
  read_options() : cascade_outbox_options(detail::sized<cascade_outbox_options>()) {}
};

/** @brief Rows that were read, to be acknowledged by the number. */
struct batch {
  std::int64_t number = 0;
  std::string json;
};

/** @brief The statements that make the tables of the outbox and the audit. */
inline std::string ddl(zstring engine, on_failure to CASCADE_OR_THROW) {
  return detail::text_of(to, [&](char **text, cascade_error **error) { return cascade_outbox_ddl(engine.get(), text, error); });
}

/** @brief Makes the tables, where they are not there. */
inline void install(const connection &connection, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_outbox_install(connection.get(), error); });
}

/** @brief Reads the next rows, as JSON. Nothing when there are none now, and on failure. */
inline std::optional<batch> read(const connection &connection, const read_options &options CASCADE_DEFAULTS,
                                 on_failure to CASCADE_OR_THROW) {
  batch found;
  cascade_status status = CASCADE_DONE;
  found.json = detail::text_of(to, [&](char **text, cascade_error **error) {
    return status = cascade_outbox_read(connection.get(), &options, &found.number, text, error);
  });
  return status == CASCADE_OK ? std::optional<batch>(std::move(found)) : std::nullopt;
}

/** @brief The rows of a batch have been dealt with. Gives how many were removed. */
inline std::uint64_t ack(const connection &connection, std::int64_t number, on_failure to CASCADE_OR_THROW) {
  std::uint64_t rows = 0;
  detail::call(to, [&](cascade_error **error) { return cascade_outbox_ack(connection.get(), number, &rows, error); });
  return rows;
}

} // namespace outbox

/** @brief Options of audit(): those of C. */
struct audit_options : cascade_audit_options {
  audit_options() : cascade_audit_options(detail::sized<cascade_audit_options>()) {}
};

/** @brief Who purged what, when and why, as JSON. */
inline std::string audit(const connection &connection, const audit_options &options CASCADE_DEFAULTS,
                         on_failure to CASCADE_OR_THROW) {
  return detail::text_of(
      to, [&](char **text, cascade_error **error) { return cascade_audit_list(connection.get(), &options, text, error); });
}

} // namespace cascade

#endif
