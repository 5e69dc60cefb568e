# frozen_string_literal: true

require "ffi"
require "timeout"
require_relative "version"
require_relative "native/loader"
require_relative "native/functions"
require_relative "native/structs"
require_relative "native/callbacks"

module Libcascade
  # The library as it is: functions, structs and numbers. Programs use the classes of Libcascade instead.
  module Native
    extend FFI::Library

    NULL = FFI::Pointer::NULL
    # What Thread#kill, and the end of the interpreter, send to a thread is an Integer to Ruby.
    THROWN = { Timeout::Error => :never, Integer => :never }.freeze
    private_constant :THROWN

    def self.attach(path)
      ffi_lib path
      { REACHING => true, LOCAL => false }.each do |functions, blocking|
        functions.each do |name, (arguments, result)|
          attach_function name, "cascade_#{name}", arguments, result, blocking: blocking
        end
      end
    rescue FFI::NotFoundError => e
      raise LoadError, "#{path} is not the whole of libcascade #{VERSION}: #{e.message}"
    end
    private_class_method :attach

    attach(Loader.find)

    # Value of every constant of the headers, as the library that is loaded has it.
    CONSTANTS = {}.tap do |found|
      value = FFI::MemoryPointer.new(:int64)
      (0..).each do |position|
        name = constant_name(position) or break
        constant(name, value)
        found[name] = value.read_int64
      end
    end.freeze

    class << self
      # UTF-8 text that is borrowed; nil for a NULL pointer.
      def text_at(pointer)
        pointer.null? ? nil : pointer.read_string.force_encoding(Encoding::UTF_8).freeze
      end

      def utf8(text)
        text = text.to_s
        text.encoding == Encoding::BINARY ? text.dup.force_encoding(Encoding::UTF_8) : text.encode(Encoding::UTF_8)
      end

      def text_pointer(text)
        text = utf8(text)
        raise ArgumentError, "#{text.inspect} holds a NUL byte" if text.include?("\0")

        FFI::MemoryPointer.from_string(text)
      end

      # An array of `const char *`, which keeps the texts alive.
      def texts_pointer(texts)
        pointers(texts.map { |text| text_pointer(text) })
      end

      # An array of pointers, which keeps what they point to alive: memory or structs.
      def pointers(kept)
        return nil if kept.empty?

        FFI::MemoryPointer.new(:pointer, kept.size).tap do |array|
          array.write_array_of_pointer(kept.map(&:to_ptr))
          array.instance_variable_set(:@kept, kept)
        end
      end

      # Reads a text that the caller owns, and frees it.
      def take_text(pointer)
        text_at(pointer)
      ensure
        text_free(pointer)
      end

      # Calls a function that takes an error last; raises it, or what a callback has raised. The status is returned.
      def call(name, *arguments)
        error = FFI::MemoryPointer.new(:pointer)
        status = unhurried(name, *arguments, error)
        if (raised = Callbacks.take_raised)
          error_free(error.read_pointer)
          raise raised
        end
        raise Error.take(status, error.read_pointer) if status.negative?

        status
      end

      # Calls a function whose result is a pointer, before the error. `free` undoes it when the caller is not to have it.
      def fetch(free, name, *arguments)
        out = FFI::MemoryPointer.new(:pointer)
        call(name, *arguments, out)
        given = true
        out.read_pointer
      ensure
        public_send(free, out.read_pointer) unless given
      end

      # Timeout and Thread#kill throw their way out, which would jump over the library's frames: they have to wait until these are
      # left. Callbacks see that they wait, and give up.
      def unhurried(name, *arguments)
        Thread.handle_interrupt(THROWN) { public_send(name, *arguments) }
      end

      def fetch_text(name, *arguments)
        take_text(fetch(:text_free, name, *arguments))
      end

      # Calls a function that fills a struct of the caller's, and says only by its status what is wrong.
      def describe(record, name, *arguments)
        made = record.make
        status = public_send(name, *arguments, made)
        raise Error.of(status, "#{name}: no such number") if status.negative?

        made
      end
    end
  end

  # Every constant of the headers without its prefix, such as RULE_PROTECT.
  Native::CONSTANTS.each { |name, value| const_set(name.delete_prefix("CASCADE_"), value) unless name == "CASCADE_VERSION" }
end
