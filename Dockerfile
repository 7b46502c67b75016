# The digest names the index of all platforms. This prints the digest of a newer image:
# docker buildx imagetools inspect golang:1.26-bookworm
FROM --platform=$BUILDPLATFORM golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The commit is that of .git, unless it is given: a build context can lack .git.
ARG COMMIT=
ARG TARGETOS
ARG TARGETARCH
RUN GOOS="$TARGETOS" GOARCH="$TARGETARCH" GOARM=7 make build ${COMMIT:+COMMIT="$COMMIT"}

FROM scratch
LABEL org.opencontainers.image.title="launcher" \
      org.opencontainers.image.description="Resolve a task's secrets and run a job's handler with them" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/seed45446ece/launcher"
COPY --from=build /src/build/launcher /launcher
COPY --from=build /src/handler/python/launcher_context.py /launcher_context.py
COPY --from=build /src/handler/node/launcher-context.cjs /launcher-context.cjs
COPY LICENSE THIRD_PARTY_LICENSES.txt /licenses/
USER 65532:65532
ENTRYPOINT ["/launcher", "run", "--"]
