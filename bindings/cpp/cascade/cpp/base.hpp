/**
 * @file base.hpp
 * @brief What everything else stands on: failures and exceptions, views, handles, and callbacks that may throw.
 */
#ifndef CASCADE_CPP_BASE_HPP
#define CASCADE_CPP_BASE_HPP

#include <cascade.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#if __cplusplus >= 202002L
#include <ranges>
#endif

/* Defaults of the parameters before the last one, and of the last one of every function that can fail: it throws. Where there are
   no exceptions there are no defaults either, so that no failure is overlooked. */
#if defined(__cpp_exceptions)
#define CASCADE_DEFAULTS = {}
#define CASCADE_OR_THROW = ::cascade::on_failure()
#else
#define CASCADE_DEFAULTS
#define CASCADE_OR_THROW
#endif

namespace cascade {

namespace detail {

inline std::optional<std::string_view> some(const char *text) {
  return text == nullptr || *text == '\0' ? std::nullopt : std::optional<std::string_view>(text);
}

inline std::string_view plain(const char *text) { return text == nullptr ? std::string_view() : std::string_view(text); }

/** A text that holds a NUL byte would be cut there, and could be another's name: it becomes one that nothing has. */
inline const char *uncut(const std::string &text) {
  return text.find('\0') == std::string::npos ? text.c_str() : "\x7f";
}

inline const char *or_null(const std::optional<std::string> &text) { return text ? uncut(*text) : nullptr; }

/** A struct of the C interface, all zero but for its size. */
template <class Struct> Struct sized() {
  Struct made{};
  made.size = sizeof made;
  return made;
}

} // namespace detail

/** @brief Why a call failed. Empty, and false, when it did not. Copies share what is told. */
class failure {
public:
  failure() noexcept = default;

  /** @brief Takes the error over, which may be NULL. */
  failure(cascade_status status, cascade_error *error) : status_(status), error_(error, cascade_error_free) {}

  /** @brief Whether there was a failure. */
  explicit operator bool() const noexcept { return status_ < 0; }

  /** @brief One of ::cascade_status_code. */
  cascade_status status() const noexcept { return error_ ? cascade_error_status(error_.get()) : status_; }

  /** @brief Its name, such as "CASCADE_BLOCKED". */
  const char *name() const noexcept { return cascade_status_name(status_); }

  /** @brief One line for a person; "" without a failure. */
  const char *message() const noexcept {
    return error_ ? cascade_error_message(error_.get()) : status_ < 0 ? name() : "";
  }

  /** @brief SQLSTATE of the database's own error. */
  std::optional<std::string_view> sqlstate() const { return detail::some(cascade_error_sqlstate(error_.get())); }

  /** @brief Table that it is about. */
  std::optional<std::string_view> table() const { return detail::some(cascade_error_table(error_.get())); }

  /** @brief Relation that it is about. */
  std::optional<std::string_view> relation() const { return detail::some(cascade_error_relation(error_.get())); }

  /** @brief The database's own error number, or 0. */
  std::int64_t native_code() const noexcept { return cascade_error_native_code(error_.get()); }

  /** @brief Whether the same call may succeed when made again. */
  bool retryable() const noexcept { return cascade_error_retryable(error_.get()) != 0; }

  /** @brief What became of the transaction: one of ::cascade_transaction_state. */
  std::int32_t transaction() const noexcept { return cascade_error_transaction(error_.get()); }

private:
  cascade_status status_ = CASCADE_OK;
  std::shared_ptr<cascade_error> error_;
};

/** @brief The exception of every call that fails. */
class error : public std::exception, public failure {
public:
  explicit error(failure why) : failure(std::move(why)) {}

  /** @brief Makes one: for drivers, and for hooks. */
  error(cascade_status status, const std::string &message, std::int32_t transaction = CASCADE_TX_NONE,
        const std::optional<std::string> &sqlstate = std::nullopt, std::int64_t native_code = 0)
      : failure(create(status, message, transaction, sqlstate, native_code)) {}

  const char *what() const noexcept override { return message(); }

private:
  static failure create(cascade_status status, const std::string &message, std::int32_t transaction,
                        const std::optional<std::string> &sqlstate, std::int64_t native_code) {
    auto details = detail::sized<cascade_error_details>();
    details.status = status;
    details.transaction = transaction;
    details.native_code = native_code;
    details.sqlstate = detail::or_null(sqlstate);
    details.message = message.c_str();
    cascade_error *made = nullptr;
    status = cascade_error_create(nullptr, &details, &made);
    return failure(status, made);
  }
};

/** @brief What a call does when it fails: throws cascade::error; or, given a cascade::failure, fills that in. */
class on_failure {
public:
#if defined(__cpp_exceptions)
  on_failure() noexcept = default;
#endif
  on_failure(failure &to) : to_(&to) { to = failure(); }

