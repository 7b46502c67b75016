package LauncherContext;

use strict;
use warnings;

use Encode     ();
use Exporter   qw(import);
use JSON::PP   ();
use MIME::Base64 ();

# From https://github.com/seed45446ece/launcher, under the Apache License 2.0.
our $VERSION   = '0.1.0';
our @EXPORT_OK = qw(get_context);

=encoding utf8

=head1 NAME

LauncherContext - the secrets and parameters of the task that launcher runs

=head1 SYNOPSIS

    use LauncherContext qw(get_context);

    my $context  = get_context();
    my $password = $context->get_secret('DB_PASSWORD');
    my $db_name  = $context->get_param('db_name', 'test');

=head1 DESCRIPTION

For a program that C<launcher run> started. The variable LAUNCHER_CONTEXT says
where the context is: on standard input (C<stdin>), on a descriptor (C<fd:N>), in
the environment (C<env>), in a folder (C<files:DIR>) or behind a socket
(C<unix:PATH>). One file for Perl 5.14 and later, with its core modules alone
(5.10 with JSON::PP from CPAN).

=head1 FUNCTIONS

=head2 get_context()

The context of this process, the same object at every call; the first reads it.
Dies with a line that says why it cannot be read. No message holds a value.

=cut

my $context;
my $WORKERS = 'for worker processes use --deliver files or socket';

sub get_context {
    return $context ||= __PACKAGE__->_new(_read());
}

=head1 METHODS

=head2 get_secret($key, $default)

The secret of exactly that key; else of the one key that is equal when ASCII
letter case is ignored and C<-> and C<.> count as C<_> (where two would fit,
neither does); else this process's variable of exactly that name; else the
default, which is undef. An empty value is a value.

A value that is UTF-8 is a string of characters, for which C<utf8::is_utf8> is
true; any other is a string of bytes. Behind a socket each call asks, and dies
where nobody answers.

=cut

sub get_secret {
    my ($self, $key, $default) = @_;
    my $value = $self->{find}->($key);
    return defined $value ? _text($value) : $default;
}

=head2 get_param($name, $default)

The parameter's value as JSON::PP decodes it, or the default where the task has
none.

=cut

sub get_param {
    my ($self, $name, $default) = @_;
    my $parameters = $self->parameters;
    return exists $parameters->{$name} ? $parameters->{$name} : $default;
}

=head2 parameters()

All of the task's parameters, a reference to a hash.

=head2 metadata()

Which run of which task this is, a reference to a hash: name, uid, project,
iteration, labels, annotations.

=head2 spec()

The task's spec without its secret sources, a reference to a hash.

=cut

sub parameters { return $_[0]{spec}{parameters} ||= {} }
sub metadata   { return $_[0]{metadata} }
sub spec       { return $_[0]{spec} }

# What closes over the secrets is code, of which Data::Dumper shows nothing.
sub _new {
    my ($class, $document, $ask) = @_;
    my $self = bless {
        metadata => _object($document, 'metadata'),
        spec     => _object($document, 'spec'),
    }, $class;
    _object($self->{spec}, 'parameters');
    my $secrets = _secrets($document);
    my $find = $ask || sub { return _match($secrets, $_[0]) };
    $self->{find} = sub {
        my ($key) = @_;
        my $value = $find->($key);
        return defined $value ? $value : $ENV{ _bytes($key) };
    };
    return $self;
}

