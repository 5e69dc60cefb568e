# frozen_string_literal: true

module Libcascade
  # What an object of the library is held by. Freed with #close, or when Ruby has no more use for it.
  class Handle
    # One class of pointer for each kind of object.
    class Pointer < FFI::AutoPointer; end

    # What is freed once: by #close, with its session, or, in whatever thread, when Ruby finalizes the pointer.
    class Hold
      ONCE = Monitor.new # finalizers run in the midst of anything, of what is done here too
      private_constant :ONCE

      def initialize(pointer, free, session)
        @pointer, @free, @session, @process = pointer, free, session, Process.pid
      end

      # As the releaser of an AutoPointer.
      def call(_pointer)
        @session ? @session.free_later(self) : free
      end

      # In a forked process, the handles are those of the parent: freeing one would end the parent's session.
      def free
        pointer = ONCE.synchronize { @pointer.tap { @pointer = nil } } or return
        Native.public_send(@free, pointer) if Process.pid == @process
      end

      def freed?
        @pointer.nil?
      end

      def connection?
        @free == :connection_free
      end
    end
    private_constant :Hold

    # Of a class: what its kind is called in the names of the functions.
    def self.kind(name)
      const_set(:Pointer, Class.new(Pointer))
      const_set(:FREE, :"#{name}_free")
    end

    def self.expect(given)
      given.is_a?(self) ? given : raise(TypeError, "a #{name} is wanted, not #{given.class}")
    end

    # `pointer`: as the library gave it. `session`: of objects that belong to a connection.
    def initialize(pointer, session = nil)
      raise TypeError, "a #{self.class} is not made by new, but given by other objects" unless pointer.is_a?(FFI::Pointer)

      @session, @process = session, Process.pid
      @hold = Hold.new(pointer, self.class::FREE, session)
      @pointer = self.class::Pointer.new(pointer, @hold)
      session&.adopt(@hold)
    end

    # The pointer, for calls of the library.
    def to_ptr
      raise ClosedError, "this #{self.class.name} is closed" if closed?
      return @pointer if Process.pid == @process

      raise ForkedError, "this #{self.class.name} was made by process #{@process}; make one in each process"
    end

    # Gives the object up. Again and again, if need be.
    def close
      @session ? @session.free(@hold) : @hold.free
      nil
    end

    def closed?
      @hold.freed?
    end

    def inspect
      "#<#{self.class.name}#{" closed" if closed?}>"
    end

    # A new object; with a block, closed at its end, and the result is the block's.
    def self.open_with(made)
      return made unless block_given?

      begin
        yield made
      ensure
        made.close
      end
    end
    private_class_method :open_with
  end

  # What the objects of one connection have in common: only one thread at a time is inside the library, and what Ruby finalizes
  # meanwhile, perhaps in another thread, is freed by the next one.
  class Session
    def initialize
      @lock = Monitor.new
      @holds = {}.compare_by_identity
      @dead = []
      @over = false
    end

    def adopt(hold)
      @holds[hold] = true
    end

    def synchronize
      @lock.synchronize do
        bury
        yield
      end
    end

    def free(hold)
      synchronize { remove(hold) }
    end

    # From a finalizer. When the connection is finalized too, nobody can be inside.
    def free_later(hold)
      @over = true if hold.connection?
      @dead << hold
      bury if @over
    end

    def free_objects
      @holds.keys.each { |hold| free(hold) unless hold.connection? }
    end

    private

    def remove(hold)
      @holds.delete(hold)
      hold.free
    end

    def bury
      while (hold = @dead.shift)
        remove(hold)
      end
    end
  end
  private_constant :Session
end
