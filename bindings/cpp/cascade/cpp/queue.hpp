/**
 * @file queue.hpp
 * @brief Detaching rows, and the queue that deletes them afterwards.
 */
#ifndef CASCADE_CPP_QUEUE_HPP
#define CASCADE_CPP_QUEUE_HPP

#include <cascade/cpp/fill.hpp>
#include <cascade/cpp/policy.hpp>
#include <cascade/cpp/throttle.hpp>

namespace cascade {

/** @brief How a job is to be done: the options of C. */
struct job_options : cascade_job_options {
  job_options() : cascade_job_options(detail::sized<cascade_job_options>()) {}
};

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
  given.job = &options.job;
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
  detail::call(to, [&](cascade_error **error) {
    return cascade_queue_purge(connection.get(), policy.get(), selection.get(), &options, &job, error);
  });
  return job;
}

/** @brief Puts a back-fill into the queue: one with sources that has not begun. Gives the number of the job. */
inline std::int64_t fill(const cascade::fill &fill, const job_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
  std::int64_t job = 0;
  detail::call(to, [&](cascade_error **error) { return cascade_queue_fill(fill.get(), &options, &job, error); });
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

/** @brief Options of a worker: those of C. */
struct worker_options : cascade_worker_options {
  worker_options() : cascade_worker_options(detail::sized<cascade_worker_options>()) {}
  std::optional<std::string> owner; /**< Name of the worker; one is made up without. */
  paced throttle;                   /**< What makes it pause. Must live until the worker is made. */
};

/** @brief A session that works on the jobs of a queue. */
class worker : public handle<cascade_worker, cascade_worker_free> {
public:
  using handle::handle;
  worker() = default;

  explicit worker(const connection &connection, const worker_options &options CASCADE_DEFAULTS,
                  on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_worker_options>(options);
    given.owner = detail::or_null(options.owner);
    given.throttle = options.throttle.get();
    make(to, detail::join(connection.kept(), options.throttle.kept()), [&](cascade_worker **out, cascade_error **error) {
      return cascade_worker_new(connection.get(), &given, out, error);
    });
  }

  /** @brief Does the next piece of work. False when no job is due, and on failure. */
  bool step(on_failure to CASCADE_OR_THROW) {
    return detail::call(to, [&](cascade_error **error) { return cascade_worker_step(get(), error); }) == CASCADE_OK;
  }

  cascade_worker_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_worker_report>(
        to, [&](cascade_worker_report *report) { return cascade_worker_describe(get(), report); });
  }

  /** @brief Stops it. Any thread, and signal handlers, while the worker lives. */
  void cancel() const noexcept { cascade_worker_cancel(get()); }
};

} // namespace cascade

#endif
