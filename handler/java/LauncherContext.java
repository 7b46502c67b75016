package io.github.seed45446ece.launcher;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

/**
 * The context of a handler: the secrets and parameters of its task. Version 0.1.0.
 * From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
 *
 * <p>A program that {@code launcher run} started asks for it:
 *
 * <pre>{@code
 * LauncherContext context = LauncherContext.get();
 * String password = context.getSecret("DB_PASSWORD").orElseThrow();
 * byte[] keystore = context.getSecretBytes("KEYSTORE").orElseThrow();
 * Object dbName = context.getParam("db_name", "test");
 * }</pre>
 *
 * <p>The variable LAUNCHER_CONTEXT says where the context is: on standard input ({@code stdin}), on a descriptor
 * ({@code fd:N}), in the environment ({@code env}), in a folder ({@code files:DIR}) or behind a socket
 * ({@code unix:PATH}).
 *
 * <p>One file for Java 17 and later, with nothing but {@code java.base}. A copy can have a package of yours.
 */
public final class LauncherContext {

    /** Why a context or a secret cannot be had. No message holds a value. */
    public static final class ContextException extends RuntimeException {
        private static final long serialVersionUID = 1;

        private ContextException(String message) {
            super(message);
        }
    }

    /** Finds a secret by its key, or null: a lambda, of which no printing shows what it holds. */
    private interface Finder {
        byte[] find(String key);
    }

    private static LauncherContext context;

    private final Map<String, Object> metadata;
    private final Map<String, Object> spec;
    private final Map<String, Object> parameters;
    private final Finder finder;

    private LauncherContext(Map<String, Object> document, Finder finder) {
        metadata = object(document, "metadata");
        spec = object(document, "spec");
        parameters = object(spec, "parameters");
        this.finder = finder;
    }

    /**
     * The context of this process, the same object at every call; the first reads it.
     *
     * @throws ContextException with why it cannot be read
     */
    public static synchronized LauncherContext get() {
        if (context == null) {
            context = Reader.read();
        }
        return context;
    }

    /**
     * A secret as text: of exactly that key; else of the one key that is equal when ASCII letter case is ignored and
     * "-" and "." count as "_" (where two would fit, neither does); else this process's variable of exactly that name;
     * else none. An empty value is a value.
     *
     * @throws ContextException where the value is not UTF-8, which {@link #getSecretBytes} gives; behind a socket,
     *     which each call asks, where nobody answers
     */
    public Optional<String> getSecret(String key) {
        return getSecretBytes(key).map(bytes -> {
            String text = text(bytes);
            if (text == null) {
                throw new ContextException("secret " + quote(key) + " is not UTF-8: use getSecretBytes");
            }
            return text;
        });
    }

    /**
     * A secret byte for byte, found as {@link #getSecret} does.
     *
     * @throws ContextException behind a socket, where nobody answers
     */
    public Optional<byte[]> getSecretBytes(String key) {
        byte[] value = finder.find(key);
        return Optional.ofNullable(value != null ? value.clone() : Environment.get(key));
    }

    /** A parameter: what {@link #parameters} has, or the fallback where the task has none. */
    public Object getParam(String name, Object fallback) {
        return parameters.containsKey(name) ? parameters.get(name) : fallback;
    }

    /** A parameter, or null where the task has none. */
    public Object getParam(String name) {
        return parameters.get(name);
    }

    /**
     * All of the task's parameters. A value is null, a Boolean, a String, a Long (a BigInteger where it does not fit), a
     * Double, a List or a Map.
     */
    public Map<String, Object> parameters() {
        return parameters;
    }

    /** Which run of which task this is: name, uid, project, iteration, labels, annotations. */
    public Map<String, Object> metadata() {
        return metadata;
    }

    /** The task's spec, without its secret sources. */
    public Map<String, Object> spec() {
        return spec;
    }

    @Override
    public String toString() {
        return "LauncherContext[name=" + metadata.get("name") + ", project=" + metadata.get("project") + "]";
    }

