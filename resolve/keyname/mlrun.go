package keyname

// MLRunPrefix starts the name of the variable in which MLRun gives a pod a secret
// of its project. The key in upper case follows.
const MLRunPrefix = "MLRUN_K8S_SECRET__"
