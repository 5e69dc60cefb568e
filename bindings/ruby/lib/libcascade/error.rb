# frozen_string_literal: true

module Libcascade
  # A failure of the library. Every status has a subclass of its own: CASCADE_BLOCKED is BlockedError, CASCADE_CONSTRAINT_FK is
  # ConstraintFkError.
  class Error < StandardError
    # The number of the status, its name in the headers.
    attr_reader :status, :status_name
    # The database's own words for it; "" and 0 when it gave none.
    attr_reader :sqlstate, :native_code
    # What it is about; "" when it is about none.
    attr_reader :table, :relation
    # What became of the transaction: :none, :open, :rolled_back or :unknown.
    attr_reader :transaction

    def initialize(message = nil, status: nil, sqlstate: "", native_code: 0, table: "", relation: "", retryable: false,
        transaction: :none)
      super(message)
      @status = status || (self.class.const_defined?(:STATUS) ? self.class::STATUS : Native::CONSTANTS["CASCADE_DATABASE"])
      @status_name = Native.status_name(@status)
      @sqlstate, @native_code, @table, @relation = sqlstate, native_code, table, relation
      @retryable, @transaction = retryable, transaction
    end

    # Whether the same call may succeed when it is made again.
    def retryable?
      @retryable
    end

    class << self
      def of(status, message, **details)
        BY_STATUS.fetch(status, Error).new(message, status: status, **details)
      end

      # The exception for an error of the library, which is freed.
      def take(status, pointer)
        return of(status, Native.status_name(status)) if pointer.null?

        of(Native.error_status(pointer), utf8(Native.error_message(pointer)), sqlstate: utf8(Native.error_sqlstate(pointer)),
           native_code: Native.error_native_code(pointer), table: utf8(Native.error_table(pointer)),
           relation: utf8(Native.error_relation(pointer)), retryable: Native.error_retryable(pointer) == 1,
           transaction: TRANSACTION.symbol(Native.error_transaction(pointer)))
      ensure
        Native.error_free(pointer)
      end

      private

      def utf8(text)
        text.dup.force_encoding(Encoding::UTF_8).freeze
      end
    end
  end

  # Status number to class. A failure's name is the one that the library has for a negative constant.
  Error::BY_STATUS = Native::CONSTANTS.filter_map do |name, number|
    next unless number.negative? && Native.status_name(number) == name

    failure = Class.new(Error)
    failure.const_set(:STATUS, number)
    const_set("#{name.delete_prefix("CASCADE_").split("_").map(&:capitalize).join}Error", failure)
    [number, failure]
  end.to_h.freeze

  # A handle that was closed is used.
  class ClosedError < Error
    STATUS = Native::CONSTANTS.fetch("CASCADE_INVALID")
  end

  # A handle is used in another process than the one that made it.
  class ForkedError < Error
    STATUS = Native::CONSTANTS.fetch("CASCADE_INVALID")
  end
end
