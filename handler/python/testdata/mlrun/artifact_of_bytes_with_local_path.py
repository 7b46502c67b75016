# task: {}
import mlrun


def handler(context: mlrun.MLClientCtx):
    context.log_artifact("archive", body=b"\x1f\x8b", local_path="data.tar.gz", labels={"kind": "raw"})
