package exposure

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// secretWords is what the name of a secret ends with. A name such as TOKEN_TTL or
// PASSWORD_FILE does not.
var secretWords = []string{
	"SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS", "API KEYS", "API TOKENS",
	"API KEY", "ACCESS KEY", "SECRET KEY", "PRIVATE KEY", "ENCRYPTION KEY", "SIGNING KEY", "ACCOUNT KEY", "SECRET KEY BASE", "FERNET KEY",
	"AUTH KEY", "HMAC KEY", "JWT KEY", "LICENSE KEY", "MASTER KEY", "SHARED KEY",
}

// joinedWords is the same, also at the end of a longer word: PGPASSWORD.
var joinedWords = []string{"PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE"}

// objectWords is what names a Secret of Kubernetes, and not its value.
var objectWords = []string{"PULL SECRET", "TLS SECRET", "EXISTING SECRET"}

// shortWords is the same, for names of more than one word.
var shortWords = []string{"PASS", "PWD"}

// soundsSecret reports whether a name looks like the name of a secret. It is a guess.
func soundsSecret(name string) bool {
	list := words(name)
	if len(list) > 0 && list[0] == "NO" { // --no-password
		return false
	}
	for len(list) > 1 && slices.Contains([]string{"VALUE", "BASE64", "B64", "OLD", "NEW", "1", "2", "3"}, list[len(list)-1]) {
		list = list[:len(list)-1]
	}
	text := " " + strings.Join(list, " ")
	ends := func(word string) bool { return strings.HasSuffix(text, " "+word) }
	joined := func(word string) bool { return strings.HasSuffix(text, word) }
	if slices.ContainsFunc(objectWords, ends) {
		return false
	}
	return slices.ContainsFunc(secretWords, ends) || slices.ContainsFunc(joinedWords, joined) || len(list) > 1 && slices.ContainsFunc(shortWords, ends)
}

// words returns the words of a name in upper case: of DB_PASSWORD, db-password,
// db.password and dbPassword the same two.
func words(name string) []string {
	var split strings.Builder
	lower := false
	for _, r := range name {
		if unicode.IsUpper(r) && lower {
			split.WriteByte(' ')
		}
		lower = unicode.IsLower(r) || unicode.IsDigit(r)
		split.WriteRune(r)
	}
	return strings.FieldsFunc(strings.ToUpper(split.String()), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// plain matches a value that is not a secret, whatever its name: nothing, a number, a word of
// configuration, a path, an encrypted value, a reference to a variable or to another
// store.
var plain = regexp.MustCompile(`(?i)^\s*$|^(true|false|yes|no|on|off|null|~|none|enabled|disabled|required|optional|files)$|^\d{1,6}$|^\.{0,2}/|^[$<>|]|^\{\{|^ENC[\[(]|` +
	`^(vault|ref\+[a-z0-9]+|arn|file|env|secretref):|^\*+$|^x{3,}$`)

// inURL matches a URL with a password or a token, or a connection string with one.
var inURL = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@|(?:^|[;?&\s])(?:password|pwd|accountkey|sharedaccesskey)=([^\s;&]+)|` +
	`[?&](?:sig|token|access_token|api_?key|client_secret)=([^\s;&#]+)|[\w.-]:([^\s/:@]+)@(?:tcp|unix)\(`)

// known matches values that are secrets by their form: private keys, tokens of GitHub,
// GitLab, Slack and Stripe, keys of Google, signed JSON Web Tokens, webhooks of Slack,
// and a header with a credential.
var known = regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----|\bgh[opsur]_[A-Za-z0-9]{36}|\bgithub_pat_\w{22}|\bglpat-[\w-]{20}|\bxox[abeprs]-[\w-]{10}|\bsk_live_\w{16}|` +
	`\bAIza[\w-]{35}|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8}|hooks\.slack\.com/services/\w+/\w+/\w|(?i:\bauthorization: *(?:bearer|basic|token) +|^bearer +)[\w.~+/=-]{6}`)

// holdsPassword reports whether a text has a URL or connection string with a password
// that is written out, or what is a secret by its form.
func holdsPassword(text string) bool {
	for _, found := range inURL.FindAllStringSubmatch(text, -1) {
		password := strings.Trim(strings.Join(found[1:], ""), `"'`)
		if !plain.MatchString(password) && !strings.HasPrefix(password, "{") && !strings.HasPrefix(password, "%") {
			return true
		}
	}
	return known.MatchString(text)
}

// looksSecret reports whether a name and what it is given look like a secret that is
// written out. It is a guess.
func looksSecret(name, value string) bool {
	return !plain.MatchString(value) && soundsSecret(name) || holdsPassword(value)
}

var (
	assignment = regexp.MustCompile(`^-{0,2}([A-Za-z][A-Za-z0-9_.-]*)=(.+)$`)
	longFlag   = regexp.MustCompile(`^--?([A-Za-z][A-Za-z0-9_.-]+)$`)
)

// secretWord is an argument that looks like a secret. A name of "" is a URL's.
type secretWord struct {
	name string
	word int // its index in the command line
}

// secretArguments returns the arguments that look like secrets which are written out:
// --password X, --password=X, NAME=X, and a URL with a password. It looks at the words
// of a script too.
func secretArguments(list []string) (found []secretWord) {
	for i := 0; i < len(list); i++ {
		if strings.ContainsAny(list[i], " \n\t") {
			found = append(found, scriptSecrets(list[i], i)...)
			continue
		}
		if m := assignment.FindStringSubmatch(list[i]); m != nil && looksSecret(m[1], strings.Trim(m[2], `"'`)) {
			found = append(found, secretWord{m[1], i})
			continue
		}
		m := longFlag.FindStringSubmatch(list[i])
		switch {
		case holdsPassword(list[i]):
			found = append(found, secretWord{"", i})
		case m != nil && i+1 < len(list) && soundsSecret(m[1]) && !strings.HasPrefix(list[i+1], "-") && !plain.MatchString(strings.Trim(list[i+1], `"'`)):
			found = append(found, secretWord{m[1], i + 1})
			i++
		}
	}
	return found
}

// scriptSecrets returns what secretArguments finds in a word of several words.
func scriptSecrets(script string, word int) (found []secretWord) {
	words := strings.FieldsFunc(script, func(r rune) bool { return unicode.IsSpace(r) || r == ';' || r == '&' })
	for _, s := range secretArguments(words) {
		found = append(found, secretWord{s.name, word})
	}
	if len(found) == 0 && known.MatchString(script) { // of more than one word
		found = append(found, secretWord{"", word})
	}
	return found
}
