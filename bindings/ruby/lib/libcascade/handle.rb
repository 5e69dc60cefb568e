# frozen_string_literal: true

module Libcascade
  # What an object of the library is held by. Freed with #close, or when Ruby has no more use for it.
  class Handle
    # One class of pointer for each kind of object.
    class Pointer < FFI::AutoPointer; end

    # What is freed once: by #close, with its session, or, in whatever thread, when Ruby finalizes the pointer.
    class Hold
      def initialize(pointer, free, session)
        @pointer, @free, @session, @process = pointer, free, session, Process.pid
        @given_up = false
      end

      # As the releaser of an AutoPointer.
      def call(_pointer)
        @session ? @session.free_later(self) : free
      end

      # From here on, nobody is given the pointer.
      def give_up
        @given_up = true
      end

      def given_up?
        @given_up || @pointer.nil?
      end

      # Gives what callbacks have raised meanwhile, or nil. In a forked process, the handles are those of the parent: freeing one
      # would end the parent's session.
      def free
        pointer, @pointer = @pointer, nil # finalizers run in the midst of anything, and where no lock can be taken
        return unless pointer

        Native::Callbacks.apart { Native.public_send(@free, pointer) } if Process.pid == @process
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

    # Gives the object up. Again and again, if need be. Inside a callback of its connection it goes when that call has ended. What a
    # log raises meanwhile is raised.
    def close
      @hold.give_up
      raised = @session ? @session.free(@hold) : @hold.free
      raise raised if raised

      nil
    end

    def closed?
      @hold.given_up?
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

    protected

    # Of objects that belong to a connection, and of connections.
    attr_reader :session
  end

  # What the objects of one connection have in common: only one thread at a time is inside the library, and what is closed by its
  # callbacks, or what Ruby finalizes meanwhile, perhaps in another thread, is freed when nobody is inside.
  class Session
    @last = 0
    @numbering = Mutex.new

    class << self
      # Runs a block while no other thread uses the sessions, which are always entered in the same order.
      def together(sessions, &block)
        sessions.uniq.sort_by(&:number).reverse.reduce(block) { |inner, session| -> { session.synchronize(&inner) } }.call
      end

      def next_number
        @numbering.synchronize { @last += 1 }
      end
    end

    attr_reader :number

    def initialize
      @number = Session.next_number
      @lock = Mutex.new
      @holds = {}.compare_by_identity
      @dead = []
      @owner = nil
      @inside = @over = false
    end

    def adopt(hold)
      @holds[hold] = true
    end

    def synchronize
      alone do
        next yield if @inside

        begin
          bury
          @inside = true
          yield
        ensure
          @inside = false
          bury
        end
      end
    end

    # Gives what callbacks have raised meanwhile.
    def free(hold)
      alone do
        next remove(hold) unless @inside

        @dead << hold
        nil
      end
    end

    # From a finalizer. When the connection is finalized too, nobody can be inside.
    def free_later(hold)
      @over = true if hold.connection?
      @dead << hold
      bury if @over
    end

    # Gives the first that callbacks have raised.
    def free_objects
      alone do
        @holds.keys.reject(&:connection?).each(&:give_up).map { |hold| free(hold) }.compact.first
      end
    end

    private

    # The lock is a thread's, and not a fiber's, as a Monitor's is: Ruby has enumerators in fibers, which streams are made of.
    def alone
      return yield if @owner.equal?(Thread.current)

      @lock.synchronize do
        @owner = Thread.current
        yield
      ensure
        @owner = nil
      end
    end

    def remove(hold)
      @holds.delete(hold)
      hold.free
    end

    # There is nobody to tell what callbacks raise.
    def bury
      while (hold = @dead.shift)
        remove(hold)
      end
    end
  end
  private_constant :Session
end
