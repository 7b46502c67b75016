Gem::Specification.new do |spec|
  spec.name = "launcher_context"
  spec.version = "0.1.0"
  spec.summary = "The secrets and parameters of a task, for a handler that launcher started"
  spec.license = "Apache-2.0"
  spec.homepage = "https://github.com/seed45446ece/launcher"
  spec.authors = ["The launcher maintainers"]
  spec.required_ruby_version = ">= 2.6"
  spec.require_paths = ["."]
  spec.files = ["launcher_context.rb", "LICENSE"]
end
