/**
 * @file blockers.hpp
 * @brief Who refers to the rows that are to be deleted, page by page.
 */
#ifndef CASCADE_CPP_BLOCKERS_HPP
#define CASCADE_CPP_BLOCKERS_HPP

#include <cascade/cpp/policy.hpp>

namespace cascade {

/** @brief One relation to look at: the fields of C, and the anchor as values. */
struct blockers_request : cascade_blockers_request {
  blockers_request() : cascade_blockers_request(detail::sized<cascade_blockers_request>()) {}
  std::vector<value> anchor; /**< `first()` or `last()` of an earlier page, copied by cells::values(). */
};

/** @brief Options of a cursor: the fields of C, with requests, token and its key as C++ has them. */
struct blockers_options : cascade_blockers_options {
  blockers_options() : cascade_blockers_options(detail::sized<cascade_blockers_options>()) {}
  std::vector<blockers_request> requests; /**< Relations of the first level to look at; none for all. */
  std::string token_key;                  /**< 16 to 64 bytes; "" when there are to be no tokens. */
  std::optional<std::string> token;       /**< Where to go on. */
};

namespace detail {

/** Options as C has them; borrows from them. */
class raw_blockers_options {
public:
  explicit raw_blockers_options(const blockers_options &from) : raw_(from) {
    const std::size_t count = from.requests.size();
    anchors_.reserve(count);
    requests_.reserve(count);
    for (const auto &request : from.requests) {
      anchors_.push_back(raw_values(request.anchor));
      requests_.push_back(request);
      requests_.back().anchor = anchors_.back().empty() ? nullptr : anchors_.back().data();
      requests_.back().anchor_count = static_cast<std::uint32_t>(anchors_.back().size());
      pointers_.push_back(&requests_.back());
    }
    raw_.requests = pointers_.data();
    raw_.request_count = static_cast<std::uint32_t>(count);
    raw_.token_key = from.token_key.empty() ? nullptr : from.token_key.data();
    raw_.token_key_length = from.token_key.size();
    raw_.token = or_null(from.token);
  }
  raw_blockers_options(const raw_blockers_options &) = delete;
  raw_blockers_options &operator=(const raw_blockers_options &) = delete;
  const cascade_blockers_options *get() const noexcept { return &raw_; }

private:
  std::vector<std::vector<cascade_value>> anchors_;
  std::vector<cascade_blockers_request> requests_;
  std::vector<const cascade_blockers_request *> pointers_;
  cascade_blockers_options raw_;
};

} // namespace detail

/** @brief One page of one relation. Borrowed from the cursor until its next call. */
class blockers_page {
public:
  blockers_page() noexcept = default;
  explicit blockers_page(const cascade_blockers_page *raw) noexcept : raw_(raw) {}
  std::uint32_t relation() const noexcept { return raw_->relation; } /**< Its number in the policy. */
  std::int32_t kind() const noexcept { return raw_->kind; }          /**< One of ::cascade_blocker_kind. */
  cascade::keys keys() const noexcept { return cascade::keys(raw_->keys); }
  cells first() const noexcept { return {raw_->first, raw_->anchor_count}; } /**< Anchor of the first row; may be empty. */
  cells last() const noexcept { return {raw_->last, raw_->anchor_count}; }   /**< Anchor of the last row; may be empty. */
  bool complete() const noexcept { return raw_->complete != 0; }
  bool partial() const noexcept { return raw_->partial != 0; }
  std::uint32_t depth() const noexcept { return raw_->depth; }
  view<std::uint32_t> path() const noexcept { return {raw_->path, raw_->path_length}; }

  /** @brief For a relation of the path, the rows that lead to the rows of the page. */
  cascade::keys path_keys(std::size_t at) const noexcept { return cascade::keys(&raw_->path_keys[at]); }

