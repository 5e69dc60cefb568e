# frozen_string_literal: true

module Libcascade
  # Symbols for the numbers of one enumeration. What a newer library gives besides stays a number.
  class Enum
    def self.of(prefix, *names)
      new(names.to_h { |name| [name, Native::CONSTANTS.fetch("CASCADE_#{prefix}#{name.to_s.upcase}")] })
    end

    attr_reader :numbers

    def initialize(numbers)
      @numbers = numbers.freeze
      @symbols = numbers.invert.freeze
    end

    def symbol(number)
      @symbols.fetch(number, number)
    end

    # The number of a symbol, or of a text as the database or Django writes it ("SET NULL").
    def number(given)
      return given if given.is_a?(Integer)

      name = given.to_s.downcase.tr(" -", "__").to_sym
      @numbers.fetch(name) { raise ArgumentError, "#{given.inspect} is none of #{@numbers.keys.join(", ")}" }
    end

    # Bits to symbols, and back.
    def set(bits)
      @numbers.filter_map { |name, bit| name if bit.nonzero? && bits & bit == bit }.freeze
    end

    def bits(given)
      given.is_a?(Integer) ? given : Array(given).map { |name| number(name) }.reduce(0, :|)
    end
  end

  RULE = Enum.of("RULE_", :default, :cascade, :protect, :restrict, :set_null, :set_default, :set_value, :ignore, :detach)
  ACTION = Enum.of("ACTION_", :no_action, :restrict, :cascade, :set_null, :set_default)
  TABLE_KIND = Enum.of("TABLE_", :ordinary, :view, :virtual, :missing, :partition)
  TABLE_FLAG = Enum.of("TABLE_", :without_rowid, :delete_trigger, :update_trigger, :in_cycle, :partitioned, :inherited,
      :partition_keys,
                       :row_security, :no_select, :no_delete, :no_update, :not_transactional)
  COLUMN_FLAG = Enum.of("COLUMN_", :not_null, :generated)
  RELATION_FLAG = Enum.of("RELATION_", :nullable, :indexed, :deferrable, :initially_deferred, :to_primary, :to_unique, :self,
      :in_cycle,
                          :declared, :unresolved, :to_many, :match_full, :not_validated)
  HIDDEN = Enum.of("HIDDEN_", :relations, :triggers)
  ACCURACY = Enum.of("", :exact, :at_least, :estimated)
  STEP = Enum.of("STEP_", :delete, :update, :check)
  WARNING = Enum.of("WARN_", :no_index, :triggers, :cycle, :not_null, :rewrites_key)
  BLOCKER = Enum.of("", :blocking, :cascading, :updating, :left_alone)
  COUNT = Enum.of("COUNT_", :none, :capped, :estimated, :exact)
  TOKEN = Enum.of("TOKEN_", :rest, :next, :previous, :down)
  CUT = Enum.of("CUT_", :depth, :followed, :rows, :time)
  PROFILE = Enum.of("PROFILE_", :native, :specify)
  PROBE = Enum.of("PROBE_", :deletable, :blocked, :unknown)
  INTEGRITY = Enum.of("INTEGRITY_", :checked, :proven)
  ALLOW = Enum.of("ALLOW_", :no_filter, :unenforced, :hidden)
  PAUSE = Enum.of("PAUSE_", :over, :sleep, :host, :file, :lag, :flow, :load, :vacuum)
  ARCHIVE_EVENT = Enum.of("ARCHIVE_", :lines, :flush, :keep, :drop)
  FILL_MODE = Enum.of("FILL_", :insert, :update, :merge)
  LOG_LEVEL = Enum.of("LOG_", :none, :warning, :info, :debug)
  TRANSACTION = Enum.of("TX_", :none, :open, :rolled_back, :unknown)
  private_constant :Enum
end
