package launcher

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed45446ece/launcher/launcher/task"
	"github.com/seed45446ece/launcher/resolve"
)

// refused is names that steer code, trust or configuration: glibc's list of what
// a privileged program must not read (sysdeps/generic/unsecvars.h), sudo's
// env_delete, and what an interpreter, a tool or a library reads.
const refused = `
	LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT LD_X DYLD_INSERT_LIBRARIES GLIBC_TUNABLES GCONV_PATH GETCONF_DIR HOSTALIASES LOCALDOMAIN
	LOCPATH MALLOC_ARENA_MAX MALLOC_ARENA_TEST MALLOC_CHECK_ MALLOC_MMAP_MAX_ MALLOC_MMAP_THRESHOLD_ MALLOC_PERTURB_ MALLOC_TOP_PAD_
	MALLOC_TRACE MALLOC_TRIM_THRESHOLD_ NIS_PATH NLSPATH RESOLV_HOST_CONF RES_OPTIONS TMPDIR TZDIR MUSL_LOCPATH
	PATH HOME IFS ENV BASH_ENV BASH_FUNC_ls SHELLOPTS BASHOPTS PS4 ZDOTDIR PROMPT_COMMAND CDPATH FPATH BASH_LOADABLES_PATH
	PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONWARNINGS PIP_INDEX_URL UV_INDEX_URL PYTEST_ADDOPTS GUNICORN_CMD_ARGS AIRFLOW__CORE__SQL_CMD
	NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED npm_config_registry NPM_CONFIG_REGISTRY nPm_cOnfig_script_shell Dotnet_Startup_Hooks COMPlus_X BUN_OPTIONS
	BUN_INSPECT_PRELOAD YARN_YARN_PATH DENO_CERT TS_NODE_PROJECT
	JAVA_TOOL_OPTIONS _JAVA_OPTIONS JDK_JAVA_OPTIONS OPENJ9_JAVA_OPTIONS IBM_JAVA_OPTIONS CLASSPATH JAVA_OPTS HADOOP_CLASSPATH
	MAVEN_OPTS SPARK_SUBMIT_OPTS SPARK_DAEMON_JAVA_OPTS PYSPARK_PYTHON PYSPARK_DRIVER_PYTHON PYSPARK_SUBMIT_ARGS
	R_PROFILE R_PROFILE_USER R_ENVIRON R_ENVIRON_USER R_LIBS R_LIBS_USER R_LIBS_SITE R_HOME R_DEFAULT_PACKAGES R_UNZIPCMD
	PERL5LIB PERL5OPT PERL5DB PERLLIB PERLIO_DEBUG RUBYOPT RUBYLIB BUNDLE_GEMFILE GEM_HOME DLN_LIBRARY_PATH
	LUA_PATH LUA_PATH_5_4 LUA_CPATH LUA_CPATH_5_4 LUA_INIT LUA_INIT_5_4 PHPRC PHP_INI_SCAN_DIR XDEBUG_CONFIG
	ERL_FLAGS ERL_AFLAGS ERL_ZFLAGS ERL_LIBS JULIA_LOAD_PATH JULIA_PROJECT JULIA_DEPOT_PATH
	DOTNET_STARTUP_HOOKS DOTNET_ADDITIONAL_DEPS DOTNET_ROOT CORECLR_PROFILER CORECLR_PROFILER_PATH COR_PROFILER MONO_PATH
	ASPNETCORE_HOSTINGSTARTUPASSEMBLIES GODEBUG GOFLAGS RUSTC_WRAPPER CARGO_HOME
	MAKEFLAGS MAKEFILES CC NVCC_PREPEND_FLAGS ASAN_OPTIONS LESS LESSOPEN LESSCLOSE EDITOR PAGER TAR_OPTIONS RSYNC_RSH PSQLRC VIMINIT
	DBUS_SESSION_BUS_ADDRESS GIT_SSH GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_CONFIG_COUNT GIT_ASKPASS GIT_EXEC_PATH GIT_TRACE
	OMP_TOOL_LIBRARIES CUDA_INJECTION64_PATH NCCL_NET_PLUGIN OMPI_MCA_plm_rsh_agent VK_ICD_FILENAMES KRB5_CONFIG ODBCSYSINI
	HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY FTP_PROXY http_proxy https_proxy all_proxy no_proxy ftp_proxy Https_Proxy
	SSL_CERT_FILE SSL_CERT_DIR SSLKEYLOGFILE OPENSSL_CONF OPENSSL_MODULES CURL_CA_BUNDLE REQUESTS_CA_BUNDLE AWS_CONFIG_FILE DOCKER_CONFIG
	KUBECONFIG KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS KUBERNETES_PORT KUBERNETES_PORT_443_TCP
	AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_TENANT_ID AZURE_CLIENT_CERTIFICATE_PATH AZURE_CLIENT_CERTIFICATE_PASSWORD AZURE_PASSWORD
	AZURE_FEDERATED_TOKEN_FILE AZURE_AUTHORITY_HOST AZURE_CONFIG_DIR IDENTITY_HEADER MSI_SECRET
	LAUNCHER_TASK LAUNCHER_SECRETS LAUNCHER_BIN LAUNCHER_CONTEXT LAUNCHER_CONTEXT_JSON MLRUN_EXEC_CONFIG MLRUN_EXEC_CODE
	MLRUN_DBPATH`

