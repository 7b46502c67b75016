<?php

// The conformance suite's probe of LauncherContext.php: see ../README.md.

declare(strict_types=1);

require __DIR__ . '/LauncherContext.php';

function asJson(mixed $value): string
{
    return 'json ' . bin2hex(json_encode($value, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION));
}

function asSecret(?string $value): string
{
    return $value === null ? 'none' : 'value ' . bin2hex($value);
}

function shown(LauncherContext $context): string
{
    ob_start();
    var_dump($context);
    print_r($context);
    var_export($context);
    return 'text ' . bin2hex(ob_get_clean() . json_encode($context));
}

function answer(string $verb, string $name): string
{
    if ($verb === 'context') {
        rename($name, dirname($name) . '/context.json');
        clearstatcache();
        (new ReflectionProperty('LauncherContext', 'context'))->setValue(null, null);
        return 'none';
    }
    $context = LauncherContext::get();
    $missing = new stdClass();
    switch ($verb) {
        case 'secret':
            return asSecret($context->getSecret($name));
        case 'default':
            return asSecret($context->getSecret($name, 'the default'));
        case 'param':
            $value = $context->getParam($name, $missing);
            return $value === $missing ? 'none' : asJson($value);
        case 'parameters':
            return asJson($context->parameters);
        case 'metadata':
            return asJson($context->metadata);
        case 'child':
            return 'text ' . bin2hex((string) shell_exec('cat /dev/stdin'));
    }
    return shown($context);
}

foreach (file($argv[1], FILE_IGNORE_NEW_LINES) as $line) {
    try {
        echo answer(...explode(' ', $line, 2) + [1 => '']), "\n";
    } catch (Exception $e) {
        echo 'error ', bin2hex($e->getMessage() . $e . print_r($e, true)), "\n";
    }
}
