# The conformance suite's probe of LauncherContext.pm: see ../README.md.
use strict;
use warnings;

use Data::Dumper ();
use File::Basename qw(dirname);
use FindBin ();
use JSON::PP ();
use lib $FindBin::Bin;
use LauncherContext qw(get_context);

sub as_hex { my ($text) = @_; utf8::encode($text) if utf8::is_utf8($text); return unpack 'H*', $text }
sub as_json { return 'json ' . unpack 'H*', JSON::PP->new->utf8->allow_nonref->encode($_[0]) }

my ($renewed, $again);

sub answer {
    my ($verb, $name) = @_;
    if ($verb eq 'context') {
        rename $name, dirname($name) . '/context.json' or die "$name: $!";
        ($renewed, $again) = (1, undef);
        return 'none';
    }
    my $context = $renewed ? $again ||= LauncherContext->_new(LauncherContext::_read()) : get_context();
    if ($verb eq 'secret' || $verb eq 'default') {
        my $value = $context->get_secret($name, $verb eq 'default' ? Encode::decode('UTF-8', 'the default') : undef);
        return !defined $value ? 'none' : (utf8::is_utf8($value) ? 'text ' : 'bytes ') . as_hex($value);
    }
    if ($verb eq 'param') {
        my $missing = [];
        my $value = $context->get_param($name, $missing);
        return ref $value && $value == $missing ? 'none' : as_json($value);
    }
    return as_json($context->parameters) if $verb eq 'parameters';
    return as_json($context->metadata)   if $verb eq 'metadata';
    return 'text ' . as_hex(scalar qx(cat /dev/stdin)) if $verb eq 'child';
    return 'text ' . as_hex("$context" . Data::Dumper::Dumper($context) . join ' ', %$context);
}

open my $questions, '<:encoding(UTF-8)', $ARGV[0] or die $!;
while (my $line = <$questions>) {
    chomp $line;
    my $answer = eval { answer(split(/ /, $line, 2), '') };
    print defined $answer ? $answer : 'error ' . as_hex($@), "\n";
}
