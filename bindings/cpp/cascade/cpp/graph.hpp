/**
 * @file graph.hpp
 * @brief Tables, columns and relations of a database.
 */
#ifndef CASCADE_CPP_GRAPH_HPP
#define CASCADE_CPP_GRAPH_HPP

#include <cascade/cpp/connection.hpp>

namespace cascade {

/** @brief A table. Lives as long as its graph. */
class table_info {
public:
  table_info() = default;
  table_info(std::uint32_t number, const cascade_table_info &raw) : number_(number), raw_(raw) {}
  std::uint32_t number() const noexcept { return number_; }
  std::string_view schema() const { return detail::plain(raw_.schema); }
  std::string_view name() const { return detail::plain(raw_.name); }
  std::string_view label() const { return detail::plain(raw_.label); }
  std::int32_t kind() const noexcept { return raw_.kind; }                       /**< One of ::cascade_table_kind. */
  bool is(std::uint32_t flags) const noexcept { return (raw_.flags & flags) == flags; } /**< ::cascade_table_flag bits. */
  std::uint32_t column_count() const noexcept { return raw_.column_count; }
  names key() const { return {raw_.key, raw_.key_count}; }
  std::optional<std::int64_t> row_estimate() const {
    return raw_.row_estimate < 0 ? std::nullopt : std::optional(raw_.row_estimate);
  }
  std::optional<std::string_view> part_of() const { return detail::some(raw_.part_of); }
  const cascade_table_info &raw() const noexcept { return raw_; }

private:
  std::uint32_t number_ = 0;
  cascade_table_info raw_{};
};

/** @brief A column. Lives as long as its graph. */
class column_info {
public:
  column_info() = default;
  explicit column_info(const cascade_column_info &raw) : raw_(raw) {}
  std::string_view name() const { return detail::plain(raw_.name); }
  std::string_view type() const { return detail::plain(raw_.type); }
  std::optional<std::string_view> default_sql() const {
    return raw_.default_sql == nullptr ? std::nullopt : std::optional<std::string_view>(raw_.default_sql);
  }
  bool is(std::uint32_t flags) const noexcept { return (raw_.flags & flags) == flags; } /**< ::cascade_column_flag bits. */
  const cascade_column_info &raw() const noexcept { return raw_; }

private:
  cascade_column_info raw_{};
};

/** @brief A relation. Lives as long as the graph or policy that told it. */
class relation_info {
public:
  relation_info() = default;
  relation_info(std::uint32_t number, const cascade_relation_info &raw) : number_(number), raw_(raw) {}
  std::uint32_t number() const noexcept { return number_; }
  std::optional<std::string_view> name() const { return detail::some(raw_.name); }
  std::string_view label() const { return detail::plain(raw_.label); }
  std::uint32_t table() const noexcept { return raw_.table; }         /**< Number of the referencing table. */
  std::uint32_t ref_table() const noexcept { return raw_.ref_table; } /**< Number of the referenced table. */
  names columns() const { return {raw_.columns, raw_.column_count}; }
  names ref_columns() const { return {raw_.ref_columns, raw_.column_count}; }
  names set_columns() const { return {raw_.set_columns, raw_.set_column_count}; }
  std::int32_t on_delete() const noexcept { return raw_.on_delete; } /**< One of ::cascade_action. */
  std::int32_t on_update() const noexcept { return raw_.on_update; } /**< One of ::cascade_action. */
  std::int32_t rule() const noexcept { return raw_.rule; }           /**< One of ::cascade_rule. */
  const char *rule_name() const noexcept { return cascade_rule_name(raw_.rule); }
  bool is(std::uint32_t flags) const noexcept { return (raw_.flags & flags) == flags; } /**< ::cascade_relation_flag bits. */
  std::optional<std::string_view> index() const { return detail::some(raw_.index); }
  const cascade_relation_info &raw() const noexcept { return raw_; }

private:
  std::uint32_t number_ = 0;
  cascade_relation_info raw_{};
};

namespace detail {

/** Things that an object describes by number, to be looked at one by one. */
template <class Object, class Info, class Raw, cascade_status (*Describe)(const Object *, std::uint32_t, Raw *)>
class described {
public:
  described() = default;
  described(const Object *object, std::uint32_t count) : object_(object), count_(count) {}
  std::size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  Info operator[](std::uint64_t at) const {
    auto raw = sized<Raw>();
    const auto number = static_cast<std::uint32_t>(at);
    Describe(object_, number, &raw);
    return Info(number, raw);
  }
  index_iterator<described> begin() const { return {*this, 0}; }
  index_iterator<described> end() const { return {*this, count_}; }

private:
  const Object *object_ = nullptr;
  std::uint32_t count_ = 0;
};

} // namespace detail

/** @brief Tables and foreign keys, immutable. */
class graph : public handle<cascade_graph, cascade_graph_free> {
public:
  using handle::handle;
  using tables_view = detail::described<cascade_graph, table_info, cascade_table_info, cascade_graph_table>;
  using relations_view = detail::described<cascade_graph, relation_info, cascade_relation_info, cascade_graph_relation>;

