<?php

declare(strict_types=1);

/**
 * The context of a handler: the secrets and parameters of its task. Version 0.1.0.
 * From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
 *
 * A program that "launcher run" started asks for it:
 *
 *     require __DIR__ . '/LauncherContext.php';
 *
 *     $context = LauncherContext::get();
 *     $password = $context->getSecret('DB_PASSWORD') ?? throw new RuntimeException('no DB_PASSWORD');
 *     $dbName = $context->getParam('db_name', 'test');
 *
 * The variable LAUNCHER_CONTEXT says where the context is: on standard input
 * (stdin), on a descriptor (fd:N), in the environment (env), in a folder
 * (files:DIR) or behind a socket (unix:PATH).
 *
 * One file for the command line of PHP 8.1 and later, with its own extensions.
 */
final class LauncherContext
{
    private const ENDED = "the launcher process that serves secrets has ended";

    private static ?self $context = null;

    /** @var array<string> every secret by key; static, as var_dump shows no such property */
    private static array $secrets = [];

    private const WORKERS = 'for worker processes use --deliver files or socket';

    /** The socket that is asked for each secret, or null. */
    private static ?string $socket = null;

    /** @var resource|null what holds descriptor 0 once the context was read from it */
    private static $null = null;

    /** @var array<string, mixed> which run of which task this is: name, uid, project, iteration, labels, annotations */
    public readonly array $metadata;

    /** @var array<string, mixed> the task's spec, without its secret sources */
    public readonly array $spec;

    /** @var array<string, mixed> all of the task's parameters; a JSON object is an array too */
    public readonly array $parameters;

    /**
     * The context of this process, the same object at every call; the first reads it.
     *
     * @throws RuntimeException with why it cannot be read; no message holds a value
     */
    public static function get(): self
    {
        return self::$context ??= new self(self::parse(self::read((string) getenv('LAUNCHER_CONTEXT'))));
    }

    /**
     * The secret of exactly that key; else of the one key that is equal when ASCII letter case is ignored and "-" and
     * "." count as "_" (where two would fit, neither does); else this process's variable of exactly that name; else the
     * default. An empty value is a value. A value that is not UTF-8 is a string too, of its bytes.
     *
     * @throws RuntimeException behind a socket, which each call asks, where nobody answers
     */
    public function getSecret(string $key, ?string $default = null): ?string
    {
        $value = self::$socket !== null ? self::ask(self::$socket, $key) : self::match($key);
        if ($value !== null) {
            return $value;
        }
        $value = getenv($key);
        return $value === false ? $default : $value;
    }

    /** The parameter's value, or the default where the task has none. */
    public function getParam(string $name, mixed $default = null): mixed
    {
        return array_key_exists($name, $this->parameters) ? $this->parameters[$name] : $default;
    }

