<?php

// A handler written in PHP. In an image, LauncherContext.php is a file beside it.

declare(strict_types=1);

require __DIR__ . '/../../handler/php/LauncherContext.php';

$context = LauncherContext::get();
['name' => $name, 'project' => $project, 'labels' => $labels] = $context->metadata;
echo "$name of $project, by team {$labels['team']}\n";
echo 'db_name: ', $context->getParam('db_name', 'test'), "\n";

$key = $context->getSecret('signing-key') ?? throw new RuntimeException('no SIGNING_KEY'); // SIGNING_KEY answers
echo 'SIGNING_KEY: ', count(explode("\n", $key)), " lines\n";
echo 'API_TOKEN: ', $context->getSecret('API_TOKEN')[0], "***\n";
echo 'EMPTY: ', strlen($context->getSecret('EMPTY')), " characters\n"; // an empty value is a value
echo 'PROXY_PASSWORD: ', $context->getSecret('PROXY_PASSWORD', 'none'), "\n";
