package azure

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAVaultIsInTheCloudOfItsAuthority(t *testing.T) {
	const public, china, government = "https://login.microsoftonline.com/", "https://login.partner.microsoftonline.cn/", "https://login.microsoftonline.us/"
	for _, c := range []struct {
		authority, name string
		want            address
	}{
		{"", "MyVault", address{"myvault.vault.azure.net", public, "https://vault.azure.net"}},
		{"", "https://MyVault.vault.azure.net/", address{"myvault.vault.azure.net", public, "https://vault.azure.net"}},
		{"", "https://abc.vault.azure.cn", address{"abc.vault.azure.cn", china, "https://vault.azure.cn"}},
		{"", "https://abc.vault.usgovcloudapi.net", address{"abc.vault.usgovcloudapi.net", government, "https://vault.usgovcloudapi.net"}},
		// AZURE_AUTHORITY_HOST says which cloud a bare name is in.
		{china, "abc", address{"abc.vault.azure.cn", china, "https://vault.azure.cn"}},
		{"https://login.microsoftonline.us", "abc", address{"abc.vault.usgovcloudapi.net", "https://login.microsoftonline.us", "https://vault.usgovcloudapi.net"}},
		{"https://LOGIN.microsoftonline.us/", "abc", address{"abc.vault.usgovcloudapi.net", "https://LOGIN.microsoftonline.us/", "https://vault.usgovcloudapi.net"}},
		// The names that authorities had before; AKS still gives them to pods.
		{"https://login.chinacloudapi.cn/", "abc", address{"abc.vault.azure.cn", "https://login.chinacloudapi.cn/", "https://vault.azure.cn"}},
		{"https://login.usgovcloudapi.net", "abc", address{"abc.vault.usgovcloudapi.net", "https://login.usgovcloudapi.net", "https://vault.usgovcloudapi.net"}},
		{"https://login.windows.net/", "abc", address{"abc.vault.azure.net", "https://login.windows.net/", "https://vault.azure.net"}},
		// An unknown authority has the public cloud's vaults.
		{"https://login.example.com/", "abc", address{"abc.vault.azure.net", "https://login.example.com/", "https://vault.azure.net"}},
		{"https://127.0.0.1:8443/", "https://abc.vault.azure.cn", address{"abc.vault.azure.cn", "https://127.0.0.1:8443/", "https://vault.azure.cn"}},
	} {
		place, ok := Clouds{Authority: c.authority}.find(c.name)
		require.True(t, ok, "%v", c)
		require.Equal(t, c.want, place)
	}
}

func TestADomainOfTheOperatorsHasVaultsByURLAlone(t *testing.T) {
	clouds := Clouds{Domains: []string{"Vault.Example.com", "localhost:8443", "[::1]:8443", "10.0.0.7", "key_vault:80", "corp"}}
	for name, host := range map[string]string{
		"https://my.vault.example.com": "my.vault.example.com", "https://MY.Vault.example.com/": "my.vault.example.com",
		"https://vault.example.com": "vault.example.com", "https://a.b.vault.example.com": "a.b.vault.example.com",
		"https://localhost:8443/": "localhost:8443", "https://my-vault.localhost:8443": "my-vault.localhost:8443",
		"https://[::1]:8443": "[::1]:8443", "https://10.0.0.7": "10.0.0.7", "https://key_vault:80": "key_vault:80", "https://vault.corp": "vault.corp",
		"my.vault.example.com": "my.vault.example.com", "localhost:8443": "localhost:8443", "https://x.vault.example.com:443": "x.vault.example.com", "HTTPS://x.vault.example.com/": "x.vault.example.com",
	} {
		place, ok := clouds.find(name)
		require.True(t, ok, name)
		require.Equal(t, address{host, microsoftClouds[0].authority, ""}, place, "the vault says what a token is for")
	}
	for _, name := range []string{
		"https://evilvault.example.com", "https://vault.example.com.evil.com", "https://vault.example.com:8443", "https://x.vault.example.com:0443", "https://x.vault.example.com:443:443",
		"https://localhost", "https://localhost:8444", "https://[::1]", "https://[::1]:443", "https://[::2]:8443", "https://10.0.0.8", "https://110.0.0.7",
		"https://my.vault.example.com@evil.com", "https://evil.com#.vault.example.com", "https://evil.com?.vault.example.com", "https://evil.com/.vault.example.com",
		`https://evil.com\.vault.example.com`, "https://evil.com%23.vault.example.com", "https://.vault.example.com", "https://..vault.example.com",
		"https://a..vault.example.com", "https://-.vault.example.com", "https://my.vault.example.com.", "https://u:p@my.vault.example.com",
		"https://my.vault.example.com//", "https://my.vault.example.com/secrets", "https://my.vault.example.com:", "http://my.vault.example.com",
		"https://my.vault.e\u212aample.com", "https://m\u212a.vault.example.com", "https://my\x00.vault.example.com", "https://my vault.example.com", "https://[my.vault.example.com]",
		"https://[::1%25lo]:8443", "https://*.vault.example.com", "https://a,b.vault.example.com", "https://vaultXexample.com",
	} {
		_, ok := clouds.find(name)
		require.False(t, ok, name)
	}
	_, ok := Clouds{}.find("https://my.vault.example.com")
	require.False(t, ok, "a task cannot allow itself a domain")
	place, ok := Clouds{Domains: []string{"azure.net"}}.find("https://abc.vault.azure.net")
	require.True(t, ok)
	require.NotEmpty(t, place.resource, "a domain of the operator's does not take a cloud's vaults away")
	_, ok = Clouds{Domains: []string{"azure.net"}}.find("https://a--b.vault.azure.net")
	require.False(t, ok)
}

