# frozen_string_literal: true

module Libcascade
  module Native
    # Finds the shared library, and makes sure that it is of the right version before anything of it is used.
    module Loader
      SONAME = "libcascade.so.0"
      PLACE = "LIBCASCADE_PATH"

      class << self
        # The library's file or name, ready to be attached.
        def find(environment = ENV)
          named = environment[PLACE].to_s
          tried = []
          candidates(named).each do |name, from|
            problem = examine(name)
            return name unless problem

            tried << "#{name} (#{from}): #{problem}"
          end
          raise LoadError, "the library cascade cannot be loaded; tried:\n  #{tried.join("\n  ")}\n#{advice(named)}"
        end

        private

        # What the environment names is meant: nothing else is loaded in its place.
        def candidates(named)
          named.empty? ? [[SONAME, "the system's library path"]] : [[named, PLACE]]
        end

        def advice(named)
          return "set #{PLACE} to the file of libcascade #{VERSION}, or unset it" unless named.empty?

          "install libcascade #{VERSION}, or set #{PLACE} to the file #{SONAME}"
        end

        # What is wrong with a library; nil when nothing is.
        def examine(name)
          library = FFI::DynamicLibrary.open(name, FFI::DynamicLibrary::RTLD_LAZY | FFI::DynamicLibrary::RTLD_LOCAL)
          version = library.find_function("cascade_version")
          return "is no libcascade: it has no function cascade_version" unless version

          number = FFI::Function.new(:uint32, [], version).call
          return if fits?(number)

          "is version #{number / 1_000_000}.#{number / 1000 % 1000}.#{number % 1000}, but this gem is for #{VERSION}"
        rescue LoadError => e
          e.message.lines.first.chomp
        end

        # Before 1.0, a minor version may change anything; a patch only adds.
        def fits?(number)
          major, minor, patch = VERSION.split(".").map(&:to_i)
          wanted = (major * 1_000_000) + (minor * 1000)
          number >= wanted + patch && number < wanted + (major.zero? ? 1000 : 1_000_000)
        end
      end
    end
  end
end