  /** @brief The records behind the rows of a join table, and the relation that leads there. */
  std::optional<std::pair<std::uint32_t, cascade::keys>> behind() const {
    if (raw_->behind == nullptr) return std::nullopt;
    return std::pair(raw_->behind_relation, cascade::keys(raw_->behind));
  }
  std::uint64_t count() const noexcept { return raw_->count; }                      /**< 0 when not counted. */
  std::int32_t count_accuracy() const noexcept { return raw_->count_accuracy; }     /**< One of ::cascade_accuracy. */
  const cascade_blockers_page &raw() const noexcept { return *raw_; }

private:
  const cascade_blockers_page *raw_ = nullptr;
};

/** @brief Answer of blockers::probe(). */
struct probe_answer {
  std::int32_t answer = CASCADE_PROBE_UNKNOWN; /**< One of ::cascade_probe_answer. */
  std::optional<std::uint32_t> relation;       /**< With CASCADE_PROBE_BLOCKED, a relation that blocks. */
};

/** @brief Cursor over what stands in the way: a range of blockers_page. */
class blockers : public handle<cascade_blockers, cascade_blockers_free>, public one_by_one<blockers> {
public:
  using handle::handle;
  blockers() = default;

  /** @brief Opens a cursor: see cascade_blockers_open(). */
  blockers(const connection &connection, const policy &policy, const selection &selection,
           const blockers_options &options CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    const detail::raw_blockers_options given(options);
    make(to, detail::join(connection.kept(), detail::join(policy.kept(), selection.kept())),
         [&](cascade_blockers **out, cascade_error **error) {
           return cascade_blockers_open(connection.get(), policy.get(), selection.get(), given.get(), out, error);
         });
  }

  /** @brief The next page; nothing when there is none, or on failure. */
  std::optional<blockers_page> next(on_failure to CASCADE_OR_THROW) {
    const cascade_blockers_page *page = nullptr;
    const auto status =
        detail::call(to, [&](cascade_error **error) { return cascade_blockers_next(get(), &page, error); });
    return status == CASCADE_OK ? std::optional(blockers_page(page)) : std::nullopt;
  }

  /** @brief A token, from which another process can go on; nothing when there is nothing to go on with. */
  std::optional<std::string> token(std::int32_t kind, on_failure to CASCADE_OR_THROW) {
    const char *text = nullptr;
    const auto status =
        detail::call(to, [&](cascade_error **error) { return cascade_blockers_token(get(), kind, &text, error); });
    return status == CASCADE_OK ? std::optional<std::string>(text) : std::nullopt;
  }

  /** @brief What ended the cursor before all was given: ::cascade_blockers_cut bits. */
  std::int32_t cut() const noexcept { return cascade_blockers_cut(get()); }

  /** @brief Counts of all relations of a kind, or of all kinds. */
  cascade_blockers_total count(std::int32_t kind, on_failure to CASCADE_OR_THROW) const {
    return detail::filled<cascade_blockers_total>(
        to, [&](cascade_blockers_total *total) { return cascade_blockers_count(get(), kind, total); });
  }

  /** @brief Whether the selection can be deleted: see cascade_blockers_probe(). */
  static probe_answer probe(const connection &connection, const policy &policy, const selection &selection,
                            std::uint64_t max_rows CASCADE_DEFAULTS, on_failure to CASCADE_OR_THROW) {
    probe_answer found;
    std::uint32_t relation = UINT32_MAX;
    detail::call(to, [&](cascade_error **error) {
      return cascade_blockers_probe(connection.get(), policy.get(), selection.get(), max_rows, &found.answer, &relation,
                                    error);
    });
    if (relation != UINT32_MAX) found.relation = relation;
    return found;
  }

  /** @brief All pages as JSON, in one of the shapes of ::cascade_blockers_profile. */
  static std::string json(const connection &connection, const policy &policy, const selection &selection,
                          const blockers_options &options, std::int32_t profile, on_failure to CASCADE_OR_THROW) {
    const detail::raw_blockers_options given(options);
    return detail::text_of(to, [&](char **text, cascade_error **error) {
      return cascade_blockers_json(connection.get(), policy.get(), selection.get(), given.get(), profile, text, error);
    });
  }
};

} // namespace cascade

#endif