    private static String text(byte[] bytes) {
        try {
            return UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static String quote(String name) {
        return '"' + name + '"';
    }

    @SuppressWarnings("unchecked") // only Json makes maps, of which each key is a String
    private static Map<String, Object> object(Map<String, Object> document, String name) {
        Object object = document.getOrDefault(name, null);
        if (object == null) {
            return Map.of();
        }
        if (!(object instanceof Map)) {
            throw new ContextException("the context's " + quote(name) + " is not a JSON object");
        }
        return (Map<String, Object>) object;
    }

    /** The environment in bytes: System.getenv damages what the locale, often none, does not know. */
    private static final class Environment {
        private static final Map<String, byte[]> VARIABLES = read();

        static byte[] get(String name) {
            return VARIABLES.get(name);
        }

        private static Map<String, byte[]> read() {
            Map<String, byte[]> variables = new HashMap<>();
            try {
                String all = new String(Files.readAllBytes(Path.of("/proc/self/environ")), ISO_8859_1);
                for (String entry : all.split("\0")) {
                    String[] parts = entry.split("=", 2);
                    if (parts.length == 2) {
                        String name = text(parts[0].getBytes(ISO_8859_1));
                        variables.put(name != null ? name : parts[0], parts[1].getBytes(ISO_8859_1));
                    }
                }
            } catch (IOException e) { // a container without /proc
                System.getenv().forEach((name, value) -> variables.put(name, value.getBytes(UTF_8)));
            }
            return variables;
        }
    }

    /** Reads the context, in each delivery. */
    private static final class Reader {
        private static final String WORKERS = "for worker processes use --deliver files or socket";

        static LauncherContext read() {
            byte[] variable = Environment.get("LAUNCHER_CONTEXT");
            String where = variable == null ? "" : text(variable);
            String[] parts = where.split(":", 2);
            String rest = parts.length == 2 ? parts[1] : "";
            if (parts[0].equals("unix")) {
                Socket socket = new Socket(rest);
                Map<String, Object> document = parse(socket.context());
                secrets(document, "unix", rest);
                return new LauncherContext(document, socket::secret);
            }
            Map<String, Object> document = parse(json(where, parts[0], rest));
            Map<String, byte[]> secrets = secrets(document, parts[0], rest);
            return new LauncherContext(document, key -> match(secrets, key));
        }

        private static byte[] json(String where, String kind, String rest) {
            if (where.isEmpty()) {
                throw new ContextException("LAUNCHER_CONTEXT is not set: start this program with \"launcher run\"");
            } else if (where.equals("stdin")) {
                return stdin();
            } else if (where.equals("env")) {
                byte[] text = Environment.get("LAUNCHER_CONTEXT_JSON");
                if (text == null) {
                    throw new ContextException("LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set");
                }
                return text;
            } else if (where.matches("fd:[0-9]+")) {
                return descriptor(rest);
            } else if (kind.equals("files")) {
                return file(rest + "/context.json", "");
            }
            throw new ContextException("unsupported delivery " + quote(kind) + " in LAUNCHER_CONTEXT");
        }

        /** Closed, descriptor 0 is at its end for child processes too: the JDK puts /dev/null there. */
        private static byte[] stdin() {
            try {
                byte[] text = System.in.readAllBytes();
                if (text.length == 0) {
                    throw new ContextException("standard input holds no context: it was already read, by this process or another; " + WORKERS);
                }
                System.in.close();
                return text;
            } catch (IOException e) {
                throw new ContextException("the context on standard input: " + e.getMessage());
            }
        }

        private static byte[] descriptor(String number) {
            byte[] text = file("/proc/self/fd/" + number, "; " + WORKERS);
            if (!new String(text, ISO_8859_1).stripLeading().startsWith("{")) { // a file that the JVM opened itself
                throw new ContextException("descriptor " + number + " holds no context; " + WORKERS);
            }
            return text;
        }

        private static byte[] file(String name, String advice) {
            try {
                return Files.readAllBytes(path(name));
            } catch (IOException e) {
                String why = e instanceof NoSuchFileException ? "no such file" : e.getClass().getSimpleName();
                throw new ContextException(name + " cannot be read: " + why + advice);
            }
        }

        /** A link could lead out of the folder, and a FIFO may never end. */
        private static byte[] regular(String name) {
            if (Files.exists(path(name), NOFOLLOW_LINKS) && !Files.isRegularFile(path(name), NOFOLLOW_LINKS)) {
                throw new ContextException(name + " is not a regular file");
            }
            return file(name, "");
        }

        private static Map<String, Object> parse(byte[] bytes) {
            String text = text(bytes);
            Object document = text == null ? null : new Json(text).document();
            if (!(document instanceof Map)) {
                throw new ContextException("the context is not a JSON object in UTF-8");
            }
            Object version = ((Map<?, ?>) document).get("version");
            if (!Long.valueOf(1).equals(version)) {
                throw new ContextException("the context has an unsupported version" + (version instanceof Number ? " (" + version + ")" : "")
                        + ": LauncherContext.java reads version 1");
            }
            return object(Map.of("document", document), "document");
        }

        /** Every secret, wherever the delivery has put it: only env has them in variables, and only files in the folder. */
        private static Map<String, byte[]> secrets(Map<String, Object> document, String kind, String folder) {
            Map<String, byte[]> secrets = new HashMap<>();
            for (String place : List.of("secrets", "secrets_base64", "secrets_env", "secrets_files")) {
                object(document, place).forEach((key, text) -> {
                    byte[] value = text instanceof String ? value(place, (String) text, kind, folder) : null;
                    if (value == null) {
                        throw new ContextException("the context's " + place + " has no value for " + quote(key));
                    }
                    if (secrets.put(key, value) != null) {
                        throw new ContextException("duplicate secret " + quote(key) + " in the context");
                    }
                });
            }
            return secrets;
        }

        private static byte[] value(String place, String text, String kind, String folder) {
            switch (place) {
                case "secrets":
                    return text.getBytes(UTF_8);
                case "secrets_base64":
                    try {
                        byte[] bytes = Base64.getDecoder().decode(text); // which takes it without padding
                        return Base64.getEncoder().encodeToString(bytes).equals(text) ? bytes : null;
                    } catch (IllegalArgumentException e) {
                        return null;
                    }
                case "secrets_env":
                    return kind.equals("env") ? Environment.get(text) : null;
                default:
                    boolean inside = !text.matches("\\.{0,2}") && text.indexOf('/') < 0 && text.indexOf('\0') < 0;
                    return kind.equals("files") && inside ? regular(folder + "/" + text) : null;
            }
        }

        private static byte[] match(Map<String, byte[]> secrets, String key) {
            if (secrets.containsKey(key)) {
                return secrets.get(key);
            }
            List<byte[]> alike = new ArrayList<>();
            secrets.forEach((candidate, value) -> {
                if (fold(candidate).equals(fold(key))) {
                    alike.add(value);
                }
            });
            return alike.size() == 1 ? alike.get(0) : null;
        }

        private static String fold(String key) {
            StringBuilder folded = new StringBuilder(key.length());
            for (char c : key.toCharArray()) {
                folded.append(c == '-' || c == '.' ? '_' : c >= 'A' && c <= 'Z' ? (char) (c + 32) : c);
            }
            return folded.toString();
        }
    }

    /** A name as a path, also where the locale knows none of its letters: from a URI it keeps its bytes. */
    private static Path path(String name) {
        return Path.of(URI.create("file://" + escape(name, "/")));
    }

    /** A text with all but what is unreserved in RFC 3986, and what is kept, percent-encoded. */
    private static String escape(String text, String kept) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : text.getBytes(UTF_8)) {
            boolean letter = b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9';
            escaped.append(letter || ("-._~" + kept).indexOf(b) >= 0 ? String.valueOf((char) b) : String.format("%%%02X", b));
        }
        return escaped.toString();
    }

