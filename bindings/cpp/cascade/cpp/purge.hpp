/**
 * @file purge.hpp
 * @brief Plans, and the delete itself.
 */
#ifndef CASCADE_CPP_PURGE_HPP
#define CASCADE_CPP_PURGE_HPP

#include <cascade/cpp/archive.hpp>
#include <cascade/cpp/policy.hpp>
#include <cascade/cpp/throttle.hpp>

namespace cascade {

/** @brief A step of a plan. Lives as long as the plan. */
class step_info {
public:
  step_info() = default;
  step_info(std::uint32_t number, const cascade_step_info &raw) : number_(number), raw_(raw) {}
  std::uint32_t number() const noexcept { return number_; }
  std::int32_t kind() const noexcept { return raw_.kind; } /**< One of ::cascade_step_kind. */
  std::uint32_t table() const noexcept { return raw_.table; }
  std::optional<std::uint32_t> relation() const {
    return raw_.relation < 0 ? std::nullopt : std::optional(static_cast<std::uint32_t>(raw_.relation));
  }
  std::int32_t rule() const noexcept { return raw_.rule; } /**< One of ::cascade_rule. */
  std::uint64_t rows() const noexcept { return raw_.rows; }
  std::int32_t accuracy() const noexcept { return raw_.accuracy; } /**< One of ::cascade_accuracy. */
  bool warns(std::uint32_t of) const noexcept { return (raw_.warnings & of) != 0; } /**< ::cascade_step_warning bits. */
  std::optional<std::string_view> index() const { return detail::some(raw_.index); }
  std::string_view sql() const { return detail::plain(raw_.sql); }
  std::string_view way() const { return detail::plain(raw_.way); }
  const cascade_step_info &raw() const noexcept { return raw_; }

private:
  std::uint32_t number_ = 0;
  cascade_step_info raw_{};
};

/** @brief Options of a plan: those of C. */
struct plan_options : cascade_plan_options {
  plan_options() : cascade_plan_options(detail::sized<cascade_plan_options>()) {}
};

/** @brief What a purge would do, immutable. */
class plan : public handle<cascade_plan, cascade_plan_free> {
public:
  using handle::handle;
  plan() = default;
  using steps_view = detail::described<cascade_plan, step_info, cascade_step_info, cascade_plan_step>;

  /** @brief Makes a plan: see cascade_plan_new(). */
  plan(const connection &connection, const policy &policy, const selection &selection,
       const plan_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    make(to, detail::join(connection.kept(), detail::join(policy.kept(), selection.kept())),
         [&](cascade_plan **out, cascade_error **error) {
           return cascade_plan_new(connection.get(), policy.get(), selection.get(), &options, out, error);
         });
  }

  /** @brief The plan as a whole; its texts live as long as the plan. */
  cascade_plan_info describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_plan_info>(
        to, [&](cascade_plan_info *info) { return cascade_plan_describe(get(), info); });
  }

  /** @brief What a purge is given as its approved plan. */
  std::string fingerprint(on_failure to CASCADE_OR_THROW) const {
    return std::string(detail::plain(describe(to).fingerprint));
  }

  /** @brief The steps, in the order in which a batch executes them. */
  steps_view steps() const {
    auto info = detail::sized<cascade_plan_info>();
    return {get(), cascade_plan_describe(get(), &info) < 0 ? 0 : info.step_count};
  }

  std::string text(on_failure to CASCADE_OR_THROW) const { return written(to, cascade_plan_text); } /**< In words. */
  std::string json(on_failure to CASCADE_OR_THROW) const { return written(to, cascade_plan_json); }
  std::string sql(on_failure to CASCADE_OR_THROW) const { return written(to, cascade_plan_sql); } /**< For reading. */

private:
  template <class Function> std::string written(on_failure to, Function write) const {
    return detail::text_of(to, [&](char **text, cascade_error **error) { return write(get(), text, error); });
  }
};

/** @brief Keys that one batch deleted from one table. Borrowed for the call of the hook. */
class deleted_table {
public:
  explicit deleted_table(const cascade_deleted *raw) noexcept : raw_(raw) {}
  std::uint32_t table() const noexcept { return raw_->table; }
  std::string_view label() const { return detail::plain(raw_->label); }
  cascade::keys keys() const noexcept { return cascade::keys(raw_->keys); }
  const cascade_deleted &raw() const noexcept { return *raw_; }

private:
  const cascade_deleted *raw_;
};

