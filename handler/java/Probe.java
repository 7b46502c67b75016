import io.github.seed45446ece.launcher.LauncherContext;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

import static java.nio.charset.StandardCharsets.UTF_8;

/** The conformance suite's probe of LauncherContext.java: see ../README.md. */
final class Probe {

    public static void main(String[] args) throws IOException {
        StringBuilder answers = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(args[0]), UTF_8)) {
            String[] parts = (line + " ").split(" ", 2);
            try {
                answers.append(answer(parts[0], parts[1].isEmpty() ? "" : parts[1].substring(0, parts[1].length() - 1)));
            } catch (Exception e) {
                StringWriter trace = new StringWriter();
                e.printStackTrace(new PrintWriter(trace, true));
                answers.append("error ").append(hex(trace.toString()));
            }
            answers.append('\n');
        }
        System.out.print(answers);
    }

    private static String answer(String verb, String name) throws ReflectiveOperationException, IOException {
        if (verb.equals("context")) {
            Files.move(Path.of(name), Path.of(name).resolveSibling("context.json"), StandardCopyOption.REPLACE_EXISTING);
            Field context = LauncherContext.class.getDeclaredField("context");
            context.setAccessible(true);
            context.set(null, null);
            return "none";
        }
        LauncherContext context = LauncherContext.get();
        Object missing = new Object();
        switch (verb) {
            case "secret":
                return secret(context, name).orElse("none");
            case "default":
                return secret(context, name).orElse("text " + hex("the default"));
            case "param":
                Object value = context.getParam(name, missing);
                return value == missing ? "none" : "json " + hex(json(value));
            case "parameters":
                return "json " + hex(json(context.parameters()));
            case "metadata":
                return "json " + hex(json(context.metadata()));
            case "child":
                Process cat = new ProcessBuilder("cat", "/dev/stdin").redirectInput(Redirect.INHERIT).start();
                return "text " + HexFormat.of().formatHex(cat.getInputStream().readAllBytes());
            default:
                StringBuilder shown = new StringBuilder(context.toString());
                for (Field field : LauncherContext.class.getDeclaredFields()) {
                    field.setAccessible(true);
                    shown.append(field.get(context));
                }
                return "text " + hex(shown.toString());
        }
    }

    private static Optional<String> secret(LauncherContext context, String key) {
        try {
            return context.getSecret(key).map(text -> "text " + hex(text));
        } catch (LauncherContext.ContextException e) {
            if (!e.getMessage().contains("getSecretBytes")) {
                throw e;
            }
            return context.getSecretBytes(key).map(bytes -> "bytes " + HexFormat.of().formatHex(bytes));
        }
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(UTF_8));
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(entry -> json(entry.getKey()) + ":" + json(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        } else if (value instanceof List<?> list) {
            return list.stream().map(Probe::json).collect(Collectors.joining(",", "[", "]"));
        } else if (value instanceof String text) {
            return '"' + text.chars().mapToObj(c -> c >= ' ' && c != '"' && c != '\\' ? String.valueOf((char) c)
                    : String.format("\\u%04x", c)).collect(Collectors.joining()) + '"';
        }
        return String.valueOf(value);
    }
}
