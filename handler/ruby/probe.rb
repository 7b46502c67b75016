# frozen_string_literal: true

# The conformance suite's probe of launcher_context.rb: see ../README.md.

require "json"
require "pp"
require_relative "launcher_context"

def as_json(value)
  "json #{JSON.generate(value).unpack1("H*")}"
end

def as_secret(value)
  return "none" if value.nil?

  "#{value.encoding == Encoding::UTF_8 ? "text" : "bytes"} #{value.unpack1("H*")}"
end

def answer(verb, name)
  if verb == "context"
    File.rename(name, File.join(File.dirname(name), "context.json"))
    LauncherContext.instance_variable_set(:@context, nil)
    return "none"
  end
  context = LauncherContext.get
  case verb
  when "secret" then as_secret(context.get_secret(name))
  when "default" then as_secret(context.get_secret(name, "the default"))
  when "param"
    value = context.get_param(name, missing = Object.new)
    value.equal?(missing) ? "none" : as_json(value)
  when "parameters" then as_json(context.parameters)
  when "metadata" then as_json(context.metadata)
  when "child" then "text #{`cat /dev/stdin`.unpack1("H*")}"
  else
    variables = context.instance_variables.map { |variable| context.instance_variable_get(variable) }
    "text #{"#{context} #{context.inspect} #{context.pretty_inspect} #{variables}".unpack1("H*")}"
  end
end

File.foreach(ARGV[0], chomp: true, encoding: "UTF-8") do |line|
  puts answer(*line.partition(" ").values_at(0, 2))
rescue StandardError => e
  puts "error #{"#{e.message} #{e.inspect}".unpack1("H*")}"
end
