# frozen_string_literal: true

module Libcascade
  # Where purges copy every row to before it goes, which take it as their option `archive`.
  #
  #   archive = connection.archive(suffix: "_archive").install(policy, "agent")
  #   connection.purge(policy, selection, archive: archive).run
  class Archive < Connection::Child
    kind :archive

    REPORT = %i[rows bytes cut].freeze
    # Rows of batches that were committed; the length of the file; the bytes of a torn line that were cut off when that was opened.
    Report = Struct.new(*REPORT, keyword_init: true)
    private_constant :REPORT

    WRITE = Native::Callbacks.function(:int32, %i[pointer int32 pointer uint64], :write, failed: 1)
    private_constant :WRITE

    # `file`: lines of JSON are appended to it. `suffix`, `schema`: tables of the same names with the suffix behind, in that schema;
    # see #install. `write` is called with :lines and a text of lines, and with :flush, :keep or :drop and ""; what it raises rolls
    # the batch back, and comes out of the purge. At least one of these. Inside a transaction of the host there can only be tables.
    def self.open(connection, file: nil, write: nil, suffix: nil, schema: nil, &block)
      hooks = Hooks.new(write)
      given = { file: file, suffix: suffix, schema: schema, user_data: Native::Callbacks.register(hooks) }
      given[:write] = WRITE if write
      pointer = connection.within do
        Native.fetch(:archive_free, :archive_new, connection.context, Native::ArchiveOptions.make(**given))
      end
      open_with(new(pointer, connection).hold(hooks), &block)
    end

    # What the library calls.
    class Hooks
      def initialize(write)
        @write = write
      end

      def write(event, lines, length)
        @write.call(ARCHIVE_EVENT.symbol(event), lines.null? ? "" : lines.read_bytes(length).force_encoding(Encoding::UTF_8))
        Native::Callbacks.out_of_time? ? 1 : 0
      end
    end
    private_constant :Hooks

    # Makes the tables that are missing for a table and all from which its purge deletes, and adds columns that these have been
    # given since.
    def install(policy, table)
      within { Native.call(:archive_install, self, @connection, Policy.expect(policy), table.to_s) }
      self
    end

    # The statements that #install would run, for a migration of the host's; nil when nothing is missing.
    def ddl(policy, table)
      within { Native.fetch_text(:archive_ddl, self, @connection, Policy.expect(policy), table.to_s) }
    end

    # What was archived so far.
    def report
      Report.new(**describe(Native::ArchiveReport, :archive_describe).to_h(*REPORT)).freeze
    end
  end
end
