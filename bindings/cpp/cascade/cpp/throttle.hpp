/**
 * @file throttle.hpp
 * @brief Pauses between the transactions of purges, fills and workers.
 */
#ifndef CASCADE_CPP_THROTTLE_HPP
#define CASCADE_CPP_THROTTLE_HPP

#include <cascade/cpp/connection.hpp>

namespace cascade {

/** @brief What a throttle looks at: the fields of C, with texts and callbacks as C++ has them. */
struct throttle_options : cascade_throttle_options {
  throttle_options() : cascade_throttle_options(detail::sized<cascade_throttle_options>()) {}
  std::vector<std::string> replicas;     /**< URIs of replicas, for `max_lag_ms`. */
  std::optional<std::string> pause_file; /**< A pause while it is there. */

  /** @brief Milliseconds to wait, 0 to go on, negative to stop; gets the length of the last transaction in nanoseconds. An
   *         exception stops. */
  std::function<std::int64_t(std::uint64_t last_ns)> ask;
  std::function<void(const cascade_pause &)> told; /**< Is told of pauses. */
};

/** @brief Paces the work that is given it in its options. */
class throttle : public handle<cascade_throttle, cascade_throttle_free> {
public:
  using handle::handle;
  throttle() = default;

  explicit throttle(const connection &connection, const throttle_options &options, on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_throttle_options>(options);
    const auto replicas = detail::pointers(options.replicas);
    auto hooks = std::make_shared<callbacks>(callbacks{options.ask, options.told});
    given.replicas = replicas.data();
    given.replica_count = static_cast<std::uint32_t>(replicas.size());
    given.pause_file = detail::or_null(options.pause_file);
    given.user_data = hooks.get();
    given.ask = options.ask ? &run_ask : nullptr;
    given.told = options.told ? &run_told : nullptr;
    make(to, detail::join(hooks, connection.kept()), [&](cascade_throttle **out, cascade_error **error) {
      return cascade_throttle_new(connection.get(), &given, out, error);
    });
  }

  /** @brief What it has seen and done; the text in it lives until it looks again. */
  cascade_throttle_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_throttle_report>(
        to, [&](cascade_throttle_report *report) { return cascade_throttle_describe(get(), report); });
  }

private:
  struct callbacks {
    decltype(throttle_options::ask) ask;
    decltype(throttle_options::told) told;
  };

  static std::int64_t run_ask(void *data, std::uint64_t last_ns) {
    return detail::guarded(std::int64_t{-1}, [&] { return static_cast<callbacks *>(data)->ask(last_ns); });
  }

  static void run_told(void *data, const cascade_pause *pause) {
    detail::guarded(0, [&] {
      static_cast<callbacks *>(data)->told(*pause);
      return 0;
    });
  }
};

/** @brief A throttle in the options of what it paces: `options.throttle = throttle`. Keeps its callbacks alive. */
using paced = borrowed<throttle>;

} // namespace cascade

#endif
