"""Print the pod of a job as MLRun's service makes it, without a cluster.

The task, the environment, and the names of the variables of secrets come from the code
of the installed mlrun package. The service itself is not in that package: the names of
the pod and of its container, and its command, are written as the service writes them.

    python pod.py > pod-VERSION.yaml

It was run with mlrun 1.7.2 in Python 3.9 and with mlrun 1.12.1 in Python 3.11.
"""

import mlrun
import mlrun.secrets
import yaml
from kubernetes import client

PROJECT = "fraud"
KEYS = ["aws_key", "DB_PASSWORD", "empty", "my-key"]

function = mlrun.new_function("train", project=PROJECT, kind="job", image="mlrun/mlrun:" + mlrun.__version__)
task = mlrun.new_task("train", project=PROJECT, handler="train", params={"db_name": "sales"}, out_path="/tmp/out")
task.metadata.uid = "4a1c0e7f"
run = mlrun.run.RunObject.from_dict(task.to_dict())

if hasattr(function, "_generate_k8s_runtime_env"):
    env = function._generate_k8s_runtime_env(run)
else:
    env = [{"name": name, "value": value} for name, value in function._generate_runtime_env(run).items()]
secret = mlrun.mlconf.secret_stores.kubernetes.project_secret_name.format(project=PROJECT)
for key in KEYS:
    # set_env_from_secret of a client refuses the project's Secret; the service's does this.
    reference = client.V1EnvVarSource(secret_key_ref=client.V1SecretKeySelector(name=secret, key=key))
    function._set_env(name=mlrun.secrets.SecretsStore.k8s_env_variable_name_for_secret(key), value_from=reference)
env += function.spec.env

labels = {"mlrun/class": "job", "mlrun/project": PROJECT, "mlrun/name": "train", "mlrun/uid": "4a1c0e7f"}
pod = client.V1Pod(
    api_version="v1", kind="Pod",
    metadata=client.V1ObjectMeta(name="train-x7", namespace="mlrun", labels=labels),
    spec=client.V1PodSpec(restart_policy="Never", containers=[client.V1Container(
        name="base", image=function.spec.image, command=["mlrun"],
        args=["run", "--name", "train", "--from-env", "--handler", "train", "handler.py"], env=env)]))
print("# pod.py printed this with mlrun " + mlrun.__version__ + ".")
print(yaml.safe_dump(client.ApiClient().sanitize_for_serialization(pod), sort_keys=False, width=10000), end="")
