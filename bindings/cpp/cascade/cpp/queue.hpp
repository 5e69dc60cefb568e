/**
 * @file queue.hpp
 * @brief Detaching rows, and the queue that deletes them afterwards.
 */
#ifndef CASCADE_CPP_QUEUE_HPP
#define CASCADE_CPP_QUEUE_HPP

#include <cascade/cpp/fill.hpp>
#include <cascade/cpp/policy.hpp>
#include <cascade/cpp/purge.hpp>
#include <cascade/cpp/archive.hpp>
#include <cascade/cpp/throttle.hpp>

namespace cascade {

/** @brief How a job is to be done: the options of C. */
struct job_options : cascade_job_options {
  job_options() : cascade_job_options(detail::sized<cascade_job_options>()) {}
  std::optional<std::string> actor;  /**< Who deletes, for the audit. */
  std::optional<std::string> reason; /**< Why, for the audit. */
  column_names columns;              /**< What goes to the outbox besides the keys. */
};

namespace detail {

/* As C wants them; borrows from the options. */
struct given_job : cascade_job_options {
  explicit given_job(const job_options &options) : cascade_job_options(options), lists(*this, options.columns) {
    actor = or_null(options.actor);
    reason = or_null(options.reason);
  }
  given_job(const given_job &) = delete;
  given_job &operator=(const given_job &) = delete;
  wanted_columns lists;
};

} // namespace detail

/** @brief Options of detach(): those of C, with the job's own. */
struct detach_options : cascade_detach_options {
  detach_options() : cascade_detach_options(detail::sized<cascade_detach_options>()) {}
  job_options job;
};

/** @brief Deletes rows now and leaves what hangs on them to the queue: see cascade_detach(). */
inline cascade_detach_report detach(const connection &connection, const policy &policy, const selection &selection,
                                    const detach_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  auto given = static_cast<cascade_detach_options>(options);
  auto report = detail::sized<cascade_detach_report>();
  const detail::given_job job(options.job);
  given.job = &job;
  detail::call(to, [&](cascade_error **error) {
    return cascade_detach(connection.get(), policy.get(), selection.get(), &given, &report, error);
  });
  return report;
}

/** @brief The queue of a database. */
namespace queue {

/** @brief Which jobs list() tells: the options of C. */
struct list_options : cascade_queue_list_options {
  list_options() : cascade_queue_list_options(detail::sized<cascade_queue_list_options>()) {}
  std::optional<std::string> state; /**< Jobs in this state only. */
};

/** @brief The statements that make the queue's tables. */
inline std::string ddl(zstring engine, on_failure to CASCADE_OR_THROW) {
  return detail::text_of(
      to, [&](char **text, cascade_error **error) { return cascade_queue_ddl(engine.get(), text, error); });
}

/** @brief Makes the queue's tables, where they are not there. */
inline void install(const connection &connection, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_queue_install(connection.get(), error); });
}

/** @brief Puts a purge into the queue. Gives the number of the job. */
inline std::int64_t purge(const connection &connection, const policy &policy, const selection &selection,
                          const job_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  std::int64_t job = 0;
  const detail::given_job given(options);
  detail::call(to, [&](cascade_error **error) {
    return cascade_queue_purge(connection.get(), policy.get(), selection.get(), &given, &job, error);
  });
  return job;
}

/** @brief Puts a back-fill into the queue: one with sources that has not begun. Gives the number of the job. */
inline std::int64_t fill(const cascade::fill &fill, const job_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  std::int64_t job = 0;
  const detail::given_job given(options);
  detail::call(to, [&](cascade_error **error) { return cascade_queue_fill(fill.get(), &given, &job, error); });
  return job;
}

/** @brief Ends a job that is ready, claimed or dead. */
inline void cancel(const connection &connection, std::int64_t job, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_queue_cancel(connection.get(), job, error); });
}

/** @brief Pauses a job, or all. */
inline void pause(const connection &connection, std::int64_t job CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_queue_pause(connection.get(), job, error); });
}

/** @brief Ends a pause. */
inline void resume(const connection &connection, std::int64_t job CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_queue_resume(connection.get(), job, error); });
}

