# frozen_string_literal: true

require "bigdecimal"

module Libcascade
  # Values of the database, between Ruby and the library.
  #
  # nil is NULL; Integer, Float and BigDecimal are numbers; true and false are the integers 1 and 0; a String in binary encoding
  # is bytes and any other text; a Symbol is text.
  module Value
    # One `cascade_value`, for Array#pack and String#unpack.
    FORM = "llqdQQ"
    PARTS = 6
    SIZE = Native::Value.size
    NULL, INT64, UINT64, DOUBLE, TEXT, BLOB, DECIMAL, ANY, INT64_ARRAY =
      %w[NULL INT64 UINT64 DOUBLE TEXT BLOB DECIMAL ANY INT64_ARRAY].map { |name| Native::CONSTANTS.fetch("CASCADE_#{name}") }
    INT64_RANGE = (-(2**63)..((2**63) - 1)).freeze

    module_function

    # Values one after the other in memory that keeps their bytes alive; nil for none. `types`, over and over, are those of the
    # columns where they do not follow from the values.
    def pack(values, types = [ANY])
      return nil if values.empty?

      cells, texts = lay_out(values, types)
      bytes = texts.join("\0") << 0 # the byte behind each text makes a pointer of an empty one, too
      data = FFI::MemoryPointer.new(:char, bytes.bytesize).put_bytes(0, bytes) unless texts.empty?
      point(cells, texts, data.address) if data
      memory = FFI::MemoryPointer.new(SIZE, values.size).put_bytes(0, cells.pack(FORM * values.size))
      memory.tap { memory.instance_variable_set(:@kept, data) }
    end

    # `count` values from memory.
    def unpack(pointer, count)
      return [] if count.zero?

      pointer.get_bytes(0, count * SIZE).unpack(FORM * count).each_slice(6).map do |type, _, number, real, at, length|
        read(type, number, real, at, length)
      end
    end

    # The parts of all cells, one after the other, and the texts that they are to point to.
    def lay_out(values, types)
      texts = []
      width = types.size
      cells = values.each_with_index.flat_map do |value, at|
        type, number, real, text = cell(value, types[at % width])
        next [type, 0, number, real, 0, 0] unless text

        texts << text.b
        [type, 0, number, real, 1, text.bytesize]
      end
      [cells, texts]
    end

    # What has a text gets the address of it.
    def point(cells, texts, address)
      at = -2
      texts.each do |text|
        at += PARTS
        at += PARTS until cells[at] == 1
        cells[at] = address
        address += text.bytesize + 1
      end
    end

    def cell(value, type)
      return [NULL, 0, 0.0] if value.nil?

      case type
      when ANY then own_cell(value)
      when INT64, UINT64 then [type, value, 0.0]
      when DOUBLE then [type, 0, value]
      when TEXT then [type, 0, 0.0, value.encoding == Encoding::UTF_8 ? value : Native.utf8(value)]
      else [type, 0, 0.0, value]
      end
    end

    def own_cell(value)
      case value
      when true then [INT64, 1, 0.0]
      when false then [INT64, 0, 0.0]
      when Integer then integer(value)
      when Float then [DOUBLE, 0, value]
      when BigDecimal then [DECIMAL, 0, 0.0, value.to_s("F")]
      when Symbol then [TEXT, 0, 0.0, Native.utf8(value)]
      when String then value.encoding == Encoding::BINARY ? [BLOB, 0, 0.0, value] : [TEXT, 0, 0.0, Native.utf8(value)]
      else raise TypeError, "a #{value.class} is no value of a database: give a number, a text or nil"
      end
    end

    def integer(value)
      return [INT64, value, 0.0] if INT64_RANGE.cover?(value)
      return [UINT64, value, 0.0] if value.positive? && value < 2**64

      raise RangeError, "#{value} has more than 64 bits; give it as a BigDecimal"
    end

    def read(type, number, real, at, length)
      case type
      when NULL then nil
      when INT64 then number
      when UINT64 then number % (2**64)
      when DOUBLE then real
      when TEXT then bytes(at, length).force_encoding(Encoding::UTF_8).freeze
      when DECIMAL then BigDecimal(bytes(at, length))
      when INT64_ARRAY then FFI::Pointer.new(at).read_array_of_int64(length / 8)
      else bytes(at, length).freeze
      end
    end

    def bytes(at, length)
      length.zero? ? String.new : FFI::Pointer.new(at).read_bytes(length)
    end
  end

  # Keys of one table, copied and frozen: integers, or what the key's column holds, or arrays where the key has several columns.
  class Keys
    include Enumerable

    attr_reader :columns

    def self.at(pointer)
      return nil if pointer.null?

      new(Native::Keys.new(pointer))
    end

    def initialize(keys)
      width = keys[:column_count]
      @columns = keys.texts(:columns, width)
      @all = read(keys, keys[:count], width).freeze
      freeze
    end

    def each(&block)
      return enum_for(:each) { size } unless block

      @all.each(&block)
      self
    end

    def to_a
      @all
    end

    def size
      @all.size
    end
    alias length size

    def empty?
      @all.empty?
    end

    def [](position)
      @all[position]
    end

    private

    def read(keys, count, width)
      return [] if count.zero?
      return keys[:integers].read_array_of_int64(count) unless keys[:integers].null?

      cells = Value.unpack(keys[:cells], count * width)
      width == 1 ? cells : cells.each_slice(width).map(&:freeze)
    end
  end
end
