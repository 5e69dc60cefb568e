# frozen_string_literal: true

module Libcascade
  # Log of one use of the library. Connections without one share Context.default, which is silent.
  class Context < Handle
    kind :context

    LOG = Native::Callbacks.function(:void, %i[pointer int32 string], :hear)
    private_constant :LOG

    @lock = Mutex.new

    class << self
      # The context of connections that are given none; one in each process.
      def default
        @lock.synchronize do
          @default = nil unless @process == Process.pid
          @process = Process.pid
          @default ||= new
        end
      end
    end

    # `log` is called with a level (:warning, :info, :debug) and a line.
    def initialize(log: nil, level: log ? :warning : :none)
      @log = log
      super(Native.fetch(:context_free, :context_new, options(level)))
    end

    # What the library calls.
    def hear(level, message)
      @log.call(LOG_LEVEL.symbol(level), message.dup.force_encoding(Encoding::UTF_8))
    end

    private

    def options(level)
      return nil unless @log

      Native::ContextOptions.make(log: LOG, log_data: Native::Callbacks.register(self), log_level: LOG_LEVEL.number(level))
    end
  end
end