    /** The launcher's socket, which is asked for each secret: HTTP. */
    private static final class Socket {
        private static final Pattern STATUS = Pattern.compile("\\AHTTP/1\\.[01] ([0-9]{3})");
        private static final Pattern LENGTH = Pattern.compile("\\r\\ncontent-length:\\s*([0-9]+)");

        private final String path;

        Socket(String path) {
            this.path = path;
        }

        private record Answer(int status, byte[] body) {
        }

        byte[] context() {
            Answer answer = get("/v1/context");
            if (answer.status != 200) {
                throw new ContextException("the launcher did not return the context: " + new String(answer.body, UTF_8));
            }
            return answer.body;
        }

        byte[] secret(String key) {
            Answer answer = get("/v1/secrets/" + escape(key, ""));
            if (answer.status == 200) {
                return answer.body;
            } else if (answer.status == 404) {
                return null;
            }
            throw new ContextException("secret " + quote(key) + ": " + new String(answer.body, UTF_8));
        }

        private Answer get(String target) {
            byte[] answer;
            String request = "GET " + target + " HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n";
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(path(path)));
                Channels.newOutputStream(channel).write(request.getBytes(ISO_8859_1));
                answer = Channels.newInputStream(channel).readAllBytes();
            } catch (IOException e) {
                throw ended(e.getMessage());
            }
            String text = new String(answer, ISO_8859_1); // a character a byte
            int end = text.indexOf("\r\n\r\n");
            String head = text.substring(0, Math.max(end, 0));
            Matcher status = STATUS.matcher(head);
            Matcher length = LENGTH.matcher(head.toLowerCase(Locale.ROOT));
            byte[] body = Arrays.copyOfRange(answer, Math.min(end + 4, answer.length), answer.length);
            if (!status.find() || !length.find() || !length.group(1).equals(String.valueOf(body.length))) {
                throw ended("closed early");
            }
            return new Answer(Integer.parseInt(status.group(1)), body);
        }

        private ContextException ended(String why) {
            return new ContextException("the launcher process that serves secrets has ended (" + path + ": " + why + ")");
        }
    }

    /** Reads JSON (RFC 8259), which the JDK does not. */
    private static final class Json {
        private static final int DEEPEST = 1000; // each level is a call
        private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?");

        /** What is not JSON, without a word of the text: it holds secrets. */
        private static final class Malformed extends RuntimeException {
            private static final long serialVersionUID = 1;
        }

        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        /** The whole text's value; null where it is not JSON. */
        Object document() {
            try {
                Object value = value(0);
                blanks();
                return at == text.length() ? value : null;
            } catch (Malformed e) {
                return null;
            }
        }

        private char peek() {
            return at < text.length() ? text.charAt(at) : '\0';
        }

        private void blanks() {
            while (at < text.length() && " \t\r\n".indexOf(peek()) >= 0) {
                at++;
            }
        }

        private boolean skip(String word) {
            boolean there = text.startsWith(word, at);
            at += there ? word.length() : 0;
            return there;
        }

        private void expect(String word) {
            if (!skip(word)) {
                throw new Malformed();
            }
        }

        private Object value(int depth) {
            blanks();
            if (depth > DEEPEST) {
                throw new Malformed();
            } else if (peek() == '{') {
                return object(depth + 1);
            } else if (peek() == '[') {
                return array(depth + 1);
            } else if (peek() == '"') {
                return string();
            } else if (skip("null")) {
                return null;
            } else if (skip("true")) {
                return true;
            } else if (skip("false")) {
                return false;
            }
            return number();
        }

        private Map<String, Object> object(int depth) {
            Map<String, Object> object = new LinkedHashMap<>();
            at++;
            blanks();
            for (boolean first = true; !skip("}"); first = false) {
                if (!first) {
                    expect(",");
                    blanks();
                }
                String name = string();
                blanks();
                expect(":");
                object.put(name, value(depth));
                blanks();
            }
            return Collections.unmodifiableMap(object);
        }

        private List<Object> array(int depth) {
            List<Object> array = new ArrayList<>();
            at++;
            blanks();
            for (boolean first = true; !skip("]"); first = false) {
                if (!first) {
                    expect(",");
                }
                array.add(value(depth));
                blanks();
            }
            return Collections.unmodifiableList(array);
        }

        private Number number() {
            Matcher number = NUMBER.matcher(text).region(at, text.length());
            if (!number.lookingAt()) {
                throw new Malformed();
            }
            at = number.end();
            if (number.group(2) != null || number.group(3) != null) {
                return Double.valueOf(number.group());
            }
            BigInteger integer = new BigInteger(number.group());
            return integer.bitLength() < 64 ? (Number) integer.longValue() : integer;
        }

        private String string() {
            expect("\"");
            StringBuilder string = new StringBuilder();
            while (!skip("\"")) {
                char c = peek();
                if (c < ' ') { // the end of the text is one too
                    throw new Malformed();
                }
                at++;
                string.append(c == '\\' ? escaped() : c);
            }
            if (!UTF_8.newEncoder().canEncode(string)) { // half a pair, which UTF-8 has no bytes for
                throw new Malformed();
            }
            return string.toString();
        }

        private char escaped() {
            char c = peek();
            at++;
            int plain = "\"\\/bfnrt".indexOf(c);
            if (plain >= 0) {
                return "\"\\/\b\f\n\r\t".charAt(plain);
            }
            if (c != 'u' || at + 4 > text.length()) {
                throw new Malformed();
            }
            at += 4;
            try {
                return (char) Integer.parseInt(text, at - 4, at, 16);
            } catch (NumberFormatException e) {
                throw new Malformed();
            }
        }
    }
}
