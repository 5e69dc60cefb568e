# frozen_string_literal: true

module Libcascade
  # Pauses between the transactions of purges, fills and workers, which take it as their option `throttle`.
  #
  #   throttle = connection.throttle(sleep_percent: 50, max_load: 20, told: ->(pause) { puts pause.text })
  #   connection.purge(policy, selection, throttle: throttle).run
  class Throttle < Connection::Child
    kind :throttle

    # A pause that has begun, goes on or is over (reason :over).
    Pause = Struct.new(:reason, :waited_ms, :text, keyword_init: true)
    REPORT = %i[pauses sleep_ms host_ms file_ms lag_ms flow_ms load_ms vacuum_ms lag load flow_percent dead_rows].freeze
    Report = Struct.new(*REPORT, :dead_table, keyword_init: true)
    private_constant :REPORT

    ASK = Native::Callbacks.function(:int64, %i[pointer uint64], :ask, failed: -1, gone: 0)
    TOLD = Native::Callbacks.function(:void, %i[pointer pointer], :told)
    private_constant :ASK, :TOLD

    # Options are those of `cascade_throttle_options`. `ask` gets the length of the last transaction in nanoseconds, and gives the
    # milliseconds to wait: 0 goes on, a negative number stops. `told` gets a Pause. What they raise comes out of the work.
    def self.open(connection, replicas: [], ask: nil, told: nil, **options, &block)
      hooks = Hooks.new(ask, told)
      options[:ask] = ASK if ask
      options[:told] = TOLD if told
      options = Native::ThrottleOptions.make(**options, replicas: Native.texts_pointer(replicas), replica_count: replicas.size,
                                             user_data: Native::Callbacks.register(hooks))
      open_with(new(connection.fetch(:throttle_free, :throttle_new, options), connection).hold(hooks), &block)
    end

    # What the library calls.
    class Hooks
      def initialize(ask, told)
        @ask, @told = ask, told
      end

      def ask(last_ns)
        answer = @ask.call(last_ns)
        Native::Callbacks.out_of_time? ? -1 : Integer(answer)
      end

      def told(pause)
        pause = Native::Pause.new(pause)
        @told.call(Pause.new(reason: PAUSE.symbol(pause[:reason]), waited_ms: pause[:waited_ms], text: pause.text(:text)).freeze)
      end
    end
    private_constant :Hooks

    # What was seen and done so far.
    def report
      within do
        info = describe(Native::ThrottleReport, :throttle_describe)
        Report.new(**info.to_h(*REPORT), dead_table: info.text(:dead_table)).freeze
      end
    end
  end
end