  /** @brief Reads the database's catalog: see cascade_graph_read(). */
  static graph read(const connection &connection, on_failure to CASCADE_OR_THROW) {
    graph made;
    const auto options = detail::sized<cascade_graph_options>();
    made.make(to, connection.kept(), [&](cascade_graph **out, cascade_error **error) {
      return cascade_graph_read(connection.get(), &options, out, error);
    });
    return made;
  }

  /** @brief Makes a graph from what json() gave. */
  static graph load(const context &context, std::string_view json, on_failure to CASCADE_OR_THROW) {
    graph made;
    made.make(to, context.kept(), [&](cascade_graph **out, cascade_error **error) {
      return cascade_graph_load(context.get(), json.data(), json.size(), out, error);
    });
    return made;
  }

  /** @brief Another owner of a graph. */
  static graph share(cascade_graph *graph, detail::keep keep) {
    class graph made(take, cascade_graph_ref(graph));
    made.keep_ = std::move(keep);
    return made;
  }

  /** @brief Another owner of the same graph. */
  graph share() const { return share(get(), kept()); }

  std::string json(on_failure to CASCADE_OR_THROW) const {
    return detail::text_of(to, [&](char **text, cascade_error **error) { return cascade_graph_json(get(), text, error); });
  }

  /** @brief In Graphviz's language: one table with what can reach it, or all. */
  std::string dot(const std::optional<std::string> &table CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) const {
    return detail::text_of(to, [&](char **text, cascade_error **error) {
      return cascade_graph_dot(get(), detail::or_null(table), text, error);
    });
  }

  tables_view tables() const { return {get(), cascade_graph_table_count(get())}; }
  relations_view relations() const { return {get(), cascade_graph_relation_count(get())}; }

  /** @brief What may be missing: ::cascade_hidden bits. */
  std::uint32_t hidden() const noexcept { return cascade_graph_hidden(get()); }

  /** @brief Number of the table of a name. */
  std::uint32_t find(zstring name, on_failure to CASCADE_OR_THROW) const {
    std::uint32_t number = 0;
    detail::call(to, [&](cascade_error **error) { return cascade_graph_find_table(get(), name.get(), &number, error); });
    return number;
  }

  table_info table(std::uint32_t number, on_failure to CASCADE_OR_THROW) const {
    return {number, detail::filled<cascade_table_info>(
                        to, [&](cascade_table_info *info) { return cascade_graph_table(get(), number, info); })};
  }

  column_info column(std::uint32_t table, std::uint32_t position, on_failure to CASCADE_OR_THROW) const {
    return column_info(detail::filled<cascade_column_info>(
        to, [&](cascade_column_info *info) { return cascade_graph_column(get(), table, position, info); }));
  }

  relation_info relation(std::uint32_t number, on_failure to CASCADE_OR_THROW) const {
    return {number, detail::filled<cascade_relation_info>(
                        to, [&](cascade_relation_info *info) { return cascade_graph_relation(get(), number, info); })};
  }

  /** @brief Numbers of the relations whose referenced table this is. */
  view<std::uint32_t> relations_to(std::uint32_t table, on_failure to CASCADE_OR_THROW) const {
    return numbers(to, table, cascade_graph_relations_to);
  }

  /** @brief Numbers of the relations whose referencing table this is. */
  view<std::uint32_t> relations_from(std::uint32_t table, on_failure to CASCADE_OR_THROW) const {
    return numbers(to, table, cascade_graph_relations_from);
  }

  /** @brief Numbers of the tables that deleting rows of a table can reach, itself first. */
  std::vector<std::uint32_t> reach(std::uint32_t table, bool cascading_only, on_failure to CASCADE_OR_THROW) const {
    return listed(to, [&](std::uint32_t *found, std::uint32_t *count, cascade_error **error) {
      return cascade_graph_reach(get(), table, cascading_only ? 1 : 0, found, count, error);
    });
  }

  /** @brief Numbers of the relations of a shortest chain by which rows of `from` depend on rows of `to_table`. */
  std::vector<std::uint32_t> path(std::uint32_t from, std::uint32_t to_table, on_failure to CASCADE_OR_THROW) const {
    return listed(to, [&](std::uint32_t *found, std::uint32_t *count, cascade_error **error) {
      return cascade_graph_path(get(), from, to_table, found, count, error);
    });
  }

private:
  template <class Function> view<std::uint32_t> numbers(on_failure to, std::uint32_t table, Function list) const {
    const std::uint32_t *found = nullptr;
    std::uint32_t count = 0;
    detail::call(to, [&](cascade_error **) { return list(get(), table, &found, &count); });
    return {found, count};
  }

  template <class List> std::vector<std::uint32_t> listed(on_failure to, List list) const {
    std::vector<std::uint32_t> found(cascade_graph_table_count(get()));
    std::uint32_t count = 0;
    const auto status =
        detail::call(to, [&](cascade_error **error) { return list(found.data(), &count, error); });
    found.resize(status < 0 ? 0 : count);
    return found;
  }
};

} // namespace cascade

#endif