/** @brief All that one batch deleted, referencing tables first. */
class deleted_tables {
public:
  deleted_tables() noexcept = default;
  deleted_tables(const cascade_deleted *data, std::uint32_t size) noexcept : data_(data), size_(size) {}
  std::size_t size() const noexcept { return size_; }
  deleted_table operator[](std::size_t at) const noexcept { return deleted_table(data_ + at); }
  index_iterator<deleted_tables> begin() const { return {*this, 0}; }
  index_iterator<deleted_tables> end() const { return {*this, size_}; }

private:
  const cascade_deleted *data_ = nullptr;
  std::uint32_t size_ = 0;
};

/** @brief The columns that the hooks were to be told, of the rows of one table, in the order of their keys. While the hook runs. */
class row_columns {
public:
  row_columns() = default;
  explicit row_columns(const cascade_row_columns &raw) : raw_(raw) {}
  names columns() const { return {raw_.columns, raw_.column_count}; }
  std::size_t size() const noexcept { return raw_.cells == nullptr ? 0 : static_cast<std::size_t>(raw_.row_count); }
  cells operator[](std::size_t row) const { return {raw_.cells + row * raw_.column_count, raw_.column_count}; }
  index_iterator<row_columns> begin() const { return {*this, 0}; }
  index_iterator<row_columns> end() const { return {*this, size()}; }
  const cascade_row_columns &raw() const noexcept { return raw_; }

private:
  cascade_row_columns raw_{};
};

/** @brief What a hook may ask of the purge that calls it, and say to it: of purge and of worker. */
template <class Owner> class told {
public:
  /** @brief Inside a hook: the columns that were asked for, of the table at a position. */
  cascade::row_columns row_columns(std::uint32_t position, on_failure to CASCADE_OR_THROW) const {
    return cascade::row_columns(detail::filled<cascade_row_columns>(
        to, [&](cascade_row_columns *columns) { return cascade_purge_row_columns(at_work(), position, columns); }));
  }

  /** @brief Inside `before_batch`: keeps rows of the table at a position. */
  void veto(std::uint32_t position, const std::vector<std::uint64_t> &rows, on_failure to CASCADE_OR_THROW) {
    detail::call(to, [&](cascade_error **) { return cascade_purge_veto(at_work(), position, rows.data(), rows.size()); });
  }

  /** @brief Inside a hook that is about to fail: which table it is about, and why. */
  void blame(const std::optional<std::string> &table, const std::optional<std::string> &reason, on_failure to CASCADE_OR_THROW) {
    detail::call(to, [&](cascade_error **) {
      return cascade_purge_blame(at_work(), detail::or_null(table), detail::or_null(reason));
    });
  }

private:
  cascade_purge *at_work() const noexcept { return static_cast<const Owner *>(this)->at_work(); }
};

/** @brief A hook: false, or an exception, is its failure. */
using hook = std::function<bool(deleted_tables)>;

/** @brief Tables and columns. */
using column_names = std::vector<std::pair<std::string, std::string>>;

namespace detail {

struct hooks_of_host {
  hook before_batch, after_batch, after_commit;
};

/* Hooks, of which `Hooks` runs each. NULL when there is none. */
template <class Hooks, class Given, class Options> std::shared_ptr<Hooks> give_hooks(Given &given, const Options &options) {
  if (!options.before_batch && !options.after_batch && !options.after_commit) return nullptr;
  auto hooks = std::make_shared<Hooks>();
  static_cast<hooks_of_host &>(*hooks) = {options.before_batch, options.after_batch, options.after_commit};
  given.hook_data = hooks.get();
  if (hooks->before_batch) given.before_batch = &Hooks::template run<&hooks_of_host::before_batch>;
  if (hooks->after_batch) given.after_batch = &Hooks::template run<&hooks_of_host::after_batch>;
  if (hooks->after_commit) given.after_commit = &Hooks::template run<&hooks_of_host::after_commit>;
  return hooks;
}

struct purge_hooks : hooks_of_host {
  template <hook hooks_of_host::*Hook> static std::int32_t run(void *data, const cascade_deleted *tables, std::uint32_t count) {
    return guarded(1, [&] { return (static_cast<purge_hooks *>(data)->*Hook)(deleted_tables(tables, count)) ? 0 : 1; });
  }
};

/* The lists that options of C point to, for as long as it lives. */
struct wanted_columns {
  std::vector<const char *> tables, columns;