  /** @brief Tells the failure. */
  void tell(failure why) const {
#if defined(__cpp_exceptions)
    if (to_ == nullptr) throw error(std::move(why));
#endif
    *to_ = std::move(why);
  }

private:
  failure *to_ = nullptr;
};

/** @brief Text for C, borrowed for a call. */
class zstring {
public:
  zstring(const char *text) noexcept : text_(text) {}
  zstring(const std::string &text) noexcept : text_(detail::uncut(text)) {}
  const char *get() const noexcept { return text_; }

private:
  const char *text_;
};

/** @brief Elements side by side that another object owns. A `std::span` can be made of it where there is one. */
template <class Element> class view {
public:
  view() noexcept = default;
  view(const Element *data, std::size_t size) noexcept : data_(data), size_(data == nullptr ? 0 : size) {}
  const Element *data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const Element *begin() const noexcept { return data_; }
  const Element *end() const noexcept { return size_ == 0 ? data_ : data_ + size_; }
  const Element &operator[](std::size_t at) const noexcept { return data_[at]; }

private:
  const Element *data_ = nullptr;
  std::size_t size_ = 0;
};

/** @brief Iterator over a small view that makes its elements when asked: `source[0]`, `source[1]` and so on. */
template <class Source> class index_iterator {
public:
  using iterator_category = std::input_iterator_tag;
  using value_type = decltype(std::declval<const Source &>()[0]);
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = value_type;

  index_iterator() = default;
  index_iterator(Source source, std::uint64_t at) : source_(source), at_(at) {}
  value_type operator*() const { return source_[at_]; }
  index_iterator &operator++() { return ++at_, *this; }
  index_iterator operator++(int) {
    auto before = *this;
    return ++at_, before;
  }
  friend bool operator==(const index_iterator &one, const index_iterator &other) { return one.at_ == other.at_; }
  friend bool operator!=(const index_iterator &one, const index_iterator &other) { return one.at_ != other.at_; }

private:
  Source source_{};
  std::uint64_t at_ = 0;
};

/** @brief Names, as the C interface gives them: a view of string_views. */
class names {
public:
  names() noexcept = default;
  names(const char *const *data, std::size_t size) noexcept : data_(data), size_(data == nullptr ? 0 : size) {}
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view operator[](std::size_t at) const { return detail::plain(data_[at]); }
  index_iterator<names> begin() const { return {*this, 0}; }
  index_iterator<names> end() const { return {*this, size_}; }

private:
  const char *const *data_ = nullptr;
  std::size_t size_ = 0;
};

namespace detail {

/** What a callback has thrown, on its way through C to the call that led to it. */
inline thread_local std::exception_ptr carried;

/** Stands around every call that may lead to a callback. One inside a callback of another keeps that one's exception. */
class through_c {
public:
  through_c() : outer_(std::exchange(carried, nullptr)) {}
  ~through_c() { carried = std::move(outer_); }
  through_c(const through_c &) = delete;
  through_c &operator=(const through_c &) = delete;

  void arrive(cascade_status status, cascade_error *error, const on_failure &to) {
    if (carried) {
      cascade_error_free(error);
      std::rethrow_exception(std::exchange(carried, nullptr));
    }
    if (status < 0) to.tell(failure(status, error));
  }

private:
  std::exception_ptr outer_;
};

/** Runs a callback on behalf of C: nothing is thrown beyond it. Gives `otherwise` when it threw. */
template <class Result, class Callback> Result guarded(Result otherwise, Callback &&callback) noexcept {
#if defined(__cpp_exceptions)
  try {
    return callback();
  } catch (...) {
    if (!carried) carried = std::current_exception();
    return otherwise;
  }
#else
  (void)otherwise;
  return callback();
#endif
}

template <class Call> cascade_status call(const on_failure &to, Call &&made) {
  through_c scope;
  cascade_error *error = nullptr;
  const cascade_status status = made(&error);
  scope.arrive(status, error, to);
  return status;
}

/** A call that gives a text away. */
template <class Call> std::string text_of(const on_failure &to, Call &&made) {
  through_c scope;
  cascade_error *error = nullptr;
  char *text = nullptr;
  const cascade_status status = made(&text, &error);
  const std::unique_ptr<char, decltype(&cascade_text_free)> owned(text, cascade_text_free);
  scope.arrive(status, error, to);
  return owned ? std::string(owned.get()) : std::string();
}

/** A struct that the library fills in. */
template <class Struct, class Call> Struct filled(const on_failure &to, Call &&made) {
  auto info = sized<Struct>();
  call(to, [&](cascade_error **) { return made(&info); });
  return info;
}

/** Callbacks and drivers that must live as long as any object of the library that may call them. */
using keep = std::shared_ptr<const void>;

inline keep join(const keep &one, const keep &other) {
  if (!other || one == other) return one;
  return one ? keep(std::make_shared<std::pair<keep, keep>>(one, other)) : other;
}

inline std::vector<const char *> pointers(const std::vector<std::string> &texts) {
  std::vector<const char *> found;
  for (const auto &text : texts) found.push_back(uncut(text));
  return found;
}

} // namespace detail

/** @brief Says that an object of C is taken over: `cascade::graph(cascade::take, raw)`. */
struct take_t {
  explicit take_t() = default;
};
inline constexpr take_t take{};

/** @brief Owner of one object of the library: to be moved, not copied. Objects may go in any order. */
template <class Object, void (*Free)(Object *)> class handle {
public:
  handle() noexcept = default;

  /** @brief Takes over an object that C code made. */
  handle(take_t, Object *owned) noexcept : object_(owned) {}
  handle(handle &&other) noexcept : keep_(std::move(other.keep_)), object_(std::exchange(other.object_, nullptr)) {}
  handle &operator=(handle &&other) noexcept {
    if (this != &other) {
      reset();
      object_ = std::exchange(other.object_, nullptr);
      keep_ = std::move(other.keep_);
    }
    return *this;
  }
  handle(const handle &) = delete;
  handle &operator=(const handle &) = delete;
  ~handle() { reset(); }

  /** @brief The object, for functions of C; NULL in one that was moved from, or could not be made. */
  Object *get() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }

