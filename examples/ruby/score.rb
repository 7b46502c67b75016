# frozen_string_literal: true

# A handler written in Ruby. In an image, launcher_context.rb is a file beside it.
require_relative "../../handler/ruby/launcher_context"

context = LauncherContext.get
name, project, labels = context.metadata.values_at("name", "project", "labels")
puts "#{name} of #{project}, by team #{labels["team"]}"
puts "db_name: #{context.get_param("db_name", "test")}"

key = context.get_secret("signing-key") or abort "no SIGNING_KEY" # SIGNING_KEY answers
puts "SIGNING_KEY: #{key.lines.count} lines"
puts "API_TOKEN: #{context.get_secret("API_TOKEN")[0]}***"
puts "EMPTY: #{context.get_secret("EMPTY").length} characters" # an empty value is a value
puts "PROXY_PASSWORD: #{context.get_secret("PROXY_PASSWORD", "none")}"
