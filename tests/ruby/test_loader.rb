# frozen_string_literal: true

# How the library is found: what is refused, and what is said of it.

require_relative "helper"

class TestLoader < Minitest::Test
  LOAD = "begin; require 'libcascade'; puts Libcascade.library_version; rescue LoadError => e; puts e.message; exit 3; end"

  def load_with(path)
    out, err, status = ruby(LOAD, env: { "LIBCASCADE_PATH" => path })
    assert_empty err
    [out, status.exitstatus]
  end

  def build(folder, name, source)
    File.join(folder, name).tap do |library|
      out, status = Open3.capture2e(ENV.fetch("CC", "cc"), "-shared", "-fPIC", "-x", "c", "-", "-o", library, stdin_data: source)
      assert_predicate status, :success?, out
    end
  end

  def test_the_file_that_the_environment_names
    assert_equal ["#{Libcascade::VERSION}\n", 0], load_with(ENV.fetch("LIBCASCADE_PATH"))
  end

  # Where nothing is said, by the name that has the ABI's number.
  def test_by_the_versioned_name
    Dir.mktmpdir do |folder|
      File.symlink(ENV.fetch("LIBCASCADE_PATH"), File.join(folder, "libcascade.so.0"))
      out, err, status = ruby(LOAD, env: { "LIBCASCADE_PATH" => nil, "LD_LIBRARY_PATH" => folder })
      assert_equal ["#{Libcascade::VERSION}\n", "", 0], [out, err, status.exitstatus]
      out, _, status = ruby(LOAD, env: { "LIBCASCADE_PATH" => nil, "LD_LIBRARY_PATH" => "/nowhere" })
      assert_match(/tried:\n  libcascade\.so\.0 \(the system's library path\): /, out) unless status.success?
    end
  end

  def test_a_file_that_is_not_there
    out, status = load_with("/nowhere/libcascade.so")
    assert_equal 3, status
    assert_match(%r{tried:\n  /nowhere/libcascade\.so \(LIBCASCADE_PATH\): .*No such file}, out)
    assert_match(/set LIBCASCADE_PATH/, out)
  end

  def test_another_version
    Dir.mktmpdir do |folder|
      library = build(folder, "old.so", "unsigned cascade_version(void) { return 9999003; }")
      out, status = load_with(library)
      assert_equal 3, status
      assert_match(/old\.so \(LIBCASCADE_PATH\): is version 9\.999\.3, but this gem is for #{Libcascade::VERSION}/, out)
    end
  end

  def test_what_is_no_libcascade
    Dir.mktmpdir do |folder|
      out, status = load_with(build(folder, "other.so", "int other;"))
      assert_equal 3, status
      assert_match(/is no libcascade: it has no function cascade_version/, out)
    end
  end

  def test_a_part_of_a_libcascade
    Dir.mktmpdir do |folder|
      version = Libcascade::Native::CONSTANTS["CASCADE_VERSION"]
      out, status = load_with(build(folder, "part.so", "unsigned cascade_version(void) { return #{version}; }"))
      assert_equal 3, status
      assert_match(/part\.so is not the whole of libcascade #{Libcascade::VERSION}: .*cascade_/, out)
    end
  end
end
