# frozen_string_literal: true

# The binding is what the headers say: every function, every constant, every struct to the byte.

require_relative "helper"

class TestContract < Minitest::Test
  def test_every_function_is_bound
    exported = File.read(File.join(ROOT, "lib/libcascade.map")).scan(/^\s*cascade_(\w+);/).flatten.sort
    bound = Libcascade::Native::REACHING.keys + Libcascade::Native::LOCAL.keys
    assert_equal exported, bound.map(&:to_s).sort, "lib/libcascade/native/functions.rb"
    bound.each { |name| assert_respond_to Libcascade::Native, name }
  end

  # With the number of arguments that the header declares.
  def test_functions_take_what_the_headers_declare
    text = headers
    (Libcascade::Native::REACHING.to_a + Libcascade::Native::LOCAL.to_a).each do |name, (arguments, result)|
      returned, list = text.match(/CASCADE_API\s+([^;(]*?)\bcascade_#{name}\s*\(([^;]*)\);/)&.captures
      assert returned, "cascade_#{name} is not declared"
      declared = list.strip == "void" ? [] : list.split(",").map { |argument| ffi_type(argument) }
      given = arguments.map { |type| type == :string ? :pointer : type }
      assert_equal declared, given, "arguments of cascade_#{name}"
      assert_equal ffi_type("#{returned} x"), result == :string ? :pointer : result, "result of cascade_#{name}"
    end
  end

  # A function that no class calls is out of reach.
  def test_every_function_is_used
    files = Dir[File.join(ROOT, "bindings/ruby/lib/**/*.rb")].reject { |file| file.end_with?("functions.rb") }
    code = files.map { |file| File.read(file) }.join
    names = Libcascade::Native::REACHING.keys + Libcascade::Native::LOCAL.keys
    kinds = code.scan(/^\s+kind :(\w+)/).flatten.map { |kind| :"#{kind}_free" }
    unused = names.reject { |name| kinds.include?(name) || code.match?(/(?::#{name}\b|Native\.#{name}\b|\b#{name}\()/) }
    assert_empty unused - [:version]
  end

  def test_every_struct_is_laid_out_as_the_compiler_does
    wanted = Hash.new { |all, name| all[name] = { members: {} } }
    layout.each do |line|
      case line
      when /\A(cascade_\w+) (\d+)\z/ then @struct = wanted[$1].tap { |struct| struct[:size] = $2.to_i }
      when /\A  (\w+) at (\d+), (\d+)\z/ then @struct[:members][$1.to_sym] = [$2.to_i, $3.to_i]
      end
    end
    assert_operator wanted.size, :>, 30
    wanted.each do |name, struct|
      ours = Libcascade::Native.const_get(name.delete_prefix("cascade_").split("_").map(&:capitalize).join)
      assert_equal struct[:size], ours.size, "size of #{name}"
      members = ours.members.to_h { |member| [member, [ours.offset_of(member), ours.new.send(:layout)[member].size]] }
      assert_equal struct[:members], members, name
    end
  end

  def test_every_constant_is_known
    wanted = layout.grep(/\A(CASCADE_\w+) = (-?\d+)\z/) { [$1, $2.to_i] }.to_h
    assert_operator wanted.size, :>, 100
    assert_equal wanted, Libcascade::Native::CONSTANTS.reject { |name, _| name == "CASCADE_VERSION" }
    wanted.each { |name, value| assert_equal value, Libcascade.const_get(name.delete_prefix("CASCADE_")) }
  end

  def test_every_failure_is_a_class
    statuses = Libcascade::Native::CONSTANTS.select { |name, number| number.negative? &&
        name == Libcascade::Native.status_name(number) }
    statuses.each_value do |number|
      failure = Libcascade::Error::BY_STATUS.fetch(number)
      assert_operator failure, :<, Libcascade::Error
      assert_equal number, failure::STATUS
    end
    assert_equal Libcascade::BLOCKED, Libcascade::BlockedError::STATUS
    assert_equal "CASCADE_CONSTRAINT_FK", Libcascade::ConstraintFkError.new("x").status_name
  end

  def test_versions_agree
    assert_equal Libcascade::VERSION, Libcascade.library_version
    assert_equal Libcascade::Native::CONSTANTS["CASCADE_VERSION"], Libcascade::Native.version
  end

  private

  def layout
    File.readlines(File.join(ROOT, "tests/abi/layout.txt"), chomp: true)
  end

  def headers
    folders = [File.join(ROOT, "include"), File.join(File.dirname(ENV.fetch("LIBCASCADE_PATH")), "../include")]
    files = folders.flat_map { |folder| Dir[File.join(folder, "cascade/*.h")] }
    files.map { |file| File.read(file).gsub(%r{/\*.*?\*/}m, "").gsub(/^\s*#.*$/, "") }.join
  end

  CALLBACKS = /\bcascade_(?:after_batch|fill_rows|\w+_hook)\b/.freeze

  def ffi_type(declared)
    return :pointer if declared.include?("*") || declared.match?(CALLBACKS)

    case declared
    when /\bcascade_status\b|\bint32_t\b/ then :int32
    when /\b(u?int64|uint32)_t\b/ then $1.to_sym
    when /\bvoid\b/ then :void
    else flunk("what is #{declared}?")
    end
  end
end
