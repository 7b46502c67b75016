package launcher

import "strings"

// steering is the variables that decide what code a process runs or whom it
// trusts (CWE-427). A name that ends in * stands for all that start so, one
// that starts with * for all that end so.
var steering = strings.Fields(`
	LD_* DYLD_* GLIBC_TUNABLES GCONV_PATH
	PATH HOME TMPDIR IFS ENV BASH_ENV BASH_FUNC_* SHELLOPTS BASHOPTS PS4
	PYTHON* NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS
	JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH
	R_PROFILE* R_ENVIRON* PERL5* RUBYOPT RUBYLIB DOTNET_STARTUP_HOOKS GIT_SSH*
	*_PROXY SSL_CERT_* KUBERNETES_* AZURE_* LAUNCHER_*`)

// dangerous reports whether a variable of this name steers the handler. The
// proxies are read in lower case too.
func dangerous(name string) bool {
	if strings.HasSuffix(name, "_proxy") {
		return true
	}
	for _, pattern := range steering {
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
