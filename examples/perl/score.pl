# A handler written in Perl. In an image, LauncherContext.pm is a file beside it.
use strict;
use warnings;
use LauncherContext qw(get_context);

my $context = get_context();
my $run     = $context->metadata;
print "$run->{name} of $run->{project}, by team $run->{labels}{team}\n";
print 'db_name: ', $context->get_param('db_name', 'test'), "\n";

my $key = $context->get_secret('signing-key');    # SIGNING_KEY answers
die "no SIGNING_KEY\n" if !defined $key;
print 'SIGNING_KEY: ', scalar split(/\n/, $key), " lines\n";
print 'API_TOKEN: ', substr($context->get_secret('API_TOKEN'), 0, 1), "***\n";
print 'EMPTY: ', length $context->get_secret('EMPTY'), " characters\n";    # an empty value is a value
print 'PROXY_PASSWORD: ', $context->get_secret('PROXY_PASSWORD', 'none'), "\n";