  /** @brief Frees the object now. */
  void reset() noexcept {
    if (object_ != nullptr) {
      detail::through_c scope; // whatever a callback throws here, there is nobody to tell
      Free(std::exchange(object_, nullptr));
    }
    keep_.reset();
  }

  /** @brief What the object needs to live. */
  const detail::keep &kept() const noexcept { return keep_; }

protected:
  template <class Call> void make(const on_failure &to, detail::keep keep, Call &&made) {
    detail::through_c scope;
    cascade_error *error = nullptr;
    reset();
    keep_ = std::move(keep);
    const cascade_status status = made(&object_, &error);
    scope.arrive(status, error, to);
  }

  detail::keep keep_;

private:
  Object *object_ = nullptr;
};

/** @brief An object in the options of others: keeps alive what it needs to live, and not the object itself. */
template <class Handle> class borrowed {
public:
  borrowed() = default;
  borrowed(const Handle &from) : keep_(from.kept()), object_(from.get()) {}
  auto get() const noexcept { return object_; }
  const detail::keep &kept() const noexcept { return keep_; }

private:
  detail::keep keep_;
  decltype(std::declval<const Handle &>().get()) object_ = nullptr;
};

/** @brief Iterator over what an object gives one by one: pages, batches, ranges. Single pass. */
template <class Source> class next_iterator {
public:
  using item = decltype(std::declval<Source &>().next(std::declval<on_failure>()));
  using iterator_category = std::input_iterator_tag;
  using reference = decltype(*std::declval<const item &>());
  using value_type = std::remove_cv_t<std::remove_reference_t<reference>>;
  using difference_type = std::ptrdiff_t;
  using pointer = const value_type *;

  next_iterator() = default;
  explicit next_iterator(Source &source) : source_(&source) { ++*this; }
  reference operator*() const { return *item_; }
  pointer operator->() const { return &*item_; }
  next_iterator &operator++() {
    item_ = source_->next();
    return *this;
  }
  void operator++(int) { ++*this; }
  friend bool operator==(const next_iterator &one, const next_iterator &other) { return !one.item_ == !other.item_; }
  friend bool operator!=(const next_iterator &one, const next_iterator &other) { return !(one == other); }

private:
  Source *source_ = nullptr;
  item item_{};
};

/** @brief Makes a range of an object with next(). Each step may throw: without exceptions, call next() instead. */
template <class Source> class one_by_one {
public:
  next_iterator<Source> begin() { return next_iterator<Source>(static_cast<Source &>(*this)); }
  next_iterator<Source> end() { return {}; }
};

/** @brief Version of the library that is loaded: major * 1,000,000 + minor * 1,000 + patch. */
inline std::uint32_t version() noexcept { return cascade_version(); }

/** @brief The same as text. */
inline const char *version_string() noexcept { return cascade_version_string(); }

/** @brief Value of a constant of the headers, by name. */
inline std::optional<std::int64_t> constant(zstring name) noexcept {
  std::int64_t value = 0;
  if (cascade_constant(name.get(), &value) < 0) return std::nullopt;
  return value;
}

/** @brief Names of all constants of the headers. */
inline std::vector<std::string_view> constants() {
  std::vector<std::string_view> found;
  while (const char *name = cascade_constant_name(static_cast<std::uint32_t>(found.size()))) found.emplace_back(name);
  return found;
}

} // namespace cascade

#if __cplusplus >= 202002L
template <class Element> inline constexpr bool std::ranges::enable_borrowed_range<cascade::view<Element>> = true;
#endif

#endif
