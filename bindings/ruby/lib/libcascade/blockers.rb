# frozen_string_literal: true

module Libcascade
  # A cursor over the rows that refer to a selection: relation by relation, page by page. Nothing is changed.
  #
  #   connection.blockers(policy, selection, limit: 10) do |blockers|
  #     blockers.each { |page| puts "#{page.relation}: #{page.keys.to_a}" }
  #   end
  class Blockers < Connection::Child
    kind :blockers
    include Enumerable

    # Keys of referencing rows. `relation`, `behind_relation` and those of `path` are Relations; `path_keys` has, for each of
    # `path`, one key for each of `keys`; `first` and `last` are anchors for a request.
    Page = Struct.new(:relation, :kind, :keys, :first, :last, :complete, :partial, :depth, :path, :path_keys, :behind,
        :behind_relation,
                      :count, :count_accuracy, keyword_init: true) do
      alias_method :complete?, :complete
      alias_method :partial?, :partial
    end
    Total = Struct.new(:relations, :references, :accuracy, keyword_init: true)

    class << self
      # Options are those of `cascade_blockers_options`; `requests` are hashes of relation (a Relation or its number), limit,
      # anchor, backward and offset; `token_key` is a secret of 16 to 64 bytes.
      def open(connection, policy, selection, **options, &block)
        pointer = connection.fetch(:blockers_free, :blockers_open, Policy.expect(policy), Selection.expect(selection),
                                   self.options(policy, options))
        open_with(new(pointer, connection, policy), &block)
      end

      def options(_policy, given)
        given = given.dup
        requests = Array(given.delete(:requests)).map { |request| self.request(**request) }
        token_key, count = given.values_at(:token_key, :count)
        given[:token_key] &&= FFI::MemoryPointer.new(:char, token_key.bytesize).put_bytes(0, token_key)
        given[:token_key_length] = token_key&.bytesize
        given[:count] &&= COUNT.number(count)
        Native::BlockersOptions.make(**given, requests: Native.pointers(requests), request_count: requests.size)
      end

      private

      def request(relation:, anchor: nil, **rest)
        anchor &&= Array(anchor)
        Native::BlockersRequest.make(relation: relation.is_a?(Relation) ? relation.number : relation, anchor: anchor &&
            Value.pack(anchor),
                                     anchor_count: anchor&.size, **rest)
      end
    end

    def initialize(pointer, connection, policy)
      super(pointer, connection)
      @policy = policy
    end

    # Each page, from where the cursor stands.
    def each
      return enum_for(:each) unless block_given?

      while (page = self.next)
        yield page
      end
      self
    end
    alias each_page each

    # The next page; nil at the end.
    def next
      within do
        out = FFI::MemoryPointer.new(:pointer)
        call(:blockers_next, out) == Native::CONSTANTS["CASCADE_DONE"] ? nil : read(Native::BlockersPage.new(out.read_pointer))
      end
    end

    # A text from which another process can go on with #blockers, under the same `token_key`: what is left (:rest), of the last
    # page's relation alone (:next, :previous), or one level below the last page (:down). nil when there is nothing to go on
    # with.
    def token(kind = :rest)
      within do
        out = FFI::MemoryPointer.new(:pointer)
        done = call(:blockers_token, TOKEN.number(kind), out) == Native::CONSTANTS["CASCADE_DONE"]
        done ? nil : Native.text_at(out.read_pointer)
      end
    end

    # Why less was given than there is: :depth, :followed, :rows, :time.
    def cut
      CUT.set(within { Native.blockers_cut(self) })
    end

    # Counts of all relations of one kind, or of all kinds.
    def count_of(kind = nil)
      total = describe(Native::BlockersTotal, :blockers_count, kind ? BLOCKER.number(kind) : 0)
      Total.new(relations: total[:relations], references: total[:references], accuracy: ACCURACY.symbol(total[:accuracy])).freeze
    end

    private

    def read(page)
      behind = Keys.at(page[:behind])
      Page.new(relation: @policy.relation(page[:relation]), kind: BLOCKER.symbol(page[:kind]), keys: Keys.at(page[:keys]),
               first: anchor(page, :first), last: anchor(page, :last), complete: page[:complete] == 1, partial: page[:partial] == 1,
               depth: page[:depth], **path(page), behind: behind, behind_relation: behind &&
                   @policy.relation(page[:behind_relation]),
               count: page[:count], count_accuracy: ACCURACY.symbol(page[:count_accuracy])).freeze
    end

    def anchor(page, name)
      page[name].null? ? nil : Value.unpack(page[name], page[:anchor_count]).freeze
    end

    def path(page)
      length = page[:path_length]
      return { path: [].freeze, path_keys: [].freeze } if length.zero?

      { path: page[:path].read_array_of_uint32(length).map { |number| @policy.relation(number) }.freeze,
        path_keys: Array.new(length) { |at| Keys.at(page[:path_keys] + (at * Native::Keys.size)) }.freeze }
    end
  end
end