// hostile texts are not exactly one host, in some place of a URL.
var hostile = []string{
	"", " ", ".", "..", "/", "a/", "/a", "a/b", "a?b", "a#b", "a#", "a?", "u@a", "u:p@a", "@a", "a:", ":443", "a:b", "a:1:2", "a:99999999", "a b", "a\tb", "a\n", "a\x00",
	`a\b`, "a%2fb", "a%00", "*.a", "a.", ".a", "a..b", "-a", "a-", "ä.example", "a\u212a", "[::1", "::1", "[a]", "[::1]x", "[]", "[::1%25eth0]", "a,b", "a;b", "a'b", `a"b`, "a&b", "a=b", "$a", "(a)", "\ufeffa",
}

func TestAnInvalidHostIsNoAuthorityAndNoDomain(t *testing.T) {
	for _, host := range hostile {
		require.Error(t, CheckDomain(host), "%q", host)
		if host != "" && host != "a/" {
			_, err := ParseAuthority("https://" + host)
			require.Error(t, err, "%q", host)
		}
	}
	for _, authority := range []string{
		"", "https://", "https:///", "http://login.microsoftonline.com/", "//login.microsoftonline.com/",
		"https://login.microsoftonline.com//", "https://login.microsoftonline.com/tenant", "https://login.microsoftonline.com/?x", "https://login.microsoftonline.com#", "https:login.microsoftonline.com",
		" https://login.microsoftonline.com", "https://login.microsoftonline.com ", "https://https://login.microsoftonline.com", "file:///etc/passwd",
	} {
		_, err := ParseAuthority(authority)
		require.Error(t, err, "%q", authority)
	}
	_, err := ParseAuthority("https://user:canary@login.example.com/")
	require.ErrorContains(t, err, "is not the https URL of a host")
	require.NotContains(t, err.Error(), "canary")
	for _, good := range []string{"vault.example.com", "localhost:8443", "LOCALHOST", "10.0.0.1", "10.0.0.1:8443", "[::1]", "[fe80::1]:8443", "key_vault:80", "xn--a.example"} {
		require.NoError(t, CheckDomain(good), good)
		for _, form := range []string{"%", "%/", "https://%", "https://%/", "HTTPS://%"} {
			authority, err := ParseAuthority(strings.ReplaceAll(form, "%", good))
			require.NoError(t, err, good)
			require.Equal(t, "https://"+good+"/", authority)
		}
	}
}

func TestTheAuthoritiesOfMicrosoftsClouds(t *testing.T) {
	for authority, want := range map[string][2]bool{ // known, and by its preferred name
		"https://login.microsoftonline.com/": {true, true}, "https://Login.MicrosoftOnline.com": {true, true}, "https://login.microsoftonline.us": {true, true},
		"https://login.partner.microsoftonline.cn/": {true, true}, "https://login.chinacloudapi.cn/": {true, false}, "https://sts.windows.net": {true, false},
		"": {}, "https://login.example.com/": {}, "https://login.microsoftonline.com.evil.com/": {}, "https://login.microsoftonline.com:8443/": {}, "http://login.microsoftonline.com/": {},
	} {
		require.Equal(t, want, [2]bool{KnownAuthority(authority), PreferredAuthority(authority)}, authority)
	}
}

// FuzzAVaultsNameNeverChangesWhereATokenIsSent has clouds in which every kind
// of address is allowed. Whatever a task names, a token goes to a host below an
// allowed domain, or nowhere.
func FuzzAVaultsNameNeverChangesWhereATokenIsSent(f *testing.F) {
	for _, host := range hostile {
		f.Add(host)
		f.Add("https://" + host + ".vault.azure.net")
		f.Add("https://vault.azure.net" + host)
		f.Add("https://x.vault.example.com" + host)
	}
	for _, name := range []string{"abc", "https://abc.vault.azure.cn/", "https://x.vault.example.com", "https://[::1]:8443/", "https://localhost:8443"} {
		f.Add(name)
	}
	clouds := Clouds{Domains: []string{"vault.example.com", "localhost:8443", "[::1]:8443"}}
	f.Fuzz(func(t *testing.T, name string) {
		place, ok := clouds.find(name)
		if !ok {
			return
		}
		require.True(t, validHost(place.host), "%q", place.host)
		require.Equal(t, strings.ToLower(place.host), place.host)
		require.True(t, consistsOf(place.host, nameChars+"._:[]"), "%q", place.host)
		require.Equal(t, "", strings.Trim(place.host, strings.ToLower(nameChars)+"._:[]"))
		allowed := place.host == "[::1]:8443" || place.host == "localhost:8443" || strings.HasSuffix(place.host, ".localhost:8443") ||
			place.host == "vault.example.com" || strings.HasSuffix(place.host, ".vault.example.com")
		for _, c := range microsoftClouds {
			vault, mine := strings.CutSuffix(place.host, "."+c.domain)
			require.Equal(t, mine, place.resource == "https://"+c.domain)
			if mine {
				require.True(t, validVault(vault), "%q", place.host)
				require.Equal(t, c.authority, place.authority)
			}
			allowed = allowed || mine
		}
		require.True(t, allowed, "%q", place.host)
	})
}
