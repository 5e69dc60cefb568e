/**
 * @file connection.hpp
 * @brief Contexts, connections, and drivers written in C++.
 */
#ifndef CASCADE_CPP_CONNECTION_HPP
#define CASCADE_CPP_CONNECTION_HPP

#include <cascade/cpp/value.hpp>

namespace cascade {

/** @brief Options of a context: those of C, and a log that may be any callable. */
struct context_options : cascade_context_options {
  context_options() : cascade_context_options(detail::sized<cascade_context_options>()) {}

  /** @brief Receives one line for each event up to `log_level`. What it throws comes out of the call that led to it. */
  std::function<void(std::int32_t level, std::string_view message)> log;
};

/** @brief Allocator, log and drivers of one use of the library. */
class context : public handle<cascade_context, cascade_context_free> {
public:
  using handle::handle;
  /** @brief Makes a context; without options one with malloc and no log. */
  explicit context(const context_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_context_options>(options);
    auto log = std::make_shared<const decltype(options.log)>(options.log);
    if (*log) {
      given.log = &hear;
      given.log_data = const_cast<decltype(options.log) *>(log.get());
    }
    make(to, *log ? detail::keep(log) : detail::keep(),
         [&](cascade_context **made, cascade_error **error) { return cascade_context_new(&given, made, error); });
  }

private:
  static void hear(void *data, std::int32_t level, const char *message) {
    detail::guarded(0, [&] { return (*static_cast<decltype(context_options::log) *>(data))(level, message), 0; });
  }
};

/** @brief Rows that a driver gives. */
class driver_rows {
public:
  virtual ~driver_rows() = default;

  /** @brief The next row, which lives until the next call; NULL after the last. */
  virtual const cascade_value *next() = 0;
};

/**
 * @brief A session over a driver that is written in C++. See driver.h for what each operation has to do.
 *
 * A failure is told by throwing cascade::error with the class that fits. Any other exception ends the operation with
 * CASCADE_DATABASE and comes out of the call that led to it.
 */
class driver_session {
public:
  virtual ~driver_session() = default;
  virtual const char *name() const noexcept { return "c++"; }
  virtual void capabilities(cascade_capabilities &capabilities) = 0;
  virtual std::uint64_t execute(const cascade_statement &statement) = 0;
  virtual std::unique_ptr<driver_rows> query(const cascade_statement &statement) = 0;
  virtual void cancel() noexcept {}
  virtual bool in_transaction() { return false; } /**< When it throws, there may be one: nothing is committed for the host. */
};

namespace detail {

/** A session with the table of functions by which C calls it. */
class hosted_session {
public:
  hosted_session(std::unique_ptr<driver_session> session, keep context)
      : context_(std::move(context)), session_(std::move(session)) {
    table_.abi_version = CASCADE_DRIVER_ABI;
    table_.name = session_->name();
    table_.capabilities = [](void *self, cascade_capabilities *capabilities, cascade_error **error) {
      return told(error, [&] { return of(self).capabilities(*capabilities), cascade_status(CASCADE_OK); });
    };
    table_.execute = [](void *self, const cascade_statement *statement, std::uint64_t *affected, cascade_error **error) {
      return told(error, [&] { return *affected = of(self).execute(*statement), cascade_status(CASCADE_OK); });
    };
    table_.query = [](void *self, const cascade_statement *statement, void **cursor, cascade_error **error) {
      return told(error, [&] {
        *cursor = of(self).query(*statement).release();
        return *cursor != nullptr ? cascade_status(CASCADE_OK) : broken("the driver has given no cursor", error);
      });
    };
    table_.next = [](void *, void *cursor, const cascade_value **row, cascade_error **error) {
      return told(error, [&] {
        *row = static_cast<driver_rows *>(cursor)->next();
        return cascade_status(*row == nullptr ? CASCADE_DONE : CASCADE_OK);
      });
    };
    table_.cursor_close = [](void *, void *cursor) { delete static_cast<driver_rows *>(cursor); };
    table_.cancel = [](void *self) { of(self).cancel(); };
    table_.in_transaction = [](void *self) {
      return guarded(1, [&] { return of(self).in_transaction() ? 1 : 0; });
    };
  }

  const cascade_driver *table() const noexcept { return &table_; }
  driver_session *session() const noexcept { return session_.get(); }

private:
  static driver_session &of(void *self) noexcept { return *static_cast<driver_session *>(self); }

  template <class Operation> static cascade_status told(cascade_error **to, Operation &&operation) noexcept {
    const auto thrown = CASCADE_DONE + 1;
    const auto status = guarded<cascade_status>(thrown, [&]() -> cascade_status {
#if defined(__cpp_exceptions)
      try {
        return operation();
      } catch (const error &why) {
        auto details = sized<cascade_error_details>();
        details.status = why.status();
        details.transaction = why.transaction();
        details.native_code = why.native_code();
        details.sqlstate = why.sqlstate() ? why.sqlstate()->data() : nullptr;
        details.message = why.message();
        return cascade_error_create(nullptr, &details, to);
      }
#else
      return operation();
#endif
    });
    return status == thrown ? broken("the driver has thrown an exception", to) : status;
  }

  static cascade_status broken(const char *message, cascade_error **to) noexcept {
    auto details = sized<cascade_error_details>();
    details.status = CASCADE_DATABASE;
    details.message = message;
    return cascade_error_create(nullptr, &details, to);
  }

  keep context_;
  std::unique_ptr<driver_session> session_;
  cascade_driver table_ = sized<cascade_driver>();
};

} // namespace detail

/** @brief Options of a connection: those of C. */
struct connection_options : cascade_connection_options {
  connection_options() : cascade_connection_options(detail::sized<cascade_connection_options>()) {}
};

/** @brief A database session. */
class connection : public handle<cascade_connection, cascade_connection_free> {
public:
  using handle::handle;

  /** @brief Opens a session by URI: see cascade_connection_open(). */
  static connection open(const context &context, zstring uri, const connection_options &options CASCADE_DEFAULTS,
                         on_failure to CASCADE_OR_THROW) {
    connection made;
    made.make(to, context.kept(), [&](cascade_connection **out, cascade_error **error) {
      return cascade_connection_open(context.get(), uri.get(), &options, out, error);
    });
    return made;
  }

  /** @brief Uses a handle that the host has opened and keeps, such as a `sqlite3 *`: see cascade_connection_adopt(). */
  static connection adopt(const context &context, zstring driver, void *host_handle,
                          const connection_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    connection made;
    made.make(to, context.kept(), [&](cascade_connection **out, cascade_error **error) {
      return cascade_connection_adopt(context.get(), driver.get(), host_handle, &options, out, error);
    });
    return made;
  }

  /** @brief A session over a driver written in C++, which lives as long as anything that was made from the connection. */
  static connection over(const context &context, std::unique_ptr<driver_session> session,
                         const connection_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    auto hosted = std::make_shared<detail::hosted_session>(std::move(session), context.kept());
    connection made;
    made.make(to, hosted, [&](cascade_connection **out, cascade_error **error) {
      return cascade_connection_new(context.get(), hosted->table(), hosted->session(), &options, out, error);
    });
    return made;
  }

  /** @brief Stops what runs on the connection. Any thread, and signal handlers, while the connection lives. */
  void cancel() const noexcept { cascade_connection_cancel(get()); }

  /** @brief "sqlite", "postgresql" or "mariadb". */
  const char *engine() const noexcept { return cascade_connection_engine(get()); }

  /** @brief Statements sent so far. */
  std::uint64_t statements() const noexcept { return cascade_connection_statements(get()); }
};

} // namespace cascade

#endif
