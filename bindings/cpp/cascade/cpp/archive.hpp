/**
 * @file archive.hpp
 * @brief Archives: rows are copied before they go.
 */
#ifndef CASCADE_CPP_ARCHIVE_HPP
#define CASCADE_CPP_ARCHIVE_HPP

#include <cascade/cpp/policy.hpp>

namespace cascade {

/** @brief Where rows are copied to: the fields of C, with texts and the callback as C++ has them. */
struct archive_options : cascade_archive_options {
  archive_options() : cascade_archive_options(detail::sized<cascade_archive_options>()) {}
  std::optional<std::string> file;   /**< Lines of JSON are appended to it. */
  std::optional<std::string> suffix; /**< Behind the names of the tables. */
  std::optional<std::string> schema; /**< In which the tables are. */

  /** @brief Takes the lines of a batch; `event` is one of ::cascade_archive_event. False rolls the batch back and ends the purge;
   *         so does an exception, which next() throws. */
  std::function<bool(std::int32_t event, std::string_view lines)> write;
};

/** @brief Keeps the rows of the purges that are given it in their options. */
class archive : public handle<cascade_archive, cascade_archive_free> {
public:
  using handle::handle;
  archive() = default;

  explicit archive(const context &context, const archive_options &options, on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_archive_options>(options);
    auto hook = std::make_shared<decltype(options.write)>(options.write);
    given.file = detail::or_null(options.file);
    given.suffix = detail::or_null(options.suffix);
    given.schema = detail::or_null(options.schema);
    given.user_data = hook.get();
    given.write = options.write ? &run_write : nullptr;
    make(to, detail::join(hook, context.kept()), [&](cascade_archive **out, cascade_error **error) {
      return cascade_archive_new(context.get(), &given, out, error);
    });
  }

  /** @brief Makes the tables that are missing, and adds columns: see cascade_archive_install(). */
  void install(const connection &connection, const policy &policy, zstring table, on_failure to CASCADE_OR_THROW) const {
    detail::call(to, [&](cascade_error **error) {
      return cascade_archive_install(get(), connection.get(), policy.get(), table.get(), error);
    });
  }

  /** @brief The statements for that; empty when nothing is missing, and on failure. */
  std::string ddl(const connection &connection, const policy &policy, zstring table, on_failure to CASCADE_OR_THROW) const {
    return detail::text_of(to, [&](char **text, cascade_error **error) {
      return cascade_archive_ddl(get(), connection.get(), policy.get(), table.get(), text, error);
    });
  }

  cascade_archive_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_archive_report>(
        to, [&](cascade_archive_report *report) { return cascade_archive_describe(get(), report); });
  }

private:
  static std::int32_t run_write(void *data, std::int32_t event, const char *lines, std::uint64_t length) {
    return detail::guarded(std::int32_t{1}, [&] {
      const auto &write = *static_cast<decltype(archive_options::write) *>(data);
      return write(event, lines == nullptr ? std::string_view() : std::string_view(lines, length)) ? 0 : 1;
    });
  }
};

/** @brief An archive in the options of a purge: `options.archive = archive`. Keeps its callback alive. */
using archived = borrowed<archive>;

} // namespace cascade

#endif
