# task: {}
# needs: matplotlib
from mlrun.artifacts import PlotArtifact


def handler(context):
    context.log_artifact(PlotArtifact("plot", body=b"\x89PNG", title="A plot"))