    /** @param array<string, mixed> $document */
    private function __construct(#[\SensitiveParameter] array $document)
    {
        $this->metadata = self::object($document, 'metadata');
        $this->spec = self::object($document, 'spec');
        $this->parameters = self::object($this->spec, 'parameters');
        self::$secrets = self::secrets($document);
    }

    public function __serialize(): array
    {
        throw new LogicException("launcher's context cannot be serialized");
    }

    private function __clone()
    {
    }

    /** The context's JSON. */
    private static function read(string $where): string
    {
        [$kind, $rest] = explode(':', $where, 2) + [1 => ''];
        switch (true) {
            case $where === '':
                throw new RuntimeException('LAUNCHER_CONTEXT is not set: start this program with "launcher run"');
            case $where === 'stdin':
                return self::stdin();
            case $where === 'env':
                $text = getenv('LAUNCHER_CONTEXT_JSON');
                return $text !== false ? $text
                    : throw new RuntimeException('LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set');
            case $kind === 'fd' && ctype_digit($rest):
                return self::descriptor($rest);
            case $kind === 'files':
                return self::file("$rest/context.json");
            case $kind === 'unix':
                self::$socket = $rest;
                [$status, $body] = self::request($rest, '/v1/context');
                return $status === 200 ? $body : throw new RuntimeException("the launcher did not return the context: $body");
        }
        throw new RuntimeException("unsupported delivery \"$kind\" in LAUNCHER_CONTEXT");
    }

    /**
     * Standard input is at its end afterwards for child processes too, also where it is a file that could be read again.
     * The constant STDIN is closed.
     */
    private static function stdin(): string
    {
        $text = (string) file_get_contents('php://stdin');
        if ($text === '') {
            throw new RuntimeException('standard input holds no context: it was already read, by this process or another; ' . self::WORKERS);
        }
        if (defined('STDIN') && is_resource(STDIN)) {
            fclose(STDIN);
            self::$null = @fopen('/dev/null', 'rb') ?: null; // the lowest free descriptor, 0
        }
        return $text;
    }

    private static function descriptor(string $number): string
    {
        $file = @fopen("php://fd/$number", 'rb');
        $text = $file !== false && rewind($file) ? stream_get_contents($file) : false;
        if ($text && ltrim($text)[0] !== '{') { // a file that PHP opened itself
            $text = false;
        }
        return $text ?: throw new RuntimeException("the context on descriptor $number cannot be read; " . self::WORKERS);
    }

    /** The bytes of a regular file: a link could lead out of the folder, and a FIFO may never end. */
    private static function file(string $path): string
    {
        $text = !is_link($path) && is_file($path) ? @file_get_contents($path) : false;
        return $text !== false ? $text : throw new RuntimeException("$path cannot be read");
    }

    /** @return array<string, mixed> */
    private static function parse(#[\SensitiveParameter] string $text): array
    {
        $document = json_decode($text, true, 1 << 16);
        if (!is_array($document) || ltrim($text)[0] !== '{') {
            throw new RuntimeException('the context is not a JSON object in UTF-8');
        }
        $version = $document['version'] ?? null;
        return $version === 1 ? $document
            : throw new RuntimeException('the context has an unsupported version' . (is_int($version) ? " ($version)" : '') . ': LauncherContext.php reads version 1');
    }

    /** @return array<string, mixed> */
    private static function object(#[\SensitiveParameter] array $document, string $name): array
    {
        $object = $document[$name] ?? [];
        return is_array($object) ? $object // an object as an array; PHP does not keep which it was
            : throw new RuntimeException("the context's \"$name\" is not a JSON object");
    }

    /**
     * @return array<string> every secret, wherever the delivery has put it: only env has them in variables, and only files
     *     in the folder
     */
    private static function secrets(#[\SensitiveParameter] array $document): array
    {
        [$kind, $folder] = explode(':', (string) getenv('LAUNCHER_CONTEXT'), 2) + [1 => ''];
        $inside = fn (string $name) => !in_array($name, ['', '.', '..'], true) && !str_contains($name, '/');
        $readers = [
            'secrets' => fn (string $text) => $text,
            'secrets_base64' => fn (string $text) => self::bytes($text),
            'secrets_env' => fn (string $name) => $kind === 'env' ? getenv($name) : false,
            'secrets_files' => fn (string $name) => $kind === 'files' && $inside($name) ? self::file("$folder/$name") : false,
        ];
        $secrets = [];
        foreach ($readers as $place => $reader) {
            foreach (self::object($document, $place) as $key => $text) {
                if (isset($secrets[$key])) {
                    throw new RuntimeException("duplicate secret \"$key\" in the context");
                }
                $value = is_string($text) ? $reader($text) : false;
                $secrets[$key] = $value !== false ? $value
                    : throw new RuntimeException("the context's $place has no value for \"$key\"");
            }
        }
        return $secrets;
    }

    /** The bytes of base64 with padding; base64_decode takes it without. */
    private static function bytes(#[\SensitiveParameter] string $text): string|false
    {
        $bytes = base64_decode($text, true);
        return $bytes !== false && base64_encode($bytes) === $text ? $bytes : false;
    }

    private static function match(string $key): ?string
    {
        if (isset(self::$secrets[$key])) {
            return self::$secrets[$key];
        }
        $keys = array_map('strval', array_keys(self::$secrets)); // PHP keeps the key "1" as 1
        $alike = array_filter($keys, fn (string $candidate) => self::fold($candidate) === self::fold($key));
        return count($alike) === 1 ? self::$secrets[reset($alike)] : null;
    }

    private static function fold(string $key): string
    {
        return strtr($key, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ-.', 'abcdefghijklmnopqrstuvwxyz__');
    }

    private static function ask(string $path, string $key): ?string
    {
        [$status, $body] = self::request($path, '/v1/secrets/' . rawurlencode($key));
        return match ($status) {
            200 => $body,
            404 => null,
            default => throw new RuntimeException("secret \"$key\": $body"),
        };
    }

    /** @return array{int, string} the status and the body of one request */
    private static function request(string $path, string $target): array
    {
        $socket = @stream_socket_client("unix://$path", $number, $problem);
        if ($socket === false) {
            throw new RuntimeException(self::ENDED . " ($path: $problem)");
        }
        stream_set_timeout($socket, 86400); // a vault may be slow, and the launcher knows its own deadline
        @fwrite($socket, "GET $target HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n");
        [$head, $body] = explode("\r\n\r\n", (string) @stream_get_contents($socket), 2) + [1 => ''];
        fclose($socket);
        if (
            !preg_match('~\AHTTP/1\.[01] ([0-9]{3})~', $head, $status)
            || !preg_match('~^Content-Length:\s*([0-9]+)~im', $head, $length)
            || strlen($body) !== (int) $length[1]
        ) {
            throw new RuntimeException(self::ENDED . " ($path closed early)");
        }
        return [(int) $status[1], $body];
    }
}
