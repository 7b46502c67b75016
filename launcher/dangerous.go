package launcher

import "strings"

// steering is the variables that decide what code a process runs or whom it
// trusts (CWE-427). A name that ends in * stands for all that start so, one
// that starts with * for all that end so.
const steering = `
	LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH
	PATH HOME TMPDIR IFS ENV BASH_ENV BASH_FUNC_* SHELLOPTS BASHOPTS PS4
	PYTHON* NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED
	JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH
	R_PROFILE* R_ENVIRON* PERL5* PERLLIB RUBYOPT RUBYLIB GEM_HOME GEM_PATH PHPRC PHP_INI_SCAN_DIR LUA_INIT*
	DOTNET_STARTUP_HOOKS CORECLR_* GIT_SSH* GIT_CONFIG* PROMPT_COMMAND HOSTALIASES RES_OPTIONS
	*_PROXY SSL_CERT_* SSLKEYLOGFILE OPENSSL_* CURL_CA_BUNDLE REQUESTS_CA_BUNDLE
	KUBERNETES_* AZURE_* LAUNCHER_* MLRUN_EXEC_*`

// shells is the variables that dash or bash set to values of their own, or do
// not export: a secret of that name would arrive as something else.
const shells = `
	_ PWD OLDPWD SHLVL OPTIND OPTARG OPTERR LINENO PPID UID EUID GROUPS PS1 PS2 BASH BASH_* BASHPID RANDOM SRANDOM SECONDS
	EPOCH* HISTCMD DIRSTACK FUNCNAME PIPESTATUS COMP_* HOSTTYPE MACHTYPE OSTYPE REPLY`

// dangerous is what a variable of this name does to a handler that makes it no
// place for a secret, or "". The proxies are read in lower case too.
func dangerous(name string) string {
	switch {
	case matches(steering, name), strings.HasSuffix(name, "_proxy"):
		return "steers the loader, the shell or an interpreter"
	case matches(shells, name):
		return "is one that a shell sets itself"
	}
	return ""
}

func matches(patterns, name string) bool {
	for pattern := range strings.FieldsSeq(patterns) {
		before, after, wild := strings.Cut(pattern, "*")
		switch {
		case !wild && name == pattern:
			return true
		case wild && strings.HasPrefix(name, before) && strings.HasSuffix(name, after):
			return true
		}
	}
	return false
}
