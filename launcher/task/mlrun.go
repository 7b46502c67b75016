package task

// Names that MLRun gives a pod.
const (
	ExecConfig = "MLRUN_EXEC_CONFIG" // the variable that holds the task, as JSON
	ExecCode   = "MLRUN_EXEC_CODE"   // the variable that holds the handler's source, in base64

	ActiveProject  = "MLRUN_ACTIVE_PROJECT"  // the variable that names a pod's project
	DefaultProject = "MLRUN_DEFAULT_PROJECT" // the same, also before MLRun 1.8

	// ProjectSecretsList names the variable in which MLRun's service lists the
	// project's secrets of a Nuclio function, with commas between.
	ProjectSecretsList = "MLRUN_PROJECT_SECRETS_LIST"

	// SecretPrefixVariable names the variable that tells MLRun how the variables
	// of a project's secrets start: its setting
	// secret_stores.kubernetes.env_variable_prefix.
	SecretPrefixVariable = "MLRUN_SECRET_STORES__KUBERNETES__ENV_VARIABLE_PREFIX"
)