  template <class Given> wanted_columns(Given &given, const column_names &names) {
    for (const auto &[table, column] : names) {
      tables.push_back(uncut(table));
      columns.push_back(uncut(column));
    }
    given.column_tables = tables.data();
    given.columns = columns.data();
    given.column_count = static_cast<std::uint32_t>(columns.size());
  }
};

} // namespace detail

/** @brief Options of a purge: the fields of C, with plan, columns and hooks as C++ has them. */
struct purge_options : cascade_purge_options {
  purge_options() : cascade_purge_options(detail::sized<cascade_purge_options>()) {}
  std::optional<std::string> plan;   /**< Fingerprint of an approved plan. */
  std::optional<std::string> actor;  /**< Who deletes, for the audit. */
  std::optional<std::string> reason; /**< Why, for the audit. */
  paced throttle;                    /**< What makes it pause. Must live until the purge is made. */
  archived archive;                  /**< Where rows are copied to before they go. Must live until the purge is made. */

  /** @brief Tables and columns of which the hooks are told the values: row_columns(). */
  column_names columns;

  /** @brief Runs in each batch's transaction, before anything is deleted, and may call veto(). False rolls the batch back and ends
   *         the purge; so does an exception, which next() throws. */
  hook before_batch;

  /** @brief Runs in each batch's transaction, before its COMMIT. False and exceptions as in `before_batch`. */
  hook after_batch;

  /** @brief Runs when a batch has been committed. False ends the purge; so does an exception, which next() throws. */
  hook after_commit;
};

/** @brief A delete that is under way: a range of ::cascade_batch_info, each a committed batch. */
class purge : public handle<cascade_purge, cascade_purge_free>, public one_by_one<purge>, public told<purge> {
public:
  using handle::handle;
  purge() = default;

  /** @brief Prepares a purge and examines it: see cascade_purge_new(). */
  purge(const connection &connection, const policy &policy, const selection &selection,
        const purge_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    auto given = static_cast<cascade_purge_options>(options);
    auto keep = detail::join(connection.kept(), detail::join(policy.kept(), selection.kept()));
    given.plan = detail::or_null(options.plan);
    given.actor = detail::or_null(options.actor);
    given.reason = detail::or_null(options.reason);
    given.throttle = options.throttle.get();
    given.archive = options.archive.get();
    keep = detail::join(keep, detail::join(options.throttle.kept(), options.archive.kept()));
    if (auto hooks = detail::give_hooks<detail::purge_hooks>(given, options)) keep = detail::join(hooks, keep);
    const detail::wanted_columns columns(given, options.columns);
    make(to, std::move(keep), [&](cascade_purge **out, cascade_error **error) {
      return cascade_purge_new(connection.get(), policy.get(), selection.get(), &given, out, error);
    });
  }

  /** @brief Deletes and commits a batch. NULL when nothing is left to do or a budget is used up, and on failure. */
  const cascade_batch_info *next(on_failure to CASCADE_OR_THROW) {
    const cascade_batch_info *batch = nullptr;
    const auto status = detail::call(to, [&](cascade_error **error) { return cascade_purge_next(get(), &batch, error); });
    return status == CASCADE_OK ? batch : nullptr;
  }

  /** @brief Stops it. Any thread, and signal handlers, while the purge lives. */
  void cancel() const noexcept { cascade_purge_cancel(get()); }

  cascade_purge_report describe(on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_purge_report>(
        to, [&](cascade_purge_report *report) { return cascade_purge_describe(get(), report); });
  }

  /** @brief What was done to one table: `position` is below `table_count` of describe(). */
  cascade_table_report table(std::uint32_t position, on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_table_report>(
        to, [&](cascade_table_report *report) { return cascade_purge_table(get(), position, report); });
  }

  /** @brief The rows of a table that stayed: those that were vetoed, and those that stayed with them. Until the next call. */
  std::pair<keys, keys> kept_rows(std::uint32_t table, on_failure to CASCADE_OR_THROW) const {
    const cascade_keys *vetoed = nullptr, *kept = nullptr;
    detail::call(to, [&](cascade_error **) { return cascade_purge_kept(get(), table, &vetoed, &kept); });
    return {keys(vetoed), keys(kept)};
  }

  /** @brief Itself, for what a hook may say to it. */
  cascade_purge *at_work() const noexcept { return get(); }
};

} // namespace cascade

#endif