// passed is names that look like the refused ones and steer nothing.
const passed = `
	DB_PASSWORD AZURE_STORAGE_CONNECTION_STRING AZURE_STORAGE_KEY AZURE_OPENAI_API_KEY AZURE_SUBSCRIPTION_ID AZURE_DEVOPS_EXT_PAT
	TRUST_PROXY TRUSTED_PROXY trusted_proxy REVERSE_PROXY MY_PROXY_PASSWORD KUBERNETES_TOKEN KUBERNETES_NAMESPACE KUBE_TOKEN
	LAUNCHER_LICENSE LAUNCHER_API_KEY MLRUN_ACCESS_KEY MLRUN_K8S_SECRET__A V3IO_ACCESS_KEY GIT_TOKEN GIT_ACCESS_TOKEN GIT_PASSWORD
	GIT_USERNAME GITHUB_TOKEN GH_TOKEN NPM_TOKEN NODE_AUTH_TOKEN YARN_NPM_AUTH_TOKEN CARGO_REGISTRY_TOKEN UV_INDEX_MINE_PASSWORD
	COMPOSER_AUTH AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_REGION GOOGLE_APPLICATION_CREDENTIALS GOOGLE_API_KEY
	PGPASSWORD PGHOST MYSQL_PWD REDIS_URL DATABASE_URL SSL_KEY SSL_PASSWORD OPENSSH_KEY JAVA_KEYSTORE_PASSWORD SPARK_AUTH_SECRET
	AIRFLOW__CORE__FERNET_KEY DJANGO_SECRET_KEY FLASK_SECRET_KEY JUPYTER_TOKEN TF_VAR_password RUBY_TOKEN R_TOKEN DOCKER_AUTH_CONFIG
	DOCKER_PASSWORD LESSON_KEY HOMEPAGE_TOKEN PATHFINDER ENVIRONMENT GOOGLE_KEY CCC USER PASSWORD TOKEN KEY`

// TestField6OnlyNamesThatSteerSomethingAreRefused has both lists.
func TestField6OnlyNamesThatSteerSomethingAreRefused(t *testing.T) {
	for name := range strings.FieldsSeq(refused) {
		require.True(t, strings.HasPrefix(dangerous(name), "steers "), name)
	}
	for name := range strings.FieldsSeq(passed) {
		require.Empty(t, dangerous(name), name)
	}
}

func TestAllowEnvTakesPatternsAndLists(t *testing.T) {
	for _, c := range []struct {
		allow, name string
		allowed     bool
	}{
		{"", "PATH", false},
		{"PATH", "PATH", true},
		{"PATH", "PATHS", false},
		{"path", "PATH", false},
		{"AZURE_*", "AZURE_CLIENT_ID", true},
		{"AZURE_*", "AZURE", false},
		{"*_PROXY", "HTTPS_PROXY", true},
		{"HOME,PATH", "PATH", true},
		{" HOME , PATH ,", "PATH", true},
		{"HOME,AZURE_*", "AZURE_TENANT_ID", true},
		{"A*A", "A", false},
		{"*", "LD_PRELOAD", true},
		{",", "PATH", false},
	} {
		allowed := EnvOptions{Allow: []string{"OTHER", c.allow}}.allows(c.name)
		require.Equal(t, c.allowed, allowed, "%q %s", c.allow, c.name)
	}
}

// TestField3OnlyTheLaunchersOwnVariablesAreRemoved is a handler's environment.
func TestField3OnlyTheLaunchersOwnVariablesAreRemoved(t *testing.T) {
	for _, d := range []Delivery{Stdin, FD, Env, Files, Socket} {
		environ := resolve.Environ{"PATH": "/bin", "LAUNCHER_URL": "x", "LAUNCHER": "y", "LAUNCHER_TASKS": "z", "SECRET": "s"}
		for name := range strings.FieldsSeq(Settings) {
			environ[name] = "the launcher's"
		}
		entries, err := Job{Deliver: d, Context: Context{Task: task.Empty()}, Environ: environ, Withhold: []string{"SECRET"}}.environment()
		require.NoError(t, err)
		for _, kept := range []string{"PATH=/bin", "LAUNCHER_URL=x", "LAUNCHER=y", "LAUNCHER_TASKS=z"} {
			require.Contains(t, entries, kept)
		}
		require.NotContains(t, strings.Join(entries, "\n"), "the launcher's", d)
		require.NotContains(t, entries, "SECRET=s")
	}
}

// TestField6ConnectionStringsPass is what a user sees in the env delivery.
func TestField6ConnectionStringsPass(t *testing.T) {
	names := []string{"AZURE_STORAGE_CONNECTION_STRING", "TRUSTED_PROXY", "TRUST_PROXY"}
	for _, name := range names {
		routes, err := Env.Routes(secretsOf(name, "x"), EnvOptions{})
		require.NoError(t, err)
		require.Equal(t, []string{name}, routes)
	}
	for _, name := range []string{"HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "ftp_proxy", "AZURE_CLIENT_SECRET"} {
		_, err := Env.Routes(secretsOf(name, "x"), EnvOptions{})
		require.ErrorContains(t, err, "variable "+name+" steers ")
		_, err = Env.Routes(secretsOf(name, "x"), EnvOptions{Allow: []string{"*_PROXY,*_proxy", "AZURE_*"}})
		require.NoError(t, err)
	}
}
