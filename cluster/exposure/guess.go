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
	"PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS",
	"API KEY", "ACCESS KEY", "SECRET KEY", "PRIVATE KEY", "ENCRYPTION KEY", "SIGNING KEY", "ACCOUNT KEY", "SECRET KEY BASE", "FERNET KEY",
}

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
	return slices.ContainsFunc(secretWords, ends) || len(list) > 1 && slices.ContainsFunc(shortWords, ends)
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

// plain matches what is no secret, whatever its name: nothing, a number, a word of
// configuration, a path, a reference to a variable or to another store.
var plain = regexp.MustCompile(`(?i)^\s*$|^(true|false|yes|no|on|off|null|none|enabled|disabled|required|optional)$|^\d{1,6}$|^\.{0,2}/|^[$<>|]|^(vault|ref\+[a-z0-9]+|arn|file|env|secretref):|^\*+$|^x{3,}$`)

// inURL matches a URL with a password, or a connection string with one.
var inURL = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@|(?:^|[;?&\s])(?:password|pwd)=([^\s;&]+)`)

// holdsPassword reports whether a text has a URL or connection string with a password
// that is written out.
func holdsPassword(text string) bool {
	for _, found := range inURL.FindAllStringSubmatch(text, -1) {
		if password := strings.Trim(found[1]+found[2], `"'`); !plain.MatchString(password) {
			return true
		}
	}
	return false
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

// secretArguments returns the names of the arguments that look like secrets which are
// written out: --password X, --password=X, NAME=X, and a URL with a password. It looks
// at the words of a script too. A name of "" is a URL's.
func secretArguments(list []string) (names []string) {
	for i := 0; i < len(list); i++ {
		if strings.ContainsAny(list[i], " \n\t") {
			names = append(names, secretArguments(strings.FieldsFunc(list[i], func(r rune) bool { return unicode.IsSpace(r) || r == ';' || r == '&' }))...)
			continue
		}
		if found := assignment.FindStringSubmatch(list[i]); found != nil && looksSecret(found[1], strings.Trim(found[2], `"'`)) {
			names = append(names, found[1])
			continue
		}
		found := longFlag.FindStringSubmatch(list[i])
		switch {
		case holdsPassword(list[i]):
			names = append(names, "")
		case found != nil && i+1 < len(list) && soundsSecret(found[1]) && !strings.HasPrefix(list[i+1], "-") && !plain.MatchString(strings.Trim(list[i+1], `"'`)):
			names = append(names, found[1])
			i++
		}
	}
	return names
}
