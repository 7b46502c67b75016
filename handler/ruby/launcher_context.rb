# frozen_string_literal: true

require "json"

# The context of a handler: the secrets and parameters of its task. Version 0.1.0.
# From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
#
# A program that <tt>launcher run</tt> started asks for it:
#
#   require_relative "launcher_context"
#
#   context = LauncherContext.get
#   password = context.get_secret("DB_PASSWORD") or abort "no DB_PASSWORD"
#   db_name = context.get_param("db_name", "test")
#
# The variable LAUNCHER_CONTEXT says where the context is: on standard input
# (+stdin+), on a descriptor (<tt>fd:N</tt>), in the environment (+env+), in a
# folder (<tt>files:DIR</tt>) or behind a socket (<tt>unix:PATH</tt>).
#
# One file for Ruby 2.6 and later, with its standard library alone.
class LauncherContext
  # Why a context or a secret cannot be had. No message holds a value.
  class Error < StandardError; end

  # Which run of which task this is: a Hash with +name+, +uid+, +project+,
  # +iteration+, +labels+ and +annotations+.
  attr_reader :metadata

  # The task's spec, without its secret sources: a Hash.
  attr_reader :spec

  # All of the task's parameters: a Hash.
  attr_reader :parameters

  @lock = Mutex.new

  # The context of this process, the same object at every call; the first reads
  # it, and raises an Error where it cannot.
  def self.get
    @lock.synchronize { @context ||= new(*Reader.read(ENV["LAUNCHER_CONTEXT"].to_s)) }
  end

  private_class_method :new

  # The secret of exactly that key; else of the one key that is equal when ASCII
  # letter case is ignored and "-" and "." count as "_" (where two would fit,
  # neither does); else this process's variable of exactly that name; else
  # +default+. An empty value is a value.
  #
  # A value that is UTF-8 is a String in that encoding, any other one in BINARY.
  # Behind a socket each call asks, and raises an Error where nobody answers.
  def get_secret(key, default = nil)
    value = @find.call(String(key)) || ENV[key]
    value ? LauncherContext.text(value) : default
  end

  # The value of a parameter, or +default+ where the task has none.
  def get_param(name, default = nil)
    parameters.fetch(name, default)
  end

  def inspect # :nodoc:
    "#<LauncherContext name=#{metadata["name"].inspect} project=#{metadata["project"].inspect}>"
  end
  alias to_s inspect

  def marshal_dump # :nodoc:
    raise TypeError, "launcher's context holds secrets: it cannot be dumped"
  end

  def self.text(bytes) # :nodoc:
    text = String.new(bytes, encoding: Encoding::UTF_8)
    text.valid_encoding? ? text : text.force_encoding(Encoding::BINARY)
  end

  # find is a Proc, which shows to nobody the secrets that it closes over.
  def initialize(document, find)
    @metadata = Reader.object(document, "metadata")
    @spec = Reader.object(document, "spec")
    @parameters = Reader.object(@spec, "parameters")
    @find = find
  end

  # How the context is read, in each delivery.
  module Reader # :nodoc:
    DEEPEST = 1000 # each level is a call
    WORKERS = "for worker processes use --deliver files or socket"
    ENDED = "the launcher process that serves secrets has ended"

    module_function

    # The context, and a Proc that finds a secret's bytes by its key.
    def read(where)
      kind, rest = where.split(":", 2)
      return behind(rest) if kind == "unix"

      document = parse(json(where, kind, rest))
      secrets = secrets(document, kind, rest)
      [document, ->(key) { match(secrets, key) }]
    end

    def json(where, kind, rest)
      case where
      when "" then raise Error, 'LAUNCHER_CONTEXT is not set: start this program with "launcher run"'
      when "stdin" then stdin
      when "env" then ENV["LAUNCHER_CONTEXT_JSON"] or raise Error, "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set"
      when /\Afd:\d+\z/ then descriptor(rest.to_i)
      when /\Afiles:/ then file(rest, "context.json")
      else raise Error, "unsupported delivery #{kind.inspect} in LAUNCHER_CONTEXT"
      end
    end

    # Standard input is at its end afterwards for child processes too, also where
    # it is a file that could be read again.
    def stdin
      text = $stdin.binmode.read
      raise Error, "standard input holds no context: it was already read, by this process or another; #{WORKERS}" if text.empty?

      begin
        $stdin.reopen(File::NULL)
      rescue SystemCallError
        nil # an image without /dev
      end
      text
    end

    # Reads beside the offset, which processes share.
    def descriptor(number)
      io = IO.for_fd(number, "rb", autoclose: false)
      text = io.pread(io.stat.size, 0)
      text.lstrip.start_with?("{") or raise Error, "descriptor #{number} holds no context; #{WORKERS}"
      text
    rescue SystemCallError, EOFError, ArgumentError => e
      raise Error, "the context on descriptor #{number} cannot be read: #{e.message}; #{WORKERS}"
    end

    # A link could lead out of the folder, and a FIFO may never end.
    def file(folder, name)
      path = File.join(folder, name)
      File.lstat(path).file? or raise Error, "the file #{name.inspect} of LAUNCHER_CONTEXT is not a regular file"
      File.binread(path)
    rescue SystemCallError => e
      raise Error, "the file #{name.inspect} of LAUNCHER_CONTEXT cannot be read: #{e.class.name.split("::").last}"
    end

    # JSON's own messages quote the text.
    def parse(text)
      text = text.dup.force_encoding(Encoding::UTF_8)
      document = begin
        JSON.parse(text, max_nesting: DEEPEST) if text.valid_encoding?
      rescue JSON::ParserError, EncodingError
        nil
      end
      raise Error, "the context is not a JSON object in UTF-8" unless document.is_a?(Hash)
      version = document["version"]
      return document if version.eql?(1)

      raise Error, "the context has an unsupported version#{" (#{version})" if version.is_a?(Integer)}: launcher_context.rb reads version 1"
    end

    def object(document, name)
      object = document[name]
      object = {} if object.nil?
      object.is_a?(Hash) ? object : raise(Error, "the context's #{name.inspect} is not a JSON object")
    end

    # Every secret in bytes, wherever the delivery has put it: only env has them in
    # variables, and only files in the folder.
    def secrets(document, kind, folder)
      readers = {
        "secrets" => ->(text) { text },
        "secrets_base64" => ->(text) { text.unpack1("m0") },
        "secrets_env" => ->(name) { ENV[name] if kind == "env" },
        "secrets_files" => ->(name) { file(folder, name) if kind == "files" && inside?(name) }
      }
      readers.each_with_object({}) do |(place, reader), secrets|
        object(document, place).each do |key, text|
          raise Error, "duplicate secret #{key.inspect} in the context" if secrets.key?(key)

          secrets[key] = value(reader, text, place, key)
        end
      end
    end

    def inside?(name)
      !name.include?("/") && !["", ".", ".."].include?(name)
    end

    def value(reader, text, place, key)
      value = begin
        reader.call(text) if text.is_a?(String)
      rescue ArgumentError # not base64
        nil
      end
      value or raise Error, "the context's #{place} has no value for #{key.inspect}"
    end

    def match(secrets, key)
      secrets.fetch(key) do
        alike = secrets.keys.select { |candidate| fold(candidate) == fold(key) }
        secrets[alike.first] if alike.one?
      end
    end

    def fold(key)
      key.tr("A-Z.-", "a-z__")
    end

    # The context behind a socket, and a Proc that asks there.
    def behind(path)
      status, body = get(path, "/v1/context")
      raise Error, "the launcher did not return the context: #{body}" if status != 200

      document = parse(body)
      secrets(document, "unix", nil)
      [document, ->(key) { ask(path, key) }]
    end

    def ask(path, key)
      segment = key.b.gsub(/[^A-Za-z0-9\-._~]/n) { |byte| Kernel.format("%%%02X", byte.ord) }
      status, body = get(path, "/v1/secrets/#{segment}")
      case status
      when 200 then body
      when 404 then nil
      else raise Error, "secret #{key.inspect}: #{body}"
      end
    end

    # One request; the status and the body.
    def get(path, target)
      require "socket"
      answer = UNIXSocket.open(path) do |socket|
        socket.write("GET #{target} HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n")
        socket.binmode.read
      end
      head, body = answer.split("\r\n\r\n", 2)
      length = head.to_s[/^Content-Length:\s*(\d+)/i, 1]
      return [head[%r{\AHTTP/1\.[01] (\d{3})}, 1].to_i, body] if length && body && body.bytesize == length.to_i

      raise Error, "#{ENDED} (#{path} closed early)"
    rescue SystemCallError, ArgumentError => e
      raise Error, "#{ENDED} (#{e.message})"
    end
  end
  private_constant :Reader
end