# The context's JSON, decoded, and what asks for a secret where it has none.
sub _read {
    my $where = $ENV{LAUNCHER_CONTEXT};
    die qq{LAUNCHER_CONTEXT is not set: start this program with "launcher run"\n}
        if !defined $where || $where eq '';
    my ($kind, $rest) = split /:/, $where, 2;
    if ($where eq 'stdin') { return _parse(_stdin()) }
    if ($where eq 'env') {
        die "LAUNCHER_CONTEXT is env, and LAUNCHER_CONTEXT_JSON is not set\n"
            if !defined $ENV{LAUNCHER_CONTEXT_JSON};
        return _parse($ENV{LAUNCHER_CONTEXT_JSON});
    }
    if ($kind eq 'fd' && $rest =~ /\A[0-9]+\z/) {
        my $text = _slurp("/proc/self/fd/$rest", "; $WORKERS");
        die "descriptor $rest holds no context; $WORKERS\n" if $text !~ /\A\s*\{/;    # Perl's own file
        return _parse($text);
    }
    if ($kind eq 'files') { return _parse(_slurp("$rest/context.json", '')) }
    if ($kind eq 'unix') {
        my ($status, $body) = _get($rest, '/v1/context');
        die "the launcher did not return the context: $body\n" if $status != 200;
        return (_parse($body), sub { return _ask($rest, $_[0]) });
    }
    die qq{unsupported delivery "$kind" in LAUNCHER_CONTEXT\n};
}

# Standard input is at its end afterwards for child processes too, also where it
# is a file that could be read again.
sub _stdin {
    binmode STDIN, ':raw';
    my $text = do { local $/; <STDIN> };
    die "standard input holds no context: it was already read, by this process or another; $WORKERS\n"
        if !defined $text || $text eq '';
    open STDIN, '<', '/dev/null' or 1;    # an image without /dev
    return $text;
}

sub _slurp {
    my ($path, $advice) = @_;
    my $text;
    if (open my $file, '<:raw', $path) {
        local $/;
        $! = 0;
        $text = <$file>;
        $text = undef if $!;    # a folder can be opened, and not read
    }
    return $text if defined $text;
    die "$path cannot be read: $!$advice\n";
}

# JSON::PP's own messages quote the text, which a handler's __DIE__ may log.
sub _parse {
    my ($text) = @_;
    my $document = eval { local $SIG{__DIE__}; JSON::PP->new->utf8->decode($text) };
    die "the context is not a JSON object in UTF-8\n" if ref $document ne 'HASH';
    my $version = $document->{version};
    $version = '' if !defined $version || $version !~ /\A[0-9]+\z/;
    die 'the context has an unsupported version' . ($version && " ($version)") . ": LauncherContext.pm reads version 1\n"
        if $version ne '1';
    return $document;
}

sub _object {
    my ($document, $name) = @_;
    my $object = $document->{$name} //= {};
    die qq{the context's "$name" is not a JSON object\n} if ref $object ne 'HASH';
    return $object;
}

# Every secret in bytes, wherever the delivery has put it: only env has them in
# variables, and only files in the folder.
sub _secrets {
    my ($document) = @_;
    my ($kind, $folder) = split /:/, $ENV{LAUNCHER_CONTEXT}, 2;
    my %readers = (
        secrets        => \&_bytes,
        secrets_base64 => \&_from_base64,
        secrets_env    => sub { return $kind eq 'env' ? $ENV{ _bytes($_[0]) } : undef },
        secrets_files  => sub { return $kind eq 'files' ? _file($folder, _bytes($_[0])) : undef },
    );
    my %secrets;
    for my $place (sort keys %readers) {
        my $texts = _object($document, $place);
        for my $key (sort keys %$texts) {
            my $text = $texts->{$key};
            my $value = defined $text && !ref $text ? $readers{$place}->($text) : undef;
            die qq{the context's $place has no value for "} . _bytes($key) . qq{"\n} if !defined $value;
            die 'duplicate secret "' . _bytes($key) . qq{" in the context\n} if exists $secrets{$key};
            $secrets{$key} = $value;
        }
    }
    return \%secrets;
}

# The bytes of a regular file of the folder: a link could lead out of it, and a
# FIFO may never end.
sub _file {
    my ($folder, $name) = @_;
    return undef if $name =~ m{\A\.{0,2}\z|[/\0]};
    my $path = "$folder/$name";
    die "$path is not a regular file\n" if lstat $path && !-f _;
    return _slurp($path, '');
}

sub _from_base64 {
    my ($text) = @_;
    my $bytes = MIME::Base64::decode_base64($text);    # skips what is not base64
    return MIME::Base64::encode_base64($bytes, '') eq $text ? $bytes : undef;
}

sub _match {
    my ($secrets, $key) = @_;
    return $secrets->{$key} if exists $secrets->{$key};
    my @alike = grep { _fold($_) eq _fold($key) } keys %$secrets;
    return @alike == 1 ? $secrets->{ $alike[0] } : undef;
}

sub _fold {
    my ($key) = @_;
    $key =~ tr/A-Z\-./a-z__/;
    return $key;
}

# A text as the bytes of its UTF-8.
sub _bytes {
    my ($text) = @_;
    utf8::encode($text);
    return $text;
}

sub _text {
    my ($bytes) = @_;
    my $text = eval { local $SIG{__DIE__}; Encode::decode('UTF-8', my $copy = $bytes, Encode::FB_CROAK) };
    return defined $text ? $text : $bytes;
}

# The secret that the launcher answers with, or undef.
sub _ask {
    my ($path, $key) = @_;
    my $segment = _bytes($key);
    $segment =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ge;
    my ($status, $body) = _get($path, "/v1/secrets/$segment");
    return $body if $status == 200;
    return undef if $status == 404;
    die qq{secret "} . _bytes($key) . qq{": $body\n};
}

# One request; the status and the body.
sub _get {
    my ($path, $target) = @_;
    my $ended = "the launcher process that serves secrets has ended";
    require IO::Socket::UNIX;
    local $SIG{PIPE} = 'IGNORE';
    my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$ended ($path: $!)\n";
    binmode $socket;
    local ($\, $,);
    print {$socket} "GET $target HTTP/1.1\r\nHost: launcher\r\nConnection: close\r\n\r\n";
    $socket->flush;
    my $answer = do { local $/; <$socket> };
    my ($head, $body) = split /\r\n\r\n/, defined $answer ? $answer : '', 2;
    my ($status) = defined $body ? $head =~ m{\AHTTP/1\.[01] ([0-9]{3})} : ();
    my ($length) = defined $status ? $head =~ /^Content-Length:\s*([0-9]+)/im : ();
    die "$ended ($path closed early)\n" if !defined $length || length $body != $length;
    return ($status, $body);
}

1;
