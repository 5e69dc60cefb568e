# frozen_string_literal: true

module Libcascade
  # What an object of the library is held by. Freed with #close, or when Ruby has no more use for it.
  class Handle
    # One class of pointer for each kind of object.
    class Pointer < FFI::AutoPointer; end

    # Frees a pointer, in whatever thread Ruby finalizes it.
    class Release
      def initialize(free, session)
        @free, @session, @process = free, session, Process.pid
      end

      # In a forked process, the handles are those of the parent: freeing one would end the parent's session.
      def call(pointer)
        return unless Process.pid == @process

        @session ? @session.free_later(@free, pointer) : Native.public_send(@free, pointer)
      end
    end
    private_constant :Release

    # Of a class: what its kind is called in the names of the functions.
    def self.kind(name)
      const_set(:Pointer, Class.new(Pointer))
      const_set(:FREE, :"#{name}_free")
    end

    def self.expect(given)
      given.is_a?(self) ? given : raise(TypeError, "a #{name} is wanted, not #{given.class}")
    end

    # `session`: of objects that belong to a connection.
    def initialize(pointer, session = nil)
      @session, @process = session, Process.pid
      @pointer = self.class::Pointer.new(pointer, Release.new(self.class::FREE, session))
      session&.adopt(self)
    end

    # The pointer, for calls of the library.
    def to_ptr
      raise ClosedError, "this #{self.class.name} is closed" unless (pointer = @pointer)
      return pointer if Process.pid == @process

      raise ForkedError, "this #{self.class.name} was made by process #{@process}; make one in each process"
    end

    # Gives the object up. Again and again, if need be.
    def close
      pointer = CLOSING.synchronize { @pointer.tap { @pointer = nil } } or return
      pointer.autorelease = false
      free(pointer) if Process.pid == @process
      nil
    end
    CLOSING = Mutex.new
    private_constant :CLOSING

    def closed?
      @pointer.nil?
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

    private

    def free(pointer)
      freeing = -> { Native.public_send(self.class::FREE, pointer) }
      @session ? @session.synchronize(&freeing) : freeing.call
    end
  end

  # What the objects of one connection have in common: only one thread at a time is inside the library, and what Ruby finalizes
  # meanwhile, perhaps in another thread, is freed by the next one.
  class Session
    def initialize
      @lock = Monitor.new
      @objects = ObjectSpace::WeakMap.new
      @dead = []
      @over = false
    end

    def adopt(object)
      @objects[object] = true
    end

    def synchronize
      @lock.synchronize do
        bury
        yield
      end
    end

    # From a finalizer. When the connection is finalized too, nobody can be inside.
    def free_later(free, pointer)
      @over = true if free == :connection_free
      @dead << [free, pointer]
      bury if @over
    end

    def close_objects(but)
      @objects.keys.each { |object| object.close unless object.equal?(but) }
    end

    private

    def bury
      while (free, pointer = @dead.shift)
        Native.public_send(free, pointer)
      end
    end
  end
  private_constant :Session
end
