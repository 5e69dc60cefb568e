# frozen_string_literal: true

module Libcascade
  module Native
    # How the library calls Ruby.
    #
    # There is one C function for each kind of callback, which lives as long as the process: none can be collected while the library
    # still has it. It finds its object by a number, and does nothing when that object is gone. What an object raises never
    # passes through the library: it is kept, the callback reports failure, and Native.call raises it in the end.
    module Callbacks
      RAISED = :libcascade_raised
      OBJECTS = ObjectSpace::WeakMap.new
      LOCK = Mutex.new
      private_constant :RAISED, :OBJECTS, :LOCK
      @last = 0

      class << self
        # A pointer by which callbacks find the object, for as long as something else holds the object.
        def register(object)
          number = LOCK.synchronize do
            OBJECTS[@last += 1] = object
            @last
          end
          FFI::Pointer.new(number)
        end

        # A C function that calls a method of the object that its first argument stands for.
        def function(result, arguments, method, failed: nil, gone: failed)
          FFI::Function.new(result, arguments) do |data, *rest|
            guard(failed) do
              object = OBJECTS[data.address]
              object ? object.public_send(method, *rest) : gone
            end
          end
        end

        # Whether Timeout or Thread#kill waits for the call to end: nothing else does. (Ruby 3.1 crashes when it is asked for a
        # class of exceptions.)
        def out_of_time?
          Thread.pending_interrupt?
        end

        def take_raised
          thread = Thread.current
          raised = thread.thread_variable_get(RAISED)
          thread.thread_variable_set(RAISED, nil) if raised
          raised
        end

        # Runs a block whose callbacks are not those of the call that is under way, if one is; gives what they have raised.
        def apart
          outer = take_raised
          yield
          take_raised
        ensure
          keep(outer) if outer
        end

        # Only what is raised can be carried out. A `throw` or `break` would jump over the library's frames, so it ends here; so
        # does Thread.exit, after which Ruby takes the thread for killed, and kills it no more.
        def guard(failed)
          ended = false
          result = yield
          ended = true
          result
        rescue Exception => e # rubocop:disable Lint/RescueException
          keep(e)
          ended = true
          failed
        ensure
          unless ended
            keep(LocalJumpError.new("a callback of libcascade cannot be left by throw, break or Thread.exit: raise an exception"))
            return failed # rubocop:disable Lint/EnsureReturn
          end
        end

        # Has it raised when the call ends. The first one is what went wrong.
        def keep(exception)
          thread = Thread.current
          thread.thread_variable_set(RAISED, exception) unless thread.thread_variable_get(RAISED)
        end
      end
    end
  end
end