/** @brief Makes a job that is dead or cancelled ready again. */
inline void retry(const connection &connection, std::int64_t job, on_failure to CASCADE_OR_THROW) {
  detail::call(to, [&](cascade_error **error) { return cascade_queue_retry(connection.get(), job, error); });
}

/** @brief Jobs, as JSON. */
inline std::string list(const connection &connection, const list_options &options CASCADE_DEFAULTS,
                        on_failure to CASCADE_OR_THROW) {
  auto given = static_cast<cascade_queue_list_options>(options);
  given.state = detail::or_null(options.state);
  return detail::text_of(to, [&](char **text, cascade_error **error) {
    return cascade_queue_list(connection.get(), &given, text, error);
  });
}

/** @brief The state of the queue, as JSON. */
inline std::string metrics(const connection &connection, on_failure to CASCADE_OR_THROW) {
  return detail::text_of(
      to, [&](char **text, cascade_error **error) { return cascade_queue_metrics(connection.get(), text, error); });
}

} // namespace queue

namespace detail {

/* What is thrown is the job's failure, not the worker's. */
struct worker_hooks : hooks_of_host {
  cascade_worker *worker = nullptr;

  template <hook hooks_of_host::*Hook> static std::int32_t run(void *data, const cascade_deleted *tables, std::uint32_t count) {
    auto *self = static_cast<worker_hooks *>(data);
    return guarded(1, [&]() -> std::int32_t {
#if defined(__cpp_exceptions)
      try {
        return (self->*Hook)(deleted_tables(tables, count)) ? 0 : 1;
      } catch (const std::exception &why) {
        cascade_purge_blame(cascade_worker_purge(self->worker), nullptr, why.what());
        return 1;
      }
#else
      return (self->*Hook)(deleted_tables(tables, count)) ? 0 : 1;
#endif
    });
  }
};

} // namespace detail

/** @brief Options of a worker: those of C. */
struct worker_options : cascade_worker_options {
  worker_options() : cascade_worker_options(detail::sized<cascade_worker_options>()) {}
  std::optional<std::string> owner; /**< Name of the worker; one is made up without. */
  paced throttle;                   /**< What makes it pause. Must live until the worker is made. */
  archived archive;                 /**< Where rows are copied to before they go. Must live until the worker is made. */
  column_names columns;             /**< What the hooks are told besides the keys: worker::row_columns(). */
  hook before_batch;                /**< As in purge_options, for every job that is a purge: worker::veto() keeps rows. False, and a
                                         std::exception, fail the job, which keeps what() as its reason; the worker goes on. */
  hook after_batch;                 /**< As `before_batch`. */
  hook after_commit;                /**< As `before_batch`. */
};

/** @brief A session that works on the jobs of a queue. */
class worker : public handle<cascade_worker, cascade_worker_free>, public told<worker> {
public:
  using handle::handle;
  worker() = default;

  explicit worker(const connection &connection, const worker_options &options CASCADE_DEFAULTS,
                  on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_worker_options>(options);
    given.owner = detail::or_null(options.owner);
    given.throttle = options.throttle.get();
    given.archive = options.archive.get();
    auto keep = detail::join(connection.kept(), detail::join(options.throttle.kept(), options.archive.kept()));
    auto hooks = detail::give_hooks<detail::worker_hooks>(given, options);
    if (hooks) keep = detail::join(hooks, keep);
    const detail::wanted_columns columns(given, options.columns);
    make(to, std::move(keep), [&](cascade_worker **out, cascade_error **error) {
      return cascade_worker_new(connection.get(), &given, out, error);
    });
    if (hooks) hooks->worker = get();
  }

  /** @brief Does the next piece of work. False when no job is due, and on failure. */
  bool step(on_failure to CASCADE_OR_THROW) {
    return detail::call(to, [&](cascade_error **error) { return cascade_worker_step(get(), error); }) == CASCADE_OK;
  }

  cascade_worker_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_worker_report>(
        to, [&](cascade_worker_report *report) { return cascade_worker_describe(get(), report); });
  }

  /** @brief The purge that its hooks are told of; NULL outside of one. */
  cascade_purge *at_work() const noexcept { return cascade_worker_purge(get()); }

  /** @brief Stops it. Any thread, and signal handlers, while the worker lives. */
  void cancel() const noexcept { cascade_worker_cancel(get()); }
};

} // namespace cascade

#endif
