/**
 * @file fill.hpp
 * @brief Back-fill: rows of a table made from SELECTs or a stream.
 */
#ifndef CASCADE_CPP_FILL_HPP
#define CASCADE_CPP_FILL_HPP

#include <cascade/cpp/policy.hpp>
#include <cascade/cpp/throttle.hpp>

namespace cascade {

/** @brief Where the rows go: see ::cascade_fill_target. */
struct fill_target {
  std::string table;
  std::vector<std::string> columns;
  std::vector<std::string> key;
  std::optional<std::string> range;
};

/** @brief Options of a fill: the fields of C, with its texts as C++ has them. */
struct fill_options : cascade_fill_options {
  fill_options() : cascade_fill_options(detail::sized<cascade_fill_options>()) {}
  std::optional<std::string> token;
  std::optional<std::string> checkpoint_table;
  std::optional<std::string> job;
  paced throttle; /**< What makes it pause. Must live until the fill is made. */
};

/** @brief Gives rows of a stream, `wanted` at most: their values, row after row. None means that there are no more. */
using fill_rows = std::function<std::vector<value>(std::uint64_t wanted)>;

/** @brief A back-fill that is under way: a range of ::cascade_fill_range, each committed. */
class fill : public handle<cascade_fill, cascade_fill_free>, public one_by_one<fill> {
public:
  using handle::handle;
  fill() = default;

  /** @brief Prepares a fill: see cascade_fill_new(). */
  fill(const connection &connection, const graph &graph, const fill_target &target,
       const fill_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW)
      : column_count_(target.columns.size()) {
    const auto columns = detail::pointers(target.columns), key = detail::pointers(target.key);
    auto where = detail::sized<cascade_fill_target>();
    where.table = detail::uncut(target.table);
    where.columns = columns.data();
    where.column_count = static_cast<std::uint32_t>(columns.size());
    where.key = key.data();
    where.key_count = static_cast<std::uint32_t>(key.size());
    where.range = detail::or_null(target.range);
    auto given = static_cast<cascade_fill_options>(options);
    given.token = detail::or_null(options.token);
    given.checkpoint_table = detail::or_null(options.checkpoint_table);
    given.job = detail::or_null(options.job);
    given.throttle = options.throttle.get();
    const auto keep = detail::join(detail::join(connection.kept(), graph.kept()), options.throttle.kept());
    make(to, keep, [&](cascade_fill **out, cascade_error **error) {
      return cascade_fill_new(connection.get(), graph.get(), &where, &given, out, error);
    });
  }

  /** @brief Adds a source: one SELECT, which is trusted; foreign values go into `parameters`, for its `?`. */
  void select(zstring select, const std::vector<value> &parameters CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    const auto values = detail::raw_values(parameters);
    detail::call(to, [&](cascade_error **error) {
      return cascade_fill_select(get(), select.get(), values.empty() ? nullptr : values.data(),
                                 static_cast<std::uint32_t>(values.size()), error);
    });
  }

  /** @brief Makes the host the source. What the callback throws comes out of next(). */
  void stream(fill_rows rows, on_failure to CASCADE_OR_THROW) {
    if (column_count_ == 0) {
      to.tell(error(CASCADE_INVALID, "a fill that was taken over from C has no columns for a stream: use cascade_fill_stream()"));
      return;
    }
    auto source = std::make_shared<stream_source>(stream_source{std::move(rows), column_count_, {}, {}});
    if (detail::call(to, [&](cascade_error **error) { return cascade_fill_stream(get(), &give, source.get(), error); }) >= 0)
      keep_ = detail::join(source, keep_);
  }

  /** @brief Does and commits a range; what it points to, its keys too, lives until the next call. NULL when nothing is
   *         left to do or a budget is used up, and on failure. */
  const cascade_fill_range *next(on_failure to CASCADE_OR_THROW) {
    const cascade_fill_range *range = nullptr;
    const auto status = detail::call(to, [&](cascade_error **error) { return cascade_fill_next(get(), &range, error); });
    return status == CASCADE_OK ? range : nullptr;
  }

  /** @brief Stops it. Any thread, and signal handlers, while the fill lives. */
  void cancel() const noexcept { cascade_fill_cancel(get()); }

  cascade_fill_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_fill_report>(
        to, [&](cascade_fill_report *report) { return cascade_fill_describe(get(), report); });
  }

  /** @brief Where it stands, for another fill to go on from. */
  std::string token(on_failure to CASCADE_OR_THROW) const {
    return detail::text_of(to, [&](char **text, cascade_error **error) { return cascade_fill_token(get(), text, error); });
  }

private:
  struct stream_source {
    fill_rows rows;
    std::size_t column_count;
    std::vector<value> given; // live until the next call, as C wants it
    std::vector<cascade_value> raw;
  };

  static std::int32_t give(void *data, std::uint64_t wanted, const cascade_value **cells, std::uint64_t *rows) {
    auto &source = *static_cast<stream_source *>(data);
    return detail::guarded(1, [&] {
      source.given = source.rows(wanted);
      source.raw = detail::raw_values(source.given);
      *cells = source.raw.data();
      *rows = source.raw.size() / source.column_count;
      if (source.raw.size() % source.column_count == 0) return 0;
#if defined(__cpp_exceptions)
      throw error(CASCADE_INVALID, "the stream gave " + std::to_string(source.raw.size()) + " values for rows of " +
                                       std::to_string(source.column_count) + " columns");
#else
      return 1;
#endif
    });
  }

  std::size_t column_count_ = 0;
};

} // namespace cascade

#endif
