/**
 * @file value.hpp
 * @brief Typed values, cells, and keys of rows.
 */
#ifndef CASCADE_CPP_VALUE_HPP
#define CASCADE_CPP_VALUE_HPP

#include <cascade/cpp/base.hpp>

#include <limits>
#include <type_traits>

namespace cascade {

/** @brief One value of the database, borrowed from the object that gave it. */
class cell {
public:
  cell() noexcept = default;
  explicit cell(const cascade_value &value) noexcept : value_(value) {}

  /** @brief One of ::cascade_value_type. */
  std::int32_t type() const noexcept { return value_.type; }
  bool is_null() const noexcept { return value_.type == CASCADE_NULL; }

  /** @brief The integer, when it is one that fits. */
  std::optional<std::int64_t> integer() const {
    if (value_.type == CASCADE_INT64 || (value_.type == CASCADE_UINT64 && value_.integer >= 0)) return value_.integer;
    return std::nullopt;
  }

  /** @brief The integer without a sign, when it is one that fits. */
  std::optional<std::uint64_t> unsigned_integer() const {
    if (value_.type == CASCADE_UINT64 || (value_.type == CASCADE_INT64 && value_.integer >= 0))
      return static_cast<std::uint64_t>(value_.integer);
    return std::nullopt;
  }

  /** @brief The floating-point number, when it is one. */
  std::optional<double> real() const {
    return value_.type == CASCADE_DOUBLE ? std::optional<double>(value_.real) : std::nullopt;
  }

  /** @brief The text, or the digits of an exact decimal. */
  std::optional<std::string_view> text() const {
    return value_.type == CASCADE_TEXT || value_.type == CASCADE_DECIMAL ? std::optional(data()) : std::nullopt;
  }

  /** @brief The bytes, when it is a blob. */
  std::optional<std::string_view> bytes() const {
    return value_.type == CASCADE_BLOB ? std::optional(data()) : std::nullopt;
  }

  const cascade_value &raw() const noexcept { return value_; }

private:
  std::string_view data() const {
    return value_.length == 0 ? std::string_view() : std::string_view(value_.data, static_cast<std::size_t>(value_.length));
  }

  cascade_value value_{};
};

/** @brief A value that owns its bytes: for keys, parameters and anchors. */
class value {
public:
  value() = default;
  value(std::nullptr_t) {}
  template <class Integer, std::enable_if_t<std::is_integral_v<Integer>, int> = 0> value(Integer number) {
    value_.type = CASCADE_INT64;
    if constexpr (std::is_unsigned_v<Integer> && sizeof(Integer) == sizeof(std::uint64_t))
      if (number > static_cast<Integer>(std::numeric_limits<std::int64_t>::max())) value_.type = CASCADE_UINT64;
    value_.integer = static_cast<std::int64_t>(number);
  }
  value(double number) {
    value_.type = CASCADE_DOUBLE;
    value_.real = number;
  }
  value(std::string_view text) : value(CASCADE_TEXT, text) {}
  value(const std::string &text) : value(CASCADE_TEXT, text) {}
  value(const char *text) : value(text == nullptr ? CASCADE_NULL : CASCADE_TEXT, detail::plain(text)) {}

  /** @brief A copy of a cell. */
  explicit value(const cell &other) : value_(other.raw()) {
    if (value_.length != 0) bytes_.assign(value_.data, static_cast<std::size_t>(value_.length));
  }

  static value blob(std::string_view bytes) { return value(CASCADE_BLOB, bytes); }
  static value decimal(std::string_view digits) { return value(CASCADE_DECIMAL, digits); }

  /** @brief For the C interface; lives as long as this value is neither changed nor moved. */
  cascade_value raw() const noexcept {
    cascade_value made = value_;
    made.data = bytes_.data();
    made.length = bytes_.size();
    return made;
  }

  /** @brief A look at it. */
  cell look() const noexcept { return cell(raw()); }

private:
  value(std::int32_t type, std::string_view bytes) : bytes_(bytes) { value_.type = type; }

  cascade_value value_{};
  std::string bytes_;
};

namespace detail {
inline std::vector<cascade_value> raw_values(const std::vector<value> &values) {
  std::vector<cascade_value> made;
  for (const auto &one : values) made.push_back(one.raw());
  return made;
}
} // namespace detail

/** @brief Cells of one row, borrowed. */
class cells {
public:
  cells() noexcept = default;
  cells(const cascade_value *data, std::size_t size) noexcept : data_(data), size_(data == nullptr ? 0 : size) {}

  /** @brief The only cell of a row whose key is one integer. */
  explicit cells(std::int64_t integer) noexcept : size_(1) {
    only_.type = CASCADE_INT64;
    only_.integer = integer;
  }
  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  cell operator[](std::size_t at) const noexcept { return cell(data_ == nullptr ? only_ : data_[at]); }
  index_iterator<cells> begin() const { return {*this, 0}; }
  index_iterator<cells> end() const { return {*this, size_}; }

  /** @brief Copies, to be kept. */
  std::vector<value> values() const {
    std::vector<value> copied;
    for (const auto &one : *this) copied.emplace_back(one);
    return copied;
  }

private:
  const cascade_value *data_ = nullptr;
  std::size_t size_ = 0;
  cascade_value only_{};
};

/** @brief Keys of rows of one table, borrowed from the object that gave them. */
class keys {
public:
  keys() noexcept = default;
  explicit keys(const cascade_keys *raw) noexcept : raw_(raw) {}
  std::size_t size() const noexcept { return raw_ == nullptr ? 0 : static_cast<std::size_t>(raw_->count); }
  bool empty() const noexcept { return size() == 0; }

  /** @brief Names of the key's columns. */
  names columns() const { return raw_ == nullptr ? names() : names(raw_->columns, raw_->column_count); }

  /** @brief Whether the key is one integer column, so that integers() has them all. */
  bool are_integers() const noexcept { return raw_ != nullptr && raw_->integers != nullptr; }

  /** @brief The keys as they lie in the library's memory, nothing copied; empty unless are_integers(). */
  view<std::int64_t> integers() const { return are_integers() ? view(raw_->integers, size()) : view<std::int64_t>(); }

  /** @brief One row's key, whatever its type. */
  cells operator[](std::size_t row) const {
    if (raw_->integers != nullptr) return cells(raw_->integers[row]);
    return cells(raw_->cells + row * raw_->column_count, raw_->column_count);
  }
  index_iterator<keys> begin() const { return {*this, 0}; }
  index_iterator<keys> end() const { return {*this, size()}; }
  const cascade_keys *raw() const noexcept { return raw_; }

private:
  const cascade_keys *raw_ = nullptr;
};

} // namespace cascade

#endif
